/*
 * explain.c
 *		Why a verdict is what it is, and what a subject chose.
 *
 * Explanations come from the events, also about now, so that they can name
 * the one that decided.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "gate/known.h"
#include "gate/question.h"
#include "ledger/store.h"
#include "ledger/tables.h"

PG_FUNCTION_INFO_V1(consent_explain_columns);
PG_FUNCTION_INFO_V1(consent_explain_subject);
PG_FUNCTION_INFO_V1(consent_explain_item);
PG_FUNCTION_INFO_V1(consent_choices_of);
PG_FUNCTION_INFO_V1(consent_subject_key);

/* Columns of explain(). */
enum
{
	Explain_party,
	Explain_verdict,
	Explain_event_id,
	Explain_notice,
	Explain_because,
	Explain_columns
};

typedef struct Reason
{
	cl_verdict	verdict;
	int64		event_id;		/* 0: none decided */
	const char *notice;
	const char *because;
} Reason;

/* ---- the event that decided ---- */

/* What is looked for among the events of a subject. */
typedef struct Sought
{
	const GateTime *time;
	const char *kind;
	const char *table;			/* NULL: about the subject */
	const char *row_key;
	const cl_choice *choice;	/* NULL: the kind is enough */
	Store	   *store;
} Sought;

static char *
event_text(const Sought *sought, HeapTuple event, AttrNumber attno)
{
	bool		isnull;
	Datum		value = store_get(sought->store, event, attno, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

static bool
same_name(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
holds_choice(const Sought *sought, HeapTuple event)
{
	bool		isnull;
	Datum		value = store_get(sought->store, event, Anum_event_log_choices, &isnull);
	ConsentIterator it;
	cl_choice	choice;

	if (isnull)
		return false;
	consent_iterate((Consent *) PG_DETOAST_DATUM(value), &it);
	while (consent_next(&it, &choice))
		if (cl_choice_compare(&choice, sought->choice) == 0)
			return true;
	return false;
}

static bool
is_sought(const Sought *sought, HeapTuple event)
{
	bool		isnull;
	TimestampTz recorded_at =
		DatumGetTimestampTz(store_get(sought->store, event, Anum_event_log_recorded_at, &isnull));
	int64		event_id = DatumGetInt64(store_get(sought->store, event, Anum_event_log_event_id, &isnull));

	if (!gate_knows(sought->time, event_id, recorded_at))
		return false;
	if (!same_name(event_text(sought, event, Anum_event_log_kind), sought->kind))
		return false;
	if (sought->choice == NULL)
		return true;
	return same_name(event_text(sought, event, Anum_event_log_table_name), sought->table) &&
		same_name(event_text(sought, event, Anum_event_log_row_key), sought->row_key) &&
		holds_choice(sought, event);
}

/* The first such event, and the notice that it names. */
static void
find_event(Sought *sought, int64 subject_no, Reason *reason)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	event;

	sought->store = store_open("event_log", AccessShareLock);
	store_key_int8(&key, Anum_event_log_subject_no, subject_no);
	scan = store_scan(sought->store, "event_log_subject", GetActiveSnapshot(), 1, &key);
	while ((event = store_next(scan)) != NULL)
	{
		bool		isnull;

		if (!is_sought(sought, event))
			continue;
		reason->event_id =
			DatumGetInt64(store_get(sought->store, event, Anum_event_log_event_id, &isnull));
		if (reason->notice == NULL)
			reason->notice = event_text(sought, event, Anum_event_log_notice);
		break;
	}
	store_end(scan);
	store_close(sought->store);
}

/* ---- the choice that decided ---- */

static const Consent *
state_of_scope(const Known *known, const GateRow *row, const cl_rule_item *item)
{
	if (item->scope == SCOPE_SUBJECT)
		return known->state;
	for (int i = 0; i < known->nscopes; i++)
	{
		const KnownScope *s = &known->scopes[i];

		if (strcmp(s->table, row->table->known_as) != 0 ||
			(s->row_key != NULL) != (item->scope == SCOPE_ROW))
			continue;
		if (s->row_key == NULL || strcmp(s->row_key, row->row_key) == 0)
			return s->state;
	}
	elog(ERROR, "a choice that decided is not in any state");
}

/* There is one choice of a scope, purpose and data range. */
static void
find_choice(const Question *q, const Known *known, const cl_rule_item *item, cl_choice *choice)
{
	const Purpose *purpose = &q->declared->purposes[item->purpose];
	ConsentIterator it;

	consent_iterate(state_of_scope(known, &q->row, item), &it);
	while (consent_next(&it, choice))
		if (choice->purpose_len == purpose->name_len &&
			memcmp(choice->purpose, purpose->name, purpose->name_len) == 0 &&
			choice->from == item->from && choice->to == item->to)
			return;
	elog(ERROR, "a choice that decided is not in its state");
}

static void
explain_preset(const PresetRule *rule, Reason *reason)
{
	const char *choice = consent_choice_to_text(&rule->choice);

	reason->event_id = rule->event_id;
	reason->notice = rule->notice;
	reason->because = rule->jurisdiction == NULL ?
		psprintf("%s, switched on for everybody", choice) :
		psprintf("%s, switched on for everybody in %s", choice, rule->jurisdiction);
}

static void
explain_choice(const Question *q, const Known *known, const cl_rule_item *item, Reason *reason)
{
	Sought		sought = {.time = &q->time, .kind = "choices"};
	cl_choice	choice;
	const char *text;

	find_choice(q, known, item, &choice);
	text = consent_choice_to_text(&choice);
	reason->because = text;
	if (item->scope >= SCOPE_TABLE)
	{
		sought.table = q->row.table->known_as;
		reason->because = psprintf("%s, about table %s", text, sought.table);
	}
	if (item->scope == SCOPE_ROW)
	{
		sought.row_key = q->row.row_key;
		reason->because = psprintf("%s, about row %s of table %s", text,
								   sought.row_key, sought.table);
	}
	if (choice.notice_len > 0)
		reason->notice = pnstrdup(choice.notice, choice.notice_len);
	sought.choice = &choice;
	find_event(&sought, known->subject_no, reason);
}

static void
explain_erased(const Question *q, const Known *known, Reason *reason)
{
	Sought		sought = {.time = &q->time, .kind = "subject_erased"};

	reason->verdict = CL_DENIED;
	reason->because = "erased, and denied until she chooses anew";
	find_event(&sought, known->subject_no, reason);
}

static void
explain_known(const Question *q, const Known *known, Reason *reason)
{
	Items		items;
	int			decided_by;

	items_begin(&items, q->declared, q->purpose);
	known_collect(&q->row, &q->time, known, &items);
	reason->verdict = items_decide(&items, &q->row, &q->time, &decided_by);
	if (decided_by < 0)
		reason->because = known->subject_no == 0 ?
			"the ledger does not know this subject" :
			"nothing that was recorded speaks of this";
	else if (items.items[decided_by].tag != NO_PRESET)
		explain_preset(&q->declared->presets[items.items[decided_by].tag], reason);
	else
		explain_choice(q, known, &items.items[decided_by], reason);
}

static void
explain_party(const Question *q, const GateParty *party, Reason *reason)
{
	Known		known;

	memset(reason, 0, sizeof(Reason));
	reason->verdict = CL_UNKNOWN;
	if (party->kind == GATE_NOBODY)
	{
		reason->because = "the party is not named";
		return;
	}
	known_find(q->declared, party, &q->time, &known);
	if (known.subject_no != 0 && !known.from_events)
		known_from_events(known.subject_no, &q->time, &known);
	if (known.erased)
		explain_erased(q, &known, reason);
	else
		explain_known(q, &known, reason);
}

/* ---- rows ---- */

static void
put_text(Datum *values, bool *isnull, int column, const char *text)
{
	isnull[column] = text == NULL;
	if (text != NULL)
		values[column] = CStringGetTextDatum(text);
}

static void
put_reason(FunctionCallInfo fcinfo, const char *party, const Reason *reason)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	Datum		values[Explain_columns];
	bool		isnull[Explain_columns] = {0};

	put_text(values, isnull, Explain_party, party);
	values[Explain_verdict] = verdict_datum(reason->verdict);
	values[Explain_event_id] = Int64GetDatum(reason->event_id);
	isnull[Explain_event_id] = reason->event_id == 0;
	put_text(values, isnull, Explain_notice, reason->notice);
	put_text(values, isnull, Explain_because, reason->because);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

/* One row a party; the table's party rule makes the row's verdict of them. */
static void
explain(FunctionCallInfo fcinfo, const Question *q)
{
	static const Reason nobody = {CL_UNKNOWN, 0, NULL, "there is no party"};
	Reason		reason;

	InitMaterializedSRF(fcinfo, 0);
	if (q->nparties == 0)
		put_reason(fcinfo, NULL, &nobody);
	for (int i = 0; i < q->nparties; i++)
	{
		CHECK_FOR_INTERRUPTS();
		explain_party(q, &q->parties[i], &reason);
		put_reason(fcinfo, gate_party_key(&q->parties[i]), &reason);
	}
}

Datum
consent_explain_columns(PG_FUNCTION_ARGS)
{
	Question	q;

	question_of_columns(fcinfo, &q, true);
	if (q.row.row_key != NULL)
		q.row.row_key = pnstrdup(q.row.row_key, q.row.row_key_len);
	if (!PG_ARGISNULL(0))
		q.parties = gate_parties(q.declared, PG_GETARG_ARRAYTYPE_P(0), NULL, &q.nparties);
	explain(fcinfo, &q);
	return (Datum) 0;
}

Datum
consent_explain_subject(PG_FUNCTION_ARGS)
{
	Question	q;
	GateParty	party;

	question_of_subject(fcinfo, &q, true, &party);
	explain(fcinfo, &q);
	return (Datum) 0;
}

Datum
consent_explain_item(PG_FUNCTION_ARGS)
{
	Question	q;

	question_of_item(fcinfo, &q, true);
	explain(fcinfo, &q);
	return (Datum) 0;
}

/* ---- what a subject chose ---- */

static void
subject_argument(FunctionCallInfo fcinfo, const Declared *d, GateParty *party)
{
	gate_party(d, PG_GETARG_DATUM(0), false,
			   get_fn_expr_argtype(fcinfo->flinfo, 0), party);
}

/* Of somebody erased nothing is told: it would tie her to it again. */
Datum
consent_choices_of(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	GateTime	time = {0};
	GateParty	party;
	Known		known;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	question_time(fcinfo, 1, &time);
	subject_argument(fcinfo, d, &party);
	known_find(d, &party, &time, &known);
	if (known.state == NULL || known.erased)
		PG_RETURN_CONSENT(consent_empty());
	PG_RETURN_CONSENT(unconstify(Consent *, known.state));
}

/* The canonical text of a subject's key, or an error. */
Datum
consent_subject_key(PG_FUNCTION_ARGS)
{
	GateParty	party;

	subject_argument(fcinfo, gate_ready(), &party);
	PG_RETURN_TEXT_P(cstring_to_text(gate_party_key(&party)));
}
