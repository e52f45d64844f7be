/*
 * question.c
 *		permits() and verdict(): by columns, by subject, by row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/timestamp.h"

#include "gate/apart.h"
#include "gate/question.h"
#include "gate/reduce.h"
#include "ledger/arguments.h"
#include "type/consent.h"

PG_FUNCTION_INFO_V1(consent_permits_columns);
PG_FUNCTION_INFO_V1(consent_permits_subject);
PG_FUNCTION_INFO_V1(consent_permits_item);
PG_FUNCTION_INFO_V1(consent_verdict_columns);
PG_FUNCTION_INFO_V1(consent_verdict_subject);
PG_FUNCTION_INFO_V1(consent_verdict_item);

/* ---- arguments ---- */

static void
begin_question(FunctionCallInfo fcinfo, Question *q)
{
	memset(q, 0, sizeof(Question));
	q->declared = gate_ready();
	q->rule = PARTY_ALL;
	argument_refuse_null(fcinfo, 1, "purpose");
	q->purpose = gate_purpose(PG_GETARG_TEXT_PP(1));
}

void
gate_time_known(FunctionCallInfo fcinfo, int at, int in, GateTime *time)
{
	time->has_known = !PG_ARGISNULL(at) || !PG_ARGISNULL(in);
	if (PG_ARGISNULL(in))
	{
		time->known_at = time->has_known ? PG_GETARG_TIMESTAMPTZ(at) : 0;
		return;
	}
	if (!PG_ARGISNULL(at))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("known_at and known_in are given both"),
				 errhint("Say what is known by a time, or by the size of a checkpoint.")));
	time->known_in = PG_GETARG_INT64(in);
	leaves_require(time->known_in);
}

void
question_time(FunctionCallInfo fcinfo, int n, GateTime *time)
{
	time->has_at = !PG_ARGISNULL(n);
	if (time->has_at)
		time->at = PG_GETARG_TIMESTAMPTZ(n);
	gate_time_known(fcinfo, n + 1, n + 2, time);
}

/* Arguments 2 to 4: table_name, row_key, collected_at. */
static void
row_arguments(FunctionCallInfo fcinfo, GateRow *row)
{
	if (!PG_ARGISNULL(2))
		row->table = gate_table(PG_GETARG_TEXT_PP(2));
	if (!PG_ARGISNULL(3))
	{
		text	   *key = PG_GETARG_TEXT_PP(3);

		if (row->table == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("row_key \"%s\" is given without table_name", text_to_cstring(key)),
					 errhint("Name the protected table that the row is in.")));
		row->row_key = VARDATA_ANY(key);
		row->row_key_len = VARSIZE_ANY_EXHDR(key);
	}
	row->has_collected = !PG_ARGISNULL(4);
	if (row->has_collected)
		row->collected = PG_GETARG_TIMESTAMPTZ(4);
}

void
question_of_columns(FunctionCallInfo fcinfo, Question *q, bool with_time)
{
	begin_question(fcinfo, q);
	row_arguments(fcinfo, &q->row);
	if (q->row.table != NULL)
		q->rule = q->row.table->rule;
	if (with_time)
		question_time(fcinfo, 5, &q->time);
}

/* The type of the first argument: the same in each call of an expression. */
static Oid
subject_argument_type(FunctionCallInfo fcinfo)
{
	FmgrInfo   *function = fcinfo->flinfo;
	Oid		   *type = function->fn_extra;

	if (type == NULL)
	{
		type = function->fn_extra = MemoryContextAlloc(function->fn_mcxt, sizeof(Oid));
		*type = get_fn_expr_argtype(function, 0);
	}
	return *type;
}

void
question_of_subject(FunctionCallInfo fcinfo, Question *q, bool with_time, GateParty *party)
{
	begin_question(fcinfo, q);
	if (with_time)
		question_time(fcinfo, 2, &q->time);
	gate_party(q->declared, PG_ARGISNULL(0) ? (Datum) 0 : PG_GETARG_DATUM(0),
			   PG_ARGISNULL(0), subject_argument_type(fcinfo), party);
	q->parties = party;
	q->nparties = 1;
}

bool
question_of_item(FunctionCallInfo fcinfo, Question *q, bool with_time)
{
	GateItem	item;

	begin_question(fcinfo, q);
	if (with_time)
		question_time(fcinfo, 2, &q->time);
	if (PG_ARGISNULL(0))
		return false;
	gate_take_item(q->declared, PG_GETARG_DATUM(0), &item);
	reduce_check(fcinfo, 0, item.row.table);
	q->row = item.row;
	q->rule = item.row.table->rule;
	q->parties = item.parties;
	q->nparties = item.nparties;
	return true;
}

/* ---- answers ---- */

static bool
permits(const Question *q, cl_verdict verdict)
{
	return cl_verdict_permits(verdict, q->purpose->opt_out);
}

static cl_verdict
decide(Question *q)
{
	gate_ask(q->purpose, &q->row, &q->time, q->parties, q->nparties);
	return gate_combine(q->rule, q->parties, q->nparties);
}

/* q does not outlive the call, and nor need its parties. */
Datum
consent_permits_columns(PG_FUNCTION_ARGS)
{
	Question	q;
	GateParty	room[GATE_ROOM];

	question_of_columns(fcinfo, &q, false);
	q.parties = apart_parties(q.declared, fcinfo, 0, room, &q.nparties);
	PG_RETURN_BOOL(permits(&q, decide(&q)));
}

Datum
consent_permits_subject(PG_FUNCTION_ARGS)
{
	Question	q;
	GateParty	party;

	question_of_subject(fcinfo, &q, false, &party);
	PG_RETURN_BOOL(permits(&q, decide(&q)));
}

/* Where there is no row there is nothing to permit. */
Datum
consent_permits_item(PG_FUNCTION_ARGS)
{
	Question	q;

	if (!question_of_item(fcinfo, &q, false))
		PG_RETURN_BOOL(false);
	PG_RETURN_BOOL(permits(&q, decide(&q)));
}

Datum
consent_verdict_columns(PG_FUNCTION_ARGS)
{
	Question	q;
	GateParty	room[GATE_ROOM];

	question_of_columns(fcinfo, &q, true);
	if (!PG_ARGISNULL(0))
		q.parties = gate_parties(q.declared, PG_GETARG_ARRAYTYPE_P(0), room, &q.nparties);
	return verdict_datum(decide(&q));
}

Datum
consent_verdict_subject(PG_FUNCTION_ARGS)
{
	Question	q;
	GateParty	party;

	question_of_subject(fcinfo, &q, true, &party);
	return verdict_datum(decide(&q));
}

Datum
consent_verdict_item(PG_FUNCTION_ARGS)
{
	Question	q;

	if (!question_of_item(fcinfo, &q, true))
		return verdict_datum(CL_UNKNOWN);
	return verdict_datum(decide(&q));
}
