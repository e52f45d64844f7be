/*
 * json.c
 *		Flat JSON objects whose members are strings, in the one spelling that
 *		RFC 8785 gives them.
 */
#include "core/json.h"

#include <stdlib.h>

#include "core/encode.h"

/* The letter of a short escape for a character, or 0. */
static char
short_escape(uint8_t c)
{
	switch (c)
	{
		case '"':
		case '\\':
			return (char) c;
		case '\b':
			return 'b';
		case '\t':
			return 't';
		case '\n':
			return 'n';
		case '\f':
			return 'f';
		case '\r':
			return 'r';
		default:
			return 0;
	}
}

static bool
must_escape(uint8_t c)
{
	return c < 0x20 || c == '"' || c == '\\';
}

static void
put_escaped(cl_buffer *b, uint8_t c)
{
	char		escape[7] = {'\\', 'u', '0', '0'};

	if (short_escape(c) != 0)
	{
		escape[1] = short_escape(c);
		cl_put(b, escape, 2);
	}
	else
	{
		cl_hex_encode(&c, 1, escape + 4);
		cl_put(b, escape, 6);
	}
}

/* Are these eight bytes ASCII that needs no escape? */
static bool
eight_plain(const char *s)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const uint64_t tops = ones << 7;
	uint64_t	w,
				quote,
				backslash;

	memcpy(&w, s, 8);
	quote = w ^ ones * '"';
	backslash = w ^ ones * '\\';
	return ((w | ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash)) & tops) == 0;
}

static bool
all_plain(const char *s, size_t len)
{
	char		few[8];

	if (len < 8)
	{
		memset(few, ' ', sizeof(few));
		memcpy(few, s, len);
		return eight_plain(few);
	}
	for (size_t i = 0; i + 8 <= len; i += 8)
		if (!eight_plain(s + i))
			return false;
	return eight_plain(s + len - 8);
}

/* Append what goes between the quotes. */
static bool
put_escaping(cl_buffer *b, const char *s, size_t len)
{
	size_t		plain = 0;		/* where what needs no escape begins */
	size_t		n;
	uint32_t	c;

	for (size_t i = 0; i < len; i += n)
	{
		n = len - i >= 8 && eight_plain(s + i) ? 8 : 0;
		if (n > 0)
			continue;
		n = cl_utf8_read(s + i, len - i, &c);
		if (n == 0)
			return false;
		if (c < 0x80 && must_escape((uint8_t) c))
		{
			cl_put(b, s + plain, i - plain);
			put_escaped(b, (uint8_t) c);
			plain = i + 1;
		}
	}
	cl_put(b, s + plain, len - plain);
	return true;
}

bool
cl_json_put_string(cl_buffer *b, const char *s, size_t len)
{
	bool		valid = true;

	cl_put_char(b, '"');
	if (all_plain(s, len))
		cl_put(b, s, len);
	else
		valid = put_escaping(b, s, len);
	cl_put_char(b, '"');
	return valid;
}

/*
 * Weigh a byte of UTF-8 so that bytes compare as UTF-16 would: what takes two
 * code units (F0 to F4) goes before U+E000 to U+FFFF (EE and EF).
 */
static int
utf16_weight(char c)
{
	uint8_t		byte = (uint8_t) c;

	return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

int
cl_json_name_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	for (size_t i = 0; i < a_len && i < b_len; i++)
		if (a[i] != b[i])
			return utf16_weight(a[i]) < utf16_weight(b[i]) ? -1 : 1;
	return a_len < b_len ? -1 : a_len > b_len;
}

static int
member_compare(const void *a, const void *b)
{
	const cl_json_member *x = a;
	const cl_json_member *y = b;

	return cl_json_name_compare(x->name, x->name_len, y->name, y->name_len);
}

size_t
cl_json_write(cl_json_member *members, int n, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	if (n > 1)
		qsort(members, (size_t) n, sizeof(*members), member_compare);
	cl_put_char(&b, '{');
	for (int i = 0; i < n; i++)
	{
		const cl_json_member *m = &members[i];

		if (i > 0 && member_compare(m - 1, m) == 0)
			return 0;
		if (m->value == NULL)
			continue;
		if (b.len > 1)
			cl_put_char(&b, ',');
		if (!cl_json_put_string(&b, m->name, m->name_len))
			return 0;
		cl_put_char(&b, ':');
		if (!cl_json_put_string(&b, m->value, m->value_len))
			return 0;
	}
	cl_put_char(&b, '}');
	return b.len;
}

