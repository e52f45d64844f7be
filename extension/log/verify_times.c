/*
 * verify_times.c
 *		The bounds that others' signatures set to the times of seals, for a pass
 *		over all of them.
 *
 * From below by the hash that a seal embeds; from above by the earliest that
 * anybody said of a checkpoint which covers it.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/bytes.h"
#include "log/verify_times.h"

/* A cosignature or time-stamp, by its hash. */
typedef struct Lower
{
	cl_hash		hash;
	TimestampTz at;
	char	   *name;
} Lower;

/* The same, by the size of its checkpoint: the earliest of this size or a larger one. */
typedef struct Upper
{
	int64		size;
	TimestampTz at;
	char	   *name;
} Upper;

struct VerifyTimes
{
	HTAB	   *lower;
	Upper	   *upper;			/* ascending by size */
	int64		n;
};

static void
add_row(VerifyTimes *times, Store *store, HeapTuple row, int64 size, int64 *room)
{
	bool		isnull;
	bytea	   *stored = DatumGetByteaPP(store_get(store, row, Anum_cosignature_hash, &isnull));
	char	   *name = TextDatumGetCString(store_get(store, row, Anum_cosignature_name, &isnull));
	TimestampTz not_before;
	TimestampTz not_after;
	cl_hash		hash;
	Lower	   *lower;

	if (!bound_times(store, row, &not_before, &not_after))
		return;					/* verify_bounds() names it */
	if (bytes_read_hash(stored, hash))
	{
		lower = hash_search(times->lower, hash, HASH_ENTER, NULL);
		lower->at = not_before;
		lower->name = name;
	}
	if (times->n == *room)
		times->upper = repalloc_huge(times->upper, (*room *= 2) * sizeof(Upper));
	times->upper[times->n++] = (Upper) {size, not_after, name};
}

VerifyTimes *
verify_times_begin(Verify *v)
{
	static const AttrNumber order[] = {Anum_cosignature_size, Anum_cosignature_bound_no};
	HASHCTL		control = {.keysize = sizeof(cl_hash), .entrysize = sizeof(Lower), .hcxt = CurrentMemoryContext};
	VerifyTimes *times = palloc0(sizeof(VerifyTimes));
	VerifyScan *scan = verify_scan(v, "cosignature", "cosignature_size", lengthof(order), order);
	int64		room = 64;
	HeapTuple	row;

	times->lower = hash_create("consent bounds", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	times->upper = palloc(room * sizeof(Upper));
	while ((row = verify_next(scan)) != NULL)
		add_row(times, verify_store(scan), row, verify_number(scan, row, Anum_cosignature_size), &room);
	verify_end(scan);
	for (int64 i = times->n - 2; i >= 0; i--)
		if (times->upper[i + 1].at < times->upper[i].at)
		{
			times->upper[i].at = times->upper[i + 1].at;
			times->upper[i].name = times->upper[i + 1].name;
		}
	return times;
}

/* The first of those whose checkpoint covers a leaf; NULL if none does. */
static const Upper *
find_upper(const VerifyTimes *times, int64 leaf)
{
	int64		low = 0;
	int64		high = times->n;

	while (low < high)
	{
		int64		middle = low + (high - low) / 2;

		if (times->upper[middle].size > leaf)
			high = middle;
		else
			low = middle + 1;
	}
	return low < times->n ? &times->upper[low] : NULL;
}

TimeBounds
verify_times_of(const VerifyTimes *times, const cl_seal *seal, int64 leaf)
{
	TimeBounds	bounds = {.not_before = PG_INT64_MIN, .not_after = PG_INT64_MAX};
	const Lower *lower = seal->has_bound ? hash_search(times->lower, seal->bound, HASH_FIND, NULL) : NULL;
	const Upper *upper = leaf >= 0 ? find_upper(times, leaf) : NULL;

	if (lower)
	{
		bounds.not_before = lower->at;
		bounds.not_before_by = lower->name;
	}
	if (upper)
	{
		bounds.not_after = upper->at;
		bounds.not_after_by = upper->name;
	}
	return bounds;
}

static char *
time_text(TimestampTz at)
{
	return verify_text(TimestampTzGetDatum(at), false, TIMESTAMPTZOID);
}

void
verify_times_report(Verify *v, const TimeBounds *bounds, const char *kind, const char *thing, TimestampTz at)
{
	if (bounds->not_before_by && at < bounds->not_before)
		verify_finding(v, kind, thing,
					   psprintf("recorded not before %s, since its seal embeds what %s said then",
								time_text(bounds->not_before), bounds->not_before_by),
					   psprintf("recorded at %s", time_text(at)));
	if (bounds->not_after_by && at > bounds->not_after)
		verify_finding(v, kind, thing,
					   psprintf("recorded by %s, since %s saw a checkpoint then that covers it",
								time_text(bounds->not_after), bounds->not_after_by),
					   psprintf("recorded at %s", time_text(at)));
}
