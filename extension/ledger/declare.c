/*
 * declare.c
 *		Declare purposes, notices and presets for everybody.
 *
 * A declaration takes the lock of all declarations, checks, records its
 * event, writes its row, and then tells every cache.  It looks at what is
 * committed by now, whatever the transaction's own snapshot shows.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "pgtime.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/datetime.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/fmgroids.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "ledger/arguments.h"
#include "ledger/detail.h"
#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "type/consent.h"

PG_FUNCTION_INFO_V1(consent_define_purpose);
PG_FUNCTION_INFO_V1(consent_publish_notice);
PG_FUNCTION_INFO_V1(consent_serve_notice);
PG_FUNCTION_INFO_V1(consent_set_preset);
PG_FUNCTION_INFO_V1(consent_end_preset);

/* ---- arguments ---- */

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

static int
sort_names(char **names, int n)
{
	int			kept = 0;

	qsort(names, n, sizeof(char *), compare_names);
	for (int i = 0; i < n; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	return kept;
}

/* A list of purposes, each of which exists; room is left for one more. */
static char **
purposes_argument(FunctionCallInfo fcinfo, int arg, const char *what,
				  const Declared *d, int *n)
{
	Datum	   *elements;
	bool	   *nulls;
	char	  **names;

	argument_refuse_null(fcinfo, arg, what);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(arg), TEXTOID, -1, false,
					  TYPALIGN_INT, &elements, &nulls, n);
	names = palloc((*n + 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("%s cannot hold NULL", what)));
		names[i] = TextDatumGetCString(elements[i]);
		declared_purpose(d, names[i], strlen(names[i]));
	}
	return names;
}

