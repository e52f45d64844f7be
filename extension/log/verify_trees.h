/*
 * verify_trees.h
 *		The prefix trees of runs, as they are stored and as they were closed with.
 */
#ifndef LOG_VERIFY_TREES_H
#define LOG_VERIFY_TREES_H

#include "log/verify.h"
#include "use/run.h"

typedef struct VerifyTrees VerifyTrees;

extern VerifyTrees *verify_trees_begin(Verify *v, int64 from);	/* a run */
extern void verify_trees_end(VerifyTrees *trees);

/* The least run that a row is about which was not checked; PG_INT64_MAX: none. */
extern int64 verify_trees_run(VerifyTrees *trees);

typedef struct VerifyRun
{
	int64		run_id;
	const char *thing;
	bool		known;			/* has a row in consent.run */
	bool		closed;			/* by an event, which says: */
	const char *tree;
	const char *subjects;
	bool		sound;			/* its parts are as they were sealed */
	const RunPart *parts;
	int			nparts;
} VerifyRun;

/* Check the rows about a run, in the order of runs. */
extern void verify_tree(VerifyTrees *trees, const VerifyRun *run);

#endif
