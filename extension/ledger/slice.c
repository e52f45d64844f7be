/*
 * slice.c
 *		Up to 4096 events of one statement, written and sealed together.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "core/merkle.h"
#include "core/seal.h"
#include "ledger/event.h"
#include "ledger/head.h"
#include "ledger/settle.h"
#include "ledger/signer.h"
#include "ledger/slice.h"
#include "ledger/state.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "type/consent.h"


#define NONCES_AT_ONCE 64

struct Slice
{
	SealKind	kind;
	const Declared *declared;
	LogHead		head;			/* as the first event found it: none was recorded before the bound */
	int64		seal_no;
	int			count;
	int			allocated;
	bool		has_evidence;
	SliceEvent *events;
	int			nonces_left;	/* random bytes are drawn for many events at once */
	uint8		nonces[NONCES_AT_ONCE][CL_NONCE_BYTES];
	int16	   *by_external;	/* hash of external ids: place + 1, or NULL */
};

#define EXTERNAL_BUCKETS (2 * EVENTS_PER_SEAL)

static const char *const kind_names[] = {"choices", "declarations", "run"};

Slice *
slice_begin(SealKind kind, const Declared *d)
{
	Slice	   *slice = palloc0(sizeof(Slice));

	slice->kind = kind;
	slice->declared = d;
	signer_hold_seal_key();
	slice->seal_no = store_nextval(store_relid("seal_no_seq"));
	head_read(&slice->head);
	slice->allocated = 1;
	slice->events = palloc(sizeof(SliceEvent));
	return slice;
}

SliceEvent *
slice_add(Slice *slice, int64 *event_id)
{
	SliceEvent *event;

	if (slice->count == slice->allocated)
	{
		slice->allocated = Min(slice->allocated * 4, EVENTS_PER_SEAL);
		slice->events = repalloc(slice->events, slice->allocated * sizeof(SliceEvent));
	}
	*event_id = slice->seal_no * EVENTS_PER_SEAL + slice->count;
	event = &slice->events[slice->count++];
	memset(event, 0, sizeof(SliceEvent));
	return event;
}

const uint8 *
slice_nonce(Slice *slice)
{
	if (slice->nonces_left == 0)
	{
		slice->nonces_left = slice->count == 1 ? 1 : NONCES_AT_ONCE;
		if (cl_random(slice->nonces, slice->nonces_left * CL_NONCE_BYTES) != CL_OK)
			elog(ERROR, "no random bytes to be had");
	}
	return slice->nonces[--slice->nonces_left];
}

bool
slice_is_full(const Slice *slice)
{
	return slice->count == EVENTS_PER_SEAL;
}

void
slice_evidence_hmac(const uint8 *salt, const char *evidence, uint8 *hmac)
{
	cl_part		parts[2] = {
		{CL_COMMIT_EVIDENCE, strlen(CL_COMMIT_EVIDENCE)},
		{evidence, strlen(evidence)}
	};

	if (cl_commit(salt, CL_SALT_BYTES, parts, 2, hmac) != CL_OK)
		elog(ERROR, "could not compute an HMAC");
}

/* ---- external ids ---- */

