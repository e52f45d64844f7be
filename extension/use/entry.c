/*
 * entry.c
 *		Row keys and their text, by way of core/row_key.h.
 */
#include "postgres.h"

#include "core/row_key.h"
#include "use/entry.h"

StaticAssertDecl(ROW_KEY_TEXT_SIZE == CL_ROW_KEY_TEXT_SIZE, "texts of row keys have the same room");

void
row_key_parse(const char *text, int len, char *scratch, RowKey *key)
{
	cl_use		use;

	if (!cl_row_key_read(text, len, scratch, &use))
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a row key has %d bytes", len),
				 errdetail("At most %d are allowed.", ROW_KEY_MAX)));
	key->kind = use.kind;
	key->len = use.len;
	key->number = use.number;
	key->bytes = use.bytes;
}

const char *
row_key_text(const RowKey *key, char *buf, int *len)
{
	cl_use		use = {.kind = key->kind, .len = key->len, .number = key->number, .bytes = key->bytes};
	size_t		text_len;
	const char *text = cl_row_key_text(&use, buf, &text_len);

	*len = (int) text_len;
	return text;
}
