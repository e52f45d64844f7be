/*
 * sequencer.c
 *		Give committed seals their places in the log, and sign its head.
 *
 * One at a time, under a lock that outlasts its transactions.  First seals that
 * are committed and wait become leaves, in the order of their numbers, and
 * that is committed and flushed.  Then, in another transaction, the head of
 * the committed leaves is signed: written to the file outside before it is
 * stored, and stored before it is shown to anybody.
 *
 * So nothing is signed that a crash could take back.  A crash between the two
 * leaves leaves without a checkpoint, which the next call signs; one between
 * the file and the row leaves a signed checkpoint, which the next call stores.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "ledger/declared.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/bytes.h"
#include "log/grow.h"
#include "log/outside.h"
#include "log/sequencer.h"

/* How many seals become leaves in one transaction. */
#define SEALS_AT_ONCE 65536

/* ---- transactions and the lock ---- */

void
sequencer_begin_procedure(FunctionCallInfo fcinfo, const char *name)
{
	CallContext *call = (CallContext *) fcinfo->context;

	if (!call || !IsA(call, CallContext) || call->atomic || IsSubTransaction())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a transaction block", name),
				 errdetail("It commits between its steps."),
				 errhint("CALL it by itself: not between BEGIN and COMMIT, nor from a function or a block with an exception handler.")));
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
}

void
sequencer_next_transaction(void)
{
	SPI_commit();
	XactIsoLevel = XACT_READ_COMMITTED;
}

static void
set_lock_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, store_relid("checkpoint"), 0, 0);
}

void
sequencer_lock(bool across_transactions)
{
	LOCKTAG		tag;

	set_lock_tag(&tag);
	LockAcquire(&tag, ExclusiveLock, across_transactions, false);
}

void
sequencer_unlock(void)
{
	LOCKTAG		tag;

	set_lock_tag(&tag);
	LockRelease(&tag, ExclusiveLock, true);
}

void
sequencer_refuse_standby(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("a standby cannot sign checkpoints"),
				 errhint("Do it on the primary; the standby receives them.")));
}

/* ---- leaves ---- */

/*
 * A log begins with the ledger's first seal.  Where that is neither a leaf nor
 * waiting, the leaves are not there yet, or no more.
 */
static void
check_beginning(void)
{
	Store	   *keys = store_open("key", AccessShareLock);
	StoreScan  *scan = store_scan(keys, "key_pkey", GetActiveSnapshot(), 0, NULL);
	HeapTuple	tuple = store_next(scan);
	ScanKeyData key;
	bool		isnull;
	bool		found = false;

	if (tuple)
	{
		Store	   *pending = store_open("seal_pending", AccessShareLock);
		StoreScan  *look_up;

		store_key_int8(&key, Anum_seal_pending_seal_no,
					   DatumGetInt64(store_get(keys, tuple, Anum_key_event_id, &isnull)) / EVENTS_PER_SEAL);
		look_up = store_scan(pending, "seal_pending_pkey", GetActiveSnapshot(), 1, &key);
		found = store_next(look_up) != NULL;
		store_end(look_up);
		store_close(pending);
	}
	store_end(scan);
	store_close(keys);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the log has no leaves, though the ledger's first seal became one"),
				 errhint("If the database is just being restored, wait until that is done.")));
}

/* Make leaves of at most `limit` seals that wait; returns how many. */
static int64
take_pending(LogTree *tree, int64 limit)
{
	Store	   *pending = store_open("seal_pending", RowExclusiveLock);
	StoreScan  *scan = store_scan(pending, "seal_pending_pkey", GetActiveSnapshot(), 0, NULL);
	Grow	   *grow = grow_begin(tree);
	int64		taken = 0;
	HeapTuple	tuple;

	while (taken < limit && (tuple = store_next(scan)) != NULL)
	{
		bool		isnull;
		int64		seal_no = DatumGetInt64(store_get(pending, tuple, Anum_seal_pending_seal_no, &isnull));

		grow_add(grow, seal_no, tree_seal_note(tree, seal_no));
		store_delete(pending, tuple);
		taken++;
	}
	grow_end(grow);
	store_end(scan);
	store_close(pending);
	return taken;
}

/*
 * The signed tree had more leaves than are here.  They may be among those that
 * wait, as where a standby took over that had not yet heard of their places.
 */
