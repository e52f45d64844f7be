/*
 * one_subject.h
 *		The uses of one subject, over all runs.
 */
#ifndef USE_ONE_SUBJECT_H
#define USE_ONE_SUBJECT_H

#include "ledger/store.h"
#include "use/merge.h"

/*
 * Find the blocks that may hold uses of a subject, under the active snapshot.
 * O(log blocks + blocks found): runs that used nothing near her number cost
 * nothing.  `blocks` is the open table manifest_block.
 */
typedef struct OneSubject OneSubject;
extern OneSubject *one_subject_begin(Store *blocks, int64 subject_no);
extern void one_subject_end(OneSubject *her);

/* A run that may have used rows of hers, and between which of its parts they are. */
typedef struct HerRun
{
	int64		run_id;
	int64		first_part;
	int64		last_part;
} HerRun;

/* The next run, in order; false at the end. */
extern bool one_subject_next_run(OneSubject *her, HerRun *run);

/*
 * The next table of which that run did use rows of hers, in bytewise order of
 * names, and those uses as union_read() gives them; NULL at the end.  In the
 * current memory context; the name lasts as long as `her`.
 */
extern UseMerge *one_subject_next_table(OneSubject *her, const char **table);

#endif
