/*
 * verify_seals.c
 *		Every event against its seal, in one pass over both, in order.
 *
 * An event's id says its seal and its place there.  A seal that is properly
 * signed is believed; it says how many events there are, and their root.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/event.h"
#include "core/merkle.h"
#include "core/seal.h"
#include "ledger/event.h"
#include "ledger/intake.h"
#include "ledger/slice.h"
#include "ledger/tables.h"
#include "log/receipt.h"
#include "log/verify_parallel.h"
#include "log/verify_times.h"

/* The seal at hand and what was found of its events. */
typedef struct OpenSeal
{
	int64		number;
	int			kind;			/* a cl_seal_kind, as signed; -1: not known */
	int			count;			/* as signed */
	uint8		root[CL_HASH_BYTES];
	TimeBounds	bounds;
	bool		present[EVENTS_PER_SEAL];
	TimestampTz recorded_at[EVENTS_PER_SEAL];
	uint8		leaves[EVENTS_PER_SEAL * CL_HASH_BYTES];
} OpenSeal;

/* Rows that name seals, in the order of these. */
typedef struct SealQueue
{
	const char *table;
	AttrNumber	attno;
	AttrNumber	place_attno;	/* of what is kept of the last row that was counted; 0: nothing */
	VerifyScan *scan;
	HeapTuple	row;			/* at hand */
	int64		seal_no;		/* of it; PG_INT64_MAX at the end */
	int64		place;
	int64		to;
} SealQueue;

typedef struct Pass
{
	Verify	   *v;
	VerifyScan *seals;
	SealQueue	pending;
	SealQueue	leaves;
	VerifyScan *events;
	VerifyScan *evidence;
	VerifyTimes *times;
	Store	   *subjects;
	int64		evidence_id;
	HeapTuple	evidence_row;
	OpenSeal   *seal;			/* NULL: none is open */
	char	   *bytes;			/* of an event */
	int64		nevents;
	int64		to;				/* numbers of seals are before this one */
	bool		looking;		/* for a worker: rows that events brought in are the leader's */
	bool		others;			/* it has seen events that brought in such */
} Pass;

static int64
column_int8(VerifyScan *scan, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull;

	return DatumGetInt64(store_get(verify_store(scan), tuple, attno, &isnull));
}

/* ---- seals ---- */

static char *
seal_name(int64 number)
{
	return psprintf("seal " INT64_FORMAT, number);
}

static char *
event_name(int64 event_id)
{
	return psprintf("event " INT64_FORMAT, event_id);
}

static char *
hash_text(const uint8 *hash)
{
	char	   *text = palloc(CL_BASE64_SIZE(CL_HASH_BYTES));

	cl_base64_encode(hash, CL_HASH_BYTES, text);
	return text;
}

static void
compare(Verify *v, const char *thing, const char *what, const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(v, "seal", thing,
					   psprintf("%s %s", what, expected ? expected : "none"),
					   psprintf("%s %s", what, found ? found : "none"));
}

/* The key that was in force when a seal was numbered; NULL if none is known. */
static const SealKey *
key_of(Verify *v, int64 number)
{
	for (int i = v->nseal_keys - 1; i >= 0; i--)
		if (number > v->seal_keys[i].after)
			return &v->seal_keys[i];
	return NULL;
}

/* In the log, too, the seals of a key stand between the rotations that brought it in and replaced it. */
static void
check_key_place(Verify *v, int64 number, int64 leaf)
{
	const SealKey *key = key_of(v, number);
	const SealKey *next = key ? key + 1 : NULL;
	char	   *found = leaf < 0 ? "it waits" : psprintf("leaf " INT64_FORMAT, leaf);

	if (!key)
		return;
	if (leaf >= 0 && leaf < key->leaf)
		verify_finding(v, "seal", seal_name(number),
					   psprintf("behind leaf " INT64_FORMAT ", which brought in its key", key->leaf), found);
	if (next < v->seal_keys + v->nseal_keys && next->leaf >= 0 && (leaf < 0 || leaf > next->leaf))
		verify_finding(v, "seal", seal_name(number),
					   psprintf("not behind leaf " INT64_FORMAT ", which replaced its key", next->leaf), found);
	/* The old key also declares what replaces it. */
	if (key->trusted != PG_INT64_MAX && (leaf < 0 || leaf >= key->trusted) &&
		!(next < v->seal_keys + v->nseal_keys && next->after == number))
		verify_finding(v, "seal", seal_name(number),
					   psprintf("among the first " INT64_FORMAT " leaves, up to which its key is trusted", key->trusted), found);
}

