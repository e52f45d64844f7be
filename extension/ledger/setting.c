/*
 * setting.c
 *		Turn an application's boolean settings column into events, honestly.
 *
 * A setting says what holds now.  It does not say who set it, or when.  So
 * each value becomes the weakest event that explains it:
 *
 *	on				a preset, unless the caller vouches that people granted it.
 *					Dated as late as it can be: it allows nothing before.
 *	off, not the default	a refusal.  Dated as early as it can be: when in
 *					doubt, what was used meanwhile was used against it.
 *	off, the default	nobody did anything, and nothing is recorded: unless the
 *					ledger says "on", or the regime takes silence for a yes.
 *
 * The table is read with the caller's privileges; the events are dated and
 * compared under the snapshot that it is read with.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "ledger/arguments.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"

#define ROWS_PER_FETCH 1000
#define ROWS_PER_REPORT 500000

PG_FUNCTION_INFO_V1(consent_import_setting);

typedef enum Outcome
{
	RECORDED_PRESET,
	RECORDED_REFUSAL,
	RECORDED_GRANT,
	UNCHANGED,					/* the ledger says so already */
	UNSTATED,					/* off by default: nobody's act */
	SKIPPED,					/* subject or choice is NULL, or the subject was erased */
	OUTCOMES
} Outcome;

/* What is imported. */
typedef struct Setting
{
	Oid			relid;
	const char *subject_column;
	const char *choice_column;
	const char *changed_column; /* or NULL */
	Oid			changed_type;
	const Purpose *purpose;
	bool		default_on;
	bool		trues_granted;
	TimestampTz read_at;		/* the rows were so at this moment */
	char	   *source;
	Store	   *events;
} Setting;

/* One row of it. */
typedef struct SettingRow
{
	char	   *subject;
	bool		on;
	bool		has_changed;
	TimestampTz changed_first;	/* changed not before this, */
	TimestampTz changed_last;	/* and not after this */
} SettingRow;

/* What the ledger says about the subject and exactly this purpose. */
typedef struct Recorded
{
	bool		erased;
	bool		has_state;
	cl_choice	state;			/* what counts, by time of the act */
	bool		has_newest;
	cl_choice	newest;			/* what was recorded last */
} Recorded;

/* ---- arguments ---- */

static const char *
column_argument(FunctionCallInfo fcinfo, int arg, Oid relid, Oid *type)
{
	const char *name = NameStr(*PG_GETARG_NAME(arg));
	AttrNumber	attno = get_attnum(relid, name);

	if (attno == InvalidAttrNumber)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("column \"%s\" of relation \"%s\" does not exist",
						name, get_rel_name(relid))));
	*type = getBaseType(get_atttype(relid, attno));
	return name;
}

static void
check_choice_type(const char *column, Oid type)
{
	if (type != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, not boolean", column, format_type_be(type)),
				 errhint("Import from a view that says by true and false what the setting means.")));
}

static void
check_changed_type(const char *column, Oid type)
{
	if (type != TIMESTAMPTZOID && type != TIMESTAMPOID && type != DATEOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("column \"%s\" is of type %s, not a timestamp or date",
						column, format_type_be(type))));
}

static bool
trues_argument(FunctionCallInfo fcinfo, int arg)
{
	char	   *trues = argument_required_text(fcinfo, arg, "trues");

	if (strcmp(trues, "granted") != 0 && strcmp(trues, "preset") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("trues cannot be \"%s\"", trues),
				 errhint("Use preset, or granted where there is proof that each \"on\" is a person's own act.")));
	return strcmp(trues, "granted") == 0;
}

/* In a transaction with one snapshot, its rows are as old as that. */
static TimestampTz
time_of_reading(void)
{
	return IsolationUsesXactSnapshot() ? GetCurrentTransactionStartTimestamp()
		: GetCurrentStatementStartTimestamp();
}

