/*
 * protect.c
 *		Declare which tables' rows belong to subjects.
 */
#include "postgres.h"

#include "access/relation.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "gate/gate.h"
#include "gate/protect.h"
#include "gate/reduce.h"
#include "ledger/arguments.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"

#define KNOWN_AS_MAX 255

PG_FUNCTION_INFO_V1(consent_protect);

static const char *const rule_names[] = {"all", "any", "first"};

const char *
protect_rule_name(PartyRule rule)
{
	return rule_names[rule];
}

/* ---- what is declared, as row and as event ---- */

static Datum
names_datum(const char **names, int n)
{
	Datum	   *elements = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static char *
table_detail(const ProtectedTable *table, Datum parties, Datum row_key)
{
	const char *party_names = OidOutputFunctionCall(F_ARRAY_OUT, parties);
	const char *key_names = OidOutputFunctionCall(F_ARRAY_OUT, row_key);
	const char *rule = rule_names[table->rule];
	cl_json_member members[] = {
		DETAIL("known_as", table->known_as),
		DETAIL("schema", table->schema_name),
		DETAIL("table", table->table_name),
		DETAIL("parties", party_names),
		DETAIL("row_key", key_names),
		DETAIL("collected_at", table->collected_at),
		DETAIL("rule", rule)
	};

	return detail_json(members, lengthof(members));
}

int64
protect_declare(const char *kind, const ProtectedTable *table)
{
	EventInput	event = {.kind = kind};
	Store	   *store = store_open("protected_table", RowExclusiveLock);
	Datum		values[Natts_protected_table] = {0};
	bool		isnull[Natts_protected_table] = {0};
	Datum		parties = names_datum(table->parties, table->nparties);
	Datum		row_key = names_datum(table->row_key, table->nkeys);
	int64		event_id;

	event.detail = table_detail(table, parties, row_key);
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;

	values[Anum_protected_table_known_as - 1] = CStringGetTextDatum(table->known_as);
	values[Anum_protected_table_event_id - 1] = Int64GetDatum(event_id);
	values[Anum_protected_table_schema_name - 1] = CStringGetTextDatum(table->schema_name);
	values[Anum_protected_table_table_name - 1] = CStringGetTextDatum(table->table_name);
	values[Anum_protected_table_parties - 1] = parties;
	values[Anum_protected_table_row_key - 1] = row_key;
	isnull[Anum_protected_table_collected_at - 1] = table->collected_at == NULL;
	if (table->collected_at)
		values[Anum_protected_table_collected_at - 1] = CStringGetTextDatum(table->collected_at);
	values[Anum_protected_table_rule - 1] = CStringGetTextDatum(rule_names[table->rule]);
	store_insert(store, values, isnull);
	reduce_give_up_plans(store_relation(store));
	store_close(store);
	ledger_declared(event_id);
	return event_id;
}

/* ---- arguments of protect() ---- */

static const char **
names_argument(FunctionCallInfo fcinfo, int n, const char *what, int *count)
{
	Datum	   *elements;
	bool	   *nulls;
	const char **names;

	deconstruct_array(PG_GETARG_ARRAYTYPE_P(n), NAMEOID, NAMEDATALEN, false,
					  TYPALIGN_CHAR, &elements, &nulls, count);
	if (*count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be an empty list", what)));
	names = palloc(*count * sizeof(char *));
	for (int i = 0; i < *count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s cannot hold NULL", what)));
		names[i] = pstrdup(NameStr(*DatumGetName(elements[i])));
		for (int j = 0; j < i; j++)
			if (strcmp(names[i], names[j]) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_COLUMN),
						 errmsg("column \"%s\" is given twice in %s", names[i], what)));
	}
	return names;
}

static PartyRule
rule_argument(const char *name)
{
	for (int rule = 0; rule < (int) lengthof(rule_names); rule++)
		if (strcmp(name, rule_names[rule]) == 0)
			return rule;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown party rule \"%s\"", name),
			 errhint("Use all (the worst party decides), any (the best) or first.")));
}

static Oid
column_type(Relation rel, const char *name)
{
	AttrNumber	attno = get_attnum(RelationGetRelid(rel), name);

	if (attno <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, RelationGetRelationName(rel))));
	return getBaseType(get_atttype(RelationGetRelid(rel), attno));
}

