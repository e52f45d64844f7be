/*
 * ask.c
 *		Ask about a party, and remember the answers for as long as they hold:
 *		under one snapshot and in one statement, whose start `until` is
 *		compared with.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "gate/cache.h"
#include "gate/question.h"
#include "gate/whole.h"
#include "ledger/snapkey.h"
#include "settings.h"

/* A check of one row costs no memory: only what asks more often is cached. */
#define QUESTIONS_BEFORE_CACHE 8
#define MAX_CACHES 4
#define MAX_WHOLES 4

typedef struct Gate
{
	bool		ready;
	SnapKey		snapshot;
	TimestampTz statement;
	const Declared *declared;
	int			questions;		/* uncached so far */
	bool		few;			/* subjects will be asked about */
	MemoryContext context;		/* of the caches; NULL: none */
	int			ncaches;
	Cache	   *caches[MAX_CACHES];
	Cache	   *last;			/* the one used last */
	int			nwholes;
	Whole	   *wholes[MAX_WHOLES];
	const Purpose *purpose;		/* found last */
	const ProtectedTable *table;
	int			table_len;		/* under this name */
	char		table_name[2 * NAMEDATALEN];
} Gate;

static Gate gate;

static void
forget(void)
{
	if (gate.context != NULL)
		MemoryContextDelete(gate.context);
	memset(&gate, 0, sizeof(Gate));
}

const Declared *
gate_ready(void)
{
	if (gate.ready && gate.statement == GetCurrentStatementStartTimestamp() &&
		snapkey_is_current(&gate.snapshot))
		return gate.declared;
	forget();
	gate.declared = declared_get();
	snapkey_take(&gate.snapshot);
	gate.statement = GetCurrentStatementStartTimestamp();
	gate.ready = true;
	return gate.declared;
}

MemoryContext
gate_context(void)
{
	if (gate.context == NULL)
		gate.context = AllocSetContextCreate(TopMemoryContext, "consent gate",
											 ALLOCSET_SMALL_SIZES);
	return gate.context;
}

/* ---- names, the same for every row of a scan ---- */

const Purpose *
gate_purpose(const text *name)
{
	const char *s = VARDATA_ANY(name);
	int			len = VARSIZE_ANY_EXHDR(name);

	if (gate.purpose == NULL || gate.purpose->name_len != len ||
		memcmp(gate.purpose->name, s, len) != 0)
		gate.purpose = declared_purpose(gate.declared, s, len);
	return gate.purpose;
}

const ProtectedTable *
gate_table(const text *name)
{
	const char *s = VARDATA_ANY(name);
	int			len = VARSIZE_ANY_EXHDR(name);
	const ProtectedTable *table;

	if (gate.table != NULL && gate.table_len == len && memcmp(gate.table_name, s, len) == 0)
		return gate.table;
	table = declared_table(gate.declared, s, len);
	if (len <= sizeof(gate.table_name))
	{
		memcpy(gate.table_name, s, len);
		gate.table_len = len;
		gate.table = table;
	}
	return table;
}

/* ---- asking ---- */

/* Those used last are kept: one query may go on asking about several times. */
static Cache *
find_cache(GatePartyKind kind, const GateTime *time)
{
	Cache	   *cache = NULL;
	int			place = 0;

	while (place < gate.ncaches && !cache_is_for(gate.caches[place], kind, time))
		place++;
	if (place < gate.ncaches)
		cache = gate.caches[place];
	else if (gate.ncaches < MAX_CACHES)
		gate.ncaches++;
	else
		cache_destroy(gate.caches[--place]);
	memmove(&gate.caches[1], &gate.caches[0], place * sizeof(Cache *));
	gate.caches[0] = NULL;
	gate.last = NULL;
	if (cache == NULL)
		cache = cache_create(gate_context(), gate.declared, kind, time);
	return gate.caches[0] = cache;
}

static void
ask_uncached(const Purpose *purpose, const GateRow *row, const GateTime *time,
			 GateParty *party)
{
	Known		known;

	gate.questions++;
	known_find(gate.declared, party, time, &known);
	party->subject_no = known.subject_no;
	party->verdict = known_decide(gate.declared, purpose, row, time, &known, &party->by_row);
}

static void
ask_cached(const Purpose *purpose, const GateRow *row, const GateTime *time,
		   GateParty *parties, int n)
{
	if (gate.last == NULL || !cache_is_for(gate.last, parties[0].kind, time))
		gate.last = find_cache(parties[0].kind, time);
	cache_ask(gate.last, purpose, row, parties, n, !gate.few);
}

void
gate_expect_few(bool few)
{
	gate.few = few;
}

const Whole *
gate_whole(const Purpose **purposes, int n, double questions)
{
	MemoryContext old;
	Whole	   *whole;

	Assert(gate.ready && snapkey_is_current(&gate.snapshot));
	for (int i = 0; i < gate.nwholes; i++)
		if (whole_is_for(gate.wholes[i], purposes, n))
			return gate.wholes[i];
	if (gate.nwholes == MAX_WHOLES)
		return whole_begin(gate.declared, purposes, n, questions);
	old = MemoryContextSwitchTo(gate_context());
	whole = whole_begin(gate.declared, purposes, n, questions);
	MemoryContextSwitchTo(old);
	if (whole)
		gate.wholes[gate.nwholes++] = whole;
	return whole;
}

static bool
is_cached(void)
{
	switch ((LookupWay) setting_lookup)
	{
		case LOOKUP_SINGLE:
			return false;
		case LOOKUP_CACHED:
		case LOOKUP_LOADED:
			return true;
		default:
			return gate.questions >= QUESTIONS_BEFORE_CACHE;
	}
}

/* How many of the parties, from the first on, are given in the same way. */
static int
alike(const GateParty *parties, int n)
{
	int			same = 1;

	while (same < n && parties[same].kind == parties[0].kind)
		same++;
	return same;
}

void
gate_ask(const Purpose *purpose, const GateRow *row, const GateTime *time,
		 GateParty *parties, int n)
{
	int			same;

	Assert(gate.ready && snapkey_is_current(&gate.snapshot));
	for (; n > 0; parties += same, n -= same)
	{
		same = alike(parties, n);
		if (parties->kind == GATE_NOBODY)
			for (int i = 0; i < same; i++)
			{
				parties[i].subject_no = 0;
				parties[i].verdict = CL_UNKNOWN;
				parties[i].by_row = false;
			}
		else if (is_cached())
			ask_cached(purpose, row, time, parties, same);
		else
			for (int i = 0; i < same; i++)
				ask_uncached(purpose, row, time, &parties[i]);
	}
}

/* ---- transactions ---- */

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			forget();
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		forget();
}

void
gate_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
