/*
 * selectivity.c
 *		How many rows permits() lets through, for the planner.
 *
 * Without it a third of the rows is assumed, where mostly nearly all or nearly
 * none are permitted; and a policy puts permits() into every query of a role.
 * Parties of a row are taken to choose without regard to one another.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "utils/array.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "gate/apart.h"
#include "gate/selectivity.h"
#include "gate/share.h"

PG_FUNCTION_INFO_V1(consent_subject_support);

/* Who decides about a row. */
typedef struct Deciding
{
	PartyRule	rule;
	int			nparties;
} Deciding;

/* The text of an argument that is known when planning; NULL if it is not. */
static const text *
constant_text(Node *argument)
{
	Const	   *constant = (Const *) argument;

	if (!IsA(constant, Const) || constant->consttype != TEXTOID || constant->constisnull)
		return NULL;
	return DatumGetTextPP(constant->constvalue);
}

/* How many elements an array has; one, where that is not known when planning. */
static int
count_elements(Node *array)
{
	if (IsA(array, ArrayExpr) && !((ArrayExpr *) array)->multidims)
		return list_length(((ArrayExpr *) array)->elements);
	if (IsA(array, Const) && !((Const *) array)->constisnull)
	{
		ArrayType  *value = DatumGetArrayTypeP(((Const *) array)->constvalue);

		return ArrayGetNItems(ARR_NDIM(value), ARR_DIMS(value));
	}
	return 1;
}

/* permits(parties, purpose, table_name, row_key, collected_at), with parties apart or not. */
static Deciding
deciding_by_columns(const Declared *d, List *args)
{
	Deciding	who = {PARTY_ALL, list_length(args) - COLUMN_ARGUMENTS};
	const text *name = constant_text(lthird(args));
	const ProtectedTable *table = NULL;

	if (who.nparties == 0)
		who.nparties = count_elements(linitial(args));
	if (name != NULL)
		table = declared_find_table(d, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name));
	if (table != NULL)
		who.rule = table->rule;
	return who;
}

/* permits(row, purpose); nobody where its table is not known when planning. */
static Deciding
deciding_by_row(const Declared *d, Node *row)
{
	Oid			relid = get_typ_typrelid(exprType(row));
	const ProtectedTable *table = OidIsValid(relid) ? declared_table_of(d, relid) : NULL;

	return table == NULL ? (Deciding) {PARTY_ALL, 0} : (Deciding) {table->rule, table->nparties};
}

/* What record_use() lets through depends on its run: nobody. */
static Deciding
deciding(const Declared *d, List *args)
{
	Oid			type = exprType(linitial(args));

	if (type_is_array(type))
		return deciding_by_columns(d, args);
	if (type_is_rowtype(type))
		return deciding_by_row(d, linitial(args));
	return (Deciding) {PARTY_FIRST, list_length(args) == 2 ? 1 : 0};
}

static double
let_through(const Deciding *who, double share)
{
	switch (who->rule)
	{
		case PARTY_ALL:
			return pow(share, who->nparties);
		case PARTY_ANY:
			return 1 - pow(1 - share, who->nparties);
		case PARTY_FIRST:
			break;
	}
	return share;
}

bool
selectivity_answer(Node *request)
{
	SupportRequestSelectivity *asked = (SupportRequestSelectivity *) request;
	const Declared *d;
	const text *name;
	const Purpose *purpose;
	Deciding	who;

	if (!IsA(asked, SupportRequestSelectivity) || !ActiveSnapshotSet() ||
		(name = constant_text(lsecond(asked->args))) == NULL ||
		(d = declared_get_if_created()) == NULL ||
		(purpose = declared_find_purpose(d, VARDATA_ANY(name), VARSIZE_ANY_EXHDR(name))) == NULL)
		return false;
	who = deciding(d, asked->args);
	if (who.nparties == 0)
		return false;
	asked->selectivity = let_through(&who, share_that_permits(d, purpose));
	return true;
}

/* subject_support(internal): the support function of permits(subject, purpose) */
Datum
consent_subject_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	PG_RETURN_POINTER(selectivity_answer(request) ? request : NULL);
}
