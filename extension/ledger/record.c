/*
 * record.c
 *		The SQL functions and the view that record choices.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "ledger/intake.h"
#include "ledger/store.h"
#include "ledger/subject.h"
#include "type/consent.h"

PG_FUNCTION_INFO_V1(consent_record_choices);
PG_FUNCTION_INFO_V1(consent_opt_in);
PG_FUNCTION_INFO_V1(consent_opt_out);
PG_FUNCTION_INFO_V1(consent_event_insert);
PG_FUNCTION_INFO_V1(consent_only_by_triggers);
PG_FUNCTION_INFO_V1(consent_may_import);

/* Columns of the view consent.event, in its order. */
enum
{
	View_event_id = 1,
	View_kind,
	View_subject,
	View_choices,
	View_event_time,
	View_recorded_at,
	View_recorded_by,
	View_actor,
	View_method,
	View_notice,
	View_jurisdiction,
	View_evidence,
	View_source,
	View_external_id,
	View_table_name,
	View_row_key,
	View_detail,
	View_subject_no,
	Natts_view = View_subject_no
};

static void
refuse_null(const char *what)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("%s cannot be NULL", what)));
}

static char *
text_argument(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

char *
intake_subject_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		refuse_null("subject");
	return subject_key_from_datum(declared_get(), PG_GETARG_DATUM(n),
								  get_fn_expr_argtype(fcinfo->flinfo, n));
}

/*
 * The arguments that all record functions share, from number `first` on: at,
 * actor, method, notice, jurisdiction, evidence, source, external_id,
 * table_name, row_key.
 */
static void
shared_arguments(FunctionCallInfo fcinfo, int first, EventInput *event)
{
	event->kind = "choices";
	event->has_time = !PG_ARGISNULL(first);
	if (event->has_time)
		event->event_time = PG_GETARG_TIMESTAMPTZ(first);
	if (PG_ARGISNULL(first + 1))
		refuse_null("actor");
	event->actor = text_argument(fcinfo, first + 1);
	event->method = text_argument(fcinfo, first + 2);
	event->notice = text_argument(fcinfo, first + 3);
	event->jurisdiction = text_argument(fcinfo, first + 4);
	event->evidence = text_argument(fcinfo, first + 5);
	event->source = text_argument(fcinfo, first + 6);
	event->external_id = text_argument(fcinfo, first + 7);
	event->table_name = text_argument(fcinfo, first + 8);
	event->row_key = text_argument(fcinfo, first + 9);
}

Datum
consent_record_choices(PG_FUNCTION_ARGS)
{
	EventInput	event = {0};

	if (PG_ARGISNULL(1))
		refuse_null("choices");
	event.subject = intake_subject_argument(fcinfo, 0);
	event.choices = PG_GETARG_CONSENT_PP(1);
	shared_arguments(fcinfo, 2, &event);
	PG_RETURN_INT64(intake_record(SEAL_CHOICES, &event).event_id);
}

Consent *
intake_one_choice(const Declared *d, const char *purpose, char stance, cl_act act)
{
	cl_choice	choice = {0};

	choice.purpose = declared_purpose(d, purpose, strlen(purpose))->name;
	choice.purpose_len = strlen(purpose);
	choice.stance = stance;
	choice.act = act;
	choice.since = CL_INSTANT_NONE;
	choice.until = CL_INSTANT_OPEN;
	choice.from = CL_INSTANT_NONE;
	choice.to = CL_INSTANT_OPEN;
	return consent_build(&choice, 1);
}

static Datum
record_one(FunctionCallInfo fcinfo, char stance, cl_act act)
{
	EventInput	event = {0};

	if (PG_ARGISNULL(1))
		refuse_null("purpose");
	event.subject = intake_subject_argument(fcinfo, 0);
	event.choices = intake_one_choice(declared_get(), text_argument(fcinfo, 1), stance, act);
	shared_arguments(fcinfo, 2, &event);
	PG_RETURN_INT64(intake_record(SEAL_CHOICES, &event).event_id);
}

Datum
consent_opt_in(PG_FUNCTION_ARGS)
{
	return record_one(fcinfo, CL_GRANT, CL_ACT_NONE);
}

Datum
consent_opt_out(PG_FUNCTION_ARGS)
{
	return record_one(fcinfo, CL_REFUSAL, CL_ACT_OPTED_OUT);
}

/* ---- the view ---- */

static char *
view_text(const Datum *values, const bool *isnull, int column)
{
	return isnull[column - 1] ? NULL : TextDatumGetCString(values[column - 1]);
}