/* Read what follows a backslash; -1 unless it is the canonical escape. */
static int
take_escape(cl_scanner *in)
{
	static const char letters[] = "\"\\btnfr";
	static const char meanings[] = "\"\\\b\t\n\f\r";
	const char *s = in->data + in->pos + 1;
	size_t		left = in->len - in->pos - 1;
	const char *letter;
	uint8_t		code[2];

	if (left == 0)
		return -1;
	letter = memchr(letters, s[0], sizeof(letters) - 1);
	if (letter != NULL)
	{
		in->pos += 2;
		return meanings[letter - letters];
	}
	if (left < 5 || s[0] != 'u' || !cl_hex_decode(s + 1, 4, code, 2) ||
		code[0] != 0 || !must_escape(code[1]) || short_escape(code[1]) != 0)
		return -1;
	in->pos += 6;
	return code[1];
}

/* Read one character of a string into *to; false if there is none. */
static bool
take_character(cl_scanner *in, char **to)
{
	const char *from = in->data + in->pos;
	uint32_t	c;
	size_t		n = cl_utf8_read(from, in->len - in->pos, &c);
	int			escaped;

	if (n == 1 && c == '\\')
	{
		escaped = take_escape(in);
		if (escaped >= 0)
			*(*to)++ = (char) escaped;
		return escaped >= 0;
	}
	if (n == 0 || c < 0x20)
		return false;
	memcpy(*to, from, n);
	*to += n;
	in->pos += n;
	return true;
}

/* Read a string with its quotes into *scratch, which moves on. */
static bool
take_string(cl_scanner *in, char **scratch, const char **s, size_t *len)
{
	*s = *scratch;
	if (!cl_take(in, "\""))
		return false;
	while (!cl_take(in, "\""))
		if (cl_at_end(in) || !take_character(in, scratch))
			return false;
	*len = (size_t) (*scratch - *s);
	return true;
}

/* Read a member, which must come after the one before it. */
static bool
take_member(cl_scanner *in, char **scratch, cl_json_member *m, const cl_json_member *before)
{
	size_t		start = in->pos;

	if (!take_string(in, scratch, &m->name, &m->name_len))
		return false;
	if (before != NULL && member_compare(before, m) >= 0)
	{
		in->pos = start;
		return false;
	}
	return cl_take(in, ":") && take_string(in, scratch, &m->value, &m->value_len);
}

static int
take_object(cl_scanner *in, char *scratch, cl_json_member *members, int max)
{
	int			n = 0;

	if (!cl_take(in, "{"))
		return -1;
	while (!cl_take(in, "}"))
	{
		if (n > 0 && !cl_take(in, ","))
			return -1;
		if (n == max || !take_member(in, &scratch, &members[n], n > 0 ? &members[n - 1] : NULL))
			return -1;
		n++;
	}
	return cl_at_end(in) ? n : -1;
}

int
cl_json_read(const char *text, size_t len, cl_json_member *members, int max,
			 char *scratch, size_t *error_offset)
{
	cl_scanner	in = {text, len, 0};
	int			n = take_object(&in, scratch, members, max);

	*error_offset = in.pos;
	return n;
}

bool
cl_json_read_known(const char *text, size_t len, const char *const *names, int n,
				   cl_value *values, char *scratch)
{
	cl_json_member found[CL_JSON_KNOWN_MAX];
	size_t		offset;
	int			nfound = cl_json_read(text, len, found, CL_JSON_KNOWN_MAX, scratch, &offset);
	int			next = 0;

	for (int i = 0; i < n; i++)
	{
		bool		here = next < nfound &&
			cl_value_equal((cl_value) {found[next].name, found[next].name_len}, cl_string(names[i]));

		values[i] = here ? (cl_value) {found[next].value, found[next].value_len} : (cl_value) {NULL, 0};
		next += here;
	}
	return next == nfound;
}
