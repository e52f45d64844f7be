/*
 * arguments.h
 *		Fetch the arguments of SQL functions that are not strict.
 */
#ifndef LEDGER_ARGUMENTS_H
#define LEDGER_ARGUMENTS_H

#include "fmgr.h"
#include "utils/builtins.h"

static inline void
argument_refuse_null(FunctionCallInfo fcinfo, int n, const char *what)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s cannot be NULL", what)));
}

/* A text, or NULL. */
static inline char *
argument_text(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static inline char *
argument_required_text(FunctionCallInfo fcinfo, int n, const char *what)
{
	argument_refuse_null(fcinfo, n, what);
	return text_to_cstring(PG_GETARG_TEXT_PP(n));
}

#endif
