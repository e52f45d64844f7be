/*
 * verify_runs.c
 *		Runs against the events that opened and closed them, and what they used
 *		against the events that sealed it.
 *
 * One pass over runs, parts, draws and blocks, in the order of runs and parts.
 * The hash of a part's blocks stands in its event; that of the whole run is
 * computed again where all its parts are as they were sealed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/codec.h"
#include "core/event.h"
#include "core/hash.h"
#include "log/verify_event.h"
#include "log/verify_trees.h"
#include "use/part.h"
#include "use/tables.h"
#include "use/union.h"

typedef struct Pass
{
	Verify	   *v;
	VerifyScan *runs;
	VerifyScan *salts;
	VerifyScan *parts;
	VerifyScan *draws;
	VerifyScan *blocks;
	VerifyTrees *trees;
	HeapTuple	run;			/* rows at hand, NULL at the end */
	HeapTuple	salt;
	HeapTuple	part;
	HeapTuple	draw;
	HeapTuple	block;
	MemoryContext context;		/* lives for one run */
	MemoryContext part_context;
	cl_block_reader reader;
	char		text[CL_ROW_KEY_MAX];	/* of the reader */
	int64		nblocks;
} Pass;

/* What there is of the run at hand. */
typedef struct Whole
{
	int64		run_id;
	char	   *thing;
	bool		known;			/* has a row in consent.run */
	bool		salted;			/* its salt is there */
	uint8		salt[CL_SALT_BYTES];
	bool		closed;
	VerifyEvent closing;
	int			nparts;
	int			missing;		/* draws without a part */
	RunPart    *stored;			/* NULL: not all of it is as it was sealed */
	int			nstored;
	PartHash   *draws;
} Whole;

/* The blocks of one part. */
typedef struct Blocks
{
	int			n;
	int64		uses;
	char		hash[2 * CL_HASH_BYTES + 1];
} Blocks;

static void
compare(Pass *pass, const char *kind, const char *thing, const char *what,
		const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(pass->v, kind, psprintf("%s: %s", thing, what), expected, found);
}

static void
compare_number(Pass *pass, const char *kind, const char *thing, const char *what,
			   const char *expected, int64 found)
{
	compare(pass, kind, thing, what, expected, psprintf(INT64_FORMAT, found));
}

/* ---- subjects of uses ---- */

#define PAGE_SUBJECTS 512

/* Marks of consecutive subjects: a bit each, so that millions are small. */
typedef struct UsedPage
{
	int64		page;
	uint64		bits[PAGE_SUBJECTS / 64];
} UsedPage;

static void
mark_used(Verify *v, int64 subject_no)
{
	int64		page = subject_no / PAGE_SUBJECTS;
	int			bit = subject_no % PAGE_SUBJECTS;
	bool		found;
	UsedPage   *used = hash_search(v->used, &page, HASH_ENTER, &found);

	if (!found)
		memset(used->bits, 0, sizeof(used->bits));
	used->bits[bit / 64] |= UINT64CONST(1) << bit % 64;
}

bool
verify_take_used(Verify *v, int64 subject_no)
{
	int64		page = subject_no / PAGE_SUBJECTS;
	int			bit = subject_no % PAGE_SUBJECTS;
	UsedPage   *used;
	bool		taken;

	if (subject_no < 0)
		return false;
	used = hash_search(v->used, &page, HASH_FIND, NULL);
	taken = used && (used->bits[bit / 64] & UINT64CONST(1) << bit % 64) != 0;
	if (taken)
		used->bits[bit / 64] &= ~(UINT64CONST(1) << bit % 64);
	return taken;
}

void
verify_rest_of_used(Verify *v)
{
	HASH_SEQ_STATUS all;
	UsedPage   *used;

	hash_seq_init(&all, v->used);
	while ((used = hash_seq_search(&all)) != NULL)
		for (int i = 0; i < PAGE_SUBJECTS; i++)
			if (used->bits[i / 64] & UINT64CONST(1) << i % 64)
				verify_finding(v, "subject", psprintf("subject " INT64_FORMAT, used->page * PAGE_SUBJECTS + i),
							   "a row, since a run used what is hers", "none");
}

/* ---- blocks ---- */

