/*
 * record.c
 *		record_use() in WHERE: by columns, and by row.
 */
#include "postgres.h"

#include "fmgr.h"

#include "gate/reduce.h"
#include "ledger/arguments.h"
#include "use/columns.h"
#include "use/pending.h"

PG_FUNCTION_INFO_V1(consent_record_use);
PG_FUNCTION_INFO_V1(consent_record_use_row);

typedef struct Recording
{
	PendingRun *pending;
	UseTable   *table;
} Recording;

static void
add_use(const UseEntry *entry, const char *subject_key, void *arg)
{
	Recording  *recording = arg;

	pending_add(recording->pending, recording->table, entry, subject_key);
}

/* Record the row if every purpose permits. */
static bool
record_if_permitted(int64 run_id, AskRow *row)
{
	Recording	recording;

	recording.pending = pending_run(run_id);
	if (!ask_row(recording.pending->ask, row))
		return false;
	recording.table = pending_table(recording.pending, row->row.table->known_as);
	row_uses(row, add_use, &recording);
	return true;
}

/* record_use(run_id, table_name, row_key, parties, collected_at) */
Datum
consent_record_use(PG_FUNCTION_ARGS)
{
	AskRow		row = {0};

	argument_refuse_null(fcinfo, 0, "run_id");
	row_from_arguments(fcinfo, 1, true, &row);
	PG_RETURN_BOOL(record_if_permitted(PG_GETARG_INT64(0), &row));
}

/* record_use(item, run_id); where there is no row there is nothing to use. */
Datum
consent_record_use_row(PG_FUNCTION_ARGS)
{
	AskRow		row = {0};

	argument_refuse_null(fcinfo, 1, "run_id");
	if (PG_ARGISNULL(0))
		PG_RETURN_BOOL(false);
	row_from_item(PG_GETARG_DATUM(0), &row);
	reduce_check(fcinfo, 0, row.row.table);
	PG_RETURN_BOOL(record_if_permitted(PG_GETARG_INT64(1), &row));
}
