/*
 * ranged.h
 *		Whose verdicts can depend on when a row was collected?
 */
#ifndef USE_RANGED_H
#define USE_RANGED_H

typedef struct Ranged Ranged;

/* In the current memory context, under the active snapshot, until ranged_end(). */
extern Ranged *ranged_begin(void);
extern void ranged_end(Ranged *ranged);

/* Has the subject, or have presets for everybody, a choice with a data range? */
extern bool ranged_subject(Ranged *ranged, int64 subject_no);

#endif
