/*
 * verify_guards.c
 *		Are the guards of guard.c in place, and is nothing else in their way?
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ledger/guard.h"
#include "ledger/tables.h"
#include "log/verify.h"

#define GUARD_TYPE (TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_UPDATE | \
					TRIGGER_TYPE_DELETE | TRIGGER_TYPE_TRUNCATE)

/* The OID of one of our functions without arguments. */
static Oid
our_function(const char *name)
{
	oidvector  *none = buildoidvector(NULL, 0);

	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(none),
						   ObjectIdGetDatum(get_namespace_oid(LEDGER_SCHEMA, false)));
}

static const char *
enabled_text(char enabled)
{
	return enabled == TRIGGER_DISABLED ? "disabled" :
		enabled == TRIGGER_FIRES_ALWAYS ? "enabled always" : "not enabled always";
}

static void
check_triggers(Verify *v, Relation rel, const char *thing, Oid guard)
{
	const char *expected = "trigger " GUARD_TRIGGER ", enabled always";
	const char *found = "none";

	for (int i = 0; rel->trigdesc && i < rel->trigdesc->numtriggers; i++)
	{
		Trigger    *trigger = &rel->trigdesc->triggers[i];

		if (trigger->tgfoid == guard && trigger->tgtype == GUARD_TYPE && !trigger->tgqual)
			found = enabled_text(trigger->tgenabled);
		else
			verify_finding(v, "guard", thing, "no other trigger",
						   psprintf("trigger %s", trigger->tgname));
	}
	if (strcmp(found, "enabled always") != 0)
		verify_finding(v, "guard", thing, expected, found);
}

static void
check_table(Verify *v, Oid relid, Oid guard)
{
	Relation	rel = table_open(relid, AccessShareLock);
	const char *thing = psprintf("table %s.%s", LEDGER_SCHEMA, RelationGetRelationName(rel));

	check_triggers(v, rel, thing, guard);
	if (rel->rd_rules)
		verify_finding(v, "guard", thing, "no rule", "rules");
	if (rel->rd_rel->relrowsecurity)
		verify_finding(v, "guard", thing, "no row-level security", "row-level security");
	if (find_inheritance_children(relid, AccessShareLock) != NIL)
		verify_finding(v, "guard", thing, "no table that inherits from it", "one or more");
	table_close(rel, AccessShareLock);
}

static void
check_tables(Verify *v)
{
	Oid			guard = our_function("refuse_change");
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(get_namespace_oid(LEDGER_SCHEMA, false)));
	scan = systable_beginscan(class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_class) GETSTRUCT(tuple))->relkind == RELKIND_RELATION)
			check_table(v, ((Form_pg_class) GETSTRUCT(tuple))->oid, guard);
	systable_endscan(scan);
	table_close(class, AccessShareLock);
}

static void
check_event_trigger(Verify *v)
{
	Oid			guard = our_function("refuse_ddl");
	Relation	rel = table_open(EventTriggerRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	const char *found = "none";
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		if (((Form_pg_event_trigger) GETSTRUCT(tuple))->evtfoid == guard)
			found = enabled_text(((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (strcmp(found, "enabled always") != 0)
		verify_finding(v, "guard", "event trigger " GUARD_EVENT_TRIGGER, "enabled always", found);
}

void
verify_guards(Verify *v)
{
	check_event_trigger(v);
	check_tables(v);
}