static bool
same_string(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
same_text(const char *given, Datum stored, bool stored_isnull)
{
	text	   *t;

	if (stored_isnull || !given)
		return stored_isnull && !given;
	t = DatumGetTextPP(stored);
	return VARSIZE_ANY_EXHDR(t) == strlen(given) &&
		memcmp(VARDATA_ANY(t), given, strlen(given)) == 0;
}

/*
 * The same times and choices?  They are what the input would have come to,
 * had it been recorded when the stored event was.
 */
static bool
same_settled(const EventInput *in, const Datum *values, const bool *isnull)
{
	Settled		settled = settle_event(in, DatumGetTimestampTz(values[Anum_event_log_recorded_at - 1]));

	if (settled.event_time != DatumGetTimestampTz(values[Anum_event_log_event_time - 1]) ||
		(settled.choices == NULL) != isnull[Anum_event_log_choices - 1])
		return false;
	return settled.choices == NULL ||
		consent_equal(settled.choices, DatumGetConsentPP(values[Anum_event_log_choices - 1]));
}

/* Is she known by this key, or was she before she was erased? */
static bool
same_subject(const EventInput *in, const Datum *values, const bool *isnull)
{
	Store	   *store;
	ScanKeyData scankey;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		same = false;

	if (isnull[Anum_event_log_subject_no - 1] || !in->subject)
		return isnull[Anum_event_log_subject_no - 1] && !in->subject;
	store = store_open("subject", AccessShareLock);
	store_key_int8(&scankey, Anum_subject_subject_no,
				   DatumGetInt64(values[Anum_event_log_subject_no - 1]));
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &scankey);
	tuple = store_next(scan);
	if (tuple)
	{
		bool		erased;
		Datum		stored = store_get(store, tuple, Anum_subject_key, &erased);

		same = erased ? subject_was_known_as(store, tuple, in->subject) :
			same_text(in->subject, stored, false);
	}
	store_end(scan);
	store_close(store);
	return same;
}

/* Evidence is compared by its HMAC; erased evidence cannot differ any more. */
static bool
same_evidence(const EventInput *in, const Datum *values, const bool *isnull)
{
	bool		had = !isnull[Anum_event_log_evidence_hmac - 1];
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		same;

	if (!had || !in->evidence)
		return !had && !in->evidence;
	store = store_open("evidence", AccessShareLock);
	store_key_int8(&key, Anum_evidence_event_id,
				   DatumGetInt64(values[Anum_event_log_event_id - 1]));
	scan = store_scan(store, "evidence_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	same = true;
	if (tuple)
	{
		bool		null;
		Datum		body = store_get(store, tuple, Anum_evidence_body, &null);

		same = same_text(in->evidence, body, null);
	}
	store_end(scan);
	store_close(store);
	return same;
}

/* All but the subject and the evidence. */
static bool
same_content(const EventInput *in, const char *table_name,
			 const Datum *values, const bool *isnull)
{
#define SAME(given, attno) \
	same_text(given, values[(attno) - 1], isnull[(attno) - 1])

	return SAME(in->kind, Anum_event_log_kind) &&
		SAME(in->actor, Anum_event_log_actor) &&
		SAME(in->method, Anum_event_log_method) &&
		SAME(in->notice, Anum_event_log_notice) &&
		SAME(in->jurisdiction, Anum_event_log_jurisdiction) &&
		SAME(table_name, Anum_event_log_table_name) &&
		SAME(in->row_key, Anum_event_log_row_key) &&
		SAME(in->detail, Anum_event_log_detail) &&
		same_settled(in, values, isnull);
#undef SAME
}

static void
refuse_other_content(const EventInput *in, int64 event_id)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNIQUE_VIOLATION),
			 errmsg("external id \"%s\" of source \"%s\" is taken by another event",
					in->external_id, in->source ? in->source : ""),
			 errdetail("Event " INT64_FORMAT " has it, with other content.", event_id),
			 errhint("Repeat an event exactly, or give a new one an external id of its own.")));
}

static void
repeated_event(const Datum *values, EventId *id)
{
	id->event_id = DatumGetInt64(values[Anum_event_log_event_id - 1]);
	id->event_time = DatumGetTimestampTz(values[Anum_event_log_event_time - 1]);
	id->recorded_at = DatumGetTimestampTz(values[Anum_event_log_recorded_at - 1]);
	id->repeated = true;
}

/* The bucket that holds an external id, or the empty one where it would go. */
static int16 *
external_bucket(Slice *slice, const char *source, const char *external_id)
{
	uint32		hash = hash_combine(string_hash(source, strlen(source) + 1),
									string_hash(external_id, strlen(external_id) + 1));

	for (;; hash++)
	{
		int16	   *bucket = &slice->by_external[hash % EXTERNAL_BUCKETS];
		SliceEvent *event = &slice->events[*bucket - 1];

		if (*bucket == 0 ||
			(same_text(external_id, event->values[Anum_event_log_external_id - 1], false) &&
			 same_text(source, event->values[Anum_event_log_source - 1], false)))
			return bucket;
	}
}