static bool
is_integer(Oid type)
{
	return type == INT2OID || type == INT4OID || type == INT8OID;
}

static bool
is_text(Oid type)
{
	return type == TEXTOID || type == VARCHAROID;
}

static void
check_party(const Declared *d, Relation rel, const char *name)
{
	Oid			type = column_type(rel, name);
	bool		fits = d->subject_type == SUBJECT_TEXT ? is_text(type) :
		d->subject_type == SUBJECT_BIGINT ? is_integer(type) : type == UUIDOID;

	if (!fits)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("party column \"%s\" is of type %s, but subjects of this ledger are %s",
						name, format_type_be(type), subject_type_name(d->subject_type)),
				 errhint("A party column holds the application's own key of a subject.")));
}

static void
check_row_key(Relation rel, const char *name)
{
	Oid			type = column_type(rel, name);

	if (!is_integer(type) && !is_text(type) && type != UUIDOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row key column \"%s\" is of type %s", name, format_type_be(type)),
				 errhint("A row key is made of integer, uuid, text or varchar columns.")));
}

static void
check_collected_at(Relation rel, const char *name)
{
	Oid			type = column_type(rel, name);

	if (type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s and does not name an instant", name, format_type_be(type)),
				 errhint("When a row was collected must be a timestamp with time zone; a generated column can say it.")));
}

/* The columns of the primary key, in its order. */
static const char **
primary_key(Relation rel, int *n)
{
	Oid			index_oid;
	Relation	index;
	const char **names;

	RelationGetIndexList(rel);	/* finds out rd_pkindex */
	index_oid = rel->rd_pkindex;
	if (!OidIsValid(index_oid))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("table \"%s\" has no primary key", RelationGetRelationName(rel)),
				 errhint("Name the columns that tell its rows apart as row_key.")));
	index = index_open(index_oid, AccessShareLock);
	*n = IndexRelationGetNumberOfKeyAttributes(index);
	names = palloc(*n * sizeof(char *));
	for (int i = 0; i < *n; i++)
		names[i] = get_attname(RelationGetRelid(rel), index->rd_index->indkey.values[i], false);
	index_close(index, AccessShareLock);
	return names;
}

static void
check_relation(Relation rel)
{
	const char *name = RelationGetRelationName(rel);
	char		kind = rel->rd_rel->relkind;

	if (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a table", name),
				 errhint("Protect the tables that hold the rows.")));
	if (rel->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is a temporary table", name),
				 errdetail("What is recorded about its rows would outlive it.")));
	if (RelationGetNamespace(rel) == get_namespace_oid(LEDGER_SCHEMA, false) ||
		IsCatalogRelation(rel))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" cannot be protected", name),
				 errdetail("It belongs to the ledger or to the system.")));
}

/* The relation that a declaration is about, if there is one of its name. */
static Oid
declared_relation(const ProtectedTable *table)
{
	Oid			schema = get_namespace_oid(table->schema_name, true);

	return OidIsValid(schema) ? get_relname_relid(table->table_name, schema) : InvalidOid;
}

/* The declaration of this very relation; NULL if there is none. */
static const ProtectedTable *
find_own(const Declared *d, Oid relid)
{
	const ProtectedTable *table = declared_table_of(d, relid);

	return table && declared_relation(table) == relid ? table : NULL;
}

/*
 * Rows are protected once: under two names, what was chosen under one would
 * not be found under the other.
 */
static void
check_partitions(const Declared *d, Relation rel)
{
	const ProtectedTable *above = declared_table_of(d, RelationGetRelid(rel));
	ListCell   *lc;

	if (above && !find_own(d, RelationGetRelid(rel)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("\"%s\" is a partition of protected table \"%s\"",
						RelationGetRelationName(rel), above->known_as),
				 errdetail("Its rows are protected with it.")));
	if (rel->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
		return;
	foreach(lc, find_all_inheritors(RelationGetRelid(rel), AccessShareLock, NULL))
	{
		const ProtectedTable *part = find_own(d, lfirst_oid(lc));

		if (part && lfirst_oid(lc) != RelationGetRelid(rel))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("partition \"%s\" is protected by itself already", get_rel_name(lfirst_oid(lc))),
					 errdetail("What was chosen about its rows is recorded under \"%s\".", part->known_as),
					 errhint("Go on to protect the partitions one by one.")));
	}
}

