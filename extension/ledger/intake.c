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
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "core/codec.h"
#include "core/hash.h"
#include "ledger/intake.h"
#include "ledger/row_key.h"
#include "ledger/settle.h"
#include "ledger/slice.h"
#include "ledger/state.h"
#include "ledger/tables.h"
#include "type/consent.h"

/* Of a source and of an external id, in bytes: an index holds both. */
#define EXTERNAL_MAX 1024

/* A slice of long events is written before it has as many as it may. */
#define SLICE_BYTES (16 * 1024 * 1024)

struct Intake
{
	SealKind	kind;
	SubTransactionId subid;
	Intake	   *parent;
	MemoryContext context;
	MemoryContext slice_context;
	MemoryContext scratch;		/* for what is checked of one event */
	char	   *recorded_by;
	Size		room;			/* that its context keeps */
	Slice	   *slice;			/* NULL: nothing since the last one was written */
	StateQueue *queue;			/* of states, from the second slice on */
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

TimestampTz
intake_claimed_time(TimestampTz claimed)
{
	return settle_claimed_time(claimed, intake_clock(), "the time");
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

static void
check_length(const char *what, const char *given, size_t max)
{
	if (given && strlen(given) > max)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s is too long: %zu bytes", what, strlen(given)),
				 errdetail("It has at most %zu bytes.", max)));
}

static void
refuse_empty(const char *what, const char *given)
{
	if (given && given[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s cannot be the empty string", what)));
}

static void
check_members(const Declared *d, const EventInput *in)
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
	refuse_empty("jurisdiction", in->jurisdiction);
	refuse_empty("external_id", in->external_id);
	check_length("external_id", in->external_id, EXTERNAL_MAX);
	check_length("source", in->source, EXTERNAL_MAX);
	check_length("row_key", in->row_key, CL_ROW_KEY_MAX);
}

/* The name of the table that the choices are about; NULL if they are about no table. */
static const char *
check_scope(const Declared *d, const EventInput *in)
{
	const ProtectedTable *table;

	if (!in->table_name)
		return NULL;
	table = declared_table(d, in->table_name, strlen(in->table_name));
	if (in->row_key)
		row_key_check(table, in->row_key);
	return table->known_as;
}

static void
check_choices(const Declared *d, const EventInput *in)
{
	ConsentIterator it;
	cl_choice	choice;

	if (!in->choices)
		return;
	if (consent_count(in->choices) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is no choice to record")));
	consent_iterate(in->choices, &it);
	while (consent_next(&it, &choice))
	{
		declared_purpose(d, choice.purpose, choice.purpose_len);
		if (choice.notice_len > 0)
			declared_notice(d, choice.notice, choice.notice_len);
		if (choice.since != CL_INSTANT_NONE && in->has_time)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the choice on \"%.*s\" has a time of its own beside the event's time",
							choice.purpose_len, choice.purpose),
					 errhint("State the time once: with '@' in the choice, or as the event's time.")));
	}
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
	intake->scratch = AllocSetContextCreate(context, "consent event",
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

/*
 * Of an intake of many slices, let each find the memory of the one before: what
 * goes back to the system comes again as pages to be cleared.
 */
static void
keep_room(Intake *intake)
{
	Size		used = MemoryContextMemAllocated(intake->slice_context, false);

	if (used > intake->room && used <= SLICE_BYTES / 2)
	{
		MemoryContextDelete(intake->slice_context);
		intake->room = TYPEALIGN(BLCKSZ, used);
		intake->slice_context = AllocSetContextCreate(intake->context, "consent slice",
													  intake->room, ALLOCSET_DEFAULT_INITSIZE,
													  Max(intake->room, ALLOCSET_DEFAULT_MAXSIZE));
	}
	else
		MemoryContextReset(intake->slice_context);
}

static void
write_slice(Intake *intake, bool running)
{
	if (!intake->slice)
		return;
	slice_write(intake->slice, intake->queue, running);
	intake->slice = NULL;
}

/* Write a slice that others will follow. */
static void
write_full_slice(Intake *intake)
{
	if (!intake->queue)
		intake->queue = state_queue_create(intake->context);
	write_slice(intake, true);
	if (state_queue_is_full(intake->queue))
		state_queue_write(intake->queue);
}

/* An event whose external id is known: the same content again is a no-op. */
static bool
is_repeated(Intake *intake, const EventInput *in, const char *table_name, EventId *id)
{
	if (!in->external_id)
		return false;
	if (intake->slice && slice_find_external(intake->slice, in, table_name, id))
		return true;
	return slice_find_external_stored(in, table_name, id);
}

/* Record an event that is none of those recorded before; fills in *id. */
static void
add_new(Intake *intake, const Declared *d, const EventInput *in,
		const char *table_name, EventId *id)
{
	Settled		settled;
	SliceEvent *event;

	id->recorded_at = intake_clock();
	settle_check_times(in, id->recorded_at);
	settled = settle_event(in, id->recorded_at);
	id->event_time = settled.event_time;
	if (!intake->slice)
		intake->slice = slice_begin(intake->kind, d);
	event = slice_add(intake->slice, &id->event_id);
	fill_event(intake, event, in, settled.choices, id, table_name);
	if (in->external_id)
		slice_note_external(intake->slice, in->source, in->external_id);
	if (slice_is_full(intake->slice) ||
		MemoryContextMemAllocated(intake->slice_context, false) > SLICE_BYTES)
		write_full_slice(intake);
}

EventId
intake_add(Intake *intake, const EventInput *in)
{
	const Declared *d = declared_get();
	const char *table_name;
	EventId		id = {0};
	MemoryContext old;

	if (intake->subid != GetCurrentSubTransactionId())
		elog(ERROR, "an event was added to the intake of another subtransaction");
	old = MemoryContextSwitchTo(intake->scratch);
	check_members(d, in);
	check_choices(d, in);
	table_name = check_scope(d, in);
	if (!is_repeated(intake, in, table_name, &id))
	{
		MemoryContextSwitchTo(intake->slice_context);
		add_new(intake, d, in, table_name, &id);
	}
	MemoryContextSwitchTo(old);
	if (!intake->slice)
		keep_room(intake);
	MemoryContextReset(intake->scratch);
	return id;
}

/* Leave an intake, which need not be the innermost: those inside may be left over. */
static void
unlink_intake(Intake *intake)
{
	Intake	  **i = &innermost;

	while (*i != intake)
		i = &(*i)->parent;
	*i = intake->parent;
}

static void
end_intake(Intake *intake, bool running)
{
	MemoryContext old = MemoryContextSwitchTo(intake->slice_context);

	write_slice(intake, running);
	if (intake->queue)
		state_queue_write(intake->queue);
	MemoryContextSwitchTo(old);
	unlink_intake(intake);
	MemoryContextDelete(intake->context);
}

void
intake_end(Intake *intake)
{
	end_intake(intake, true);
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

/*
 * A statement that was stopped before its end, as SPI_execute() does after so
 * many rows, never closes its intake: what it recorded so far counts.
 */
static void
end_left_over(SubTransactionId subid)
{
	while (innermost && innermost->subid >= subid)
		end_intake(innermost, false);
}

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
		end_left_over(mySubid);
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			end_left_over(TopSubTransactionId);
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
