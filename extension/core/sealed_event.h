/*
 * sealed_event.h
 *		An event as a stranger reads it: its canonical bytes, and whether they can
 *		be an event of a seal.
 */
#ifndef CL_SEALED_EVENT_H
#define CL_SEALED_EVENT_H

#include "core/event.h"
#include "core/hash.h"
#include "core/seal.h"

typedef struct cl_sealed_event
{
	cl_value	values[CL_MEMBERS];	/* into scratch */
	int64_t		id;
	cl_seal_kind seal_kind;		/* of the seals that hold this kind of event */
	cl_instant	event_time;
	cl_instant	recorded_at;
	int64_t		subject_no;		/* 0: about no subject */
	bool		has_commitment;
	cl_hash		commitment;
	bool		has_evidence;
	cl_hash		evidence;
	cl_hash		leaf;			/* leaf hash of the bytes */
} cl_sealed_event;

/*
 * The seals that hold events of a kind: those of choices and of runs hold
 * nothing else, and whatever else there is stands among the declarations.
 * False for what is not the name of a kind.
 */
extern bool cl_event_seal_kind(cl_value kind, cl_seal_kind *seal_kind);

/*
 * Read canonical bytes as an event that has what each has, in the form that it
 * must have; false if they are anything else.  scratch has at least len bytes.
 * Linear.
 */
extern bool cl_sealed_event_read(const char *bytes, size_t len, char *scratch,
								 cl_sealed_event *event);

typedef enum cl_fit
{
	CL_FITS,
	CL_OUTSIDE,					/* its id does not lie in the seal */
	CL_OTHER_KIND				/* it lies in a seal of another kind */
} cl_fit;

/* May the event be in this seal, and at which place?  Paths are not looked at. */
extern cl_fit cl_sealed_event_fits(const cl_sealed_event *event, const cl_seal *seal,
								   uint64_t *place);

/*
 * Do these open the commitments of an event to its subject and its evidence?
 * False too if it has none.
 */
extern bool cl_opens_subject(const cl_sealed_event *event, const cl_seal *seal,
							 const uint8_t *salt, cl_value key);
extern bool cl_opens_evidence(const cl_sealed_event *event, const uint8_t *salt, cl_value text);

#endif
