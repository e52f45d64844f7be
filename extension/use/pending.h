/*
 * pending.h
 *		What this transaction has used and not yet written.
 *
 * Uses collect for each run and table, survive the rollback of a savepoint
 * (the rows were read), and are written and sealed before commit.
 */
#ifndef USE_PENDING_H
#define USE_PENDING_H

#include "use/ask.h"
#include "use/run.h"
#include "use/usetable.h"

typedef struct PendingRun
{
	Run		   *run;
	int64		draw_no;		/* 0: nothing used yet */
	bool		doubtful;		/* is the run still there? */
	SubTransactionId written_in;	/* its part was written there, or invalid */
	List	   *tables;			/* of UseTable */
	Ask		   *ask;			/* the question that the run puts */
	MemoryContext context;
} PendingRun;

/*
 * The run as this transaction uses it: shared lock taken, checked to be open
 * and committed.  Costs one comparison while the run stays the same.
 */
extern PendingRun *pending_run(int64 run_id);

/* The uses of a table in a run. */
extern UseTable *pending_table(PendingRun *pending, const char *known_as);

/* Add a use; draws the part's number at the first one. */
extern void pending_add(PendingRun *pending, UseTable *table, const UseEntry *entry,
						const char *subject_key);

/* Add a block of uses by subject number, after useset_begin_blocks(). */
extern void pending_add_block(PendingRun *pending, UseTable *table,
							  const char *data, const BlockInfo *info);

/* Write and seal now what is pending for a run that is about to be closed. */
extern void pending_write(int64 run_id);

extern void pending_init(void);

#endif
