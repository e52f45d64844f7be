/*
 * verify_subjects.c
 *		Subjects, and the states derived from their events, recomputed one
 *		subject after another.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/hash.h"
#include "ledger/event.h"
#include "ledger/state.h"
#include "ledger/subject.h"
#include "log/verify_event.h"
#include "log/verify_parallel.h"
#include "type/consent.h"

/* What her events say about one table, or about one row. */
typedef struct Scope
{
	uint8		key[CL_HASH_BYTES]; /* hash of the names */
	char	   *name;
	Consent    *state;
	bool		stored;
} Scope;

/* What her events say, and what is stored. */
typedef struct Person
{
	int64		number;
	bool		known;			/* has a row in consent.subject */
	bytea	   *commitment;		/* the row's, NULL only where it was tampered with */
	Consent    *state;			/* what follows from the events, here and below */
	char	   *jurisdiction;
	TimestampTz jurisdiction_at;
	HTAB	   *scopes;			/* NULL: no event about a table or row */
	int64		nevents;
	int64		first_event;
	bool		erased;
	char	   *suppression;	/* what the event that erased her commits to */
} Person;

typedef struct Pass
{
	Verify	   *v;
	VerifyScan *subjects;
	VerifyScan *events;
	VerifyScan *scopes;
	HeapTuple	subject;		/* rows at hand, NULL at the end */
	HeapTuple	event;
	int64		event_subject;	/* whom it is about; PG_INT64_MAX at the end */
	HeapTuple	scope;
	MemoryContext context;		/* lives for one subject */
	int64		nsubjects;
	int64		nerased;
	int64		to;				/* numbers are before this one */
	bool		looking;		/* for a worker: who was used is the leader's */
	bool		others;			/* it has seen subjects without events */
} Pass;

/* Merge in scratch, keep in the subject's context: a long life must not pile up. */
static void
merge_into(Pass *pass, Consent **state, Consent *choices)
{
	Consent    *merged = *state ? consent_merge2(*state, choices) : choices;
	Consent    *kept;

	if (merged == *state)
		return;
	kept = MemoryContextAlloc(pass->context, VARSIZE_ANY(merged));
	memcpy(kept, merged, VARSIZE_ANY(merged));
	if (*state)
		pfree(*state);
	*state = kept;
}

/* ---- events ---- */

