/*
 * subject_walk.h
 *		The rows of many subjects, asked for in the order of their keys.
 *
 * Where the keys asked for are near each other, as those of a whole table in
 * slices are, the next row is mostly the one that is wanted next: then the
 * index is read on instead of being searched for each.
 */
#ifndef LEDGER_SUBJECT_WALK_H
#define LEDGER_SUBJECT_WALK_H

#include "ledger/store.h"

typedef struct SubjectWalk SubjectWalk;

/* Under the active snapshot, which must stay; about so many keys will follow. */
extern SubjectWalk *subject_walk_begin(Store *subjects, int nkeys);

/* The row with a key, which is greater than the one before; NULL if there is none.  Valid until the next call. */
extern HeapTuple subject_walk_to(SubjectWalk *walk, const char *key, size_t len);

extern void subject_walk_end(SubjectWalk *walk);

#endif
