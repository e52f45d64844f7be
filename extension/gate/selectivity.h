/*
 * selectivity.h
 *		How many rows permits() lets through, for the planner.
 */
#ifndef GATE_SELECTIVITY_H
#define GATE_SELECTIVITY_H

#include "nodes/nodes.h"

/*
 * Answer a planner's request about permits(), by columns, by subject or by row.
 * False: it is no such request, or the purpose is not known when planning.
 */
extern bool selectivity_answer(Node *request);

#endif
