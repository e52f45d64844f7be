/*
 * known.c
 *		What is known about a subject: from her current state, or from her
 *		events as they stood at another time.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "gate/known.h"
#include "ledger/replica.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"

/* ---- now: the current state ---- */

static void
known_from_row(const SubjectRow *row, Known *known)
{
	known->subject_no = row->subject_no;
	known->erased = row->erased;
	known->scoped = row->scoped;
	known->jurisdiction = row->jurisdiction;
	known->state = row->state;
}

void
known_from_values(const Datum *values, const bool *isnull, Known *known)
{
	memset(known, 0, sizeof(Known));
	known->subject_no = DatumGetInt64(values[Anum_subject_subject_no - 1]);
	known->state = DatumGetConsentPP(values[Anum_subject_state - 1]);
	known->scoped = DatumGetBool(values[Anum_subject_scoped - 1]);
	known->erased = isnull[Anum_subject_key - 1];
	if (!isnull[Anum_subject_jurisdiction - 1])
		known->jurisdiction = TextDatumGetCString(values[Anum_subject_jurisdiction - 1]);
}

/* By the ledger's number; whoever has no key any more is erased. */
static void
find_number(int64 subject_no, Known *known)
{
	Store	   *store = store_open("subject", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_subject_subject_no, subject_no);
	scan = store_scan(store, "subject_pkey", GetActiveSnapshot(), 1, &key);
	tuple = store_next(scan);
	if (tuple != NULL)
	{
		SubjectRow	row;

		subject_row_from_tuple(store, tuple, &row);
		known_from_row(&row, known);
		store_get(store, tuple, Anum_subject_key, &known->erased);
	}
	store_end(scan);
	store_close(store);
}

static void
find_key(const GateParty *party, Known *known)
{
	char	   *key = gate_party_key(party);
	SubjectRow	row;

	if (subject_find(key, strlen(key), GetActiveSnapshot(), &row))
		known_from_row(&row, known);
}

/* ---- then: the events ---- */

/* A choice of an event, and what it is about. */
typedef struct PastChoice
{
	const char *table;			/* NULL: the subject */
	const char *row_key;
	cl_choice	choice;
} PastChoice;

typedef struct Past
{
	const GateTime *time;
	Known	   *known;
	Store	   *store;
	PastChoice *choices;
	int			n;
	int			allocated;
	TimestampTz jurisdiction_at;
} Past;