static Datum
names_datum(char **names, int n)
{
	Datum	   *elements = palloc((n + 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		elements[i] = CStringGetTextDatum(names[i]);
	return PointerGetDatum(construct_array(elements, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A jurisdiction is a code, as US or US-CA; NULL is everywhere. */
static char *
jurisdiction_argument(FunctionCallInfo fcinfo, int arg)
{
	char	   *jurisdiction = argument_text(fcinfo, arg);

	if (jurisdiction != NULL && jurisdiction[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("jurisdiction cannot be the empty string"),
				 errhint("NULL stands for everywhere.")));
	return jurisdiction;
}

/* ---- text of what is declared ---- */

static const char *
names_text(Datum array)
{
	return OidOutputFunctionCall(F_ARRAY_OUT, array);
}

static const char *
instant_text(TimestampTz t)
{
	char	   *text = palloc(CL_INSTANT_TEXT);

	cl_instant_format(t, text);
	return text;
}

static const char *
date_text(DateADT date)
{
	int			year,
				month,
				day;

	j2date(date + POSTGRES_EPOCH_JDATE, &year, &month, &day);
	return psprintf("%04d-%02d-%02d", year, month, day);
}

static const char *
bytes_text(Datum bytes)
{
	return TextDatumGetCString(DirectFunctionCall2(binary_encode, bytes,
												   CStringGetTextDatum("hex")));
}

/* ---- rows ---- */

static HeapTuple
find_row(Store *store, const char *index, AttrNumber attno, const char *name)
{
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;

	store_key_text(&key, attno, name, strlen(name));
	scan = store_scan(store, index, GetActiveSnapshot(), 1, &key);
	row = store_next(scan);
	if (row != NULL)
		row = heap_copytuple(row);
	store_end(scan);
	return row;
}

static bool
same_value(Store *store, HeapTuple row, AttrNumber attno, Datum value, bool isnull)
{
	Form_pg_attribute att = TupleDescAttr(RelationGetDescr(store_relation(store)), attno - 1);
	bool		was_null;
	Datum		was = store_get(store, row, attno, &was_null);

	if (was_null || isnull)
		return was_null && isnull;
	return datum_image_eq(was, value, att->attbyval, att->attlen);
}

/* What was declared is never changed: the same again, or an error. */
static void
refuse_difference(Store *store, HeapTuple row, const Datum *values, const bool *isnull,
				  const AttrNumber *columns, int ncolumns, const char *complaint)
{
	TupleDesc	desc = RelationGetDescr(store_relation(store));
	StringInfoData differing;

	initStringInfo(&differing);
	for (int i = 0; i < ncolumns; i++)
	{
		int			c = columns[i] - 1;

		if (!same_value(store, row, columns[i], values[c], isnull[c]))
			appendStringInfo(&differing, "%s%s", differing.len ? ", " : "",
							 NameStr(TupleDescAttr(desc, c)->attname));
	}
	if (differing.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("%s", complaint),
				 errdetail("What differs: %s.", differing.data),
				 errhint("What was declared never changes; declare it under a new name or version.")));
}

static int64
stored_event_id(Store *store, HeapTuple row, AttrNumber attno)
{
	bool		isnull;

	return DatumGetInt64(store_get(store, row, attno, &isnull));
}

static void
set_text(Datum *values, bool *isnull, AttrNumber attno, const char *value)
{
	isnull[attno - 1] = value == NULL;
	if (value != NULL)
		values[attno - 1] = CStringGetTextDatum(value);
}

/* ---- purposes ---- */

typedef struct PurposeInput
{
	char	   *name;
	char	  **parents;
	int			nparents;
	char	   *regime;
	char	   *title;
	bool		has_since;
	TimestampTz since;
} PurposeInput;

static void
check_purpose_name(const char *name)
{
	if (!cl_purpose_valid(name, strlen(name)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" cannot be the name of a purpose", name),
				 errdetail("A purpose is one or more labels joined by dots, at most %d bytes; a label begins with a letter a to z and goes on with letters, digits and underscores.",
						   CL_PURPOSE_MAX)));
}

static void
check_regime(const char *regime)
{
	if (strcmp(regime, "opt_in") != 0 && strcmp(regime, "opt_out") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown regime \"%s\"", regime),
				 errhint("Use opt_in (only what was granted may be used) or opt_out (what was not refused may be used).")));
}

/* The prefix of a dotted name is a parent, stated or not. */
static void
add_prefix(PurposeInput *in, const Declared *d)
{
	char	   *dot = strrchr(in->name, '.');
	char	   *prefix;

	if (dot == NULL)
		return;
	prefix = pnstrdup(in->name, dot - in->name);
	declared_purpose(d, prefix, strlen(prefix));
	in->parents[in->nparents++] = prefix;
}

static void
purpose_input(FunctionCallInfo fcinfo, const Declared *d, PurposeInput *in)
{
	in->name = argument_required_text(fcinfo, 0, "name");
	check_purpose_name(in->name);
	in->parents = purposes_argument(fcinfo, 1, "parents", d, &in->nparents);
	add_prefix(in, d);
	in->nparents = sort_names(in->parents, in->nparents);
	in->regime = argument_required_text(fcinfo, 2, "regime");
	check_regime(in->regime);
	in->title = argument_text(fcinfo, 3);
	in->has_since = !PG_ARGISNULL(4);
	in->since = in->has_since ? intake_claimed_time(PG_GETARG_TIMESTAMPTZ(4)) : intake_clock();
}

static int64
record_purpose(Store *store, const PurposeInput *in, Datum *values, bool *isnull)
{
	const char *parents = names_text(values[Anum_purpose_parents - 1]);
	const char *since = instant_text(in->since);
	cl_json_member members[] = {
		DETAIL("name", in->name),
		DETAIL("parents", parents),
		DETAIL("regime", in->regime),
		DETAIL("title", in->title),
		DETAIL("since", since)
	};
	EventInput	event = {.kind = "purpose_defined"};
	int64		event_id;

	event.detail = detail_json(members, lengthof(members));
	event_id = intake_record(SEAL_DECLARATIONS, &event).event_id;
	values[Anum_purpose_event_id - 1] = Int64GetDatum(event_id);
	store_insert(store, values, isnull);
	ledger_declared(event_id);
	return event_id;
}

/* A repeat that does not say since when means the one that was said first. */
static void
refuse_other_purpose(Store *store, HeapTuple row, const PurposeInput *in,
					 const Datum *values, const bool *isnull)
{
	static const AttrNumber columns[] = {Anum_purpose_parents, Anum_purpose_regime,
	Anum_purpose_title, Anum_purpose_since};

	refuse_difference(store, row, values, isnull, columns,
					  lengthof(columns) - (in->has_since ? 0 : 1),
					  psprintf("purpose \"%s\" is defined already, and differently", in->name));
}

Datum
consent_define_purpose(PG_FUNCTION_ARGS)
{
	PurposeInput in = {0};
	Datum		values[Natts_purpose];
	bool		isnull[Natts_purpose] = {0};
	Store	   *store;
	HeapTuple	row;
	int64		event_id;

	purpose_input(fcinfo, ledger_lock_declarations(), &in);
	set_text(values, isnull, Anum_purpose_name, in.name);
	values[Anum_purpose_parents - 1] = names_datum(in.parents, in.nparents);
	set_text(values, isnull, Anum_purpose_regime, in.regime);
	set_text(values, isnull, Anum_purpose_title, in.title);
	values[Anum_purpose_since - 1] = TimestampTzGetDatum(in.since);

	store_push_latest_snapshot();
	store = store_open("purpose", RowExclusiveLock);
	row = find_row(store, "purpose_pkey", Anum_purpose_name, in.name);
	if (row != NULL)
	{
		refuse_other_purpose(store, row, &in, values, isnull);
		event_id = stored_event_id(store, row, Anum_purpose_event_id);
	}
	else
		event_id = record_purpose(store, &in, values, isnull);
	store_close(store);
	store_pop_snapshot();
	PG_RETURN_INT64(event_id);
}

/* ---- notices ---- */

typedef struct NoticeInput
{
	char	   *name;
	char	   *version;
	char	   *label;
	text	   *body;
	char	  **purposes;
	int			npurposes;
	bool		has_stated_on;
	DateADT		stated_on;
	const char *zone;
	bool		has_published_at;
	TimestampTz published_at;
	char	   *language;
	char	   *url;
} NoticeInput;

static char *
make_label(const char *name, const char *version)
{
	char	   *label = psprintf("%s/%s", name, version);

	if (strchr(name, '/') != NULL || version[0] == '\0' ||
		!cl_notice_valid(label, strlen(label)))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("\"%s\" cannot be the label of a notice", label),
				 errdetail("Name and version are not empty, hold no white space, comma or control characters, the name no slash, and name/version has at most %d bytes.",
						   CL_NOTICE_MAX)));
	return label;
}

