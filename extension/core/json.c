/*
 * json.c
 *		Canonical JSON (RFC 8785) of one kind: a flat object of strings.
 *
 * A canonical text has one spelling, so reading is checked by writing: the
 * reader takes the text apart, and refuses it unless writing what it found
 * gives the same bytes again.
 */
#include "core/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct writer
{
	char	   *out;
	size_t		cap;
	size_t		len;			/* goes on counting beyond cap */
} writer;

static void
put(writer *w, const char *bytes, size_t len)
{
	if (w->len < w->cap)
		memcpy(w->out + w->len, bytes, len < w->cap - w->len ? len : w->cap - w->len);
	w->len += len;
}

/* The escape that a byte needs in a JSON string, or NULL. */
static const char *
escape(unsigned char c, char *buffer)
{
	static const char digits[] = "0123456789abcdef";

	switch (c)
	{
		case '"':
			return "\\\"";
		case '\\':
			return "\\\\";
		case '\b':
			return "\\b";
		case '\f':
			return "\\f";
		case '\n':
			return "\\n";
		case '\r':
			return "\\r";
		case '\t':
			return "\\t";
	}
	if (c >= 0x20)
		return NULL;
	memcpy(buffer, "\\u00", 4);
	buffer[4] = digits[c >> 4];
	buffer[5] = digits[c & 15];
	buffer[6] = '\0';
	return buffer;
}

static void
put_string(writer *w, const char *s, size_t len)
{
	size_t		plain = 0;		/* start of what needs no escape */
	char		buffer[8];

	put(w, "\"", 1);
	for (size_t i = 0; i < len; i++)
	{
		const char *e = escape((unsigned char) s[i], buffer);

		if (!e)
			continue;
		put(w, s + plain, i - plain);
		put(w, e, strlen(e));
		plain = i + 1;
	}
	put(w, s + plain, len - plain);
	put(w, "\"", 1);
}

/*
 * UTF-16 order is byte order of UTF-8 but for one thing: characters beyond
 * the basic plane (lead bytes F0 to F4) come before U+E000 to U+FFFF (EE, EF).
 */
static int
utf16_weight(unsigned char c)
{
	if (c >= 0xf0)
		return 0xee;
	return c >= 0xee ? c + 5 : c;
}

static int
compare_names(const void *a, const void *b)
{
	const cl_json_member *x = a;
	const cl_json_member *y = b;
	size_t		n = x->name_len < y->name_len ? x->name_len : y->name_len;

	for (size_t i = 0; i < n; i++)
	{
		unsigned char cx = (unsigned char) x->name[i];
		unsigned char cy = (unsigned char) y->name[i];

		if (cx == cy)
			continue;
		if (utf16_weight(cx) != utf16_weight(cy))
			return utf16_weight(cx) - utf16_weight(cy);
		return cx - cy;
	}
	return (x->name_len > y->name_len) - (x->name_len < y->name_len);
}

size_t
cl_json_write(cl_json_member *members, int n, char *out, size_t cap)
{
	writer		w = {out, cap, 0};
	const char *separator = "{";

	qsort(members, (size_t) n, sizeof(cl_json_member), compare_names);
	for (int i = 0; i < n; i++)
	{
		if (!members[i].value)
			continue;
		put(&w, separator, 1);
		put_string(&w, members[i].name, members[i].name_len);
		put(&w, ":", 1);
		put_string(&w, members[i].value, members[i].value_len);
		separator = ",";
	}
	if (separator[0] == '{')
		put(&w, "{", 1);
	put(&w, "}", 1);
	return w.len;
}

/* ---- reading ---- */

typedef struct reader
{
	const char *text;
	size_t		len;
	size_t		at;
	char	   *scratch;
} reader;