void
slice_note_external(Slice *slice, const char *source, const char *external_id)
{
	if (!slice->by_external)
		slice->by_external = palloc0(EXTERNAL_BUCKETS * sizeof(int16));
	*external_bucket(slice, source ? source : "", external_id) = slice->count;
}

bool
slice_find_external(Slice *slice, const EventInput *in,
					const char *table_name, EventId *id)
{
	SliceEvent *event;
	int16		place;

	if (!slice->by_external)
		return false;
	place = *external_bucket(slice, in->source ? in->source : "", in->external_id);
	if (place == 0)
		return false;
	event = &slice->events[place - 1];
	if (!same_string(in->subject, event->subject) ||
		!same_string(in->evidence, event->evidence) ||
		!same_content(in, table_name, event->values, event->isnull))
		refuse_other_content(in, DatumGetInt64(event->values[0]));
	repeated_event(event->values, id);
	return true;
}

bool
slice_find_external_stored(const EventInput *in, const char *table_name, EventId *id)
{
	const char *source = in->source ? in->source : "";
	Store	   *store = store_open("event_log", AccessShareLock);
	ScanKeyData keys[2];
	StoreScan  *scan;
	HeapTuple	tuple;

	store_push_latest_snapshot();
	store_key_text(&keys[0], Anum_event_log_source, source, strlen(source));
	store_key_text(&keys[1], Anum_event_log_external_id,
				   in->external_id, strlen(in->external_id));
	scan = store_scan(store, "event_log_external", GetActiveSnapshot(), 2, keys);
	tuple = store_next(scan);
	if (tuple)
	{
		Datum		values[Natts_event_log];
		bool		isnull[Natts_event_log];

		heap_deform_tuple(tuple, RelationGetDescr(store_relation(store)), values, isnull);
		repeated_event(values, id);
		if (!same_subject(in, values, isnull) ||
			!same_evidence(in, values, isnull) ||
			!same_content(in, table_name, values, isnull))
			refuse_other_content(in, id->event_id);
	}
	store_end(scan);
	store_pop_snapshot();
	store_close(store);
	return tuple != NULL;
}

/* ---- writing ---- */

static void
refuse_lost_race(void *slice, int n)
{
	SliceEvent *event = &((Slice *) slice)->events[n];

	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("external id \"%s\" was recorded by another transaction meanwhile",
					TextDatumGetCString(event->values[Anum_event_log_external_id - 1])),
			 errhint("Retry the transaction.")));
}

static void
write_events(Slice *slice)
{
	Store	   *store = store_open("event_log", RowExclusiveLock);
	StoreRow   *rows = palloc(slice->count * sizeof(StoreRow));

	for (int i = 0; i < slice->count; i++)
		rows[i] = (StoreRow) {slice->events[i].values, slice->events[i].isnull};
	if (slice->by_external)
		store_refuse_with(store, "event_log_external", refuse_lost_race, slice);
	store_insert_rows(store, rows, slice->count);
	store_close(store);
}

static void
write_evidence(Slice *slice)
{
	Store	   *store;

	if (!slice->has_evidence)
		return;
	store = store_open("evidence", RowExclusiveLock);
	for (int i = 0; i < slice->count; i++)
	{
		SliceEvent *event = &slice->events[i];
		Datum		values[Natts_evidence];
		bool		isnull[Natts_evidence] = {0};
		bytea	   *salt;

		if (!event->evidence)
			continue;
		salt = palloc(VARHDRSZ + CL_SALT_BYTES);
		SET_VARSIZE(salt, VARHDRSZ + CL_SALT_BYTES);
		memcpy(VARDATA(salt), event->evidence_salt, CL_SALT_BYTES);
		values[Anum_evidence_event_id - 1] = event->values[Anum_event_log_event_id - 1];
		values[Anum_evidence_salt - 1] = PointerGetDatum(salt);
		values[Anum_evidence_body - 1] = CStringGetTextDatum(event->evidence);
		store_queue(store, values, isnull);
	}
	store_flush(store);
	store_close(store);
}

