/*
 * rule.h
 *		The rule: may a row be used for a purpose, given what was chosen?
 *
 * Written once, here.  The gate, the use record, explain and the audit
 * functions all come to cl_rule_decide(); they differ only in where they find
 * the choices.
 */
#ifndef CL_RULE_H
#define CL_RULE_H

#include "core/choice.h"

/* From best to worst; the worst of two verdicts is the greater number. */
typedef enum cl_verdict
{
	CL_GRANTED,
	CL_PRESET_ON,
	CL_UNKNOWN,
	CL_OUTSIDE_DATA_PERIOD,
	CL_EXPIRED,
	CL_DENIED
} cl_verdict;

#define CL_VERDICTS 6

extern const char *cl_verdict_name(cl_verdict v);	/* as in SQL: granted, preset, ... */

/* Whether a verdict permits under a regime. */
extern bool cl_verdict_permits(cl_verdict v, bool opt_out_regime);

/*
 * One choice that speaks of what is asked: its scope holds the row, and its
 * purpose is the one asked about or an ancestor that may speak for it.
 */
typedef struct cl_rule_item
{
	char		stance;
	bool		has_range;
	uint8_t		scope;			/* 0 subject, 1 table, 2 row: larger is narrower */
	int32_t		purpose;		/* the caller's number, for `within` */
	cl_instant	since;
	cl_instant	until;
	cl_instant	from;
	cl_instant	to;
	int64_t		tag;			/* the caller's: event id, say */
} cl_rule_item;

typedef struct cl_rule_question
{
	cl_instant	at;				/* the instant `until` is compared with */
	bool		has_collected;	/* a row with a known time of collection */
	cl_instant	collected;
	/* is purpose a the same as b, or below it? */
	bool		(*within) (const void *dag, int32_t a, int32_t b);
	const void *dag;
} cl_rule_question;

/*
 * Decide.  Items of the same scope, purpose and data range must already have
 * been reduced to the one that counts (cl_choice_beats).  *decided_by, if not
 * NULL, gets the index of the item that decided, or -1 (unknown).  O(n^2) in
 * the few choices that speak of one purpose.
 */
extern cl_verdict cl_rule_decide(const cl_rule_question *q,
								 const cl_rule_item *items, int n,
								 int *decided_by);

#endif
