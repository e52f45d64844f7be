/*
 * pending.c
 *		What this transaction has used and not yet written.
 *
 * Invariants: everything here lives until the end of the transaction, whatever
 * savepoint it was made in.  A run that was written early (by close_run) keeps
 * its uses, so that the rollback of that savepoint only makes them pending
 * again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "use/part.h"
#include "use/pending.h"
#include "use/tables.h"

static List *pending_runs = NIL;
static PendingRun *last_run = NULL;

/* ---- runs ---- */

static void
check_server(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("cannot record uses on a hot standby"),
				 errhint("Collect a manifest with consent.manifest() here, and record it on the ledger's node with consent.record_use(run_id, manifest).")));
	PreventCommandIfReadOnly("consent.record_use()");
	PreventCommandIfParallelMode("consent.record_use()");
}

static void
check_usable(const Run *run)
{
	if (run->closed_event != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is closed", run->run_id),
				 errdetail("Its outcome is %s.", run->outcome),
				 errhint("Open another run with consent.open_run().")));
	if (run->uncommitted && !declared_get()->test)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " was opened by this transaction, which is not yet committed", run->run_id),
				 errdetail("A job that rolls back would leave no trace of what it read."),
				 errhint("Commit after consent.open_run().")));
}

static Run *
load_run(int64 run_id)
{
	Store	   *store = store_open("run", AccessShareLock);
	Run		   *run;

	store_push_latest_snapshot();
	run = run_get(store, run_id);
	check_usable(run);
	store_pop_snapshot();
	store_close(store);
	return run;
}

static PendingRun *
find_pending(int64 run_id)
{
	ListCell   *lc;

	foreach(lc, pending_runs)
	{
		PendingRun *pending = lfirst(lc);

		if (pending->run->run_id == run_id)
			return pending;
	}
	return NULL;
}

static PendingRun *
begin_pending(int64 run_id)
{
	MemoryContext context;
	MemoryContext old;
	PendingRun *pending;

	check_server();
	run_lock(run_id, ShareLock);
	context = AllocSetContextCreate(CurrentMemoryContext, "consent run",
									ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(context);
	pending = palloc0(sizeof(PendingRun));
	pending->context = context;
	pending->run = load_run(run_id);
	pending->ask = ask_create(pending->run->purposes, pending->run->npurposes);
	if (pending->run->past)
		ask_past(pending->ask, pending->run->used_from, pending->run->used_last);
	MemoryContextSwitchTo(TopTransactionContext);
	MemoryContextSetParent(context, TopTransactionContext);
	pending_runs = lappend(pending_runs, pending);
	MemoryContextSwitchTo(old);
	return pending;
}

/* A savepoint was rolled back since; with it may have gone the run. */
static void
check_exists(PendingRun *pending)
{
	Store	   *store = store_open("run", AccessShareLock);

	store_push_latest_snapshot();
	run_get(store, pending->run->run_id);
	store_pop_snapshot();
	store_close(store);
	pending->doubtful = false;
}

PendingRun *
pending_run(int64 run_id)
{
	PendingRun *pending = last_run;

	if (!pending || pending->run->run_id != run_id)
		pending = find_pending(run_id);
	if (!pending)
		pending = begin_pending(run_id);
	if (pending->doubtful)
		check_exists(pending);
	if (pending->written_in != InvalidSubTransactionId)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("run " INT64_FORMAT " is closed", run_id),
				 errdetail("This transaction closed it."),
				 errhint("Open another run with consent.open_run().")));
	last_run = pending;
	return pending;
}

UseTable *
pending_table(PendingRun *pending, const char *known_as)
{
	UseTable   *table = usetable_find(pending->tables, known_as);
	MemoryContext old;

	if (table)
		return table;
	table = usetable_create(pending->context, known_as, (Size) work_mem * 1024 / 2, true);
	old = MemoryContextSwitchTo(pending->context);
	pending->tables = lappend(pending->tables, table);
	MemoryContextSwitchTo(old);
	return table;
}

static inline void
draw(PendingRun *pending)
{
	if (pending->draw_no == 0)
		pending->draw_no = run_draw(pending->run->run_id);
}

void
pending_add(PendingRun *pending, UseTable *table, const UseEntry *entry,
			const char *subject_key)
{
	draw(pending);
	usetable_add(table, entry, subject_key);
}

void
pending_add_block(PendingRun *pending, UseTable *table, const char *data, const BlockInfo *info)
{
	draw(pending);
	useset_add_block(table->known, data, info);
}

/* ---- writing ---- */

/* Test ledgers use runs that the rollback of a savepoint can take away. */
static bool
run_is_gone(const Run *run)
{
	Store	   *store;
	ScanKeyData key;
	StoreScan  *scan;
	bool		gone;

	if (!run->uncommitted)
		return false;
	store = store_open("run", AccessShareLock);
	store_key_int8(&key, Anum_run_run_id, run->run_id);
	scan = store_scan(store, "run_pkey", GetActiveSnapshot(), 1, &key);
	gone = store_next(scan) == NULL;
	store_end(scan);
	store_close(store);
	return gone;
}

static void
write_tables(PendingRun *pending)
{
	PartWriter *part = part_begin(pending->run->run_id, pending->draw_no);
	ListCell   *lc;

	usetable_sort(pending->tables);
	foreach(lc, pending->tables)
	{
		UseTable   *table = lfirst(lc);

		part_write_table(part, table->known_as, usetable_read(table));
	}
	part_seal(part);
}

static void
write_pending(PendingRun *pending)
{
	MemoryContext context;
	MemoryContext old;

	if (pending->draw_no == 0 || pending->written_in != InvalidSubTransactionId)
		return;
	context = AllocSetContextCreate(CurrentMemoryContext, "consent part",
									ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(context);
	store_push_latest_snapshot();
	if (!run_is_gone(pending->run))
		write_tables(pending);
	store_pop_snapshot();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
	pending->written_in = GetCurrentSubTransactionId();
}

void
pending_write(int64 run_id)
{
	PendingRun *pending = find_pending(run_id);

	if (!pending)
		return;
	write_pending(pending);
	pending->written_in = GetCurrentSubTransactionId();
}

/* Write everything, and let go of temporary files before commit looks for leaks. */
static void
write_all(void)
{
	ListCell   *lc;
	ListCell   *lt;

	foreach(lc, pending_runs)
		write_pending(lfirst(lc));
	foreach(lc, pending_runs)
		foreach(lt, ((PendingRun *) lfirst(lc))->tables)
			usetable_destroy(lfirst(lt));
	pending_runs = NIL;
	last_run = NULL;
}

/* ---- transactions ---- */

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
			write_all();
			break;
		case XACT_EVENT_PRE_PREPARE:
			if (pending_runs != NIL)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("cannot PREPARE a transaction that has used data for a run")));
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
			pending_runs = NIL; /* its memory goes with the transaction's */
			last_run = NULL;
			break;
		default:
			break;
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	ListCell   *lc;

	if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB)
		return;
	foreach(lc, pending_runs)
	{
		PendingRun *pending = lfirst(lc);

		pending->doubtful |= event == SUBXACT_EVENT_ABORT_SUB && pending->run->uncommitted;
		if (pending->written_in == mySubid)
			pending->written_in = event == SUBXACT_EVENT_COMMIT_SUB ?
				parentSubid : InvalidSubTransactionId;
	}
}

void
pending_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
