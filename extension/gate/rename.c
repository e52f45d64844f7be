/*
 * rename.c
 *		Follow protected tables and their columns when they are renamed.
 *
 * Tables are stored by name, so that dumps and other nodes understand them.
 * An event trigger at the end of each renaming command compares the names in
 * the command with those declared, and records the new ones.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "gate/protect.h"
#include "ledger/store.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_follow_renames);

/* Has a ledger been created, and may we write here? */
static bool
has_ledger(void)
{
	Store	   *store;
	StoreScan  *scan;
	bool		found;

	if (creating_extension || IsBinaryUpgrade || RecoveryInProgress())
		return false;
	store = store_open("ledger", AccessShareLock);
	scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	found = store_next(scan) != NULL;
	store_end(scan);
	store_close(store);
	return found;
}

static const ProtectedTable *
find_by_place(const Declared *d, const char *schema, const char *table)
{
	const ProtectedTable *found = NULL;

	for (int i = 0; i < d->ntables; i++)
		if (strcmp(d->tables[i].schema_name, schema) == 0 &&
			strcmp(d->tables[i].table_name, table) == 0 &&
			(!found || d->tables[i].event_id > found->event_id))
			found = &d->tables[i];
	return found;
}

/* The same under the lock of declarations, which only those need that are declared. */
static const ProtectedTable *
lock_by_place(const char *schema, const char *table)
{
	if (!find_by_place(declared_get(), schema, table))
		return NULL;
	return find_by_place(ledger_lock_declarations(), schema, table);
}

static void
follow(const char *schema, const char *table, const char *new_schema, const char *new_table)
{
	const ProtectedTable *before = lock_by_place(schema, table);
	ProtectedTable after;

	if (!before)
		return;
	after = *before;
	after.schema_name = new_schema;
	after.table_name = new_table;
	protect_declare("table_renamed", &after);
}

static bool
replace_name(const char **names, int n, const char *from, const char *to)
{
	bool		found = false;

	for (int i = 0; i < n; i++)
		if (strcmp(names[i], from) == 0)
		{
			names[i] = to;
			found = true;
		}
	return found;
}

static const char **
copy_names(const char **names, int n)
{
	const char **copy = palloc(Max(n, 1) * sizeof(char *));

	memcpy(copy, names, n * sizeof(char *));
	return copy;
}

static void
follow_column(const char *schema, const char *table, const char *from, const char *to)
{
	const ProtectedTable *before = lock_by_place(schema, table);
	ProtectedTable after;
	bool		changed;

	if (!before)
		return;
	after = *before;
	after.parties = copy_names(before->parties, before->nparties);
	after.row_key = copy_names(before->row_key, before->nkeys);
	changed = replace_name(after.parties, after.nparties, from, to);
	changed |= replace_name(after.row_key, after.nkeys, from, to);
	if (after.collected_at)
		changed |= replace_name(&after.collected_at, 1, from, to);
	if (changed)
		protect_declare("table_renamed", &after);
}

/* Every protected table of a schema moves with it. */
static void
follow_schema(const char *from, const char *to)
{
	const Declared *d = declared_get();

	for (int i = 0; i < d->ntables; i++)
		if (strcmp(d->tables[i].schema_name, from) == 0 &&
			find_by_place(d, from, d->tables[i].table_name) == &d->tables[i])
			follow(from, d->tables[i].table_name, to, d->tables[i].table_name);
}

/* The schema of a table that the command named, as it is called after it. */
static const char *
schema_of(const RangeVar *named, const char *now)
{
	RangeVar   *after = makeRangeVar(named->schemaname, (char *) now, -1);
	Oid			relid = RangeVarGetRelid(after, NoLock, true);

	return OidIsValid(relid) ? get_namespace_name(get_rel_namespace(relid)) : NULL;
}

static void
follow_rename(RenameStmt *stmt)
{
	const char *schema;

	switch (stmt->renameType)
	{
		case OBJECT_SCHEMA:
			follow_schema(stmt->subname, stmt->newname);
			break;
		case OBJECT_TABLE:
			schema = schema_of(stmt->relation, stmt->newname);
			if (schema)
				follow(schema, stmt->relation->relname, schema, stmt->newname);
			break;
		case OBJECT_COLUMN:
			schema = schema_of(stmt->relation, stmt->relation->relname);
			if (schema && stmt->relationType == OBJECT_TABLE)
				follow_column(schema, stmt->relation->relname, stmt->subname, stmt->newname);
			break;
		default:
			break;
	}
}

/*
 * ALTER TABLE … SET SCHEMA: the command does not say where the table was; of
 * the declared tables of its name it is the one that is gone.
 */
static void
follow_move(AlterObjectSchemaStmt *stmt)
{
	const Declared *d = declared_get();

	if (stmt->objectType != OBJECT_TABLE)
		return;
	for (int i = 0; i < d->ntables; i++)
	{
		const ProtectedTable *table = &d->tables[i];
		Oid			schema = get_namespace_oid(table->schema_name, true);

		if (strcmp(table->table_name, stmt->relation->relname) != 0 ||
			strcmp(table->schema_name, stmt->newschema) == 0 ||
			(stmt->relation->schemaname && strcmp(stmt->relation->schemaname, table->schema_name) != 0) ||
			(OidIsValid(schema) && OidIsValid(get_relname_relid(table->table_name, schema))) ||
			find_by_place(d, table->schema_name, table->table_name) != table)
			continue;
		follow(table->schema_name, table->table_name, stmt->newschema, table->table_name);
		break;
	}
}

Datum
consent_follow_renames(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("consent.follow_renames() is the function of an event trigger")));
	trigger = (EventTriggerData *) fcinfo->context;
	if (!IsA(trigger->parsetree, RenameStmt) &&
		!IsA(trigger->parsetree, AlterObjectSchemaStmt))
		PG_RETURN_NULL();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (has_ledger())
	{
		if (IsA(trigger->parsetree, RenameStmt))
			follow_rename((RenameStmt *) trigger->parsetree);
		else
			follow_move((AlterObjectSchemaStmt *) trigger->parsetree);
	}
	PopActiveSnapshot();
	PG_RETURN_NULL();
}
