/*
 * run_tree.c
 *		The prefix tree over the subjects of a run.
 *
 * One pass over the uses makes the leaves, which are sorted by position; then
 * one subtree after another is hashed, and at last the upper part.
 */
#include "postgres.h"

#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/use_rows.h"
#include "ledger/declared.h"
#include "use/entry.h"
#include "use/run_tree.h"
#include "use/subject_rows.h"
#include "use/tables.h"

#define BUCKET_LEAVES 256		/* on average at most */
#define VARINT_MAX 10
#define REPORT_EVERY 4096		/* uses */

/* A leaf and whose it is, as they are sorted: by position. */
typedef struct SortedLeaf
{
	cl_prefix_leaf leaf;
	int64		subject_no;
} SortedLeaf;

/* ---- numbers of subjects ---- */

unsigned
run_tree_depth(int64 subjects)
{
	unsigned	depth = 0;

	while (subjects >> depth > BUCKET_LEAVES)
		depth++;
	return depth;
}

bytea *
run_tree_code_subjects(const int64 *subjects, int n)
{
	bytea	   *coded = palloc(VARHDRSZ + (Size) n * VARINT_MAX);
	uint8	   *out = (uint8 *) VARDATA(coded);

	for (int i = 0; i < n; i++)
	{
		uint64		rest = (uint64) (subjects[i] - (i > 0 ? subjects[i - 1] : 0));

		for (; rest >= 0x80; rest >>= 7)
			*out++ = (uint8) (rest | 0x80);
		*out++ = (uint8) rest;
	}
	SET_VARSIZE(coded, out - (uint8 *) coded);
	return coded;
}

/* Read a varint in its shortest form. */
static bool
read_varint(const uint8 **at, const uint8 *end, uint64 *number)
{
	*number = 0;
	for (int shift = 0; shift < 63 && *at < end; shift += 7)
	{
		uint8		byte = *(*at)++;

		*number |= (uint64) (byte & 0x7F) << shift;
		if (byte < 0x80)
			return byte != 0 || shift == 0;
	}
	return false;
}

int64 *
run_tree_read_subjects(const bytea *coded, int n)
{
	const uint8 *at = (const uint8 *) VARDATA_ANY(coded);
	const uint8 *end = at + VARSIZE_ANY_EXHDR(coded);
	int64	   *subjects;
	int64		last = 0;

	if (n < 0 || n > end - at)
		return NULL;
	subjects = palloc(Max(n, 1) * sizeof(int64));
	for (int i = 0; i < n; i++)
	{
		uint64		difference;

		if (!read_varint(&at, end, &difference) || difference == 0 ||
			difference > (uint64) (PG_INT64_MAX - last))
			return NULL;
		last += (int64) difference;
		subjects[i] = last;
	}
	return at == end ? subjects : NULL;
}

/* ---- leaves ---- */

/* Leaves are sorted as bytea: by position, then what does not matter. */
#define LEAF_DATUM_BYTES (VARHDRSZ + sizeof(SortedLeaf))

typedef struct LeafMaker
{
	const TreeCallbacks *callbacks;
	cl_hasher  *hasher;
	MemoryContextCallback free_hasher;
	Tuplesortstate *sort;
	int64		leaves;
	int64		reported;		/* uses read at the last report of progress */
} LeafMaker;

static void
check_hash(int status)
{
	if (status != CL_OK)
		elog(ERROR, "could not compute a hash");
}

static void
free_hasher(void *hasher)
{
	cl_hasher_free(hasher);
}

static LeafMaker *
begin_leaves(const TreeCallbacks *callbacks)
{
	LeafMaker  *maker = palloc0(sizeof(LeafMaker));

	maker->callbacks = callbacks;
	maker->hasher = cl_hasher_new();
	if (!maker->hasher)
		elog(ERROR, "could not begin a hash");
	maker->free_hasher.func = free_hasher;
	maker->free_hasher.arg = maker->hasher;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &maker->free_hasher);
	maker->sort = tuplesort_begin_datum(BYTEAOID, ByteaLessOperator, InvalidOid, false,
										maintenance_work_mem, NULL, TUPLESORT_NONE);
	return maker;
}

static void
hash_piece(const void *piece, size_t len, void *arg)
{
	check_hash(cl_hasher_add(((LeafMaker *) arg)->hasher, piece, len));
}

static void
pass_over(const void *piece, size_t len, void *arg)
{
}