static text *
body_argument(FunctionCallInfo fcinfo, int arg)
{
	text	   *body;

	argument_refuse_null(fcinfo, arg, "body");
	body = PG_GETARG_TEXT_PP(arg);
	if (VARSIZE_ANY_EXHDR(body) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("body cannot be empty"),
				 errdetail("A notice is known by the hash of the text that people were shown.")));
	return body;
}

static DateADT
check_stated_on(DateADT date)
{
	static const int first = -POSTGRES_EPOCH_JDATE + 1721426;	/* 0001-01-01 */
	static const int limit = -POSTGRES_EPOCH_JDATE + 5373485;	/* 10000-01-01 */

	if (date < first || date >= limit)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("stated_on is outside the years 0001 to 9999")));
	return date;
}

/* A time zone by the name that the server knows it under. */
static const char *
zone_argument(FunctionCallInfo fcinfo, int arg)
{
	char	   *name = argument_text(fcinfo, arg);
	pg_tz	   *zone;

	if (name == NULL)
		return NULL;
	zone = pg_tzset(name);
	if (zone == NULL || !pg_tz_acceptable(zone))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown time zone \"%s\"", name),
				 errhint("Use a name of pg_timezone_names, as Europe/Paris.")));
	return pg_get_timezone_name(zone);
}

static void
notice_input(FunctionCallInfo fcinfo, const Declared *d, NoticeInput *in)
{
	in->name = argument_required_text(fcinfo, 0, "name");
	in->version = argument_required_text(fcinfo, 1, "version");
	in->label = make_label(in->name, in->version);
	in->body = body_argument(fcinfo, 2);
	in->purposes = purposes_argument(fcinfo, 3, "purposes", d, &in->npurposes);
	in->npurposes = sort_names(in->purposes, in->npurposes);
	in->has_stated_on = !PG_ARGISNULL(4);
	if (in->has_stated_on)
		in->stated_on = check_stated_on(PG_GETARG_DATEADT(4));
	in->zone = zone_argument(fcinfo, 5);
	in->has_published_at = !PG_ARGISNULL(6);
	if (in->has_published_at)
		in->published_at = intake_claimed_time(PG_GETARG_TIMESTAMPTZ(6));
	in->language = argument_text(fcinfo, 7);
	in->url = argument_text(fcinfo, 8);
}

/* The row, but for what its event decides. */
static void
notice_row(const NoticeInput *in, Datum *values, bool *isnull)
{
	set_text(values, isnull, Anum_notice_label, in->label);
	set_text(values, isnull, Anum_notice_name, in->name);
	set_text(values, isnull, Anum_notice_version, in->version);
	values[Anum_notice_sha256 - 1] = DirectFunctionCall1(sha256_bytea, PointerGetDatum(in->body));
	values[Anum_notice_body - 1] = PointerGetDatum(in->body);
	values[Anum_notice_purposes - 1] = names_datum(in->purposes, in->npurposes);
	isnull[Anum_notice_stated_on - 1] = !in->has_stated_on;
	values[Anum_notice_stated_on - 1] = DateADTGetDatum(in->stated_on);
	set_text(values, isnull, Anum_notice_zone, in->zone);
	isnull[Anum_notice_published_at - 1] = !in->has_published_at;
	values[Anum_notice_published_at - 1] = TimestampTzGetDatum(in->published_at);
	set_text(values, isnull, Anum_notice_language, in->language);
	set_text(values, isnull, Anum_notice_url, in->url);
}

