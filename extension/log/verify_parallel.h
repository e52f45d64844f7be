/*
 * verify_parallel.h
 *		Ranges of seals, or of subjects, that parallel workers found sound, so
 *		that the pass in order, which alone reports, needs no second look at them.
 */
#ifndef LOG_VERIFY_PARALLEL_H
#define LOG_VERIFY_PARALLEL_H

#include "log/verify.h"

/* What is known of a range. */
typedef enum VerifyState
{
	VERIFY_UNKNOWN,				/* look at all of it: something is wrong, or nobody looked */
	VERIFY_SOUND,
	VERIFY_SOUND_SO_FAR			/* but for what only the pass in order can tell */
} VerifyState;

/* What is counted while looking. */
typedef struct VerifyCount
{
	int64		rows;			/* looked at: how far it is */
	int64		greatest;		/* number that is taken */
	int64		erased;			/* subjects, in ranges that are sound */
} VerifyCount;

/* A pass that can look at ranges of numbers, from and to before, without reporting. */
typedef struct VerifyTask
{
	const char *what;			/* its rows are called */
	int64		width;			/* how many numbers are a range at most */
	void	   *(*begin) (Verify *v);
	VerifyState (*look) (void *pass, int64 from, int64 to, VerifyCount *count);	/* adds to the count */
	void		(*end) (void *pass);
} VerifyTask;

extern const VerifyTask verify_seals_task;
extern const VerifyTask verify_subjects_task;

/* Numbers from, and to before. */
typedef struct VerifyRange
{
	int64		from;
	int64		to;
	VerifyState state;
} VerifyRange;

/*
 * Let as many workers as max_parallel_maintenance_workers allows look at the
 * ranges between two numbers, and help them.  Returns all ranges from the least
 * number to the greatest, in order, adjacent ones of the same state as one; a
 * single unknown one where it is not worth while or no worker could be had.
 * Raises what a worker raised.
 */
extern VerifyRange *verify_in_parallel(Verify *v, const VerifyTask *task, int64 from, int64 to,
									   int *n, VerifyCount *count);

/* The least and the greatest number by an index; false if there are none. */
extern bool verify_ends(Verify *v, const char *table, const char *index, AttrNumber attno,
						int64 *first, int64 *last);

#endif
