/*
 * way.h
 *		The way to a position in the prefix tree of a closed run.
 *
 * Made from the stored subtrees and from one of them computed again, that of
 * the position: its subjects' places and rows.
 */
#ifndef USE_WAY_H
#define USE_WAY_H

#include "core/prefix_tree.h"
#include "use/run.h"

typedef struct Ways Ways;

/* For a closed run, under the active snapshot, in the current memory context. */
extern Ways *ways_begin(const Run *run);
extern void ways_end(Ways *ways);

/*
 * Find the way to a position; ERROR XX001 if it does not lead to the root that
 * the run was closed with.
 */
extern void ways_find(Ways *ways, const uint8 *position, cl_prefix_proof *way);

/* The list of a subject's rows, as core/use_rows.h has it; empty if she has none. */
extern cl_value ways_rows(Ways *ways, int64 subject_no);

#endif