static void
recover_leaves(const Outside *outside, LogTree *tree)
{
	int64		signed_size = (int64) outside->checkpoint.size;
	int64		lacking = signed_size - tree_size(tree);
	bool		recovered = take_pending(tree, lacking) == lacking;

	if (recovered)
	{
		LogTree    *grown;
		cl_hash		root;

		store_push_latest_snapshot();
		grown = tree_open(GetActiveSnapshot());
		tree_root(grown, signed_size, root);
		recovered = memcmp(root, outside->checkpoint.root, CL_HASH_BYTES) == 0;
		tree_close(grown);
		store_pop_snapshot();
	}
	if (!recovered)
		outside_refuse(outside, OUTSIDE_BEYOND, tree);
}

/* Take what waits; true if there may be more. */
static bool
collect(const Outside *outside)
{
	LogTree    *tree = tree_open(GetActiveSnapshot());
	OutsideState state = outside_state(outside, tree);
	int64		taken = SEALS_AT_ONCE;

	if (tree_size(tree) == 0)
		check_beginning();
	if (state == OUTSIDE_BEYOND)
		recover_leaves(outside, tree);
	else
	{
		outside_refuse(outside, state, tree);
		taken = take_pending(tree, SEALS_AT_ONCE);
		if (taken == SEALS_AT_ONCE)
			ereport(NOTICE,
					(errmsg("checkpoint: " INT64_FORMAT " leaves, and there may be more",
							tree_size(tree) + taken)));
	}
	tree_close(tree);
	return taken == SEALS_AT_ONCE;
}

/* ---- the head ---- */

static void
store_checkpoint(int64 size, const uint8 *root, const char *note)
{
	Store	   *store = store_open("checkpoint", RowExclusiveLock);
	Datum		values[Natts_checkpoint];
	bool		isnull[Natts_checkpoint] = {0};

	values[Anum_checkpoint_size - 1] = Int64GetDatum(size);
	values[Anum_checkpoint_root - 1] = bytes_datum(root, CL_HASH_BYTES);
	values[Anum_checkpoint_note - 1] = CStringGetTextDatum(note);
	values[Anum_checkpoint_signed_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	store_insert(store, values, isnull);
	store_close(store);
}

static void
sign_tree(const Outside *outside, LogTree *tree)
{
	cl_checkpoint checkpoint = {.origin = cl_string(outside->origin), .size = tree_size(tree)};
	const LogKey *key = log_keys_at(&outside->keys, outside->origin, tree_size(tree));
	char		text[CL_CHECKPOINT_MAX];
	char	   *note;

	if (!key)
		elog(ERROR, "the log has no key");
	tree_root(tree, tree_size(tree), checkpoint.root);
	if (cl_checkpoint_format(&checkpoint, text, sizeof(text)) == 0)
		elog(ERROR, "could not write the text of a checkpoint");
	note = signer_sign_checkpoint(declared_get(), key->vkey, text);
	outside_write(outside, note, tree_last_seal(tree));
	store_checkpoint(tree_size(tree), checkpoint.root, note);
}

/* Store what was signed, sign what is new. */
static void
sign_head(const Outside *outside)
{
	LogTree    *tree = tree_open(GetActiveSnapshot());
	int64		signed_size = (int64) outside->checkpoint.size;

	if (signed_size > outside->stored_size)
		store_checkpoint(signed_size, outside->checkpoint.root, outside->note);
	if (tree_size(tree) > signed_size)
		sign_tree(outside, tree);
	tree_close(tree);
}

/* ---- all of it ---- */

void
sequencer_run(void)
{
	Outside		outside;
	bool		more;

	sequencer_refuse_standby();
	sequencer_next_transaction();
	sequencer_lock(true);
	do
	{
		store_push_latest_snapshot();
		outside_read(&outside);
		more = collect(&outside);
		store_pop_snapshot();
		ForceSyncCommit();
		sequencer_next_transaction();
	} while (more);
	store_push_latest_snapshot();
	outside_read(&outside);		/* a key may have come with what was collected */
	sign_head(&outside);
	store_pop_snapshot();
	sequencer_next_transaction();
	sequencer_unlock();
}

PG_FUNCTION_INFO_V1(consent_checkpoint);

/* SQL: CALL checkpoint(). */
Datum
consent_checkpoint(PG_FUNCTION_ARGS)
{
	sequencer_begin_procedure(fcinfo, "consent.checkpoint()");
	sequencer_run();
	SPI_finish();
	PG_RETURN_VOID();
}
