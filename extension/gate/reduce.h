/*
 * reduce.h
 *		Rows that the planner reduced to the columns that count.
 */
#ifndef GATE_REDUCE_H
#define GATE_REDUCE_H

#include "fmgr.h"
#include "utils/relcache.h"

#include "ledger/declared.h"

/*
 * Does argument n of a function, a row of this table, hold all that its
 * declaration names?  To be called for every row: error 40001 if the table was
 * declared anew since the plan was made.
 */
extern void reduce_check(FunctionCallInfo fcinfo, int n, const ProtectedTable *table);

/* Tables are declared anew: plans that depend on it are made again. */
extern void reduce_give_up_plans(Relation protected_table);

#endif
