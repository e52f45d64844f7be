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
#include "ledger/head.h"
#include "log/tree.h"

typedef struct Outside
{
	char	   *origin;
	char	   *path;
	cl_verifier key;			/* that signs checkpoints */
	char	   *note;			/* NULL: there is no file */
	cl_checkpoint checkpoint;	/* what it says; of size 0 without a file */
} Outside;

/* Read the file of this ledger; error if it is not one of ours. */
extern void outside_read(Outside *outside);

/*
 * Raise an error unless the tree extends what was signed last, as far as the
 * tree reaches; returns how many leaves it lacks.  `head` is the newest
 * checkpoint in the database.
 */
extern int64 outside_check(const Outside *outside, LogTree *tree, const LogHead *head);

/* Raise the error for a tree that lacks leaves. */
extern void outside_refuse_lost(const Outside *outside, int64 size) pg_attribute_noreturn();

/* Replace the file: on disk wholly when this returns. */
extern void outside_write(const Outside *outside, const char *note);

#endif
