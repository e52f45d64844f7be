/*
 * row_key.c
 *		Row keys and their text.
 */
#include "core/row_key.h"

#include "core/buffer.h"
#include "core/encode.h"

#define UUID_TEXT 36

/* The integer that a text is the canonical spelling of. */
static bool
read_integer(const char *s, size_t len, int64_t *number)
{
	bool		negative = len > 0 && s[0] == '-';
	cl_scanner	in = {s, len, negative ? 1 : 0};
	uint64_t	n;

	if (!cl_take_number(&in, (uint64_t) INT64_MAX + negative, &n) || !cl_at_end(&in) ||
		(negative && n == 0))
		return false;
	*number = negative ? (int64_t) (~n + 1) : (int64_t) n;
	return true;
}

static bool
is_dash(size_t i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The UUID that a text is the canonical spelling of. */
static bool
read_uuid(const char *s, size_t len, char *out)
{
	if (len != UUID_TEXT)
		return false;
	for (size_t i = 0; i < UUID_TEXT; i += is_dash(i) ? 1 : 2)
	{
		if (is_dash(i) ? s[i] != '-' : !cl_hex_decode(s + i, 2, out, 1))
			return false;
		out += is_dash(i) ? 0 : 1;
	}
	return true;
}

bool
cl_row_key_read(const char *text, size_t len, char scratch[CL_UUID_BYTES], cl_use *use)
{
	use->number = 0;
	use->bytes = NULL;
	use->len = 0;
	use->kind = CL_KEY_INT;
	if (read_integer(text, len, &use->number))
		return true;
	use->kind = CL_KEY_UUID;
	use->bytes = scratch;
	use->len = CL_UUID_BYTES;
	if (read_uuid(text, len, scratch))
		return true;
	if (len > CL_ROW_KEY_MAX)
		return false;
	use->kind = CL_KEY_TEXT;
	use->bytes = text;
	use->len = (int32_t) len;
	return true;
}

static size_t
put_integer(int64_t number, char *buf)
{
	cl_buffer	b = {buf, CL_ROW_KEY_TEXT_SIZE, 0};

	if (number < 0)
		cl_put_char(&b, '-');
	cl_put_number(&b, number < 0 ? ~(uint64_t) number + 1 : (uint64_t) number);
	return b.len;
}

static size_t
put_uuid(const char *bytes, char *buf)
{
	static const int groups[] = {4, 2, 2, 2, 6};
	char	   *out = buf;

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
	{
		if (i > 0)
			*out++ = '-';
		cl_hex_encode(bytes, (size_t) groups[i], out);
		bytes += groups[i];
		out += 2 * groups[i];
	}
	return UUID_TEXT;
}

const char *
cl_row_key_text(const cl_use *use, char buf[CL_ROW_KEY_TEXT_SIZE], size_t *len)
{
	switch (use->kind)
	{
		case CL_KEY_INT:
			*len = put_integer(use->number, buf);
			return buf;
		case CL_KEY_UUID:
			*len = put_uuid(use->bytes, buf);
			return buf;
		default:
			*len = (size_t) use->len;
			return use->bytes;
	}
}
