/*
 * state.c
 *		What the events of a slice do to the states of their subjects.
 *
 * A state is the merge of all choices of a subject, so the order in which
 * events come does not matter; what matters is that no merge is lost.  Rows
 * are made in key order and changed in number order; changing or locking the
 * subject's row covers her rows in scope_state.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "ledger/acting.h"
#include "ledger/state.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "type/consent.h"


#define SALTS_AT_ONCE 64

/* The events of one subject in the slice, and what is known of her. */
typedef struct Member
{
	const char *key;
	size_t		len;
	int			first;			/* her events: places in Batch.order */
	int			count;
	HeapTuple	tuple;			/* her row as it was found; NULL: she is new */
	int64		subject_no;
	Datum		commitment;
} Member;

typedef struct Batch
{
	const Declared *declared;
	SliceEvent *events;
	int		   *order;			/* places of events with subject, by key */
	int			norder;
	Member	   *members;		/* by key */
	int			nmembers;
	Store	   *subjects;
	StateQueue *queue;			/* NULL: states are changed at once */
	Oid			numbers;		/* the sequence that new subjects draw from */
	Store	   *scopes;			/* NULL until needed */
	int			salts_left;		/* random bytes are drawn for many subjects at once */
	uint8		salts[SALTS_AT_ONCE][CL_SALT_BYTES];
} Batch;

/* Columns of a subject that events change. */
typedef struct SubjectState
{
	Consent    *state;
	char	   *jurisdiction;
	TimestampTz jurisdiction_at;
	bool		scoped;
} SubjectState;

#define QUEUE_BYTES ((Size) 16 * 1024 * 1024)

/* What is to be merged into a subject's row, and where that was found. */
typedef struct QueuedChange
{
	SubjectState merge;
	ItemPointerData place;
} QueuedChange;

typedef struct QueuedState
{
	int64		subject_no;
	QueuedChange *change;
	char		status;
} QueuedState;

#define SH_PREFIX queued
#define SH_ELEMENT_TYPE QueuedState
#define SH_KEY_TYPE int64
#define SH_KEY subject_no
#define SH_HASH_KEY(table, key) subject_number_hash(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct StateQueue
{
	MemoryContext context;
	queued_hash *changes;
};

void
subject_commitment(const char *origin, const uint8 *salt, int64 subject_no,
				   const char *key, uint8 *hmac)
{
	char		number[32];
	cl_part		parts[4] = {
		{CL_COMMIT_SUBJECT, strlen(CL_COMMIT_SUBJECT)},
		{origin, strlen(origin)},
		{number, 0},
		{key, strlen(key)}
	};

	parts[2].len = pg_lltoa(subject_no, number);
	if (cl_commit(salt, CL_SALT_BYTES, parts, 4, hmac) != CL_OK)
		elog(ERROR, "could not compute an HMAC");
}

/* ---- grouping ---- */

static int
compare_events(const void *a, const void *b, void *arg)
{
	SliceEvent *events = arg;
	int			ia = *(const int *) a;
	int			ib = *(const int *) b;
	int			c = strcmp(events[ia].subject, events[ib].subject);

	return c != 0 ? c : ia - ib;
}

static void
group_by_subject(Batch *batch, int n)
{
	batch->order = palloc(n * sizeof(int));
	batch->members = palloc(n * sizeof(Member));
	for (int i = 0; i < n; i++)
		if (batch->events[i].subject)
			batch->order[batch->norder++] = i;
	qsort_arg(batch->order, batch->norder, sizeof(int), compare_events, batch->events);
	for (int i = 0; i < batch->norder; i++)
	{
		const char *key = batch->events[batch->order[i]].subject;
		Member	   *member = &batch->members[Max(batch->nmembers - 1, 0)];

		if (batch->nmembers == 0 || strcmp(member->key, key) != 0)
		{
			member = &batch->members[batch->nmembers++];
			memset(member, 0, sizeof(Member));
			member->key = key;
			member->len = strlen(key);
			member->first = i;
		}
		member->count++;
	}
}

