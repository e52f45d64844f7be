/*
 * state_queue.c
 *		What the slices of a statement do to states of known subjects, kept
 *		until it is written.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/slice.h"
#include "ledger/state_queue.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"

#define QUEUE_BYTES ((Size) 16 * 1024 * 1024)

/* What is to be merged into a subject's row, and where that was found. */
typedef struct QueuedChange
{
	SubjectState merge;
	ItemPointerData place;
} QueuedChange;

typedef struct QueuedState
{
	int64		subject_no;
	QueuedChange *change;
	char		status;
} QueuedState;

#define SH_PREFIX queued
#define SH_ELEMENT_TYPE QueuedState
#define SH_KEY_TYPE int64
#define SH_KEY subject_no
#define SH_HASH_KEY(table, key) subject_number_hash(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct StateQueue
{
	MemoryContext context;
	queued_hash *changes;
	bool		strangers;		/* nobody in the slice before was known */
	bool		misled;			/* after such a slice somebody was, once */
};

StateQueue *
state_queue_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent states to be written",
												  ALLOCSET_DEFAULT_SIZES);
	StateQueue *queue = MemoryContextAllocZero(parent, sizeof(StateQueue));

	queue->context = context;
	queue->changes = queued_create(context, EVENTS_PER_SEAL, NULL);
	return queue;
}

bool
state_queue_is_full(const StateQueue *queue)
{
	return MemoryContextMemAllocated(queue->context, true) > Max(QUEUE_BYTES, get_hash_memory_limit());
}

bool
state_queue_met_strangers(const StateQueue *queue)
{
	return queue->strangers;
}

void
state_queue_note_strangers(StateQueue *queue, bool strangers)
{
	queue->misled |= queue->strangers && !strangers;
	queue->strangers = strangers && !queue->misled;
}

/* ---- filling ---- */

void
state_queue_add(StateQueue *queue, int64 subject_no, ItemPointer place, const SubjectState *merge)
{
	bool		found;
	QueuedState *queued = queued_insert(queue->changes, subject_no, &found);
	SubjectState before;
	SubjectState *kept;
	MemoryContext old;

	if (!found)
	{
		queued->change = MemoryContextAlloc(queue->context, sizeof(QueuedChange));
		queued->change->merge = subject_state_empty();
	}
	queued->change->place = *place;
	kept = &queued->change->merge;
	before = *kept;
	subject_state_merge(kept, merge);
	old = MemoryContextSwitchTo(queue->context);
	if (kept->state != before.state || !found)
	{
		kept->state = memcpy(palloc(VARSIZE_ANY(kept->state)), kept->state, VARSIZE_ANY(kept->state));
		if (found)
			pfree(before.state);
	}
	if (kept->jurisdiction != before.jurisdiction)
	{
		kept->jurisdiction = pstrdup(kept->jurisdiction);
		if (before.jurisdiction)
			pfree(before.jurisdiction);
	}
	MemoryContextSwitchTo(old);
}

/* ---- writing ---- */

static HeapTuple
find_by_number(Store *subjects, StoreScan **scan, int64 subject_no)
{
	ScanKeyData key;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	if (*scan)
		store_rescan(*scan, &key);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(subjects));

		*scan = store_scan(subjects, "subject_pkey", GetActiveSnapshot(), 1, &key);
		MemoryContextSwitchTo(old);
	}
	return store_next(*scan);
}

/* Where it was found, unless it was changed since: then by its number. */
static HeapTuple
find_queued(Store *subjects, StoreScan **scan, const QueuedState *queued)
{
	HeapTuple	tuple = store_row_at(subjects, &queued->change->place, GetActiveSnapshot());

	if (tuple && subject_state_number(subjects, tuple) == queued->subject_no)
		return tuple;
	return find_by_number(subjects, scan, queued->subject_no);
}

/* Her row as it is now, merged or locked; false if somebody changed it meanwhile. */
static bool
write_queued(Store *subjects, StoreScan **scan, const QueuedState *queued)
{
	HeapTuple	tuple = find_queued(subjects, scan, queued);
	SubjectState s = {0};
	bool		erased = true;

	if (tuple)
		(void) store_get(subjects, tuple, Anum_subject_key, &erased);
	if (erased)
		subject_state_refuse_erased();
	subject_state_read(subjects, tuple, &s);
	return subject_state_merge(&s, &queued->change->merge) ?
		subject_state_write(subjects, tuple, &s) : store_lock(subjects, tuple);
}

static void
write_queued_again(Store *subjects, const QueuedState *queued)
{
	bool		done;

	do
	{
		StoreScan  *scan = NULL;

		store_push_latest_snapshot();
		done = write_queued(subjects, &scan, queued);
		if (scan)
			store_end(scan);
		store_pop_snapshot();
	} while (!done);
}

static int
compare_queued(const void *a, const void *b)
{
	int64		na = (*(QueuedState *const *) a)->subject_no;
	int64		nb = (*(QueuedState *const *) b)->subject_no;

	return na < nb ? -1 : na > nb;
}

static QueuedState **
sort_queued(StateQueue *queue)
{
	QueuedState **sorted = palloc(Max(queue->changes->members, 1) * sizeof(QueuedState *));
	queued_iterator it;
	QueuedState *queued;
	int			n = 0;

	queued_start_iterate(queue->changes, &it);
	while ((queued = queued_iterate(queue->changes, &it)) != NULL)
		sorted[n++] = queued;
	qsort(sorted, n, sizeof(QueuedState *), compare_queued);
	return sorted;
}

void
state_queue_write(StateQueue *queue)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent states",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	MemoryContext each = AllocSetContextCreate(work, "consent state", ALLOCSET_DEFAULT_SIZES);
	QueuedState **sorted = sort_queued(queue);
	Store	   *subjects = store_open("subject", RowExclusiveLock);
	StoreScan  *scan = NULL;

	store_push_latest_snapshot();
	for (uint32 i = 0; i < queue->changes->members; i++)
	{
		MemoryContextSwitchTo(each);
		if (!write_queued(subjects, &scan, sorted[i]))
			write_queued_again(subjects, sorted[i]);
		MemoryContextSwitchTo(work);
		MemoryContextReset(each);
	}
	if (scan)
		store_end(scan);
	store_pop_snapshot();
	store_close(subjects);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	MemoryContextReset(queue->context);
	queue->changes = queued_create(queue->context, EVENTS_PER_SEAL, NULL);
}
