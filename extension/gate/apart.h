/*
 * apart.h
 *		Parties that the planner took out of their array.
 */
#ifndef GATE_APART_H
#define GATE_APART_H

#include "fmgr.h"

#include "gate/gate.h"

/* How many arguments permits() and record_use() have, by columns. */
#define COLUMN_ARGUMENTS 5

/*
 * The parties of a call by columns: argument n, an array, or those that follow
 * the function's own arguments.  As gate_parties(); none for a NULL array.
 */
extern GateParty *apart_parties(const Declared *d, FunctionCallInfo fcinfo, int n,
								GateParty *room, int *nparties);

#endif