/* The first and last subject of a block and its uses; false if it is malformed. */
static bool
read_block(Pass *pass, bytea *data, int64 *first, int64 *last, int64 *entries)
{
	cl_use		use;
	int			result;

	*entries = 0;
	cl_block_open(&pass->reader, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data), pass->text);
	while ((result = cl_block_next(&pass->reader, &use)) > 0)
	{
		if ((*entries)++ == 0)
			*first = use.subject;
		if (use.subject != NO_PARTY && (*entries == 1 || use.subject != *last))
			mark_used(pass->v, use.subject);
		*last = use.subject;
	}
	return result == 0;
}

static void
check_block(Pass *pass, const char *thing, bytea *data, Blocks *blocks)
{
	Store	   *store = verify_store(pass->blocks);
	int64		first = 0,
				last = 0,
				entries;

	if (!read_block(pass, data, &first, &last, &entries))
	{
		verify_finding(pass->v, "manifest_block", thing, "a block of uses", "malformed bytes");
		return;
	}
	blocks->uses += entries;
	compare(pass, "manifest_block", thing, "first_subject", psprintf(INT64_FORMAT, first),
			verify_column_text(store, pass->block, Anum_manifest_block_first_subject));
	compare(pass, "manifest_block", thing, "last_subject", psprintf(INT64_FORMAT, last),
			verify_column_text(store, pass->block, Anum_manifest_block_last_subject));
	compare(pass, "manifest_block", thing, "entries", psprintf(INT64_FORMAT, entries),
			verify_column_text(store, pass->block, Anum_manifest_block_entries));
}

static bool
block_is_of(Pass *pass, int64 run_id, int64 part)
{
	return verify_is(pass->blocks, pass->block, Anum_manifest_block_run_id, run_id) &&
		verify_is(pass->blocks, pass->block, Anum_manifest_block_part, part);
}

/* Read all blocks of a part. */
static void
check_blocks(Pass *pass, const Whole *whole, int64 part, const char *thing, Blocks *blocks)
{
	Store	   *store = verify_store(pass->blocks);
	PartHash   *hash = part_hash_begin(whole->salt);
	char	   *last_table = NULL;
	int64		next_no = 0;
	uint8		sum[PART_HASH_BYTES];

	memset(blocks, 0, sizeof(*blocks));
	for (; block_is_of(pass, whole->run_id, part); pass->block = verify_next(pass->blocks))
	{
		MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
		char	   *table = verify_column_text(store, pass->block, Anum_manifest_block_table_name);
		bool		isnull;
		int32		number = DatumGetInt32(store_get(store, pass->block, Anum_manifest_block_block_no, &isnull));
		bytea	   *data = DatumGetByteaPP(store_get(store, pass->block, Anum_manifest_block_data, &isnull));
		char	   *name = psprintf("%s, block %d of %s", thing, number, table);

		next_no = last_table && strcmp(last_table, table) == 0 ? next_no + 1 : 0;
		compare_number(pass, "manifest_block", name, "block_no", psprintf(INT64_FORMAT, next_no), number);
		check_block(pass, name, data, blocks);
		part_hash_block(hash, table, number, VARDATA_ANY(data), VARSIZE_ANY_EXHDR(data));
		blocks->n++;
		MemoryContextSwitchTo(old);
		if (next_no == 0)
			last_table = pstrdup(table);
		MemoryContextReset(pass->v->scratch);
		verify_progress(pass->v, "blocks of uses", ++pass->nblocks);
	}
	part_hash_end(hash, sum);
	cl_hex_encode(sum, PART_HASH_BYTES, blocks->hash);
}

/* ---- parts ---- */

static void
check_part_row(Pass *pass, const Whole *whole, const char *thing, const Blocks *blocks)
{
	static const VerifyColumn columns[] = {
		{Anum_run_part_run_id, "run"},
		{Anum_run_part_part, "part"},
		{Anum_run_part_tables, "tables"},
		{Anum_run_part_uses, "count"},
		{Anum_run_part_blocks, "blocks"},
		{Anum_run_part_hash, "hash"},
		{Anum_run_part_recorded_at, NULL, Anum_event_log_recorded_at},
	};
	Store	   *store = verify_store(pass->parts);
	VerifyEvent event;

	if (!verify_origin_event(pass->v, "run_part", thing,
							 verify_number(pass->parts, pass->part, Anum_run_part_event_id), "run_part", &event))
		return;
	verify_columns(pass->v, "run_part", thing, store, pass->part, &event, columns, lengthof(columns));
	compare_number(pass, "manifest_block", thing, "number of blocks", verify_detail(&event, "blocks"), blocks->n);
	compare_number(pass, "manifest_block", thing, "number of uses", verify_detail(&event, "count"), blocks->uses);
	if (whole->salted)
		compare(pass, "manifest_block", thing, "hash of the blocks", verify_detail(&event, "hash"), blocks->hash);
}

