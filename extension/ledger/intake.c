/*
 * intake.c
 *		The way of an event into the ledger, up to the slice that is written.
 *
 * Invariants: an intake belongs to the subtransaction that opened it and dies
 * with it; an event that was added is either in a sealed slice or still in
 * its intake; no intake is open when the transaction commits.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "core/hash.h"
#include "ledger/intake.h"
#include "ledger/slice.h"
#include "ledger/subject.h"
#include "ledger/tables.h"
#include "settings.h"
#include "type/consent.h"

#define CLOCK_SKEW (5 * USECS_PER_MINUTE)

struct Intake
{
	SealKind	kind;
	SubTransactionId subid;
	Intake	   *parent;
	MemoryContext context;
	MemoryContext slice_context;
	char	   *recorded_by;
	Slice	   *slice;			/* NULL: nothing since the last one was written */
};

static Intake *innermost = NULL;
static bool recorded_in_transaction = false;
static LocalTransactionId clock_lxid = InvalidLocalTransactionId;
static TimestampTz clock_last = 0;

/* ---- time ---- */

TimestampTz
intake_clock(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (clock_lxid == compat_my_lxid() && now <= clock_last)
		now = clock_last + 1;
	clock_lxid = compat_my_lxid();
	clock_last = now;
	return now;
}

/* An instant claimed for an event: not in the future, within the calendar. */
static TimestampTz
check_claimed_time(TimestampTz claimed, TimestampTz now, const char *what)
{
	if (!cl_instant_valid(claimed))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is outside the years 0001 to 9999", what)));
	if (claimed <= now)
		return claimed;
	if (claimed > now + CLOCK_SKEW)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is in the future: %s", what, timestamptz_to_str(claimed)),
				 errdetail("An act is recorded after it happened; up to five minutes of clock skew count as the moment of recording."),
				 errhint("Leave the time out, or correct it.")));
	return now;
}

TimestampTz
intake_claimed_time(TimestampTz claimed)
{
	return check_claimed_time(claimed, intake_clock(), "the time");
}

/* An importer is who may execute the mark consent.may_import(). */
static bool
is_importer(void)
{
	Oid			function = GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
										   CStringGetDatum("may_import"),
										   PointerGetDatum(buildoidvector(NULL, 0)),
										   ObjectIdGetDatum(get_namespace_oid(LEDGER_SCHEMA, false)));

	return OidIsValid(function) && compat_may_execute(function);
}

static void
check_lateness(TimestampTz claimed, TimestampTz now)
{
	if (claimed >= now - (int64) setting_max_lateness * USECS_PER_SEC)
		return;
	if (is_importer())
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("only an importer may record an event of %s now",
					timestamptz_to_str(claimed)),
			 errdetail("It lies more than consent_ledger.max_lateness (%d s) before its recording.",
					   setting_max_lateness),
			 errhint("Leave the time out if it happens now, or have an importer (consent.grant_role('importer', …)) record it.")));
}

/* ---- content ---- */

static const char *const actors[] = {"self", "guardian", "agent", "admin", "import", "system"};

void
intake_check_actor(const char *actor)
{
	for (size_t i = 0; i < lengthof(actors); i++)
		if (strcmp(actor, actors[i]) == 0)
			return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown actor \"%s\"", actor),
			 errhint("Use self, guardian, agent, admin, import or system.")));
}

/* A "yes" that the operator gave is a preset, whatever it was called. */
static bool
is_operator(const char *actor)
{
	return actor && (strcmp(actor, "admin") == 0 || strcmp(actor, "system") == 0);
}

static void
check_choice(const Declared *d, const EventInput *in, cl_choice *choice, TimestampTz now)
{
	declared_purpose(d, choice->purpose, choice->purpose_len);
	if (choice->notice_len > 0)
		declared_notice(d, choice->notice, choice->notice_len);
	if (choice->since == CL_INSTANT_NONE)
		return;
	if (in->has_time)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the choice on \"%.*s\" has a time of its own beside the event's time",
						choice->purpose_len, choice->purpose),
				 errhint("State the time once: with '@' in the choice, or as the event's time.")));
	choice->since = check_claimed_time(choice->since, now, "the time of a choice");
	check_lateness(choice->since, now);
}

/*
 * The choices as they are signed: each with its instant, presets for what an
 * operator switched on.  Without a time of its own the event takes place at
 * its latest choice.
 */
