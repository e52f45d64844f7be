/*
 * declared.c
 *		The cache of what was declared.
 *
 * An entry is built under one snapshot.  It is known by the version it read
 * there (consent.ledger.last_declaration, an event id that no rollback gives
 * back) and by the table it read that from.  Every declaration updates that
 * row, so a snapshot that shows the same version shows the same declarations.
 *
 * Callers hold on to an entry for as long as their transaction lasts.  One
 * that is replaced is kept until then, and an older snapshot finds it again.
 * Nothing of an entry changes but the count of erased subjects, which only
 * grows, and the memory of declared_table_of().
 */
#include "postgres.h"

#include <string.h>

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "ledger/declared.h"
#include "ledger/replica.h"
#include "ledger/signer.h"
#include "ledger/snapkey.h"
#include "ledger/store.h"
#include "ledger/tables.h"

/* A hash table from names to places in an array. */
typedef struct NameKey
{
	const char *data;
	size_t		len;
} NameKey;

typedef struct NameSlot
{
	NameKey		name;
	int			place;
	uint32		hash;
	char		status;
} NameSlot;

static inline uint32
name_hash(NameKey name)
{
	return hash_bytes((const unsigned char *) name.data, (int) name.len);
}

static inline bool
name_equal(NameKey a, NameKey b)
{
	return a.len == b.len && memcmp(a.data, b.data, a.len) == 0;
}

#define SH_PREFIX names
#define SH_ELEMENT_TYPE NameSlot
#define SH_KEY_TYPE NameKey
#define SH_KEY name
#define SH_HASH_KEY(table, key) name_hash(key)
#define SH_EQUAL(table, a, b) name_equal(a, b)
#define SH_STORE_HASH
#define SH_GET_HASH(table, slot) (slot)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* A hash table from relations to places of protected tables, or NO_TABLE. */
#define NO_TABLE (-1)

typedef struct RelationSlot
{
	Oid			relid;
	int			place;
	char		status;
} RelationSlot;

#define SH_PREFIX relations
#define SH_ELEMENT_TYPE RelationSlot
#define SH_KEY_TYPE Oid
#define SH_KEY relid
#define SH_HASH_KEY(table, key) murmurhash32(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct DeclaredIndex
{
	names_hash *purposes;
	names_hash *notices;
	names_hash *tables;
	relations_hash *relations;	/* emptied when the catalog changes */
	uint64		catalog_changes;	/* when it was last emptied */
} DeclaredIndex;

/* What consent.ledger says: which declarations a snapshot shows. */
typedef struct LedgerRow
{
	Oid			relid;
	Oid			relfilenode;
	int64		version;
	int64		erased_subjects;
	const char *origin;
	const char *subject_type;
	bool		test;
} LedgerRow;

typedef struct Entry
{
	Declared	declared;
	DeclaredIndex index;
	Oid			relid;
	Oid			relfilenode;
	MemoryContext context;		/* holds all of it */
	struct Entry *next;			/* older */
} Entry;

static Entry *entries = NULL;	/* newest first */
static Entry *current = NULL;	/* that of current_snapshot */
static SnapKey current_snapshot;
static uint64 catalog_changes = 1;
static bool callbacks_registered = false;

/* ---- reading rows ---- */