/* Its row, its draw and its blocks, each of which there may be or not. */
static void
check_part(Pass *pass, Whole *whole, int64 part)
{
	char	   *thing = psprintf("%s, part " INT64_FORMAT, whole->thing, part);
	bool		sealed = verify_is(pass->parts, pass->part, Anum_run_part_run_id, whole->run_id) &&
		verify_is(pass->parts, pass->part, Anum_run_part_part, part);
	bool		drawn = verify_is(pass->draws, pass->draw, Anum_run_draw_run_id, whole->run_id) &&
		verify_is(pass->draws, pass->draw, Anum_run_draw_draw_no, part);
	Blocks		blocks;

	check_blocks(pass, whole, part, thing, &blocks);
	if (sealed)
		check_part_row(pass, whole, thing, &blocks);
	else if (blocks.n > 0)
		verify_finding(pass->v, "manifest_block", thing, NULL, psprintf("%d blocks of a part that is not there", blocks.n));
	if (sealed && drawn)
		pass->v->last_draw = Max(pass->v->last_draw, part);
	if (sealed && !drawn)
		verify_finding(pass->v, "run_draw", thing, "a draw", NULL);
	whole->nparts += sealed;
	whole->missing += drawn && !sealed;
	if (sealed)
		pass->part = verify_next(pass->parts);
	if (drawn)
	{
		part_hash_draw(whole->draws, verify_store(pass->draws), pass->draw);
		pass->draw = verify_next(pass->draws);
	}
}

/* Is any row at hand about the run?  The least part of these. */
static bool
next_part(Pass *pass, int64 run_id, int64 *part)
{
	bool		sealed = verify_is(pass->parts, pass->part, Anum_run_part_run_id, run_id);
	bool		drawn = verify_is(pass->draws, pass->draw, Anum_run_draw_run_id, run_id);
	bool		used = verify_is(pass->blocks, pass->block, Anum_manifest_block_run_id, run_id);

	*part = PG_INT64_MAX;
	if (sealed)
		*part = verify_number(pass->parts, pass->part, Anum_run_part_part);
	if (drawn)
		*part = Min(*part, verify_number(pass->draws, pass->draw, Anum_run_draw_draw_no));
	if (used)
		*part = Min(*part, verify_number(pass->blocks, pass->block, Anum_manifest_block_part));
	return sealed || drawn || used;
}

/* ---- runs ---- */

static void
check_opening(Pass *pass, const Whole *whole)
{
	static const VerifyColumn columns[] = {
		{Anum_run_name, "name"},
		{Anum_run_purposes, "purposes"},
		{Anum_run_recipient, "recipient"},
		{Anum_run_model, "model"},
		{Anum_run_base_runs, "base_runs"},
		{Anum_run_used_at, "used_at"},
		{Anum_run_source, NULL, Anum_event_log_source},
		{Anum_run_external_id, NULL, Anum_event_log_external_id},
		{Anum_run_opened_at, NULL, Anum_event_log_recorded_at},
		{Anum_run_opened_by, NULL, Anum_event_log_recorded_by},
	};
	VerifyEvent event;

	if (verify_origin_event(pass->v, "run", whole->thing, whole->run_id, "run_opened", &event))
		verify_columns(pass->v, "run", whole->thing, verify_store(pass->runs), pass->run,
					   &event, columns, lengthof(columns));
}

