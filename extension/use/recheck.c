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
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "use/recheck.h"

/* All subjects are read once one in so many was looked up, and at least so many. */
#define SUBJECTS_PER_LOOKUP 16
#define LOOKUPS_BEFORE_SCAN 1000

struct Recheck
{
	bool		all;
	TransactionId xmin;
	Store	   *subjects;
	StoreScan  *scan;			/* reused for each subject */
	double		lookups;
	double		patience;		/* how many it takes to read all; 0: not known yet */
	uint8	   *unchanged;		/* a bit for each subject, by number; NULL: not read */
	int64		nbits;
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
	if (recheck->unchanged)
		pfree(recheck->unchanged);
	pfree(recheck);
}

bool
recheck_all(const Recheck *recheck)
{
	return recheck->all;
}

/* Of the row of a subject. */
static bool
is_unchanged(Recheck *recheck, HeapTuple tuple)
{
	bool		isnull;

	return !touched_since(tuple, recheck->xmin) &&
		!DatumGetBool(store_get(recheck->subjects, tuple, Anum_subject_scoped, &isnull));
}

static void
look_up_all(Recheck *recheck)
{
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;

	recheck->nbits = Min(subject_greatest_number(recheck->subjects), (int64) work_mem * 1024 * BITS_PER_BYTE) + 1;
	recheck->unchanged = MemoryContextAllocExtended(recheck->context, recheck->nbits / BITS_PER_BYTE + 1,
													MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	scan = store_scan(recheck->subjects, NULL, GetActiveSnapshot(), 0, NULL);
	while ((tuple = store_next(scan)) != NULL)
	{
		int64		subject_no = DatumGetInt64(store_get(recheck->subjects, tuple,
														 Anum_subject_subject_no, &isnull));

		if (subject_no > 0 && subject_no < recheck->nbits && is_unchanged(recheck, tuple))
			recheck->unchanged[subject_no / BITS_PER_BYTE] |= 1 << subject_no % BITS_PER_BYTE;
	}
	store_end(scan);
}

/* Is it time to read all? */
static bool
prefers_scan(Recheck *recheck)
{
	BlockNumber pages;
	double		tuples;
	double		allvisfrac;

	if (recheck->patience == 0)
	{
		estimate_rel_size(store_relation(recheck->subjects), NULL, &pages, &tuples, &allvisfrac);
		recheck->patience = Max(LOOKUPS_BEFORE_SCAN, tuples / SUBJECTS_PER_LOOKUP);
	}
	return recheck->lookups >= recheck->patience;
}

static bool
look_up(Recheck *recheck, int64 subject_no)
{
	ScanKeyData key;
	HeapTuple	tuple;

	recheck->lookups++;
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
	return tuple != NULL && is_unchanged(recheck, tuple);
}

/* Numbers are drawn in turn, so a bit for each is little; what work_mem does not hold is looked up. */
bool
recheck_subject(Recheck *recheck, int64 subject_no)
{
	if (recheck->all)
		return true;
	if (!recheck->unchanged && prefers_scan(recheck))
		look_up_all(recheck);
	if (recheck->unchanged && subject_no < recheck->nbits)
		return !(recheck->unchanged[subject_no / BITS_PER_BYTE] >> subject_no % BITS_PER_BYTE & 1);
	return !look_up(recheck, subject_no);
}
