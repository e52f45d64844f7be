/*
 * run_uses.c
 *		What auditors ask about a run: its uses, or those of them that have a
 *		certain thing about them.
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "type/consent.h"
#include "use/union.h"
#include "use/uses.h"

PG_FUNCTION_INFO_V1(consent_run_uses);

static const char *const wanted_names[] = {
	"all", "withdrawn", "preset", "unpermitted", "retroactive", "collected"
};

/* Columns of the result. */
enum
{
	Use_run_id,
	Use_part,
	Use_part_event,
	Use_table_name,
	Use_row_key,
	Use_subject_no,
	Use_verdict_then,
	Use_permitted_then,
	Use_verdict_now,
	Use_because,
	Use_recorded_at,
	Use_collected_at,
	Use_row_state,
	Natts_use
};

static void
take_use(const AnsweredUse *use, void *arg)
{
	ReturnSetInfo *result = arg;
	UseCode		code = use->entry->code;
	Datum		values[Natts_use] = {0};
	bool		isnull[Natts_use] = {0};

	values[Use_run_id] = Int64GetDatum(use->run->run_id);
	values[Use_part] = Int64GetDatum(use->part->part);
	values[Use_part_event] = Int64GetDatum(use->part->event_id);
	values[Use_table_name] = CStringGetTextDatum(use->table_name);
	values[Use_row_key] = PointerGetDatum(cstring_to_text_with_len(use->row_key, use->row_key_len));
	values[Use_subject_no] = Int64GetDatum(use->entry->subject);
	isnull[Use_subject_no] = use->entry->subject == NO_PARTY;
	values[Use_verdict_then] = verdict_datum(use_code_verdict(code));
	values[Use_permitted_then] = BoolGetDatum(use_code_permitted(code));
	isnull[Use_verdict_now] = !use->has_now;
	if (use->has_now)
		values[Use_verdict_now] = verdict_datum(use->now);
	isnull[Use_because] = use->because == NULL;
	if (use->because)
		values[Use_because] = CStringGetTextDatum(use->because);
	values[Use_recorded_at] = TimestampTzGetDatum(use->part->recorded_at);
	values[Use_collected_at] = TimestampTzGetDatum(use->collected);
	isnull[Use_collected_at] = !use->has_collected;
	isnull[Use_row_state] = use->row_state == NULL;
	if (use->row_state)
		values[Use_row_state] = CStringGetTextDatum(use->row_state);
	tuplestore_putvalues(result->setResult, result->setDesc, values, isnull);
}

static void
read_run(UseReader *reader, const Run *run)
{
	Store	   *blocks = store_open("manifest_block", AccessShareLock);
	int			nparts;
	RunPart    *parts = run_parts(run->run_id, GetActiveSnapshot(), &nparts);
	int			ntables;
	char	  **tables = union_tables(parts, nparts, &ntables);

	uses_begin_run(reader, run, parts, nparts);
	for (int i = 0; i < ntables; i++)
		uses_read(reader, tables[i], union_read(blocks, run->run_id, parts, nparts, tables[i], NO_PARTY));
	store_close(blocks);
}

static Wanted
wanted_argument(text *argument)
{
	char	   *name = text_to_cstring(argument);

	for (size_t i = 0; i < lengthof(wanted_names); i++)
		if (strcmp(name, wanted_names[i]) == 0)
			return (Wanted) i;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown kind of uses \"%s\"", name),
			 errhint("Use all, withdrawn, preset, unpermitted, retroactive or collected.")));
}

/* run_uses(run_id, which); strict */
Datum
consent_run_uses(PG_FUNCTION_ARGS)
{
	Wanted		wanted = wanted_argument(PG_GETARG_TEXT_PP(1));
	Store	   *runs = store_open("run", AccessShareLock);
	Run		   *run = run_get(runs, PG_GETARG_INT64(0));
	UseReader  *reader;

	InitMaterializedSRF(fcinfo, 0);
	if (((ReturnSetInfo *) fcinfo->resultinfo)->setDesc->natts != Natts_use)
		elog(ERROR, "the result of run_uses() has the wrong columns");
	reader = uses_begin(wanted, take_use, fcinfo->resultinfo);
	read_run(reader, run);
	uses_end(reader);
	store_close(runs);
	return (Datum) 0;
}