/* What close_run() fills in: all of it, or nothing. */
static void
check_closing(Pass *pass, Whole *whole)
{
	static const VerifyColumn columns[] = {
		{Anum_run_run_id, "run"},
		{Anum_run_outcome, "outcome"},
		{Anum_run_closed_at, NULL, Anum_event_log_recorded_at},
		{Anum_run_dataset_sha256, "dataset_sha256"},
		{Anum_run_parts, "parts"},
		{Anum_run_missing, "missing"},
		{Anum_run_uses, "count"},
		{Anum_run_hash, "hash"},
		{Anum_run_subjects, "subjects"},
		{Anum_run_tree, "tree"},
	};
	Store	   *store = verify_store(pass->runs);
	int64		event_id = verify_number(pass->runs, pass->run, Anum_run_closed_event);

	if (event_id == PG_INT64_MAX)
	{
		for (int i = 1; i < lengthof(columns); i++)
			compare(pass, "run", whole->thing, verify_column_name(store, columns[i].row),
					NULL, verify_column_text(store, pass->run, columns[i].row));
		return;
	}
	if (!verify_origin_event(pass->v, "run", whole->thing, event_id, "run_closed", &whole->closing))
		return;
	whole->closed = true;
	verify_columns(pass->v, "run", whole->thing, store, pass->run, &whole->closing, columns, lengthof(columns));
}

static void
check_draws(Pass *pass, const Whole *whole, const uint8 *hash)
{
	char		hex[2 * PART_HASH_BYTES + 1];

	cl_hex_encode(hash, PART_HASH_BYTES, hex);
	compare_number(pass, "run_draw", whole->thing, "draws without a part",
				   verify_detail(&whole->closing, "missing"), whole->missing);
	compare(pass, "run_draw", whole->thing, "hash of the draws", verify_detail(&whole->closing, "draws"), hex);
}

static void
union_progress(int64 uses, void *arg)
{
	verify_progress(arg, "uses", uses);
}

/* What the closing event says of all parts together. */
static void
check_whole(Pass *pass, Whole *whole, bool sound)
{
	int64		uses;
	uint8		hash[PART_HASH_BYTES];
	char		hex[2 * PART_HASH_BYTES + 1];

	compare_number(pass, "run", whole->thing, "number of parts", verify_detail(&whole->closing, "parts"), whole->nparts);
	if (!sound || !verify_by_index(pass->parts) || !verify_by_index(pass->blocks))
		return;
	whole->stored = run_parts(whole->run_id, pass->v->snapshot, &whole->nstored);
	union_hash(whole->run_id, whole->salt, whole->stored, whole->nstored, union_progress, pass->v, &uses, hash);
	cl_hex_encode(hash, PART_HASH_BYTES, hex);
	compare_number(pass, "run", whole->thing, "number of uses", verify_detail(&whole->closing, "count"), uses);
	compare(pass, "run", whole->thing, "hash of the uses", verify_detail(&whole->closing, "hash"), hex);
}

/* Take the run's salt, which nothing but the hashes shows to be the right one. */
static void
take_salt(Pass *pass, Whole *whole)
{
	bool		stored = verify_is(pass->salts, pass->salt, Anum_run_salt_run_id, whole->run_id);

	if (stored)
	{
		bool		isnull;
		bytea	   *salt = DatumGetByteaPP(store_get(verify_store(pass->salts), pass->salt, Anum_run_salt_salt, &isnull));

		whole->salted = VARSIZE_ANY_EXHDR(salt) == CL_SALT_BYTES;
		if (whole->salted)
			memcpy(whole->salt, VARDATA_ANY(salt), CL_SALT_BYTES);
		pass->salt = verify_next(pass->salts);
	}
	if (whole->known != stored || whole->salted != stored)
		verify_finding(pass->v, "run_salt", whole->thing, whole->known ? "a salt of 32 bytes" : NULL,
					   stored ? "a salt" : NULL);
}

static void
check_tree(Pass *pass, const Whole *whole)
{
	VerifyRun	run = {.run_id = whole->run_id, .thing = whole->thing, .known = whole->known};

	run.closed = whole->closed;
	if (whole->closed)
	{
		run.tree = verify_detail(&whole->closing, "tree");
		run.subjects = verify_detail(&whole->closing, "subjects");
	}
	run.sound = whole->stored != NULL;
	run.parts = whole->stored;
	run.nparts = whole->nstored;
	verify_tree(pass->trees, &run);
}

/*
 * A draw is seen at once, also one for a run that was opened after our snapshot
 * was taken; and in a ledger for tests the run may have been rolled back.
 */