static Scope *
find_scope(Pass *pass, Person *p, const char *table, const char *row, bool *found)
{
	cl_part		parts[2] = {
		{table, strlen(table) + 1},
		{row, row ? strlen(row) + 1 : 0}
	};
	uint8		key[CL_HASH_BYTES];

	if (!p->scopes)
	{
		HASHCTL		control = {.keysize = CL_HASH_BYTES, .entrysize = sizeof(Scope), .hcxt = pass->context};

		p->scopes = hash_create("consent scopes", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	if (cl_sha256(parts, 2, key) != CL_OK)
		elog(ERROR, "could not compute a SHA-256");
	return hash_search(p->scopes, key, HASH_ENTER, found);
}

/* What findings call her: made for those only, most have none. */
static char *
name_of(const Person *p)
{
	return psprintf("subject " INT64_FORMAT, p->number);
}

static char *
scope_name(const Person *p, const char *table, const char *row)
{
	return row ? psprintf("%s, table %s, row %s", name_of(p), table, row) :
		psprintf("%s, table %s", name_of(p), table);
}

static void
add_scoped(Pass *pass, Person *p, Consent *choices, const char *table, const char *row)
{
	bool		found;
	Scope	   *scope = find_scope(pass, p, table, row, &found);

	if (!found)
	{
		scope->name = MemoryContextStrdup(pass->context, scope_name(p, table, row));
		scope->state = NULL;
		scope->stored = false;
	}
	merge_into(pass, &scope->state, choices);
}

/* The latest statement counts, at the same time the bytewise greater. */
static void
add_jurisdiction(Pass *pass, Person *p, const char *jurisdiction, TimestampTz at)
{
	if (p->jurisdiction &&
		(p->jurisdiction_at > at ||
		 (p->jurisdiction_at == at && strcmp(p->jurisdiction, jurisdiction) >= 0)))
		return;
	if (p->jurisdiction)
		pfree(p->jurisdiction);
	p->jurisdiction = MemoryContextStrdup(pass->context, jurisdiction);
	p->jurisdiction_at = at;
}

static bytea *
bytes_of(Datum value, bool isnull)
{
	return isnull ? NULL : DatumGetByteaPP(value);
}

static char *
hex_of(bytea *bytes)
{
	return verify_text(PointerGetDatum(bytes), bytes == NULL, BYTEAOID);
}

static bool
same_bytes(bytea *a, const void *bytes, size_t len)
{
	return a && VARSIZE_ANY_EXHDR(a) == len && memcmp(VARDATA_ANY(a), bytes, len) == 0;
}

static void
check_commitment(Pass *pass, Person *p, int64 event_id, const Datum *values, const bool *isnull)
{
	bytea	   *found = bytes_of(values[Anum_event_log_commitment - 1], isnull[Anum_event_log_commitment - 1]);

	if (p->known && (found == NULL || !same_bytes(p->commitment, VARDATA_ANY(found), VARSIZE_ANY_EXHDR(found))))
		verify_finding(pass->v, "commitment", psprintf("event " INT64_FORMAT ", %s", event_id, name_of(p)),
					   hex_of(p->commitment), hex_of(found));
}

static void
add_erasure(Pass *pass, Person *p, const Datum *values, const bool *isnull)
{
	VerifyEvent event;
	char	   *suppression;

	verify_read_event(values, isnull, &event);
	suppression = verify_detail(&event, "suppression");
	p->erased = true;
	p->suppression = suppression ? MemoryContextStrdup(pass->context, suppression) : NULL;
}

/* The next row of a scan by subjects, while it is in the range. */
static HeapTuple
next_row(Pass *pass, VerifyScan *scan)
{
	HeapTuple	row = verify_next(scan);

	return pass->to == PG_INT64_MAX || verify_number(scan, row, 1) < pass->to ? row : NULL;
}

/* The next event of a subject; those of nobody are last, where they were sorted. */
static void
next_event(Pass *pass)
{
	bool		isnull = true;

	pass->event = verify_next(pass->events);
	pass->event_subject = PG_INT64_MAX;
	if (pass->event)
	{
		Datum		subject = store_get(verify_store(pass->events), pass->event, Anum_event_log_subject_no, &isnull);

		if (!isnull)
			pass->event_subject = DatumGetInt64(subject);
	}
	if (isnull || (pass->to != PG_INT64_MAX && pass->event_subject >= pass->to))
	{
		pass->event = NULL;
		pass->event_subject = PG_INT64_MAX;
	}
}

static void
add_event(Pass *pass, Person *p)
{
	MemoryContext old = MemoryContextSwitchTo(pass->v->scratch);
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];
	int64		event_id;

	heap_deform_tuple(pass->event, RelationGetDescr(store_relation(verify_store(pass->events))), values, isnull);
	event_id = DatumGetInt64(values[Anum_event_log_event_id - 1]);
	if (p->nevents++ == 0)
		p->first_event = event_id;
	check_commitment(pass, p, event_id, values, isnull);
	if (!isnull[Anum_event_log_jurisdiction - 1])
		add_jurisdiction(pass, p, TextDatumGetCString(values[Anum_event_log_jurisdiction - 1]),
						 DatumGetTimestampTz(values[Anum_event_log_event_time - 1]));
	if (strcmp(TextDatumGetCString(values[Anum_event_log_kind - 1]), "subject_erased") == 0)
		add_erasure(pass, p, values, isnull);
	if (!isnull[Anum_event_log_choices - 1])
	{
		Consent    *choices = (Consent *) PG_DETOAST_DATUM(values[Anum_event_log_choices - 1]);
		char	   *table = verify_text(values[Anum_event_log_table_name - 1],
										isnull[Anum_event_log_table_name - 1], TEXTOID);

		if (table)
			add_scoped(pass, p, choices, table,
					   verify_text(values[Anum_event_log_row_key - 1],
								   isnull[Anum_event_log_row_key - 1], TEXTOID));
		else
			merge_into(pass, &p->state, choices);
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->v->scratch);
}

/* ---- the stored row ---- */

static void
compare(Pass *pass, const Person *p, const char *kind, const char *what,
		const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(pass->v, kind, psprintf("%s: %s", name_of(p), what), expected, found);
}

static void
report_state(Pass *pass, const char *thing, Consent *expected, Consent *found)
{
	verify_finding(pass->v, "state", thing, consent_to_text(expected), consent_to_text(found));
}

/* Her key and salt open the commitment; only an event takes them away. */
static void
check_identity(Pass *pass, Person *p, Store *store)
{
	char	   *key = verify_column_text(store, pass->subject, Anum_subject_key);
	bool		no_salt;
	Datum		salt = store_get(store, pass->subject, Anum_subject_salt, &no_salt);
	uint8		hmac[CL_HASH_BYTES];
	char		text[2 * CL_HASH_BYTES + 1];

	if (p->erased || !key || no_salt)
	{
		compare(pass, p, "subject", "key", p->erased ? "erased" : "a key, since no event erased it",
				key ? key : p->erased ? "erased" : NULL);
		compare(pass, p, "subject", "salt", p->erased ? "erased" : "a salt, since no event erased it",
				!no_salt ? "a salt" : p->erased ? "erased" : NULL);
		return;
	}
	if (VARSIZE_ANY_EXHDR(DatumGetByteaPP(salt)) != CL_SALT_BYTES)
	{
		compare(pass, p, "subject", "salt", "32 bytes", "another length");
		return;
	}
	subject_commitment(pass->v->origin, (uint8 *) VARDATA_ANY(DatumGetByteaPP(salt)), p->number, key, hmac);
	if (same_bytes(p->commitment, hmac, CL_HASH_BYTES))
		return;
	cl_hex_encode(hmac, CL_HASH_BYTES, text);
	compare(pass, p, "subject", "commitment to her key", text, hex_of(p->commitment));
}

/* Without the hash of her key, somebody who was erased would not be denied. */
static void
check_suppression(Pass *pass, Person *p, Store *store)
{
	bool		isnull;
	Datum		hash = store_get(store, pass->subject, Anum_subject_suppression, &isnull);
	uint8		commitment[CL_HASH_BYTES];
	char		found[2 * CL_HASH_BYTES + 1];

	if (!pass->v->suppression_key)
		return;
	if (!isnull)
	{
		subject_commit_suppression(pass->v->suppression_key, p->number, DatumGetByteaPP(hash), commitment);
		cl_hex_encode(commitment, CL_HASH_BYTES, found);
	}
	compare(pass, p, "subject", "commitment to suppression", p->suppression, isnull ? NULL : found);
}

static void
check_row(Pass *pass, Person *p)
{
	Store	   *store = verify_store(pass->subjects);
	bool		isnull;
	Consent    *state = (Consent *) PG_DETOAST_DATUM(store_get(store, pass->subject, Anum_subject_state, &isnull));

	check_identity(pass, p, store);
	if (p->state == NULL)
		p->state = consent_empty();
	if (!consent_equal(p->state, state))
		report_state(pass, name_of(p), p->state, state);
	compare(pass, p, "state", "jurisdiction", p->jurisdiction,
			verify_column_text(store, pass->subject, Anum_subject_jurisdiction));
	compare(pass, p, "state", "jurisdiction_at",
			verify_text(TimestampTzGetDatum(p->jurisdiction_at), p->jurisdiction == NULL, TIMESTAMPTZOID),
			verify_column_text(store, pass->subject, Anum_subject_jurisdiction_at));
	compare(pass, p, "state", "scoped", p->scopes ? "true" : "false",
			verify_column_text(store, pass->subject, Anum_subject_scoped));
	check_suppression(pass, p, store);
}

/* ---- scope_state ---- */

static void
check_scope(Pass *pass, Person *p)
{
	Store	   *store = verify_store(pass->scopes);
	char	   *table = verify_column_text(store, pass->scope, Anum_scope_state_table_name);
	char	   *row = verify_column_text(store, pass->scope, Anum_scope_state_row_key);
	bool		isnull;
	Consent    *state = (Consent *) PG_DETOAST_DATUM(store_get(store, pass->scope, Anum_scope_state_state, &isnull));
	bool		found = false;
	Scope	   *scope = p->scopes ? find_scope(pass, p, table, row, &found) : NULL;

	if (!found)
	{
		verify_finding(pass->v, "state", scope_name(p, table, row), NULL, consent_to_text(state));
		if (scope)
		{
			scope->name = NULL;
			scope->stored = true;
		}
		return;
	}
	scope->stored = true;
	if (scope->name && !consent_equal(scope->state, state))
		report_state(pass, scope->name, scope->state, state);
}

static void
check_missing_scopes(Pass *pass, Person *p)
{
	HASH_SEQ_STATUS all;
	Scope	   *scope;

	if (!p->scopes)
		return;
	hash_seq_init(&all, p->scopes);
	while ((scope = hash_seq_search(&all)) != NULL)
		if (!scope->stored)
			verify_finding(pass->v, "state", scope->name, consent_to_text(scope->state), NULL);
}

/* ---- the pass ---- */

static void
report_unknown(Verify *v, const char *thing)
{
	verify_finding(v, "subject", thing, "an event or a use that made her known", "none");
}

/* A subject that no event speaks of is there because a run used her rows. */
static void
check_existence(Pass *pass, Person *p)
{
	bool		used = p->known && !pass->looking && verify_take_used(pass->v, p->number);

	if (pass->looking)
		pass->others |= p->nevents == 0;
	if (!p->known)
		verify_finding(pass->v, "subject", name_of(p),
					   p->nevents > 0 ? psprintf("a row, since event " INT64_FORMAT " is about her", p->first_event) :
					   "a row, since there is a state", "none");
	else if (p->nevents == 0 && !used && !pass->looking)
		report_unknown(pass->v, name_of(p));
}

static void
check_person(Pass *pass, int64 number)
{
	MemoryContext old = MemoryContextSwitchTo(pass->context);
	Person		p = {.number = number};

	p.known = verify_is(pass->subjects, pass->subject, Anum_subject_subject_no, number);
	if (p.known)
	{
		bool		isnull;
		Datum		commitment = store_get(verify_store(pass->subjects), pass->subject, Anum_subject_commitment, &isnull);

		p.commitment = bytes_of(commitment, isnull);
	}
	while (pass->event && pass->event_subject == number)
	{
		add_event(pass, &p);
		next_event(pass);
	}
	if (p.known && p.nevents > 0)
		pass->v->last_subject = Max(pass->v->last_subject, number);
	check_existence(pass, &p);
	if (p.known)
		check_row(pass, &p);
	while (verify_is(pass->scopes, pass->scope, Anum_scope_state_subject_no, number))
	{
		check_scope(pass, &p);
		pass->scope = next_row(pass, pass->scopes);
	}
	check_missing_scopes(pass, &p);
	pass->nerased += p.erased;
	if (p.known)
		pass->subject = next_row(pass, pass->subjects);
	MemoryContextSwitchTo(old);
	MemoryContextReset(pass->context);
}

static void
check_erased_count(Pass *pass)
{
	Store	   *store = store_open("ledger", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, pass->v->snapshot, 0, NULL);
	HeapTuple	tuple = store_next(scan);

	if (tuple)
	{
		char	   *expected = psprintf(INT64_FORMAT, pass->nerased);
		char	   *found = verify_column_text(store, tuple, Anum_ledger_erased_subjects);

		if (!verify_same(expected, found))
			verify_finding(pass->v, "ledger", psprintf("%s: erased_subjects", pass->v->origin), expected, found);
	}
	store_end(scan);
	store_close(store);
}

static bool
has_event(Verify *v, Store *store, int64 number)
{
	ScanKeyData key;
	StoreScan  *scan;
	bool		found;

	store_key_int8(&key, Anum_event_log_subject_no, number);
	scan = verify_look_up(v, store, "event_log_subject", 1, &key);
	found = store_next(scan) != NULL;
	store_end(scan);
	return found;
}

static void
begin_range(Pass *pass, int64 from, int64 to)
{
	static const AttrNumber subject_order[] = {Anum_subject_subject_no};
	static const AttrNumber event_order[] = {Anum_event_log_subject_no, Anum_event_log_event_id};
	static const AttrNumber scope_order[] = {Anum_scope_state_subject_no, Anum_scope_state_table_name,
	Anum_scope_state_row_key};

	pass->to = to;
	pass->subjects = verify_scan_from(pass->v, "subject", "subject_pkey", 1, subject_order, from);
	pass->events = verify_scan_from(pass->v, "event_log", "event_log_subject", 2, event_order, from);
	pass->scopes = verify_scan_from(pass->v, "scope_state", "scope_state_key", 3, scope_order, from);
	pass->subject = next_row(pass, pass->subjects);
	next_event(pass);
	pass->scope = next_row(pass, pass->scopes);
}

static void
check_range(Pass *pass, int64 from, int64 to)
{
	begin_range(pass, from, to);
	while (pass->subject || pass->event || pass->scope)
	{
		check_person(pass, Min(verify_number(pass->subjects, pass->subject, Anum_subject_subject_no),
							   Min(pass->event_subject,
								   verify_number(pass->scopes, pass->scope, Anum_scope_state_subject_no))));
		verify_progress(pass->v, "subjects", ++pass->nsubjects);
	}
	verify_end(pass->subjects);
	verify_end(pass->events);
	verify_end(pass->scopes);
}

/* Of a range that is sound: was who has no event used by a run? */
static void
check_used(Pass *pass, int64 from, int64 to, bool others)
{
	static const AttrNumber order[] = {Anum_subject_subject_no};
	Store	   *store = store_open("event_log", AccessShareLock);
	HeapTuple	row;

	pass->to = to;
	pass->subjects = verify_scan_from(pass->v, "subject", "subject_pkey", lengthof(order), order, from);
	while ((row = next_row(pass, pass->subjects)) != NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(pass->context);
		int64		number = verify_number(pass->subjects, row, Anum_subject_subject_no);

		if (!verify_take_used(pass->v, number) && others && !has_event(pass->v, store, number))
			report_unknown(pass->v, psprintf("subject " INT64_FORMAT, number));
		MemoryContextSwitchTo(old);
		MemoryContextReset(pass->context);
	}
	verify_end(pass->subjects);
	store_close(store);
}

static void
begin_pass(Pass *pass)
{
	pass->context = AllocSetContextCreate(CurrentMemoryContext, "consent verify subject",
										  ALLOCSET_DEFAULT_SIZES);
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
	look->context = AllocSetContextCreate(CurrentMemoryContext, "consent verify subjects", ALLOCSET_DEFAULT_SIZES);
	return look;
}

static VerifyState
look_at(void *arg, int64 from, int64 to, VerifyCount *count)
{
	Look	   *look = arg;
	Pass	   *pass = &look->pass;
	MemoryContext old = MemoryContextSwitchTo(look->context);
	VerifyState state;

	pass->v->nfindings = pass->nsubjects = pass->nerased = 0;
	pass->others = false;
	check_range(pass, from, to);
	state = pass->v->nfindings > 0 ? VERIFY_UNKNOWN : pass->others ? VERIFY_SOUND_SO_FAR : VERIFY_SOUND;
	count->rows = pass->nsubjects;
	count->greatest = pass->v->last_subject;
	count->erased = state == VERIFY_UNKNOWN ? 0 : pass->nerased;
	MemoryContextSwitchTo(old);
	MemoryContextReset(look->context);
	return state;
}

static void
end_look(void *arg)
{
	Look	   *look = arg;

	MemoryContextDelete(look->pass.context);
	MemoryContextDelete(look->context);
	pfree(look);
}

const VerifyTask verify_subjects_task = {
	.what = "subjects", .width = 1024, .begin = begin_look, .look = look_at, .end = end_look
};

/* ---- all of them ---- */

static VerifyRange *
find_ranges(Pass *pass, int *n)
{
	int64		first,
				last;
	VerifyCount count;
	VerifyRange *ranges;

	if (!verify_ends(pass->v, "subject", "subject_pkey", Anum_subject_subject_no, &first, &last) ||
		first < 0 || last == PG_INT64_MAX)
		last = (first = 0) - 1;
	ranges = verify_in_parallel(pass->v, &verify_subjects_task, first, last + 1, n, &count);
	pass->v->last_subject = Max(pass->v->last_subject, count.greatest);
	pass->nerased = count.erased;
	return ranges;
}

void
verify_subjects(Verify *v)
{
	Pass		pass = {.v = v};
	int			n;
	VerifyRange *ranges = find_ranges(&pass, &n);

	begin_pass(&pass);
	for (int i = 0; i < n; i++)
		if (ranges[i].state == VERIFY_UNKNOWN)
			check_range(&pass, ranges[i].from, ranges[i].to);
		else if (ranges[i].state == VERIFY_SOUND_SO_FAR || hash_get_num_entries(v->used) > 0)
			check_used(&pass, ranges[i].from, ranges[i].to, ranges[i].state == VERIFY_SOUND_SO_FAR);
	pfree(ranges);
	verify_rest_of_used(v);
	check_erased_count(&pass);
	MemoryContextDelete(pass.context);
}
