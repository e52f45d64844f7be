/*
 * entry.c
 *		Row keys and their text.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "use/entry.h"

#define UUID_TEXT 36

/* The bigint that a text is the canonical spelling of. */
static bool
parse_integer(const char *s, int len, int64 *number)
{
	bool		negative = len > 0 && s[0] == '-';
	int			i = negative ? 1 : 0;
	uint64		n = 0;

	if (len - i < 1 || len - i > 19 || s[i] < '0' || s[i] > '9')
		return false;
	if (s[i] == '0' && len > 1)
		return false;
	for (; i < len; i++)
	{
		if (s[i] < '0' || s[i] > '9')
			return false;
		n = n * 10 + (s[i] - '0');
	}
	if (n > (uint64) PG_INT64_MAX + negative)
		return false;
	*number = negative ? (int64) (~n + 1) : (int64) n;
	return true;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static bool
is_dash(int i)
{
	return i == 8 || i == 13 || i == 18 || i == 23;
}

/* The uuid that a text is the canonical spelling of. */
static bool
parse_uuid(const char *s, int len, char *out)
{
	if (len != UUID_TEXT)
		return false;
	for (int i = 0; i < UUID_TEXT; i += is_dash(i) ? 1 : 2)
	{
		if (is_dash(i))
		{
			if (s[i] != '-')
				return false;
			continue;
		}
		if (hex_value(s[i]) < 0 || hex_value(s[i + 1]) < 0)
			return false;
		*out++ = (char) (hex_value(s[i]) << 4 | hex_value(s[i + 1]));
	}
	return true;
}

void
row_key_parse(const char *text, int len, char *scratch, RowKey *key)
{
	if (parse_integer(text, len, &key->number))
	{
		key->kind = ROW_KEY_INT;
		key->bytes = NULL;
		key->len = 0;
		return;
	}
	key->number = 0;
	key->kind = ROW_KEY_TEXT;
	key->bytes = text;
	key->len = len;
	if (parse_uuid(text, len, scratch))
	{
		key->kind = ROW_KEY_UUID;
		key->bytes = scratch;
		key->len = 16;
	}
	else if (len > ROW_KEY_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a row key has %d bytes", len),
				 errdetail("At most %d are allowed.", ROW_KEY_MAX)));
}

static const char *
uuid_text(const char *bytes, char *buf)
{
	static const char hex[] = "0123456789abcdef";
	char	   *out = buf;

	for (int i = 0; i < 16; i++)
	{
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*out++ = '-';
		*out++ = hex[(uint8) bytes[i] >> 4];
		*out++ = hex[(uint8) bytes[i] & 15];
	}
	*out = '\0';
	return buf;
}

const char *
row_key_text(const RowKey *key, char *buf, int *len)
{
	switch (key->kind)
	{
		case ROW_KEY_INT:
			*len = pg_lltoa(key->number, buf);
			return buf;
		case ROW_KEY_UUID:
			*len = UUID_TEXT;
			return uuid_text(key->bytes, buf);
		default:
			*len = key->len;
			return key->bytes;
	}
}
