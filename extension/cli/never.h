/*
 * never.h
 *		The proof that no run up to a checkpoint used a subject's rows.
 */
#ifndef CLI_NEVER_H
#define CLI_NEVER_H

#include "cli/options.h"

/* Is this text, a single line, rather about one run? */
extern bool never_is_one_run(cl_value text);

/* Check the text of a proof against the log that the options name. */
extern void never_check(const options *o, cl_value text);

#endif
