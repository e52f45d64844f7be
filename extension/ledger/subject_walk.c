/*
 * subject_walk.c
 *		The rows of many subjects, asked for in the order of their keys.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "ledger/subject_walk.h"
#include "ledger/tables.h"

/* To begin to walk reads a page of the index: not for a few keys. */
#define KEYS_MIN 64

/* Rows that are passed by on the way to a key, before it is searched for. */
#define STEPS_MAX 8

/* Searches after which it is known whether keys are near each other. */
#define SEARCHES_TRIED 16

struct SubjectWalk
{
	Store	   *subjects;
	StoreScan  *scan;			/* NULL before the first search */
	bool		walking;		/* the scan goes on behind a key; else it is of one key */
	HeapTuple	row;			/* where the scan is; NULL at its end */
	int			asked;
	int			searched;
};

SubjectWalk *
subject_walk_begin(Store *subjects, int nkeys)
{
	SubjectWalk *walk = palloc0(sizeof(SubjectWalk));

	walk->subjects = subjects;
	walk->walking = nkeys >= KEYS_MIN;
	return walk;
}

static void
search(SubjectWalk *walk, const char *key, size_t len)
{
	ScanKeyData scankey;

	if (walk->walking)
		store_key_text_from(&scankey, Anum_subject_key, key, len);
	else
		store_key_text(&scankey, Anum_subject_key, key, len);
	if (walk->scan)
		store_rescan(walk->scan, &scankey);
	else
		walk->scan = store_scan(walk->subjects, "subject_key", GetActiveSnapshot(), 1, &scankey);
	walk->row = store_next(walk->scan);
	walk->searched++;
}

/* How the key of the row compares, in the order of the index. */
static int
compare_row(SubjectWalk *walk, const char *key, size_t len)
{
	bool		isnull;
	text	   *stored = DatumGetTextPP(store_get(walk->subjects, walk->row, Anum_subject_key, &isnull));
	size_t		stored_len = VARSIZE_ANY_EXHDR(stored);
	int			c = memcmp(VARDATA_ANY(stored), key, Min(stored_len, len));

	return c != 0 ? c : (stored_len > len) - (stored_len < len);
}

/* Read on up to the key, or as far as is cheaper than to search for it; true if that was enough. */
static bool
walk_on(SubjectWalk *walk, const char *key, size_t len)
{
	for (int i = 0; walk->row && compare_row(walk, key, len) < 0; i++)
	{
		if (i == STEPS_MAX)
			return false;
		walk->row = store_next(walk->scan);
	}
	return true;
}

HeapTuple
subject_walk_to(SubjectWalk *walk, const char *key, size_t len)
{
	walk->asked++;
	if (!walk->scan || !walk->walking || !walk_on(walk, key, len))
		search(walk, key, len);
	if (walk->searched > SEARCHES_TRIED && walk->searched > walk->asked / 2)
		walk->walking = false;
	return walk->row && compare_row(walk, key, len) == 0 ? walk->row : NULL;
}

void
subject_walk_end(SubjectWalk *walk)
{
	if (walk->scan)
		store_end(walk->scan);
	pfree(walk);
}