static Consent *
settle_choices(const Declared *d, const EventInput *in, TimestampTz now, TimestampTz *event_time)
{
	int			n = consent_count(in->choices);
	cl_choice  *choices = palloc(sizeof(cl_choice) * Max(n, 1));
	ConsentIterator it;
	TimestampTz latest = DT_NOBEGIN;
	bool		untimed = false;

	if (n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no choice to record")));
	consent_iterate(in->choices, &it);
	for (int i = 0; consent_next(&it, &choices[i]); i++)
	{
		check_choice(d, in, &choices[i], now);
		if (choices[i].since == CL_INSTANT_NONE)
			untimed = true;
		else
			latest = Max(latest, choices[i].since);
		if (choices[i].stance == CL_GRANT && is_operator(in->actor))
		{
			choices[i].stance = CL_PRESET;
			choices[i].act = CL_ACT_NONE;
		}
	}
	if (!in->has_time && !untimed)
		*event_time = latest;
	for (int i = 0; i < n; i++)
		if (choices[i].since == CL_INSTANT_NONE)
			choices[i].since = *event_time;
	return consent_build(choices, n);
}

static void
check_names(const Declared *d, const EventInput *in)
{
	if (in->actor)
		intake_check_actor(in->actor);
	if (in->notice)
		declared_notice(d, in->notice, strlen(in->notice));
	if (in->row_key && !in->table_name)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("row_key \"%s\" is given without table_name", in->row_key),
				 errhint("Name the protected table that the row is in.")));
	if (in->external_id && in->external_id[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("external_id cannot be the empty string")));
}

static Datum
text_copy(const char *s)
{
	return CStringGetTextDatum(s);
}

static void
set_text(SliceEvent *event, AttrNumber attno, const char *s)
{
	event->isnull[attno - 1] = (s == NULL);
	if (s)
		event->values[attno - 1] = text_copy(s);
}

static void
set_bytes(SliceEvent *event, AttrNumber attno, const void *bytes, size_t len)
{
	bytea	   *copy = palloc(VARHDRSZ + len);

	SET_VARSIZE(copy, VARHDRSZ + len);
	memcpy(VARDATA(copy), bytes, len);
	event->isnull[attno - 1] = false;
	event->values[attno - 1] = PointerGetDatum(copy);
}

/* Evidence goes into the event as an HMAC under a salt of its own. */
static void
set_evidence(SliceEvent *event, const char *evidence)
{
	uint8		hmac[CL_HASH_BYTES];

	if (!evidence)
		return;
	if (cl_random(event->evidence_salt, sizeof(event->evidence_salt)) != CL_OK)
		elog(ERROR, "no random bytes to be had");
	event->evidence = pstrdup(evidence);
	slice_evidence_hmac(event->evidence_salt, evidence, hmac);
	set_bytes(event, Anum_event_log_evidence_hmac, hmac, sizeof(hmac));
}

static void
fill_event(Intake *intake, SliceEvent *event, const EventInput *in,
		   Consent *choices, const EventId *id, const char *table_name)
{
	memset(event->isnull, true, sizeof(event->isnull));
	event->values[Anum_event_log_event_id - 1] = Int64GetDatum(id->event_id);
	event->isnull[Anum_event_log_event_id - 1] = false;
	event->values[Anum_event_log_event_time - 1] = TimestampTzGetDatum(id->event_time);
	event->isnull[Anum_event_log_event_time - 1] = false;
	event->values[Anum_event_log_recorded_at - 1] = TimestampTzGetDatum(id->recorded_at);
	event->isnull[Anum_event_log_recorded_at - 1] = false;
	set_text(event, Anum_event_log_kind, in->kind);
	set_text(event, Anum_event_log_recorded_by, intake->recorded_by);
	set_text(event, Anum_event_log_actor, in->actor);
	set_text(event, Anum_event_log_method, in->method);
	set_text(event, Anum_event_log_notice, in->notice);
	set_text(event, Anum_event_log_jurisdiction, in->jurisdiction);
	set_text(event, Anum_event_log_source, in->source ? in->source : "");
	set_text(event, Anum_event_log_external_id, in->external_id);
	set_text(event, Anum_event_log_table_name, table_name);
	set_text(event, Anum_event_log_row_key, in->row_key);
	set_text(event, Anum_event_log_detail, in->detail);
	if (choices)
	{
		event->values[Anum_event_log_choices - 1] = PointerGetDatum(choices);
		event->isnull[Anum_event_log_choices - 1] = false;
	}
	set_bytes(event, Anum_event_log_nonce, slice_nonce(intake->slice), CL_NONCE_BYTES);
	set_evidence(event, in->evidence);
	event->subject = in->subject ? pstrdup(in->subject) : NULL;
	event->choices = choices;
}

