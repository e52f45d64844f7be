/*
 * worker.c
 *		A background worker that signs checkpoints.
 *
 * With shared_preload_libraries one starts for each database that
 * consent_ledger.database names; consent.start_sequencer() starts one without.
 * It begins when recovery is over, that is on a standby when it is promoted.
 * An error is logged, and the next attempt comes later and later.
 */
#include "postgres.h"

#include <limits.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "ledger/guard.h"
#include "ledger/store.h"
#include "log/sequencer.h"
#include "log/worker.h"

#define WORKER_TYPE "consent_ledger sequencer"
#define RESTART_SECONDS 60
#define DELAY_MAX_SECONDS 300	/* between attempts after errors */

static char *setting_database = NULL;
static int	setting_checkpoint_interval = 10;	/* seconds */

PGDLLEXPORT void consent_sequencer_main(Datum arg);
PG_FUNCTION_INFO_V1(consent_start_sequencer);

/* ---- one at a time in a database ---- */

/*
 * A worker holds its lock as long as it lives, through errors too: so it is of
 * the kind that belongs to sessions, as advisory locks are.
 */
static void
set_worker_lock_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_OBJECT(*tag, MyDatabaseId, store_relid("checkpoint"), 1, 0);
	tag->locktag_lockmethodid = USER_LOCKMETHOD;
}

