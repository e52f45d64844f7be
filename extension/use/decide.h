/*
 * decide.h
 *		Which event decides about a use.
 */
#ifndef USE_DECIDE_H
#define USE_DECIDE_H

#include "gate/gate.h"

/*
 * The event that decides the worst of a subject's verdicts on a row under
 * these purposes, at the worst of these times; 0 if none does.  *by_row: about
 * another row of hers it could be another one.
 */
extern int64 decide_event(int64 subject_no, const GateRow *row, char **purposes, int npurposes,
						  const GateTime *times, int ntimes, bool *by_row);

#endif
