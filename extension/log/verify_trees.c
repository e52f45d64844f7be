/*
 * verify_trees.c
 *		The prefix trees of runs: computed again from salts and blocks, compared
 *		with the stored subtrees and with the root in the closing event.
 */
#include "postgres.h"

#include "utils/builtins.h"

#include "compat.h"
#include "core/hash.h"
#include "ledger/tables.h"
#include "log/verify_trees.h"
#include "use/places.h"
#include "use/run_tree.h"
#include "use/tables.h"

struct VerifyTrees
{
	Verify	   *v;
	VerifyScan *subtrees;
	VerifyScan *erased;
	HeapTuple	subtree;		/* rows at hand, NULL at the end */
	HeapTuple	kept;
	const VerifyRun *run;		/* being computed */
	bool		indexed;		/* what places are found by is sound */
	bool		lost;			/* somebody's place is missing */
};

VerifyTrees *
verify_trees_begin(Verify *v, int64 from)
{
	static const AttrNumber subtree_order[] = {Anum_run_subtree_run_id, Anum_run_subtree_bucket};
	static const AttrNumber erased_order[] = {Anum_erased_use_run_id, Anum_erased_use_subject_no};
	static const AttrNumber subject_order[] = {Anum_subject_subject_no};
	VerifyTrees *trees = palloc0(sizeof(VerifyTrees));

	trees->v = v;
	trees->subtrees = verify_scan_from(v, "run_subtree", "run_subtree_pkey", lengthof(subtree_order), subtree_order, from);
	trees->erased = verify_scan_from(v, "erased_use", "erased_use_pkey", lengthof(erased_order), erased_order, from);
	trees->indexed = verify_by_index(trees->erased) &&
		verify_has_index("subject", "subject_pkey", lengthof(subject_order), subject_order);
	trees->subtree = verify_next(trees->subtrees);
	trees->kept = verify_next(trees->erased);
	return trees;
}

void
verify_trees_end(VerifyTrees *trees)
{
	verify_end(trees->subtrees);
	verify_end(trees->erased);
	pfree(trees);
}

int64
verify_trees_run(VerifyTrees *trees)
{
	return Min(verify_number(trees->subtrees, trees->subtree, Anum_run_subtree_run_id),
			   verify_number(trees->erased, trees->kept, Anum_erased_use_run_id));
}

static char *
hex_of(const uint8 *bytes, size_t len)
{
	char	   *hex = palloc(2 * len + 1);

	cl_hex_encode(bytes, len, hex);
	return hex;
}

/* ---- stored subtrees ---- */

static int32
subtree_int4(VerifyTrees *trees, AttrNumber attno)
{
	bool		isnull;

	return DatumGetInt32(store_get(verify_store(trees->subtrees), trees->subtree, attno, &isnull));
}

static char *
bucket_name(VerifyTrees *trees, int64 number)
{
	return psprintf("%s, bucket " INT64_FORMAT, trees->run->thing, number);
}

static bool
subtree_is_of(VerifyTrees *trees, int64 run_id)
{
	return verify_is(trees->subtrees, trees->subtree, Anum_run_subtree_run_id, run_id);
}

static void
compare(VerifyTrees *trees, const char *kind, const char *thing, const char *what,
		const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(trees->v, kind, psprintf("%s: %s", thing, what), expected, found);
}

/* Stored subtrees up to a number, which the run does not have. */
static void
pass_subtrees(VerifyTrees *trees, int64 number)
{
	while (subtree_is_of(trees, trees->run->run_id) &&
		   subtree_int4(trees, Anum_run_subtree_bucket) < number)
	{
		verify_finding(trees->v, "run_subtree",
					   bucket_name(trees, subtree_int4(trees, Anum_run_subtree_bucket)), NULL, "a subtree");
		trees->subtree = verify_next(trees->subtrees);
	}
}

static void
check_subtree(const TreeBucket *bucket, void *arg)
{
	VerifyTrees *trees = arg;
	Store	   *store = verify_store(trees->subtrees);
	char	   *thing = bucket_name(trees, bucket->number);

	pass_subtrees(trees, bucket->number);
	if (!subtree_is_of(trees, trees->run->run_id) ||
		subtree_int4(trees, Anum_run_subtree_bucket) != bucket->number)
	{
		verify_finding(trees->v, "run_subtree", thing, "a subtree", NULL);
		return;
	}
	compare(trees, "run_subtree", thing, "leaves", psprintf("%d", bucket->leaves),
			verify_column_text(store, trees->subtree, Anum_run_subtree_leaves));
	compare(trees, "run_subtree", thing, "hash", hex_of(bucket->hash, CL_HASH_BYTES),
			verify_column_text(store, trees->subtree, Anum_run_subtree_hash));
	compare(trees, "run_subtree", thing, "subjects",
			hex_of((uint8 *) VARDATA_ANY(bucket->subjects), VARSIZE_ANY_EXHDR(bucket->subjects)),
			verify_column_text(store, trees->subtree, Anum_run_subtree_subjects));
	trees->subtree = verify_next(trees->subtrees);
}