static void
record_notice(Store *store, const NoticeInput *in, Datum *values, bool *isnull)
{
	const char *sha256 = bytes_text(values[Anum_notice_sha256 - 1]);
	const char *purposes = names_text(values[Anum_notice_purposes - 1]);
	const char *stated_on = in->has_stated_on ? date_text(in->stated_on) : NULL;
	const char *published_at = in->has_published_at ? instant_text(in->published_at) : NULL;
	cl_json_member members[] = {
		DETAIL("name", in->name),
		DETAIL("version", in->version),
		DETAIL("sha256", sha256),
		DETAIL("purposes", purposes),
		DETAIL("stated_on", stated_on),
		DETAIL("zone", in->zone),
		DETAIL("published_at", published_at),
		DETAIL("language", in->language),
		DETAIL("url", in->url)
	};
	EventInput	event = {.kind = "notice_published"};
	EventId		id;

	event.detail = detail_json(members, lengthof(members));
	id = intake_record(SEAL_DECLARATIONS, &event);
	values[Anum_notice_recorded_at - 1] = TimestampTzGetDatum(id.recorded_at);
	values[Anum_notice_event_id - 1] = Int64GetDatum(id.event_id);
	store_insert(store, values, isnull);
	ledger_declared(id.event_id);
}

/*
 * Another text under the label is told apart from other words about the same
 * text.  Particulars that a repeat leaves out are those that were said first.
 */
static void
refuse_other_notice(Store *store, HeapTuple row, const NoticeInput *in,
					const Datum *values, const bool *isnull)
{
	static const AttrNumber text_columns[] = {Anum_notice_sha256};
	static const AttrNumber columns[] = {Anum_notice_purposes, Anum_notice_stated_on,
		Anum_notice_zone, Anum_notice_published_at, Anum_notice_language,
	Anum_notice_url};
	AttrNumber	stated[lengthof(columns)];
	int			nstated = 0;

	for (size_t i = 0; i < lengthof(columns); i++)
		if (!isnull[columns[i] - 1])
			stated[nstated++] = columns[i];
	refuse_difference(store, row, values, isnull, text_columns, lengthof(text_columns),
					  psprintf("notice \"%s\" is published already, with another text", in->label));
	refuse_difference(store, row, values, isnull, stated, nstated,
					  psprintf("notice \"%s\" is published already, with the same text but other particulars", in->label));
}

Datum
consent_publish_notice(PG_FUNCTION_ARGS)
{
	NoticeInput in = {0};
	Datum		values[Natts_notice];
	bool		isnull[Natts_notice] = {0};
	Store	   *store;
	HeapTuple	row;

	notice_input(fcinfo, ledger_lock_declarations(), &in);
	notice_row(&in, values, isnull);

	store_push_latest_snapshot();
	store = store_open("notice", RowExclusiveLock);
	row = find_row(store, "notice_pkey", Anum_notice_label, in.label);
	if (row != NULL)
		refuse_other_notice(store, row, &in, values, isnull);
	else
		record_notice(store, &in, values, isnull);
	store_close(store);
	store_pop_snapshot();
	PG_RETURN_DATUM(values[Anum_notice_sha256 - 1]);
}

/* An event about one person: the text was put before her. */
Datum
consent_serve_notice(PG_FUNCTION_ARGS)
{
	EventInput	event = {.kind = "notice_served"};

	argument_refuse_null(fcinfo, 0, "subject");
	event.subject = subject_key_from_datum(declared_get(), PG_GETARG_DATUM(0),
										   get_fn_expr_argtype(fcinfo->flinfo, 0));
	event.notice = argument_required_text(fcinfo, 1, "notice");
	event.has_time = !PG_ARGISNULL(2);
	if (event.has_time)
		event.event_time = PG_GETARG_TIMESTAMPTZ(2);
	event.method = argument_text(fcinfo, 3);
	event.jurisdiction = jurisdiction_argument(fcinfo, 4);
	event.source = argument_text(fcinfo, 5);
	event.external_id = argument_text(fcinfo, 6);
	PG_RETURN_INT64(intake_record(SEAL_CHOICES, &event).event_id);
}

/* ---- presets for everybody ---- */

