/*
 * checkpoints.c
 *		The signed heads of the log, as they are stored.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/checkpoints.h"

char *
checkpoint_note(int64 size, int64 *found)
{
	Store	   *store = store_open("checkpoint", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bool		isnull;
	char	   *note = NULL;

	store_key_int8(&key, Anum_checkpoint_size, size);
	scan = store_scan(store, "checkpoint_pkey", GetActiveSnapshot(), size > 0 ? 1 : 0, &key);
	tuple = store_previous(scan);
	*found = 0;
	if (tuple)
	{
		*found = DatumGetInt64(store_get(store, tuple, Anum_checkpoint_size, &isnull));
		note = TextDatumGetCString(store_get(store, tuple, Anum_checkpoint_note, &isnull));
	}
	store_end(scan);
	store_close(store);
	return note;
}

char *
checkpoint_require(int64 size, int64 *found)
{
	char	   *note = checkpoint_note(size, found);

	if (note)
		return note;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 size > 0 ? errmsg("the log has no checkpoint of size " INT64_FORMAT, size) :
			 errmsg("the log has no checkpoint yet"),
			 size > 0 ? errhint("The table consent.checkpoint lists them.") :
			 errhint("CALL consent.checkpoint() signs one.")));
}

int64
checkpoint_wanted(int64 from, const int64 *wanted)
{
	int64		size = 0;

	if (wanted)
		size = *wanted;
	else
		checkpoint_note(0, &size);
	if (from < 0 || from > size)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("from_size " INT64_FORMAT " is outside 0 to " INT64_FORMAT, from, size)));
	if (size > 0)
		checkpoint_require(size, &size);
	return size;
}
