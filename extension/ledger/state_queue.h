/*
 * state_queue.h
 *		What the slices of a statement do to states of known subjects, kept
 *		until it is written.
 *
 * A subject with events in many slices is changed once.  Each version of a row
 * that a transaction leaves behind makes the next one dearer, and nothing but
 * its end clears them away.
 */
#ifndef LEDGER_STATE_QUEUE_H
#define LEDGER_STATE_QUEUE_H

#include "storage/itemptr.h"

#include "ledger/subject_state.h"

typedef struct StateQueue StateQueue;

extern StateQueue *state_queue_create(MemoryContext parent);

/* Merge this into the row of a subject, which was found in this place, when it is time. */
extern void state_queue_add(StateQueue *queue, int64 subject_no, ItemPointer place, const SubjectState *merge);

extern bool state_queue_is_full(const StateQueue *queue);

/* Merge what waits into the rows as they are now, in number order. */
extern void state_queue_write(StateQueue *queue);

/* What the next slice may expect: that again nobody in it is known.  Once it is wrong, not any more. */
extern bool state_queue_met_strangers(const StateQueue *queue);
extern void state_queue_note_strangers(StateQueue *queue, bool strangers);

#endif
