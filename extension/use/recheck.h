/*
 * recheck.h
 *		What changed in the ledger since a manifest asked.
 */
#ifndef USE_RECHECK_H
#define USE_RECHECK_H

#include "use/manifest.h"

typedef struct Recheck Recheck;

/* In the current memory context, under the active snapshot, until recheck_end(). */
extern Recheck *recheck_begin(Position position);
extern void recheck_end(Recheck *recheck);

/* Must all be asked about again? Another system, or something was declared since. */
extern bool recheck_all(const Recheck *recheck);

/* Did a subject's choices change since? Costs an index look-up, until all are read at once. */
extern bool recheck_subject(Recheck *recheck, int64 subject_no);

#endif
