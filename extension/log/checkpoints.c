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
