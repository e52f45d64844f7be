/*
 * run_tree.h
 *		The prefix tree over the subjects of a run (docs/FORMAT.md).
 *
 * It is computed from salts and blocks, and stored only by its subtrees at a
 * depth where they have some 256 leaves (consent.run_subtree), so that a proof
 * computes one of them and takes the others as they are.
 */
#ifndef USE_RUN_TREE_H
#define USE_RUN_TREE_H

#include "core/prefix_tree.h"
#include "use/places.h"
#include "use/run.h"

/* One subtree that has leaves: the bits of its place, as a number. */
typedef struct TreeBucket
{
	int64		number;
	int			leaves;
	cl_hash		hash;
	bytea	   *subjects;		/* their numbers, delta-coded */
} TreeBucket;

/* What computing a tree calls for. */
typedef struct TreeCallbacks
{
	void		(*bucket) (const TreeBucket *bucket, void *arg);	/* in order */
	/* a subject without a place: give her one, or return false to leave her out */
	bool		(*lost) (int64 subject_no, PlaceStatus status, Place *place, void *arg);
	/* one whose place was kept; may be NULL */
	void		(*kept) (int64 subject_no, void *arg);
	UseProgress progress;
	void	   *arg;
} TreeCallbacks;

typedef struct RunTree
{
	int64		subjects;
	cl_hash		root;
} RunTree;

/*
 * Compute the tree of a run from its parts and the salts, in the memory that
 * maintenance_work_mem allows.
 */
extern void run_tree_compute(const char *origin, int64 run_id, const RunPart *parts, int nparts,
						 Snapshot snapshot, const TreeCallbacks *callbacks, RunTree *tree);

/* Compute it and store it, for a run that is being closed. */
extern void run_tree_store(int64 run_id, const RunPart *parts, int nparts,
					   UseProgress progress, void *arg, RunTree *tree);

/* At which depth a tree of so many subjects is stored. */
extern unsigned run_tree_depth(int64 subjects);

/* The numbers of subjects, ascending, as varints of their differences; and back. */
extern bytea *run_tree_code_subjects(const int64 *subjects, int n);
extern int64 *run_tree_read_subjects(const bytea *coded, int n);	/* NULL if malformed */

#endif