/* What the ledger sets itself cannot be given. */
static void
check_generated(TupleDesc desc, const bool *isnull)
{
	static const int generated[] = {View_event_id, View_kind, View_recorded_at,
	View_recorded_by, View_detail, View_subject_no};

	for (size_t i = 0; i < lengthof(generated); i++)
		if (!isnull[generated[i] - 1])
			ereport(ERROR,
					(errcode(ERRCODE_GENERATED_ALWAYS),
					 errmsg("column \"%s\" of consent.event is set by the ledger",
							NameStr(TupleDescAttr(desc, generated[i] - 1)->attname)),
					 errhint("Leave the column out.")));
}

static void
view_event(const Datum *values, const bool *isnull, EventInput *event)
{
	const Declared *d = declared_get();

	event->kind = "choices";
	event->subject = view_text(values, isnull, View_subject);
	if (!event->subject)
		refuse_null("subject");
	subject_check_key(d, event->subject, strlen(event->subject));
	if (isnull[View_choices - 1])
		refuse_null("choices");
	event->choices = (Consent *) PG_DETOAST_DATUM(values[View_choices - 1]);
	event->has_time = !isnull[View_event_time - 1];
	if (event->has_time)
		event->event_time = DatumGetTimestampTz(values[View_event_time - 1]);
	event->actor = view_text(values, isnull, View_actor);
	if (!event->actor)
		refuse_null("actor");
	event->method = view_text(values, isnull, View_method);
	event->notice = view_text(values, isnull, View_notice);
	event->jurisdiction = view_text(values, isnull, View_jurisdiction);
	event->evidence = view_text(values, isnull, View_evidence);
	event->source = view_text(values, isnull, View_source);
	event->external_id = view_text(values, isnull, View_external_id);
	event->table_name = view_text(values, isnull, View_table_name);
	event->row_key = view_text(values, isnull, View_row_key);
}

/*
 * Record one row of INSERT or COPY; RETURNING shows what the ledger set.  The
 * tuple returned must be a new one: of the one given, the executor would keep
 * the memory until the end of the statement.
 */
static HeapTuple
insert_view_row(TriggerData *trigger)
{
	TupleDesc	desc = RelationGetDescr(trigger->tg_relation);
	Datum		values[Natts_view];
	bool		isnull[Natts_view];
	EventInput	event = {0};
	EventId		id;

	slot_getallattrs(trigger->tg_trigslot);
	memcpy(values, trigger->tg_trigslot->tts_values, sizeof(values));
	memcpy(isnull, trigger->tg_trigslot->tts_isnull, sizeof(isnull));
	check_generated(desc, isnull);
	view_event(values, isnull, &event);
	id = intake_add(intake_innermost(), &event);

	values[View_event_id - 1] = Int64GetDatum(id.event_id);
	values[View_kind - 1] = CStringGetTextDatum(event.kind);
	values[View_event_time - 1] = TimestampTzGetDatum(id.event_time);
	values[View_recorded_at - 1] = TimestampTzGetDatum(id.recorded_at);
	isnull[View_event_id - 1] = isnull[View_kind - 1] =
		isnull[View_event_time - 1] = isnull[View_recorded_at - 1] = false;
	return heap_form_tuple(desc, values, isnull);
}

/* Looked up once for all rows: a trigger's FmgrInfo is that of one relation. */
static bool
is_on_event(FmgrInfo *flinfo, TriggerData *trigger)
{
	if (flinfo->fn_extra == NULL && RelationGetRelid(trigger->tg_relation) == store_relid("event"))
		flinfo->fn_extra = flinfo;
	return flinfo->fn_extra != NULL;
}

/*
 * All three triggers of the view: before the statement, for each row instead
 * of inserting, and after the statement.
 */
Datum
consent_event_insert(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		!is_on_event(fcinfo->flinfo, trigger))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("consent.event_insert() is the trigger function of the view consent.event")));
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
	{
		if (!intake_innermost())
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the statement triggers of consent.event are disabled"),
					 errhint("Enable all triggers of the view.")));
		PG_RETURN_POINTER(insert_view_row(trigger));
	}
	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		intake_begin(SEAL_CHOICES);
	else
		intake_end(intake_innermost());
	PG_RETURN_POINTER(NULL);
}

/*
 * The default of the view's generated columns.  Under replica role the view's
 * triggers do not fire and its rows would vanish without a word.
 */
Datum
consent_only_by_triggers(PG_FUNCTION_ARGS)
{
	if (SessionReplicationRole == SESSION_REPLICATION_ROLE_REPLICA)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("cannot record events under session_replication_role = replica"),
				 errdetail("The triggers of consent.event do not fire there, and the rows would be lost."),
				 errhint("SET session_replication_role = origin, or replicate the tables of schema consent.")));
	PG_RETURN_NULL();
}

/* Whoever may execute this may record late events. */
Datum
consent_may_import(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(true);
}