/* Read a seal's signed text; false if it is not to be believed. */
static bool
read_note(Verify *v, int64 number, const char *note, cl_seal *seal)
{
	size_t		len = strlen(note);
	size_t		text_len = cl_note_text(note, len);
	const SealKey *key = key_of(v, number);

	if (text_len == 0 || !cl_seal_parse(note, text_len, seal))
	{
		verify_finding(v, "seal", seal_name(number), "the signed note of a seal", "something else");
		return false;
	}
	if (key && cl_note_verify(note, len, &key->verifier))
		return true;
	verify_finding(v, "seal", seal_name(number),
				   psprintf("a signature by %s, key %08x", key ? key->verifier.name : "the ledger", key ? key->verifier.id : 0),
				   "no good one");
	return false;
}

static void
compare_columns(Verify *v, VerifyScan *scan, HeapTuple tuple, const cl_seal *seal)
{
	Store	   *store = verify_store(scan);
	char	   *thing = seal_name(column_int8(scan, tuple, Anum_seal_seal_no));
	bool		isnull;
	bytea	   *root = DatumGetByteaPP(store_get(store, tuple, Anum_seal_root, &isnull));

	compare(v, thing, "origin", v->origin, pnstrdup(seal->origin, seal->origin_len));
	compare(v, thing, "number", psprintf(INT64_FORMAT, seal->number),
			verify_column_text(store, tuple, Anum_seal_seal_no));
	compare(v, thing, "kind", cl_seal_kind_name(seal->kind),
			verify_column_text(store, tuple, Anum_seal_kind));
	compare(v, thing, "count", psprintf(INT64_FORMAT, seal->count),
			verify_column_text(store, tuple, Anum_seal_count));
	if (VARSIZE_ANY_EXHDR(root) != CL_HASH_BYTES)
		compare(v, thing, "root", hash_text(seal->root), verify_column_text(store, tuple, Anum_seal_root));
	else
		compare(v, thing, "root", hash_text(seal->root), hash_text((uint8 *) VARDATA_ANY(root)));
}

/* Without a good signature the columns have to do. */
static void
believe_columns(VerifyScan *scan, HeapTuple tuple, OpenSeal *open)
{
	bool		isnull;
	bytea	   *root = DatumGetByteaPP(store_get(verify_store(scan), tuple, Anum_seal_root, &isnull));

	open->count = DatumGetInt32(store_get(verify_store(scan), tuple, Anum_seal_count, &isnull));
	memcpy(open->root, VARDATA_ANY(root), Min(VARSIZE_ANY_EXHDR(root), CL_HASH_BYTES));
}

/* The seal that an id says, also for ids below zero. */
static int64
seal_of(int64 event_id)
{
	return event_id >= 0 ? event_id / EVENTS_PER_SEAL : (event_id + 1) / EVENTS_PER_SEAL - 1;
}

/* The next row of a scan by event ids, or by numbers of seals, that is in the range. */
static HeapTuple
next_event(const Pass *pass, VerifyScan *scan)
{
	HeapTuple	row = verify_next(scan);

	return row && seal_of(column_int8(scan, row, 1)) < pass->to ? row : NULL;
}

static HeapTuple
next_seal(const Pass *pass)
{
	HeapTuple	row = verify_next(pass->seals);

	return pass->to == PG_INT64_MAX || verify_number(pass->seals, row, Anum_seal_seal_no) < pass->to ? row : NULL;
}

