/*
 * reduce.c
 *		Make a row of no more than the columns that count.
 *
 * In permits(m, ...) the server copies the whole row for each call, and reads
 * what is stored out of line.  The planner asks row_support() for something
 * simpler: the same call with ROW(...) in place of m, where NULL stands for
 * the columns that the table's declaration does not name.
 *
 * A plan may outlive the declaration.  It is given up when a table is declared
 * anew; a call that comes before that finds a column missing, and refuses.
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/pathnodes.h"
#include "nodes/supportnodes.h"
#include "parser/parsetree.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "gate/reduce.h"
#include "gate/selectivity.h"
#include "ledger/store.h"

PG_FUNCTION_INFO_V1(consent_row_support);

/* No other row is written like this: it tells those that were made here. */
#define REDUCED COERCE_SQL_SYNTAX

/* ---- which columns count ---- */

static bool
is_among(const char *name, const char **names, int n)
{
	for (int i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static bool
counts(const ProtectedTable *table, const char *column)
{
	return is_among(column, table->parties, table->nparties) ||
		is_among(column, table->row_key, table->nkeys) ||
		(table->collected_at != NULL && strcmp(column, table->collected_at) == 0);
}

/* ---- planning ---- */

/* May a row of this query be missing, as of an outer join? A ROW() never is. */
static bool
may_be_missing(Node *node)
{
	if (IsA(node, FromExpr))
	{
		ListCell   *cell;

		foreach(cell, ((FromExpr *) node)->fromlist)
			if (may_be_missing(lfirst(cell)))
				return true;
	}
	else if (IsA(node, JoinExpr))
	{
		JoinExpr   *join = (JoinExpr *) node;

		return (join->jointype != JOIN_INNER && join->jointype != JOIN_SEMI) ||
			may_be_missing(join->larg) || may_be_missing(join->rarg);
	}
	return false;
}

/* Is it the whole row of a table of this query? Then the table's OID. */
static Oid
whole_row_of(PlannerInfo *root, Node *node)
{
	Var		   *var = (Var *) node;
	RangeTblEntry *rte;

	if (!IsA(node, Var) || var->varattno != InvalidAttrNumber ||
		IS_SPECIAL_VARNO(var->varno) || var->varlevelsup != 0 ||
		root->parse->groupingSets != NIL || may_be_missing((Node *) root->parse->jointree))
		return InvalidOid;
	rte = rt_fetch(var->varno, root->parse->rtable);
	if (rte->rtekind != RTE_RELATION || get_typ_typrelid(var->vartype) != rte->relid)
		return InvalidOid;
	return rte->relid;
}

static Node *
column_of(Var *row, Form_pg_attribute attr)
{
	Var		   *column = copyObject(row);

	column->varattno = attr->attnum;
	column->vartype = attr->atttypid;
	column->vartypmod = attr->atttypmod;
	column->varcollid = attr->attcollation;
	if (column->varattnosyn == row->varattno)
		column->varattnosyn = attr->attnum;
	return (Node *) column;
}

static Node *
null_of(Form_pg_attribute attr)
{
	if (attr->attisdropped)
		return (Node *) makeNullConst(INT4OID, -1, InvalidOid);
	return (Node *) makeNullConst(attr->atttypid, attr->atttypmod, attr->attcollation);
}

static Node *
reduce(Var *whole, Oid relid, const ProtectedTable *table)
{
	Relation	rel = table_open(relid, NoLock);
	TupleDesc	desc = RelationGetDescr(rel);
	RowExpr    *row = makeNode(RowExpr);

	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute attr = TupleDescAttr(desc, i);

		row->args = lappend(row->args, !attr->attisdropped && counts(table, NameStr(attr->attname)) ?
							column_of(whole, attr) : null_of(attr));
	}
	row->row_typeid = whole->vartype;
	row->row_format = REDUCED;
	row->location = whole->location;
	table_close(rel, NoLock);
	return (Node *) row;
}

/* row_support(internal): the support function of functions of a row */
Datum
consent_row_support(PG_FUNCTION_ARGS)
{
	SupportRequestSimplify *request = (SupportRequestSimplify *) PG_GETARG_POINTER(0);
	const Declared *d;
	const ProtectedTable *table;
	FuncExpr   *call;
	Oid			relid;

	if (selectivity_answer((Node *) request))
		PG_RETURN_POINTER(request);
	if (!IsA(request, SupportRequestSimplify) || request->root == NULL || !ActiveSnapshotSet())
		PG_RETURN_POINTER(NULL);
	relid = whole_row_of(request->root, linitial(request->fcall->args));
	if (!OidIsValid(relid) || (d = declared_get_if_created()) == NULL ||
		(table = declared_table_of(d, relid)) == NULL)
		PG_RETURN_POINTER(NULL);
	call = copyObject(request->fcall);
	linitial(call->args) = reduce((Var *) linitial(call->args), relid, table);
	request->root->glob->relationOids = lappend_oid(request->root->glob->relationOids,
													store_relid("protected_table"));
	PG_RETURN_POINTER(call);
}

void
reduce_give_up_plans(Relation protected_table)
{
	CacheInvalidateRelcache(protected_table);
}

/* ---- calls ---- */

static const RowExpr *
reduced_argument(FunctionCallInfo fcinfo, int n)
{
	Node	   *call = fcinfo->flinfo->fn_expr;
	RowExpr    *row;

	if (call == NULL || !IsA(call, FuncExpr))
		return NULL;
	row = list_nth(((FuncExpr *) call)->args, n);
	return IsA(row, RowExpr) && row->row_format == REDUCED ? row : NULL;
}

static void
check_columns(const RowExpr *row, const ProtectedTable *table)
{
	Oid			relid = get_typ_typrelid(row->row_typeid);
	AttrNumber	attno = 0;
	ListCell   *cell;

	foreach(cell, row->args)
	{
		Node	   *value = lfirst(cell);
		char	   *name = get_attname(relid, ++attno, true);

		if (IsA(value, Const) && name != NULL && counts(table, name))
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("protected table \"%s\" was declared anew since the query was planned", table->known_as),
					 errdetail("Column \"%s\" counts now.", name),
					 errhint("Retry the transaction.")));
	}
}

void
reduce_check(FunctionCallInfo fcinfo, int n, const ProtectedTable *table)
{
	FmgrInfo   *function = fcinfo->flinfo;
	uint64	   *checked = function->fn_extra;	/* the declaration that the row was last found to suit */
	const RowExpr *row;

	if (checked != NULL && *checked == table->reading)
		return;
	if (checked == NULL)
		checked = function->fn_extra = MemoryContextAllocZero(function->fn_mcxt, sizeof(uint64));
	row = reduced_argument(fcinfo, n);
	if (row != NULL)
		check_columns(row, table);
	*checked = table->reading;
}
