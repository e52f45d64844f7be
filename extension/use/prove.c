/*
 * prove.c
 *		use_proof(): what a closed run used of one subject, or that it used
 *		nothing of hers, for people who do not trust us (docs/FORMAT.md).
 *
 * The way to her position is made from the stored subtrees and from one of
 * them computed again, that of her own position: its subjects' places and rows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/use_proof.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/intake.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "use/run.h"
#include "use/run_tree.h"
#include "use/subject_rows.h"
#include "use/tables.h"

PG_FUNCTION_INFO_V1(consent_use_proof);
PG_FUNCTION_INFO_V1(consent_subject_number);

typedef struct Prover
{
	Run		   *run;
	RunPart    *parts;
	int			nparts;
	Store	   *blocks;
	Places	   *places;
	Store	   *subtrees;
	cl_use_proof proof;
	Place		place;			/* hers */
} Prover;

static void
refuse_corrupted(const Prover *prover, const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("the tree of run " INT64_FORMAT " is not as the run was closed with", prover->run->run_id),
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

/* The list of a subject's rows; empty if she has none. */
static cl_value
list_rows(Prover *prover, int64 subject_no)
{
	SubjectRows *rows = subject_rows_begin(prover->blocks, prover->run->run_id, prover->parts,
										   prover->nparts, subject_no);
	StringInfo	list = makeStringInfo();
	int64		next;

	if (subject_rows_next(rows, &next) && next == subject_no)
		subject_rows_take(rows, append_piece, list);
	return (cl_value) {list->data, (size_t) list->len};
}

static void
make_leaf(Prover *prover, int64 subject_no, cl_prefix_leaf *leaf)
{
	Place		place;
	cl_value	rows = list_rows(prover, subject_no);
	PlaceStatus status = places_find(prover->places, subject_no, &place);

	if ((status != PLACE_OF_SALT && status != PLACE_KEPT) || rows.len == 0)
		refuse_corrupted(prover, "A subject of the tree has no place in it, or no rows.");
	memcpy(leaf->position, place.position, CL_HASH_BYTES);
	check_hash(cl_rows_hash(place.nonce, rows.data, rows.len, leaf->value));
}

/* ---- subtrees ---- */

static int32
subtree_int4(Prover *prover, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;

	return DatumGetInt32(store_get(prover->subtrees, tuple, attno, &isnull));
}

/* The stored subtrees, those without leaves among them. */
static cl_prefix_node *
read_nodes(Prover *prover, unsigned depth)
{
	cl_prefix_node *nodes = MemoryContextAllocExtended(CurrentMemoryContext,
													   sizeof(cl_prefix_node) << depth,
													   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_run_subtree_run_id, prover->run->run_id);
	scan = store_scan(prover->subtrees, "run_subtree_pkey", GetActiveSnapshot(), 1, &key);
	while ((tuple = store_next(scan)) != NULL)
	{
		int32		bucket = subtree_int4(prover, tuple, Anum_run_subtree_bucket);
		int32		leaves = subtree_int4(prover, tuple, Anum_run_subtree_leaves);
		bool		isnull;
		bytea	   *hash = DatumGetByteaPP(store_get(prover->subtrees, tuple, Anum_run_subtree_hash, &isnull));

		if (bucket < 0 || (uint32) bucket >> depth != 0 || leaves <= 0 || VARSIZE_ANY_EXHDR(hash) != CL_HASH_BYTES)
			refuse_corrupted(prover, "A stored subtree is malformed.");
		nodes[bucket].leaves = leaves;
		memcpy(nodes[bucket].hash, VARDATA_ANY(hash), CL_HASH_BYTES);
	}
	store_end(scan);
	return nodes;
}

/* The subjects of a stored subtree; none if it is not there. */
static int64 *
read_subjects(Prover *prover, size_t node, int *n)
{
	ScanKeyData keys[2];
	StoreScan  *scan;
	HeapTuple	tuple;
	int64	   *subjects = NULL;
	bool		isnull;

	store_key_int8(&keys[0], Anum_run_subtree_run_id, prover->run->run_id);
	ScanKeyInit(&keys[1], Anum_run_subtree_bucket, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum((int32) node));
	scan = store_scan(prover->subtrees, "run_subtree_pkey", GetActiveSnapshot(), 2, keys);
	*n = 0;
	if ((tuple = store_next(scan)) != NULL)
	{
		*n = subtree_int4(prover, tuple, Anum_run_subtree_leaves);
		subjects = run_tree_read_subjects(DatumGetByteaPP(store_get(prover->subtrees, tuple,
																	Anum_run_subtree_subjects, &isnull)), *n);
		if (!subjects)
			refuse_corrupted(prover, "The subjects of a stored subtree are malformed.");
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
make_leaves(Prover *prover, size_t node, int *n)
{
	int64	   *subjects = read_subjects(prover, node, n);
	cl_prefix_leaf *leaves = palloc(Max(*n, 1) * sizeof(cl_prefix_leaf));
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "consent leaf",
											   ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < *n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(each);

		CHECK_FOR_INTERRUPTS();
		make_leaf(prover, subjects[i], &leaves[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(each);
	}
	MemoryContextDelete(each);
	qsort(leaves, *n, sizeof(cl_prefix_leaf), compare_positions);
	return leaves;
}

/* Find the way to her position, and see that it is that of the closing event. */
static void
find_way(Prover *prover)
{
	cl_prefix_proof *tree = &prover->proof.tree;
	const bytea *closed_with = prover->run->tree;
	unsigned	depth = run_tree_depth(prover->run->subjects);
	cl_hash		root;
	cl_prefix_leaf *leaves;
	size_t		node;
	int			n;

	check_hash(cl_prefix_join(read_nodes(prover, depth), depth, root, prover->place.position, tree, &node));
	leaves = make_leaves(prover, node, &n);
	if (cl_prefix_go_down(leaves, n, prover->place.position, tree) != CL_OK ||
		!closed_with || VARSIZE_ANY_EXHDR(closed_with) != CL_HASH_BYTES ||
		cl_prefix_verify((const uint8 *) VARDATA_ANY(closed_with), prover->place.position, tree) == CL_PREFIX_REFUSED)
		refuse_corrupted(prover, "The way to the subject's position does not lead to its root.");
}

/* ---- what is to be proved ---- */

static void
refuse_unprovable(const Run *run, bool used)
{
	if (run->closed_event == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is not closed", run->run_id),
				 errdetail("What it will have used is not yet decided."),
				 errhint("Close it with consent.close_run().")));
	if (run->missing > 0 && !used)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg_plural("%d part of run " INT64_FORMAT " is missing",
							   "%d parts of run " INT64_FORMAT " are missing",
							   run->missing, run->missing, run->run_id),
				 errdetail("Transactions that began to use data for it ended without sealing what they had read, so that nobody can be proved not to be in it.")));
}

static void
refuse_erased(const char *who)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("subject %s is erased", who),
			 errdetail("Nothing can be proved about her any more: key and salt, which it takes, are gone.")));
}

