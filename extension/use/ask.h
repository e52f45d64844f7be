/*
 * ask.h
 *		The verdicts of a row's parties, under every purpose of a run.
 *
 * The rule is the gate's; this combines its answers for several purposes, and
 * for a past use those of its start and of its last instant.
 */
#ifndef USE_ASK_H
#define USE_ASK_H

#include "gate/gate.h"
#include "gate/whole.h"
#include "use/entry.h"

/* A row, and what is kept of its parties' verdicts. */
typedef struct AskRow
{
	GateRow		row;
	PartyRule	rule;
	int			nparties;
	GateParty  *parties;
	UseCode    *codes;			/* of each party; one for nobody if there are none */
	RowKey		key;
	char		key_scratch[ROW_KEY_TEXT_SIZE];
} AskRow;

typedef struct Ask Ask;

/* In the current memory context. */
extern Ask *ask_create(char **purposes, int npurposes);

/* Ask about these times instead of now, as known now: the worse answer counts. */
extern void ask_past(Ask *ask, TimestampTz from, TimestampTz last);

/*
 * Fill in the parties' numbers and the codes.  May the row be used, for every
 * purpose?  O(parties x purposes).
 */
extern bool ask_row(Ask *ask, AskRow *row);

/*
 * May whatever there is of a subject be used, for every purpose?  False also
 * where it depends on the row.
 */
extern bool ask_permits_all_of(Ask *ask, int64 subject_no);

/* The same of all subjects at once, if so many are asked about; else NULL. */
extern const Whole *ask_whole(Ask *ask, double questions);

/*
 * Does a party's verdict permit by itself?  Under a party rule other than all,
 * what is kept of a use tells only whether the row was permitted.  Where the
 * purposes are of both regimes a verdict does not tell, and only a yes is sure.
 */
extern bool ask_permits(Ask *ask, const ProtectedTable *table, UseCode code);

#endif
