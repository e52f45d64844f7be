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

#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/hash.h"
#include "ledger/acting.h"
#include "ledger/state.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/subject_state.h"
#include "ledger/subject_walk.h"
#include "type/consent.h"

#define SALTS_AT_ONCE 64

/* To make subjects in a subtransaction is not worth its while for a few. */
#define AT_ONCE_MIN 256

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
	bool		running;		/* a subtransaction may be begun */
	Oid			numbers;		/* the sequence that new subjects draw from */
	Store	   *scopes;			/* NULL until needed */
	int			salts_left;		/* random bytes are drawn for many subjects at once */
	uint8		salts[SALTS_AT_ONCE][CL_SALT_BYTES];
} Batch;

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
			changed |= subject_state_merge_jurisdiction(s,
														TextDatumGetCString(event->values[Anum_event_log_jurisdiction - 1]),
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
subject_columns(Batch *batch, Member *member, Datum *values, bool *isnull)
{
	SubjectState s = subject_state_empty();
	const uint8 *salt = next_salt(batch);
	uint8		hmac[CL_HASH_BYTES];

	member->subject_no = store_nextval(batch->numbers);
	subject_commitment(batch->declared->origin, salt, member->subject_no,
					   member->key, hmac);
	member->commitment = bytes_datum(hmac, sizeof(hmac));
	merge_events(batch, member, &s);

	memset(isnull, true, Natts_subject * sizeof(bool));
	values[Anum_subject_subject_no - 1] = Int64GetDatum(member->subject_no);
	isnull[Anum_subject_subject_no - 1] = false;
	values[Anum_subject_key - 1] = PointerGetDatum(cstring_to_text_with_len(member->key, member->len));
	isnull[Anum_subject_key - 1] = false;
	values[Anum_subject_salt - 1] = bytes_datum(salt, CL_SALT_BYTES);
	isnull[Anum_subject_salt - 1] = false;
	values[Anum_subject_commitment - 1] = member->commitment;
	isnull[Anum_subject_commitment - 1] = false;
	subject_state_columns(&s, values, isnull);
}

static void
queue_subject(Batch *batch, Member *member)
{
	Datum		values[Natts_subject];
	bool		isnull[Natts_subject];

	subject_columns(batch, member, values, isnull);
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

/* Many at once; false, and all are unknown still, if one of them or of their numbers is there. */
static bool
make_at_once(Batch *batch)
{
	typedef struct NewSubject
	{
		Member	   *member;
		Datum		values[Natts_subject];
		bool		isnull[Natts_subject];
	} NewSubject;
	NewSubject *made = palloc(batch->nmembers * sizeof(NewSubject));
	StoreRow   *rows = palloc(batch->nmembers * sizeof(StoreRow));
	int			n = 0;
	bool		written;

	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];

		if (member->subject_no != 0 || stays_erased(batch, member))
			continue;
		made[n].member = member;
		subject_columns(batch, member, made[n].values, made[n].isnull);
		rows[n] = (StoreRow) {made[n].values, made[n].isnull};
		n++;
	}
	written = store_try_rows(batch->subjects, rows, n);
	for (int i = 0; i < n && !written; i++)
		made[i].member->subject_no = 0;
	pfree(rows);
	pfree(made);
	return written;
}

/* ---- subjects that are known ---- */

static void
find_known(Batch *batch)
{
	SubjectWalk *walk;

	store_push_latest_snapshot();
	walk = subject_walk_begin(batch->subjects, batch->nmembers);
	for (int i = 0; i < batch->nmembers; i++)
	{
		Member	   *member = &batch->members[i];
		HeapTuple	tuple;
		bool		isnull;

		if (member->subject_no != 0)
			continue;
		tuple = subject_walk_to(walk, member->key, member->len);
		if (!tuple)
			continue;
		member->tuple = heap_copytuple(tuple);
		member->subject_no = subject_state_number(batch->subjects, tuple);
		member->commitment =
			store_get(batch->subjects, member->tuple, Anum_subject_commitment, &isnull);
	}
	subject_walk_end(walk);
	store_pop_snapshot();
}

static int
count_unknown(const Batch *batch)
{
	int			n = 0;

	for (int i = 0; i < batch->nmembers; i++)
		n += batch->members[i].subject_no == 0;
	return n;
}

/*
 * Find out who is known, and make the others.  After a slice of strangers the
 * look at who is known is saved: making somebody looks for her too, only that
 * it costs dead rows where she is there.  It tells nobody erased from somebody
 * unknown, so where somebody was erased everybody is looked for first.
 */
static void
find_or_make(Batch *batch)
{
	StateQueue *queue = batch->queue;
	bool		strangers = true;

	if (!queue || !state_queue_met_strangers(queue) || batch->declared->erased_subjects > 0)
		find_known(batch);
	if (batch->running && count_unknown(batch) >= AT_ONCE_MIN && !make_at_once(batch))
		find_known(batch);
	while (!make_unknown(batch))
		find_known(batch);
	for (int i = 0; i < batch->nmembers && strangers; i++)
		strangers = batch->members[i].tuple == NULL;
	if (queue)
		state_queue_note_strangers(queue, strangers);
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

	subject_state_read(batch->subjects, tuple, &s);
	if (!merge_events(batch, member, &s))
		return !has_events(batch, member) || store_lock(batch->subjects, tuple);
	return subject_state_write(batch->subjects, tuple, &s);
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
		ScanKeyData key;
		StoreScan  *scan;
		HeapTuple	tuple;

		store_push_latest_snapshot();
		store_key_text(&key, Anum_subject_key, member->key, member->len);
		scan = store_scan(batch->subjects, "subject_key", GetActiveSnapshot(), 1, &key);
		tuple = store_next(scan);
		if (!tuple || member->subject_no != subject_state_number(batch->subjects, tuple))
			subject_state_refuse_erased();
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

/* ---- known subjects at once ---- */

/* Is one of her events about a table or a row? The lock on her row covers what it changes. */
static bool
has_scope(Batch *batch, Member *member)
{
	for (int i = 0; i < member->count; i++)
		if (!batch->events[batch->order[member->first + i]].isnull[Anum_event_log_table_name - 1])
			return true;
	return false;
}

/* Let her row wait for what other slices do to it. */
static void
queue_change(Batch *batch, Member *member)
{
	SubjectState merge = subject_state_empty();

	merge_events(batch, member, &merge);
	state_queue_add(batch->queue, member->subject_no, &member->tuple->t_self, &merge);
}

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
			queue_change(batch, member);
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
state_apply(const Declared *d, SliceEvent *events, int n, StateQueue *queue, bool running)
{
	Batch		batch;

	memset(&batch, 0, offsetof(Batch, salts));
	batch.declared = d;
	batch.events = events;
	batch.queue = queue;
	batch.running = running;

	group_by_subject(&batch, n);
	if (batch.nmembers == 0)
		return;
	batch.subjects = store_open("subject", RowExclusiveLock);
	batch.numbers = store_relid("subject_no_seq");
	find_or_make(&batch);
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
	state_apply(declared_get(), events, n, NULL, false);
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