static void
check_preset(const cl_choice *choice)
{
	if (choice->stance != CL_PRESET)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a preset cannot hold the choice \"%s\"", consent_choice_to_text(choice)),
				 errdetail("What is switched on for everybody is nobody's act."),
				 errhint("Write \"~%.*s\".", choice->purpose_len, choice->purpose)));
	if (choice->since != CL_INSTANT_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the preset on \"%.*s\" has a time of its own",
						choice->purpose_len, choice->purpose),
				 errhint("Say when it was switched on by the argument \"at\".")));
}

/* The choices as they are signed and stored: each says since when. */
static Consent *
settle_presets(const Consent *stated, TimestampTz at)
{
	int			n;
	cl_choice  *choices = consent_choices(stated, &n);

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no choice to set")));
	for (int i = 0; i < n; i++)
	{
		check_preset(&choices[i]);
		choices[i].since = at;
		consent_check_choice(&choices[i]);
	}
	return consent_build(choices, n);
}

static TimestampTz
time_argument(FunctionCallInfo fcinfo, int arg)
{
	return PG_ARGISNULL(arg) ? intake_clock() : intake_claimed_time(PG_GETARG_TIMESTAMPTZ(arg));
}

static void
insert_preset_rule(const EventInput *event, const EventId *id, const char *purpose)
{
	Store	   *store = store_open("preset_rule", RowExclusiveLock);
	Datum		values[Natts_preset_rule];
	bool		isnull[Natts_preset_rule] = {0};

	values[Anum_preset_rule_event_id - 1] = Int64GetDatum(id->event_id);
	values[Anum_preset_rule_ends - 1] = BoolGetDatum(purpose != NULL);
	values[Anum_preset_rule_choices - 1] = PointerGetDatum(event->choices);
	isnull[Anum_preset_rule_choices - 1] = event->choices == NULL;
	set_text(values, isnull, Anum_preset_rule_purpose, purpose);
	set_text(values, isnull, Anum_preset_rule_jurisdiction, event->jurisdiction);
	set_text(values, isnull, Anum_preset_rule_notice, event->notice);
	values[Anum_preset_rule_event_time - 1] = TimestampTzGetDatum(id->event_time);
	values[Anum_preset_rule_recorded_at - 1] = TimestampTzGetDatum(id->recorded_at);
	store_insert(store, values, isnull);
	store_close(store);
}

static int64
record_preset(const EventInput *event, const char *purpose)
{
	EventId		id;

	store_push_latest_snapshot();
	id = intake_record(SEAL_DECLARATIONS, event);
	insert_preset_rule(event, &id, purpose);
	ledger_declared(id.event_id);
	store_pop_snapshot();
	return id.event_id;
}

Datum
consent_set_preset(PG_FUNCTION_ARGS)
{
	EventInput	event = {.kind = "preset_set"};

	ledger_lock_declarations();
	argument_refuse_null(fcinfo, 0, "choices");
	event.jurisdiction = jurisdiction_argument(fcinfo, 1);
	event.notice = argument_text(fcinfo, 2);
	/* Each choice states the time; so the event takes place then too. */
	event.choices = settle_presets(PG_GETARG_CONSENT_PP(0), time_argument(fcinfo, 3));
	PG_RETURN_INT64(record_preset(&event, NULL));
}

static bool
same_jurisdiction(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Nothing was switched on: a mistyped jurisdiction would end nothing. */
static void
check_is_set(const Declared *d, int purpose, const char *jurisdiction, TimestampTz at)
{
	for (int i = 0; i < d->npresets; i++)
		if (d->presets[i].purpose == purpose &&
			same_jurisdiction(d->presets[i].jurisdiction, jurisdiction) &&
			d->presets[i].choice.since <= at)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("there is no preset on \"%s\" to end %s%s", d->purposes[purpose].name,
					jurisdiction ? "in " : "everywhere", jurisdiction ? jurisdiction : ""),
			 errdetail("A preset is ended for the same purpose and jurisdiction that it was set for, not before it was set."),
			 errhint("Presets are listed in consent.preset_rule.")));
}

Datum
consent_end_preset(PG_FUNCTION_ARGS)
{
	const Declared *d = ledger_lock_declarations();
	char	   *purpose = argument_required_text(fcinfo, 0, "purpose");
	EventInput	event = {.kind = "preset_ended"};
	cl_json_member members[] = {DETAIL("purpose", purpose)};

	event.jurisdiction = jurisdiction_argument(fcinfo, 1);
	event.has_time = true;
	event.event_time = time_argument(fcinfo, 2);
	check_is_set(d, declared_purpose(d, purpose, strlen(purpose))->index,
				 event.jurisdiction, event.event_time);
	event.detail = detail_json(members, lengthof(members));
	PG_RETURN_INT64(record_preset(&event, purpose));
}