static void
check_name(const char *name)
{
	size_t		len = strlen(name);

	if (len == 0 || len > KNOWN_AS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("known_as must have from 1 to %d bytes", KNOWN_AS_MAX)));
	for (const char *s = name; *s; s++)
		if ((unsigned char) *s < ' ' || *s == 0x7f)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("known_as cannot hold control characters")));
}

/*
 * The name to protect under: as given, or the one the table has already, or
 * schema.table.  A name stays with its table while that exists.
 */
static const char *
settle_name(const Declared *d, Relation rel, const char *given)
{
	const ProtectedTable *already = find_own(d, RelationGetRelid(rel));
	const ProtectedTable *holder;

	if (given)
		check_name(given);
	if (!given)
		given = already ? already->known_as :
			psprintf("%s.%s", get_namespace_name(RelationGetNamespace(rel)),
					 RelationGetRelationName(rel));
	else if (already && strcmp(already->known_as, given) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("table \"%s\" is protected as \"%s\" already",
						RelationGetRelationName(rel), already->known_as),
				 errhint("Choices about its rows are recorded under that name; leave known_as out.")));
	holder = declared_find_table(d, given, strlen(given));
	if (holder && already != holder && OidIsValid(declared_relation(holder)))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("the name \"%s\" is taken by table \"%s.%s\"",
						given, holder->schema_name, holder->table_name),
				 errhint("Give known_as another name.")));
	return given;
}

static bool
same_names(const char **a, int na, const char **b, int nb)
{
	if (na != nb)
		return false;
	for (int i = 0; i < na; i++)
		if (strcmp(a[i], b[i]) != 0)
			return false;
	return true;
}

static bool
same_declaration(const ProtectedTable *a, const ProtectedTable *b)
{
	return strcmp(a->schema_name, b->schema_name) == 0 &&
		strcmp(a->table_name, b->table_name) == 0 &&
		same_names(a->parties, a->nparties, b->parties, b->nparties) &&
		same_names(a->row_key, a->nkeys, b->row_key, b->nkeys) &&
		(a->collected_at == NULL) == (b->collected_at == NULL) &&
		(!a->collected_at || strcmp(a->collected_at, b->collected_at) == 0) &&
		a->rule == b->rule;
}

static void
check_columns(const Declared *d, Relation rel, const ProtectedTable *table)
{
	for (int i = 0; i < table->nparties; i++)
		check_party(d, rel, table->parties[i]);
	for (int i = 0; i < table->nkeys; i++)
		check_row_key(rel, table->row_key[i]);
	if (table->collected_at)
		check_collected_at(rel, table->collected_at);
}

Datum
consent_protect(PG_FUNCTION_ARGS)
{
	const Declared *d;
	const ProtectedTable *before;
	ProtectedTable table = {0};
	Relation	rel;
	int64		event_id;

	argument_refuse_null(fcinfo, 0, "table");
	argument_refuse_null(fcinfo, 1, "parties");
	rel = relation_open(PG_GETARG_OID(0), AccessShareLock);
	check_relation(rel);
	table.schema_name = get_namespace_name(RelationGetNamespace(rel));
	table.table_name = pstrdup(RelationGetRelationName(rel));
	table.parties = names_argument(fcinfo, 1, "parties", &table.nparties);
	table.row_key = PG_ARGISNULL(2) ? primary_key(rel, &table.nkeys) :
		names_argument(fcinfo, 2, "row_key", &table.nkeys);
	table.collected_at = PG_ARGISNULL(3) ? NULL : pstrdup(NameStr(*PG_GETARG_NAME(3)));
	table.rule = rule_argument(argument_required_text(fcinfo, 4, "rule"));

	d = ledger_lock_declarations();
	check_partitions(d, rel);
	table.known_as = settle_name(d, rel, argument_text(fcinfo, 5));
	check_columns(d, rel, &table);
	before = declared_find_table(d, table.known_as, strlen(table.known_as));
	event_id = before && same_declaration(before, &table) ? before->event_id :
		protect_declare("table_protected", &table);
	relation_close(rel, NoLock);
	PG_RETURN_INT64(event_id);
}
