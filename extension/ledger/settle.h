/*
 * settle.h
 *		What an event comes to, recorded at a certain moment: its time, and its
 *		choices as they are signed.
 */
#ifndef LEDGER_SETTLE_H
#define LEDGER_SETTLE_H

#include "ledger/intake.h"

typedef struct Settled
{
	TimestampTz event_time;
	struct Consent *choices;	/* each with its instant; NULL: the event has none */
} Settled;

/*
 * Settle an event.  The same input and moment come to the same, which tells a
 * repeated event from another; so nothing is refused here.
 */
extern Settled settle_event(const EventInput *in, TimestampTz recorded_at);

/* ERROR unless the current user may record an event of these times at that moment. */
extern void settle_check_times(const EventInput *in, TimestampTz recorded_at);

/*
 * An instant claimed for something, as of a moment: a little skew ahead counts
 * as that moment.  ERROR 22008 if it is in the future or outside the calendar.
 */
extern TimestampTz settle_claimed_time(TimestampTz claimed, TimestampTz now, const char *what);

#endif
