/*
 * run.h
 *		Runs: opened by an event, used for by transactions, closed by an event.
 */
#ifndef USE_RUN_H
#define USE_RUN_H

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"
#include "storage/lockdefs.h"

#include "ledger/store.h"

/* A row of consent.run, as far as using it needs it. */
typedef struct Run
{
	int64		run_id;
	char	   *name;
	int			npurposes;
	char	  **purposes;
	bool		past;			/* used_at was given */
	TimestampTz used_from;
	TimestampTz used_last;		/* its last instant */
	TimestampTz opened_at;
	bool		uncommitted;	/* opened by this very transaction */
	int64		closed_event;	/* 0: open */
	char	   *outcome;
	bytea	   *dataset_sha256;
	int			missing;		/* of a closed one: parts that were begun and never sealed, */
	int64		subjects;		/* whose rows it used, */
	bytea	   *tree;			/* and the root of the tree over them */
	HeapTuple	tuple;
} Run;

/* Read a run under the active snapshot; if there is none, NULL or ERROR 42704. */
extern Run *run_from_tuple(Store *store, HeapTuple tuple);
extern Run *run_find(Store *store, int64 run_id);
extern Run *run_get(Store *store, int64 run_id);

/*
 * Lock a run until the end of the transaction, also past the rollback of a
 * savepoint: users share it, closing excludes them.
 */
extern void run_lock(int64 run_id, LOCKMODE mode);

/*
 * Draw a number for this transaction's part of a run.  The row stays whatever
 * becomes of the transaction, and is flushed before this returns.
 */
extern int64 run_draw(int64 run_id);

/* One part of a run. */
typedef struct RunPart
{
	int64		part;
	int64		event_id;
	TimestampTz recorded_at;
	int			ntables;
	char	  **tables;
	int64		uses;
} RunPart;

/*
 * What the hashes of a run are salted with, so that nobody can guess from one
 * what is in a small part.  32 bytes; ERROR XX001 if it is not there.
 */
extern void run_salt(int64 run_id, Snapshot snapshot, uint8 *salt);

/* Told now and then how many uses were read. */
typedef void (*UseProgress) (int64 uses, void *arg);

/* The parts of a run under a snapshot, in order. */
extern RunPart *run_parts(int64 run_id, Snapshot snapshot, int *nparts);

/* Those between two numbers; `store` is the open table run_part. */
extern RunPart *run_parts_between(Store *store, int64 run_id, int64 first, int64 last,
								  Snapshot snapshot, int *nparts);

/* The bytes that the hash over all draws of a run is over, but for the salt. */
extern void run_copy_draws(int64 run_id, Snapshot snapshot, StringInfo out);

/*
 * How many draws of a run have none of these parts, which are in order; and the
 * salted hash of all its draws.
 */
extern int	run_missing_parts(int64 run_id, Snapshot snapshot,
							  const RunPart *parts, int nparts,
							  const uint8 *salt, uint8 *hash);

/* Strings of a text[] without NULLs, in order. */
extern char **run_text_array(Datum array, int *n);
extern Datum run_make_text_array(char **items, int n);

#endif
