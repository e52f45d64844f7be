/*
 * apart.c
 *		Take parties out of their array.
 *
 * In permits(ARRAY[sender, recipient], ...) the server builds an array for
 * each row, a quarter of the time of such a query.  The planner asks
 * parties_support() for something simpler: the same call with an empty array,
 * and the parties behind its other arguments.  That is more arguments than the
 * function has, which only the parser minds; and since it is the same
 * function, whoever may call it may still.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "gate/apart.h"
#include "gate/selectivity.h"

PG_FUNCTION_INFO_V1(consent_parties_support);

/* ---- planning ---- */

/* Where the parties are: the one argument that is an array. NULL: nowhere, or as a value. */
static ListCell *
find_array(FuncExpr *call)
{
	ListCell   *cell;

	foreach(cell, call->args)
	{
		ArrayExpr  *array = lfirst(cell);

		if (IsA(array, ArrayExpr) && !array->multidims && list_length(array->elements) <= GATE_ROOM)
			return cell;
	}
	return NULL;
}

static Const *
empty_array(const ArrayExpr *like)
{
	return makeConst(like->array_typeid, -1, like->array_collid, -1,
					 PointerGetDatum(construct_empty_array(like->element_typeid)), false, false);
}

/* parties_support(internal): the support function of functions of columns */
Datum
consent_parties_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	FuncExpr   *call;
	ListCell   *cell;
	List	   *parties;

	if (selectivity_answer((Node *) request))
		PG_RETURN_POINTER(request);
	if (!IsA(request, SupportRequestSimplify) || request->root == NULL ||
		list_length(request->fcall->args) != COLUMN_ARGUMENTS ||
		find_array(request->fcall) == NULL)
		PG_RETURN_POINTER(NULL);
	call = copyObject(request->fcall);
	cell = find_array(call);
	parties = ((ArrayExpr *) lfirst(cell))->elements;
	lfirst(cell) = empty_array(lfirst(cell));
	call->args = list_concat(call->args, parties);
	PG_RETURN_POINTER(call);
}

/* ---- calls ---- */

/* The type of the parties apart: the same in each call of an expression. */
static Oid
type_apart(FmgrInfo *function)
{
	Oid		   *type = function->fn_extra;

	if (type == NULL)
	{
		type = function->fn_extra = MemoryContextAlloc(function->fn_mcxt, sizeof(Oid));
		*type = get_fn_expr_argtype(function, COLUMN_ARGUMENTS);
	}
	return *type;
}

GateParty *
apart_parties(const Declared *d, FunctionCallInfo fcinfo, int n, GateParty *room, int *nparties)
{
	GateParty  *parties = room;
	Oid			type;

	*nparties = PG_NARGS() - COLUMN_ARGUMENTS;
	if (*nparties == 0)
		return PG_ARGISNULL(n) ? NULL : gate_parties(d, PG_GETARG_ARRAYTYPE_P(n), room, nparties);
	if (parties == NULL)
		parties = palloc(*nparties * sizeof(GateParty));
	type = type_apart(fcinfo->flinfo);
	for (int i = 0; i < *nparties; i++)
	{
		int			arg = COLUMN_ARGUMENTS + i;

		gate_party(d, PG_ARGISNULL(arg) ? (Datum) 0 : PG_GETARG_DATUM(arg),
				   PG_ARGISNULL(arg), type, &parties[i]);
	}
	return parties;
}