static void
next_in_queue(SealQueue *queue)
{
	if (queue->row && queue->place_attno != 0)
		queue->place = column_int8(queue->scan, queue->row, queue->place_attno);
	queue->row = verify_next(queue->scan);
	queue->seal_no = queue->row ? column_int8(queue->scan, queue->row, queue->attno) : PG_INT64_MAX;
	if (queue->seal_no >= queue->to)
		queue->seal_no = PG_INT64_MAX;
}

static SealQueue
begin_queue(const Pass *pass, int64 from, const char *table, const char *index, AttrNumber attno, AttrNumber place_attno)
{
	SealQueue	queue = {.table = table, .attno = attno, .place_attno = place_attno, .to = pass->to};

	queue.scan = verify_scan_from(pass->v, table, index, 1, &attno, from);
	next_in_queue(&queue);
	return queue;
}

/* Rows that name seals before this one name none that there is. */
static void
report_in_queue(Verify *v, SealQueue *queue, int64 number)
{
	for (; queue->seal_no < number; next_in_queue(queue))
		verify_finding(v, queue->table, seal_name(queue->seal_no), "a seal", "none");
}

/* How many rows name this seal. */
static int
count_in_queue(SealQueue *queue, int64 number)
{
	int			n = 0;

	for (; queue->seal_no == number && queue->row; next_in_queue(queue))
		n++;
	return n;
}

/* A seal waits for the log, or is a leaf of it: its index, or -1. */
static int64
check_place(Pass *pass, int64 number)
{
	int			pending = count_in_queue(&pass->pending, number);
	int			leaves = count_in_queue(&pass->leaves, number);

	if (pending + leaves != 1)
		verify_finding(pass->v, "seal", seal_name(number), "one leaf of the log, or pending",
					   pending + leaves == 0 ? "neither" :
					   psprintf("%d leaves%s", leaves, pending > 0 ? " and pending" : ""));
	return leaves == 1 ? pass->leaves.place : -1;
}

/* Receipts promise that nothing waits longer. */
static void
check_waiting(Verify *v, const cl_seal *seal)
{
	int64		within = receipt_include_within();

	if (v->started > seal->time && v->started - seal->time > within * USECS_PER_SEC + VERIFY_SKEW)
		verify_finding(v, "seal_pending", seal_name(seal->number), psprintf("in the log within " INT64_FORMAT " s", within),
					   psprintf("it waits since %s", verify_text(TimestampTzGetDatum(seal->time), false, TIMESTAMPTZOID)));
}

static void
open_seal(Pass *pass, HeapTuple tuple)
{
	OpenSeal   *open = pass->seal;
	MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
	cl_seal		seal;
	int64		leaf;

	open->bounds = (TimeBounds) {.not_before = PG_INT64_MIN, .not_after = PG_INT64_MAX};
	open->number = column_int8(pass->seals, tuple, Anum_seal_seal_no);
	memset(open->present, 0, sizeof(open->present));
	memset(open->root, 0, sizeof(open->root));
	leaf = check_place(pass, open->number);
	check_key_place(pass->v, open->number, leaf);
	if (read_note(pass->v, open->number,
				  verify_column_text(verify_store(pass->seals), tuple, Anum_seal_note), &seal))
	{
		compare_columns(pass->v, pass->seals, tuple, &seal);
		open->bounds = verify_times_of(pass->times, &seal, leaf);
		if (leaf < 0)
			check_waiting(pass->v, &seal);
		pass->v->last_seal = Max(pass->v->last_seal, seal.number);
		open->kind = seal.kind;
		open->count = seal.count;
		memcpy(open->root, seal.root, CL_HASH_BYTES);
	}
	else
	{
		believe_columns(pass->seals, tuple, open);
		open->kind = -1;
	}
	open->count = Max(0, Min(open->count, EVENTS_PER_SEAL));
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->v->scratch);
}

/* ---- what a seal held ---- */

