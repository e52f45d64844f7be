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
	char	   *thing;
	bool		known;			/* has a row in consent.subject */
	char	   *commitment;		/* the row's */
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
	HeapTuple	scope;
	MemoryContext context;		/* lives for one subject */
	int64		nsubjects;
	int64		nerased;
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

static char *
scope_name(Person *p, const char *table, const char *row)
{
	return row ? psprintf("%s, table %s, row %s", p->thing, table, row) :
		psprintf("%s, table %s", p->thing, table);
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

static void
check_commitment(Pass *pass, Person *p, int64 event_id, const Datum *values, const bool *isnull)
{
	char	   *found = verify_text(values[Anum_event_log_commitment - 1],
									isnull[Anum_event_log_commitment - 1], BYTEAOID);

	if (p->known && !verify_same(p->commitment, found))
		verify_finding(pass->v, "commitment", psprintf("event " INT64_FORMAT ", %s", event_id, p->thing),
					   p->commitment, found);
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

/* The next event of a subject; those of nobody are last, where they were sorted. */
static HeapTuple
next_event(Pass *pass)
{
	HeapTuple	event = verify_next(pass->events);
	bool		isnull = false;

	if (event)
		store_get(verify_store(pass->events), event, Anum_event_log_subject_no, &isnull);
	return isnull ? NULL : event;
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
compare(Pass *pass, const char *kind, const char *thing, const char *what,
		const char *expected, const char *found)
{
	if (!verify_same(expected, found))
		verify_finding(pass->v, kind, psprintf("%s: %s", thing, what), expected, found);
}

static void
compare_state(Pass *pass, const char *kind, const char *thing, Consent *expected, Consent *found)
{
	if (!consent_equal(expected, found))
		verify_finding(pass->v, kind, thing, consent_to_text(expected), consent_to_text(found));
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
		compare(pass, "subject", p->thing, "key", p->erased ? "erased" : "a key, since no event erased it",
				key ? key : p->erased ? "erased" : NULL);
		compare(pass, "subject", p->thing, "salt", p->erased ? "erased" : "a salt, since no event erased it",
				!no_salt ? "a salt" : p->erased ? "erased" : NULL);
		return;
	}
	if (VARSIZE_ANY_EXHDR(DatumGetByteaPP(salt)) != CL_SALT_BYTES)
	{
		compare(pass, "subject", p->thing, "salt", "32 bytes", "another length");
		return;
	}
	subject_commitment(pass->v->origin, (uint8 *) VARDATA_ANY(DatumGetByteaPP(salt)), p->number, key, hmac);
	cl_hex_encode(hmac, CL_HASH_BYTES, text);
	compare(pass, "subject", p->thing, "commitment to her key", text, p->commitment);
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
	compare(pass, "subject", p->thing, "commitment to suppression", p->suppression, isnull ? NULL : found);
}

static void
check_row(Pass *pass, Person *p)
{
	Store	   *store = verify_store(pass->subjects);
	bool		isnull;
	Consent    *state = (Consent *) PG_DETOAST_DATUM(store_get(store, pass->subject, Anum_subject_state, &isnull));

	check_identity(pass, p, store);
	compare_state(pass, "state", p->thing, p->state ? p->state : consent_empty(), state);
	compare(pass, "state", p->thing, "jurisdiction", p->jurisdiction,
			verify_column_text(store, pass->subject, Anum_subject_jurisdiction));
	compare(pass, "state", p->thing, "jurisdiction_at",
			verify_text(TimestampTzGetDatum(p->jurisdiction_at), p->jurisdiction == NULL, TIMESTAMPTZOID),
			verify_column_text(store, pass->subject, Anum_subject_jurisdiction_at));
	compare(pass, "state", p->thing, "scoped", p->scopes ? "true" : "false",
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
	if (scope->name)
		compare_state(pass, "state", scope->name, scope->state, state);
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

/* A subject that no event speaks of is there because a run used her rows. */
static void
check_existence(Pass *pass, Person *p)
{
	bool		used = p->known && verify_take_used(pass->v, p->number);

	if (!p->known)
		verify_finding(pass->v, "subject", p->thing,
					   p->nevents > 0 ? psprintf("a row, since event " INT64_FORMAT " is about her", p->first_event) :
					   "a row, since there is a state", "none");
	else if (p->nevents == 0 && !used)
		verify_finding(pass->v, "subject", p->thing, "an event or a use that made her known", "none");
}

static void
check_person(Pass *pass, int64 number)
{
	MemoryContext old = MemoryContextSwitchTo(pass->context);
	Person		p = {.number = number};

	p.thing = psprintf("subject " INT64_FORMAT, number);
	p.known = verify_is(pass->subjects, pass->subject, Anum_subject_subject_no, number);
	if (p.known)
		p.commitment = verify_column_text(verify_store(pass->subjects), pass->subject, Anum_subject_commitment);
	while (verify_is(pass->events, pass->event, Anum_event_log_subject_no, number))
	{
		add_event(pass, &p);
		pass->event = next_event(pass);
	}
	if (p.known && p.nevents > 0)
		pass->v->last_subject = Max(pass->v->last_subject, number);
	check_existence(pass, &p);
	if (p.known)
		check_row(pass, &p);
	while (verify_is(pass->scopes, pass->scope, Anum_scope_state_subject_no, number))
	{
		check_scope(pass, &p);
		pass->scope = verify_next(pass->scopes);
	}
	check_missing_scopes(pass, &p);
	pass->nerased += p.erased;
	if (p.known)
		pass->subject = verify_next(pass->subjects);
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
		compare(pass, "ledger", pass->v->origin, "erased_subjects",
				psprintf(INT64_FORMAT, pass->nerased),
				verify_column_text(store, tuple, Anum_ledger_erased_subjects));
	store_end(scan);
	store_close(store);
}

void
verify_subjects(Verify *v)
{
	static const AttrNumber subject_order[] = {Anum_subject_subject_no};
	static const AttrNumber event_order[] = {Anum_event_log_subject_no, Anum_event_log_event_id};
	static const AttrNumber scope_order[] = {Anum_scope_state_subject_no, Anum_scope_state_table_name,
	Anum_scope_state_row_key};
	Pass		pass = {.v = v};

	pass.context = AllocSetContextCreate(CurrentMemoryContext, "consent verify subject",
										 ALLOCSET_DEFAULT_SIZES);
	pass.subjects = verify_scan(v, "subject", "subject_pkey", 1, subject_order);
	pass.events = verify_scan(v, "event_log", "event_log_subject", 2, event_order);
	pass.scopes = verify_scan(v, "scope_state", "scope_state_key", 3, scope_order);
	pass.subject = verify_next(pass.subjects);
	pass.event = next_event(&pass);
	pass.scope = verify_next(pass.scopes);
	while (pass.subject || pass.event || pass.scope)
	{
		check_person(&pass, Min(verify_number(pass.subjects, pass.subject, Anum_subject_subject_no),
								Min(verify_number(pass.events, pass.event, Anum_event_log_subject_no),
									verify_number(pass.scopes, pass.scope, Anum_scope_state_subject_no))));
		verify_progress(v, "subjects", ++pass.nsubjects);
	}
	verify_end(pass.subjects);
	verify_end(pass.events);
	verify_end(pass.scopes);
	verify_rest_of_used(v);
	check_erased_count(&pass);
	MemoryContextDelete(pass.context);
}
