/*
 * question.h
 *		The arguments of permits(), verdict() and explain().
 */
#ifndef GATE_QUESTION_H
#define GATE_QUESTION_H

#include "fmgr.h"

#include "gate/gate.h"

/* As declared_purpose() and declared_table(); after gate_ready(). */
extern const Purpose *gate_purpose(const text *name);
extern const ProtectedTable *gate_table(const text *name);

/* What is kept for as long as gate_ready() returns the same. */
extern MemoryContext gate_context(void);

typedef struct Question
{
	const Declared *declared;
	const Purpose *purpose;
	GateRow		row;
	GateTime	time;
	PartyRule	rule;
	GateParty  *parties;
	int			nparties;
} Question;

/*
 * Read the arguments: subjects or a row, purpose, and what is about the row.
 * at, known_at and known_in follow, where with_time.  By columns all but the parties
 * are read; question_of_item() is false where the item is NULL.
 */
extern void question_of_columns(FunctionCallInfo fcinfo, Question *q, bool with_time);
extern void question_of_subject(FunctionCallInfo fcinfo, Question *q, bool with_time,
								GateParty *party);
extern bool question_of_item(FunctionCallInfo fcinfo, Question *q, bool with_time);

/* Arguments n to n + 2: at, known_at, known_in. */
extern void question_time(FunctionCallInfo fcinfo, int n, GateTime *time);

#endif