static void
setting_arguments(FunctionCallInfo fcinfo, Setting *setting)
{
	static const char *const names[] = {"rel", "subject", "choice", "purpose", "default_on"};
	char	   *purpose;
	Oid			type;

	for (int i = 0; i < (int) lengthof(names); i++)
		argument_refuse_null(fcinfo, i, names[i]);
	setting->relid = PG_GETARG_OID(0);
	if (get_rel_name(setting->relid) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", setting->relid)));
	setting->subject_column = column_argument(fcinfo, 1, setting->relid, &type);
	setting->choice_column = column_argument(fcinfo, 2, setting->relid, &type);
	check_choice_type(setting->choice_column, type);
	purpose = argument_required_text(fcinfo, 3, "purpose");
	setting->purpose = declared_purpose(declared_get(), purpose, strlen(purpose));
	setting->default_on = PG_GETARG_BOOL(4);
	if (!PG_ARGISNULL(5))
	{
		setting->changed_column = column_argument(fcinfo, 5, setting->relid,
												  &setting->changed_type);
		check_changed_type(setting->changed_column, setting->changed_type);
	}
	setting->trues_granted = trues_argument(fcinfo, 6);
	setting->read_at = time_of_reading();
	setting->source = psprintf("%s.%s.%s",
							   get_namespace_name(get_rel_namespace(setting->relid)),
							   get_rel_name(setting->relid), setting->choice_column);
}

/* ---- what the ledger says ---- */

/* Find the choice on exactly this purpose, of data of whatever age. */
static bool
find_choice(const Consent *value, const Purpose *purpose, cl_choice *found)
{
	ConsentIterator it;

	consent_iterate(value, &it);
	while (consent_next(&it, found))
		if (found->purpose_len == purpose->name_len && !found->has_range &&
			memcmp(found->purpose, purpose->name, purpose->name_len) == 0)
			return true;
	return false;
}

/* Events come in the order of their recording; the last one found stays. */
static void
find_newest(const Setting *setting, int64 subject_no, Recorded *recorded)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;

	store_key_int8(&key, Anum_event_log_subject_no, subject_no);
	scan = store_scan(setting->events, "event_log_subject", GetActiveSnapshot(), 1, &key);
	while ((row = store_next(scan)) != NULL)
	{
		bool		no_choices,
					no_table;
		Datum		choices = store_get(setting->events, row, Anum_event_log_choices, &no_choices);
		cl_choice	choice;

		store_get(setting->events, row, Anum_event_log_table_name, &no_table);
		if (no_choices || !no_table ||
			!find_choice((Consent *) PG_DETOAST_DATUM_COPY(choices), setting->purpose, &choice))
			continue;
		recorded->newest = choice;
		recorded->has_newest = true;
	}
	store_end(scan);
}

static void
look_up(const Setting *setting, const char *subject, Recorded *recorded)
{
	SubjectRow	row;

	memset(recorded, 0, sizeof(Recorded));
	if (!subject_find(subject, strlen(subject), GetActiveSnapshot(), &row))
		return;
	recorded->erased = row.erased;
	recorded->has_state = find_choice(row.state, setting->purpose, &recorded->state);
	if (recorded->has_state)
		find_newest(setting, row.subject_no, recorded);
}

/* A grant says all that a preset would. */
static bool
agrees(char recorded, char wanted)
{
	return recorded == wanted || (wanted == CL_PRESET && recorded == CL_GRANT);
}

/*
 * Nothing to record: what counts is the same; or else the same was recorded
 * last, for this change or a later one, and does not count for other reasons.
 */
static bool
is_recorded(const SettingRow *row, const Recorded *recorded, char wanted)
{
	if (!recorded->has_state)
		return false;
	if (agrees(recorded->state.stance, wanted))
		return true;
	return recorded->has_newest && agrees(recorded->newest.stance, wanted) &&
		!(row->has_changed && row->changed_first > recorded->newest.since);
}

/* ---- one row ---- */

