/*
 * compat.h
 *		Differences between PostgreSQL 15 and 18, and nowhere else.
 */
#ifndef CONSENT_COMPAT_H
#define CONSENT_COMPAT_H

#include "access/genam.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "storage/proc.h"

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

#endif
