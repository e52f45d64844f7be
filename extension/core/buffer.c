/*
 * buffer.c
 *		Writing into a caller's buffer, and strict reading from one.
 */
#include "core/buffer.h"

#include "core/encode.h"

void
cl_put_number(cl_buffer *b, uint64_t n)
{
	char		digits[20];
	size_t		i = sizeof(digits);

	do
	{
		digits[--i] = '0' + n % 10;
		n /= 10;
	} while (n > 0);
	cl_put(b, digits + i, sizeof(digits) - i);
}

void
cl_put_base64(cl_buffer *b, const void *data, size_t len)
{
	const uint8_t *bytes = data;
	char		quad[CL_BASE64_SIZE(3)];

	for (size_t i = 0; i < len; i += 3)
		cl_put(b, quad, cl_base64_encode(bytes + i, len - i < 3 ? len - i : 3, quad));
}

bool
cl_take(cl_scanner *in, const char *word)
{
	size_t		len = strlen(word);

	if (in->len - in->pos < len || memcmp(in->data + in->pos, word, len) != 0)
		return false;
	in->pos += len;
	return true;
}

bool
cl_take_until(cl_scanner *in, char end, cl_value *out)
{
	const char *start = in->data + in->pos;
	const char *found = cl_at_end(in) ? NULL : memchr(start, end, in->len - in->pos);

	if (found == NULL)
		return false;
	*out = (cl_value) {start, (size_t) (found - start)};
	in->pos += out->len + 1;
	return true;
}

bool
cl_take_base64(cl_scanner *in, char end, void *out, size_t want)
{
	size_t		start = in->pos;
	cl_value	base64;

	if (cl_take_until(in, end, &base64) &&
		cl_base64_decode(base64.data, base64.len, out, want) == (long) want)
		return true;
	in->pos = start;
	return false;
}

bool
cl_take_number(cl_scanner *in, uint64_t max, uint64_t *out)
{
	size_t		pos = in->pos;
	uint64_t	n = 0;

	for (; pos < in->len && in->data[pos] >= '0' && in->data[pos] <= '9'; pos++)
	{
		uint64_t	digit = in->data[pos] - '0';

		if (n > (UINT64_MAX - digit) / 10)
			return false;
		n = n * 10 + digit;
	}
	if (pos == in->pos || n > max || (in->data[in->pos] == '0' && pos > in->pos + 1))
		return false;
	in->pos = pos;
	*out = n;
	return true;
}

bool
cl_read_integer(cl_value text, int64_t *out)
{
	cl_scanner	in = {text.data, text.len, 0};
	uint64_t	n;

	if (text.data == NULL || !cl_take_number(&in, INT64_MAX, &n) || !cl_at_end(&in))
		return false;
	*out = (int64_t) n;
	return true;
}

size_t
cl_utf8_read(const char *s, size_t len, uint32_t *c)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint8_t		first = (uint8_t) s[0];
	size_t		n;

	if (first < 0x80)
	{
		*c = first;
		return 1;
	}
	n = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
	if (first < 0xC0 || first > 0xF4 || n > len)
		return 0;
	*c = first & (0x7F >> n);
	for (size_t i = 1; i < n; i++)
	{
		if (((uint8_t) s[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | ((uint8_t) s[i] & 0x3F);
	}
	if (*c < least[n] || *c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF))
		return 0;
	return n;
}

bool
cl_utf8_valid(const char *s, size_t len)
{
	uint32_t	c;
	size_t		n;

	for (size_t i = 0; i < len; i += n)
		if ((n = cl_utf8_read(s + i, len - i, &c)) == 0)
			return false;
	return true;
}

bool
cl_is_space_or_control(uint32_t c)
{
	return c <= 0x20 || (c >= 0x7F && c <= 0xA0) || c == 0x1680 ||
		(c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
		c == 0x202F || c == 0x205F || c == 0x3000;
}
