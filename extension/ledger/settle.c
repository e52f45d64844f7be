/*
 * settle.c
 *		What an event comes to, recorded at a certain moment: its time, and its
 *		choices as they are signed.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "ledger/settle.h"
#include "ledger/tables.h"
#include "settings.h"
#include "type/consent.h"

#define CLOCK_SKEW (5 * USECS_PER_MINUTE)

/* A clock that is a little ahead means now. */
static TimestampTz
forgive_skew(TimestampTz claimed, TimestampTz now)
{
	return claimed > now && claimed <= now + CLOCK_SKEW ? now : claimed;
}

/* A "yes" that the operator gave is a preset, whatever it was called. */
static bool
is_operator(const char *actor)
{
	return actor && (strcmp(actor, "admin") == 0 || strcmp(actor, "system") == 0);
}

/*
 * Give each choice its instant.  Without a time of its own the event takes
 * place at its latest choice.
 */
static Consent *
settle_choices(const EventInput *in, TimestampTz recorded_at, TimestampTz *event_time)
{
	int			n;
	cl_choice  *choices = consent_choices(in->choices, &n);
	Consent    *settled;
	TimestampTz latest = DT_NOBEGIN;
	bool		untimed = n == 0;

	for (int i = 0; i < n; i++)
	{
		if (choices[i].since == CL_INSTANT_NONE)
			untimed = true;
		else
			choices[i].since = forgive_skew(choices[i].since, recorded_at);
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
	settled = consent_build(choices, n);
	pfree(choices);
	return settled;
}

Settled
settle_event(const EventInput *in, TimestampTz recorded_at)
{
	Settled		settled = {.event_time = recorded_at};

	if (in->has_time)
		settled.event_time = forgive_skew(in->event_time, recorded_at);
	if (in->choices)
		settled.choices = settle_choices(in, recorded_at, &settled.event_time);
	return settled;
}

TimestampTz
settle_claimed_time(TimestampTz claimed, TimestampTz now, const char *what)
{
	if (!cl_instant_valid(claimed))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is outside the years 0001 to 9999", what)));
	if (claimed > now + CLOCK_SKEW)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("%s is in the future: %s", what, timestamptz_to_str(claimed)),
				 errdetail("An act is recorded after it happened; up to five minutes of clock skew count as the moment of recording."),
				 errhint("Leave the time out, or correct it.")));
	return forgive_skew(claimed, now);
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
check_time(TimestampTz claimed, TimestampTz now, const char *what)
{
	claimed = settle_claimed_time(claimed, now, what);
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

void
settle_check_times(const EventInput *in, TimestampTz recorded_at)
{
	ConsentIterator it;
	cl_choice	choice;

	if (in->has_time)
		check_time(in->event_time, recorded_at, "the event's time");
	if (!in->choices)
		return;
	consent_iterate(in->choices, &it);
	while (consent_next(&it, &choice))
		if (choice.since != CL_INSTANT_NONE)
			check_time(choice.since, recorded_at, "the time of a choice");
}
