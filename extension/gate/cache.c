/*
 * cache.c
 *		Verdicts that do not depend on the row, by subject.
 *
 * A cache is good for one snapshot, one kind of key and one time; its owner
 * drops it as a whole.  Verdicts that depend on the row (data ranges, choices
 * about tables and rows) are not kept, but what is known about the subject.
 *
 * After many misses all subjects are loaded at once, if they fit the memory
 * of a hash table.  Whatever does not fit is looked up each time.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "miscadmin.h"
#include "optimizer/plancat.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/uuid.h"

#include "gate/ahead.h"
#include "gate/answers.h"
#include "gate/cache.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "settings.h"

/* Load everything after so many misses, and one in so many subjects missed. */
#define MISSES_BEFORE_LOAD 1000
#define SUBJECTS_PER_MISS 256

/* Subjects whose verdicts depend on the row, by number. */
typedef struct KeptSlot
{
	int64		subject_no;
	Known	   *known;
	char		status;
} KeptSlot;

#define SH_PREFIX kept
#define SH_ELEMENT_TYPE KeptSlot
#define SH_KEY_TYPE int64
#define SH_KEY subject_no
#define SH_HASH_KEY(table, key) subject_number_hash(key)
#define SH_EQUAL(table, a, b) ((a) == (b))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct Cache
{
	const Declared *declared;
	GatePartyKind kind;
	GateTime	time;
	MemoryContext context;
	Answers		answers;
	kept_hash  *kept;
	int			npurposes;		/* those that answers hold verdicts on */
	const Purpose *purposes[ANSWER_PURPOSES];
	int			unknown[ANSWER_PURPOSES];	/* of whom the ledger does not know */
	int			last;			/* place of the purpose asked about last */
	bool		complete;		/* who is not here is unknown to the ledger */
	bool		full;			/* nothing is added any more */
	size_t		limit;			/* of memory */
	Ahead		ahead;
	double		misses;			/* since all were loaded */
	double		patience;		/* how many it takes to load all */
};

/* How many misses it takes to load so many subjects. */
static double
patience_for(double subjects)
{
	switch ((LookupWay) setting_lookup)
	{
		case LOOKUP_CACHED:
			return HUGE_VAL;
		case LOOKUP_LOADED:
			return 0;
		default:
			return Max(MISSES_BEFORE_LOAD, subjects / SUBJECTS_PER_MISS);
	}
}

Cache *
cache_create(MemoryContext parent, const Declared *d, GatePartyKind kind,
			 const GateTime *time)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent verdicts",
												  ALLOCSET_DEFAULT_SIZES);
	Cache	   *cache = MemoryContextAllocZero(context, sizeof(Cache));

	cache->declared = d;
	cache->kind = kind;
	cache->time = *time;
	cache->context = context;
	cache->limit = get_hash_memory_limit();
	cache->patience = patience_for(0);
	cache->kept = kept_create(context, 16, NULL);
	answers_init(&cache->answers, context, kind == GATE_SUBJECT_NO);
	return cache;
}

void
cache_destroy(Cache *cache)
{
	MemoryContextDelete(cache->context);
}

bool
cache_is_for(const Cache *cache, GatePartyKind kind, const GateTime *time)
{
	return cache->kind == kind &&
		cache->time.has_at == time->has_at &&
		cache->time.has_known == time->has_known &&
		(!time->has_at || cache->time.at == time->at) &&
		(!time->has_known || (cache->time.known_at == time->known_at && cache->time.known_in == time->known_in));
}

static AnswerKey
key_of_party(const GateParty *party)
{
	switch (party->kind)
	{
		case GATE_SUBJECT_NO:
			return answer_key_of_drawn(party->number);
		case GATE_BIGINT:
			return answer_key_of_number(party->number);
		default:
			return answer_key_of_bytes(party->bytes, party->len);
	}
}

/* The place of a purpose in each answer, or -1 where there are too many. */
static int
place_of(Cache *cache, const Purpose *purpose)
{
	if (cache->npurposes > 0 && cache->purposes[cache->last] == purpose)
		return cache->last;
	for (int i = 0; i < cache->npurposes; i++)
		if (cache->purposes[i] == purpose)
			return cache->last = i;
	if (cache->npurposes == ANSWER_PURPOSES)
		return -1;
	cache->last = cache->npurposes++;
	cache->purposes[cache->last] = purpose;
	cache->unknown[cache->last] = ANSWER_UNASKED;
	return cache->last;
}

/* ---- adding ---- */

/* Is there memory for another subject? */
static bool
has_room(Cache *cache, const AnswerKey *key)
{
	if (!cache->full)
		cache->full = answers_growth(&cache->answers, key) +
			MemoryContextMemAllocated(cache->context, false) > cache->limit;
	return !cache->full;
}

/* A copy that lasts as long as the cache. */
static void
keep(Cache *cache, const Known *known)
{
	MemoryContext old;
	Known	   *copy;
	bool		found;

	if (known->subject_no == 0 || kept_lookup(cache->kept, known->subject_no) != NULL)
		return;
	old = MemoryContextSwitchTo(cache->context);
	copy = known_copy(known);
	kept_insert(cache->kept, known->subject_no, &found)->known = copy;
	MemoryContextSwitchTo(old);
}