static char *
get_text(Store *store, HeapTuple row, AttrNumber attno)
{
	bool		isnull;
	Datum		value = store_get(store, row, attno, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* Of a column that is never NULL. */
static Datum
get_value(Store *store, HeapTuple row, AttrNumber attno)
{
	bool		isnull;

	return store_get(store, row, attno, &isnull);
}

static const char **
get_names(Store *store, HeapTuple row, AttrNumber attno, int *n)
{
	Datum		value = get_value(store, row, attno);
	Datum	   *elements;
	const char **names;

	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, NULL, n);
	names = palloc((*n + 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
		names[i] = TextDatumGetCString(elements[i]);
	names[*n] = NULL;
	return names;
}

/* An array that grows by doubling. */
static void *
room_for_one(void *array, int n, Size size)
{
	if (n == 0)
		return palloc(8 * size);
	if (n >= 8 && (n & (n - 1)) == 0)
		return repalloc(array, mul_size(2 * (Size) n, size));
	return array;
}

static void
remember_name(names_hash *names, const char *name, int place)
{
	NameKey		key = {name, strlen(name)};
	bool		found;

	names_insert(names, key, &found)->place = place;
}

static int
find_name(names_hash *names, const char *name, size_t len)
{
	NameKey		key = {name, len};
	NameSlot   *slot = names_lookup(names, key);

	return slot ? slot->place : -1;
}

/* ---- building an entry ---- */

typedef struct PurposeRow
{
	Purpose		purpose;
	int64		event_id;
	const char **parents;
	int			nparents;
} PurposeRow;

static int
compare_purpose_rows(const void *a, const void *b)
{
	int64		x = ((const PurposeRow *) a)->event_id;
	int64		y = ((const PurposeRow *) b)->event_id;

	return (x > y) - (x < y);
}

static PurposeRow *
read_purposes(int *n)
{
	Store	   *store = store_open("purpose", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	PurposeRow *rows = NULL;
	HeapTuple	row;

	*n = 0;
	while ((row = store_next(scan)) != NULL)
	{
		PurposeRow *p;

		rows = room_for_one(rows, *n, sizeof(PurposeRow));
		p = &rows[(*n)++];
		p->purpose.name = get_text(store, row, Anum_purpose_name);
		p->purpose.name_len = strlen(p->purpose.name);
		p->purpose.opt_out = strcmp(get_text(store, row, Anum_purpose_regime), "opt_out") == 0;
		p->purpose.since = DatumGetTimestampTz(get_value(store, row, Anum_purpose_since));
		p->event_id = DatumGetInt64(get_value(store, row, Anum_purpose_event_id));
		p->parents = get_names(store, row, Anum_purpose_parents, &p->nparents);
	}
	store_end(scan);
	store_close(store);
	return rows;
}

static int
parent_place(const Declared *d, const PurposeRow *row, const char *parent, size_t len)
{
	int			place = find_name(d->index->purposes, parent, len);

	/* Without it, refusals of the parent would not be found. */
	if (place < 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("purpose \"%s\" has a parent that is not defined: \"%.*s\"",
						row->purpose.name, (int) len, parent),
				 errhint("consent.purpose was changed by hand, or is not replicated completely.")));
	return place;
}

/* Take over the ancestors of one parent; true if there was something new. */
static bool
inherit(uint64 *ancestors, const uint64 *parent, int words)
{
	bool		grew = false;

	for (int w = 0; w < words; w++)
	{
		grew |= (parent[w] & ~ancestors[w]) != 0;
		ancestors[w] |= parent[w];
	}
	return grew;
}

static bool
inherit_all(const Declared *d, const PurposeRow *row, uint64 *ancestors, int words)
{
	const char *name = row->purpose.name;
	bool		grew = false;

	for (int i = 0; i < row->nparents; i++)
	{
		int			place = parent_place(d, row, row->parents[i], strlen(row->parents[i]));

		grew |= inherit(ancestors, d->purposes[place].ancestors, words);
	}
	for (int i = row->purpose.name_len - 1; i > 0; i--)
		if (name[i] == '.')
			return inherit(ancestors, d->purposes[parent_place(d, row, name, i)].ancestors,
						   words) || grew;
	return grew;
}

/* In the order of their events parents come first: one round is enough. */
static void
build_ancestors(const Declared *d, const PurposeRow *rows)
{
	int			words = (d->npurposes + 63) / 64;
	bool		grew = true;

	while (grew)
	{
		grew = false;
		for (int i = 0; i < d->npurposes; i++)
			grew |= inherit_all(d, &rows[i], (uint64 *) d->purposes[i].ancestors, words);
	}
}

static void
build_purposes(Declared *d)
{
	PurposeRow *rows = read_purposes(&d->npurposes);
	int			words = (d->npurposes + 63) / 64;

	if (d->npurposes > 1)
		qsort(rows, d->npurposes, sizeof(PurposeRow), compare_purpose_rows);
	d->purposes = palloc(d->npurposes * sizeof(Purpose));
	for (int i = 0; i < d->npurposes; i++)
	{
		uint64	   *ancestors = palloc0(words * sizeof(uint64));

		ancestors[i / 64] |= UINT64CONST(1) << (i % 64);
		d->purposes[i] = rows[i].purpose;
		d->purposes[i].index = i;
		d->purposes[i].ancestors = ancestors;
		remember_name(d->index->purposes, d->purposes[i].name, i);
	}
	build_ancestors(d, rows);
}

static void
build_notices(Declared *d)
{
	Store	   *store = store_open("notice", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		Notice	   *notice;

		d->notices = room_for_one(d->notices, d->nnotices, sizeof(Notice));
		notice = &d->notices[d->nnotices];
		notice->label = get_text(store, row, Anum_notice_label);
		notice->name = get_text(store, row, Anum_notice_name);
		notice->recorded_at = DatumGetTimestampTz(get_value(store, row, Anum_notice_recorded_at));
		notice->event_id = DatumGetInt64(get_value(store, row, Anum_notice_event_id));
		remember_name(d->index->notices, notice->label, d->nnotices++);
	}
	store_end(scan);
	store_close(store);
}

static char *
copy_notice_of_choice(const cl_choice *choice)
{
	return choice->notice_len > 0 ? pnstrdup(choice->notice, choice->notice_len) : NULL;
}

/* One rule for each choice that was switched on. */
static void
add_presets(Declared *d, Store *store, HeapTuple row)
{
	bool		isnull;
	Datum		value = store_get(store, row, Anum_preset_rule_choices, &isnull);
	struct varlena *choices;
	PresetRule	rule = {0};
	size_t		pos = CL_PACKED_HEADER;

	if (isnull)
		return;
	choices = PG_DETOAST_DATUM_COPY(value);
	rule.event_id = DatumGetInt64(get_value(store, row, Anum_preset_rule_event_id));
	rule.jurisdiction = get_text(store, row, Anum_preset_rule_jurisdiction);
	rule.recorded_at = DatumGetTimestampTz(get_value(store, row, Anum_preset_rule_recorded_at));
	while (cl_packed_next(VARDATA(choices), VARSIZE(choices) - VARHDRSZ, &pos, &rule.choice))
	{
		rule.purpose = find_name(d->index->purposes, rule.choice.purpose,
								 rule.choice.purpose_len);
		rule.notice = copy_notice_of_choice(&rule.choice);
		if (rule.notice == NULL)
			rule.notice = get_text(store, row, Anum_preset_rule_notice);
		if (rule.purpose < 0)
			continue;
		d->presets = room_for_one(d->presets, d->npresets, sizeof(PresetRule));
		d->presets[d->npresets++] = rule;
	}
}

static void
add_end(Declared *d, Store *store, HeapTuple row)
{
	char	   *purpose = get_text(store, row, Anum_preset_rule_purpose);
	PresetEnd	end;

	if (purpose == NULL)
		return;
	end.event_id = DatumGetInt64(get_value(store, row, Anum_preset_rule_event_id));
	end.jurisdiction = get_text(store, row, Anum_preset_rule_jurisdiction);
	end.purpose = find_name(d->index->purposes, purpose, strlen(purpose));
	end.event_time = DatumGetTimestampTz(get_value(store, row, Anum_preset_rule_event_time));
	end.recorded_at = DatumGetTimestampTz(get_value(store, row, Anum_preset_rule_recorded_at));
	if (end.purpose < 0)
		return;
	d->ends = room_for_one(d->ends, d->nends, sizeof(PresetEnd));
	d->ends[d->nends++] = end;
}

static void
build_presets(Declared *d)
{
	Store	   *store = store_open("preset_rule", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		if (DatumGetBool(get_value(store, row, Anum_preset_rule_ends)))
			add_end(d, store, row);
		else
			add_presets(d, store, row);
	}
	store_end(scan);
	store_close(store);
}

static PartyRule
party_rule(const char *name)
{
	if (strcmp(name, "any") == 0)
		return PARTY_ANY;
	if (strcmp(name, "first") == 0)
		return PARTY_FIRST;
	return PARTY_ALL;
}

static void
read_table(Store *store, HeapTuple row, ProtectedTable *table)
{
	static uint64 readings = 0;

	table->reading = ++readings;
	table->known_as = get_text(store, row, Anum_protected_table_known_as);
	table->event_id = DatumGetInt64(get_value(store, row, Anum_protected_table_event_id));
	table->schema_name = get_text(store, row, Anum_protected_table_schema_name);
	table->table_name = get_text(store, row, Anum_protected_table_table_name);
	table->parties = get_names(store, row, Anum_protected_table_parties, &table->nparties);
	table->row_key = get_names(store, row, Anum_protected_table_row_key, &table->nkeys);
	table->collected_at = get_text(store, row, Anum_protected_table_collected_at);
	table->rule = party_rule(get_text(store, row, Anum_protected_table_rule));
}

/* The newest row of a name is in force. */
static void
build_tables(Declared *d)
{
	Store	   *store = store_open("protected_table", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		ProtectedTable table;
		int			place;

		read_table(store, row, &table);
		place = find_name(d->index->tables, table.known_as, strlen(table.known_as));
		if (place < 0)
		{
			d->tables = room_for_one(d->tables, d->ntables, sizeof(ProtectedTable));
			place = d->ntables++;
			remember_name(d->index->tables, table.known_as, place);
			d->tables[place] = table;
		}
		else if (table.event_id > d->tables[place].event_id)
			d->tables[place] = table;
	}
	store_end(scan);
	store_close(store);
}

static SubjectType
subject_type(const char *name)
{
	if (strcmp(name, "bigint") == 0)
		return SUBJECT_BIGINT;
	if (strcmp(name, "uuid") == 0)
		return SUBJECT_UUID;
	return SUBJECT_TEXT;
}

static void
fill_entry(Entry *entry, const LedgerRow *row)
{
	Declared   *d = &entry->declared;

	entry->relid = row->relid;
	entry->relfilenode = row->relfilenode;
	entry->index.purposes = names_create(entry->context, 64, NULL);
	entry->index.notices = names_create(entry->context, 32, NULL);
	entry->index.tables = names_create(entry->context, 16, NULL);
	entry->index.relations = relations_create(entry->context, 16, NULL);
	d->index = &entry->index;
	d->version = row->version;
	d->erased_subjects = row->erased_subjects;
	d->origin = pstrdup(row->origin);
	d->subject_type = subject_type(row->subject_type);
	d->test = row->test;
	build_purposes(d);
	build_notices(d);
	build_presets(d);
	build_tables(d);
	signer_read_keys(d->vkeys, &d->first_vkey);
	d->log_origin = d->vkeys[KEY_CHECKPOINT] ? signer_vkey_name(d->vkeys[KEY_CHECKPOINT]) : d->origin;
}

/* Build under the active snapshot; an error on the way leaves nothing. */
static Entry *
build_entry(const LedgerRow *row)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "consent declarations",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Entry	   *entry = palloc0(sizeof(Entry));

	entry->context = context;
	replica_check_complete();
	fill_entry(entry, row);
	MemoryContextSwitchTo(old);

	MemoryContextSetParent(context, CacheMemoryContext);
	entry->next = entries;
	entries = entry;
	return entry;
}

/* ---- which entry ---- */

/* The one row of consent.ledger that a snapshot shows; NULL if there is none. */
static HeapTuple
read_ledger_row(Store *store, Snapshot snapshot, LedgerRow *out)
{
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	HeapTuple	row = store_next(scan);

	if (row != NULL)
	{
		Relation	rel = store_relation(store);

		row = heap_copytuple(row);
		out->relid = RelationGetRelid(rel);
		out->relfilenode = rel->rd_rel->relfilenode;
		out->version = DatumGetInt64(get_value(store, row, Anum_ledger_last_declaration));
		out->erased_subjects = DatumGetInt64(get_value(store, row, Anum_ledger_erased_subjects));
		out->origin = get_text(store, row, Anum_ledger_origin);
		out->subject_type = get_text(store, row, Anum_ledger_subject_type);
		out->test = DatumGetBool(get_value(store, row, Anum_ledger_test));
	}
	store_end(scan);
	return row;
}

static void
no_ledger(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("there is no ledger in this database"),
			 errhint("Create it with SELECT consent.create_ledger('an origin, such as example.org/consent').")));
}

