/*
 * bounds.c
 *		What others said of our checkpoints, and when: the bounds of time.
 *
 * Later seals embed the hash of the newest, so it must be known which one that
 * is: one transaction at a time numbers them.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "core/timestamp.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/bytes.h"

static int64
newest_bound(Store *store)
{
	StoreScan  *scan = store_scan(store, "cosignature_pkey", GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple = store_previous(scan);
	bool		isnull;
	int64		bound_no = tuple ? DatumGetInt64(store_get(store, tuple, Anum_cosignature_bound_no, &isnull)) : 0;

	store_end(scan);
	return bound_no;
}

/* Is a row with this hash there? */
static bool
is_kept(Store *store, const uint8 *hash)
{
	ScanKeyData key;
	StoreScan  *scan;
	bool		kept;

	store_key_bytea(&key, Anum_cosignature_hash, DatumGetByteaP(bytes_datum(hash, CL_HASH_BYTES)));
	scan = store_scan(store, "cosignature_hash", GetActiveSnapshot(), 1, &key);
	kept = store_next(scan) != NULL;
	store_end(scan);
	return kept;
}

static void
insert_bound(Store *store, int64 size, const char *kind, const char *name,
			 TimestampTz stated_time, cl_value evidence, const uint8 *hash)
{
	Datum		values[Natts_cosignature];
	bool		isnull[Natts_cosignature] = {0};

	values[Anum_cosignature_bound_no - 1] = Int64GetDatum(newest_bound(store) + 1);
	values[Anum_cosignature_size - 1] = Int64GetDatum(size);
	values[Anum_cosignature_kind - 1] = CStringGetTextDatum(kind);
	values[Anum_cosignature_name - 1] = CStringGetTextDatum(name);
	values[Anum_cosignature_stated_time - 1] = TimestampTzGetDatum(stated_time);
	values[Anum_cosignature_evidence - 1] = bytes_datum(evidence.data, evidence.len);
	values[Anum_cosignature_hash - 1] = bytes_datum(hash, CL_HASH_BYTES);
	values[Anum_cosignature_accepted_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	store_insert(store, values, isnull);
}

bool
bound_accept(int64 size, const char *kind, const char *name, TimestampTz stated_time, cl_value evidence)
{
	Store	   *store = store_open("cosignature", ShareRowExclusiveLock);
	cl_part		part = {evidence.data, evidence.len};
	cl_hash		hash;
	bool		is_new;

	intake_claimed_time(stated_time);
	if (cl_sha256(&part, 1, hash) != CL_OK)
		elog(ERROR, "could not compute a hash");
	store_push_latest_snapshot();
	is_new = !is_kept(store, hash);
	if (is_new)
		insert_bound(store, size, kind, name, stated_time, evidence, hash);
	store_pop_snapshot();
	store_close(store);
	return is_new;
}

bool
bound_times(Store *store, HeapTuple row, TimestampTz *not_before, TimestampTz *not_after)
{
	bool		isnull;
	char	   *kind = TextDatumGetCString(store_get(store, row, Anum_cosignature_kind, &isnull));
	bytea	   *evidence;
	cl_timestamp stamp;

	if (strcmp(kind, BOUND_TIMESTAMP) != 0)
	{
		/* A witness states whole seconds. */
		*not_before = DatumGetTimestampTz(store_get(store, row, Anum_cosignature_stated_time, &isnull));
		*not_after = *not_before + USECS_PER_SEC;
		return true;
	}
	evidence = DatumGetByteaPP(store_get(store, row, Anum_cosignature_evidence, &isnull));
	if (cl_timestamp_read(VARDATA_ANY(evidence), VARSIZE_ANY_EXHDR(evidence), &stamp) != CL_TIMESTAMP_OK)
		return false;
	*not_before = stamp.not_before;
	*not_after = stamp.not_after;
	return true;
}
