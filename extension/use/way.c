/*
 * way.c
 *		The way to a position in the prefix tree of a closed run.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/use_rows.h"
#include "ledger/declared.h"
#include "use/run_tree.h"
#include "use/subject_rows.h"
#include "use/tables.h"
#include "use/way.h"

#define DEPTH_MAX 24			/* of four thousand million subjects */

struct Ways
{
	const Run  *run;
	RunPart    *parts;
	int			nparts;
	Store	   *blocks;
	Store	   *subtrees;
	Places	   *places;
};

Ways *
ways_begin(const Run *run)
{
	Ways	   *ways = palloc0(sizeof(Ways));

	ways->run = run;
	ways->parts = run_parts(run->run_id, GetActiveSnapshot(), &ways->nparts);
	ways->blocks = store_open("manifest_block", AccessShareLock);
	ways->subtrees = store_open("run_subtree", AccessShareLock);
	ways->places = places_begin(declared_get()->origin, run->run_id, GetActiveSnapshot());
	return ways;
}

void
ways_end(Ways *ways)
{
	places_end(ways->places);
	store_close(ways->subtrees);
	store_close(ways->blocks);
	pfree(ways);
}

static void
refuse_corrupted(const Ways *ways, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the stored tree of run " INT64_FORMAT " is not the one that it was closed with", ways->run->run_id),
			 errdetail("%s", what),
			 errhint("Ask consent.verify() what was changed.")));
}

static void
check_hash(int status)
{
	if (status != CL_OK)
		elog(ERROR, "could not compute a hash");
}

/* ---- rows ---- */

static void
append_piece(const void *piece, size_t len, void *arg)
{
	appendBinaryStringInfo(arg, piece, (int) len);
}

cl_value
ways_rows(Ways *ways, int64 subject_no)
{
	SubjectRows *rows = subject_rows_begin(ways->blocks, ways->run->run_id, ways->parts,
										   ways->nparts, subject_no);
	StringInfo	list = makeStringInfo();
	int64		next;

	if (subject_rows_next(rows, &next) && next == subject_no)
		subject_rows_take(rows, append_piece, list);
	return (cl_value) {list->data, (size_t) list->len};
}

static void
make_leaf(Ways *ways, int64 subject_no, cl_prefix_leaf *leaf)
{
	Place		place;
	cl_value	rows = ways_rows(ways, subject_no);
	PlaceStatus status = places_find(ways->places, subject_no, &place);

	if ((status != PLACE_OF_SALT && status != PLACE_KEPT) || rows.len == 0)
		refuse_corrupted(ways, "A subject of the tree has no place in it, or no rows.");
	memcpy(leaf->position, place.position, CL_HASH_BYTES);
	check_hash(cl_rows_hash(place.nonce, rows.data, rows.len, leaf->value));
}

/* ---- subtrees ---- */

static int32
subtree_int4(Ways *ways, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;

	return DatumGetInt32(store_get(ways->subtrees, tuple, attno, &isnull));
}

/* The stored subtrees, those without leaves among them. */
static cl_prefix_node *
read_nodes(Ways *ways, unsigned depth)
{
	cl_prefix_node *nodes;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	if (depth > DEPTH_MAX)
		refuse_corrupted(ways, "It would have too many subjects.");
	nodes = MemoryContextAllocExtended(CurrentMemoryContext, sizeof(cl_prefix_node) << depth,
									   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	store_key_int8(&key, Anum_run_subtree_run_id, ways->run->run_id);
	scan = store_scan(ways->subtrees, "run_subtree_pkey", GetActiveSnapshot(), 1, &key);
	while ((tuple = store_next(scan)) != NULL)
	{
		int32		bucket = subtree_int4(ways, tuple, Anum_run_subtree_bucket);
		int32		leaves = subtree_int4(ways, tuple, Anum_run_subtree_leaves);
		bool		isnull;
		bytea	   *hash = DatumGetByteaPP(store_get(ways->subtrees, tuple, Anum_run_subtree_hash, &isnull));

		if (bucket < 0 || (uint32) bucket >> depth != 0 || leaves <= 0 || VARSIZE_ANY_EXHDR(hash) != CL_HASH_BYTES)
			refuse_corrupted(ways, "A stored subtree is malformed.");
		nodes[bucket].leaves = leaves;
		memcpy(nodes[bucket].hash, VARDATA_ANY(hash), CL_HASH_BYTES);
	}
	store_end(scan);
	return nodes;
}

/* The subjects of a stored subtree; none if it is not there. */
static int64 *
read_subjects(Ways *ways, size_t node, int *n)
{
	ScanKeyData keys[2];
	StoreScan  *scan;
	HeapTuple	tuple;
	int64	   *subjects = NULL;
	bool		isnull;

	store_key_int8(&keys[0], Anum_run_subtree_run_id, ways->run->run_id);
	ScanKeyInit(&keys[1], Anum_run_subtree_bucket, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum((int32) node));
	scan = store_scan(ways->subtrees, "run_subtree_pkey", GetActiveSnapshot(), 2, keys);
	*n = 0;
	if ((tuple = store_next(scan)) != NULL)
	{
		*n = subtree_int4(ways, tuple, Anum_run_subtree_leaves);
		subjects = run_tree_read_subjects(DatumGetByteaPP(store_get(ways->subtrees, tuple,
																	Anum_run_subtree_subjects, &isnull)), *n);
		if (!subjects)
			refuse_corrupted(ways, "The subjects of a stored subtree are malformed.");
	}
	store_end(scan);
	return subjects;
}

static int
compare_positions(const void *a, const void *b)
{
	return memcmp(((const cl_prefix_leaf *) a)->position,
				  ((const cl_prefix_leaf *) b)->position, CL_HASH_BYTES);
}

/* The leaves of a stored subtree, in order. */
static cl_prefix_leaf *
make_leaves(Ways *ways, size_t node, int *n)
{
	int64	   *subjects = read_subjects(ways, node, n);
	cl_prefix_leaf *leaves = palloc(Max(*n, 1) * sizeof(cl_prefix_leaf));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "consent leaf",
											   ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < *n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		CHECK_FOR_INTERRUPTS();
		make_leaf(ways, subjects[i], &leaves[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
	MemoryContextDelete(each);
	qsort(leaves, *n, sizeof(cl_prefix_leaf), compare_positions);
	return leaves;
}

void
ways_find(Ways *ways, const uint8 *position, cl_prefix_proof *way)
{
	const bytea *closed_with = ways->run->tree;
	unsigned	depth = run_tree_depth(ways->run->subjects);
	cl_hash		root;
	cl_prefix_leaf *leaves;
	size_t		node;
	int			n;

	check_hash(cl_prefix_join(read_nodes(ways, depth), depth, root, position, way, &node));
	leaves = make_leaves(ways, node, &n);
	if (cl_prefix_go_down(leaves, n, position, way) != CL_OK ||
		!closed_with || VARSIZE_ANY_EXHDR(closed_with) != CL_HASH_BYTES ||
		cl_prefix_verify((const uint8 *) VARDATA_ANY(closed_with), position, way) == CL_PREFIX_REFUSED)
		refuse_corrupted(ways, "The way to a position does not lead to its root.");
}
