/*
 * open.c
 *		open_run().
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rangetypes.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "compat.h"
#include "core/event.h"
#include "core/hash.h"
#include "core/instant.h"
#include "ledger/arguments.h"
#include "ledger/declared.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "use/run.h"
#include "use/tables.h"

PG_FUNCTION_INFO_V1(consent_open_run);

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

static void
insert_salt(int64 run_id)
{
	Store	   *store = store_open("run_salt", RowExclusiveLock);
	bytea	   *salt = palloc(VARHDRSZ + CL_SALT_BYTES);
	Datum		values[Natts_run_salt];
	bool		isnull[Natts_run_salt] = {0};

	SET_VARSIZE(salt, VARHDRSZ + CL_SALT_BYTES);
	if (cl_random(VARDATA(salt), CL_SALT_BYTES) != CL_OK)
		elog(ERROR, "no random bytes to be had");
	values[Anum_run_salt_run_id - 1] = Int64GetDatum(run_id);
	values[Anum_run_salt_salt - 1] = PointerGetDatum(salt);
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
	{
		insert_run(&run, &id);
		insert_salt(id.event_id);
	}
	PG_RETURN_INT64(id.event_id);
}