static void
refuse_unknown(const char *who)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("unknown subject %s", who),
			 errdetail("The ledger holds nothing about this subject.")));
}

/* SQL: subject_number(subject); strict. */
Datum
consent_subject_number(PG_FUNCTION_ARGS)
{
	char	   *key = intake_subject_argument(fcinfo, 0);
	SubjectRow	row;

	if (!subject_find(key, strlen(key), GetActiveSnapshot(), &row))
		refuse_unknown(psprintf("\"%s\"", key));
	if (row.erased)
		refuse_erased(psprintf("\"%s\"", key));
	PG_RETURN_INT64(row.subject_no);
}

/* Her key, salt and place; nobody who is erased has them. */
static void
find_subject(Prover *prover, int64 subject_no)
{
	Store	   *store = store_open("subject", AccessShareLock);
	cl_use_proof *proof = &prover->proof;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		no_key;
	bool		no_salt;
	Datum		name;
	bytea	   *salt;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (!tuple)
		refuse_unknown(psprintf(INT64_FORMAT, subject_no));
	name = store_get(store, tuple, Anum_subject_key, &no_key);
	salt = (bytea *) DatumGetPointer(store_get(store, tuple, Anum_subject_salt, &no_salt));
	if (no_key || no_salt)
		refuse_erased(psprintf(INT64_FORMAT, subject_no));
	proof->subject_no = subject_no;
	proof->key = cl_string(TextDatumGetCString(name));
	salt = DatumGetByteaPCopy(PointerGetDatum(salt));
	if (VARSIZE_ANY_EXHDR(salt) != CL_SALT_BYTES)
		refuse_corrupted(prover, "The salt of the subject has another length.");
	memcpy(proof->salt, VARDATA_ANY(salt), CL_SALT_BYTES);
	check_hash(cl_use_place(proof->salt, proof->origin, prover->run->run_id,
							prover->place.position, prover->place.nonce));
	store_end(scan);
	store_close(store);
}

