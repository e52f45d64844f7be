/*
 * event_files.h
 *		The events of a full export, one after another (docs/FORMAT.md).
 */
#ifndef CLI_EVENT_FILES_H
#define CLI_EVENT_FILES_H

#include "cli/log_dir.h"

typedef struct event_files
{
	log_dir    *dir;
	uint64_t	next_bundle;
	bool		failed;			/* the next event cannot be had: reported */
	input		bundle;
	cl_scanner	in;				/* what is left of it */
} event_files;

/* Begin with the first event; to be ended. */
extern void event_files_begin(event_files *files, log_dir *dir);

/* The next event, good until the next call; false if it cannot be had. */
extern bool event_files_next(event_files *files, cl_value *event);
extern void event_files_end(event_files *files);

#endif
