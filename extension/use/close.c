/*
 * close.c
 *		close_run().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "core/event.h"
#include "core/hash.h"
#include "ledger/arguments.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "use/part.h"
#include "use/pending.h"
#include "use/run.h"
#include "use/run_tree.h"
#include "use/seen.h"
#include "use/tables.h"
#include "use/union.h"

#define REPORT_EVERY_MS 10000
#define CLOCK_EVERY 65536

PG_FUNCTION_INFO_V1(consent_close_run);

typedef struct Closing
{
	char	   *outcome;
	bytea	   *dataset_sha256;
	int			nparts;
	int			missing;
	int64		uses;
	uint8		hash[PART_HASH_BYTES];
	uint8		draws[PART_HASH_BYTES];
	RunTree		tree;
} Closing;

static bytea *
make_bytea(const void *bytes, size_t len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), bytes, len);
	return result;
}

static char *
hex_of(const void *bytes, size_t len)
{
	char	   *hex = palloc(2 * len + 1);

	cl_hex_encode(bytes, len, hex);
	return hex;
}

static void
closing_arguments(FunctionCallInfo fcinfo, Closing *closing)
{
	argument_refuse_null(fcinfo, 0, "run_id");
	closing->outcome = argument_required_text(fcinfo, 1, "outcome");
	if (strcmp(closing->outcome, "completed") != 0 &&
		strcmp(closing->outcome, "failed") != 0 &&
		strcmp(closing->outcome, "discarded") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown outcome \"%s\"", closing->outcome),
				 errhint("Use completed, failed or discarded.")));
	if (PG_ARGISNULL(2))
		return;
	closing->dataset_sha256 = PG_GETARG_BYTEA_P(2);
	if (VARSIZE_ANY_EXHDR(closing->dataset_sha256) != CL_HASH_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("dataset_sha256 must have %d bytes", CL_HASH_BYTES)));
}

static bool
same_bytes(const bytea *a, const bytea *b)
{
	if (!a || !b)
		return a == b;
	return VARSIZE_ANY_EXHDR(a) == VARSIZE_ANY_EXHDR(b) &&
		memcmp(VARDATA_ANY(a), VARDATA_ANY(b), VARSIZE_ANY_EXHDR(a)) == 0;
}

/* Closed already: the same again is a retry, anything else an error. */
static void
check_closed_alike(const Run *run, const Closing *closing)
{
	if (strcmp(run->outcome, closing->outcome) == 0 &&
		same_bytes(run->dataset_sha256, closing->dataset_sha256))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("run " INT64_FORMAT " is already closed", run->run_id),
			 errdetail("Its outcome is %s, and it has %s SHA-256 of its data set.",
					   run->outcome,
					   same_bytes(run->dataset_sha256, closing->dataset_sha256) ? "the same" : "another")));
}

static EventId
record_closing(const Run *run, const Closing *closing)
{
	char	   *dataset = closing->dataset_sha256 ?
		hex_of(VARDATA_ANY(closing->dataset_sha256), CL_HASH_BYTES) : NULL;
	cl_json_member members[] = {
		DETAIL("run", psprintf(INT64_FORMAT, run->run_id)),
		DETAIL("outcome", closing->outcome),
		DETAIL("dataset_sha256", dataset),
		DETAIL("parts", psprintf("%d", closing->nparts)),
		DETAIL("missing", psprintf("%d", closing->missing)),
		DETAIL("draws", hex_of(closing->draws, PART_HASH_BYTES)),
		DETAIL("count", psprintf(INT64_FORMAT, closing->uses)),
		DETAIL("hash", hex_of(closing->hash, PART_HASH_BYTES)),
		DETAIL("subjects", psprintf(INT64_FORMAT, closing->tree.subjects)),
		DETAIL("tree", hex_of(closing->tree.root, CL_HASH_BYTES))
	};
	EventInput	event = {.kind = "run_closed"};

	event.detail = detail_json(members, lengthof(members));
	return intake_record(SEAL_RUN, &event);
}

static void
set_value(Datum *values, bool *isnull, bool *replace, AttrNumber attno, Datum value)
{
	values[attno - 1] = value;
	isnull[attno - 1] = false;
	replace[attno - 1] = true;
}

