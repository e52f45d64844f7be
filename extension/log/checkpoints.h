/*
 * checkpoints.h
 *		The signed heads of the log, as they are stored.
 */
#ifndef LOG_CHECKPOINTS_H
#define LOG_CHECKPOINTS_H

#include "core/checkpoint.h"

/*
 * The note of the checkpoint of this size, or of the newest one where size is
 * 0, as the active snapshot shows it: palloc'd, with its size; NULL if there is
 * none.
 */
extern char *checkpoint_note(int64 size, int64 *found);

/* The same; error 42704 if there is none. */
extern char *checkpoint_require(int64 size, int64 *found);

/*
 * The size of the checkpoint that is asked for, NULL for the newest, by somebody
 * who has the first from leaves already: 0 if there is none yet.  Error 42704
 * if it is not that of a checkpoint, 22023 if from is outside of it.
 */
extern int64 checkpoint_wanted(int64 from, const int64 *size);

#endif