static bool
try_worker_lock(void)
{
	LOCKTAG		tag;

	set_worker_lock_tag(&tag);
	return LockAcquire(&tag, ExclusiveLock, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

static void
release_worker_lock(void)
{
	LOCKTAG		tag;

	set_worker_lock_tag(&tag);
	LockRelease(&tag, ExclusiveLock, true);
}

/* ---- the work ---- */

typedef enum Outcome
{
	NO_EXTENSION,
	NO_LEDGER,
	NOT_NEEDED,					/* another worker does it */
	DONE,
	FAILED
} Outcome;

static bool
has_ledger(void)
{
	Store	   *store = store_open("ledger", AccessShareLock);
	StoreScan  *scan;
	bool		found;

	store_push_latest_snapshot();
	scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	found = store_next(scan) != NULL;
	store_end(scan);
	store_pop_snapshot();
	store_close(store);
	return found;
}

/* In a transaction: look whether there is something to do, and do it. */
static Outcome
work(bool *locked)
{
	if (!OidIsValid(get_extension_oid(EXTENSION_NAME, true)))
	{
		*locked = false;		/* that was for tables that are no more */
		return NO_EXTENSION;
	}
	if (!*locked && !(*locked = try_worker_lock()))
		return NOT_NEEDED;
	if (!has_ledger())
		return NO_LEDGER;
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	sequencer_run();
	SPI_finish();
	return DONE;
}

/* The same, with errors logged.  `context` is emptied. */
static Outcome
attempt(MemoryContext context, bool *locked)
{
	volatile Outcome outcome = FAILED;

	PortalContext = context;	/* where SPI keeps what outlasts a transaction */
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		SetCurrentStatementStartTimestamp();
		StartTransactionCommand();
		pgstat_report_activity(STATE_RUNNING, "CALL consent.checkpoint()");
		outcome = work(locked);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		HOLD_INTERRUPTS();
		MemoryContextSwitchTo(context);
		EmitErrorReport();
		AbortCurrentTransaction();
		FlushErrorState();
		RESUME_INTERRUPTS();
	}
	PG_END_TRY();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
	MemoryContextSwitchTo(TopMemoryContext);
	MemoryContextReset(context);
	return outcome;
}

/* Milliseconds until the next attempt; -1: when the settings change. */
static long
delay_after(int nfailures)
{
	int64		seconds = setting_checkpoint_interval;

	if (seconds == 0)
		return -1;
	for (int i = 0; i < nfailures && seconds < DELAY_MAX_SECONDS; i++)
		seconds *= 2;
	if (nfailures > 0)
		seconds = Max(setting_checkpoint_interval, Min(seconds, DELAY_MAX_SECONDS));
	return seconds * 1000;
}

static void
wait_for(long delay)
{
	WaitLatch(MyLatch, WL_LATCH_SET | WL_EXIT_ON_PM_DEATH | (delay < 0 ? 0 : WL_TIMEOUT),
			  delay, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
}

static void
connect_to_database(Oid database)
{
	if (OidIsValid(database))
		BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
	else
		BackgroundWorkerInitializeConnection(MyBgworkerEntry->bgw_extra, NULL, 0);
	/* What the database is set to for others does not concern it. */
	SetConfigOption("default_transaction_read_only", "off", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("lock_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
	SetConfigOption("statement_timeout", "0", PGC_SUSET, PGC_S_OVERRIDE);
}

/* Sleep until the next attempt is due, however often woken. */
static void
sleep_since(TimestampTz started, int nfailures)
{
	for (;;)
	{
		long		delay = delay_after(nfailures);

		if (delay >= 0)
			delay -= Min(delay, TimestampDifferenceMilliseconds(started, GetCurrentTimestamp()));
		if (delay == 0)
			return;
		wait_for(delay);
	}
}

/* The worker: arg is the database, or 0 for the one named in bgw_extra. */
void
consent_sequencer_main(Datum arg)
{
	Oid			database = DatumGetObjectId(arg);
	MemoryContext context;
	bool		locked = false;
	int			nfailures = 0;

	pqsignal(SIGTERM, die);
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	BackgroundWorkerUnblockSignals();
	connect_to_database(database);
	context = AllocSetContextCreate(TopMemoryContext, "consent sequencer", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		TimestampTz started = GetCurrentTimestamp();

		if (setting_checkpoint_interval > 0)
		{
			Outcome		outcome = attempt(context, &locked);

			/* Started for a ledger that is no more, or that another one serves. */
			if (OidIsValid(database) && (outcome == NO_EXTENSION || outcome == NOT_NEEDED))
				proc_exit(0);
			nfailures = outcome == FAILED ? nfailures + 1 : 0;
		}
		sleep_since(started, nfailures);
	}
}

/* ---- starting it ---- */

static void
describe_worker(BackgroundWorker *worker, const char *database)
{
	memset(worker, 0, sizeof(*worker));
	snprintf(worker->bgw_name, BGW_MAXLEN, "%s for %s", WORKER_TYPE, database);
	snprintf(worker->bgw_type, BGW_MAXLEN, WORKER_TYPE);
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = RESTART_SECONDS;
	snprintf(worker->bgw_library_name, sizeof(worker->bgw_library_name), "$libdir/%s", EXTENSION_NAME);
	snprintf(worker->bgw_function_name, BGW_MAXLEN, "consent_sequencer_main");
}

/* One for each database that the setting names. */
static void
register_workers(void)
{
	char	   *names = pstrdup(setting_database);
	List	   *databases;
	ListCell   *cell;

	if (!SplitGUCList(names, ',', &databases))
	{
		ereport(LOG,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("consent_ledger.database is not a list of names: \"%s\"", setting_database)));
		return;
	}
	foreach(cell, databases)
	{
		BackgroundWorker worker;

		describe_worker(&worker, lfirst(cell));
		strlcpy(worker.bgw_extra, lfirst(cell), BGW_EXTRALEN);
		RegisterBackgroundWorker(&worker);
	}
}

void
worker_init(void)
{
	DefineCustomStringVariable("consent_ledger.database",
							   "Databases, separated by commas, whose log a background worker signs.",
							   "It works with shared_preload_libraries alone, and is read when the server starts.",
							   &setting_database, "",
							   process_shared_preload_libraries_in_progress ? PGC_POSTMASTER : PGC_SIGHUP,
							   GUC_LIST_INPUT, NULL, NULL, NULL);
	DefineCustomIntVariable("consent_ledger.checkpoint_interval",
							"How often the background worker signs a checkpoint, if there is something new.",
							"Zero: it waits until the setting changes.",
							&setting_checkpoint_interval, 10, 0, INT_MAX / 1000,
							PGC_SIGHUP, GUC_UNIT_S, NULL, NULL, NULL);
	if (process_shared_preload_libraries_in_progress && !IsBinaryUpgrade)
		register_workers();
}

static void
refuse_to_start(const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("could not start a background worker: %s", why),
			 errhint("The server's log may say more; max_worker_processes limits how many there are.")));
}

/* SQL: start_sequencer(). */
Datum
consent_start_sequencer(PG_FUNCTION_ARGS)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	pid_t		pid;

	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("a standby cannot sign checkpoints"),
				 errhint("With shared_preload_libraries and consent_ledger.database the worker starts when the standby is promoted.")));
	if (!try_worker_lock())
		PG_RETURN_BOOL(false);
	release_worker_lock();
	describe_worker(&worker, get_database_name(MyDatabaseId));
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		refuse_to_start("no slot is free");
	if (WaitForBackgroundWorkerStartup(handle, &pid) != BGWH_STARTED)
		refuse_to_start("it did not come up");
	PG_RETURN_BOOL(true);
}
