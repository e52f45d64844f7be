/*
 * whole.c
 *		Of whom may everything be used now?
 *
 * Numbers are drawn in turn, so a bit for each is little; who is not there, or
 * came later, has no bit set and is asked about.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "gate/known.h"
#include "gate/whole.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "settings.h"

/* Worth it if one subject in so many is asked about. */
#define SUBJECTS_PER_QUESTION 8

struct Whole
{
	const Declared *declared;
	const Purpose **purposes;
	int			npurposes;
	int64		nbits;
	uint8	   *permitted;
	uint8	   *by_row;
};

static bool
has_bit(const uint8 *bits, int64 n)
{
	return bits[n / BITS_PER_BYTE] >> n % BITS_PER_BYTE & 1;
}

static void
set_bit(uint8 *bits, int64 n)
{
	bits[n / BITS_PER_BYTE] |= 1 << n % BITS_PER_BYTE;
}

static void
look_at(Whole *whole, const Known *known)
{
	static const GateRow no_row;
	static const GateTime now;
	bool		permitted = true;
	bool		by_row = false;

	for (int i = 0; i < whole->npurposes; i++)
	{
		bool		this_by_row;
		cl_verdict	verdict = known_decide(whole->declared, whole->purposes[i], &no_row,
										   &now, known, &this_by_row);

		permitted &= cl_verdict_permits(verdict, whole->purposes[i]->opt_out);
		by_row |= this_by_row;
	}
	if (by_row)
		set_bit(whole->by_row, known->subject_no);
	else if (permitted)
		set_bit(whole->permitted, known->subject_no);
}

static void
look_at_all(Whole *whole, Store *subjects)
{
	TupleDesc	desc = RelationGetDescr(store_relation(subjects));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "consent subjects, all",
												  ALLOCSET_DEFAULT_SIZES);
	StoreScan  *scan = store_scan(subjects, NULL, GetActiveSnapshot(), 0, NULL);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	HeapTuple	tuple;

	while ((tuple = store_next(scan)) != NULL)
	{
		Datum		values[Natts_subject];
		bool		isnull[Natts_subject];
		Known		known;

		heap_deform_tuple(tuple, desc, values, isnull);
		known_from_values(values, isnull, &known);
		if (known.subject_no > 0 && known.subject_no < whole->nbits)
			look_at(whole, &known);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	store_end(scan);
	MemoryContextDelete(scratch);
}

static bool
is_worth_it(Store *subjects, double questions)
{
	BlockNumber pages;
	double		tuples;
	double		allvisfrac;

	if (setting_lookup != LOOKUP_AUTO)
		return setting_lookup == LOOKUP_LOADED;
	estimate_rel_size(store_relation(subjects), NULL, &pages, &tuples, &allvisfrac);
	return questions * SUBJECTS_PER_QUESTION >= tuples;
}

static uint8 *
make_bits(int64 n)
{
	return MemoryContextAllocExtended(CurrentMemoryContext, n / BITS_PER_BYTE + 1,
									  MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
}

Whole *
whole_begin(const Declared *d, const Purpose **purposes, int n, double questions)
{
	Store	   *subjects = store_open("subject", AccessShareLock);
	int64		greatest = subject_greatest_number(subjects);
	Whole	   *whole = NULL;

	if (is_worth_it(subjects, questions) &&
		greatest / BITS_PER_BYTE * 2 < (int64) get_hash_memory_limit())
	{
		whole = palloc(sizeof(Whole));
		whole->declared = d;
		whole->purposes = memcpy(palloc(Max(n, 1) * sizeof(Purpose *)), purposes, n * sizeof(Purpose *));
		whole->npurposes = n;
		whole->nbits = greatest + 1;
		whole->permitted = make_bits(whole->nbits);
		whole->by_row = make_bits(whole->nbits);
		look_at_all(whole, subjects);
	}
	store_close(subjects);
	return whole;
}

bool
whole_is_for(const Whole *whole, const Purpose **purposes, int n)
{
	return whole->npurposes == n && memcmp(whole->purposes, purposes, n * sizeof(Purpose *)) == 0;
}

bool
whole_permits(const Whole *whole, int64 subject_no)
{
	return subject_no < whole->nbits && has_bit(whole->permitted, subject_no);
}

bool
whole_by_row(const Whole *whole, int64 subject_no)
{
	return subject_no >= whole->nbits || has_bit(whole->by_row, subject_no);
}

int64
whole_next_other(const Whole *whole, int64 from)
{
	while (from < whole->nbits && has_bit(whole->permitted, from))
	{
		if (from % BITS_PER_BYTE == 0 && whole->permitted[from / BITS_PER_BYTE] == PG_UINT8_MAX)
			from += BITS_PER_BYTE;
		else
			from++;
	}
	return from;
}