/* ---- places of the erased ---- */

static char *
place_name(VerifyTrees *trees, int64 subject_no)
{
	return psprintf("%s, subject " INT64_FORMAT, trees->run->thing, subject_no);
}

static bool
kept_is_of(VerifyTrees *trees, int64 run_id)
{
	return verify_is(trees->erased, trees->kept, Anum_erased_use_run_id, run_id);
}

/* Places kept of subjects up to a number, of whom the run used nothing. */
static void
pass_places(VerifyTrees *trees, int64 subject_no)
{
	while (kept_is_of(trees, trees->run->run_id) &&
		   verify_number(trees->erased, trees->kept, Anum_erased_use_subject_no) < subject_no)
	{
		verify_finding(trees->v, "erased_use",
					   place_name(trees, verify_number(trees->erased, trees->kept, Anum_erased_use_subject_no)),
					   NULL, "a place of somebody erased whose rows the run used");
		trees->kept = verify_next(trees->erased);
	}
}

static void
take_place(int64 subject_no, void *arg)
{
	VerifyTrees *trees = arg;

	pass_places(trees, subject_no);
	if (kept_is_of(trees, trees->run->run_id))
		trees->kept = verify_next(trees->erased);
}

/* Whoever has no row at all is named where subjects are checked. */
static bool
lost_place(int64 subject_no, PlaceStatus status, Place *place, void *arg)
{
	VerifyTrees *trees = arg;

	trees->lost = true;
	if (status == PLACE_LOST)
		verify_finding(trees->v, "erased_use", place_name(trees, subject_no), "a place, since she is erased", NULL);
	else if (status == PLACE_TAKEN)
		verify_finding(trees->v, "run_subtree", place_name(trees, subject_no), "a position of her own",
					   "that of another subject");
	return false;
}

/* Of a run that is open, or not as it was sealed, only whether she is erased is known. */
static void
check_erased(VerifyTrees *trees)
{
	Places	   *places = places_begin(trees->v->origin, trees->run->run_id, trees->v->snapshot);

	for (; kept_is_of(trees, trees->run->run_id); trees->kept = verify_next(trees->erased))
	{
		int64		subject_no = verify_number(trees->erased, trees->kept, Anum_erased_use_subject_no);
		Place		place;

		if (!trees->run->known)
			verify_finding(trees->v, "erased_use", place_name(trees, subject_no), "a run", NULL);
		else if (places_find(places, subject_no, &place) != PLACE_KEPT)
			verify_finding(trees->v, "erased_use", place_name(trees, subject_no),
						   "two hashes, and a subject who is erased", "something else");
	}
	places_end(places);
}

/* ---- trees ---- */

static void
progress(int64 uses, void *arg)
{
	verify_progress(((VerifyTrees *) arg)->v, "uses of subjects", uses);
}

static void
compute(VerifyTrees *trees)
{
	const VerifyRun *run = trees->run;
	TreeCallbacks callbacks = {
		.bucket = check_subtree, .lost = lost_place, .kept = take_place, .progress = progress, .arg = trees
	};
	RunTree		tree;

	trees->lost = false;
	run_tree_compute(trees->v->origin, run->run_id, run->parts, run->nparts, trees->v->snapshot,
				 &callbacks, &tree);
	pass_subtrees(trees, PG_INT64_MAX);
	pass_places(trees, PG_INT64_MAX);
	if (trees->lost)
		return;
	compare(trees, "run", run->thing, "number of subjects", run->subjects, psprintf(INT64_FORMAT, tree.subjects));
	compare(trees, "run", run->thing, "tree over its subjects", run->tree, hex_of(tree.root, CL_HASH_BYTES));
}

void
verify_tree(VerifyTrees *trees, const VerifyRun *run)
{
	trees->run = run;
	if (run->closed && run->sound && trees->indexed)
		compute(trees);
	if (!run->closed)
		pass_subtrees(trees, PG_INT64_MAX);
	if (trees->indexed)
		check_erased(trees);
	/* What could not be checked is named already as the reason why. */
	while (subtree_is_of(trees, run->run_id))
		trees->subtree = verify_next(trees->subtrees);
	while (kept_is_of(trees, run->run_id))
		trees->kept = verify_next(trees->erased);
}