/* ---- what events do to a state ---- */

/* The later statement of a jurisdiction counts; at the same time the greater. */
static bool
merge_jurisdiction(SubjectState *s, char *jurisdiction, TimestampTz at)
{
	if (s->jurisdiction &&
		(s->jurisdiction_at > at ||
		 (s->jurisdiction_at == at && strcmp(s->jurisdiction, jurisdiction) >= 0)))
		return false;
	s->jurisdiction = jurisdiction;
	s->jurisdiction_at = at;
	return true;
}

/* Merge her events into the state; true if that changes it. */
static bool
merge_events(Batch *batch, Member *member, SubjectState *s)
{
	Consent    *before = s->state;
	bool		changed = false;

	for (int i = 0; i < member->count; i++)
	{
		SliceEvent *event = &batch->events[batch->order[member->first + i]];

		if (!event->isnull[Anum_event_log_jurisdiction - 1])
			changed |= merge_jurisdiction(s, TextDatumGetCString(event->values[Anum_event_log_jurisdiction - 1]),
										  DatumGetTimestampTz(event->values[Anum_event_log_event_time - 1]));
		if (!event->choices)
			continue;
		if (event->isnull[Anum_event_log_table_name - 1])
			s->state = consent_merge2(s->state, event->choices);
		else if (!s->scoped)
			changed = s->scoped = true;
	}
	return changed || !consent_equal(before, s->state);
}

static void
state_columns(const SubjectState *s, Datum *values, bool *isnull)
{
	values[Anum_subject_state - 1] = PointerGetDatum(s->state);
	isnull[Anum_subject_state - 1] = false;
	isnull[Anum_subject_jurisdiction - 1] = s->jurisdiction == NULL;
	isnull[Anum_subject_jurisdiction_at - 1] = s->jurisdiction == NULL;
	if (s->jurisdiction)
	{
		values[Anum_subject_jurisdiction - 1] = CStringGetTextDatum(s->jurisdiction);
		values[Anum_subject_jurisdiction_at - 1] = TimestampTzGetDatum(s->jurisdiction_at);
	}
	values[Anum_subject_scoped - 1] = BoolGetDatum(s->scoped);
	isnull[Anum_subject_scoped - 1] = false;
}

/* ---- subjects that are new ---- */

static Datum
bytes_datum(const uint8 *bytes, size_t len)
{
	bytea	   *copy = palloc(VARHDRSZ + len);

	SET_VARSIZE(copy, VARHDRSZ + len);
	memcpy(VARDATA(copy), bytes, len);
	return PointerGetDatum(copy);
}

static const uint8 *
next_salt(Batch *batch)
{
	if (batch->salts_left == 0)
	{
		batch->salts_left = Min(batch->nmembers, SALTS_AT_ONCE);
		if (cl_random(batch->salts, batch->salts_left * CL_SALT_BYTES) != CL_OK)
			elog(ERROR, "no random bytes to be had");
	}
	return batch->salts[--batch->salts_left];
}

static void
queue_subject(Batch *batch, Member *member)
{
	Datum		values[Natts_subject];
	bool		isnull[Natts_subject];
	SubjectState s = {consent_empty(), NULL, 0, false};
	const uint8 *salt = next_salt(batch);
	uint8		hmac[CL_HASH_BYTES];

	member->subject_no = store_nextval(batch->numbers);
	subject_commitment(batch->declared->origin, salt, member->subject_no,
					   member->key, hmac);
	member->commitment = bytes_datum(hmac, sizeof(hmac));
	merge_events(batch, member, &s);

	memset(isnull, true, sizeof(isnull));
	values[Anum_subject_subject_no - 1] = Int64GetDatum(member->subject_no);
	isnull[Anum_subject_subject_no - 1] = false;
	values[Anum_subject_key - 1] = PointerGetDatum(cstring_to_text_with_len(member->key, member->len));
	isnull[Anum_subject_key - 1] = false;
	values[Anum_subject_salt - 1] = bytes_datum(salt, CL_SALT_BYTES);
	isnull[Anum_subject_salt - 1] = false;
	values[Anum_subject_commitment - 1] = member->commitment;
	isnull[Anum_subject_commitment - 1] = false;
	state_columns(&s, values, isnull);
	store_queue_try(batch->subjects, values, isnull);
}