/* Merkle root over the canonical bytes of the events. */
static void
slice_root(Slice *slice, uint8 *root)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "consent event bytes",
												  ALLOCSET_DEFAULT_SIZES);
	char	   *bytes = palloc(CL_EVENT_MAX);
	uint8	   *leaves = palloc(slice->count * CL_HASH_BYTES);

	for (int i = 0; i < slice->count; i++)
	{
		SliceEvent *event = &slice->events[i];
		MemoryContext old = MemoryContextSwitchTo(scratch);
		size_t		len = event_encode_row(event->values, event->isnull,
										   bytes, CL_EVENT_MAX);

		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
		if (len > CL_EVENT_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("an event is too large: %zu bytes", len),
					 event->subject ?
					 errdetail("It is about subject \"%s\". The canonical form of an event has at most %d bytes.",
							   event->subject, CL_EVENT_MAX) :
					 errdetail("The canonical form of an event has at most %d bytes.", CL_EVENT_MAX),
					 errhint("Put what is long into evidence.")));
		if (len == 0 ||
			cl_merkle_leaf(bytes, len, leaves + i * CL_HASH_BYTES) != CL_OK)
			elog(ERROR, "could not hash an event");
	}
	if (cl_merkle_root(leaves, slice->count, root) != CL_OK)
		elog(ERROR, "could not hash events");
	MemoryContextDelete(scratch);
}

static Datum
bytes_datum(const uint8 *bytes, size_t len)
{
	bytea	   *copy = palloc(VARHDRSZ + len);

	SET_VARSIZE(copy, VARHDRSZ + len);
	memcpy(VARDATA(copy), bytes, len);
	return PointerGetDatum(copy);
}

static char *
seal_text(Slice *slice, const uint8 *root)
{
	cl_seal		seal = {0};
	char	   *text = palloc(CL_SEAL_MAX);
	const LogHead *head = &slice->head;

	seal.origin = slice->declared->origin;
	seal.origin_len = strlen(seal.origin);
	seal.kind = (cl_seal_kind) slice->kind;
	seal.number = slice->seal_no;
	seal.count = slice->count;
	memcpy(seal.root, root, CL_HASH_BYTES);
	seal.time = DatumGetTimestampTz(slice->events[slice->count - 1].values[Anum_event_log_recorded_at - 1]);
	seal.checkpoint_size = head->size;
	memcpy(seal.checkpoint_root, head->root, CL_HASH_BYTES);
	seal.has_bound = head->has_bound;
	if (head->has_bound)
		memcpy(seal.bound, head->bound, CL_HASH_BYTES);
	if (cl_seal_format(&seal, text, CL_SEAL_MAX) == 0)
		elog(ERROR, "could not write the text of a seal");
	return text;
}

static void
write_seal(Slice *slice)
{
	Store	   *store;
	uint8		root[CL_HASH_BYTES];
	Datum		values[Natts_seal];
	bool		isnull[Natts_seal] = {0};

	slice_root(slice, root);
	values[Anum_seal_seal_no - 1] = Int64GetDatum(slice->seal_no);
	values[Anum_seal_kind - 1] = CStringGetTextDatum(kind_names[slice->kind]);
	values[Anum_seal_count - 1] = Int32GetDatum(slice->count);
	values[Anum_seal_root - 1] = bytes_datum(root, CL_HASH_BYTES);
	values[Anum_seal_note - 1] =
		CStringGetTextDatum(signer_sign(slice->declared, KEY_SEAL,
										seal_text(slice, root)));
	store = store_open("seal", RowExclusiveLock);
	store_insert(store, values, isnull);
	store_close(store);

	store = store_open("seal_pending", RowExclusiveLock);
	store_insert(store, values, isnull);
	store_close(store);
}

void
slice_write(Slice *slice, StateQueue *queue, bool running)
{
	for (int i = 0; i < slice->count; i++)
		slice->has_evidence |= slice->events[i].evidence != NULL;
	state_apply(slice->declared, slice->events, slice->count, queue, running);
	write_events(slice);
	write_evidence(slice);
	write_seal(slice);
	CommandCounterIncrement();
}
