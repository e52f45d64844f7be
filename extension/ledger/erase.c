/*
 * erase.c
 *		Erase who a subject is, and keep what the ledger has to prove.
 *
 * The event comes first, under her commitment; then her key and salt go, and
 * the evidence of her events.  What is left cannot be tied to her any more,
 * but for a keyed hash by which a later question finds her denied.  The event
 * commits to that hash, so that nobody forgets her without being seen.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "ledger/detail.h"
#include "ledger/erase.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_erase_subject);

EraseHook	erase_hook = NULL;

static HeapTuple
fetch_subject(Store *store, const char *key)
{
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_text(&scankey, Anum_subject_key, key, strlen(key));
	scan = store_scan(store, "subject_key", GetActiveSnapshot(), 1, &scankey);
	tuple = store_next(scan);
	if (tuple)
		tuple = heap_copytuple(tuple);
	store_end(scan);
	return tuple;
}

static void
refuse_unknown(const char *key)
{
	ereport(ERROR,
			(errcode(ERRCODE_NO_DATA),
			 errmsg("unknown subject \"%s\"", key),
			 errdetail("The ledger holds nothing about this subject, or she is erased already.")));
}

/*
 * Find and lock her row, so that whoever records about her is either done, and
 * seen from now on, or comes after the erasure and finds nobody.
 */
static int64
lock_subject(const char *key)
{
	Store	   *store = store_open("subject", RowExclusiveLock);
	int64		subject_no = 0;
	bool		locked = false;

	while (!locked)
	{
		HeapTuple	tuple;
		bool		isnull;

		store_push_latest_snapshot();
		tuple = fetch_subject(store, key);
		if (!tuple)
			refuse_unknown(key);
		subject_no = DatumGetInt64(store_get(store, tuple, Anum_subject_subject_no, &isnull));
		locked = store_lock(store, tuple);
		store_pop_snapshot();
	}
	store_close(store);
	return subject_no;
}

/* Let others keep what they can only know from her salt. */
static void
keep_what_follows(const char *key)
{
	Store	   *store = store_open("subject", AccessShareLock);
	HeapTuple	tuple;
	bool		isnull;
	Datum		salt;

	store_push_latest_snapshot();
	tuple = fetch_subject(store, key);
	if (!tuple)
		refuse_unknown(key);
	salt = store_get(store, tuple, Anum_subject_salt, &isnull);
	if (erase_hook && !isnull)
		erase_hook(DatumGetInt64(store_get(store, tuple, Anum_subject_subject_no, &isnull)),
				   (uint8 *) VARDATA_ANY(DatumGetByteaPP(salt)));
	store_pop_snapshot();
	store_close(store);
}

/* The hash that is left of her, and what the event says of it. */
static char *
suppression_detail(const char *key, int64 subject_no, bytea *hash)
{
	bytea	   *secret;
	uint8		commitment[CL_HASH_BYTES];
	char		hex[2 * CL_HASH_BYTES + 1];
	cl_json_member members[] = {DETAIL("suppression", "")};

	store_push_latest_snapshot();
	secret = subject_suppression_key(GetActiveSnapshot());
	store_pop_snapshot();
	subject_suppression(secret, key, strlen(key), (uint8 *) VARDATA(hash));
	SET_VARSIZE(hash, VARHDRSZ + SUPPRESSION_BYTES);
	subject_commit_suppression(secret, subject_no, hash, commitment);
	cl_hex_encode(commitment, CL_HASH_BYTES, hex);
	members[0].value = hex;
	members[0].value_len = strlen(hex);
	return detail_json(members, lengthof(members));
}

/* Her key and salt, for the hash.  We hold the lock of her row. */
static void
forget_subject(const char *key, bytea *hash)
{
	Store	   *store = store_open("subject", RowExclusiveLock);
	Datum		values[Natts_subject] = {0};
	bool		isnull[Natts_subject] = {0};
	bool		replace[Natts_subject] = {0};
	HeapTuple	tuple;

	isnull[Anum_subject_key - 1] = replace[Anum_subject_key - 1] = true;
	isnull[Anum_subject_salt - 1] = replace[Anum_subject_salt - 1] = true;
	values[Anum_subject_suppression - 1] = PointerGetDatum(hash);
	replace[Anum_subject_suppression - 1] = true;
	store_push_latest_snapshot();
	tuple = fetch_subject(store, key);
	if (!tuple || !store_update(store, tuple, values, isnull, replace))
		elog(ERROR, "subject \"%s\" was changed by another transaction", key);
	store_pop_snapshot();
	store_close(store);
}

/* Delete the evidence of all events of a subject but this one. */
static void
forget_evidence(int64 subject_no, int64 but_of)
{
	Store	   *events = store_open("event_log", AccessShareLock);
	Store	   *store = store_open("evidence", RowExclusiveLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	event;

	store_push_latest_snapshot();
	store_key_int8(&key, Anum_event_log_subject_no, subject_no);
	scan = store_scan(events, "event_log_subject", GetActiveSnapshot(), 1, &key);
	while ((event = store_next(scan)) != NULL)
	{
		bool		isnull;
		int64		event_id = DatumGetInt64(store_get(events, event, Anum_event_log_event_id, &isnull));
		StoreScan  *found;
		HeapTuple	evidence;

		if (event_id == but_of)
			continue;
		store_key_int8(&key, Anum_evidence_event_id, event_id);
		found = store_scan(store, "evidence_pkey", GetActiveSnapshot(), 1, &key);
		evidence = store_next(found);
		if (evidence)
			store_delete(store, evidence);
		store_end(found);
	}
	store_end(scan);
	store_pop_snapshot();
	store_close(store);
	store_close(events);
}

/* How many are erased, so that a question looks for hashes only if it must. */
static void
count_erased(void)
{
	Store	   *store = store_open("ledger", RowExclusiveLock);
	bool		done = false;

	while (!done)
	{
		Datum		values[Natts_ledger] = {0};
		bool		isnull[Natts_ledger] = {0};
		bool		replace[Natts_ledger] = {0};
		StoreScan  *scan;
		HeapTuple	tuple;
		bool		null;

		store_push_latest_snapshot();
		scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
		tuple = heap_copytuple(store_next(scan));
		store_end(scan);
		values[Anum_ledger_erased_subjects - 1] =
			Int64GetDatum(DatumGetInt64(store_get(store, tuple, Anum_ledger_erased_subjects, &null)) + 1);
		replace[Anum_ledger_erased_subjects - 1] = true;
		done = store_update(store, tuple, values, isnull, replace);
		store_pop_snapshot();
	}
	store_close(store);
}

Datum
consent_erase_subject(PG_FUNCTION_ARGS)
{
	EventInput	event = {.kind = "subject_erased"};
	bytea	   *hash = palloc(VARHDRSZ + SUPPRESSION_BYTES);
	int64		subject_no;
	EventId		id;

	event.subject = intake_subject_argument(fcinfo, 0);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("actor cannot be NULL")));
	event.actor = text_to_cstring(PG_GETARG_TEXT_PP(1));
	event.method = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	event.evidence = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));

	subject_no = lock_subject(event.subject);
	event.detail = suppression_detail(event.subject, subject_no, hash);
	keep_what_follows(event.subject);
	id = intake_record(SEAL_CHOICES, &event);
	forget_subject(event.subject, hash);
	forget_evidence(subject_no, id.event_id);
	count_erased();
	PG_RETURN_INT64(id.event_id);
}
