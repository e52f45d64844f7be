/*
 * verify_tables.c
 *		Are the stored tables made as the extension made them?
 *
 * Whatever reads them in C relies on the types of their columns, so that
 * verify() reads no further where these differ.  Without a unique index, rows
 * can be there twice of which only one is found.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/syscache.h"

#include "ledger/tables.h"
#include "log/verify.h"

typedef struct TableMade
{
	const char *name;
	const char *columns;		/* name and type, '!' for NOT NULL */
	const char *indexes;
} TableMade;

static const TableMade tables[] = {
	{"checkpoint", "size int8!, root bytea!, note text!, signed_at timestamptz!",
	"checkpoint_pkey unique (size)"},
	{"cosignature",
		"bound_no int8!, size int8!, kind text!, name text!, stated_time timestamptz!, evidence bytea!, hash bytea!, accepted_at timestamptz!",
	"cosignature_hash unique (hash), cosignature_pkey unique (bound_no), cosignature_size (size, bound_no)"},
	{"event_log",
		"event_id int8!, kind text!, subject_no int8, commitment bytea, choices consent, event_time timestamptz!, "
		"recorded_at timestamptz!, recorded_by text!, actor text, method text, notice text, jurisdiction text, "
		"evidence_hmac bytea, source text!, external_id text, table_name text, row_key text, detail text, nonce bytea!",
	"event_log_external unique (source, external_id), event_log_pkey unique (event_id), event_log_subject (subject_no, event_id)"},
	{"erased_use", "run_id int8!, subject_no int8!, position bytea!, nonce bytea!",
	"erased_use_pkey unique (run_id, subject_no)"},
	{"evidence", "event_id int8!, salt bytea!, body text!",
	"evidence_pkey unique (event_id)"},
	{"key_revocation", "vkey text!, last_trusted_size int8!, event_id int8!",
	"key_revocation_pkey unique (vkey)"},
	{"key", "key_no int4!, name text!, signs text!, vkey text!, event_id int8!",
	"key_pkey unique (key_no)"},
	{"leaf", "leaf_index int8!, seal_no int8!",
	"leaf_pkey unique (leaf_index), leaf_seal unique (seal_no)"},
	{"ledger",
		"singleton bool!, origin text!, subject_type text!, test bool!, erased_subjects int8!, last_declaration int8!, suppression_key bytea!",
	"ledger_pkey unique (singleton)"},
	{"manifest_block",
		"run_id int8!, part int8!, table_name text!, block_no int4!, first_subject int8!, last_subject int8!, entries int4!, data bytea!",
	"manifest_block_pkey unique (run_id, part, table_name, last_subject, block_no), "
	"manifest_block_span (length((last_subject - first_subject)::text), last_subject, first_subject)"},
	{"notice",
		"label text!, name text!, version text!, sha256 bytea!, body text!, purposes _text!, stated_on date, zone text, "
		"published_at timestamptz, language text, url text, recorded_at timestamptz!, event_id int8!",
	"notice_pkey unique (label)"},
	{"preset_rule",
		"event_id int8!, ends bool!, choices consent, purpose text, jurisdiction text, notice text, event_time timestamptz!, recorded_at timestamptz!",
	"preset_rule_pkey unique (event_id)"},
	{"protected_table",
		"known_as text!, event_id int8!, schema_name text!, table_name text!, parties _text!, row_key _text!, collected_at text, rule text!",
	"protected_table_pkey unique (known_as, event_id)"},
	{"purpose", "name text!, parents _text!, regime text!, title text, since timestamptz!, event_id int8!",
	"purpose_pkey unique (name)"},
	{"run",
		"run_id int8!, name text!, purposes _text!, recipient text, model text, base_runs _int8!, used_at tstzrange, source text!, "
		"external_id text, opened_at timestamptz!, opened_by text!, closed_event int8, outcome text, closed_at timestamptz, "
		"dataset_sha256 bytea, parts int4, missing int4, uses int8, hash bytea, subjects int8, tree bytea",
	"run_pkey unique (run_id)"},
	{"run_draw", "run_id int8!, draw_no int8!, drawn_at timestamptz!, drawn_by text!, xid xid8!",
	"run_draw_pkey unique (run_id, draw_no)"},
	{"run_part",
		"run_id int8!, part int8!, event_id int8!, tables _text!, uses int8!, blocks int4!, hash bytea!, recorded_at timestamptz!",
	"run_part_pkey unique (run_id, part)"},
	{"run_salt", "run_id int8!, salt bytea!",
	"run_salt_pkey unique (run_id)"},
	{"run_subtree", "run_id int8!, bucket int4!, leaves int4!, hash bytea!, subjects bytea!",
	"run_subtree_pkey unique (run_id, bucket)"},
	{"scope_state", "subject_no int8!, table_name text!, row_key text, state consent!",
	"scope_state_key unique (subject_no, table_name, row_key)"},
	{"seal", "seal_no int8!, kind text!, count int4!, root bytea!, note text!",
	"seal_pkey unique (seal_no)"},
	{"seal_pending", "seal_no int8!",
	"seal_pending_pkey unique (seal_no)"},
	{"subject",
		"subject_no int8!, key text, salt bytea, commitment bytea!, state consent!, jurisdiction text, jurisdiction_at timestamptz, "
		"scoped bool!, suppression bytea",
	"subject_key unique (key), subject_pkey unique (subject_no), subject_suppression (suppression)"},
	{"tile", "level int2!, tile_index int8!, root bytea!, hashes bytea!",
	"tile_pkey unique (level, tile_index)"},
	{"timestamp_authority", "name text!, certificate text!, event_id int8!",
	"timestamp_authority_pkey unique (name)"},
	{"witness", "vkey text!, name text!, url text, event_id int8!",
	"witness_pkey unique (vkey)"},
	{"witness_quorum", "event_id int8!, quorum int4!, witnesses _text!",
	"witness_quorum_pkey unique (event_id)"},
	{"witnessed", "origin text!, size int8!, root bytea!, note text!, stored_at timestamptz!",
	"witnessed_pkey unique (origin, size)"},
	{"witnessed_log", "vkey text!, origin text!, event_id int8!",
	"witnessed_log_pkey unique (vkey)"},
};