static bool
may_be_unknown(Pass *pass, int64 run_id)
{
	Snapshot	latest;
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	bool		found;

	if (pass->v->test)
		return true;
	latest = RegisterSnapshot(GetLatestSnapshot());
	store = store_open("run", AccessShareLock);
	store_key_int8(&key, Anum_run_run_id, run_id);
	scan = store_scan(store, NULL, latest, 1, &key);
	found = store_next(scan) != NULL;
	store_end(scan);
	store_close(store);
	UnregisterSnapshot(latest);
	return found;
}

static void
check_run(Pass *pass, int64 run_id)
{
	MemoryContext old = MemoryContextSwitchTo(pass->context);
	Whole		whole = {.run_id = run_id};
	uint8		draws[PART_HASH_BYTES];
	int64		nfindings;
	int64		part;

	whole.thing = psprintf("run " INT64_FORMAT, run_id);
	whole.known = verify_is(pass->runs, pass->run, Anum_run_run_id, run_id);
	if (whole.known)
	{
		check_opening(pass, &whole);
		check_closing(pass, &whole);
	}
	nfindings = pass->v->nfindings;
	take_salt(pass, &whole);
	whole.draws = part_hash_begin(whole.salt);
	while (next_part(pass, run_id, &part))
	{
		MemoryContextSwitchTo(pass->part_context);
		check_part(pass, &whole, part);
		MemoryContextSwitchTo(pass->context);
		MemoryContextReset(pass->part_context);
	}
	if (!whole.known && (whole.nparts > 0 || !may_be_unknown(pass, run_id)))
		verify_finding(pass->v, "run", whole.thing, "a row in consent.run", "none");
	part_hash_end(whole.draws, draws);
	if (whole.closed)
	{
		check_draws(pass, &whole, draws);
		check_whole(pass, &whole, nfindings == pass->v->nfindings);
	}
	check_tree(pass, &whole);
	if (whole.known)
		pass->run = verify_next(pass->runs);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->context);
}

/* The least run that a row at hand is about; PG_INT64_MAX at the end. */
static int64
next_run(Pass *pass)
{
	int64		run_id = Min(verify_number(pass->runs, pass->run, Anum_run_run_id),
							 verify_number(pass->salts, pass->salt, Anum_run_salt_run_id));

	run_id = Min(run_id, verify_number(pass->parts, pass->part, Anum_run_part_run_id));
	run_id = Min(run_id, verify_number(pass->draws, pass->draw, Anum_run_draw_run_id));
	run_id = Min(run_id, verify_number(pass->blocks, pass->block, Anum_manifest_block_run_id));
	return Min(run_id, verify_trees_run(pass->trees));
}

/* From the rows about a run on. */
static void
begin_pass(Pass *pass, int64 from)
{
	static const AttrNumber run_order[] = {Anum_run_run_id};
	static const AttrNumber salt_order[] = {Anum_run_salt_run_id};
	static const AttrNumber part_order[] = {Anum_run_part_run_id, Anum_run_part_part};
	static const AttrNumber draw_order[] = {Anum_run_draw_run_id, Anum_run_draw_draw_no};
	static const AttrNumber block_order[] = {Anum_manifest_block_run_id, Anum_manifest_block_part,
	Anum_manifest_block_table_name, Anum_manifest_block_last_subject, Anum_manifest_block_block_no};
	Verify	   *v = pass->v;

	pass->runs = verify_scan_from(v, "run", "run_pkey", lengthof(run_order), run_order, from);
	pass->salts = verify_scan_from(v, "run_salt", "run_salt_pkey", lengthof(salt_order), salt_order, from);
	pass->parts = verify_scan_from(v, "run_part", "run_part_pkey", lengthof(part_order), part_order, from);
	pass->draws = verify_scan_from(v, "run_draw", "run_draw_pkey", lengthof(draw_order), draw_order, from);
	pass->blocks = verify_scan_from(v, "manifest_block", "manifest_block_pkey", lengthof(block_order), block_order, from);
	pass->run = verify_next(pass->runs);
	pass->salt = verify_next(pass->salts);
	pass->part = verify_next(pass->parts);
	pass->draw = verify_next(pass->draws);
	pass->block = verify_next(pass->blocks);
	pass->trees = verify_trees_begin(v, from);
}