static Entry *
entry_of(const LedgerRow *row)
{
	for (Entry *e = entries; e != NULL; e = e->next)
		if (e->declared.version == row->version &&
			e->relid == row->relid && e->relfilenode == row->relfilenode)
		{
			/* Not less: a holder may have seen more than this snapshot. */
			if (e->declared.erased_subjects < row->erased_subjects)
				e->declared.erased_subjects = row->erased_subjects;
			return e;
		}
	return build_entry(row);
}

/* At the end of a transaction nobody holds an entry; keep the newest. */
static void
forget_old_entries(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT &&
		event != XACT_EVENT_PREPARE &&
		event != XACT_EVENT_PARALLEL_COMMIT && event != XACT_EVENT_PARALLEL_ABORT)
		return;
	current = NULL;
	current_snapshot.valid = false;
	while (entries != NULL && entries->next != NULL)
	{
		Entry	   *old = entries->next;

		entries->next = old->next;
		MemoryContextDelete(old->context);
	}
}

static void
relation_changed(Datum arg, Oid relid)
{
	catalog_changes++;
}

static void
schema_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	catalog_changes++;
}

static void
register_callbacks(void)
{
	if (callbacks_registered)
		return;
	RegisterXactCallback(forget_old_entries, NULL);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, (Datum) 0);
	callbacks_registered = true;
}

