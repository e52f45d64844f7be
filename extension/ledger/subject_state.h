/*
 * subject_state.h
 *		What events change in the row of a subject.
 */
#ifndef LEDGER_SUBJECT_STATE_H
#define LEDGER_SUBJECT_STATE_H

#include "datatype/timestamp.h"

#include "ledger/store.h"

/* The columns of consent.subject that events change: subject_state_empty() for somebody new. */
typedef struct SubjectState
{
	struct Consent *state;
	char	   *jurisdiction;	/* NULL: none stated */
	TimestampTz jurisdiction_at;
	bool		scoped;			/* has choices about tables or rows */
} SubjectState;

extern SubjectState subject_state_empty(void);

/* Merge into a state, in whatever order: true if that changes it. */
extern bool subject_state_merge(SubjectState *s, const SubjectState *what);

/* The later statement of a jurisdiction counts; at the same time the greater. */
extern bool subject_state_merge_jurisdiction(SubjectState *s, char *jurisdiction, TimestampTz at);

/* A row's number, and its state. */
extern int64 subject_state_number(Store *subjects, HeapTuple tuple);
extern void subject_state_read(Store *subjects, HeapTuple tuple, SubjectState *s);

/* Set the columns of a row to be inserted. */
extern void subject_state_columns(const SubjectState *s, Datum *values, bool *isnull);

/* Update a row; false if somebody changed it since it was read. */
extern bool subject_state_write(Store *subjects, HeapTuple tuple, const SubjectState *s);

/* ERROR: a row that was found is now that of somebody erased. */
extern void subject_state_refuse_erased(void);

#endif