static void
end_pass(Pass *pass)
{
	verify_trees_end(pass->trees);
	verify_end(pass->runs);
	verify_end(pass->salts);
	verify_end(pass->parts);
	verify_end(pass->draws);
	verify_end(pass->blocks);
}

static void
check_all_runs(Pass *pass)
{
	int64		run_id;

	begin_pass(pass, PG_INT64_MIN);
	while ((run_id = next_run(pass)) != PG_INT64_MAX)
		check_run(pass, run_id);
	end_pass(pass);
}

/* Those of which events since the checkpoint tell. */
static void
check_new_runs(Pass *pass)
{
	HASH_SEQ_STATUS all;
	int64	   *run_id;

	hash_seq_init(&all, pass->v->runs);
	while ((run_id = hash_seq_search(&all)) != NULL)
	{
		begin_pass(pass, *run_id);
		if (next_run(pass) == *run_id)
			check_run(pass, *run_id);
		end_pass(pass);
	}
}

void
verify_runs(Verify *v)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(UsedPage)};
	Pass	   *pass = palloc0(sizeof(Pass));

	v->used = hash_create("consent subjects of uses", 256, &control, HASH_ELEM | HASH_BLOBS);
	pass->v = v;
	pass->context = AllocSetContextCreate(CurrentMemoryContext, "consent verify run", ALLOCSET_DEFAULT_SIZES);
	pass->part_context = AllocSetContextCreate(CurrentMemoryContext, "consent verify part", ALLOCSET_DEFAULT_SIZES);
	if (v->runs)
		check_new_runs(pass);
	else
		check_all_runs(pass);
	MemoryContextDelete(pass->part_context);
	MemoryContextDelete(pass->context);
	pfree(pass);
}

/* ---- events ---- */

/* Does a row with these keys name the event? */
static bool
row_names_event(Verify *v, const char *table, const char *index, int nkeys,
				ScanKey keys, AttrNumber attno, int64 event_id)
{
	Store	   *store = store_open(table, AccessShareLock);
	StoreScan  *scan = verify_look_up(v, store, index, nkeys, keys);
	bool		named = false;
	HeapTuple	tuple;

	while (!named && (tuple = store_next(scan)) != NULL)
	{
		bool		isnull;
		Datum		value = store_get(store, tuple, attno, &isnull);

		named = !isnull && DatumGetInt64(value) == event_id;
	}
	store_end(scan);
	store_close(store);
	return named;
}

static int64
detail_number(const VerifyEvent *event, const char *member)
{
	char	   *text = verify_detail(event, member);

	return text ? strtoll(text, NULL, 10) : 0;
}

static void
note_run(Verify *v, int64 run_id)
{
	if (v->runs)
		hash_search(v->runs, &run_id, HASH_ENTER, NULL);
}

void
verify_run_event(Verify *v, const Datum *values, const bool *isnull)
{
	char	   *kind = TextDatumGetCString(values[Anum_event_log_kind - 1]);
	const char *table = strcmp(kind, "run_part") == 0 ? "run_part" : "run";
	VerifyEvent event;
	ScanKeyData keys[2];
	bool		named;

	if (strncmp(kind, "run_", 4) != 0)
		return;
	verify_read_event(values, isnull, &event);
	note_run(v, strcmp(kind, "run_opened") == 0 ? event.event_id : detail_number(&event, "run"));
	if (strcmp(kind, "run_opened") == 0)
	{
		store_key_int8(&keys[0], Anum_run_run_id, event.event_id);
		named = row_names_event(v, table, "run_pkey", 1, keys, Anum_run_run_id, event.event_id);
	}
	else if (strcmp(kind, "run_part") == 0)
	{
		store_key_int8(&keys[0], Anum_run_part_run_id, detail_number(&event, "run"));
		store_key_int8(&keys[1], Anum_run_part_part, detail_number(&event, "part"));
		named = row_names_event(v, table, "run_part_pkey", 2, keys, Anum_run_part_event_id, event.event_id);
	}
	else
	{
		store_key_int8(&keys[0], Anum_run_run_id, detail_number(&event, "run"));
		named = row_names_event(v, table, "run_pkey", 1, keys, Anum_run_closed_event, event.event_id);
	}
	if (!named)
		verify_finding(v, table, psprintf("event " INT64_FORMAT ", %s", event.event_id, kind),
					   psprintf("its row in consent.%s", table), "none");
}