static void
await_subject(Batch *batch, Member *member)
{
	ScanKeyData key;

	store_key_text(&key, Anum_subject_key, member->key, member->len);
	store_await(batch->subjects, "subject_key", 1, &key);
}

/*
 * Write what is queued.  Where somebody else was about to make a subject first,
 * wait for him before making those that come after her: who makes subjects
 * holds only keys before the one that he waits for.
 */
static bool
flush_subjects(Batch *batch, Member **queued, int n)
{
	int			written = store_try_flush(batch->subjects);

	for (int i = written; i < n; i++)
		queued[i]->subject_no = 0;
	if (written < n)
		await_subject(batch, queued[written]);
	return written == n;
}

/* Or is only her number asked for, by a use? */
static bool
has_events(Batch *batch, Member *member)
{
	return !batch->events[batch->order[member->first]].isnull[Anum_event_log_kind - 1];
}

/* Is one of her events a choice of a person, or imported as such? */
static bool
has_act(Batch *batch, Member *member)
{
	for (int i = 0; i < member->count; i++)
	{
		SliceEvent *event = &batch->events[batch->order[member->first + i]];
		ConsentIterator it;
		cl_choice	choice;
		char	   *actor;

		if (!event->choices || event->isnull[Anum_event_log_actor - 1])
			continue;
		actor = TextDatumGetCString(event->values[Anum_event_log_actor - 1]);
		if (!acting_is_person(actor) && strcmp(actor, "import") != 0)
			continue;
		consent_iterate(event->choices, &it);
		while (consent_next(&it, &choice))
			if (choice.stance != CL_PRESET)
				return true;
	}
	return false;
}

/*
 * Who was erased stays denied: what is switched on for her, or shown to her,
 * makes nobody new of her, and a use is one of her old number.  True if she
 * needs no new row.
 */
static bool
stays_erased(Batch *batch, Member *member)
{
	SubjectRow	row;
	bool		erased;

	if (batch->declared->erased_subjects == 0 || has_act(batch, member))
		return false;
	store_push_latest_snapshot();
	erased = subject_find_erased(member->key, member->len, GetActiveSnapshot(), &row);
	store_pop_snapshot();
	if (!erased)
		return false;
	if (has_events(batch, member))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("subject \"%s\" was erased", member->key),
				 errdetail("She is denied everything until she chooses anew, and her key must not come back before."),
				 errhint("Leave her out; only a choice by self, guardian, agent or import makes her known again.")));
	member->subject_no = row.subject_no;
	return true;
}

/* Make the unknown ones, in key order; false if somebody else made one first. */
static bool
make_unknown(Batch *batch)
{
	Member	   *queued[STORE_QUEUE_MAX];
	int			n = 0;

	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];

		if (member->subject_no != 0 || stays_erased(batch, member))
			continue;
		queue_subject(batch, member);
		queued[n++] = member;
		if (n == STORE_QUEUE_MAX)
		{
			if (!flush_subjects(batch, queued, n))
				return false;
			n = 0;
		}
	}
	return flush_subjects(batch, queued, n);
}

/* ---- subjects that are known ---- */

static int64
number_of(Store *subjects, HeapTuple tuple)
{
	bool		isnull;

	return DatumGetInt64(store_get(subjects, tuple, Anum_subject_subject_no, &isnull));
}

