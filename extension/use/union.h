/*
 * union.h
 *		All uses of a run, over its parts, each once.
 */
#ifndef USE_UNION_H
#define USE_UNION_H

#include "use/merge.h"
#include "use/run.h"

/* The names of the tables that any of the parts used, in bytewise order. */
extern char **union_tables(const RunPart *parts, int nparts, int *ntables);

/*
 * The uses of one table over all parts, from a subject on; of an entry that
 * several parts hold, the one of the first.  Priorities are parts' numbers.
 */
extern UseMerge *union_read(Store *blocks, int64 run_id, const RunPart *parts,
							int nparts, const char *table, int64 subject);

/*
 * Count and hash of the union, salted (docs/FORMAT.md).  Now and then progress
 * is told how many uses were read.
 */
extern void union_hash(int64 run_id, const uint8 *salt,
					   const RunPart *parts, int nparts,
					   UseProgress progress, void *arg,
					   int64 *uses, uint8 *hash);

#endif
