/*
 * leaves.c
 *		Which events a checkpoint of the log covers.
 *
 * What was looked up is kept until the transaction ends: the place of a seal
 * never changes, and a checkpoint that is visible covers what is visible.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "core/seal.h"
#include "ledger/leaves.h"
#include "ledger/store.h"
#include "ledger/tables.h"

#define KEPT_MAX 100000			/* seals; some 40 bytes each */

typedef struct KeptLeaf
{
	int64		seal_no;
	int64		leaf;
} KeptLeaf;

static HTAB *kept;				/* in the top transaction's context */
static int64 required;			/* size of a checkpoint that was found */

static void
forget(void *arg)
{
	kept = NULL;
	required = 0;
}

static void
begin_keeping(void)
{
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(KeptLeaf), .hcxt = TopTransactionContext};
	MemoryContextCallback *callback = MemoryContextAlloc(TopTransactionContext, sizeof(MemoryContextCallback));

	callback->func = forget;
	callback->arg = NULL;
	kept = hash_create("consent leaves", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	MemoryContextRegisterResetCallback(TopTransactionContext, callback);
}

void
leaves_require(int64 size)
{
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	bool		found;

	if (kept && required == size)
		return;
	store = store_open("checkpoint", AccessShareLock);
	store_key_int8(&key, Anum_checkpoint_size, size);
	scan = store_scan(store, "checkpoint_pkey", GetActiveSnapshot(), 1, &key);
	found = store_next(scan) != NULL;
	store_end(scan);
	store_close(store);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("the log has no checkpoint of size " INT64_FORMAT, size),
				 errhint("The table consent.checkpoint lists them; CALL consent.checkpoint() signs one.")));
	if (!kept)
		begin_keeping();
	required = size;
}

int64
leaves_of_seal(int64 seal_no, Snapshot snapshot)
{
	Store	   *store = store_open("leaf", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	row;
	bool		isnull;
	int64		leaf = -1;

	store_key_int8(&key, Anum_leaf_seal_no, seal_no);
	scan = store_scan(store, "leaf_seal", snapshot, 1, &key);
	row = store_next(scan);
	if (row)
		leaf = DatumGetInt64(store_get(store, row, Anum_leaf_leaf_index, &isnull));
	store_end(scan);
	store_close(store);
	return leaf;
}

bool
leaves_cover(int64 size, int64 event_id)
{
	int64		seal_no = event_id / CL_SEAL_EVENTS;
	KeptLeaf   *entry;
	bool		found;

	if (kept && hash_get_num_entries(kept) >= KEPT_MAX)
	{
		hash_destroy(kept);
		kept = NULL;
	}
	if (!kept)
		begin_keeping();
	entry = hash_search(kept, &seal_no, HASH_FIND, NULL);
	if (!entry)
	{
		int64		leaf = leaves_of_seal(seal_no, GetActiveSnapshot());

		if (leaf < 0)
			return false;		/* a later snapshot may show it */
		entry = hash_search(kept, &seal_no, HASH_ENTER, &found);
		entry->leaf = leaf;
	}
	return entry->leaf < size;
}
