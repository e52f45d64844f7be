/*
 * verify_guards.c
 *		Are the guards of guard.c in place, and is nothing else in their way?
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ledger/guard.h"
#include "ledger/tables.h"
#include "log/verify.h"

#define GUARD_TYPE (TRIGGER_TYPE_BEFORE | TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | \
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

		if (trigger->tgfoid == guard && trigger->tgtype == GUARD_TYPE &&
			trigger->tgnattr == 0 && !trigger->tgqual)
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

/* ---- event triggers ---- */

static char *
event_trigger_text(Relation rel, HeapTuple tuple)
{
	Form_pg_event_trigger form = (Form_pg_event_trigger) GETSTRUCT(tuple);
	bool		all;
	Datum		tags = heap_getattr(tuple, Anum_pg_event_trigger_evttags, RelationGetDescr(rel), &all);

	return psprintf("for %s, %s",
					all ? "all commands" : OidOutputFunctionCall(F_ARRAY_OUT, tags),
					enabled_text(form->evtenabled));
}

/* The commands that can rename a protected table or its columns. */
#define RENAMING \
	"for {\"ALTER TABLE\",\"ALTER INDEX\",\"ALTER FOREIGN TABLE\",\"ALTER TYPE\"," \
	"\"ALTER SCHEMA\",\"ALTER EXTENSION\"}, enabled always"

/* The trigger by which an event calls a function, whatever it is named. */
static void
check_event_trigger(Verify *v, const char *name, const char *function,
					const char *event, const char *expected)
{
	Oid			guard = our_function(function);
	Relation	rel = table_open(EventTriggerRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	const char *found = "none";
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_event_trigger form = (Form_pg_event_trigger) GETSTRUCT(tuple);

		if (form->evtfoid == guard && strcmp(NameStr(form->evtevent), event) == 0)
			found = event_trigger_text(rel, tuple);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	if (strcmp(found, expected) != 0)
		verify_finding(v, "guard", psprintf("event trigger %s", name), expected, found);
}

/* ---- functions ---- */

/* A column of a function; NULL for SQL's NULL. */
static char *
function_text(HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;
	Datum		value = SysCacheGetAttr(PROCOID, tuple, attno, &isnull);

	return verify_text(value, isnull, TEXTOID);
}

/* Whoever replaces a guard's function has no need to disable the guard. */
static void
check_function(Verify *v, const char *name)
{
	HeapTuple	self = SearchSysCache1(PROCOID, ObjectIdGetDatum(v->function));
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(our_function(name)));
	char	   *thing = psprintf("function %s.%s()", LEDGER_SCHEMA, name);
	char	   *source = psprintf("consent_%s", name);

	if (!HeapTupleIsValid(tuple))
		verify_finding(v, "guard", thing, source, "none");
	else
	{
		if (((Form_pg_proc) GETSTRUCT(tuple))->prolang != ClanguageId ||
			!verify_same(function_text(tuple, Anum_pg_proc_probin), function_text(self, Anum_pg_proc_probin)) ||
			!verify_same(function_text(tuple, Anum_pg_proc_prosrc), source))
			verify_finding(v, "guard", thing, psprintf("%s of this library", source), "something else");
		ReleaseSysCache(tuple);
	}
	ReleaseSysCache(self);
}

/* A function of the schema that is none of ours could be called in place of one. */
static void
check_other_functions(Verify *v)
{
	Oid			schema = get_namespace_oid(LEDGER_SCHEMA, false);
	Oid			extension = getExtensionOfObject(ProcedureRelationId, v->function);
	Relation	rel = table_open(ProcedureRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_proc_pronamespace, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(schema));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Oid			function = ((Form_pg_proc) GETSTRUCT(tuple))->oid;

		if (getExtensionOfObject(ProcedureRelationId, function) != extension)
			verify_finding(v, "guard", psprintf("function %s", format_procedure_qualified(function)),
						   NULL, "a function that is not the ledger's");
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
}

void
verify_guards(Verify *v)
{
	check_event_trigger(v, GUARD_EVENT_TRIGGER, "refuse_ddl", "ddl_command_start",
						"for all commands, enabled always");
	check_event_trigger(v, "consent_renames_start", "follow_renames", "ddl_command_start", RENAMING);
	check_event_trigger(v, "consent_renames_end", "follow_renames", "ddl_command_end", RENAMING);
	check_function(v, "refuse_ddl");
	check_function(v, "refuse_change");
	check_function(v, "follow_renames");
	check_other_functions(v);
	check_tables(v);
}