/* Take her rows and hash them; sort the leaf in. */
static void
make_leaf(LeafMaker *maker, SubjectRows *rows, int64 subject_no, const Place *place)
{
	char		datum[LEAF_DATUM_BYTES] pg_attribute_aligned(4);
	SortedLeaf	sorted;

	memcpy(sorted.leaf.position, place->position, CL_HASH_BYTES);
	sorted.subject_no = subject_no;
	hash_piece(CL_ROWS_PREFIX, 1, maker);
	hash_piece(place->nonce, CL_HASH_BYTES, maker);
	subject_rows_take(rows, hash_piece, maker);
	check_hash(cl_hasher_finish(maker->hasher, sorted.leaf.value));
	SET_VARSIZE(datum, LEAF_DATUM_BYTES);
	memcpy(VARDATA(datum), &sorted, sizeof(sorted));
	tuplesort_putdatum(maker->sort, PointerGetDatum(datum), false);
	maker->leaves++;
}

/* False if she is to be left out. */
static bool
find_place(LeafMaker *maker, Places *places, int64 subject_no, Place *place)
{
	const TreeCallbacks *callbacks = maker->callbacks;
	PlaceStatus status = places_find(places, subject_no, place);

	if (status == PLACE_KEPT && callbacks->kept)
		callbacks->kept(subject_no, callbacks->arg);
	return status == PLACE_OF_SALT || status == PLACE_KEPT ||
		callbacks->lost(subject_no, status, place, callbacks->arg);
}

static void
make_leaves(LeafMaker *maker, SubjectRows *rows, Places *places)
{
	int64		subject_no;

	while (subject_rows_next(rows, &subject_no))
	{
		Place		place;

		if (find_place(maker, places, subject_no, &place))
			make_leaf(maker, rows, subject_no, &place);
		else
			subject_rows_take(rows, pass_over, NULL);
		if (subject_rows_read(rows) - maker->reported < REPORT_EVERY)
			continue;
		maker->reported = subject_rows_read(rows) / REPORT_EVERY * REPORT_EVERY;
		maker->callbacks->progress(maker->reported, maker->callbacks->arg);
	}
	tuplesort_performsort(maker->sort);
}

static bool
next_leaf(LeafMaker *maker, SortedLeaf *leaf)
{
	Datum		datum;
	bool		isnull;

	CHECK_FOR_INTERRUPTS();
	if (!compat_tuplesort_getdatum(maker->sort, &datum, &isnull))
		return false;
	memcpy(leaf, VARDATA_ANY(DatumGetPointer(datum)), sizeof(SortedLeaf));
	pfree(DatumGetPointer(datum));
	return true;
}

/* ---- subtrees ---- */

/* The subtree whose leaves come now. */
typedef struct OpenBucket
{
	unsigned	depth;
	uint64		number;
	cl_prefix_builder builder;
	int64	   *subjects;
	int			n;
	int			allocated;
} OpenBucket;

static int
compare_numbers(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return x < y ? -1 : x > y;
}

static void
begin_bucket(OpenBucket *open, uint64 number)
{
	open->number = number;
	open->n = 0;
	check_hash(cl_prefix_begin(&open->builder, open->depth));
}

/* Two subjects stand at one position only where one was given the other's salt. */
static void
add_leaf(OpenBucket *open, const SortedLeaf *leaf, const TreeCallbacks *callbacks)
{
	if (cl_prefix_add(&open->builder, &leaf->leaf) != CL_OK)
	{
		callbacks->lost(leaf->subject_no, PLACE_TAKEN, NULL, callbacks->arg);
		return;
	}
	if (open->n == open->allocated)
	{
		open->allocated *= 2;
		open->subjects = repalloc_huge(open->subjects, open->allocated * sizeof(int64));
	}
	open->subjects[open->n++] = leaf->subject_no;
}

/* Hand a subtree on, and keep its hash for the upper part. */
static void
end_bucket(OpenBucket *open, cl_prefix_node *nodes, const TreeCallbacks *callbacks)
{
	TreeBucket	bucket = {.number = (int64) open->number, .leaves = open->n};

	if (open->n == 0)
		return;
	check_hash(cl_prefix_end(&open->builder, bucket.hash));
	qsort(open->subjects, open->n, sizeof(int64), compare_numbers);
	bucket.subjects = run_tree_code_subjects(open->subjects, open->n);
	nodes[open->number].leaves = open->n;
	memcpy(nodes[open->number].hash, bucket.hash, CL_HASH_BYTES);
	callbacks->bucket(&bucket, callbacks->arg);
	pfree(bucket.subjects);
}