static int
compare_times(const void *a, const void *b)
{
	TimestampTz ta = *(const TimestampTz *) a;
	TimestampTz tb = *(const TimestampTz *) b;

	return ta < tb ? -1 : ta > tb;
}

static char *
recorded_text(TimestampTz t)
{
	return psprintf("recorded at %s", verify_text(TimestampTzGetDatum(t), false, TIMESTAMPTZOID));
}

/*
 * The moment of recording grows from place to place.  Where it does not, the
 * events at these places were exchanged, or one copied over the other.
 */
static bool
name_exchanged(Verify *v, const OpenSeal *open)
{
	TimestampTz *sorted = palloc(open->count * sizeof(TimestampTz));
	bool		found = false;

	memcpy(sorted, open->recorded_at, open->count * sizeof(TimestampTz));
	qsort(sorted, open->count, sizeof(TimestampTz), compare_times);
	for (int i = 0; i < open->count; i++)
	{
		TimestampTz time = open->recorded_at[i];
		char	   *thing;

		if (time == sorted[i] && (i == 0 || time != sorted[i - 1]) &&
			(i + 1 == open->count || time != sorted[i + 1]))
			continue;
		found = true;
		thing = event_name(open->number * EVENTS_PER_SEAL + i);
		if (time != sorted[i])
			verify_finding(v, "event", thing, recorded_text(sorted[i]),
						   psprintf("%s: exchanged or changed", recorded_text(time)));
		else
			verify_finding(v, "event", thing, "a moment of recording of its own",
						   psprintf("%s: copied or changed", recorded_text(time)));
	}
	return found;
}

static void
check_root(Verify *v, const OpenSeal *open)
{
	int64		first = open->number * EVENTS_PER_SEAL;
	uint8		root[CL_HASH_BYTES];

	if (cl_merkle_root(open->leaves, open->count, root) != CL_OK)
		elog(ERROR, "could not compute a SHA-256");
	if (memcmp(root, open->root, CL_HASH_BYTES) == 0 || name_exchanged(v, open))
		return;
	verify_finding(v, "event",
				   open->count == 1 ? event_name(first) :
				   psprintf("one of events " INT64_FORMAT " to " INT64_FORMAT, first, first + open->count - 1),
				   psprintf("root %s", hash_text(open->root)),
				   psprintf("root %s", hash_text(root)));
}

static void
close_seal(Pass *pass)
{
	OpenSeal   *open = pass->seal;
	MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
	int			missing = 0;

	for (int i = 0; i < open->count; i++)
	{
		if (open->present[i])
			continue;
		verify_finding(pass->v, "event", event_name(open->number * EVENTS_PER_SEAL + i),
					   psprintf("one of %d in seal " INT64_FORMAT, open->count, open->number), "none");
		missing++;
	}
	if (missing == 0 && open->count > 0)
		check_root(pass->v, open);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->v->scratch);
}

/* ---- events ---- */

/* The kind of seal that events of a kind go under. */
static cl_seal_kind
seal_kind_of(const char *event_kind)
{
	if (strcmp(event_kind, "choices") == 0 || strcmp(event_kind, "notice_served") == 0 ||
		strcmp(event_kind, "subject_erased") == 0)
		return CL_SEAL_CHOICES;
	return strncmp(event_kind, "run_", 4) == 0 ? CL_SEAL_RUN : CL_SEAL_DECLARATIONS;
}

/* Whoever reads the log looks for runs in the seals of runs only. */
static void
check_kind(Verify *v, const OpenSeal *open, int64 event_id, const char *kind)
{
	cl_seal_kind expected = seal_kind_of(kind);

	if (open->kind >= 0 && open->kind != (int) expected)
		verify_finding(v, "event", event_name(event_id),
					   psprintf("%s, in a seal of kind %s", kind, cl_seal_kind_name(expected)),
					   psprintf("%s, in a seal of kind %s", kind, cl_seal_kind_name(open->kind)));
}