/* The verdict without a row, or that it depends on the row. */
static int
code_of(const Cache *cache, const Purpose *purpose, const Known *known)
{
	GateRow		no_row = {0};
	bool		by_row;
	cl_verdict	verdict = known_decide(cache->declared, purpose, &no_row,
									   &cache->time, known, &by_row);

	return by_row ? ANSWER_BY_ROW : (int) verdict;
}

/* The verdicts on all purposes that were asked about. */
static Answer
answer_about(Cache *cache, const Known *known)
{
	Answer		answer = ANSWER_FRESH | (Answer) known->subject_no << ANSWER_SUBJECT_SHIFT;

	for (int i = 0; i < cache->npurposes; i++)
	{
		int			code = code_of(cache, cache->purposes[i], known);

		answer = answer_set(answer, i, code);
		if (code == ANSWER_BY_ROW)
			keep(cache, known);
	}
	return answer;
}

static void
remember(Cache *cache, const AnswerKey *key, const Known *known)
{
	if (known->subject_no < ANSWER_SUBJECT_MAX && has_room(cache, key))
		*answers_add(&cache->answers, key) = answer_about(cache, known);
}

/* ---- loading all ---- */

/* Canonical spelling was checked when the subject was made. */
static void
parse_uuid(const char *text, char *bytes)
{
	for (int i = 0; i < UUID_LEN; text++)
	{
		int			high,
					low;

		if (*text == '-')
			continue;
		high = *text <= '9' ? *text - '0' : *text - 'a' + 10;
		text++;
		low = *text <= '9' ? *text - '0' : *text - 'a' + 10;
		bytes[i++] = high << 4 | low;
	}
}

static int64
parse_bigint(const char *text, int len)
{
	bool		negative = text[0] == '-';
	uint64		value = 0;

	for (int i = negative; i < len; i++)
		value = value * 10 + (text[i] - '0');
	return (int64) (negative ? 0 - value : value);
}

/* The key of a stored subject, as a party of this cache would give it. */
static bool
key_of_row(const Cache *cache, const Datum *values, const bool *isnull, AnswerKey *key)
{
	char		uuid[UUID_LEN];
	text	   *stored;

	if (cache->kind == GATE_SUBJECT_NO)
	{
		*key = answer_key_of_drawn(DatumGetInt64(values[Anum_subject_subject_no - 1]));
		return true;
	}
	if (isnull[Anum_subject_key - 1])
		return false;
	stored = DatumGetTextPP(values[Anum_subject_key - 1]);
	if (cache->kind == GATE_BIGINT)
		*key = answer_key_of_number(parse_bigint(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored)));
	else if (cache->kind == GATE_TEXT)
		*key = answer_key_of_bytes(VARDATA_ANY(stored), VARSIZE_ANY_EXHDR(stored));
	else
	{
		parse_uuid(VARDATA_ANY(stored), uuid);
		*key = answer_key_of_bytes(uuid, UUID_LEN);
	}
	return true;
}

/*
 * Subjects on their way into the answers: some at a time, so that the memory
 * of their places is fetched for all of them together.
 */
#define BATCH 32

typedef struct Batch
{
	int			n;
	AnswerKey	keys[BATCH];
	Answer		answers[BATCH];
} Batch;

static void
add_batch(Cache *cache, Batch *batch)
{
	for (int i = 0; i < batch->n && has_room(cache, &batch->keys[i]); i++)
		*answers_add(&cache->answers, &batch->keys[i]) = batch->answers[i];
	batch->n = 0;
}

/* Take a row into the batch; what it needs of the row is in the current context. */
static void
load_row(Cache *cache, TupleDesc desc, HeapTuple tuple, Batch *batch)
{
	Datum		values[Natts_subject];
	bool		isnull[Natts_subject];
	AnswerKey  *key = &batch->keys[batch->n];
	Known		known;

	heap_deform_tuple(tuple, desc, values, isnull);
	known_from_values(values, isnull, &known);
	if (!key_of_row(cache, values, isnull, key) || known.subject_no >= ANSWER_SUBJECT_MAX)
		return;
	answers_prefetch(&cache->answers, key);
	if (key->bytes != NULL)
		key->bytes = pnstrdup(key->bytes, key->len);
	batch->answers[batch->n++] = answer_about(cache, &known);
}

static void
load_rows(Cache *cache, Store *store)
{
	TupleDesc	desc = RelationGetDescr(store_relation(store));
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext,
												  "consent subjects, loading",
												  ALLOCSET_DEFAULT_SIZES);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	Batch		batch = {0};
	HeapTuple	tuple;

	while (!cache->full && (tuple = store_next(scan)) != NULL)
	{
		load_row(cache, desc, tuple, &batch);
		if (batch.n == BATCH)
		{
			add_batch(cache, &batch);
			MemoryContextReset(scratch);
		}
	}
	add_batch(cache, &batch);
	MemoryContextSwitchTo(old);
	store_end(scan);
	MemoryContextDelete(scratch);
}