/* NULL if there is no ledger. */
static Entry *
find_entry(void)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "consent declarations, reading",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Store	   *store = store_open("ledger", AccessShareLock);
	LedgerRow	row;
	Entry	   *entry = NULL;

	if (read_ledger_row(store, GetActiveSnapshot(), &row) != NULL)
		entry = entry_of(&row);
	store_close(store);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return entry;
}

const Declared *
declared_get_if_created(void)
{
	if (current != NULL && snapkey_is_current(&current_snapshot))
		return &current->declared;
	register_callbacks();
	current = NULL;
	current = find_entry();
	if (current == NULL)
		return NULL;
	snapkey_take(&current_snapshot);
	return &current->declared;
}

const Declared *
declared_get(void)
{
	const Declared *d = declared_get_if_created();

	if (d == NULL)
		no_ledger();
	return d;
}

/* ---- looking up ---- */

const Purpose *
declared_find_purpose(const Declared *d, const char *name, size_t len)
{
	int			place = find_name(d->index->purposes, name, len);

	return place < 0 ? NULL : &d->purposes[place];
}

const Notice *
declared_find_notice(const Declared *d, const char *label, size_t len)
{
	int			place = find_name(d->index->notices, label, len);

	return place < 0 ? NULL : &d->notices[place];
}

