/*
 * sequencer.h
 *		Give committed seals their places in the log, and sign its head.
 */
#ifndef LOG_SEQUENCER_H
#define LOG_SEQUENCER_H

#include "fmgr.h"

/*
 * Begin a procedure that commits between its steps: connects SPI for that, or
 * raises an error inside a transaction block.
 */
extern void sequencer_begin_procedure(FunctionCallInfo fcinfo, const char *name);

/*
 * Take all seals that are committed by now and sign the tree over them.
 * Commits, and begins a transaction, several times: SPI must be connected, not
 * atomic, and no snapshot be held.
 */
extern void sequencer_run(void);

#endif