static HeapTuple
fetch_by_key(Batch *batch, StoreScan **scan, Member *member)
{
	ScanKeyData key;

	store_key_text(&key, Anum_subject_key, member->key, member->len);
	if (*scan)
		store_rescan(*scan, &key);
	else
		*scan = store_scan(batch->subjects, "subject_key", GetActiveSnapshot(), 1, &key);
	return store_next(*scan);
}

static void
find_known(Batch *batch)
{
	StoreScan  *scan = NULL;

	store_push_latest_snapshot();
	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];
		HeapTuple	tuple;
		bool		isnull;

		if (member->subject_no != 0)
			continue;
		tuple = fetch_by_key(batch, &scan, member);
		if (!tuple)
			continue;
		member->tuple = heap_copytuple(tuple);
		member->subject_no = number_of(batch->subjects, tuple);
		member->commitment =
			store_get(batch->subjects, member->tuple, Anum_subject_commitment, &isnull);
	}
	if (scan)
		store_end(scan);
	store_pop_snapshot();
}

static void
read_state(Store *subjects, HeapTuple tuple, SubjectState *s)
{
	SubjectRow	row;
	bool		isnull;

	subject_row_from_tuple(subjects, tuple, &row);
	s->state = row.state;
	s->jurisdiction = row.jurisdiction;
	s->scoped = row.scoped;
	if (row.jurisdiction)
		s->jurisdiction_at =
			DatumGetTimestampTz(store_get(subjects, tuple, Anum_subject_jurisdiction_at, &isnull));
}

/* False if somebody changed the row meanwhile. */
static bool
write_state(Store *subjects, HeapTuple tuple, const SubjectState *s)
{
	Datum		values[Natts_subject];
	bool		isnull[Natts_subject] = {0};
	bool		replace[Natts_subject] = {0};

	state_columns(s, values, isnull);
	replace[Anum_subject_state - 1] = true;
	replace[Anum_subject_jurisdiction - 1] = true;
	replace[Anum_subject_jurisdiction_at - 1] = true;
	replace[Anum_subject_scoped - 1] = true;
	return store_update(subjects, tuple, values, isnull, replace);
}

/*
 * Merge into a known subject's row, or lock it where nothing in it changes: the
 * lock covers her rows of scope_state, and keeps her from being erased.  False
 * if somebody changed it meanwhile.
 */
static bool
change_known(Batch *batch, Member *member, HeapTuple tuple)
{
	SubjectState s = {0};

	read_state(batch->subjects, tuple, &s);
	if (!merge_events(batch, member, &s))
		return !has_events(batch, member) || store_lock(batch->subjects, tuple);
	return write_state(batch->subjects, tuple, &s);
}

static void
refuse_erased(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
			 errmsg("subject was erased by another transaction meanwhile"),
			 errhint("Retry the transaction.")));
}

/*
 * Read her row as it is now, and change it; again if it changed meanwhile.
 * Under her key there may be somebody new by now, since she was erased.
 */
static void
change_until_done(Batch *batch, Member *member)
{
	bool		done;

	do
	{
		StoreScan  *scan = NULL;
		HeapTuple	tuple;

		store_push_latest_snapshot();
		tuple = fetch_by_key(batch, &scan, member);
		if (!tuple || member->subject_no != number_of(batch->subjects, tuple))
			refuse_erased();
		tuple = heap_copytuple(tuple);
		store_end(scan);
		done = change_known(batch, member, tuple);
		store_pop_snapshot();
	} while (!done);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64		na = (*(Member *const *) a)->subject_no;
	int64		nb = (*(Member *const *) b)->subject_no;

	return na < nb ? -1 : na > nb;
}

/* ---- changes that wait ---- */

StateQueue *
state_queue_create(MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent states to be written",
												  ALLOCSET_DEFAULT_SIZES);
	StateQueue *queue = MemoryContextAlloc(parent, sizeof(StateQueue));

	queue->context = context;
	queue->changes = queued_create(context, EVENTS_PER_SEAL, NULL);
	return queue;
}

