/*
 * lookup.c
 *		Rows of a protected table by their keys.
 *
 * These are the users' tables, so they are read by a query with the caller's
 * rights: privileges and row-level security count.  Everything in the query is
 * qualified, whatever the search_path.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "use/lookup.h"

#define FETCH_ROWS 10000

/* The type of a column, for a cast; ERROR if it is gone. */
static char *
column_type(Oid relid, const ProtectedTable *table, const char *column)
{
	AttrNumber	attno = get_attnum(relid, column);
	Oid			type;
	int32		typmod;
	Oid			collation;

	if (attno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of protected table \"%s\" does not exist", column, table->known_as),
				 errhint("Protect the table again with the columns it has now.")));
	get_atttypetypmodcoll(relid, attno, &type, &typmod, &collation);
	if (type == VARCHAROID)
		type = TEXTOID;
	return format_type_be_qualified(type);
}

static void
append_column(StringInfo query, const char *column)
{
	appendStringInfo(query, "t.%s", quote_identifier(column));
}

/* The row key as text: one column, or an array of them. */
static void
append_key_text(StringInfo query, const ProtectedTable *table)
{
	if (table->nkeys > 1)
		appendStringInfoString(query, "ARRAY[");
	for (int i = 0; i < table->nkeys; i++)
	{
		if (i > 0)
			appendStringInfoChar(query, ',');
		append_column(query, table->row_key[i]);
		appendStringInfoString(query, "::pg_catalog.text");
	}
	if (table->nkeys > 1)
		appendStringInfoString(query, "]::pg_catalog.text");
}

/*
 * Join with the keys.  A key of one column is compared with the whole array: a
 * scan of the table then hashes the keys and not the table, and the planner
 * knows how many there are.
 */
static void
append_source(StringInfo query, Oid relid, const ProtectedTable *table)
{
	const char *name = quote_qualified_identifier(table->schema_name, table->table_name);

	if (table->nkeys == 1)
	{
		appendStringInfo(query, " FROM %s AS t WHERE ", name);
		append_column(query, table->row_key[0]);
		appendStringInfo(query, " OPERATOR(pg_catalog.=) ANY ($1::%s[])",
						 column_type(relid, table, table->row_key[0]));
		return;
	}
	appendStringInfo(query, " FROM pg_catalog.unnest($1) AS k(key) JOIN %s AS t", name);
	for (int i = 0; i < table->nkeys; i++)
	{
		appendStringInfoString(query, i == 0 ? " ON " : " AND ");
		append_column(query, table->row_key[i]);
		appendStringInfo(query, " OPERATOR(pg_catalog.=) ((k.key::pg_catalog.text[])[%d])::%s",
						 i + 1, column_type(relid, table, table->row_key[i]));
	}
}

static char *
make_query(Oid relid, const ProtectedTable *table)
{
	StringInfoData query;

	initStringInfo(&query);
	appendStringInfoString(&query, "SELECT ");
	append_key_text(&query, table);
	appendStringInfoString(&query, ", ");
	if (table->collected_at)
	{
		append_column(&query, table->collected_at);
		appendStringInfoString(&query, "::pg_catalog.timestamptz");
	}
	else
		appendStringInfoString(&query, "NULL::pg_catalog.timestamptz");
	for (int i = 0; i < table->nparties; i++)
	{
		appendStringInfoString(&query, ", ");
		append_column(&query, table->parties[i]);
		appendStringInfoString(&query, "::pg_catalog.text");
	}
	append_source(&query, relid, table);
	return query.data;
}

/* The text of a column, without a copy; NULL if it is NULL. */
static const char *
get_text(HeapTuple tuple, TupleDesc desc, int column, int *len)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);
	char	   *s;

	if (isnull)
		return NULL;
	s = TextDatumGetCString(value);
	if (len)
		*len = strlen(s);
	return s;
}

static void
report_row(HeapTuple tuple, TupleDesc desc, FoundRow *row, FoundCallback found, void *arg)
{
	bool		isnull;

	row->row_key = get_text(tuple, desc, 1, &row->row_key_len);
	row->collected = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 2, &isnull));
	row->has_collected = !isnull;
	for (int i = 0; i < row->nparties; i++)
		row->parties[i] = get_text(tuple, desc, 3 + i, NULL);
	found(row, arg);
}

static void
fetch_all(Portal portal, FoundRow *row, FoundCallback found, void *arg)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent rows",
											   ALLOCSET_DEFAULT_SIZES);

	for (;;)
	{
		MemoryContext old;

		SPI_cursor_fetch(portal, true, FETCH_ROWS);
		if (SPI_processed == 0)
			break;
		old = MemoryContextSwitchTo(work);
		for (uint64 i = 0; i < SPI_processed; i++)
			report_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, row, found, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
		SPI_freetuptable(SPI_tuptable);
	}
	MemoryContextDelete(work);
}

bool
lookup_rows(const ProtectedTable *table, ArrayType *keys,
			FoundCallback found, void *arg)
{
	Oid			schema = get_namespace_oid(table->schema_name, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(table->table_name, schema) : InvalidOid;
	Oid			types[1] = {TEXTARRAYOID};
	Datum		values[1] = {PointerGetDatum(keys)};
	FoundRow	row = {0};
	Portal		portal;

	if (!OidIsValid(relid))
		return false;
	row.nparties = table->nparties;
	row.parties = palloc(Max(row.nparties, 1) * sizeof(char *));
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	portal = SPI_cursor_open_with_args(NULL, make_query(relid, table), 1, types,
									   values, NULL, true, 0);
	fetch_all(portal, &row, found, arg);
	SPI_cursor_close(portal);
	SPI_finish();
	return true;
}
