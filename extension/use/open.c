/*
 * open.c
 *		open_run() and close_run().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "core/hash.h"
#include "core/instant.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "use/part.h"
#include "use/pending.h"
#include "use/run.h"
#include "use/tables.h"
#include "use/union.h"

PG_FUNCTION_INFO_V1(consent_open_run);
PG_FUNCTION_INFO_V1(consent_close_run);

/* What a run is opened with. */
typedef struct NewRun
{
	char	   *name;
	Datum		purposes;		/* text[], sorted, each once */
	char	   *recipient;
	char	   *model;
	Datum		base_runs;		/* bigint[], sorted, each once */
	bool		past;
	Datum		used_at;		/* tstzrange, half-open */
	char	   *used_at_text;
	char	   *source;
	char	   *external_id;
} NewRun;

/* ---- arguments of open_run ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static Datum
purposes_argument(Datum array)
{
	const Declared *d = declared_get();
	int			n;
	int			kept = 0;
	char	  **names = run_text_array(array, &n);

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a run needs a purpose"),
				 errhint("Name what the data is used for; every purpose named must permit.")));
	for (int i = 0; i < n; i++)
		declared_purpose(d, names[i], strlen(names[i]));
	qsort(names, n, sizeof(char *), compare_names);
	for (int i = 0; i < n; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	return run_make_text_array(names, kept);
}

static int
compare_ids(const void *a, const void *b)
{
	int64		x = DatumGetInt64(*(const Datum *) a);
	int64		y = DatumGetInt64(*(const Datum *) b);

	return x < y ? -1 : x > y;
}

/* The runs that this one builds on; each must exist. */
static Datum
base_runs_argument(ArrayType *array)
{
	Store	   *store = store_open("run", AccessShareLock);
	Datum	   *ids;
	bool	   *isnull;
	int			n;
	int			kept = 0;

	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &ids, &isnull, &n);
	for (int i = 0; i < n; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an element of base_runs cannot be NULL")));
		run_get(store, DatumGetInt64(ids[i]));
	}
	store_close(store);
	qsort(ids, n, sizeof(Datum), compare_ids);
	for (int i = 0; i < n; i++)
		if (kept == 0 || ids[kept - 1] != ids[i])
			ids[kept++] = ids[i];
	return PointerGetDatum(construct_array(ids, kept, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static void
refuse_used_at(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("used_at %s", why),
			 errhint("Give the time from the start to the end of a past use, or leave used_at out for a use that begins now.")));
}

static void
used_at_argument(RangeType *range, NewRun *run)
{
	TypeCacheEntry *type = lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;
	TimestampTz from;
	TimestampTz to;
	char		from_text[CL_INSTANT_TEXT];
	char		to_text[CL_INSTANT_TEXT];

	range_deserialize(type, range, &lower, &upper, &empty);
	if (empty)
		refuse_used_at("is empty");
	if (lower.infinite || upper.infinite)
		refuse_used_at("must have a start and an end");
	from = DatumGetTimestampTz(lower.val) + (lower.inclusive ? 0 : 1);
	to = DatumGetTimestampTz(upper.val) + (upper.inclusive ? 1 : 0);
	if (!cl_instant_valid(from) || !cl_instant_valid(to))
		refuse_used_at("lies outside the years 0001 to 9999");
	if (to > GetCurrentTimestamp() + 1)
		refuse_used_at("lies in the future");
	lower.inclusive = true;
	lower.val = TimestampTzGetDatum(from);
	upper.inclusive = false;
	upper.val = TimestampTzGetDatum(to);
	cl_instant_format(from, from_text);
	cl_instant_format(to, to_text);
	run->past = true;
	run->used_at = RangeTypePGetDatum(make_range_compat(type, &lower, &upper, false));
	run->used_at_text = psprintf("[%s,%s)", from_text, to_text);
}

static void
new_run_arguments(FunctionCallInfo fcinfo, NewRun *run)
{
	run->name = argument_required_text(fcinfo, 0, "name");
	argument_refuse_null(fcinfo, 1, "purposes");
	run->purposes = purposes_argument(PG_GETARG_DATUM(1));
	run->recipient = argument_text(fcinfo, 2);
	run->model = argument_text(fcinfo, 3);
	argument_refuse_null(fcinfo, 4, "base_runs");
	run->base_runs = base_runs_argument(PG_GETARG_ARRAYTYPE_P(4));
	if (!PG_ARGISNULL(5))
		used_at_argument(PG_GETARG_RANGE_P(5), run);
	run->source = argument_required_text(fcinfo, 6, "source");
	run->external_id = argument_text(fcinfo, 7);
}

