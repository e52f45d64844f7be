/*
 * outside.h
 *		The last signed checkpoint, in a file outside the database.
 *
 * A backup that was restored does not bring it back, so it tells when the
 * database has lost what was signed already.
 */
#ifndef LOG_OUTSIDE_H
#define LOG_OUTSIDE_H

#include "core/checkpoint.h"
#include "log/log_keys.h"
#include "log/tree.h"

typedef struct Outside
{
	char	   *origin;			/* of the log as it is signed now */
	char	   *path;
	LogKeys		keys;			/* by which it may be signed */
	char	   *note;			/* NULL: there is no file, or it is not one of ours */
	bool		is_foreign;		/* it is not one of ours */
	cl_checkpoint checkpoint;	/* what it says; of size 0 without one */
	int64		stored_size;	/* of the newest checkpoint in the database; 0: none of this origin */
	char	   *stored_note;
} Outside;

typedef enum OutsideState
{
	OUTSIDE_CURRENT,			/* the tree extends it */
	OUTSIDE_FOREIGN,
	OUTSIDE_MISSING,			/* though checkpoints were signed */
	OUTSIDE_STALE,				/* later ones were signed */
	OUTSIDE_BEYOND,				/* the tree has fewer leaves */
	OUTSIDE_FORKED				/* the tree has another root at its size */
} OutsideState;

/* Read the file of this ledger, and what the database has. */
extern void outside_read(Outside *outside);

/* Open a note that a key of this log has signed. */
extern bool outside_open(const Outside *outside, const char *note, cl_checkpoint *checkpoint);

/* How the tree relates to it. */
extern OutsideState outside_state(const Outside *outside, LogTree *tree);

/* Raise the error for any state but OUTSIDE_CURRENT. */
extern void outside_refuse(const Outside *outside, OutsideState state, LogTree *tree);

/*
 * Replace the file: on disk wholly when this returns.  last_seal is the highest
 * number of a seal in the tree; it goes to a file of its own, of which nothing
 * depends but what can be said about a loss.
 */
extern void outside_write(const Outside *outside, const char *note, int64 last_seal);

/*
 * Which seals a database that has this tree lost, if a checkpoint of this size
 * was signed: a palloc'd sentence or more.
 */
extern char *outside_describe_lost(int64 signed_size, LogTree *tree);

#endif