const ProtectedTable *
declared_find_table(const Declared *d, const char *known_as, size_t len)
{
	int			place = find_name(d->index->tables, known_as, len);

	return place < 0 ? NULL : &d->tables[place];
}

const Purpose *
declared_purpose(const Declared *d, const char *name, size_t len)
{
	const Purpose *purpose = declared_find_purpose(d, name, len);

	if (purpose == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unknown purpose \"%s\"", pnstrdup(name, len)),
				 errhint("Purposes are listed in consent.purpose; consent.define_purpose() makes a new one.")));
	return purpose;
}

const Notice *
declared_notice(const Declared *d, const char *label, size_t len)
{
	const Notice *notice = declared_find_notice(d, label, len);

	if (notice == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unknown notice \"%s\"", pnstrdup(label, len)),
				 errdetail("A notice is named by its label, name/version."),
				 errhint("Notices are listed in consent.notice; consent.publish_notice() makes a new one.")));
	return notice;
}

/* Is `name` the last part of a name like schema.table? */
static bool
is_last_part(const char *known_as, const char *name, size_t len)
{
	const char *dot = strrchr(known_as, '.');

	return dot != NULL && strlen(dot + 1) == len && memcmp(dot + 1, name, len) == 0;
}

static const ProtectedTable *
find_unqualified(const Declared *d, const char *name, size_t len)
{
	const ProtectedTable *found = NULL;

	for (int i = 0; i < d->ntables; i++)
	{
		if (!is_last_part(d->tables[i].known_as, name, len))
			continue;
		if (found != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_AMBIGUOUS_ALIAS),
					 errmsg("protected table \"%s\" is ambiguous", pnstrdup(name, len)),
					 errdetail("It could be \"%s\" or \"%s\".",
							   found->known_as, d->tables[i].known_as),
					 errhint("Write the name that the table was protected under in full.")));
		found = &d->tables[i];
	}
	return found;
}

