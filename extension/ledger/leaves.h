/*
 * leaves.h
 *		Which events a checkpoint of the log covers.
 *
 * The log gives seals their places in the order of commits, once and for all: so
 * what a checkpoint covers is exact and stays so, as no time of recording is.
 */
#ifndef LEDGER_LEAVES_H
#define LEDGER_LEAVES_H

#include "utils/snapshot.h"

/* The place of a seal in the log, from 0; -1 while it waits. */
extern int64 leaves_of_seal(int64 seal_no, Snapshot snapshot);

/* Error 42704 unless the log has a checkpoint of this size, as the active snapshot shows it. */
extern void leaves_require(int64 size);

/* Does the checkpoint of this size cover the event?  A look-up for each seal, kept in the transaction. */
extern bool leaves_cover(int64 size, int64 event_id);

#endif