/* Hash the sorted leaves, one subtree after another, and join those. */
static void
build(LeafMaker *maker, RunTree *tree)
{
	OpenBucket *open = palloc0(sizeof(OpenBucket));
	cl_prefix_node *nodes;
	SortedLeaf	leaf;

	open->depth = run_tree_depth(maker->leaves);
	open->allocated = 2 * BUCKET_LEAVES;
	open->subjects = palloc(open->allocated * sizeof(int64));
	nodes = MemoryContextAllocExtended(CurrentMemoryContext,
									   sizeof(cl_prefix_node) << open->depth,
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	begin_bucket(open, 0);
	while (next_leaf(maker, &leaf))
	{
		uint64		number = cl_prefix_of(leaf.leaf.position, open->depth);

		if (number != open->number)
		{
			end_bucket(open, nodes, maker->callbacks);
			begin_bucket(open, number);
		}
		add_leaf(open, &leaf, maker->callbacks);
	}
	end_bucket(open, nodes, maker->callbacks);
	tree->subjects = maker->leaves;
	check_hash(cl_prefix_join(nodes, open->depth, tree->root, NULL, NULL, NULL));
}

void
run_tree_compute(const char *origin, int64 run_id, const RunPart *parts, int nparts,
			 Snapshot snapshot, const TreeCallbacks *callbacks, RunTree *tree)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent tree",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Store	   *blocks = store_open("manifest_block", AccessShareLock);
	Places	   *places = places_begin(origin, run_id, snapshot);
	LeafMaker  *maker = begin_leaves(callbacks);

	make_leaves(maker, subject_rows_begin(blocks, run_id, parts, nparts, NO_PARTY + 1), places);
	build(maker, tree);
	tuplesort_end(maker->sort);
	places_end(places);
	store_close(blocks);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}

/* ---- storing ---- */

typedef struct TreeWriter
{
	int64		run_id;
	Store	   *store;
	UseProgress progress;
	void	   *arg;
} TreeWriter;

static void
write_bucket(const TreeBucket *bucket, void *arg)
{
	TreeWriter *writer = arg;
	bytea	   *hash = palloc(VARHDRSZ + CL_HASH_BYTES);
	Datum		values[Natts_run_subtree];
	bool		isnull[Natts_run_subtree] = {0};

	SET_VARSIZE(hash, VARHDRSZ + CL_HASH_BYTES);
	memcpy(VARDATA(hash), bucket->hash, CL_HASH_BYTES);
	values[Anum_run_subtree_run_id - 1] = Int64GetDatum(writer->run_id);
	values[Anum_run_subtree_bucket - 1] = Int32GetDatum((int32) bucket->number);
	values[Anum_run_subtree_leaves - 1] = Int32GetDatum(bucket->leaves);
	values[Anum_run_subtree_hash - 1] = PointerGetDatum(hash);
	values[Anum_run_subtree_subjects - 1] = PointerGetDatum(bucket->subjects);
	store_queue(writer->store, values, isnull);
	pfree(hash);
}

/*
 * Somebody erased, of whom this run holds rows that came after: any place will
 * do, since nothing can be proved about her.
 */
static bool
make_place(int64 subject_no, PlaceStatus status, Place *place, void *arg)
{
	TreeWriter *writer = arg;

	if (status == PLACE_OF_NOBODY)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("subject " INT64_FORMAT ", whose rows run " INT64_FORMAT " used, does not exist",
						subject_no, writer->run_id),
				 errhint("Ask consent.verify() what else was changed.")));
	if (status == PLACE_TAKEN)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("subject " INT64_FORMAT " has the salt of another one", subject_no),
				 errhint("Ask consent.verify() what else was changed.")));
	check_hash(cl_random(place, sizeof(*place)));
	places_keep(writer->run_id, subject_no, place);
	return true;
}

static void
tell_progress(int64 uses, void *arg)
{
	TreeWriter *writer = arg;

	writer->progress(uses, writer->arg);
}

void
run_tree_store(int64 run_id, const RunPart *parts, int nparts,
		   UseProgress progress, void *arg, RunTree *tree)
{
	TreeWriter	writer = {.run_id = run_id, .progress = progress, .arg = arg};
	TreeCallbacks callbacks = {
		.bucket = write_bucket, .lost = make_place, .progress = tell_progress, .arg = &writer
	};

	writer.store = store_open("run_subtree", RowExclusiveLock);
	run_tree_compute(declared_get()->origin, run_id, parts, nparts, GetActiveSnapshot(),
				 &callbacks, tree);
	store_flush(writer.store);
	store_close(writer.store);
}
