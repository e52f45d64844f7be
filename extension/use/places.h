/*
 * places.h
 *		Where subjects stand in the prefix tree of a run.
 *
 * Position and nonce come from a subject's salt.  When she is erased, those of
 * the runs that used rows of hers are kept, so that their trees can still be
 * computed, though nothing can be proved about her any more.
 */
#ifndef USE_PLACES_H
#define USE_PLACES_H

#include "core/hash.h"
#include "ledger/store.h"

typedef struct Place
{
	cl_hash		position;
	cl_hash		nonce;
} Place;

typedef enum PlaceStatus
{
	PLACE_OF_SALT,
	PLACE_KEPT,					/* she is erased */
	PLACE_LOST,					/* she is erased, and nothing was kept for this run */
	PLACE_OF_NOBODY,			/* no such subject */
	PLACE_TAKEN					/* by another subject */
} PlaceStatus;

typedef struct Places Places;

/* Fast for subjects in ascending order.  In the current memory context. */
extern Places *places_begin(const char *origin, int64 run_id, Snapshot snapshot);
extern PlaceStatus places_find(Places *places, int64 subject_no, Place *place);
extern void places_end(Places *places);

/* Keep the place of an erased subject. */
extern void places_keep(int64 run_id, int64 subject_no, const Place *place);

/*
 * Who reads salts for a tree that is to be committed to locks erasure out until
 * the end of the transaction: either she sees that run closed, or it her erased.
 */
extern void places_lock(void);

extern void places_init(void);

#endif