static void
add_to_seal(Pass *pass, int64 event_id, const Datum *values, const bool *isnull)
{
	OpenSeal   *open = pass->seal;
	int			place = event_id - open->number * EVENTS_PER_SEAL;
	TimestampTz event_time = DatumGetTimestampTz(values[Anum_event_log_event_time - 1]);
	TimestampTz recorded_at = DatumGetTimestampTz(values[Anum_event_log_recorded_at - 1]);
	uint8	   *leaf = open->leaves + place * CL_HASH_BYTES;
	size_t		len = 0;

	if (place >= open->count)
	{
		verify_finding(pass->v, "event", event_name(event_id),
					   psprintf("only %d events in seal " INT64_FORMAT, open->count, open->number),
					   "an event more");
		return;
	}
	if (open->present[place])
	{
		verify_finding(pass->v, "event", event_name(event_id), "one event", "two of the same id");
		return;
	}
	open->present[place] = true;
	check_kind(pass->v, open, event_id, TextDatumGetCString(values[Anum_event_log_kind - 1]));
	open->recorded_at[place] = recorded_at;
	if (verify_times_outside(&open->bounds, recorded_at))
		verify_times_report(pass->v, &open->bounds, "event", event_name(event_id), recorded_at);
	if (cl_instant_valid(event_time) && cl_instant_valid(recorded_at))
		len = event_encode_row(values, isnull, pass->bytes, CL_EVENT_MAX);
	if (cl_merkle_leaf(pass->bytes, Min(len, CL_EVENT_MAX), leaf) != CL_OK)
		elog(ERROR, "could not compute a SHA-256");
}

/* Evidence goes when its subject is erased, but that of the erasure; otherwise it stays. */
static bool
is_erased(Pass *pass, const Datum *values, const bool *isnull)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		erased = false;

	if (isnull[Anum_event_log_subject_no - 1] ||
		strcmp(TextDatumGetCString(values[Anum_event_log_kind - 1]), "subject_erased") == 0)
		return false;
	store_key_int8(&key, Anum_subject_subject_no, DatumGetInt64(values[Anum_event_log_subject_no - 1]));
	scan = verify_look_up(pass->v, pass->subjects, "subject_pkey", 1, &key);
	tuple = store_next(scan);
	if (tuple)
		store_get(pass->subjects, tuple, Anum_subject_salt, &erased);
	store_end(scan);
	return erased;
}

static void
next_evidence(Pass *pass)
{
	pass->evidence_row = next_event(pass, pass->evidence);
	pass->evidence_id = pass->evidence_row ?
		column_int8(pass->evidence, pass->evidence_row, Anum_evidence_event_id) : PG_INT64_MAX;
}

static char *
evidence_hmac(Pass *pass)
{
	Store	   *store = verify_store(pass->evidence);
	uint8		hmac[CL_HASH_BYTES];
	char	   *text = palloc(2 * CL_HASH_BYTES + 1);
	bool		isnull;
	bytea	   *salt = DatumGetByteaPP(store_get(store, pass->evidence_row, Anum_evidence_salt, &isnull));

	if (VARSIZE_ANY_EXHDR(salt) != CL_SALT_BYTES)
		return pstrdup("a salt of another length");
	slice_evidence_hmac((uint8 *) VARDATA_ANY(salt),
						verify_column_text(store, pass->evidence_row, Anum_evidence_body), hmac);
	cl_hex_encode(hmac, CL_HASH_BYTES, text);
	return text;
}

static void
check_evidence(Pass *pass, int64 event_id, const Datum *values, const bool *isnull)
{
	char	   *expected = verify_text(values[Anum_event_log_evidence_hmac - 1],
									   isnull[Anum_event_log_evidence_hmac - 1], BYTEAOID);

	for (; pass->evidence_id < event_id; next_evidence(pass))
		verify_finding(pass->v, "evidence", event_name(pass->evidence_id), "an event", "none");
	if (pass->evidence_id == event_id)
	{
		char	   *found = evidence_hmac(pass);

		if (!verify_same(expected, found))
			verify_finding(pass->v, "evidence", event_name(event_id), expected, found);
		else if (is_erased(pass, values, isnull))
			verify_finding(pass->v, "evidence", event_name(event_id), "erased with its subject", "there");
		next_evidence(pass);
	}
	else if (expected && !is_erased(pass, values, isnull))
		verify_finding(pass->v, "evidence", event_name(event_id), expected, NULL);
}

