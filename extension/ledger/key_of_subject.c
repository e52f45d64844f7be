/*
 * key_of_subject.c
 *		The key of a subject by her number, for views of uses.
 *
 * A join would do, but the planner does not know how many uses there will be,
 * and hashes a million subjects for some.  Uses come subject by subject, so the
 * last one is remembered.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/snapkey.h"
#include "ledger/store.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_key_of_subject);

typedef struct LastSubject
{
	SnapKey		snapshot;
	int64		subject_no;
	text	   *key;			/* NULL: erased, or not there */
} LastSubject;

static void
look_up(LastSubject *last, int64 subject_no, MemoryContext context)
{
	Store	   *store = store_open("subject", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull = true;
	Datum		value = 0;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (tuple != NULL)
		value = store_get(store, tuple, Anum_subject_key, &isnull);
	last->snapshot.valid = false;
	if (last->key != NULL)
		pfree(last->key);
	last->key = NULL;
	if (!isnull)
	{
		MemoryContext old = MemoryContextSwitchTo(context);

		last->key = DatumGetTextPCopy(value);
		MemoryContextSwitchTo(old);
	}
	last->subject_no = subject_no;
	snapkey_take(&last->snapshot);
	store_end(scan);
	store_close(store);
}

/* key_of_subject(subject_no); strict */
Datum
consent_key_of_subject(PG_FUNCTION_ARGS)
{
	FmgrInfo   *function = fcinfo->flinfo;
	LastSubject *last = function->fn_extra;
	int64		subject_no = PG_GETARG_INT64(0);

	if (last == NULL)
		last = function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(LastSubject));
	if (last->subject_no != subject_no || !snapkey_is_current(&last->snapshot))
		look_up(last, subject_no, function->fn_mcxt);
	if (last->key == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(DatumGetTextPCopy(PointerGetDatum(last->key)));
}
