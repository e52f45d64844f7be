/*
 * recheck.c
 *		What changed in the ledger since a manifest asked.
 *
 * A row was touched since the position if a transaction that was not over
 * then made or locked it.  Whoever records a choice changes or at least locks
 * the subject's row; the lock may be forgotten by VACUUM FREEZE, so subjects
 * with choices about tables or rows always count as changed.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xlog.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "use/recheck.h"

struct Recheck
{
	bool		all;
	TransactionId xmin;
	Store	   *subjects;
	StoreScan  *scan;			/* reused for each subject */
	MemoryContext context;
};

/* Raw ids stay readable after freezing; what is out of reach counts as new. */
static bool
is_since(TransactionId xid, TransactionId xmin)
{
	return TransactionIdIsNormal(xid) && TransactionIdFollowsOrEquals(xid, xmin);
}

static bool
touched_since(HeapTuple tuple, TransactionId xmin)
{
	HeapTupleHeader header = tuple->t_data;

	if (is_since(HeapTupleHeaderGetRawXmin(header), xmin))
		return true;
	if (header->t_infomask & HEAP_XMAX_INVALID)
		return false;
	return (header->t_infomask & HEAP_XMAX_IS_MULTI) ||
		is_since(HeapTupleHeaderGetRawXmax(header), xmin);
}

static bool
declared_since(TransactionId xmin)
{
	Store	   *store = store_open("event_log", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		since;

	store_key_int8(&key, Anum_event_log_event_id, declared_get()->version);
	scan = store_scan(store, "event_log_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	since = tuple == NULL || touched_since(tuple, xmin);
	store_end(scan);
	store_close(store);
	return since;
}

static bool
is_comparable(Position position)
{
	uint64		next = U64FromFullTransactionId(ReadNextFullTransactionId());

	return position.system == GetSystemIdentifier() &&
		position.xmin <= next && next - position.xmin < PG_INT32_MAX;
}

Recheck *
recheck_begin(Position position)
{
	Recheck    *recheck = palloc0(sizeof(Recheck));

	recheck->context = CurrentMemoryContext;
	recheck->xmin = (TransactionId) position.xmin;
	recheck->all = !is_comparable(position) || declared_since(recheck->xmin);
	if (!recheck->all)
		recheck->subjects = store_open("subject", AccessShareLock);
	return recheck;
}

void
recheck_end(Recheck *recheck)
{
	if (recheck->scan)
		store_end(recheck->scan);
	if (recheck->subjects)
		store_close(recheck->subjects);
	pfree(recheck);
}

bool
recheck_all(const Recheck *recheck)
{
	return recheck->all;
}

bool
recheck_subject(Recheck *recheck, int64 subject_no)
{
	ScanKeyData key;
	HeapTuple	tuple;
	bool		isnull;

	if (recheck->all)
		return true;
	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	if (recheck->scan)
		store_rescan(recheck->scan, &key);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(recheck->context);

		recheck->scan = store_scan(recheck->subjects, "subject_pkey",
							  GetActiveSnapshot(), 1, &key);
		MemoryContextSwitchTo(old);
	}
	tuple = store_next(recheck->scan);
	return tuple == NULL || touched_since(tuple, recheck->xmin) ||
		DatumGetBool(store_get(recheck->subjects, tuple, Anum_subject_scoped, &isnull));
}
