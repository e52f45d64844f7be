/*
 * run_event.h
 *		What the events of runs say: opened, a part, closed (docs/FORMAT.md).
 */
#ifndef CL_RUN_EVENT_H
#define CL_RUN_EVENT_H

#include "core/event.h"
#include "core/hash.h"

typedef enum cl_run_kind
{
	CL_RUN_OPENED,
	CL_RUN_PART,
	CL_RUN_CLOSED
} cl_run_kind;

/* Texts point into the scratch that the event was read with. */
typedef struct cl_run_event
{
	cl_run_kind kind;
	int64_t		event_id;
	int64_t		run;			/* that of the event which opened it */
	cl_value	recorded_at;
	/* opened */
	cl_value	name;
	cl_value	purposes;		/* array literal */
	cl_value	recipient;		/* absent: not stated, as are those below */
	cl_value	model;
	cl_value	base_runs;		/* array literal */
	cl_value	used_at;
	/* a part */
	int64_t		part;
	cl_value	tables;			/* array literal */
	int64_t		blocks;
	/* closed */
	cl_value	outcome;
	cl_value	dataset_sha256; /* hex */
	int64_t		parts;
	int64_t		missing;
	cl_hash		draws;			/* over the transactions that began to use */
	int64_t		subjects;
	cl_hash		tree;			/* root of the prefix tree over the subjects */
	/* a part, and closed */
	int64_t		count;
	cl_hash		hash;
} cl_run_event;

/*
 * Read the canonical bytes of an event of a run; scratch has twice as many
 * bytes.  False if it is none, or does not say exactly what such an event says.
 */
extern bool cl_run_event_read(const char *bytes, size_t len, cl_run_event *event,
							  char *scratch);

#endif
