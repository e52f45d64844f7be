/*
 * moved.h
 *		Tracked rows that an UPDATE moves to another partition.
 *
 * The row form of track() sees such a row deleted there, then inserted here,
 * by the same command.  What the deleted one said waits for the inserted one.
 */
#ifndef LEDGER_MOVED_H
#define LEDGER_MOVED_H

#include "commands/trigger.h"

struct Consent;

/* A row that left its partition, and that no row has followed. */
typedef struct Moved
{
	char	   *subject;
	struct Consent *said;
	char	   *detail;			/* of the event that would revoke it */
} Moved;

/* Does a trigger for DELETE tell of a row that moves? */
extern bool moved_away(TriggerData *trigger);

/* Let it wait; copies everything. */
extern void moved_remember(TriggerData *trigger, const Moved *moved);

/*
 * The row that waits for the one which this trigger for INSERT or DELETE tells
 * of, that is, which the same command moved before; false if there is none.
 */
extern bool moved_take(TriggerData *trigger, Moved *moved);

/* At the end of a transaction, what nothing followed goes to this function. */
extern void moved_init(void (*vanished) (const Moved *moved));

#endif
