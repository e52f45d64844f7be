/*
 * cosigned.c
 *		Checkpoints with what witnesses have said of them.
 *
 * Early cosignatures bound the time of an event best, and many of them satisfy
 * more policies.  So the first checkpoint after it counts that has the ledger's
 * own quorum; of the first that anybody has cosigned, few enough that it costs
 * nothing, else the one that most have.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/note.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bounds.h"
#include "log/checkpoints.h"
#include "log/cosigned.h"
#include "log/quorum.h"

#define HEADS_COMPARED 16

/* What witnesses said of a checkpoint: each of them once. */
typedef struct Cosigned
{
	int64		size;
	List	   *names;
	StringInfoData lines;
} Cosigned;

static bool
is_named(const List *names, const char *name)
{
	ListCell   *cell;

	foreach(cell, names)
		if (strcmp(lfirst(cell), name) == 0)
			return true;
	return false;
}

static void
begin_cosigned(Cosigned *cosigned, int64 size)
{
	cosigned->size = size;
	cosigned->names = NIL;
	initStringInfo(&cosigned->lines);
}

/* Add a row; that of a witness who has one already, and tokens, are passed over. */
static void
add_cosignature(Cosigned *cosigned, Store *store, HeapTuple tuple)
{
	bool		isnull;
	char	   *name = TextDatumGetCString(store_get(store, tuple, Anum_cosignature_name, &isnull));
	bytea	   *line;

	if (strcmp(TextDatumGetCString(store_get(store, tuple, Anum_cosignature_kind, &isnull)), BOUND_COSIGNATURE) != 0 ||
		is_named(cosigned->names, name) || list_length(cosigned->names) == CL_NOTE_SIGNATURES_MAX - 1)
		return;
	line = DatumGetByteaPP(store_get(store, tuple, Anum_cosignature_evidence, &isnull));
	cosigned->names = lappend(cosigned->names, name);
	appendBinaryStringInfo(&cosigned->lines, VARDATA_ANY(line), VARSIZE_ANY_EXHDR(line));
}

static StoreScan *
scan_from(Store *store, int64 least)
{
	ScanKeyData key;

	store_key_int8_from(&key, Anum_cosignature_size, least);
	return store_scan(store, "cosignature_size", GetActiveSnapshot(), 1, &key);
}

/* Take the next one if more have cosigned it; true if it has the quorum. */
static bool
take_better(Cosigned *best, const Cosigned *next, const Quorum *quorum)
{
	if (list_length(next->names) > list_length(best->names))
		*best = *next;
	if (quorum->needed == 0 || quorum_count(quorum, next->names) < quorum->needed)
		return false;
	*best = *next;
	return true;
}

/* Find the first checkpoint of at least so many leaves that has the quorum, or that most have cosigned. */
static void
find_best(int64 least, Cosigned *best)
{
	Store	   *store = store_open("cosignature", AccessShareLock);
	StoreScan  *scan = scan_from(store, least);
	HeapTuple	tuple;
	bool		isnull;
	Cosigned	next;
	Quorum		quorum = quorum_read(GetActiveSnapshot());
	int			compared = 0;
	bool		found = false;

	begin_cosigned(best, 0);
	begin_cosigned(&next, 0);
	while (!found && (tuple = store_next(scan)) != NULL)
	{
		int64		size = DatumGetInt64(store_get(store, tuple, Anum_cosignature_size, &isnull));

		if (size != next.size)
		{
			found = take_better(best, &next, &quorum);
			if (found || compared++ == HEADS_COMPARED)
				break;
			begin_cosigned(&next, size);
		}
		add_cosignature(&next, store, tuple);
	}
	if (!found)
		take_better(best, &next, &quorum);
	store_end(scan);
	store_close(store);
}

char *
cosigned_best(int64 least, int64 *size)
{
	Cosigned	best;
	char	   *note;

	find_best(least, &best);
	note = best.names == NIL ? NULL : checkpoint_note(best.size, size);
	return note ? psprintf("%s%s", note, best.lines.data) : NULL;
}

char *
cosigned_require(int64 size)
{
	char	   *note = checkpoint_require(size, &size);
	Store	   *store = store_open("cosignature", AccessShareLock);
	StoreScan  *scan = scan_from(store, size);
	HeapTuple	tuple;
	bool		isnull;
	Cosigned	cosigned;

	begin_cosigned(&cosigned, size);
	while ((tuple = store_next(scan)) != NULL &&
		   DatumGetInt64(store_get(store, tuple, Anum_cosignature_size, &isnull)) == size)
		add_cosignature(&cosigned, store, tuple);
	store_end(scan);
	store_close(store);
	return psprintf("%s%s", note, cosigned.lines.data);
}
