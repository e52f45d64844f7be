/*
 * used_key.c
 *		The view consent.used_key: report back by key in bulk.
 *
 * A statement opens a frame, its rows fill it, its end records what is left.
 * Frames nest as statements do, and a rolled-back statement takes its own
 * with it: what failed is reported again.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ledger/store.h"
#include "use/report.h"
#include "use/strangers.h"
#include "use/used_key.h"

#define KEYS_AT_ONCE 200000

PG_FUNCTION_INFO_V1(consent_used_key_statement);
PG_FUNCTION_INFO_V1(consent_used_key_row);

/* Keys of one run and table; a set of strings. */
typedef struct KeyBatch
{
	int64		run_id;
	char	   *table;
	Strangers  *keys;
	MemoryContext context;
} KeyBatch;

typedef struct Frame
{
	struct Frame *parent;
	SubTransactionId subid;
	List	   *batches;
	ReportCounts counts;
	MemoryContext context;
} Frame;

static Frame *innermost = NULL;

static void
open_frame(void)
{
	MemoryContext context = AllocSetContextCreate(TopTransactionContext, "consent used keys",
												  ALLOCSET_DEFAULT_SIZES);
	Frame	   *frame = MemoryContextAllocZero(context, sizeof(Frame));

	frame->context = context;
	frame->subid = GetCurrentSubTransactionId();
	frame->parent = innermost;
	innermost = frame;
}

static void
empty_batch(KeyBatch *batch)
{
	MemoryContextReset(batch->context);
	batch->keys = strangers_create(batch->context);
}

static void
report_batch(Frame *frame, KeyBatch *batch)
{
	MemoryContext work = AllocSetContextCreate(CurrentMemoryContext, "consent report",
											   ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(work);
	ReportCounts counts;

	counts = report_keys(batch->run_id,
						 declared_table(declared_get(), batch->table, strlen(batch->table)),
						 batch->keys);
	frame->counts.added += counts.added;
	frame->counts.already += counts.already;
	frame->counts.missing += counts.missing;
	frame->counts.not_permitted += counts.not_permitted;
	MemoryContextSwitchTo(old);
	MemoryContextDelete(work);
	empty_batch(batch);
}

/* Say what the counts of record_use() would. */
static void
notice_counts(const ReportCounts *counts)
{
	if (counts->missing == 0 && counts->not_permitted == 0)
		return;
	ereport(NOTICE,
			(errmsg("uses added: " INT64_FORMAT ", there already: " INT64_FORMAT
					", of no row: " INT64_FORMAT ", not permitted: " INT64_FORMAT,
					counts->added, counts->already, counts->missing, counts->not_permitted)));
}

static void
close_frame(void)
{
	Frame	   *frame = innermost;
	ListCell   *lc;

	if (!frame)
		elog(ERROR, "a statement on consent.used_key ends that did not begin");
	foreach(lc, frame->batches)
		report_batch(frame, lfirst(lc));
	notice_counts(&frame->counts);
	innermost = frame->parent;
	MemoryContextDelete(frame->context);
}

static KeyBatch *
get_batch(Frame *frame, int64 run_id, const char *table)
{
	MemoryContext old;
	KeyBatch   *batch;
	ListCell   *lc;

	foreach(lc, frame->batches)
	{
		batch = lfirst(lc);
		if (batch->run_id == run_id && strcmp(batch->table, table) == 0)
			return batch;
	}
	old = MemoryContextSwitchTo(frame->context);
	batch = palloc0(sizeof(KeyBatch));
	batch->run_id = run_id;
	batch->table = pstrdup(table);
	batch->context = AllocSetContextCreate(frame->context, "consent keys", ALLOCSET_DEFAULT_SIZES);
	empty_batch(batch);
	frame->batches = lappend(frame->batches, batch);
	MemoryContextSwitchTo(old);
	return batch;
}

static Datum
column(TriggerData *trigger, int n, const char *name)
{
	bool		isnull;
	Datum		value = heap_getattr(trigger->tg_trigtuple, n,
									 RelationGetDescr(trigger->tg_relation), &isnull);

	if (isnull)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s cannot be NULL", name)));
	return value;
}

static TriggerData *
called_by_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_BY_INSERT(trigger->tg_event) ||
		RelationGetRelid(trigger->tg_relation) != store_relid("used_key"))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("this is a trigger function of the view consent.used_key")));
	return trigger;
}

/* BEFORE and AFTER INSERT ON consent.used_key FOR EACH STATEMENT */
Datum
consent_used_key_statement(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = called_by_trigger(fcinfo);

	if (TRIGGER_FIRED_BEFORE(trigger->tg_event))
		open_frame();
	else
		close_frame();
	return PointerGetDatum(NULL);
}

/* INSTEAD OF INSERT ON consent.used_key FOR EACH ROW */
Datum
consent_used_key_row(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = called_by_trigger(fcinfo);
	KeyBatch   *batch;
	text	   *key;

	if (!innermost)
		elog(ERROR, "a row of consent.used_key comes outside a statement");
	batch = get_batch(innermost, DatumGetInt64(column(trigger, 1, "run_id")),
					  TextDatumGetCString(column(trigger, 2, "table_name")));
	key = DatumGetTextPP(column(trigger, 3, "row_key"));
	strangers_place(batch->keys, VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key));
	if (strangers_count(batch->keys) >= KEYS_AT_ONCE)
		report_batch(innermost, batch);
	return PointerGetDatum(trigger->tg_trigtuple);
}

/* ---- transactions ---- */

/*
 * A statement that was stopped before its end, as SPI_execute() does after so
 * many rows, never closes its frame: what it reported so far was used.
 */
static void
close_left_over(SubTransactionId subid)
{
	while (innermost && innermost->subid >= subid)
	{
		store_push_latest_snapshot();
		close_frame();
		store_pop_snapshot();
	}
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_PRE_COMMIT_SUB)
		close_left_over(mySubid);
	if (event != SUBXACT_EVENT_ABORT_SUB)
		return;
	while (innermost && innermost->subid >= mySubid)
	{
		Frame	   *gone = innermost;

		innermost = gone->parent;
		MemoryContextDelete(gone->context);
	}
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
		close_left_over(TopSubTransactionId);
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		innermost = NULL;		/* its memory goes with the transaction's */
}

/* After pending_init(), so that what is closed here is flushed there. */
void
used_key_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
