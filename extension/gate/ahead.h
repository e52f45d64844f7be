/*
 * ahead.h
 *		Who will most likely be asked about next.
 */
#ifndef GATE_AHEAD_H
#define GATE_AHEAD_H

#include "storage/off.h"

#include "gate/gate.h"

/* Where a scan was seen last; all zero at the start. */
typedef struct Ahead
{
	const char *page;
	OffsetNumber line;			/* of the row that was asked about */
	int			end;			/* of its party that was asked about last: an offset in the page */
	int			next_end;		/* and of that of the row after it */
	int			astray;			/* rows that were not where they were expected */
} Ahead;

/*
 * The party whom the row after this one most likely has where this row has
 * this one: kind, len and bytes.  False: no idea.  It is a guess, from memory
 * that nobody holds a lock on: good for fetching what an answer will need, and
 * for nothing else.
 */
extern bool ahead_party(Ahead *ahead, const GateParty *party, GateParty *next);

#endif
