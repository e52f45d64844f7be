/*
 * estimate.c
 *		How many uses a run has, for the planner.
 *
 * A fixed guess is wrong by orders of magnitude for most ledgers, and where it
 * is too high the planner compiles for seconds what takes milliseconds.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "optimizer/plancat.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"

#include "ledger/store.h"

#define BYTES_PER_USE 4
#define EXCEPTIONS 100			/* one use in so many is one that should not be */

PG_FUNCTION_INFO_V1(consent_run_uses_support);

static double
all_uses(void)
{
	Store	   *blocks = store_open("manifest_block", AccessShareLock);
	double		pages = RelationGetNumberOfBlocks(store_relation(blocks));

	store_close(blocks);
	return pages * BLCKSZ / BYTES_PER_USE;
}

/* As many as the planner takes the table to have. */
static double
all_runs(void)
{
	Store	   *runs = store_open("run", AccessShareLock);
	BlockNumber pages;
	double		tuples;
	double		allvisfrac;

	estimate_rel_size(store_relation(runs), NULL, &pages, &tuples, &allvisfrac);
	store_close(runs);
	return tuples;
}

/* Are uses of this kind rare, where all goes well? */
static bool
is_rare(Node *call)
{
	Node	   *which = IsA(call, FuncExpr) ? lsecond(((FuncExpr *) call)->args) : NULL;
	char	   *name;

	if (which == NULL || !IsA(which, Const) || ((Const *) which)->constisnull)
		return false;
	name = TextDatumGetCString(((Const *) which)->constvalue);
	return strcmp(name, "withdrawn") == 0 || strcmp(name, "unpermitted") == 0 ||
		strcmp(name, "retroactive") == 0;
}

Datum
consent_run_uses_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);
	SupportRequestRows *rows = (SupportRequestRows *) request;

	if (!IsA(request, SupportRequestRows))
		PG_RETURN_POINTER(NULL);
	rows->rows = all_uses() / Max(all_runs(), 1);
	if (is_rare(rows->node))
		rows->rows /= EXCEPTIONS;
	rows->rows = clamp_row_est(rows->rows);
	PG_RETURN_POINTER(request);
}