/* ---- intakes ---- */

Intake *
intake_begin(SealKind kind)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext,
												  "consent intake",
												  ALLOCSET_DEFAULT_SIZES);
	Intake	   *intake = MemoryContextAllocZero(context, sizeof(Intake));

	PreventCommandIfReadOnly("recording in the consent ledger");
	PreventCommandIfParallelMode("recording in the consent ledger");
	intake->kind = kind;
	intake->subid = GetCurrentSubTransactionId();
	intake->context = context;
	intake->slice_context = AllocSetContextCreate(context, "consent slice",
												  ALLOCSET_DEFAULT_SIZES);
	intake->recorded_by = MemoryContextStrdup(context,
											  GetUserNameFromId(GetUserId(), false));
	intake->parent = innermost;
	innermost = intake;
	recorded_in_transaction = true;
	return intake;
}

Intake *
intake_innermost(void)
{
	return innermost;
}

static void
write_slice(Intake *intake)
{
	if (!intake->slice)
		return;
	slice_write(intake->slice);
	intake->slice = NULL;
	MemoryContextReset(intake->slice_context);
}

/* An event whose external id is known: the same content again is a no-op. */
static bool
is_repeated(Intake *intake, const EventInput *in, Consent *choices,
			const char *table_name, EventId *id)
{
	if (!in->external_id)
		return false;
	if (intake->slice && slice_find_external(intake->slice, in, choices, table_name, id))
		return true;
	return slice_find_external_stored(in, choices, table_name, id);
}

EventId
intake_add(Intake *intake, const EventInput *in)
{
	const Declared *d = declared_get();
	const char *table_name = NULL;
	Consent    *choices = NULL;
	EventId		id = {0};
	MemoryContext old;

	if (intake->subid != GetCurrentSubTransactionId())
		elog(ERROR, "an event was added to the intake of another subtransaction");
	old = MemoryContextSwitchTo(intake->slice_context);
	id.recorded_at = intake_clock();
	id.event_time = id.recorded_at;
	if (in->has_time)
	{
		id.event_time = check_claimed_time(in->event_time, id.recorded_at, "the event's time");
		check_lateness(id.event_time, id.recorded_at);
	}
	check_names(d, in);
	if (in->table_name)
		table_name = declared_table(d, in->table_name, strlen(in->table_name))->known_as;
	if (in->choices)
		choices = settle_choices(d, in, id.recorded_at, &id.event_time);
	if (!is_repeated(intake, in, choices, table_name, &id))
	{
		SliceEvent *event;

		if (!intake->slice)
			intake->slice = slice_begin(intake->kind, d);
		event = slice_add(intake->slice, &id.event_id);
		fill_event(intake, event, in, choices, &id, table_name);
		if (in->external_id)
			slice_note_external(intake->slice, in->source, in->external_id);
		if (slice_is_full(intake->slice))
			write_slice(intake);
	}
	MemoryContextSwitchTo(old);
	return id;
}

void
intake_end(Intake *intake)
{
	MemoryContext old = MemoryContextSwitchTo(intake->slice_context);

	if (intake != innermost)
		elog(ERROR, "intakes are not closed in order");
	write_slice(intake);
	MemoryContextSwitchTo(old);
	innermost = intake->parent;
	MemoryContextDelete(intake->context);
}

EventId
intake_record(SealKind kind, const EventInput *event)
{
	Intake	   *intake = intake_begin(kind);
	EventId		id = intake_add(intake, event);

	intake_end(intake);
	return id;
}

/* ---- transactions ---- */

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (innermost && innermost->subid >= mySubid)
		{
			Intake	   *gone = innermost;

			innermost = gone->parent;
			MemoryContextDelete(gone->context);
		}
	else if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		if (innermost && innermost->subid == mySubid)
			elog(ERROR, "events of a statement were left unsealed");
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			if (innermost)
				elog(ERROR, "events of a statement were left unsealed");
			break;
		case XACT_EVENT_PRE_PREPARE:
			if (recorded_in_transaction)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has recorded in the consent ledger")));
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
			innermost = NULL;	/* its memory goes with the transaction's */
			recorded_in_transaction = false;
			break;
		default:
			break;
	}
}

void
intake_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
