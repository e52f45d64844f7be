/*
 * state.h
 *		What the events of a slice do to the states of their subjects.
 */
#ifndef LEDGER_STATE_H
#define LEDGER_STATE_H

#include "ledger/declared.h"
#include "ledger/slice.h"

typedef struct StateQueue StateQueue;

/*
 * Give every event with a subject its subject_no and commitment: unknown
 * subjects are made in key order, known ones locked in number order, and all
 * states merged, into the queue where there is one.  Runs under a latest
 * snapshot of its own.
 */
extern void state_apply(const Declared *d, SliceEvent *events, int n, StateQueue *queue);

/*
 * What the slices of a statement do to states of known subjects, kept until it
 * is written: a subject with events in many of them is changed once.  Each
 * version of a row that a transaction leaves behind makes the next one dearer,
 * and nothing but its end clears them away.
 */
extern StateQueue *state_queue_create(MemoryContext parent);
extern bool state_queue_is_full(const StateQueue *queue);
extern void state_queue_write(StateQueue *queue);

/* HMAC-SHA256 that ties a number to a key (docs/FORMAT.md). */
extern void subject_commitment(const char *origin, const uint8 *salt,
							   int64 subject_no, const char *key, uint8 *hmac);

#endif
