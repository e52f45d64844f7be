/*
 * rename.c
 *		Follow protected tables and their columns when they are renamed.
 *
 * Tables are stored by name, so that dumps and other nodes understand them.
 * Commands rename in many ways (by another kind's ALTER, with a schema, a type
 * or the table inherited from), so names are not read out of them: before a
 * command we note which relation and columns the declarations mean, and after
 * it we record what these are called now.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_attribute.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "gate/protect.h"
#include "ledger/replica.h"
#include "ledger/store.h"

PG_FUNCTION_INFO_V1(consent_follow_renames);

/* What a declaration meant before the command. */
typedef struct Meant
{
	const char *known_as;
	Oid			relid;
	int			nparties;
	AttrNumber *parties;		/* 0: there is no such column */
	int			nkeys;
	AttrNumber *row_key;
	AttrNumber	collected_at;
} Meant;

/* Of the latest command; commands within a command are followed by themselves. */
static List *meant_before = NIL;
static LocalTransactionId meant_in = InvalidLocalTransactionId;

/* Has a ledger been created? */
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

/* ---- before ---- */

static Oid
find_relation(const ProtectedTable *table)
{
	Oid			schema = get_namespace_oid(table->schema_name, true);

	return OidIsValid(schema) ? get_relname_relid(table->table_name, schema) : InvalidOid;
}

static AttrNumber *
find_columns(Oid relid, const char **names, int n)
{
	AttrNumber *columns = palloc(Max(n, 1) * sizeof(AttrNumber));

	for (int i = 0; i < n; i++)
		columns[i] = get_attnum(relid, names[i]);
	return columns;
}

/* Of several declarations of one table, under several names, the newest is in force. */
static void
note_tables(const Declared *d)
{
	for (int i = 0; i < d->ntables; i++)
	{
		const ProtectedTable *table = &d->tables[i];
		Oid			relid = find_relation(table);
		Meant	   *meant;

		if (!OidIsValid(relid) || declared_table_of(d, relid) != table)
			continue;
		meant = palloc(sizeof(Meant));
		meant->known_as = pstrdup(table->known_as);
		meant->relid = relid;
		meant->nparties = table->nparties;
		meant->parties = find_columns(relid, table->parties, table->nparties);
		meant->nkeys = table->nkeys;
		meant->row_key = find_columns(relid, table->row_key, table->nkeys);
		meant->collected_at = table->collected_at == NULL ? InvalidAttrNumber :
			get_attnum(relid, table->collected_at);
		meant_before = lappend(meant_before, meant);
	}
}

static void
note_before(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);

	if (meant_in == compat_my_lxid())
		list_free_deep(meant_before);
	meant_before = NIL;
	meant_in = compat_my_lxid();
	note_tables(declared_get());
	MemoryContextSwitchTo(old);
}

/* ---- after ---- */

/* What a column is called now; its name in the declaration if it is gone. */
static const char *
name_now(Oid relid, AttrNumber column, const char *declared)
{
	HeapTuple	tuple = column == InvalidAttrNumber ? NULL : SearchSysCacheAttNum(relid, column);
	const char *name = declared;

	if (!HeapTupleIsValid(tuple))
		return name;
	name = pstrdup(NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname));
	ReleaseSysCache(tuple);
	return name;
}

static const char **
names_now(Oid relid, const AttrNumber *columns, const char **declared, int n, bool *changed)
{
	const char **names = palloc(Max(n, 1) * sizeof(char *));

	for (int i = 0; i < n; i++)
	{
		names[i] = name_now(relid, columns[i], declared[i]);
		*changed |= strcmp(names[i], declared[i]) != 0;
	}
	return names;
}

/*
 * The declaration with the names of now, in the caller's context; false if
 * they are the same, or if the table is gone or declared anew.
 */
static bool
is_renamed(const Meant *meant, const ProtectedTable *before, ProtectedTable *after)
{
	bool		changed = false;

	if (before == NULL || before->nparties != meant->nparties || before->nkeys != meant->nkeys)
		return false;
	*after = *before;
	after->table_name = get_rel_name(meant->relid);
	if (after->table_name == NULL)
		return false;
	after->schema_name = get_namespace_name(get_rel_namespace(meant->relid));
	changed |= strcmp(after->table_name, before->table_name) != 0;
	changed |= strcmp(after->schema_name, before->schema_name) != 0;
	after->parties = names_now(meant->relid, meant->parties, before->parties, before->nparties, &changed);
	after->row_key = names_now(meant->relid, meant->row_key, before->row_key, before->nkeys, &changed);
	if (before->collected_at != NULL)
	{
		after->collected_at = name_now(meant->relid, meant->collected_at, before->collected_at);
		changed |= strcmp(after->collected_at, before->collected_at) != 0;
	}
	return changed;
}

static const ProtectedTable *
find_declared(const Declared *d, const Meant *meant)
{
	return declared_find_table(d, meant->known_as, strlen(meant->known_as));
}

/* Only what was renamed takes the lock of declarations; and then it is looked at again. */
static void
follow(const Meant *meant)
{
	ProtectedTable after;

	if (!is_renamed(meant, find_declared(declared_get(), meant), &after))
		return;
	if (replica_is_subscriber())
		ereport(WARNING,
				(errmsg("protected table \"%s\" was renamed on a node that only follows the ledger", meant->known_as),
				 errhint("Rename it on the ledger's node too; until then its rows are asked about by columns.")));
	else if (is_renamed(meant, find_declared(ledger_lock_declarations(), meant), &after))
		protect_declare("table_renamed", &after);
}

Datum
consent_follow_renames(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger;
	ListCell   *lc;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("consent.follow_renames() is the function of an event trigger")));
	trigger = (EventTriggerData *) fcinfo->context;
	PushActiveSnapshot(GetTransactionSnapshot());
	if (has_ledger())
	{
		if (strcmp(trigger->event, "ddl_command_start") == 0)
			note_before();
		else if (meant_in == compat_my_lxid())
			foreach(lc, meant_before)
				follow(lfirst(lc));
	}
	PopActiveSnapshot();
	PG_RETURN_NULL();
}
