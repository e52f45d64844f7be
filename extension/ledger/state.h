/*
 * state.h
 *		What the events of a slice do to the states of their subjects.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "ledger/declared.h"
#include "ledger/slice.h"

/*
 * Give every event with a subject its subject_no and commitment: unknown
 * subjects are made in key order, known ones locked in number order, and all
 * states merged, into the queue where there is one.  Runs under a latest
 * snapshot of its own, and where no (sub)transaction is at its end makes many
 * subjects in one inside.
 */
extern void state_apply(const Declared *d, SliceEvent *events, int n, StateQueue *queue, bool running);

/* HMAC-SHA256 that ties a number to a key (docs/FORMAT.md). */
extern void subject_commitment(const char *origin, const uint8 *salt,
							   int64 subject_no, const char *key, uint8 *hmac);

#endif
