/*
 * known.h
 *		What is known about a subject: all that the rule needs to be told.
 */
#ifndef GATE_KNOWN_H
#define GATE_KNOWN_H

#include "gate/gate.h"
#include "gate/items.h"

/* Her choices about one table, or about one row of it. */
typedef struct KnownScope
{
	const char *table;
	const char *row_key;		/* NULL: the table */
	Consent    *state;
} KnownScope;

typedef struct Known
{
	int64		subject_no;		/* 0: unknown to the ledger */
	bool		erased;
	bool		scoped;			/* has choices about tables or rows */
	const char *jurisdiction;	/* NULL: none stated */
	const Consent *state;		/* NULL: nothing */
	bool		from_events;	/* then scopes holds all of them */
	int			nscopes;
	KnownScope *scopes;
} Known;

/* Is the question about now? Then the current states answer it. */
static inline bool
gate_is_now(const GateTime *time)
{
	return !time->has_at && !time->has_known;
}

/* All of it in the current context. */
extern void known_find(const Declared *d, const GateParty *party,
					   const GateTime *time, Known *known);
extern void known_from_events(int64 subject_no, const GateTime *time, Known *known);

/* From the columns of a subject's row, as it is now; points into them. */
extern void known_from_values(const Datum *values, const bool *isnull, Known *known);

/* A deep copy in the current context. */
extern Known *known_copy(const Known *known);

/*
 * Collect what speaks of the purpose and the row, and decide.  *by_row tells
 * whether another row could get another verdict.
 */
extern cl_verdict known_decide(const Declared *d, const Purpose *purpose,
							   const GateRow *row, const GateTime *time,
							   const Known *known, bool *by_row);

/* The first half of that. */
extern void known_collect(const GateRow *row, const GateTime *time,
						  const Known *known, Items *items);

#endif