static char
wanted_stance(const Setting *setting, const SettingRow *row)
{
	if (!row->on)
		return CL_REFUSAL;
	/* A default that was never touched is nobody's grant. */
	if (setting->default_on && setting->changed_column && !row->has_changed)
		return CL_PRESET;
	return setting->trues_granted ? CL_GRANT : CL_PRESET;
}

static bool
is_unstated(const Setting *setting, const SettingRow *row, const Recorded *recorded)
{
	return !row->on && !setting->default_on &&
		!setting->purpose->opt_out && !recorded->has_state;
}

/*
 * A refusal is older than its first trace; but not older than the purpose, nor
 * than the "on" that it ended.  A grant is no older than its last trace.
 */
static TimestampTz
honest_time(const Setting *setting, const SettingRow *row, const Recorded *recorded)
{
	TimestampTz t = setting->purpose->since;

	if (row->on)
		return row->has_changed ? Min(row->changed_last, setting->read_at) : setting->read_at;
	if (row->has_changed)
		return row->changed_first;
	if (recorded->has_state)
		t = Max(t, recorded->state.since);
	if (recorded->has_newest)
		t = Max(t, recorded->newest.since);
	return Min(t, setting->read_at);
}

static Consent *
one_choice(const Purpose *purpose, char stance, cl_act act)
{
	cl_choice	choice = {.stance = stance, .act = act};

	choice.purpose = purpose->name;
	choice.purpose_len = purpose->name_len;
	choice.since = CL_INSTANT_NONE;
	choice.until = CL_INSTANT_OPEN;
	choice.from = CL_INSTANT_NONE;
	choice.to = CL_INSTANT_OPEN;
	return consent_build(&choice, 1);
}

static Outcome
import_row(const Setting *setting, const SettingRow *row, Intake *intake)
{
	char		wanted = wanted_stance(setting, row);
	EventInput	event = {.kind = "choices", .actor = "import", .method = "import_setting"};
	Recorded	recorded;

	look_up(setting, row->subject, &recorded);
	/* A column left over is no choice of hers; nor may her key come back. */
	if (recorded.erased)
		return SKIPPED;
	if (is_unstated(setting, row, &recorded))
		return UNSTATED;
	if (is_recorded(row, &recorded, wanted))
		return UNCHANGED;
	event.subject = row->subject;
	event.choices = one_choice(setting->purpose, wanted,
							   wanted == CL_REFUSAL && setting->default_on ? CL_ACT_OPTED_OUT : CL_ACT_NONE);
	event.has_time = true;
	event.event_time = honest_time(setting, row, &recorded);
	event.source = setting->source;
	intake_add(intake, &event);
	return wanted == CL_REFUSAL ? RECORDED_REFUSAL :
		wanted == CL_GRANT ? RECORDED_GRANT : RECORDED_PRESET;
}

/* ---- all rows ---- */

static char *
make_query(const Setting *setting)
{
	char	   *rel = quote_qualified_identifier(get_namespace_name(get_rel_namespace(setting->relid)),
												 get_rel_name(setting->relid));

	return psprintf("SELECT %s::pg_catalog.text COLLATE pg_catalog.\"C\", %s, %s FROM %s ORDER BY 1",
					quote_identifier(setting->subject_column),
					quote_identifier(setting->choice_column),
					setting->changed_column ? quote_identifier(setting->changed_column) : "NULL",
					rel);
}

/* A day is not one moment: it changed between its start and its end. */
static void
changed_between(const Setting *setting, Datum value, SettingRow *row)
{
	Datum		first = value,
				last = value;

	if (setting->changed_type == DATEOID)
	{
		first = DirectFunctionCall1(date_timestamptz, value);
		last = first;
		if (!DATE_NOT_FINITE(DatumGetDateADT(value)))
			last = DirectFunctionCall1(date_timestamptz,
									   DateADTGetDatum(DatumGetDateADT(value) + 1));
	}
	else if (setting->changed_type == TIMESTAMPOID)
		first = last = DirectFunctionCall1(timestamp_timestamptz, value);
	row->changed_first = DatumGetTimestampTz(first);
	row->changed_last = DatumGetTimestampTz(last);
	row->has_changed = !TIMESTAMP_NOT_FINITE(row->changed_first);
}

