/*
 * row_key.c
 *		Row keys as text: how they are written, and which a table can have.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "ledger/row_key.h"
#include "ledger/spelling.h"

char *
row_key_join(int n, char **parts)
{
	Datum	   *elements;

	if (n == 1)
		return parts[0];
	elements = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(parts[i]);
	return OidOutputFunctionCall(F_ARRAY_OUT,
								 PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT)));
}

RowKeyTypes
row_key_types(Oid relid, const ProtectedTable *table)
{
	RowKeyTypes types = {table->nkeys, palloc(table->nkeys * sizeof(Oid))};

	for (int i = 0; i < table->nkeys; i++)
		types.types[i] = getBaseType(get_atttype(relid, get_attnum(relid, table->row_key[i])));
	return types;
}

static bool
is_possible(Oid type, const char *text)
{
	size_t		len = strlen(text);
	int64		number;

	switch (type)
	{
		case TEXTOID:
		case VARCHAROID:
			return true;
		case INT2OID:
			return spelling_is_bigint(text, len, &number) &&
				number >= PG_INT16_MIN && number <= PG_INT16_MAX;
		case INT4OID:
			return spelling_is_bigint(text, len, &number) &&
				number >= PG_INT32_MIN && number <= PG_INT32_MAX;
		case INT8OID:
			return spelling_is_bigint(text, len, &number);
		case UUIDOID:
			return spelling_is_uuid(text, len);
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
row_key_is_possible(const RowKeyTypes *types, const char *key)
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
	return strcmp(row_key_join(types->n, elements), key) == 0;
}

/* The table with its key columns as declared, or InvalidOid if it is not here. */
static Oid
find_relation(const ProtectedTable *table)
{
	Oid			schema = get_namespace_oid(table->schema_name, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(table->table_name, schema) : InvalidOid;

	for (int i = 0; OidIsValid(relid) && i < table->nkeys; i++)
		if (get_attnum(relid, table->row_key[i]) == InvalidAttrNumber)
			relid = InvalidOid;
	return relid;
}

static char *
list_columns(const ProtectedTable *table, const RowKeyTypes *types)
{
	StringInfoData list;

	initStringInfo(&list);
	for (int i = 0; i < types->n; i++)
		appendStringInfo(&list, "%s%s %s", i > 0 ? ", " : "",
						 table->row_key[i], format_type_be(types->types[i]));
	return list.data;
}

void
row_key_check(const ProtectedTable *table, const char *key)
{
	Oid			relid = find_relation(table);
	RowKeyTypes types;

	if (!OidIsValid(relid))
		return;
	types = row_key_types(relid, table);
	if (!row_key_is_possible(&types, key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("row_key \"%s\" can be no key of \"%s\"", key, table->known_as),
				 errdetail("Its rows are known by (%s). In another spelling the choice would be about no row.",
						   list_columns(table, &types)),
				 types.n == 1 ? errhint("Write it as the column's own text.") :
				 errhint("Write it as consent.row_key() does.")));
}
