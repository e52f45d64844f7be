/*
 * guard.c
 *		The ledger is append-only: refuse everybody's UPDATE, DELETE, TRUNCATE
 *		and DDL on it, also superusers'.
 *
 * Three guards, since each sees what the others miss.  A statement trigger on
 * every stored table refuses to change rows and to put any in.  An event
 * trigger refuses, before anything happened, commands that name one of our
 * relations or what hangs on it.  It also loads this library, and with it the
 * hook that sees objects changed or dropped by other ways: by CASCADE, DROP
 * OWNED, REASSIGN OWNED or with an extension ours depends on.
 *
 * A superuser can disable the event trigger, and then the others; verify()
 * names what was done behind their back.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/catalog.h"
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"
#include "catalog/pg_type.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "parser/parse_type.h"
#include "replication/logicalworker.h"
#include "tcop/cmdtag.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/rls.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "ledger/guard.h"
#include "ledger/tables.h"

static object_access_hook_type next_object_access_hook = NULL;
static Oid	guard_function = InvalidOid;	/* of the event trigger, once it fired */

/* ---- rows ---- */

/*
 * The ledger itself writes below triggers.  Rows come in by statements where
 * they are copied: pg_dump's scripts and pg_restore turn both of these settings
 * off in each of their sessions.
 */
static bool
is_copying(void)
{
	return IsBinaryUpgrade || IsLogicalWorker() || (!check_function_bodies && !row_security);
}

static void
refuse_insert(const char *table)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("INSERT is refused on \"%s.%s\"", LEDGER_SCHEMA, table),
			 errdetail("What is put there by hand is sealed by nothing, and cannot be taken away again."),
			 errhint("Record with consent.record_choices(), or INSERT INTO consent.event. To copy a whole ledger by other means than pg_restore, turn check_function_bodies and row_security off first.")));
}

PG_FUNCTION_INFO_V1(consent_refuse_change);

/* The trigger on every stored table. */
Datum
consent_refuse_change(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	const char *command;

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_change() must be called as a trigger")));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		if (!is_copying())
			refuse_insert(RelationGetRelationName(trigger->tg_relation));
		PG_RETURN_POINTER(NULL);
	}
	if (TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		command = "UPDATE";
	else if (TRIGGER_FIRED_BY_DELETE(trigger->tg_event))
		command = "DELETE";
	else
		command = "TRUNCATE";
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s is refused on \"%s.%s\"", command, LEDGER_SCHEMA,
					RelationGetRelationName(trigger->tg_relation)),
			 errdetail("The ledger is append-only: what it holds is evidence of what was recorded, and is sealed."),
			 errhint("Correct an event by recording another one, for instance with consent.record_choices().")));
}

/* ---- whose is it? ---- */

static bool
is_our_extension(Oid extension)
{
	char	   *name = OidIsValid(extension) ? get_extension_name(extension) : NULL;

	return name && strcmp(name, EXTENSION_NAME) == 0;
}

/* Our own script is at work, or pg_upgrade. */
static bool
is_maintenance(void)
{
	return IsBinaryUpgrade ||
		(creating_extension && is_our_extension(CurrentExtensionObject));
}

/* Kinds of objects that are parts of a relation. */
static bool
is_part_of_relation(Oid class)
{
	return class == RelationRelationId || class == TriggerRelationId ||
		class == RewriteRelationId || class == PolicyRelationId ||
		class == ConstraintRelationId || class == AttrDefaultRelationId ||
		class == StatisticExtRelationId;
}

/* What the object is a part of: an index's table, a trigger's, and so on. */
static bool
find_whole(ObjectAddress *object)
{
	Relation	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	ScanKeyInit(&keys[0], Anum_pg_depend_classid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->classId));
	ScanKeyInit(&keys[1], Anum_pg_depend_objid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(object->objectId));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, keys);
	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(tuple);

		found = (row->deptype == DEPENDENCY_INTERNAL || row->deptype == DEPENDENCY_AUTO) &&
			(row->refclassid == RelationRelationId || row->refclassid == ConstraintRelationId);
		if (found)
			ObjectAddressSet(*object, row->refclassid, row->refobjid);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return found;
}

/*
 * True if the object is a member of our extension, or a part of one; then it
 * becomes that member.  The extension itself counts.
 */
static bool
resolve_ours(ObjectAddress *object)
{
	for (int depth = 0; depth < 8; depth++)
	{
		if (object->classId == ExtensionRelationId)
			return is_our_extension(object->objectId);
		if (is_our_extension(getExtensionOfObject(object->classId, object->objectId)))
			return true;
		if (!is_part_of_relation(object->classId) || !find_whole(object))
			return false;
	}
	return false;
}

static void
refuse(const char *command, const ObjectAddress *object)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s is refused on %s", command, getObjectDescription(object, false)),
			 errdetail("It belongs to the consent ledger, which is append-only: what protects it, and what it is made of, is not to be changed."),
			 errhint("Its objects change with ALTER EXTENSION %s UPDATE only.", EXTENSION_NAME)));
}

