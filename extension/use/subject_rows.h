/*
 * subject_rows.h
 *		What a run used, subject after subject, over all tables and parts.
 */
#ifndef USE_SUBJECT_ROWS_H
#define USE_SUBJECT_ROWS_H

#include "use/run.h"

typedef struct SubjectRows SubjectRows;

/*
 * From a subject on, in order of number; rows of nobody are passed over.
 * Everything in the current memory context, which must outlive it.
 */
extern SubjectRows *subject_rows_begin(Store *blocks, int64 run_id, const RunPart *parts,
									   int nparts, int64 subject_no);

/* The next subject, whose rows were not taken yet; false at the end. */
extern bool subject_rows_next(SubjectRows *rows, int64 *subject_no);

/* Take her rows, as the list of core/use_rows.h, piece by piece. */
typedef void (*TakePiece) (const void *piece, size_t len, void *arg);
extern void subject_rows_take(SubjectRows *rows, TakePiece take, void *arg);

/* How many uses were read so far. */
extern int64 subject_rows_read(const SubjectRows *rows);

#endif