static char *
event_text(Past *past, HeapTuple event, AttrNumber attno)
{
	bool		isnull;
	Datum		value = store_get(past->store, event, attno, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static TimestampTz
event_instant(Past *past, HeapTuple event, AttrNumber attno)
{
	bool		isnull;

	return DatumGetTimestampTz(store_get(past->store, event, attno, &isnull));
}

static int64
event_number(Past *past, HeapTuple event)
{
	bool		isnull;

	return DatumGetInt64(store_get(past->store, event, Anum_event_log_event_id, &isnull));
}

static bool
had_happened(const Past *past, TimestampTz t)
{
	return !past->time->has_at || t <= past->time->at;
}

/* The later statement of a jurisdiction counts; at the same time the greater. */
static void
add_jurisdiction(Past *past, HeapTuple event, TimestampTz event_time)
{
	char	   *jurisdiction = event_text(past, event, Anum_event_log_jurisdiction);
	Known	   *known = past->known;

	if (jurisdiction == NULL)
		return;
	if (known->jurisdiction != NULL &&
		(event_time < past->jurisdiction_at ||
		 (event_time == past->jurisdiction_at &&
		  strcmp(jurisdiction, known->jurisdiction) <= 0)))
		return;
	known->jurisdiction = jurisdiction;
	past->jurisdiction_at = event_time;
}

static PastChoice *
next_choice(Past *past)
{
	if (past->n == past->allocated)
	{
		past->allocated = Max(8, 2 * past->allocated);
		past->choices = past->choices == NULL ?
			palloc(past->allocated * sizeof(PastChoice)) :
			repalloc_huge(past->choices, mul_size(past->allocated, sizeof(PastChoice)));
	}
	return &past->choices[past->n++];
}

static void
add_choices(Past *past, HeapTuple event)
{
	bool		isnull;
	Datum		value = store_get(past->store, event, Anum_event_log_choices, &isnull);
	char	   *table;
	char	   *row_key;
	ConsentIterator it;
	cl_choice	choice;

	if (isnull)
		return;
	table = event_text(past, event, Anum_event_log_table_name);
	row_key = event_text(past, event, Anum_event_log_row_key);
	consent_iterate((Consent *) PG_DETOAST_DATUM_COPY(value), &it);
	while (consent_next(&it, &choice))
	{
		PastChoice *p;

		if (!had_happened(past, choice.since))
			continue;
		p = next_choice(past);
		p->table = table;
		p->row_key = row_key;
		p->choice = choice;
	}
}

static void
add_event(Past *past, HeapTuple event)
{
	TimestampTz event_time = event_instant(past, event, Anum_event_log_event_time);

	if (!gate_knows(past->time, event_number(past, event), event_instant(past, event, Anum_event_log_recorded_at)))
		return;
	add_choices(past, event);
	if (!had_happened(past, event_time))
		return;
	add_jurisdiction(past, event, event_time);
	if (strcmp(event_text(past, event, Anum_event_log_kind), "subject_erased") == 0)
		past->known->erased = true;
}

/* NULL comes first: the subject before tables, a table before its rows. */
static int
compare_names(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int
compare_scopes(const void *a, const void *b)
{
	const PastChoice *x = a;
	const PastChoice *y = b;
	int			c = compare_names(x->table, y->table);

	return c != 0 ? c : compare_names(x->row_key, y->row_key);
}

/* Of the choices of one scope, keep those that count. */
static Consent *
reduce(const PastChoice *choices, int n)
{
	cl_choice  *plain = palloc(mul_size(n, sizeof(cl_choice)));

	for (int i = 0; i < n; i++)
		plain[i] = choices[i].choice;
	return consent_build(plain, n);
}

static void
reduce_all(Past *past)
{
	Known	   *known = past->known;
	int			first = 0;

	if (past->n == 0)
		return;
	qsort(past->choices, past->n, sizeof(PastChoice), compare_scopes);
	known->scopes = palloc(mul_size(past->n, sizeof(KnownScope)));
	for (int i = 1; i <= past->n; i++)
	{
		const PastChoice *p = &past->choices[first];
		Consent    *state;

		if (i < past->n && compare_scopes(p, &past->choices[i]) == 0)
			continue;
		state = reduce(p, i - first);
		if (p->table == NULL)
			known->state = state;
		else
			known->scopes[known->nscopes++] = (KnownScope) {p->table, p->row_key, state};
		first = i;
	}
	known->scoped = known->nscopes > 0;
}

void
known_from_events(int64 subject_no, const GateTime *time, Known *known)
{
	Past		past = {.time = time, .known = known};
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	event;

	memset(known, 0, sizeof(Known));
	known->subject_no = subject_no;
	known->from_events = true;
	replica_check_table(REPLICA_EVENT_LOG);
	past.store = store_open("event_log", AccessShareLock);
	store_key_int8(&key, Anum_event_log_subject_no, subject_no);
	scan = store_scan(past.store, "event_log_subject", GetActiveSnapshot(), 1, &key);
	while ((event = store_next(scan)) != NULL)
		add_event(&past, event);
	store_end(scan);
	store_close(past.store);
	reduce_all(&past);
}

void
known_find(const Declared *d, const GateParty *party, const GateTime *time, Known *known)
{
	memset(known, 0, sizeof(Known));
	if (party->kind == GATE_NOBODY)
		return;
	if (party->kind == GATE_SUBJECT_NO)
		find_number(party->number, known);
	else
		find_key(party, known);
	if (known->subject_no != 0 && !gate_is_now(time))
		known_from_events(known->subject_no, time, known);
}

static char *
copy_name(const char *name)
{
	return name == NULL ? NULL : pstrdup(name);
}

static Consent *
copy_state(const Consent *state)
{
	return state == NULL ? NULL :
		memcpy(palloc(VARSIZE_ANY(state)), state, VARSIZE_ANY(state));
}

Known *
known_copy(const Known *known)
{
	Known	   *copy = palloc(sizeof(Known));

	*copy = *known;
	copy->jurisdiction = copy_name(known->jurisdiction);
	copy->state = copy_state(known->state);
	copy->scopes = palloc(mul_size(known->nscopes + 1, sizeof(KnownScope)));
	for (int i = 0; i < known->nscopes; i++)
	{
		copy->scopes[i].table = copy_name(known->scopes[i].table);
		copy->scopes[i].row_key = copy_name(known->scopes[i].row_key);
		copy->scopes[i].state = copy_state(known->scopes[i].state);
	}
	return copy;
}

/* ---- what speaks of a row ---- */

static void
add_stored_scope(const GateRow *row, const Known *known, ItemScope scope,
				 Store *store, Items *items)
{
	const char *table = row->table->known_as;
	ScanKeyData keys[3];
	StoreScan  *scan;
	HeapTuple	tuple;

	store_key_int8(&keys[0], Anum_scope_state_subject_no, known->subject_no);
	store_key_text(&keys[1], Anum_scope_state_table_name, table, strlen(table));
	if (scope == SCOPE_TABLE)
		store_key_isnull(&keys[2], Anum_scope_state_row_key);
	else
		store_key_text(&keys[2], Anum_scope_state_row_key, row->row_key, row->row_key_len);
	scan = store_scan(store, "scope_state_key", GetActiveSnapshot(), 3, keys);
	tuple = store_next(scan);
	if (tuple != NULL)
	{
		bool		isnull;
		Datum		state = store_get(store, tuple, Anum_scope_state_state, &isnull);

		items_add_state(items, (Consent *) PG_DETOAST_DATUM(state), scope);
	}
	store_end(scan);
}

static void
add_stored_scopes(const GateRow *row, const Known *known, Items *items)
{
	Store	   *store;

	replica_check_table(REPLICA_SCOPE_STATE);
	store = store_open("scope_state", AccessShareLock);
	add_stored_scope(row, known, SCOPE_TABLE, store, items);
	if (row->row_key != NULL)
		add_stored_scope(row, known, SCOPE_ROW, store, items);
	store_close(store);
}

static void
add_past_scopes(const GateRow *row, const Known *known, Items *items)
{
	for (int i = 0; i < known->nscopes; i++)
	{
		const KnownScope *s = &known->scopes[i];

		if (strcmp(s->table, row->table->known_as) != 0)
			continue;
		if (s->row_key == NULL)
			items_add_state(items, s->state, SCOPE_TABLE);
		else if (row->row_key != NULL && strlen(s->row_key) == row->row_key_len &&
				 memcmp(s->row_key, row->row_key, row->row_key_len) == 0)
			items_add_state(items, s->state, SCOPE_ROW);
	}
}

void
known_collect(const GateRow *row, const GateTime *time, const Known *known, Items *items)
{
	if (known->state != NULL)
		items_add_state(items, known->state, SCOPE_SUBJECT);
	if (known->scoped && row->table != NULL)
	{
		if (known->from_events)
			add_past_scopes(row, known, items);
		else
			add_stored_scopes(row, known, items);
	}
	items_add_presets(items, known->jurisdiction, time);
}

cl_verdict
known_decide(const Declared *d, const Purpose *purpose, const GateRow *row,
			 const GateTime *time, const Known *known, bool *by_row)
{
	Items		items;

	*by_row = false;
	if (known->erased)
		return CL_DENIED;
	items_begin(&items, d, purpose);
	known_collect(row, time, known, &items);
	*by_row = known->scoped || items.has_range;
	return items_decide(&items, row, time, NULL);
}
