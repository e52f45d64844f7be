/*
 * lookup.c
 *		Rows of a protected table by their keys.
 *
 * These are the users' tables.  They are read by a query as their owner, in an
 * operation that is restricted as that of ANALYZE is: what was used is used,
 * also where a policy by now hides the row from whoever reports it, and an
 * auditor needs no more than the ledger.  Nothing but keys, parties and times
 * of collection is read, and nobody is told of it but by verdicts and counts.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ledger/row_key.h"
#include "use/lookup.h"

#define FETCH_ROWS 10000
#define KEYS_AT_ONCE 200000		/* the planner copies them, more than once */

typedef struct Caller
{
	Oid			user;
	int			context;
	int			settings;
} Caller;

static bool
has_columns(Oid relid, const char **names, int n, const char **gone)
{
	for (int i = 0; i < n; i++)
		if (get_attnum(relid, names[i]) == InvalidAttrNumber)
		{
			*gone = names[i];
			return false;
		}
	return true;
}

Oid
lookup_relation(const ProtectedTable *table, bool missing_ok)
{
	Oid			schema = get_namespace_oid(table->schema_name, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid(table->table_name, schema) : InvalidOid;
	const char *collected_at = table->collected_at;
	const char *gone = NULL;

	if (OidIsValid(relid) &&
		has_columns(relid, table->row_key, table->nkeys, &gone) &&
		has_columns(relid, table->parties, table->nparties, &gone) &&
		has_columns(relid, &collected_at, collected_at != NULL, &gone))
		return relid;
	if (missing_ok)
		return InvalidOid;
	if (gone != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("protected table \"%s\" has no column \"%s\" any more", table->known_as, gone),
				 errhint("Call consent.protect() again with the columns that it has now.")));
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("protected table \"%s\" does not exist in this database", table->known_as),
			 errdetail("It was %s.%s.", table->schema_name, table->table_name),
			 errhint("Collect a manifest where the table is, and record that.")));
}

/* ---- the query ---- */

/* The type of a column, for a cast. */
static char *
column_type(Oid relid, const char *column)
{
	Oid			type = getBaseType(get_atttype(relid, get_attnum(relid, column)));

	return format_type_be_qualified(type == VARCHAROID ? TEXTOID : type);
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
						 column_type(relid, table->row_key[0]));
		return;
	}
	appendStringInfo(query, " FROM pg_catalog.unnest($1) AS k(key) JOIN %s AS t", name);
	for (int i = 0; i < table->nkeys; i++)
	{
		appendStringInfoString(query, i == 0 ? " ON " : " AND ");
		append_column(query, table->row_key[i]);
		appendStringInfo(query, " OPERATOR(pg_catalog.=) ((k.key::pg_catalog.text[])[%d])::%s",
						 i + 1, column_type(relid, table->row_key[i]));
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

/* ---- its rows ---- */

/* The text of a column; NULL if it is NULL. */
static const char *
get_text(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(tuple, desc, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static void
report_row(HeapTuple tuple, TupleDesc desc, const Strangers *keys,
		   FoundRow *row, FoundCallback found, void *arg)
{
	bool		isnull;

	row->row_key = get_text(tuple, desc, 1);
	row->row_key_len = strlen(row->row_key);
	row->place = strangers_find(keys, row->row_key);
	/* a column's own collation may find more than what was asked for */
	if (row->place == 0)
		return;
	row->collected = DatumGetTimestampTz(SPI_getbinval(tuple, desc, 2, &isnull));
	row->has_collected = !isnull;
	for (int i = 0; i < row->nparties; i++)
		row->parties[i] = get_text(tuple, desc, 3 + i);
	found(row, arg);
}

static void
fetch_all(Portal portal, const Strangers *keys, FoundRow *row, FoundCallback found, void *arg)
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
			report_row(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, keys, row, found, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
		SPI_freetuptable(SPI_tuptable);
	}
	MemoryContextDelete(work);
}

/* At most so many keys from one on, as text[], but for those that no row can have. */
static Datum
possible_keys(const RowKeyTypes *types, const Strangers *keys, int first)
{
	int			last = Min(strangers_count(keys), first + KEYS_AT_ONCE - 1);
	Datum	   *values = palloc((last - first + 1) * sizeof(Datum));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "consent row key",
											   ALLOCSET_SMALL_SIZES);
	int			kept = 0;

	for (int i = first; i <= last; i++)
	{
		const char *key = strangers_key(keys, i);
		MemoryContext old = MemoryContextSwitchTo(each);
		bool		possible = row_key_is_possible(types, key);

		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
		if (possible)
			values[kept++] = CStringGetTextDatum(key);
	}
	MemoryContextDelete(each);
	return PointerGetDatum(construct_array(values, kept, TEXTOID, -1, false, TYPALIGN_INT));
}

/* Become the owner of a table, who may do nothing but read now; what to return to. */
static Caller
become_owner(Oid relid)
{
	Relation	rel = relation_open(relid, AccessShareLock);
	Caller		caller;

	GetUserIdAndSecContext(&caller.user, &caller.context);
	SetUserIdAndSecContext(rel->rd_rel->relowner,
						   caller.context | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
	relation_close(rel, NoLock);
	caller.settings = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return caller;
}

static void
become_caller(const Caller *caller)
{
	AtEOXact_GUC(false, caller->settings);
	SetUserIdAndSecContext(caller->user, caller->context);
}

static void
look_up_some(const char *query, Datum some, const Strangers *keys,
			 FoundRow *row, FoundCallback found, void *arg)
{
	Oid			types[1] = {TEXTARRAYOID};
	Portal		portal;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	portal = SPI_cursor_open_with_args(NULL, query, 1, types, &some, NULL, true, 0);
	fetch_all(portal, keys, row, found, arg);
	SPI_cursor_close(portal);
	SPI_finish();
}

void
lookup_rows(Oid relid, const ProtectedTable *table, const Strangers *keys,
			FoundCallback found, void *arg)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent keys looked up",
											   ALLOCSET_DEFAULT_SIZES);
	RowKeyTypes types = row_key_types(relid, table);
	char	   *query = make_query(relid, table);
	FoundRow	row = {0};
	Caller		caller;

	row.nparties = table->nparties;
	row.parties = palloc(Max(row.nparties, 1) * sizeof(char *));
	caller = become_owner(relid);
	for (int first = 1; first <= strangers_count(keys); first += KEYS_AT_ONCE)
	{
		MemoryContext old = MemoryContextSwitchTo(work);

		look_up_some(query, possible_keys(&types, keys, first), keys, &row, found, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(work);
	}
	become_caller(&caller);
	MemoryContextDelete(work);
}
