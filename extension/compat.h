/*
 * compat.h
 *		Differences between PostgreSQL 15, 16, 17 and 18.
 */
#ifndef COMPAT_H
#define COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "catalog/pg_namespace.h"
#include "commands/event_trigger.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "storage/proc.h"
#include "utils/rangetypes.h"
#include "utils/tuplesort.h"

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

/* MyProc's local transaction id moved into vxid. */
#if PG_VERSION_NUM >= 170000
#define compat_my_lxid() (MyProc->vxid.lxid)
#else
#define compat_my_lxid() (MyProc->lxid)
#endif

/* Which indexes an update must touch: a boolean, then an enum. */
#if PG_VERSION_NUM >= 160000
typedef TU_UpdateIndexes CompatUpdateIndexes;
#define compat_needs_indexes(u) ((u) != TU_None)
#define compat_insert_index_tuples(rri, slot, estate, update, nodup, conflict, u) \
	ExecInsertIndexTuples(rri, slot, estate, update, nodup, conflict, NIL, \
						  (u) == TU_Summarizing)
#define COMPAT_ALL_INDEXES TU_All
#else
typedef bool CompatUpdateIndexes;
#define compat_needs_indexes(u) (u)
#define compat_insert_index_tuples(rri, slot, estate, update, nodup, conflict, u) \
	ExecInsertIndexTuples(rri, slot, estate, update, nodup, conflict, NIL)
#define COMPAT_ALL_INDEXES true
#endif

/* An index scan may be instrumented from 18 on. */
#if PG_VERSION_NUM >= 180000
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define compat_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

/* A sorted datum is copied; from 16 on only who asks for it gets a copy. */
#if PG_VERSION_NUM >= 160000
#define compat_tuplesort_getdatum(sort, value, isnull) \
	tuplesort_getdatum(sort, true, true, value, isnull, NULL)
#else
#define compat_tuplesort_getdatum(sort, value, isnull) \
	tuplesort_getdatum(sort, true, value, isnull, NULL)
#endif

/* May the current user execute a function? */
#if PG_VERSION_NUM >= 160000
#define compat_may_execute(function) \
	(object_aclcheck(ProcedureRelationId, function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#else
#define compat_may_execute(function) \
	(pg_proc_aclcheck(function, GetUserId(), ACL_EXECUTE) == ACLCHECK_OK)
#endif

/* Event triggers as a whole can be switched off from 17 on. */
#if PG_VERSION_NUM >= 170000
#define compat_event_triggers() (event_triggers)
#else
#define compat_event_triggers() true
#endif

/* May a role use a schema? */
#if PG_VERSION_NUM >= 160000
#define compat_may_use_schema(schema, role) \
	(object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#else
#define compat_may_use_schema(schema, role) \
	(pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#endif

#endif