bool
state_queue_is_full(const StateQueue *queue)
{
	return MemoryContextMemAllocated(queue->context, true) > Max(QUEUE_BYTES, get_hash_memory_limit());
}

/* Is one of her events about a table or a row? The lock on her row covers what it changes. */
static bool
has_scope(Batch *batch, Member *member)
{
	for (int i = 0; i < member->count; i++)
		if (!batch->events[batch->order[member->first + i]].isnull[Anum_event_log_table_name - 1])
			return true;
	return false;
}

static void
queue_change(StateQueue *queue, Batch *batch, Member *member)
{
	bool		found;
	QueuedState *queued = queued_insert(queue->changes, member->subject_no, &found);
	SubjectState before = {0};
	SubjectState *merge;
	MemoryContext old;

	if (!found)
	{
		queued->change = MemoryContextAlloc(queue->context, sizeof(QueuedChange));
		queued->change->merge = (SubjectState) {consent_empty(), NULL, 0, false};
	}
	queued->change->place = member->tuple->t_self;
	merge = &queued->change->merge;
	before = *merge;
	merge_events(batch, member, merge);
	old = MemoryContextSwitchTo(queue->context);
	if (merge->state != before.state || !found)
	{
		merge->state = memcpy(palloc(VARSIZE_ANY(merge->state)), merge->state, VARSIZE_ANY(merge->state));
		if (found)
			pfree(before.state);
	}
	if (merge->jurisdiction != before.jurisdiction)
	{
		merge->jurisdiction = pstrdup(merge->jurisdiction);
		if (before.jurisdiction)
			pfree(before.jurisdiction);
	}
	MemoryContextSwitchTo(old);
}

static HeapTuple
find_by_number(Store *subjects, StoreScan **scan, int64 subject_no)
{
	ScanKeyData key;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	if (*scan)
		store_rescan(*scan, &key);
	else
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(subjects));

		*scan = store_scan(subjects, "subject_pkey", GetActiveSnapshot(), 1, &key);
		MemoryContextSwitchTo(old);
	}
	return store_next(*scan);
}

/* Where it was found, unless it was changed since: then by its number. */
static HeapTuple
find_queued(Store *subjects, StoreScan **scan, const QueuedState *queued)
{
	HeapTuple	tuple = store_row_at(subjects, &queued->change->place, GetActiveSnapshot());

	if (tuple && number_of(subjects, tuple) == queued->subject_no)
		return tuple;
	return find_by_number(subjects, scan, queued->subject_no);
}

/* Her row as it is now, merged or locked; false if somebody changed it meanwhile. */
static bool
write_queued(Store *subjects, StoreScan **scan, const QueuedState *queued)
{
	HeapTuple	tuple = find_queued(subjects, scan, queued);
	const SubjectState *merge = &queued->change->merge;
	SubjectState s = {0};
	Consent    *before;
	bool		changed;
	bool		erased = true;

	if (tuple)
		(void) store_get(subjects, tuple, Anum_subject_key, &erased);
	if (erased)
		refuse_erased();
	read_state(subjects, tuple, &s);
	before = s.state;
	s.state = consent_merge2(s.state, merge->state);
	changed = !consent_equal(before, s.state);
	if (merge->jurisdiction)
		changed |= merge_jurisdiction(&s, merge->jurisdiction, merge->jurisdiction_at);
	return changed ? write_state(subjects, tuple, &s) : store_lock(subjects, tuple);
}

static void
write_queued_again(Store *subjects, const QueuedState *queued)
{
	bool		done;

	do
	{
		StoreScan  *scan = NULL;

		store_push_latest_snapshot();
		done = write_queued(subjects, &scan, queued);
		if (scan)
			store_end(scan);
		store_pop_snapshot();
	} while (!done);
}

