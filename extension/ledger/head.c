/*
 * head.c
 *		What new seals say about the log: its newest checkpoint, and what bounds
 *		their time from below.
 *
 * Both tables only grow, so whatever is committed can be read without taking a
 * snapshot; that also leaves no lock behind in a serializable transaction, in
 * whose way the sequencer would be.
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "core/merkle.h"
#include "ledger/head.h"
#include "ledger/store.h"
#include "ledger/tables.h"

static void
get_hash(Store *store, HeapTuple tuple, AttrNumber attno, uint8 *hash)
{
	bool		isnull;
	bytea	   *value = DatumGetByteaPP(store_get(store, tuple, attno, &isnull));

	if (VARSIZE_ANY_EXHDR(value) != CL_HASH_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the last row of \"%s.%s\" does not hold a hash", LEDGER_SCHEMA,
						RelationGetRelationName(store_relation(store))),
				 errhint("SELECT * FROM consent.verify() tells what was changed.")));
	memcpy(hash, VARDATA_ANY(value), CL_HASH_BYTES);
}

/* Read a number and a hash from the last row; false if there is no row. */
static bool
read_last(const char *table, const char *index, AttrNumber number_attno, int64 *number,
		  AttrNumber hash_attno, uint8 *hash)
{
	Store	   *store = store_open(table, AccessShareLock);
	StoreScan  *scan = store_scan(store, index, SnapshotSelf, 0, NULL);
	HeapTuple	tuple = store_previous(scan);
	bool		isnull;

	if (tuple)
	{
		*number = DatumGetInt64(store_get(store, tuple, number_attno, &isnull));
		get_hash(store, tuple, hash_attno, hash);
	}
	store_end(scan);
	store_close(store);
	return tuple != NULL;
}

void
head_read(LogHead *head)
{
	int64		bound_no;

	if (!read_last("checkpoint", "checkpoint_pkey", Anum_checkpoint_size, &head->size,
				   Anum_checkpoint_root, head->root))
	{
		head->size = 0;
		if (cl_merkle_root(NULL, 0, head->root) != CL_OK)
			elog(ERROR, "could not compute a hash");
	}
	head->has_bound = read_last("cosignature", "cosignature_pkey", Anum_cosignature_bound_no,
								&bound_no, Anum_cosignature_hash, head->bound);
}
