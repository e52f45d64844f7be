/*
 * uses.h
 *		Uses with the verdict they had, and the one they would have now.
 */
#ifndef USE_USES_H
#define USE_USES_H

#include "ledger/declared.h"
#include "use/collected.h"
#include "use/merge.h"
#include "use/run.h"

/* Which uses are wanted. */
typedef enum Wanted
{
	WANT_ALL,
	WANT_WITHDRAWN,				/* permitted then, not now */
	WANT_PRESET,				/* resting on a preset */
	WANT_UNPERMITTED,			/* not permitted then */
	WANT_RETROACTIVE,			/* not permitted then, but by what came later */
	WANT_COLLECTED				/* all, with when the row was collected */
} Wanted;

/* A use, with its answer. */
typedef struct AnsweredUse
{
	const Run  *run;
	const RunPart *part;
	const char *table_name;
	const ProtectedTable *table;	/* NULL: not declared any more */
	const UseEntry *entry;
	const char *row_key;		/* as text */
	int			row_key_len;
	bool		has_now;
	cl_verdict	now;
	const char *because;		/* retroactive: how */
	bool		has_collected;
	TimestampTz collected;
	const char *row_state;		/* of WANT_COLLECTED */
} AnsweredUse;

/* Given each use that is wanted, in order; its memory is reset after each. */
typedef void (*TakeUse) (const AnsweredUse *use, void *arg);

typedef struct UseReader UseReader;
extern UseReader *uses_begin(Wanted wanted, TakeUse take, void *arg);
extern void uses_end(UseReader *reader);

/* What follows is of this run, in parts in order. */
extern void uses_begin_run(UseReader *reader, const Run *run, const RunPart *parts, int nparts);

/* The uses of one table of the run. */
extern void uses_read(UseReader *reader, const char *table, UseMerge *uses);

#endif
