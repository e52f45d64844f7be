/*
 * ranged.c
 *		Whose verdicts can depend on when a row was collected?
 *
 * A choice with a data range never leaves a state, so the current states tell
 * about all times.  For subjects with choices about tables or rows, whose
 * states are elsewhere, the answer is yes.
 */
#include "postgres.h"

#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "type/consent.h"
#include "use/ranged.h"

struct Ranged
{
	bool		everybody;
	int64		last_subject;
	bool		last_answer;
	Store	   *subjects;
	StoreScan  *scan;			/* reused for each subject */
	MemoryContext context;
};

Ranged *
ranged_begin(void)
{
	const Declared *d = declared_get();
	Ranged	   *ranged = palloc0(sizeof(Ranged));

	for (int i = 0; i < d->npresets; i++)
		ranged->everybody |= d->presets[i].choice.has_range;
	ranged->context = CurrentMemoryContext;
	ranged->last_subject = -1;
	ranged->subjects = store_open("subject", AccessShareLock);
	return ranged;
}

void
ranged_end(Ranged *ranged)
{
	if (ranged->scan)
		store_end(ranged->scan);
	store_close(ranged->subjects);
	pfree(ranged);
}

static bool
state_has_range(const Consent *state)
{
	ConsentIterator it;
	cl_choice	choice;

	consent_iterate(state, &it);
	while (consent_next(&it, &choice))
		if (choice.has_range)
			return true;
	return false;
}

static bool
look_up(Ranged *ranged, int64 subject_no)
{
	ScanKeyData key;
	HeapTuple	tuple;
	bool		isnull;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	if (ranged->scan)
		store_rescan(ranged->scan, &key);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(ranged->context);

		ranged->scan = store_scan(ranged->subjects, "subject_pkey",
							  GetActiveSnapshot(), 1, &key);
		MemoryContextSwitchTo(old);
	}
	tuple = store_next(ranged->scan);
	if (!tuple)
		return false;
	return DatumGetBool(store_get(ranged->subjects, tuple, Anum_subject_scoped, &isnull)) ||
		state_has_range(DatumGetConsentPP(store_get(ranged->subjects, tuple,
													Anum_subject_state, &isnull)));
}

bool
ranged_subject(Ranged *ranged, int64 subject_no)
{
	if (ranged->everybody)
		return true;
	if (subject_no != ranged->last_subject)
		ranged->last_answer = look_up(ranged, subject_no);
	ranged->last_subject = subject_no;
	return ranged->last_answer;
}
