/*
 * run_union.h
 *		The union of all parts of a run, and who began to use for it: what the
 *		closing event says of them (docs/FORMAT.md).
 */
#ifndef CLI_RUN_UNION_H
#define CLI_RUN_UNION_H

#include "cli/part_file.h"

/*
 * Check the parts of a run, in ascending order of their numbers, against its
 * closing event.  Their files were found to be as sealed.  What differs is
 * reported.
 */
extern void run_union_check(const log_dir *dir, const int64_t *parts, size_t n, const cl_run_event *closing);

/* Check the file of draws: the hash over it, and how many have no part. */
extern void run_draws_check(const log_dir *dir, const int64_t *parts, size_t n, const cl_run_event *closing);

#endif
