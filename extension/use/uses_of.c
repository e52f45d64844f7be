/*
 * uses_of.c
 *		What was used of one subject: in which run, for whom, on what verdict
 *		then and now, and which event decides.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "ledger/intake.h"
#include "ledger/subject.h"
#include "type/consent.h"
#include "use/decide.h"
#include "use/one_subject.h"
#include "use/tables.h"
#include "use/uses.h"

PG_FUNCTION_INFO_V1(consent_uses_of);

/* Columns of the result. */
enum
{
	Use_run_id,
	Use_run,
	Use_recipient,
	Use_model,
	Use_table_name,
	Use_row_key,
	Use_verdict_then,
	Use_verdict_now,
	Use_event_id,
	Use_purposes,
	Use_permitted_then,
	Use_used_at,
	Use_recorded_at,
	Use_part,
	Use_part_event,
	Use_closed_event,
	Use_outcome,
	Natts_use
};

/* Those that are columns of the run. */
static const struct
{
	int			column;
	AttrNumber	of_run;
} run_columns[] = {
	{Use_run, Anum_run_name},
	{Use_recipient, Anum_run_recipient},
	{Use_model, Anum_run_model},
	{Use_purposes, Anum_run_purposes},
	{Use_used_at, Anum_run_used_at},
	{Use_closed_event, Anum_run_closed_event},
	{Use_outcome, Anum_run_outcome}
};

typedef struct Reading
{
	ReturnSetInfo *result;
	int64		subject_no;
	Store	   *runs;
	Store	   *parts;
	Store	   *blocks;
	OneSubject *her;
	UseReader  *reader;
	Datum		values[Natts_use];	/* those of the run stay as they are */
	bool		isnull[Natts_use];

	/*
	 * The last deciding event that did not depend on the row, if there was
	 * one: most runs are for the same purposes.
	 */
	bool		decided;
	int64		event_id;
	int			npurposes;
	char	  **purposes;
	MemoryContext context;
} Reading;

/* ---- what decides ---- */

static bool
same_purposes(const Reading *r, const Run *run)
{
	if (r->npurposes != run->npurposes)
		return false;
	for (int i = 0; i < run->npurposes; i++)
		if (strcmp(r->purposes[i], run->purposes[i]) != 0)
			return false;
	return true;
}

static void
keep_decision(Reading *r, const Run *run, int64 event_id)
{
	MemoryContext old = MemoryContextSwitchTo(r->context);

	r->decided = true;
	r->event_id = event_id;
	r->npurposes = run->npurposes;
	r->purposes = palloc(Max(run->npurposes, 1) * sizeof(char *));
	for (int i = 0; i < run->npurposes; i++)
		r->purposes[i] = pstrdup(run->purposes[i]);
	MemoryContextSwitchTo(old);
}

static int64
event_that_decides(Reading *r, const AnsweredUse *use)
{
	static const GateTime now;
	GateRow		row = {0};
	bool		by_row;
	int64		event_id;

	if (r->decided && same_purposes(r, use->run))
		return r->event_id;
	row.table = use->table;
	row.row_key = use->row_key;
	row.row_key_len = use->row_key_len;
	row.has_collected = use->has_collected;
	row.collected = use->collected;
	event_id = decide_event(r->subject_no, &row, use->run->purposes, use->run->npurposes, &now, 1, &by_row);
	if (!by_row)
		keep_decision(r, use->run, event_id);
	return event_id;
}

/* ---- rows of the result ---- */

static void
take_run(Reading *r, const Run *run)
{
	for (int i = 0; i < lengthof(run_columns); i++)
		r->values[run_columns[i].column] =
			store_get(r->runs, run->tuple, run_columns[i].of_run, &r->isnull[run_columns[i].column]);
	r->values[Use_run_id] = Int64GetDatum(run->run_id);
}

static void
take_use(const AnsweredUse *use, void *arg)
{
	Reading    *r = arg;
	UseCode		code = use->entry->code;
	int64		event_id = event_that_decides(r, use);

	r->values[Use_table_name] = CStringGetTextDatum(use->table_name);
	r->values[Use_row_key] = PointerGetDatum(cstring_to_text_with_len(use->row_key, use->row_key_len));
	r->values[Use_verdict_then] = verdict_datum(use_code_verdict(code));
	r->isnull[Use_verdict_now] = !use->has_now;
	if (use->has_now)
		r->values[Use_verdict_now] = verdict_datum(use->now);
	r->values[Use_event_id] = Int64GetDatum(event_id);
	r->isnull[Use_event_id] = event_id == 0;
	r->values[Use_permitted_then] = BoolGetDatum(use_code_permitted(code));
	r->values[Use_recorded_at] = TimestampTzGetDatum(use->part->recorded_at);
	r->values[Use_part] = Int64GetDatum(use->part->part);
	r->values[Use_part_event] = Int64GetDatum(use->part->event_id);
	tuplestore_putvalues(r->result->setResult, r->result->setDesc, r->values, r->isnull);
}

/* ---- reading ---- */

/* A run that is not there, as its blocks are, is for verify() to find. */
static void
read_run(Reading *r, const HerRun *found)
{
	const char *table;
	UseMerge   *uses = one_subject_next_table(r->her, &table);
	Run		   *run;
	int			nparts;
	RunPart    *parts;

	if (uses == NULL || (run = run_find(r->runs, found->run_id)) == NULL)
		return;
	parts = run_parts_between(r->parts, run->run_id, found->first_part, found->last_part,
							  GetActiveSnapshot(), &nparts);
	take_run(r, run);
	uses_begin_run(r->reader, run, parts, nparts);
	for (; uses != NULL; uses = one_subject_next_table(r->her, &table))
		uses_read(r->reader, table, uses);
}

static void
read_runs(Reading *r)
{
	MemoryContext each = AllocSetContextCreate(CurrentMemoryContext, "consent run", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(each);
	HerRun		run;

	while (one_subject_next_run(r->her, &run))
	{
		read_run(r, &run);
		MemoryContextReset(each);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(each);
}

static void
read_subject(Reading *r)
{
	r->context = CurrentMemoryContext;
	r->runs = store_open("run", AccessShareLock);
	r->parts = store_open("run_part", AccessShareLock);
	r->blocks = store_open("manifest_block", AccessShareLock);
	r->her = one_subject_begin(r->blocks, r->subject_no);
	r->reader = uses_begin(WANT_ALL, take_use, r);
	read_runs(r);
	uses_end(r->reader);
	one_subject_end(r->her);
	store_close(r->blocks);
	store_close(r->parts);
	store_close(r->runs);
}

/* uses_of(subject); strict. Of somebody erased nothing is told: it would tie her to it again. */
Datum
consent_uses_of(PG_FUNCTION_ARGS)
{
	Reading		r = {0};
	char	   *key = intake_subject_argument(fcinfo, 0);
	SubjectRow	subject;

	InitMaterializedSRF(fcinfo, 0);
	if (((ReturnSetInfo *) fcinfo->resultinfo)->setDesc->natts != Natts_use)
		elog(ERROR, "the result of uses_of() has the wrong columns");
	r.result = (ReturnSetInfo *) fcinfo->resultinfo;
	if (!subject_find(key, strlen(key), GetActiveSnapshot(), &subject) || subject.erased)
		return (Datum) 0;
	r.subject_no = subject.subject_no;
	read_subject(&r);
	return (Datum) 0;
}
