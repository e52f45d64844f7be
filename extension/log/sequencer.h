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

/* Commit, and begin a transaction in which nothing was seen yet. */
extern void sequencer_next_transaction(void);

/*
 * The lock of whoever changes what is signed.  Across transactions it is held
 * until sequencer_unlock(), or an error; else until the end of this one.
 */
extern void sequencer_lock(bool across_transactions);
extern void sequencer_unlock(void);

/* ERROR during recovery. */
extern void sequencer_refuse_standby(void);

/*
 * Take all seals that are committed by now and sign the tree over them.
 * Commits, and begins a transaction, several times: SPI must be connected, not
 * atomic, and no snapshot be held.
 */
extern void sequencer_run(void);

#endif
