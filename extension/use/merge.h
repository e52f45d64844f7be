/*
 * merge.h
 *		Several sorted sequences of entries as one, each entry once.
 */
#ifndef USE_MERGE_H
#define USE_MERGE_H

#include "use/entry.h"

/* A sorted sequence. Of equal entries the one of the least priority counts. */
typedef struct UseSource UseSource;
struct UseSource
{
	UseEntry	entry;			/* the current one */
	int64		priority;
	bool		(*next) (UseSource *source);	/* false at the end */

	/*
	 * Go on to the first use of a subject or of a later one; false if there is
	 * none. NULL: next does.
	 */
	bool		(*seek) (UseSource *source, int64 subject);
};

typedef struct UseMerge UseMerge;

/* In the current memory context. The sources belong to the merge. */
extern UseMerge *merge_create(void);
extern void merge_add(UseMerge *merge, UseSource *source);

/* Is there nothing, or nothing any more, to be read? */
extern bool merge_is_empty(const UseMerge *merge);

/*
 * The next entry, good until the next call; of a number of equal ones the
 * first.  *priority, if wanted, is that of its source.  O(log sources).
 */
extern bool merge_next(UseMerge *merge, UseEntry *entry, int64 *priority);

/* Pass over all entries of subjects before this one. */
extern void merge_seek(UseMerge *merge, int64 subject);

#endif