static int
compare_queued(const void *a, const void *b)
{
	int64		na = (*(QueuedState *const *) a)->subject_no;
	int64		nb = (*(QueuedState *const *) b)->subject_no;

	return na < nb ? -1 : na > nb;
}

static QueuedState **
sort_queued(StateQueue *queue)
{
	QueuedState **sorted = palloc(Max(queue->changes->members, 1) * sizeof(QueuedState *));
	queued_iterator it;
	QueuedState *queued;
	int			n = 0;

	queued_start_iterate(queue->changes, &it);
	while ((queued = queued_iterate(queue->changes, &it)) != NULL)
		sorted[n++] = queued;
	qsort(sorted, n, sizeof(QueuedState *), compare_queued);
	return sorted;
}

void
state_queue_write(StateQueue *queue)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent states",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	MemoryContext each = AllocSetContextCreate(work, "consent state", ALLOCSET_DEFAULT_SIZES);
	QueuedState **sorted = sort_queued(queue);
	Store	   *subjects = store_open("subject", RowExclusiveLock);
	StoreScan  *scan = NULL;

	store_push_latest_snapshot();
	for (uint32 i = 0; i < queue->changes->members; i++)
	{
		MemoryContextSwitchTo(each);
		if (!write_queued(subjects, &scan, sorted[i]))
			write_queued_again(subjects, sorted[i]);
		MemoryContextSwitchTo(work);
		MemoryContextReset(each);
	}
	if (scan)
		store_end(scan);
	store_pop_snapshot();
	store_close(subjects);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	MemoryContextReset(queue->context);
	queue->changes = queued_create(queue->context, EVENTS_PER_SEAL, NULL);
}

/* ---- known subjects at once ---- */

/* The known ones in number order, as they were found; anew where that fails. */
static void
change_all_known(Batch *batch)
{
	Member	  **sorted = palloc(batch->nmembers * sizeof(Member *));
	int			n = 0;
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "consent states",
												  ALLOCSET_DEFAULT_SIZES);

	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];

		if (!member->tuple)
			continue;
		if (batch->queue && !has_scope(batch, member))
			queue_change(batch->queue, batch, member);
		else
			sorted[n++] = member;
	}
	qsort(sorted, n, sizeof(Member *), compare_numbers);

	store_push_latest_snapshot();
	for (int i = 0; i < n; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(scratch);

		if (!change_known(batch, sorted[i], sorted[i]->tuple))
			change_until_done(batch, sorted[i]);
		MemoryContextSwitchTo(old);
		MemoryContextReset(scratch);
	}
	store_pop_snapshot();
	MemoryContextDelete(scratch);
}

/* ---- choices about tables and rows ---- */

static StoreScan *
scan_scope(Batch *batch, SliceEvent *event)
{
	ScanKeyData keys[3];
	text	   *table = DatumGetTextPP(event->values[Anum_event_log_table_name - 1]);

	store_key_int8(&keys[0], Anum_scope_state_subject_no,
				   DatumGetInt64(event->values[Anum_event_log_subject_no - 1]));
	store_key_text(&keys[1], Anum_scope_state_table_name,
				   VARDATA_ANY(table), VARSIZE_ANY_EXHDR(table));
	if (event->isnull[Anum_event_log_row_key - 1])
		store_key_isnull(&keys[2], Anum_scope_state_row_key);
	else
	{
		text	   *row = DatumGetTextPP(event->values[Anum_event_log_row_key - 1]);

		store_key_text(&keys[2], Anum_scope_state_row_key,
					   VARDATA_ANY(row), VARSIZE_ANY_EXHDR(row));
	}
	return store_scan(batch->scopes, "scope_state_key", GetActiveSnapshot(), 3, keys);
}

