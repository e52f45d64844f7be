/*
 * slice.h
 *		Up to 4096 events of one statement, written and sealed together.
 */
#ifndef LEDGER_SLICE_H
#define LEDGER_SLICE_H

#include "core/event.h"
#include "ledger/intake.h"
#include "ledger/state_queue.h"
#include "ledger/tables.h"

/* One event, complete but for its subject's number and commitment. */
typedef struct SliceEvent
{
	Datum		values[Natts_event_log];
	bool		isnull[Natts_event_log];
	char	   *subject;		/* canonical key, or NULL */
	struct Consent *choices;	/* or NULL */
	char	   *evidence;		/* or NULL */
	uint8		evidence_salt[CL_SALT_BYTES];
} SliceEvent;

typedef struct Slice Slice;

/* In the current memory context, which must live until slice_write(). */
extern Slice *slice_begin(SealKind kind, const Declared *d);

/* A place for the next event; *event_id gets the id it has from now on. */
extern SliceEvent *slice_add(Slice *slice, int64 *event_id);
/* The nonce for the event that was added last. */
extern const uint8 *slice_nonce(Slice *slice);
extern bool slice_is_full(const Slice *slice);

/* Remember the external id of the event that was added last. */
extern void slice_note_external(Slice *slice, const char *source, const char *external_id);

/*
 * Make and lock subjects in order, merge the states (into the queue, if there
 * is one), write events, evidence and seal.  Raises 40001 when another
 * transaction recorded one of the external ids meanwhile.  Running: no
 * (sub)transaction is at its end, so there may be another one inside.
 */
extern void slice_write(Slice *slice, StateQueue *queue, bool running);

/*
 * Find the event with the same source and external id, in the slice or in the
 * ledger.  True with its id and times if the content is the same; ERROR 23505
 * if it is another; false if there is none.
 */
extern bool slice_find_external(Slice *slice, const EventInput *in,
								const char *table_name, EventId *id);
extern bool slice_find_external_stored(const EventInput *in,
									   const char *table_name, EventId *id);

/* HMAC of evidence under its salt (docs/FORMAT.md). */
extern void slice_evidence_hmac(const uint8 *salt, const char *evidence, uint8 *hmac);

#endif
