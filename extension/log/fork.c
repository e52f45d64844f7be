/*
 * fork.c
 *		Does a checkpoint that somebody brings belong to this log?
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/checkpoint.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/log_keys.h"
#include "log/outside.h"

/* What is said of a checkpoint. */
typedef struct Answer
{
	const char *verdict;
	bool		has_size;
	int64		size;
	int64		here;			/* leaves */
	char	   *ours;			/* a note of this ledger that contradicts it, or NULL */
	const char *detail;
} Answer;

static char *
hash_text(const uint8 *hash)
{
	char	   *text = palloc(CL_BASE64_SIZE(CL_HASH_BYTES));

	cl_base64_encode(hash, CL_HASH_BYTES, text);
	return text;
}

/* Our first checkpoint that is not smaller. */
static char *
checkpoint_from(int64 size, int64 *found)
{
	Store	   *store = store_open("checkpoint", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	char	   *note = NULL;

	store_key_int8_from(&key, Anum_checkpoint_size, size);
	scan = store_scan(store, "checkpoint_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (tuple)
	{
		*found = DatumGetInt64(store_get(store, tuple, Anum_checkpoint_size, &isnull));
		note = TextDatumGetCString(store_get(store, tuple, Anum_checkpoint_note, &isnull));
	}
	store_end(scan);
	store_close(store);
	return note;
}

static void
answer_fork(Answer *answer, const uint8 *theirs, const uint8 *ours)
{
	int64		size = 0;

	answer->verdict = "forked";
	answer->ours = checkpoint_from(answer->size, &size);
	answer->detail = psprintf("At size " INT64_FORMAT " the root was signed as %s, and here it is %s.",
							  answer->size, hash_text(theirs), hash_text(ours));
	if (answer->ours && size == answer->size)
		answer->detail = psprintf("%s Both notes together prove to anybody that the key has signed two logs.", answer->detail);
	else if (answer->ours)
		answer->detail = psprintf("%s Both notes, and the tiles of either tree, prove to anybody that the key has signed two logs.", answer->detail);
}

static void
compare_with_tree(Answer *answer, const cl_checkpoint *checkpoint)
{
	LogTree    *tree = tree_open(GetActiveSnapshot());
	cl_hash		root;

	answer->has_size = true;
	answer->size = (int64) checkpoint->size;
	answer->here = tree_size(tree);
	if (answer->size > answer->here)
	{
		answer->verdict = "lost";
		answer->detail = outside_describe_lost(answer->size, tree);
	}
	else
	{
		tree_root(tree, answer->size, root);
		if (memcmp(root, checkpoint->root, CL_HASH_BYTES) != 0)
			answer_fork(answer, checkpoint->root, root);
		else
		{
			answer->verdict = "consistent";
			answer->detail = pstrdup("The log extends it.");
		}
	}
	tree_close(tree);
}

PG_FUNCTION_INFO_V1(consent_check_fork);

/* SQL: check_fork(note). */
Datum
consent_check_fork(PG_FUNCTION_ARGS)
{
	char	   *note = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Answer		answer = {0};
	cl_checkpoint checkpoint;
	LogKeys		keys;
	TupleDesc	desc;
	Datum		values[5];
	bool		isnull[5] = {0};

	declared_get();				/* says so if there is no ledger */
	keys = log_keys_read(GetActiveSnapshot());
	if (log_keys_open(&keys, NULL, note, &checkpoint))
		compare_with_tree(&answer, &checkpoint);
	else
	{
		answer.verdict = "foreign";
		answer.detail = "It is not a checkpoint that a key of this ledger has signed.";
	}
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(answer.verdict);
	values[1] = Int64GetDatum(answer.size);
	values[2] = Int64GetDatum(answer.here);
	isnull[1] = isnull[2] = !answer.has_size;
	isnull[3] = answer.ours == NULL;
	values[3] = isnull[3] ? (Datum) 0 : CStringGetTextDatum(answer.ours);
	values[4] = CStringGetTextDatum(answer.detail);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