/* Is what the event brought in there? */
static void
check_brought_in(Pass *pass, const Datum *values, const bool *isnull)
{
	if (seal_kind_of(TextDatumGetCString(values[Anum_event_log_kind - 1])) == CL_SEAL_CHOICES)
		return;
	pass->others = true;
	if (pass->looking)
		return;
	verify_declared_event(pass->v, values, isnull);
	verify_run_event(pass->v, values, isnull);
}

static void
check_event(Pass *pass, HeapTuple tuple, int64 event_id, bool sealed)
{
	MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];

	heap_deform_tuple(tuple, RelationGetDescr(store_relation(verify_store(pass->events))), values, isnull);
	if (sealed)
		add_to_seal(pass, event_id, values, isnull);
	else
		verify_finding(pass->v, "event", event_name(event_id),
					   seal_name(event_id / EVENTS_PER_SEAL), "no such seal");
	check_evidence(pass, event_id, values, isnull);
	check_brought_in(pass, values, isnull);
	verify_progress(pass->v, "events", ++pass->nevents);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->v->scratch);
}

/* ---- a range of seals ---- */

static int64
first_event_of(int64 seal_no)
{
	return seal_no > 0 ? seal_no * EVENTS_PER_SEAL : PG_INT64_MIN;
}

static void
begin_range(Pass *pass, int64 from, int64 to)
{
	static const AttrNumber first[] = {1};

	pass->to = to;
	pass->seals = verify_scan_from(pass->v, "seal", "seal_pkey", 1, first, from);
	pass->pending = begin_queue(pass, from, "seal_pending", "seal_pending_pkey", Anum_seal_pending_seal_no, 0);
	pass->leaves = begin_queue(pass, from, "leaf", "leaf_seal", Anum_leaf_seal_no, Anum_leaf_leaf_index);
	pass->events = verify_scan_from(pass->v, "event_log", "event_log_pkey", 1, first, first_event_of(from));
	pass->evidence = verify_scan_from(pass->v, "evidence", "evidence_pkey", 1, first, first_event_of(from));
	next_evidence(pass);
}

static void
end_range(Pass *pass)
{
	verify_end(pass->seals);
	verify_end(pass->pending.scan);
	verify_end(pass->leaves.scan);
	verify_end(pass->events);
	verify_end(pass->evidence);
}

/* What is there of seals before this one, which there are not. */
static HeapTuple
check_unsealed(Pass *pass, HeapTuple event, int64 number)
{
	MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);

	report_in_queue(pass->v, &pass->pending, number);
	report_in_queue(pass->v, &pass->leaves, number);
	MemoryContextSwitchTo(old);
	for (; event && seal_of(column_int8(pass->events, event, Anum_event_log_event_id)) < number;
		 event = next_event(pass, pass->events))
		check_event(pass, event, column_int8(pass->events, event, Anum_event_log_event_id), false);
	for (; pass->evidence_row && seal_of(pass->evidence_id) < number; next_evidence(pass))
		verify_finding(pass->v, "evidence", event_name(pass->evidence_id), "an event", "none");
	return event;
}

static void
check_range(Pass *pass, int64 from, int64 to)
{
	HeapTuple	event,
				seal;

	begin_range(pass, from, to);
	event = next_event(pass, pass->events);
	while ((seal = next_seal(pass)) != NULL)
	{
		int64		number = column_int8(pass->seals, seal, Anum_seal_seal_no);

		event = check_unsealed(pass, event, number);
		open_seal(pass, seal);
		for (; event && seal_of(column_int8(pass->events, event, Anum_event_log_event_id)) == number;
			 event = next_event(pass, pass->events))
			check_event(pass, event, column_int8(pass->events, event, Anum_event_log_event_id), true);
		close_seal(pass);
	}
	check_unsealed(pass, event, PG_INT64_MAX);
	end_range(pass);
}