/* ---- open_run ---- */

static EventId
record_opening(const NewRun *run)
{
	cl_json_member members[] = {
		DETAIL("name", run->name),
		DETAIL("purposes", OidOutputFunctionCall(F_ARRAY_OUT, run->purposes)),
		DETAIL("recipient", run->recipient),
		DETAIL("model", run->model),
		DETAIL("base_runs", OidOutputFunctionCall(F_ARRAY_OUT, run->base_runs)),
		DETAIL("used_at", run->used_at_text)
	};
	EventInput	event = {.kind = "run_opened"};

	event.detail = detail_json(members, lengthof(members));
	event.source = run->source;
	event.external_id = run->external_id;
	return intake_record(SEAL_RUN, &event);
}

static void
set_text(Datum *values, bool *isnull, AttrNumber attno, const char *s)
{
	isnull[attno - 1] = (s == NULL);
	if (s)
		values[attno - 1] = CStringGetTextDatum(s);
}

static void
insert_run(const NewRun *run, const EventId *id)
{
	Store	   *store = store_open("run", RowExclusiveLock);
	Datum		values[Natts_run];
	bool		isnull[Natts_run];

	memset(isnull, true, sizeof(isnull));
	values[Anum_run_run_id - 1] = Int64GetDatum(id->event_id);
	isnull[Anum_run_run_id - 1] = false;
	set_text(values, isnull, Anum_run_name, run->name);
	values[Anum_run_purposes - 1] = run->purposes;
	isnull[Anum_run_purposes - 1] = false;
	set_text(values, isnull, Anum_run_recipient, run->recipient);
	set_text(values, isnull, Anum_run_model, run->model);
	values[Anum_run_base_runs - 1] = run->base_runs;
	isnull[Anum_run_base_runs - 1] = false;
	values[Anum_run_used_at - 1] = run->used_at;
	isnull[Anum_run_used_at - 1] = !run->past;
	set_text(values, isnull, Anum_run_source, run->source);
	set_text(values, isnull, Anum_run_external_id, run->external_id);
	values[Anum_run_opened_at - 1] = TimestampTzGetDatum(id->recorded_at);
	isnull[Anum_run_opened_at - 1] = false;
	set_text(values, isnull, Anum_run_opened_by, GetUserNameFromId(GetUserId(), false));
	store_insert(store, values, isnull);
	store_close(store);
}

Datum
consent_open_run(PG_FUNCTION_ARGS)
{
	NewRun		run = {0};
	EventId		id;

	new_run_arguments(fcinfo, &run);
	id = record_opening(&run);
	if (!id.repeated)
		insert_run(&run, &id);
	PG_RETURN_INT64(id.event_id);
}

/* ---- close_run ---- */

typedef struct Closing
{
	char	   *outcome;
	bytea	   *dataset_sha256;
	int			nparts;
	int			missing;
	int64		uses;
	uint8		hash[PART_HASH_BYTES];
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
		DETAIL("count", psprintf(INT64_FORMAT, closing->uses)),
		DETAIL("hash", hex_of(closing->hash, PART_HASH_BYTES))
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
	if (!store_update(store, run->tuple, values, isnull, replace))
		elog(ERROR, "run " INT64_FORMAT " was changed by another transaction", run->run_id);
}

static void
sum_up(int64 run_id, Closing *closing)
{
	RunPart    *parts = run_parts(run_id, GetActiveSnapshot(), &closing->nparts);

	closing->missing = run_missing_parts(run_id, GetActiveSnapshot(), parts, closing->nparts);
	union_hash(run_id, parts, closing->nparts, NULL, NULL, &closing->uses, closing->hash);
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
		PopActiveSnapshot();
		store_push_latest_snapshot();
		sum_up(run_id, &closing);
		id = record_closing(run, &closing);
		update_run(store, run, &closing, &id);
		event_id = id.event_id;
	}
	store_pop_snapshot();
	store_close(store);
	PG_RETURN_INT64(event_id);
}
