/*
 * record_item.c
 *		Choices about one row: opt_in() and opt_out() with a whole row.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "gate/gate.h"
#include "ledger/arguments.h"
#include "ledger/intake.h"
#include "ledger/subject.h"

PG_FUNCTION_INFO_V1(consent_opt_in_item);
PG_FUNCTION_INFO_V1(consent_opt_out_item);

/*
 * The arguments after item and purpose: party, at, actor, method, notice,
 * jurisdiction, evidence, source, external_id.
 */
static void
shared_arguments(FunctionCallInfo fcinfo, EventInput *event)
{
	event->kind = "choices";
	event->has_time = !PG_ARGISNULL(3);
	if (event->has_time)
		event->event_time = PG_GETARG_TIMESTAMPTZ(3);
	event->actor = argument_required_text(fcinfo, 4, "actor");
	event->method = argument_text(fcinfo, 5);
	event->notice = argument_text(fcinfo, 6);
	event->jurisdiction = argument_text(fcinfo, 7);
	event->evidence = argument_text(fcinfo, 8);
	event->source = argument_text(fcinfo, 9);
	event->external_id = argument_text(fcinfo, 10);
}

static void
item_arguments(FunctionCallInfo fcinfo, const Declared *d, GateItem *item, EventInput *event)
{
	argument_refuse_null(fcinfo, 0, "row");
	argument_refuse_null(fcinfo, 1, "purpose");
	gate_take_item(d, PG_GETARG_DATUM(0), item);
	if (!item->row.row_key)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the row of \"%s\" has no key", item->row.table->known_as),
				 errdetail("A column of its row key is NULL.")));
	shared_arguments(fcinfo, event);
	event->table_name = item->row.table->known_as;
	event->row_key = item->row.row_key;
}

/* The party who acted must be one of the row's. */
static void
set_party(FunctionCallInfo fcinfo, const Declared *d, GateItem *item, EventInput *event)
{
	event->subject = intake_subject_argument(fcinfo, 2);
	for (int i = 0; i < item->nparties; i++)
	{
		char	   *key = gate_party_key(&item->parties[i]);

		if (key && strcmp(key, event->subject) == 0)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a party of row %s of \"%s\"",
					event->subject, item->row.row_key, item->row.table->known_as),
			 errhint("Only a party of a row can choose about it.")));
}

Datum
consent_opt_in_item(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	EventInput	event = {0};
	GateItem	item;

	item_arguments(fcinfo, d, &item, &event);
	if (PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("party cannot be NULL when opting in"),
				 errhint("Say which of the row's parties agreed: party => '…'.")));
	set_party(fcinfo, d, &item, &event);
	event.choices = intake_one_choice(d, argument_text(fcinfo, 1), CL_GRANT, CL_ACT_NONE);
	PG_RETURN_INT64(intake_record(SEAL_CHOICES, &event).event_id);
}

/* Was this key a party already, further left? */
static bool
is_repeated(GateItem *item, int place, const char *key)
{
	for (int i = 0; i < place; i++)
	{
		char	   *other = gate_party_key(&item->parties[i]);

		if (other && strcmp(other, key) == 0)
			return true;
	}
	return false;
}

/*
 * Without a party the row is revoked for every one of them; the first event's
 * id.  Who was erased is denied anyway, and her key must not come back.
 */
static int64
revoke_for_all(const Declared *d, GateItem *item, EventInput *event)
{
	Intake	   *intake;
	int64		first = 0;

	if (event->external_id && item->nparties > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("external_id cannot be given for several parties"),
				 errdetail("An external id names one event, and each party gets one."),
				 errhint("Call opt_out once for each party, with an id for each.")));
	intake = intake_begin(SEAL_CHOICES);
	for (int i = 0; i < item->nparties; i++)
	{
		char	   *key = gate_party_key(&item->parties[i]);
		EventId		id;

		if (!key || is_repeated(item, i, key) || subject_is_erased(d, key))
			continue;
		event->subject = key;
		id = intake_add(intake, event);
		if (first == 0)
			first = id.event_id;
	}
	intake_end(intake);
	if (first == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("row %s of \"%s\" has no party", item->row.row_key, item->row.table->known_as),
				 errdetail("Its columns of parties are NULL, or name subjects that were erased.")));
	return first;
}

Datum
consent_opt_out_item(PG_FUNCTION_ARGS)
{
	const Declared *d = gate_ready();
	EventInput	event = {0};
	GateItem	item;
	bool		everyone = PG_ARGISNULL(2);

	item_arguments(fcinfo, d, &item, &event);
	event.choices = intake_one_choice(d, argument_text(fcinfo, 1), CL_REFUSAL,
									  everyone ? CL_ACT_REVOKED : CL_ACT_OPTED_OUT);
	if (everyone)
		PG_RETURN_INT64(revoke_for_all(d, &item, &event));
	set_party(fcinfo, d, &item, &event);
	PG_RETURN_INT64(intake_record(SEAL_CHOICES, &event).event_id);
}
