/*
 * decide.c
 *		Which event decides about a use; and verdicts by subject number, which
 *		stay possible when a key was erased.
 *
 * The rule names the choice that decides; the event is the first of the
 * subject's that recorded it, or the one that switched a preset on for
 * everybody.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "gate/items.h"
#include "gate/known.h"
#include "ledger/arguments.h"
#include "ledger/snapkey.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "type/consent.h"
#include "use/decide.h"
#include "use/run.h"

PG_FUNCTION_INFO_V1(consent_deciding_event);
PG_FUNCTION_INFO_V1(consent_subject_verdict);

typedef struct Question
{
	const Declared *declared;
	int64		subject_no;
	GateRow		row;
} Question;

/* What decided, for one purpose at one time. */
typedef struct Decision
{
	bool		by_row;			/* about another row it could be another decision */
	bool		permitted;
	cl_verdict	verdict;
	bool		by_erasure;
	bool		by_item;
	cl_rule_item item;
} Decision;

static Decision
decide(const Question *q, const Purpose *purpose, const GateTime *time)
{
	GateParty	party = {.kind = GATE_SUBJECT_NO, .number = q->subject_no};
	Decision	decision = {0};
	Known		known;
	Items		items;
	int			decided_by;

	known_find(q->declared, &party, time, &known);
	if (known.erased)
	{
		decision.verdict = CL_DENIED;
		decision.by_erasure = true;
		return decision;
	}
	items_begin(&items, q->declared, purpose);
	known_collect(&q->row, time, &known, &items);
	decision.by_row = known.scoped || items.has_range;
	decision.verdict = items_decide(&items, &q->row, time, &decided_by);
	decision.permitted = cl_verdict_permits(decision.verdict, purpose->opt_out);
	decision.by_item = decided_by >= 0;
	if (decision.by_item)
		decision.item = items.items[decided_by];
	return decision;
}

/*
 * As ask_row() has it: what does not permit is worse than what does.  Where all
 * permit, what an event decides tells more than silence.
 */
static bool
is_worse(const Decision *a, const Decision *b)
{
	if (a->permitted != b->permitted)
		return !a->permitted;
	if (a->permitted && a->by_item != b->by_item)
		return a->by_item;
	return a->verdict > b->verdict;
}

static Decision
decide_worst(const Question *q, char **purposes, int n, const GateTime *times, int ntimes)
{
	Decision	worst = {0};
	bool		by_row = false;

	for (int p = 0; p < n; p++)
	{
		const Purpose *purpose = declared_purpose(q->declared, purposes[p], strlen(purposes[p]));

		for (int t = 0; t < ntimes; t++)
		{
			Decision	decision = decide(q, purpose, &times[t]);

			by_row |= decision.by_row;
			if ((p == 0 && t == 0) || is_worse(&decision, &worst))
				worst = decision;
		}
	}
	worst.by_row = by_row;
	return worst;
}

/* ---- the event ---- */

static bool
text_is(Store *events, HeapTuple event, AttrNumber attno, const char *s, int len)
{
	bool		isnull;
	Datum		value = store_get(events, event, attno, &isnull);

	if (isnull || !s)
		return isnull && !s;
	return VARSIZE_ANY_EXHDR(DatumGetTextPP(value)) == len &&
		memcmp(VARDATA_ANY(DatumGetTextPP(value)), s, len) == 0;
}

/* Is the event about what the choice was about: everything, the table, the row? */
static bool
has_scope(Store *events, HeapTuple event, const Question *q, int scope)
{
	const char *table = scope == SCOPE_SUBJECT ? NULL : q->row.table->known_as;
	const char *key = scope == SCOPE_ROW ? q->row.row_key : NULL;

	return text_is(events, event, Anum_event_log_table_name, table, table ? strlen(table) : 0) &&
		text_is(events, event, Anum_event_log_row_key, key, q->row.row_key_len);
}

static bool
has_choice(const Question *q, const Consent *choices, const cl_rule_item *item)
{
	const Purpose *purpose = &q->declared->purposes[item->purpose];
	ConsentIterator it;
	cl_choice	c;

	consent_iterate(choices, &it);
	while (consent_next(&it, &c))
		if (c.stance == item->stance && c.since == item->since && c.until == item->until &&
			c.has_range == item->has_range && c.from == item->from && c.to == item->to &&
			c.purpose_len == purpose->name_len &&
			memcmp(c.purpose, purpose->name, c.purpose_len) == 0)
			return true;
	return false;
}

static bool
is_decider(Store *events, HeapTuple event, const Question *q, const Decision *decision)
{
	bool		isnull;
	Datum		choices;

	if (decision->by_erasure)
		return text_is(events, event, Anum_event_log_kind, "subject_erased", strlen("subject_erased"));
	choices = store_get(events, event, Anum_event_log_choices, &isnull);
	return !isnull && has_scope(events, event, q, decision->item.scope) &&
		has_choice(q, DatumGetConsentPP(choices), &decision->item);
}

/* The id of the event, or 0. */
static int64
find_event(const Question *q, const Decision *decision)
{
	Store	   *events = store_open("event_log", AccessShareLock);
	int64		event_id = 0;
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	event;
	bool		isnull;

	store_key_int8(&key, Anum_event_log_subject_no, q->subject_no);
	scan = store_scan(events, "event_log_subject", GetActiveSnapshot(), 1, &key);
	while (event_id == 0 && (event = store_next(scan)) != NULL)
		if (is_decider(events, event, q, decision))
			event_id = DatumGetInt64(store_get(events, event, Anum_event_log_event_id, &isnull));
	store_end(scan);
	store_close(events);
	return event_id;
}

