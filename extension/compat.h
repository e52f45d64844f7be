/*
 * compat.h
 *		Differences between PostgreSQL 15, 16, 17 and 18.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include "fmgr.h"
#include "utils/rangetypes.h"

#if PG_VERSION_NUM >= 160000
#include "nodes/miscnodes.h"
#include "varatt.h"

/* Where an input function's caller wants errors to go; NULL: raise them. */
#define SOFT_ERROR_CONTEXT(fcinfo)	((fcinfo)->context)

/* Report an error softly where the caller asked for that, and return value. */
#define soft_error(context, value, ...)	ereturn(context, value, __VA_ARGS__)

#define make_range_compat(typcache, lower, upper, empty) \
	make_range(typcache, lower, upper, empty, NULL)
#else
#define SOFT_ERROR_CONTEXT(fcinfo)	((struct Node *) NULL)

#define soft_error(context, value, ...) \
	do { \
		(void) (context); \
		ereport(ERROR, __VA_ARGS__); \
		return value; \
	} while (0)

#define make_range_compat(typcache, lower, upper, empty) \
	make_range(typcache, lower, upper, empty)
#endif

#endif
