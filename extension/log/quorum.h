/*
 * quorum.h
 *		How many of which witnesses must have cosigned a checkpoint.
 */
#ifndef LOG_QUORUM_H
#define LOG_QUORUM_H

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

typedef struct Quorum
{
	int			needed;			/* 0: nobody is, or nothing was said */
	int			n;
	char	  **names;
	int64		event_id;		/* that says so */
} Quorum;

/* The newest one that a snapshot shows, in the current memory context. */
extern Quorum quorum_read(Snapshot snapshot);

/* How many of its witnesses are among these names, of which none comes twice. */
extern int	quorum_count(const Quorum *quorum, const List *names);

#endif
