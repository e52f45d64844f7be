/*
 * spelling.c
 *		The one spelling of numbers and UUIDs in keys: that of their types' output.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "ledger/spelling.h"

bool
spelling_is_bigint(const char *s, size_t len, int64 *value)
{
	char		buffer[MAXINT8LEN + 1];
	char		again[MAXINT8LEN + 1];

	if (len == 0 || len > MAXINT8LEN)
		return false;
	memcpy(buffer, s, len);
	buffer[len] = '\0';
	errno = 0;
	*value = strtoll(buffer, NULL, 10);
	if (errno != 0)
		return false;
	pg_lltoa(*value, again);
	return strcmp(buffer, again) == 0;
}

bool
spelling_is_uuid(const char *s, size_t len)
{
	if (len != 36)
		return false;
	for (int i = 0; i < 36; i++)
	{
		bool		hyphen = i == 8 || i == 13 || i == 18 || i == 23;
		char		c = s[i];

		if (hyphen ? c != '-' : !((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f')))
			return false;
	}
	return true;
}