/* We hold the run's lock, so nobody else changes the row. */
static void
update_run(Store *store, const Run *run, const Closing *closing, const EventId *id)
{
	Datum		values[Natts_run] = {0};
	bool		isnull[Natts_run] = {0};
	bool		replace[Natts_run] = {0};

	set_value(values, isnull, replace, Anum_run_closed_event, Int64GetDatum(id->event_id));
	set_value(values, isnull, replace, Anum_run_outcome, CStringGetTextDatum(closing->outcome));
	set_value(values, isnull, replace, Anum_run_closed_at, TimestampTzGetDatum(id->recorded_at));
	if (closing->dataset_sha256)
		set_value(values, isnull, replace, Anum_run_dataset_sha256,
				  PointerGetDatum(closing->dataset_sha256));
	set_value(values, isnull, replace, Anum_run_parts, Int32GetDatum(closing->nparts));
	set_value(values, isnull, replace, Anum_run_missing, Int32GetDatum(closing->missing));
	set_value(values, isnull, replace, Anum_run_uses, Int64GetDatum(closing->uses));
	set_value(values, isnull, replace, Anum_run_hash,
			  PointerGetDatum(make_bytea(closing->hash, PART_HASH_BYTES)));
	set_value(values, isnull, replace, Anum_run_subjects, Int64GetDatum(closing->tree.subjects));
	set_value(values, isnull, replace, Anum_run_tree,
			  PointerGetDatum(make_bytea(closing->tree.root, CL_HASH_BYTES)));
	if (!store_update(store, run->tuple, values, isnull, replace))
		elog(ERROR, "run " INT64_FORMAT " was changed by another transaction", run->run_id);
}

/* What is told while a large run is summed up. */
typedef struct Progress
{
	int64		run_id;
	const char *what;
	TimestampTz started;
	TimestampTz reported;
	int64		looked;			/* uses when the clock was looked at */
} Progress;

static void
report_progress(int64 uses, void *arg)
{
	Progress   *progress = arg;
	TimestampTz now;

	if (uses >= progress->looked && uses - progress->looked < CLOCK_EVERY)
		return;
	progress->looked = uses;
	now = GetCurrentTimestamp();
	if (!TimestampDifferenceExceeds(progress->reported, now, REPORT_EVERY_MS))
		return;
	progress->reported = now;
	ereport(NOTICE,
			(errmsg("closing run " INT64_FORMAT ": " INT64_FORMAT " uses %s after %ld s",
					progress->run_id, uses, progress->what,
					(long) ((now - progress->started) / USECS_PER_SEC))));
}

/* Hash of the whole, and the tree over its subjects. */
static void
sum_up(int64 run_id, Closing *closing)
{
	RunPart    *parts = run_parts(run_id, GetActiveSnapshot(), &closing->nparts);
	Progress	progress = {.run_id = run_id, .what = "hashed"};
	uint8		salt[CL_SALT_BYTES];

	progress.started = progress.reported = GetCurrentTimestamp();
	run_salt(run_id, GetActiveSnapshot(), salt);
	closing->missing = run_missing_parts(run_id, GetActiveSnapshot(), parts, closing->nparts,
										 salt, closing->draws);
	union_hash(run_id, salt, parts, closing->nparts, report_progress, &progress,
			   &closing->uses, closing->hash);
	progress.what = "of subjects";
	run_tree_store(run_id, parts, closing->nparts, report_progress, &progress, &closing->tree);
}

Datum
consent_close_run(PG_FUNCTION_ARGS)
{
	Closing		closing = {0};
	int64		run_id;
	int64		event_id;
	Store	   *store;
	Run		   *run;

	closing_arguments(fcinfo, &closing);
	run_id = PG_GETARG_INT64(0);
	PreventCommandIfReadOnly("consent.close_run()");
	run_lock(run_id, ExclusiveLock);
	store = store_open("run", RowExclusiveLock);
	store_push_latest_snapshot();
	run = run_get(store, run_id);
	event_id = run->closed_event;
	if (event_id != 0)
		check_closed_alike(run, &closing);
	else
	{
		EventId		id;

		pending_write(run_id);
		places_lock();
		PopActiveSnapshot();
		store_push_latest_snapshot();
		sum_up(run_id, &closing);
		id = record_closing(run, &closing);
		update_run(store, run, &closing, &id);
		event_id = id.event_id;
		seen_forget();
	}
	store_pop_snapshot();
	store_close(store);
	PG_RETURN_INT64(event_id);
}
