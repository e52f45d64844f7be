/*
 * whole.h
 *		Of whom may everything be used now, whatever row it is in?  Found in one
 *		pass over all subjects, and kept as bits by their numbers.
 */
#ifndef GATE_WHOLE_H
#define GATE_WHOLE_H

#include "gate/gate.h"

typedef struct Whole Whole;

/*
 * For these purposes, under the active snapshot, in the current context.  NULL
 * where it is not worth it for so many questions, or takes more than the memory
 * of a hash table: then ask about each.
 */
extern Whole *whole_begin(const Declared *d, const Purpose **purposes, int n, double questions);

/* The same, for purposes of the latest gate_ready(): kept for the statement's other questions. */
extern const Whole *gate_whole(const Purpose **purposes, int n, double questions);

extern bool whole_is_for(const Whole *whole, const Purpose **purposes, int n);

/* May all of hers be used, for every purpose? */
extern bool whole_permits(const Whole *whole, int64 subject_no);

/* Does that depend on the row? */
extern bool whole_by_row(const Whole *whole, int64 subject_no);

/* The first number from this one on whose subject's data may not all be used. */
extern int64 whole_next_other(const Whole *whole, int64 from);

#endif