static int64
event_of(const Question *q, const Decision *decision)
{
	if (decision->by_item && decision->item.tag != NO_PRESET)
		return q->declared->presets[decision->item.tag].event_id;
	if (!decision->by_item && !decision->by_erasure)
		return 0;
	return find_event(q, decision);
}

int64
decide_event(int64 subject_no, const GateRow *row, char **purposes, int npurposes,
			 const GateTime *times, int ntimes, bool *by_row)
{
	Question	q = {gate_ready(), subject_no, *row};
	Decision	decision = decide_worst(&q, purposes, npurposes, times, ntimes);

	*by_row = decision.by_row;
	return event_of(&q, &decision);
}

/* ---- arguments ---- */

/* Arguments 2 to 4: table_name, row_key, collected_at. */
static void
row_arguments(FunctionCallInfo fcinfo, const Declared *d, GateRow *row)
{
	text	   *table = PG_ARGISNULL(2) ? NULL : PG_GETARG_TEXT_PP(2);

	if (table)
		row->table = declared_find_table(d, VARDATA_ANY(table), VARSIZE_ANY_EXHDR(table));
	row->row_key = argument_text(fcinfo, 3);
	row->row_key_len = row->row_key ? strlen(row->row_key) : 0;
	row->has_collected = !PG_ARGISNULL(4);
	row->collected = row->has_collected ? PG_GETARG_TIMESTAMPTZ(4) : 0;
}

/*
 * The last answer about now that did not depend on the row: the uses of a
 * subject follow each other, and most have the same one.
 */
typedef struct LastAnswer
{
	SnapKey		snapshot;
	TimestampTz statement;
	int64		subject_no;
	int64		event_id;
	int			len;			/* of the purposes, as they were given */
	char		purposes[256];
} LastAnswer;

static LastAnswer *
find_answer(FunctionCallInfo fcinfo, ArrayType *purposes)
{
	LastAnswer *last = fcinfo->flinfo->fn_extra;

	if (last == NULL || last->subject_no != PG_GETARG_INT64(1) ||
		!PG_ARGISNULL(5) || !PG_ARGISNULL(6) ||
		last->len != VARSIZE(purposes) || memcmp(last->purposes, purposes, last->len) != 0 ||
		last->statement != GetCurrentStatementStartTimestamp() ||
		!snapkey_is_current(&last->snapshot))
		return NULL;
	return last;
}

static void
keep_answer(FunctionCallInfo fcinfo, ArrayType *purposes, int64 event_id)
{
	LastAnswer *last = fcinfo->flinfo->fn_extra;

	if (VARSIZE(purposes) > sizeof(last->purposes) || !PG_ARGISNULL(5) || !PG_ARGISNULL(6))
		return;
	if (last == NULL)
		last = fcinfo->flinfo->fn_extra = MemoryContextAlloc(fcinfo->flinfo->fn_mcxt, sizeof(LastAnswer));
	snapkey_take(&last->snapshot);
	last->statement = GetCurrentStatementStartTimestamp();
	last->subject_no = PG_GETARG_INT64(1);
	last->event_id = event_id;
	last->len = VARSIZE(purposes);
	memcpy(last->purposes, purposes, last->len);
}

/* NULL of times is now. */
static int64
deciding_event(FunctionCallInfo fcinfo, ArrayType *given)
{
	GateRow		row = {0};
	GateTime	times[2] = {0};
	int			n;
	char	  **purposes = run_text_array(PointerGetDatum(given), &n);
	bool		by_row;
	int64		event_id;

	row_arguments(fcinfo, gate_ready(), &row);
	for (int t = 0; t < 2; t++)
	{
		times[t].has_at = !PG_ARGISNULL(5 + t);
		times[t].at = times[t].has_at ? PG_GETARG_TIMESTAMPTZ(5 + t) : 0;
	}
	event_id = decide_event(PG_GETARG_INT64(1), &row, purposes, n, times,
							times[0].has_at || times[1].has_at ? 2 : 1, &by_row);
	if (!by_row)
		keep_answer(fcinfo, given, event_id);
	return event_id;
}

/* deciding_event(purposes, subject_no, table_name, row_key, collected_at, used_from, used_last) */
Datum
consent_deciding_event(PG_FUNCTION_ARGS)
{
	ArrayType  *purposes;
	LastAnswer *last;
	int64		event_id;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	purposes = PG_GETARG_ARRAYTYPE_P(0);
	last = find_answer(fcinfo, purposes);
	event_id = last != NULL ? last->event_id : deciding_event(fcinfo, purposes);
	if (event_id == 0)
		PG_RETURN_NULL();
	PG_RETURN_INT64(event_id);
}

/* subject_verdict(subject_no, purpose, table_name, row_key, collected_at, at, known_at, known_in) */
Datum
consent_subject_verdict(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	GateParty	party = {.kind = GATE_SUBJECT_NO};
	GateRow		row = {0};
	GateTime	time = {0};
	char	   *purpose;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	party.number = PG_GETARG_INT64(0);
	purpose = argument_text(fcinfo, 1);
	row_arguments(fcinfo, d, &row);
	time.has_at = !PG_ARGISNULL(5);
	time.at = time.has_at ? PG_GETARG_TIMESTAMPTZ(5) : 0;
	gate_time_known(fcinfo, 6, 7, &time);
	gate_ask(declared_purpose(d, purpose, strlen(purpose)), &row, &time, &party, 1);
	PG_RETURN_DATUM(verdict_datum(party.verdict));
}