/* ---- commands, before they begin ---- */

/*
 * Refuse if the name is that of one of our relations.  It is looked up without
 * a lock: a lock that the command then strengthens would invite deadlocks
 * between commands that are none of our business.
 */
static void
check_relation(const char *command, RangeVar *name)
{
	ObjectAddress object;
	Oid			relid = name ? RangeVarGetRelid(name, NoLock, true) : InvalidOid;

	if (!OidIsValid(relid))
		return;
	ObjectAddressSet(object, RelationRelationId, relid);
	if (resolve_ours(&object))
		refuse(command, &object);
}

static void
check_relations(const char *command, List *names)
{
	ListCell   *cell;

	foreach(cell, names)
		if (IsA(lfirst(cell), RangeVar))
			check_relation(command, lfirst_node(RangeVar, cell));
}

/* An object known by a list of names: a relation, or a part of a relation. */
static void
check_named(const char *command, ObjectType type, Node *object)
{
	List	   *names = IsA(object, List) ? (List *) object : NIL;

	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_FOREIGN_TABLE:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
			break;
		case OBJECT_COLUMN:
		case OBJECT_TRIGGER:
		case OBJECT_RULE:
		case OBJECT_POLICY:
		case OBJECT_TABCONSTRAINT:
			names = list_truncate(list_copy(names), list_length(names) - 1);
			break;
		default:
			return;
	}
	if (names != NIL)
		check_relation(command, makeRangeVarFromNameList(names));
}

/* A foreign key puts triggers on the table that it points to. */
static void
check_constraint(const char *command, Node *node)
{
	ListCell   *cell;

	if (node && IsA(node, Constraint))
		check_relation(command, castNode(Constraint, node)->pktable);
	else if (node && IsA(node, ColumnDef))
		foreach(cell, castNode(ColumnDef, node)->constraints)
			check_constraint(command, lfirst(cell));
}

static void
check_create_table(const char *command, CreateStmt *stmt)
{
	ListCell   *cell;

	check_relations(command, stmt->inhRelations);
	foreach(cell, stmt->tableElts)
		check_constraint(command, lfirst(cell));
	foreach(cell, stmt->constraints)
		check_constraint(command, lfirst(cell));
}

/* Also a table that is made to inherit from one of ours would show in it. */
static void
check_alter_table(const char *command, AlterTableStmt *stmt)
{
	ListCell   *cell;

	check_relation(command, stmt->relation);
	foreach(cell, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, cell);

		if (!cmd->def)
			continue;
		if (IsA(cmd->def, RangeVar))
			check_relation(command, castNode(RangeVar, cmd->def));
		else if (IsA(cmd->def, PartitionCmd))
			check_relation(command, castNode(PartitionCmd, cmd->def)->name);
		else
			check_constraint(command, cmd->def);
	}
}

static void
check_drop(const char *command, DropStmt *stmt)
{
	ListCell   *cell;

	foreach(cell, stmt->objects)
		check_named(command, stmt->removeType, lfirst(cell));
}

static void
check_extension_contents(const char *command, AlterExtensionContentsStmt *stmt)
{
	ObjectAddress object;

	if (strcmp(stmt->extname, EXTENSION_NAME) != 0)
		return;
	ObjectAddressSet(object, ExtensionRelationId, get_extension_oid(EXTENSION_NAME, false));
	refuse(command, &object);
}

/* The hook does not hear of a domain's constraints. */
static void
check_domain(const char *command, List *name)
{
	ObjectAddress object;
	Oid			type = LookupTypeNameOid(NULL, makeTypeNameFromNameList(name), true);

	ObjectAddressSet(object, TypeRelationId, type);
	if (OidIsValid(type) && resolve_ours(&object))
		refuse(command, &object);
}

static void
check_command(const char *command, Node *node)
{
	ListCell   *cell;

#define RELATION_OF(type, field) \
	case T_##type: \
		check_relation(command, castNode(type, node)->field); \
		break

	switch (nodeTag(node))
	{
			RELATION_OF(RenameStmt, relation);
			RELATION_OF(AlterObjectDependsStmt, relation);
			RELATION_OF(AlterObjectSchemaStmt, relation);
			RELATION_OF(AlterOwnerStmt, relation);
			RELATION_OF(AlterSeqStmt, sequence);
			RELATION_OF(IndexStmt, relation);
			RELATION_OF(RuleStmt, relation);
			RELATION_OF(ViewStmt, view);
			RELATION_OF(CreatePolicyStmt, table);
			RELATION_OF(AlterPolicyStmt, table);
		case T_CreateSchemaStmt:
			foreach(cell, castNode(CreateSchemaStmt, node)->schemaElts)
				check_command(command, lfirst(cell));
			break;
		case T_AlterDomainStmt:
			check_domain(command, castNode(AlterDomainStmt, node)->typeName);
			break;
		case T_CreateTrigStmt:
			check_relation(command, castNode(CreateTrigStmt, node)->relation);
			check_relation(command, castNode(CreateTrigStmt, node)->constrrel);
			break;
		case T_CreateStatsStmt:
			check_relations(command, castNode(CreateStatsStmt, node)->relations);
			break;
		case T_CreateStmt:
		case T_CreateForeignTableStmt:
			check_create_table(command, (CreateStmt *) node);
			break;
		case T_AlterTableStmt:
			check_alter_table(command, castNode(AlterTableStmt, node));
			break;
		case T_DropStmt:
			check_drop(command, castNode(DropStmt, node));
			break;
		case T_CommentStmt:
			check_named(command, castNode(CommentStmt, node)->objtype,
						castNode(CommentStmt, node)->object);
			break;
		case T_SecLabelStmt:
			check_named(command, castNode(SecLabelStmt, node)->objtype,
						castNode(SecLabelStmt, node)->object);
			break;
		case T_AlterExtensionContentsStmt:
			check_extension_contents(command, castNode(AlterExtensionContentsStmt, node));
			break;
		default:
			break;
	}
#undef RELATION_OF
}