static bool
take(reader *r, char c)
{
	if (r->at >= r->len || r->text[r->at] != c)
		return false;
	r->at++;
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands after a backslash; -1 if nothing that we would write. */
static int
unescape(reader *r)
{
	static const char from[] = "\"\\bfnrt";
	static const char to[] = "\"\\\b\f\n\r\t";
	const char *at;
	int			high,
				low;

	if (r->at >= r->len)
		return -1;
	at = r->text[r->at] ? strchr(from, r->text[r->at]) : NULL;
	if (at)
	{
		r->at++;
		return to[at - from];
	}
	if (r->len - r->at < 5 || memcmp(r->text + r->at, "u00", 3) != 0)
		return -1;
	high = hex_value(r->text[r->at + 3]);
	low = hex_value(r->text[r->at + 4]);
	if (high < 0 || high > 1 || low < 0)
		return -1;
	r->at += 5;
	return high * 16 + low;
}

static bool
take_string(reader *r, const char **value, size_t *value_len)
{
	char	   *start = r->scratch;

	if (!take(r, '"'))
		return false;
	while (r->at < r->len && r->text[r->at] != '"')
	{
		int			c = (unsigned char) r->text[r->at];

		if (c < 0x20)
			return false;
		r->at++;
		if (c == '\\' && (c = unescape(r)) < 0)
			return false;
		*r->scratch++ = (char) c;
	}
	*value = start;
	*value_len = (size_t) (r->scratch - start);
	return take(r, '"');
}

static int
take_members(reader *r, cl_json_member *members, int max)
{
	int			n = 0;

	if (!take(r, '{'))
		return -1;
	if (take(r, '}'))
		return 0;
	do
	{
		if (n == max ||
			!take_string(r, &members[n].name, &members[n].name_len) ||
			!take(r, ':') ||
			!take_string(r, &members[n].value, &members[n].value_len))
			return -1;
		if (n > 0 && compare_names(&members[n - 1], &members[n]) >= 0)
			return -1;
		n++;
	} while (take(r, ','));
	return take(r, '}') ? n : -1;
}

/* The escapes used must be those that we would write. */
static bool
is_canonical(const char *text, size_t len, cl_json_member *members, int n)
{
	char		chunk[7];
	size_t		at = 1;

	for (int i = 0; i < n; i++)
		for (int part = 0; part < 2; part++)
		{
			const char *s = part == 0 ? members[i].name : members[i].value;
			size_t		s_len = part == 0 ? members[i].name_len : members[i].value_len;

			at++;				/* opening quote */
			for (size_t j = 0; j < s_len; j++)
			{
				const char *e = escape((unsigned char) s[j], chunk);
				size_t		e_len = e ? strlen(e) : 1;

				if (at + e_len > len || memcmp(text + at, e ? e : s + j, e_len) != 0)
					return false;
				at += e_len;
			}
			at += 2;			/* closing quote, and colon or comma */
		}
	return true;
}

int
cl_json_read(const char *text, size_t len, cl_json_member *members, int max,
			 char *scratch, size_t *error_offset)
{
	reader		r = {text, len, 0, scratch};
	int			n;

	*error_offset = 0;
	if (!cl_utf8_valid(text, len))
		return -1;
	n = take_members(&r, members, max);
	if (n < 0 || r.at != len || !is_canonical(text, len, members, n))
	{
		*error_offset = r.at < len ? r.at : len;
		return -1;
	}
	return n;
}

/* The length of the well-formed UTF-8 character at s, or 0. */
static size_t
utf8_char(const unsigned char *s, size_t len)
{
	size_t		need;
	unsigned char low = 0x80,
				high = 0xbf;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	need = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (s[0] == 0xe0)
		low = 0xa0;
	else if (s[0] == 0xed)
		high = 0x9f;
	else if (s[0] == 0xf0)
		low = 0x90;
	else if (s[0] == 0xf4)
		high = 0x8f;
	if (len < need || s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < need; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return need;
}

bool
cl_utf8_valid(const char *text, size_t len)
{
	for (size_t at = 0; at < len;)
	{
		size_t		n = utf8_char((const unsigned char *) text + at, len - at);

		if (n == 0)
			return false;
		at += n;
	}
	return true;
}
