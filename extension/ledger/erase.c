/*
 * erase.c
 *		Erase who a subject is, and keep what the ledger has to prove.
 *
 * The event comes first, under her commitment; then her key and salt go, and
 * the evidence of her events.  What is left cannot be tied to her any more,
 * but for a keyed hash by which a later question finds her denied.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

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

/* Her key and salt, for the hash; false if the row changed meanwhile. */
static bool
empty_subject(Store *store, HeapTuple tuple, const char *key)
{
	Datum		values[Natts_subject] = {0};
	bool		isnull[Natts_subject] = {0};
	bool		replace[Natts_subject] = {0};
	bytea	   *hash = palloc(VARHDRSZ + SUPPRESSION_BYTES);

	subject_suppression(GetActiveSnapshot(), key, strlen(key), (uint8 *) VARDATA(hash));
	SET_VARSIZE(hash, VARHDRSZ + SUPPRESSION_BYTES);
	isnull[Anum_subject_key - 1] = replace[Anum_subject_key - 1] = true;
	isnull[Anum_subject_salt - 1] = replace[Anum_subject_salt - 1] = true;
	values[Anum_subject_suppression - 1] = PointerGetDatum(hash);
	replace[Anum_subject_suppression - 1] = true;
	return store_update(store, tuple, values, isnull, replace);
}

/* An earlier subject of the same key was erased: its hash gives way to hers. */
static void
release_suppression(Store *store, const char *key)
{
	bytea	   *hash = palloc(VARHDRSZ + SUPPRESSION_BYTES);
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;
	Datum		values[Natts_subject] = {0};
	bool		isnull[Natts_subject] = {0};
	bool		replace[Natts_subject] = {0};

	subject_suppression(GetActiveSnapshot(), key, strlen(key), (uint8 *) VARDATA(hash));
	SET_VARSIZE(hash, VARHDRSZ + SUPPRESSION_BYTES);
	store_key_bytea(&scankey, Anum_subject_suppression, hash);
	scan = store_scan(store, "subject_suppression", GetActiveSnapshot(), 1, &scankey);
	tuple = store_next(scan);
	isnull[Anum_subject_suppression - 1] = replace[Anum_subject_suppression - 1] = true;
	if (tuple && !store_update(store, heap_copytuple(tuple), values, isnull, replace))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("subject was changed by another transaction meanwhile"),
				 errhint("Retry the transaction.")));
	store_end(scan);
}

static int64
forget_subject(const char *key)
{
	Store	   *store = store_open("subject", RowExclusiveLock);
	int64		subject_no = 0;
	bool		done = false;

	while (!done)
	{
		HeapTuple	tuple;
		bool		isnull;

		store_push_latest_snapshot();
		tuple = fetch_subject(store, key);
		if (!tuple)
			refuse_unknown(key);
		subject_no = DatumGetInt64(store_get(store, tuple, Anum_subject_subject_no, &isnull));
		release_suppression(store, key);
		done = empty_subject(store, tuple, key);
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

/* Delete the evidence of all events of a subject. */
static void
forget_evidence(int64 subject_no)
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
		StoreScan  *found;
		HeapTuple	evidence;

		store_key_int8(&key, Anum_evidence_event_id,
					   DatumGetInt64(store_get(events, event, Anum_event_log_event_id, &isnull)));
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
	SubjectRow	row;
	EventId		id;

	event.subject = intake_subject_argument(fcinfo, 0);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("actor cannot be NULL")));
	event.actor = text_to_cstring(PG_GETARG_TEXT_PP(1));
	event.method = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	event.evidence = PG_ARGISNULL(3) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(3));

	store_push_latest_snapshot();
	if (!subject_find(event.subject, strlen(event.subject), GetActiveSnapshot(), &row) || row.erased)
		refuse_unknown(event.subject);
	store_pop_snapshot();
	count_erased();
	keep_what_follows(event.subject);
	forget_evidence(row.subject_no);
	id = intake_record(SEAL_CHOICES, &event);
	forget_subject(event.subject);
	PG_RETURN_INT64(id.event_id);
}