PG_FUNCTION_INFO_V1(consent_refuse_ddl);

/* The event trigger at the start of every command. */
Datum
consent_refuse_ddl(PG_FUNCTION_ARGS)
{
	EventTriggerData *trigger = (EventTriggerData *) fcinfo->context;

	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("refuse_ddl() must be called as an event trigger")));
	guard_function = fcinfo->flinfo->fn_oid;
	if (!is_maintenance())
		check_command(GetCommandTagName(trigger->tag), trigger->parsetree);
	PG_RETURN_NULL();
}

/* ---- objects, as they change ---- */

/* Nobody disabled the event trigger: then the hook is to work as well. */
static bool
is_guarded(void)
{
	Relation	triggers;
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		enabled = false;

	if (!compat_event_triggers() || !OidIsValid(guard_function))
		return false;
	triggers = table_open(EventTriggerRelationId, AccessShareLock);
	scan = systable_beginscan(triggers, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_event_trigger row = (Form_pg_event_trigger) GETSTRUCT(tuple);

		enabled |= row->evtfoid == guard_function && row->evtenabled != TRIGGER_DISABLED;
	}
	systable_endscan(scan);
	table_close(triggers, AccessShareLock);
	return enabled;
}

/* True where nothing would be lost: no ledger was made, or one for tests. */
static bool
ledger_may_go(void)
{
	Oid			schema = get_namespace_oid(LEDGER_SCHEMA, true);
	Oid			relid = OidIsValid(schema) ? get_relname_relid("ledger", schema) : InvalidOid;
	Relation	rel;
	Snapshot	snapshot;
	TableScanDesc scan;
	HeapTuple	tuple;
	bool		isnull;
	bool		may_go;

	if (!OidIsValid(relid))
		return true;
	rel = table_open(relid, AccessShareLock);
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = table_beginscan(rel, snapshot, 0, NULL);
	tuple = heap_getnext(scan, ForwardScanDirection);
	may_go = tuple == NULL ||
		DatumGetBool(heap_getattr(tuple, Anum_ledger_test, RelationGetDescr(rel), &isnull));
	table_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return may_go;
}

/* Whatever of ours is dropped, the rest goes with it. */
static void
check_drop_of_object(ObjectAddress *object)
{
	if (!resolve_ours(object) || !is_guarded() || ledger_may_go())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("DROP is refused on extension %s", EXTENSION_NAME),
			 errdetail("This database has a ledger, and it is not one for tests."),
			 errhint("To destroy the ledger nevertheless, disable the event trigger %s first.",
					 GUARD_EVENT_TRIGGER)));
}

/*
 * Event triggers can be disabled, by a superuser who means it; and ALTER
 * EXTENSION ... UPDATE changes the extension itself.
 */
static void
check_change_of_object(ObjectAddress *object)
{
	if (object->classId != EventTriggerRelationId &&
		object->classId != ExtensionRelationId &&
		resolve_ours(object) && is_guarded())
		refuse("ALTER", object);
}

static void
guard_object_access(ObjectAccessType access, Oid classId, Oid objectId,
					int subId, void *arg)
{
	ObjectAddress object;

	if (next_object_access_hook)
		next_object_access_hook(access, classId, objectId, subId, arg);
	if (access != OAT_DROP && access != OAT_POST_ALTER && access != OAT_POST_CREATE)
		return;
	if (!IsTransactionState() || IsSharedRelation(classId) || is_maintenance())
		return;
	ObjectAddressSet(object, classId, objectId);
	if (access == OAT_DROP)
	{
		if (!(((ObjectAccessDrop *) arg)->dropflags & PERFORM_DELETION_INTERNAL))
			check_drop_of_object(&object);
	}
	else if (access == OAT_POST_ALTER)
	{
		if (!((ObjectAccessPostAlter *) arg)->is_internal)
			check_change_of_object(&object);
	}
	else if (classId == ProcedureRelationId)
		check_change_of_object(&object);	/* CREATE OR REPLACE FUNCTION */
}

void
guard_init(void)
{
	next_object_access_hook = object_access_hook;
	object_access_hook = guard_object_access;
}