/* A type by its name; of others than the server's and ours, also the schema's. */
static void
append_type(StringInfo text, Oid type)
{
	HeapTuple	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	Form_pg_type form;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	form = (Form_pg_type) GETSTRUCT(tuple);
	if (form->typnamespace != PG_CATALOG_NAMESPACE &&
		form->typnamespace != get_namespace_oid(LEDGER_SCHEMA, false))
		appendStringInfo(text, "%s.", get_namespace_name(form->typnamespace));
	appendStringInfoString(text, NameStr(form->typname));
	ReleaseSysCache(tuple);
}

static char *
columns_text(Relation rel)
{
	TupleDesc	desc = RelationGetDescr(rel);
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);

		appendStringInfo(&text, "%s%s ", i > 0 ? ", " : "", NameStr(att->attname));
		if (att->attisdropped)
			appendStringInfoString(&text, "dropped");
		else
			append_type(&text, att->atttypid);
		if (att->attnotnull)
			appendStringInfoChar(&text, '!');
	}
	return text.data;
}

/* The name of the column, or the expression. */
static char *
index_column(Relation index, int column)
{
	return TextDatumGetCString(DirectFunctionCall3(pg_get_indexdef_ext, ObjectIdGetDatum(RelationGetRelid(index)),
												   Int32GetDatum(column), BoolGetDatum(true)));
}

/* Columns of an index that takes part in queries; nothing of any other. */
static void
append_index(StringInfo text, Relation index)
{
	Form_pg_index form = index->rd_index;

	if (!verify_index_is_whole(index))
		return;
	appendStringInfo(text, "%s%s%s (", text->len > 0 ? ", " : "", RelationGetRelationName(index),
					 form->indisunique ? " unique" : "");
	for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++)
		appendStringInfo(text, "%s%s", i > 0 ? ", " : "", index_column(index, i + 1));
	appendStringInfoChar(text, ')');
}

static int
compare_index_names(const ListCell *a, const ListCell *b)
{
	return strcmp(RelationGetRelationName((Relation) lfirst(a)), RelationGetRelationName((Relation) lfirst(b)));
}

static char *
indexes_text(Relation rel)
{
	List	   *indexes = NIL;
	StringInfoData text;
	ListCell   *cell;

	initStringInfo(&text);
	foreach(cell, RelationGetIndexList(rel))
		indexes = lappend(indexes, index_open(lfirst_oid(cell), AccessShareLock));
	list_sort(indexes, compare_index_names);
	foreach(cell, indexes)
	{
		append_index(&text, lfirst(cell));
		index_close(lfirst(cell), AccessShareLock);
	}
	return text.data;
}

/* False if the table cannot be read as ours. */
static bool
check_table(Verify *v, const TableMade *made, Oid schema)
{
	Oid			relid = get_relname_relid(made->name, schema);
	char	   *thing = psprintf("table %s.%s", LEDGER_SCHEMA, made->name);
	char	   *columns;
	char	   *indexes;
	Relation	rel;

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_RELATION)
	{
		verify_finding(v, "guard", thing, "a table", OidIsValid(relid) ? "something else" : "none");
		return false;
	}
	rel = table_open(relid, AccessShareLock);
	columns = columns_text(rel);
	indexes = indexes_text(rel);
	if (!verify_same(made->columns, columns))
		verify_finding(v, "guard", psprintf("%s: columns", thing), made->columns, columns);
	if (!verify_same(made->indexes, indexes))
		verify_finding(v, "guard", psprintf("%s: indexes", thing), made->indexes, indexes);
	if (rel->rd_rel->relpersistence != RELPERSISTENCE_PERMANENT)
		verify_finding(v, "guard", thing, "a table that outlives a crash", "one that does not");
	table_close(rel, AccessShareLock);
	return verify_same(made->columns, columns);
}

/* Tables of the schema that are none of ours. */
static void
check_others(Verify *v, Oid schema)
{
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(schema));
	scan = systable_beginscan(class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);
		bool		ours = form->relkind != RELKIND_RELATION;

		for (int i = 0; !ours && i < lengthof(tables); i++)
			ours = strcmp(tables[i].name, NameStr(form->relname)) == 0;
		if (!ours)
			verify_finding(v, "guard", psprintf("table %s.%s", LEDGER_SCHEMA, NameStr(form->relname)),
						   NULL, "a table that is not the ledger's");
	}
	systable_endscan(scan);
	table_close(class, AccessShareLock);
}

bool
verify_tables(Verify *v)
{
	Oid			schema = get_namespace_oid(LEDGER_SCHEMA, false);
	bool		readable = true;

	for (int i = 0; i < lengthof(tables); i++)
		readable &= check_table(v, &tables[i], schema);
	check_others(v, schema);
	return readable;
}
