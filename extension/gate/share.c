/*
 * share.c
 *		What part of the subjects permit a purpose, for the planner.
 *
 * Subjects come in the order in which they were made, so the pages looked at
 * are spread evenly.  What was seen is remembered for a minute, or until there
 * are more pages: many queries are planned, and it is no more than a guess.
 */
#include "postgres.h"

#include "access/tableam.h"
#include "access/xact.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "gate/known.h"
#include "gate/share.h"
#include "ledger/store.h"
#include "ledger/tables.h"

#define PAGES_LOOKED_AT 32
#define REMEMBERED_FOR (60 * USECS_PER_SEC)
#define REMEMBERED_AT_ONCE 16

typedef struct Sample
{
	const Declared *declared;
	const Purpose *purpose;
	int			subjects;
	int			permitting;
} Sample;

/* What was seen of one purpose. */
typedef struct Remembered
{
	int64		version;		/* of the declarations; 0: nothing was seen */
	int			purpose;
	BlockNumber pages;
	TimestampTz since;
	double		share;
} Remembered;

static Remembered remembered[REMEMBERED_AT_ONCE];

static bool
permits_now(const Sample *sample, const Known *known)
{
	static const GateRow no_row;
	static const GateTime now;
	bool		by_row;
	cl_verdict	verdict = known_decide(sample->declared, sample->purpose, &no_row, &now, known, &by_row);

	return cl_verdict_permits(verdict, sample->purpose->opt_out);
}

static void
look_at_page(Sample *sample, TableScanDesc scan, BlockNumber page, TupleTableSlot *slot)
{
	ItemPointerData first;
	ItemPointerData last;

	CHECK_FOR_INTERRUPTS();
	ItemPointerSet(&first, page, FirstOffsetNumber);
	ItemPointerSet(&last, page, MaxOffsetNumber);
	table_rescan_tidrange(scan, &first, &last);
	while (table_scan_getnextslot_tidrange(scan, ForwardScanDirection, slot))
	{
		Known		known;

		slot_getallattrs(slot);
		known_from_values(slot->tts_values, slot->tts_isnull, &known);
		sample->subjects++;
		sample->permitting += permits_now(sample, &known);
	}
}

static void
look_at_some(Sample *sample, Relation subjects, BlockNumber pages)
{
	uint32		n = Min(pages, PAGES_LOOKED_AT);
	TupleTableSlot *slot = table_slot_create(subjects, NULL);
	ItemPointerData none;
	TableScanDesc scan;

	ItemPointerSet(&none, 0, FirstOffsetNumber);
	scan = table_beginscan_tidrange(subjects, GetActiveSnapshot(), &none, &none);
	for (uint32 i = 0; i < n; i++)
		look_at_page(sample, scan, (BlockNumber) ((uint64) pages * i / n), slot);
	table_endscan(scan);
	ExecDropSingleTupleTableSlot(slot);
}

/* Whoever was not looked at counts as half a subject, so that nothing is certain. */
static double
look(const Declared *d, const Purpose *purpose, Relation subjects, BlockNumber pages)
{
	static const Known nobody;
	Sample		sample = {d, purpose};
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "consent subjects, some",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);

	look_at_some(&sample, subjects, pages);
	if (sample.subjects == 0)
		sample.permitting = sample.subjects = permits_now(&sample, &nobody);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	return (sample.permitting + 0.5) / (sample.subjects + 1);
}

double
share_that_permits(const Declared *d, const Purpose *purpose)
{
	Remembered *seen = &remembered[purpose->index % REMEMBERED_AT_ONCE];
	Store	   *store = store_open("subject", AccessShareLock);
	BlockNumber pages = RelationGetNumberOfBlocks(store_relation(store));
	TimestampTz now = GetCurrentTransactionStartTimestamp();
	double		share = seen->share;

	if (seen->version != d->version || seen->purpose != purpose->index || seen->pages != pages ||
		now < seen->since || now - seen->since > REMEMBERED_FOR)
	{
		share = look(d, purpose, store_relation(store), pages);
		*seen = (Remembered) {d->version, purpose->index, pages, now, share};
	}
	store_close(store);
	return share;
}
