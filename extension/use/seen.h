/*
 * seen.h
 *		Which rows a run has used so far, for sessions that report on it again
 *		and again.
 *
 * Each report is a part of its own, so that a trainer who reports batch by
 * batch makes thousands of them, and looking into each for every batch would
 * take longer and longer.  What a session has once read of a run's parts it
 * keeps instead, as a hash of each use: parts never change, and only new ones
 * are read the next time.  A hash tells for certain what is not there; for
 * what may be, it tells the part to look into.
 */
#ifndef USE_SEEN_H
#define USE_SEEN_H

#include "use/entry.h"
#include "use/run.h"

typedef struct Seen Seen;

/*
 * What this session knows of the run, brought up to the active snapshot; NULL:
 * nothing as yet.
 */
extern Seen *seen_of(Store *blocks, const Run *run);

/*
 * Read all parts of a run, in place of the run before; NULL if they do not fit
 * the memory of a hash table.
 */
extern Seen *seen_read(Store *blocks, const Run *run, const RunPart *parts, int nparts);

extern void seen_forget(void);

/* Its parts, by their places from 0 on. */
extern int	seen_nparts(const Seen *seen);
extern int64 seen_part(const Seen *seen, int place);

/* The places of parts that may hold a use, one after another; -1 at the end. */
typedef struct SeenProbe
{
	uint64		print;
	uint64		at;
} SeenProbe;

extern void seen_probe(const Seen *seen, const char *table, const UseEntry *entry, SeenProbe *probe);
extern int	seen_next(const Seen *seen, SeenProbe *probe);

#endif
