/*
 * runs.h
 *		The runs of a log: each opened once, its parts, closed once at most.
 */
#ifndef CLI_RUNS_H
#define CLI_RUNS_H

#include "cli/log_dir.h"

typedef struct runs
{
	const log_dir *dir;
	struct run *list;			/* by number */
	size_t		n;
	size_t		cap;
	size_t		closed;
	uint64_t	uses;			/* of all parts */
} runs;

extern void runs_begin(runs *r, const log_dir *dir);

/* Check an event of a run against those before it, and its files; what is wrong is reported. */
extern void runs_event(runs *r, cl_value event);
extern void runs_end(runs *r);

#endif