static void
refuse_contrary(const Prover *prover, bool used)
{
	bool		found = prover->proof.tree.end == CL_PREFIX_HERE;

	if (found != used)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " used %s of subject " INT64_FORMAT, prover->run->run_id,
						found ? "rows" : "no rows", prover->proof.subject_no),
				 errhint("Prove that with consent.%s().", found ? "prove_use" : "prove_non_use")));
}

static text *
write_proof(const cl_use_proof *proof)
{
	size_t		len = cl_use_proof_write(proof, NULL, 0);
	text	   *result;

	if (len == 0)
		elog(ERROR, "could not write a proof");
	if (len > MaxAllocSize - VARHDRSZ)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the proof would have %zu bytes", len)));
	result = palloc(VARHDRSZ + len);
	cl_use_proof_write(proof, VARDATA(result), len);
	SET_VARSIZE(result, VARHDRSZ + len);
	return result;
}

static cl_value
receipt_argument(FunctionCallInfo fcinfo, int n)
{
	text	   *receipt;

	if (PG_ARGISNULL(n))
		return (cl_value) {NULL, 0};
	receipt = PG_GETARG_TEXT_PP(n);
	return (cl_value) {VARDATA_ANY(receipt), VARSIZE_ANY_EXHDR(receipt)};
}

/* SQL: use_proof(run_id, subject_no, used, opened, closed, event). */
Datum
consent_use_proof(PG_FUNCTION_ARGS)
{
	Prover		prover = {0};
	Store	   *runs = store_open("run", AccessShareLock);
	bool		used;

	for (int i = 0; i < 3; i++)
		if (PG_ARGISNULL(i))
			PG_RETURN_NULL();
	used = PG_GETARG_BOOL(2);
	prover.run = run_get(runs, PG_GETARG_INT64(0));
	refuse_unprovable(prover.run, used);
	argument_refuse_null(fcinfo, 3, "opened");
	argument_refuse_null(fcinfo, 4, "closed");
	prover.parts = run_parts(prover.run->run_id, GetActiveSnapshot(), &prover.nparts);
	prover.blocks = store_open("manifest_block", AccessShareLock);
	prover.subtrees = store_open("run_subtree", AccessShareLock);
	prover.places = places_begin(declared_get()->origin, prover.run->run_id, GetActiveSnapshot());
	prover.proof.origin = cl_string(declared_get()->origin);
	prover.proof.run = prover.run->run_id;
	prover.proof.opened = receipt_argument(fcinfo, 3);
	prover.proof.closed = receipt_argument(fcinfo, 4);
	prover.proof.event = receipt_argument(fcinfo, 5);
	find_subject(&prover, PG_GETARG_INT64(1));
	find_way(&prover);
	refuse_contrary(&prover, used);
	if (used)
		prover.proof.rows = list_rows(&prover, prover.proof.subject_no);
	places_end(prover.places);
	store_close(prover.subtrees);
	store_close(prover.blocks);
	store_close(runs);
	PG_RETURN_TEXT_P(write_proof(&prover.proof));
}