/* Of a range that is sound: what its events brought in. */
static void
check_brought_in_by(Pass *pass, int64 from, int64 to)
{
	static const AttrNumber first[] = {1};
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];
	HeapTuple	event;

	pass->to = to;
	pass->events = verify_scan_from(pass->v, "event_log", "event_log_pkey", 1, first, first_event_of(from));
	while ((event = next_event(pass, pass->events)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);

		heap_deform_tuple(event, RelationGetDescr(store_relation(verify_store(pass->events))), values, isnull);
		check_brought_in(pass, values, isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(pass->v->scratch);
	}
	verify_end(pass->events);
}

/* ---- the pass ---- */

static void
begin_pass(Pass *pass)
{
	pass->times = verify_times_begin(pass->v);
	pass->subjects = store_open("subject", AccessShareLock);
	pass->seal = palloc(sizeof(OpenSeal));
	pass->bytes = palloc(CL_EVENT_MAX);
}

static void
end_pass(Pass *pass)
{
	store_close(pass->subjects);
	pfree(pass->seal);
	pfree(pass->bytes);
}

/* ---- for workers ---- */

typedef struct Look
{
	Pass		pass;
	MemoryContext context;		/* of one range */
} Look;

static void *
begin_look(Verify *v)
{
	Look	   *look = palloc0(sizeof(Look));

	look->pass.v = v;
	look->pass.looking = true;
	begin_pass(&look->pass);
	look->context = AllocSetContextCreate(CurrentMemoryContext, "consent verify seals", ALLOCSET_DEFAULT_SIZES);
	return look;
}

static VerifyState
look_at(void *arg, int64 from, int64 to, VerifyCount *count)
{
	Look	   *look = arg;
	Pass	   *pass = &look->pass;
	MemoryContext old = MemoryContextSwitchTo(look->context);

	pass->v->nfindings = 0;
	pass->nevents = 0;
	pass->others = false;
	check_range(pass, from, to);
	count->rows = pass->nevents;
	count->greatest = pass->v->last_seal;
	MemoryContextSwitchTo(old);
	MemoryContextReset(look->context);
	return pass->v->nfindings > 0 ? VERIFY_UNKNOWN : pass->others ? VERIFY_SOUND_SO_FAR : VERIFY_SOUND;
}

static void
end_look(void *arg)
{
	Look	   *look = arg;

	end_pass(&look->pass);
	MemoryContextDelete(look->context);
	pfree(look);
}

const VerifyTask verify_seals_task = {
	.what = "events", .width = 256, .begin = begin_look, .look = look_at, .end = end_look
};

/* ---- all of them ---- */

static VerifyRange *
find_ranges(Verify *v, int *n)
{
	int64		first,
				last;
	VerifyCount count;
	VerifyRange *ranges;

	if (!verify_ends(v, "seal", "seal_pkey", Anum_seal_seal_no, &first, &last) ||
		first < 0 || last >= PG_INT64_MAX / EVENTS_PER_SEAL)
		last = (first = 0) - 1;
	first = Max(first, v->first_seal);
	ranges = verify_in_parallel(v, &verify_seals_task, first, last + 1, n, &count);
	v->last_seal = Max(v->last_seal, count.greatest);
	return ranges;
}

void
verify_seals(Verify *v)
{
	Pass		pass = {.v = v};
	int			n;
	VerifyRange *ranges = find_ranges(v, &n);

	begin_pass(&pass);
	for (int i = 0; i < n; i++)
	{
		int64		from = Max(ranges[i].from, v->first_seal);

		if (from >= ranges[i].to)
			continue;
		if (ranges[i].state == VERIFY_UNKNOWN)
			check_range(&pass, from, ranges[i].to);
		else if (ranges[i].state == VERIFY_SOUND_SO_FAR)
			check_brought_in_by(&pass, from, ranges[i].to);
	}
	end_pass(&pass);
	pfree(ranges);
}
