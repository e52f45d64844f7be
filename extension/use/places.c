/*
 * places.c
 *		Where subjects stand in the prefix tree of a run.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/use_rows.h"
#include "ledger/declared.h"
#include "ledger/erase.h"
#include "ledger/tables.h"
#include "use/one_subject.h"
#include "use/places.h"
#include "use/run.h"
#include "use/tables.h"

#define STEPS 32				/* rows to pass over before a new search is cheaper */

struct Places
{
	cl_value	origin;
	int64		run_id;
	Snapshot	snapshot;
	Store	   *subjects;
	StoreScan  *scan;			/* in order of number; NULL before the first */
	HeapTuple	tuple;			/* where it is; NULL at the end */
	Store	   *erased;
};

Places *
places_begin(const char *origin, int64 run_id, Snapshot snapshot)
{
	Places	   *places = palloc0(sizeof(Places));

	places->origin = cl_string(origin);
	places->run_id = run_id;
	places->snapshot = snapshot;
	places->subjects = store_open("subject", AccessShareLock);
	places->erased = store_open("erased_use", AccessShareLock);
	return places;
}

void
places_end(Places *places)
{
	if (places->scan)
		store_end(places->scan);
	store_close(places->subjects);
	store_close(places->erased);
	pfree(places);
}

/* ---- salts ---- */

static int64
current_number(const Places *places)
{
	bool		isnull;

	return places->tuple ?
		DatumGetInt64(store_get(places->subjects, places->tuple, Anum_subject_subject_no, &isnull)) :
		PG_INT64_MAX;
}

/* Search anew for the first subject from a number on. */
static void
search(Places *places, int64 subject_no)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_subject_subject_no, BTGreaterEqualStrategyNumber, F_INT8GE,
				Int64GetDatum(subject_no));
	if (places->scan)
		store_rescan(places->scan, &key);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(places));

		places->scan = store_scan(places->subjects, "subject_pkey", places->snapshot, 1, &key);
		MemoryContextSwitchTo(old);
	}
	places->tuple = store_next(places->scan);
}

static bool
find_subject(Places *places, int64 subject_no)
{
	if (!places->scan || current_number(places) > subject_no)
		search(places, subject_no);
	for (int i = 0; i < STEPS && current_number(places) < subject_no; i++)
		places->tuple = store_next(places->scan);
	if (current_number(places) < subject_no)
		search(places, subject_no);
	return current_number(places) == subject_no;
}

static void
place_of_salt(cl_value origin, int64 run_id, const uint8 *salt, Place *place)
{
	if (cl_use_place(salt, origin, run_id, place->position, place->nonce) != CL_OK)
		elog(ERROR, "could not compute an HMAC");
}

/* ---- what was kept of the erased ---- */

static bool
copy_hash(Store *store, HeapTuple tuple, AttrNumber attno, uint8 *hash)
{
	bool		isnull;
	bytea	   *bytes = DatumGetByteaPP(store_get(store, tuple, attno, &isnull));

	if (VARSIZE_ANY_EXHDR(bytes) != CL_HASH_BYTES)
		return false;
	memcpy(hash, VARDATA_ANY(bytes), CL_HASH_BYTES);
	return true;
}

static bool
find_kept(Places *places, int64 subject_no, Place *place)
{
	ScanKeyData keys[2];
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		found;

	store_key_int8(&keys[0], Anum_erased_use_run_id, places->run_id);
	store_key_int8(&keys[1], Anum_erased_use_subject_no, subject_no);
	scan = store_scan(places->erased, "erased_use_pkey", places->snapshot, 2, keys);
	tuple = store_next(scan);
	found = tuple &&
		copy_hash(places->erased, tuple, Anum_erased_use_position, place->position) &&
		copy_hash(places->erased, tuple, Anum_erased_use_nonce, place->nonce);
	store_end(scan);
	return found;
}

PlaceStatus
places_find(Places *places, int64 subject_no, Place *place)
{
	bool		erased;
	Datum		salt;

	if (!find_subject(places, subject_no))
		return PLACE_OF_NOBODY;
	salt = store_get(places->subjects, places->tuple, Anum_subject_salt, &erased);
	if (erased || VARSIZE_ANY_EXHDR(DatumGetByteaPP(salt)) != CL_SALT_BYTES)
		return find_kept(places, subject_no, place) ? PLACE_KEPT : PLACE_LOST;
	place_of_salt(places->origin, places->run_id, (uint8 *) VARDATA_ANY(DatumGetByteaPP(salt)), place);
	return PLACE_OF_SALT;
}

/* ---- keeping ---- */

static Datum
hash_datum(const uint8 *hash)
{
	bytea	   *bytes = palloc(VARHDRSZ + CL_HASH_BYTES);

	SET_VARSIZE(bytes, VARHDRSZ + CL_HASH_BYTES);
	memcpy(VARDATA(bytes), hash, CL_HASH_BYTES);
	return PointerGetDatum(bytes);
}

void
places_keep(int64 run_id, int64 subject_no, const Place *place)
{
	Store	   *store = store_open("erased_use", RowExclusiveLock);
	Datum		values[Natts_erased_use];
	bool		isnull[Natts_erased_use] = {0};

	values[Anum_erased_use_run_id - 1] = Int64GetDatum(run_id);
	values[Anum_erased_use_subject_no - 1] = Int64GetDatum(subject_no);
	values[Anum_erased_use_position - 1] = hash_datum(place->position);
	values[Anum_erased_use_nonce - 1] = hash_datum(place->nonce);
	store_insert(store, values, isnull);
	store_close(store);
}

void
places_lock(void)
{
	store_close(store_open("erased_use", RowExclusiveLock));
}

/* She is about to be erased: keep her place in every run that used rows of hers. */
static void
keep_places(int64 subject_no, const uint8 *salt)
{
	cl_value	origin = cl_string(declared_get()->origin);
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "consent erased uses",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	Store	   *blocks;
	OneSubject *her;
	HerRun		run;

	store_close(store_open("erased_use", ShareRowExclusiveLock));
	store_push_latest_snapshot();
	blocks = store_open("manifest_block", AccessShareLock);
	her = one_subject_begin(blocks, subject_no);
	old = MemoryContextSwitchTo(each);
	while (one_subject_next_run(her, &run))
	{
		const char *table;
		Place		place;

		if (one_subject_next_table(her, &table) != NULL)
		{
			place_of_salt(origin, run.run_id, salt, &place);
			places_keep(run.run_id, subject_no, &place);
		}
		MemoryContextReset(each);
	}
	MemoryContextSwitchTo(old);
	one_subject_end(her);
	store_close(blocks);
	store_pop_snapshot();
	MemoryContextDelete(each);
}

void
places_init(void)
{
	erase_hook = keep_places;
}