const ProtectedTable *
declared_table(const Declared *d, const char *name, size_t len)
{
	const ProtectedTable *table = declared_find_table(d, name, len);

	if (table == NULL && memchr(name, '.', len) == NULL)
		table = find_unqualified(d, name, len);
	if (table == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("unknown protected table \"%s\"", pnstrdup(name, len)),
				 errhint("Protected tables are listed in consent.protected_table; consent.protect() adds one.")));
	return table;
}

/* The newest declaration that speaks of a relation of this name. */
static int
place_of_relation(const Declared *d, Oid relid)
{
	char	   *table = get_rel_name(relid);
	char	   *schema = table ? get_namespace_name(get_rel_namespace(relid)) : NULL;
	int			best = NO_TABLE;

	if (schema == NULL)
		return NO_TABLE;
	for (int i = 0; i < d->ntables; i++)
		if (strcmp(d->tables[i].table_name, table) == 0 &&
			strcmp(d->tables[i].schema_name, schema) == 0 &&
			(best < 0 || d->tables[i].event_id > d->tables[best].event_id))
			best = i;
	pfree(table);
	pfree(schema);
	return best;
}

static int
place_of_partition(const Declared *d, Oid relid)
{
	int			place = place_of_relation(d, relid);
	List	   *ancestors;
	ListCell   *lc;

	if (place >= 0 || !get_rel_relispartition(relid))
		return place;
	ancestors = get_partition_ancestors(relid);
	foreach(lc, ancestors)
		if ((place = place_of_relation(d, lfirst_oid(lc))) >= 0)
			break;
	list_free(ancestors);
	return place;
}

const ProtectedTable *
declared_table_of(const Declared *d, Oid relid)
{
	DeclaredIndex *index = d->index;
	RelationSlot *slot;
	bool		found;
	int			place;

	if (index->catalog_changes != catalog_changes)
	{
		relations_reset(index->relations);
		index->catalog_changes = catalog_changes;
	}
	slot = relations_lookup(index->relations, relid);
	if (slot != NULL)
		return slot->place < 0 ? NULL : &d->tables[slot->place];

	/* Reading the catalog may empty the table: keep only what is still true. */
	place = place_of_partition(d, relid);
	if (index->catalog_changes == catalog_changes)
		relations_insert(index->relations, relid, &found)->place = place;
	return place < 0 ? NULL : &d->tables[place];
}

/* ---- declaring ---- */

/*
 * Lock the row of consent.ledger in its newest version, whatever the
 * transaction's own snapshot shows; it is then up to date until commit.
 */
static HeapTuple
lock_ledger_row(Store *store, LedgerRow *row)
{
	HeapTuple	tuple;
	bool		locked;

	do
	{
		store_push_latest_snapshot();
		tuple = read_ledger_row(store, GetActiveSnapshot(), row);
		if (tuple == NULL)
			no_ledger();
		locked = store_lock(store, tuple);
		store_pop_snapshot();
	} while (!locked);
	return tuple;
}

const Declared *
ledger_lock_declarations(void)
{
	Store	   *store = store_open("ledger", RowExclusiveLock);
	LedgerRow	row;
	Entry	   *entry;

	register_callbacks();
	lock_ledger_row(store, &row);
	store_close(store);
	store_push_latest_snapshot();
	entry = entry_of(&row);
	store_pop_snapshot();
	return &entry->declared;
}

void
ledger_declared(int64 event_id)
{
	Store	   *store = store_open("ledger", RowExclusiveLock);
	LedgerRow	row;
	Datum		values[Natts_ledger] = {0};
	bool		isnull[Natts_ledger] = {0};
	bool		replace[Natts_ledger] = {0};
	HeapTuple	tuple;

	values[Anum_ledger_last_declaration - 1] = Int64GetDatum(event_id);
	replace[Anum_ledger_last_declaration - 1] = true;
	tuple = lock_ledger_row(store, &row);
	store_push_latest_snapshot();
	if (!store_update(store, tuple, values, isnull, replace))
		elog(ERROR, "the locked row of consent.ledger was changed");
	store_pop_snapshot();
	store_close(store);
}