static void
merge_scope(Batch *batch, SliceEvent *event)
{
	StoreScan  *scan;
	HeapTuple	tuple;
	Datum		values[Natts_scope_state];
	bool		isnull[Natts_scope_state] = {0};
	bool		replace[Natts_scope_state] = {0};

	if (!batch->scopes)
		batch->scopes = store_open("scope_state", RowExclusiveLock);
	store_push_latest_snapshot();
	scan = scan_scope(batch, event);
	tuple = store_next(scan);
	if (tuple)
	{
		bool		null;
		Consent    *state = (Consent *) PG_DETOAST_DATUM_COPY(store_get(batch->scopes, tuple, Anum_scope_state_state, &null));

		tuple = heap_copytuple(tuple);
		values[Anum_scope_state_state - 1] =
			PointerGetDatum(consent_merge2(state, event->choices));
		replace[Anum_scope_state_state - 1] = true;
		if (!store_update(batch->scopes, tuple, values, isnull, replace))
			elog(ERROR, "a scope of a locked subject was changed by another transaction");
	}
	else
	{
		values[Anum_scope_state_subject_no - 1] = event->values[Anum_event_log_subject_no - 1];
		values[Anum_scope_state_table_name - 1] = event->values[Anum_event_log_table_name - 1];
		values[Anum_scope_state_row_key - 1] = event->values[Anum_event_log_row_key - 1];
		isnull[Anum_scope_state_row_key - 1] = event->isnull[Anum_event_log_row_key - 1];
		values[Anum_scope_state_state - 1] = PointerGetDatum(event->choices);
		store_insert(batch->scopes, values, isnull);
	}
	store_end(scan);
	store_pop_snapshot();
}

/* Tell the events their subject's number and commitment. */
static void
number_events(Batch *batch)
{
	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];

		for (int j = 0; j < member->count; j++)
		{
			SliceEvent *event = &batch->events[batch->order[member->first + j]];

			event->values[Anum_event_log_subject_no - 1] = Int64GetDatum(member->subject_no);
			event->isnull[Anum_event_log_subject_no - 1] = false;
			event->values[Anum_event_log_commitment - 1] = member->commitment;
			event->isnull[Anum_event_log_commitment - 1] = false;
		}
	}
}

void
state_apply(const Declared *d, SliceEvent *events, int n, StateQueue *queue)
{
	Batch		batch;

	memset(&batch, 0, offsetof(Batch, salts));
	batch.declared = d;
	batch.events = events;
	batch.queue = queue;

	group_by_subject(&batch, n);
	if (batch.nmembers == 0)
		return;
	batch.subjects = store_open("subject", RowExclusiveLock);
	batch.numbers = store_relid("subject_no_seq");
	find_known(&batch);
	while (!make_unknown(&batch))
		find_known(&batch);
	change_all_known(&batch);
	number_events(&batch);
	for (int i = 0; i < batch.norder; i++)
	{
		SliceEvent *event = &events[batch.order[i]];

		if (event->choices && !event->isnull[Anum_event_log_table_name - 1])
			merge_scope(&batch, event);
	}
	if (batch.scopes)
		store_close(batch.scopes);
	store_close(batch.subjects);
}

/* As if something had happened to them: up to a slice of subjects at once. */
static void
number_subjects(const char **keys, int n, int64 *numbers)
{
	SliceEvent *events = palloc0(n * sizeof(SliceEvent));

	for (int i = 0; i < n; i++)
	{
		memset(events[i].isnull, true, sizeof(events[i].isnull));
		events[i].subject = (char *) keys[i];
	}
	state_apply(declared_get(), events, n, NULL);
	for (int i = 0; i < n; i++)
		numbers[i] = DatumGetInt64(events[i].values[Anum_event_log_subject_no - 1]);
}

void
intake_subject_numbers(const char **keys, int n, int64 *numbers)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "consent numbers",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);

	for (int i = 0; i < n; i += EVENTS_PER_SEAL)
	{
		number_subjects(keys + i, Min(n - i, EVENTS_PER_SEAL), numbers + i);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
}