/* False if the row says nothing: subject or choice is NULL. */
static bool
read_row(const Setting *setting, int n, SettingRow *row)
{
	HeapTuple	tuple = SPI_tuptable->vals[n];
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		no_subject,
				no_choice,
				no_change;
	Datum		subject = SPI_getbinval(tuple, desc, 1, &no_subject);
	Datum		choice = SPI_getbinval(tuple, desc, 2, &no_choice);
	Datum		changed = SPI_getbinval(tuple, desc, 3, &no_change);

	memset(row, 0, sizeof(SettingRow));
	if (no_subject || no_choice)
		return false;
	row->subject = TextDatumGetCString(subject);
	row->on = DatumGetBool(choice);
	if (setting->changed_column && !no_change)
		changed_between(setting, changed, row);
	return true;
}

/* Two rows about one person cannot both be her setting. */
static void
refuse_second_row(const Setting *setting, const char *subject, StringInfo previous)
{
	if (previous->len > 0 && strcmp(previous->data, subject) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("subject \"%s\" appears more than once in \"%s\"",
						subject, get_rel_name(setting->relid)),
				 errhint("Import from a view with one row a subject.")));
	resetStringInfo(previous);
	appendStringInfoString(previous, subject);
}

static void
report_progress(int64 rows, TimestampTz start)
{
	double		seconds = (GetCurrentTimestamp() - start) / (double) USECS_PER_SEC;

	if (rows % ROWS_PER_REPORT == 0)
		ereport(NOTICE,
				(errmsg("%lld settings read, %.0f a second",
						(long long) rows, rows / Max(seconds, 0.001))));
}

static void
import_rows(const Setting *setting, Intake *intake, int64 *counts)
{
	SPIPlanPtr	plan = SPI_prepare(make_query(setting), 0, NULL);
	MemoryContext per_row = AllocSetContextCreate(CurrentMemoryContext, "consent setting",
												  ALLOCSET_DEFAULT_SIZES);
	TimestampTz start = GetCurrentTimestamp();
	int64		rows = 0;
	StringInfoData previous;
	Portal		portal;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	initStringInfo(&previous);
	portal = SPI_cursor_open(NULL, plan, NULL, NULL, true);
	while (SPI_cursor_fetch(portal, true, ROWS_PER_FETCH), SPI_processed > 0)
	{
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			MemoryContext old = MemoryContextSwitchTo(per_row);
			SettingRow	row;

			if (!read_row(setting, i, &row))
				counts[SKIPPED]++;
			else
			{
				refuse_second_row(setting, row.subject, &previous);
				subject_check_key(declared_get(), row.subject, strlen(row.subject));
				counts[import_row(setting, &row, intake)]++;
			}
			MemoryContextSwitchTo(old);
			MemoryContextReset(per_row);
			report_progress(++rows, start);
		}
		SPI_freetuptable(SPI_tuptable);
	}
	SPI_cursor_close(portal);
}

Datum
consent_import_setting(PG_FUNCTION_ARGS)
{
	Setting		setting = {0};
	int64		counts[OUTCOMES] = {0};
	Datum		values[OUTCOMES];
	bool		isnull[OUTCOMES] = {0};
	Intake	   *intake;
	TupleDesc	desc;

	setting_arguments(fcinfo, &setting);
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "import_setting() must return a row");
	setting.events = store_open("event_log", AccessShareLock);
	intake = intake_begin(SEAL_CHOICES);
	SPI_connect();
	import_rows(&setting, intake, counts);
	SPI_finish();
	intake_end(intake);
	store_close(setting.events);
	for (int i = 0; i < OUTCOMES; i++)
		values[i] = Int64GetDatum(counts[i]);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, isnull)));
}
