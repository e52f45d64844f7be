/*
 * row_keys.c
 *		Which texts can be row keys of a table?
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/lsyscache.h"

#include "gate/gate.h"
#include "use/entry.h"
#include "use/row_keys.h"

KeyTypes
key_types(Oid relid, const ProtectedTable *table)
{
	KeyTypes	types = {table->nkeys, palloc(table->nkeys * sizeof(Oid))};

	for (int i = 0; i < table->nkeys; i++)
		types.types[i] = getBaseType(get_atttype(relid, get_attnum(relid, table->row_key[i])));
	return types;
}

static bool
is_possible(Oid type, const char *text)
{
	size_t		len = strlen(text);
	char		scratch[ROW_KEY_TEXT_SIZE];
	RowKey		key;

	if (type == TEXTOID || type == VARCHAROID)
		return true;
	if (len >= ROW_KEY_TEXT_SIZE)
		return false;
	row_key_parse(text, (int) len, scratch, &key);
	switch (type)
	{
		case INT2OID:
			return key.kind == ROW_KEY_INT && key.number >= PG_INT16_MIN && key.number <= PG_INT16_MAX;
		case INT4OID:
			return key.kind == ROW_KEY_INT && key.number >= PG_INT32_MIN && key.number <= PG_INT32_MAX;
		case INT8OID:
			return key.kind == ROW_KEY_INT;
		case UUIDOID:
			return key.kind == ROW_KEY_UUID;
		default:
			return false;
	}
}

/* The n elements of an array literal, leniently: the caller compares with what they give. */
static bool
split_literal(const char *literal, int n, char **elements)
{
	char	   *to = palloc(strlen(literal) + 1);
	const char *from = literal;

	if (*from++ != '{')
		return false;
	for (int i = 0; i < n; i++)
	{
		bool		quoted = *from == '"';

		elements[i] = to;
		if (quoted)
			from++;
		while (*from != '\0' && (quoted ? *from != '"' : *from != ',' && *from != '}'))
		{
			if (*from == '\\' && from[1] != '\0')
				from++;
			*to++ = *from++;
		}
		*to++ = '\0';
		if (quoted && *from == '"')
			from++;
		if (*from != (i + 1 < n ? ',' : '}'))
			return false;
		from++;
	}
	return *from == '\0';
}

bool
key_is_possible(const KeyTypes *types, const char *key)
{
	char	  **elements;

	if (types->n == 1)
		return is_possible(types->types[0], key);
	elements = palloc(types->n * sizeof(char *));
	if (!split_literal(key, types->n, elements))
		return false;
	for (int i = 0; i < types->n; i++)
		if (!is_possible(types->types[i], elements[i]))
			return false;
	return strcmp(gate_row_key(types->n, elements), key) == 0;
}