static double
count_subjects(Store *store)
{
	BlockNumber pages;
	double		tuples;
	double		allvisfrac;

	estimate_rel_size(store_relation(store), NULL, &pages, &tuples, &allvisfrac);
	return tuples;
}

/*
 * Load all subjects, once enough were missed to make up for it.  Not where it
 * is about another time, since then each takes her events.
 */
static void
load(Cache *cache)
{
	Store	   *store = store_open("subject", AccessShareLock);
	double		subjects = count_subjects(store);

	cache->patience = patience_for(subjects);
	if (answers_size(&cache->answers, subjects) > cache->limit)
		cache->patience = HUGE_VAL;
	else if (cache->misses >= cache->patience)
	{
		answers_expect(&cache->answers, subjects);
		load_rows(cache, store);
		cache->complete = !cache->full &&
			(cache->kind == GATE_SUBJECT_NO || cache->declared->erased_subjects == 0);
		cache->misses = 0;
		/* Only for a purpose that is asked about from now on. */
		cache->patience = cache->patience > 0 ? 4 * cache->patience : HUGE_VAL;
	}
	store_close(store);
}

/* ---- asking ---- */

static void
ask_known(Cache *cache, const Purpose *purpose, const GateRow *row,
		  const Known *known, GateParty *party)
{
	party->subject_no = known->subject_no;
	party->verdict = known_decide(cache->declared, purpose, row, &cache->time,
								  known, &party->by_row);
}

/* About somebody of whom the ledger does not know. */
static void
ask_unknown(Cache *cache, int place, const Purpose *purpose, const GateRow *row,
			GateParty *party)
{
	static const Known nothing = {0};

	party->subject_no = 0;
	party->by_row = false;
	if (place >= 0 && cache->unknown[place] == ANSWER_UNASKED)
		cache->unknown[place] = code_of(cache, purpose, &nothing);
	if (place >= 0 && cache->unknown[place] < CL_VERDICTS)
		party->verdict = (cl_verdict) cache->unknown[place];
	else
		ask_known(cache, purpose, row, &nothing, party);
}

/* By what was kept; false if there was no room for it. */
static bool
ask_kept(Cache *cache, int place, const Purpose *purpose, const GateRow *row,
		 GateParty *party)
{
	KeptSlot   *slot;

	if (party->subject_no == 0)
	{
		ask_unknown(cache, place, purpose, row, party);
		return true;
	}
	slot = kept_lookup(cache->kept, party->subject_no);
	if (slot == NULL)
		return false;
	ask_known(cache, purpose, row, slot->known, party);
	return true;
}

static void
ask_ledger(Cache *cache, const Purpose *purpose, const GateRow *row,
		   const AnswerKey *key, GateParty *party)
{
	Known		known;

	cache->misses++;
	known_find(cache->declared, party, &cache->time, &known);
	remember(cache, key, &known);
	ask_known(cache, purpose, row, &known, party);
}

static void
ask_one(Cache *cache, int place, const Purpose *purpose, const GateRow *row,
		const AnswerKey *key, GateParty *party)
{
	Answer	   *answer = answers_find(&cache->answers, key);
	int			code = ANSWER_UNASKED;

	if (answer != NULL)
	{
		party->subject_no = answer_subject(*answer);
		party->by_row = false;
		if (place >= 0)
			code = answer_get(*answer, place);
		if (code < CL_VERDICTS)
			party->verdict = (cl_verdict) code;
		else if (code != ANSWER_BY_ROW || !ask_kept(cache, place, purpose, row, party))
			ask_ledger(cache, purpose, row, key, party);
	}
	else if (cache->complete)
		ask_unknown(cache, place, purpose, row, party);
	else
		ask_ledger(cache, purpose, row, key, party);
}

/* Fetch the place of whoever may be asked about next. */
static inline void
fetch_ahead(Cache *cache, const GateParty *party)
{
	GateParty	next;
	AnswerKey	key;

	if (!answers_far(&cache->answers) || !ahead_party(&cache->ahead, party, &next))
		return;
	key = key_of_party(&next);
	answers_prefetch(&cache->answers, &key);
}

/*
 * Most of the time goes to waiting for memory, so the places of all parties
 * are fetched before any of them is looked at, and those of the next row.
 */
void
cache_ask(Cache *cache, const Purpose *purpose, const GateRow *row,
		  GateParty *parties, int n, bool may_load)
{
	int			place = place_of(cache, purpose);
	AnswerKey	keys[GATE_ROOM];

	if (may_load && cache->misses >= cache->patience && gate_is_now(&cache->time))
		load(cache);
	for (int first = 0; first < n; first += GATE_ROOM)
	{
		int			some = Min(n - first, GATE_ROOM);

		for (int i = 0; i < some; i++)
		{
			keys[i] = key_of_party(&parties[first + i]);
			answers_prefetch(&cache->answers, &keys[i]);
			fetch_ahead(cache, &parties[first + i]);
		}
		for (int i = 0; i < some; i++)
			ask_one(cache, place, purpose, row, &keys[i], &parties[first + i]);
	}
}
