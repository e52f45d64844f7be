/*
 * store.c
 *		Direct access to the ledger's own tables.
 */
#include "postgres.h"

#include "access/heapam.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_am.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/sequence.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/execnodes.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "ledger/store.h"
#include "ledger/tables.h"

#define QUEUE_BYTES (64 * 1024)

struct Store
{
	Relation	rel;
	ResultRelInfo *target;		/* made at the first write */
	EState	   *estate;
	TupleTableSlot *queue[STORE_QUEUE_MAX];
	int			nslots;			/* slots made so far */
	int			nqueued;
	Size		queued_bytes;
	const char *refuse_index;	/* NULL: a key that is there raises the server's own error */
	StoreRefuse refuse;
	void	   *refuse_arg;
	TupleTableSlot *at_place;	/* made when it is first needed */
	StoreScan  *kept;			/* of store_scan_again() */
	MemoryContext context;
	ResourceOwner owner;		/* of the slots, also those made in store_try_rows() */
};

/* Rows of a sequential scan that are fetched from memory together. */
#define ROWS_AHEAD 16
#define BYTES_AHEAD 256
#define FETCHED_AT_ONCE 64		/* a cache line */

typedef struct RowAhead
{
	TupleTableSlot *slot;		/* holds the page where it is */
	HeapTupleData tuple;		/* the slot's own is that of the scan */
} RowAhead;

struct StoreScan
{
	Store	   *store;
	Relation	index;
	IndexScanDesc by_index;
	TableScanDesc by_table;
	TupleTableSlot *slot;
	int			nslots;			/* of a sequential scan: made so far */
	int			nahead;			/* that hold rows */
	int			next;			/* the first of them not yet given out */
	bool		ended;			/* there are no more rows but those */
	RowAhead	ahead[ROWS_AHEAD];
	int			nkeys;
	ScanKeyData keys[INDEX_MAX_KEYS];
};

Oid
store_relid(const char *name)
{
	Oid			schema = get_namespace_oid(LEDGER_SCHEMA, false);
	Oid			relid = get_relname_relid(name, schema);

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation \"%s.%s\" does not exist", LEDGER_SCHEMA, name),
				 errhint("The extension consent_ledger is damaged, or of another version than its library.")));
	return relid;
}

/*
 * A foreign or distributed table would be an empty shell here, and "no row"
 * from a shell would read as an answer.
 */
static void
check_ordinary(Relation rel)
{
	if (rel->rd_rel->relkind != RELKIND_RELATION ||
		rel->rd_rel->relam != HEAP_TABLE_AM_OID)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s.%s\" is not an ordinary local table",
						LEDGER_SCHEMA, RelationGetRelationName(rel)),
				 errdetail("The ledger's tables must be plain heap tables on every node that answers.")));
}

Store *
store_open(const char *table, LOCKMODE lockmode)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext,
												  "consent store",
												  ALLOCSET_SMALL_SIZES);
	Store	   *store = MemoryContextAllocZero(context, sizeof(Store));

	store->context = context;
	store->owner = CurrentResourceOwner;
	store->rel = table_open(store_relid(table), lockmode);
	check_ordinary(store->rel);
	return store;
}

void
store_close(Store *store)
{
	if (store->nqueued > 0)
		elog(ERROR, "rows queued for \"%s\" were not written",
			 RelationGetRelationName(store->rel));
	for (int i = 0; i < store->nslots; i++)
		ExecDropSingleTupleTableSlot(store->queue[i]);
	if (store->at_place)
		ExecDropSingleTupleTableSlot(store->at_place);
	if (store->kept)
		store_end(store->kept);
	if (store->target)
	{
		ExecCloseIndices(store->target);
		FreeExecutorState(store->estate);
	}
	table_close(store->rel, NoLock);
	MemoryContextDelete(store->context);
}

Relation
store_relation(Store *store)
{
	return store->rel;
}

Datum
store_get(Store *store, HeapTuple tuple, AttrNumber attno, bool *isnull)
{
	return heap_getattr(tuple, attno, RelationGetDescr(store->rel), isnull);
}

/* ---- writing ---- */

static void
prepare_to_write(Store *store)
{
	MemoryContext old;

	if (store->target)
		return;
	PreventCommandIfReadOnly("recording in the consent ledger");
	PreventCommandIfParallelMode("recording in the consent ledger");
	old = MemoryContextSwitchTo(store->context);
	store->estate = CreateExecutorState();
	store->target = makeNode(ResultRelInfo);
	InitResultRelInfo(store->target, store->rel, 1, NULL, 0);
	ExecOpenIndices(store->target, false);
	MemoryContextSwitchTo(old);
}

static TupleTableSlot *
next_slot(Store *store)
{
	if (store->nqueued == store->nslots)
	{
		MemoryContext old = MemoryContextSwitchTo(store->context);
		ResourceOwner owner = CurrentResourceOwner;

		CurrentResourceOwner = store->owner;
		store->queue[store->nslots++] =
			MakeSingleTupleTableSlot(RelationGetDescr(store->rel),
									 table_slot_callbacks(store->rel));
		CurrentResourceOwner = owner;
		MemoryContextSwitchTo(old);
	}
	return store->queue[store->nqueued++];
}

static void
fill_slot(Store *store, TupleTableSlot *slot, const Datum *values, const bool *isnull)
{
	int			natts = RelationGetNumberOfAttributes(store->rel);

	ExecClearTuple(slot);
	memcpy(slot->tts_values, values, natts * sizeof(Datum));
	memcpy(slot->tts_isnull, isnull, natts * sizeof(bool));
	ExecStoreVirtualTuple(slot);
}

/* Make a row of the queue; its slot keeps a copy of everything. */
static void
queue_row(Store *store, const Datum *values, const bool *isnull)
{
	TupleTableSlot *slot;

	prepare_to_write(store);
	slot = next_slot(store);
	fill_slot(store, slot, values, isnull);
	ExecMaterializeSlot(slot);
	store->queued_bytes += ExecFetchSlotHeapTuple(slot, false, NULL)->t_len;
}

static bool
insert_into_indexes(Store *store, ResultRelInfo *target, TupleTableSlot *slot, bool probe)
{
	bool		conflict = false;

	ResetPerTupleExprContext(store->estate);
	if (target->ri_NumIndices > 0)
		list_free(compat_insert_index_tuples(target, slot, store->estate,
											 false, probe, probe ? &conflict : NULL,
											 COMPAT_ALL_INDEXES));
	return conflict;
}

/* Write one row, or take it back as if it had never been if its key was there. */
static bool
write_speculatively(Store *store, TupleTableSlot *slot, uint32 token)
{
	bool		conflict;

	table_tuple_insert_speculative(store->rel, slot, GetCurrentCommandId(true),
								   0, NULL, token);
	conflict = insert_into_indexes(store, store->target, slot, true);
	table_tuple_complete_speculative(store->rel, slot, token, !conflict);
	return conflict;
}

static void
clear_queue(Store *store)
{
	for (int i = 0; i < store->nqueued; i++)
		ExecClearTuple(store->queue[i]);
	store->nqueued = 0;
	store->queued_bytes = 0;
}

static bool
queue_is_full(Store *store)
{
	return store->nqueued == STORE_QUEUE_MAX || store->queued_bytes > QUEUE_BYTES;
}

void
store_queue(Store *store, const Datum *values, const bool *isnull)
{
	queue_row(store, values, isnull);
	if (queue_is_full(store))
		store_flush(store);
}

/* Write the queue without entries in indexes; its slots know their places then. */
static void
write_queue(Store *store)
{
	prepare_to_write(store);
	table_multi_insert(store->rel, store->queue, store->nqueued,
					   GetCurrentCommandId(true), 0, NULL);
}

void
store_flush(Store *store)
{
	if (store->nqueued == 0)
		return;
	write_queue(store);
	for (int i = 0; i < store->nqueued; i++)
		insert_into_indexes(store, store->target, store->queue[i], false);
	clear_queue(store);
}

void
store_insert(Store *store, const Datum *values, const bool *isnull)
{
	store_flush(store);
	queue_row(store, values, isnull);
	store_flush(store);
}

void
store_queue_try(Store *store, const Datum *values, const bool *isnull)
{
	Assert(store->nqueued < STORE_QUEUE_MAX);
	queue_row(store, values, isnull);
}

/* One token for all of them: whoever meets one of these rows waits for the last. */
int
store_try_flush(Store *store)
{
	TransactionId xid;
	uint32		token;
	int			written = 0;

	if (store->nqueued == 0)
		return 0;
	prepare_to_write(store);
	xid = GetCurrentTransactionId();
	token = SpeculativeInsertionLockAcquire(xid);
	while (written < store->nqueued && !write_speculatively(store, store->queue[written], token))
		written++;
	SpeculativeInsertionLockRelease(xid);
	clear_queue(store);
	return written;
}

bool
store_update(Store *store, HeapTuple old, const Datum *values,
			 const bool *isnull, const bool *replace)
{
	HeapTuple	changed;
	TupleTableSlot *slot;
	TM_FailureData failure;
	LockTupleMode lockmode;
	CompatUpdateIndexes update_indexes;
	TM_Result	result;

	prepare_to_write(store);
	store_flush(store);
	changed = heap_modify_tuple(old, RelationGetDescr(store->rel),
								(Datum *) values, (bool *) isnull, (bool *) replace);
	slot = next_slot(store);
	store->nqueued = 0;
	ExecForceStoreHeapTuple(changed, slot, false);
	result = table_tuple_update(store->rel, &old->t_self, slot,
								GetCurrentCommandId(true), GetActiveSnapshot(),
								InvalidSnapshot, true, &failure, &lockmode,
								&update_indexes);
	if (result == TM_Ok && compat_needs_indexes(update_indexes))
	{
		ResetPerTupleExprContext(store->estate);
		/* not as an update: that would look for a range table */
		list_free(compat_insert_index_tuples(store->target, slot, store->estate,
											 false, false, NULL, update_indexes));
	}
	ExecClearTuple(slot);
	heap_freetuple(changed);
	if (result == TM_SelfModified)
		elog(ERROR, "a row of \"%s\" was already changed by this command",
			 RelationGetRelationName(store->rel));
	return result == TM_Ok;
}

bool
store_lock(Store *store, HeapTuple tuple)
{
	TupleTableSlot *slot = table_slot_create(store->rel, NULL);
	TM_FailureData failure;
	TM_Result	result;

	result = table_tuple_lock(store->rel, &tuple->t_self, GetActiveSnapshot(),
							  slot, GetCurrentCommandId(true),
							  LockTupleNoKeyExclusive, LockWaitBlock, 0, &failure);
	ExecDropSingleTupleTableSlot(slot);
	if (result == TM_SelfModified)
		elog(ERROR, "a row of \"%s\" was already changed by this command",
			 RelationGetRelationName(store->rel));
	return result == TM_Ok;
}

void
store_delete(Store *store, HeapTuple tuple)
{
	prepare_to_write(store);
	simple_heap_delete(store->rel, &tuple->t_self);
}

int64
store_nextval(Oid sequence)
{
	return nextval_internal(sequence, false);
}

/* ---- many rows at once ---- */

typedef struct Place
{
	int64		number;			/* what rows are sorted by; 0: as they come */
	int			row;
	ItemPointerData tid;
} Place;

#define ST_SORT sort_places
#define ST_ELEMENT_TYPE Place
#define ST_COMPARE(a, b) \
	((a)->number != (b)->number ? ((a)->number < (b)->number ? -1 : 1) : (a)->row - (b)->row)
#define ST_SCOPE static
#define ST_DEFINE
#include "lib/sort_template.h"

static Place *
write_rows(Store *store, const StoreRow *rows, int n)
{
	Place	   *places = palloc0(n * sizeof(Place));
	int			written = 0;

	for (int i = 0; i < n; i++)
	{
		places[i].row = i;
		queue_row(store, rows[i].values, rows[i].isnull);
		if (!queue_is_full(store) && i < n - 1)
			continue;
		write_queue(store);
		for (int j = 0; j < store->nqueued; j++)
			places[written++].tid = store->queue[j]->tts_tid;
		clear_queue(store);
	}
	return places;
}

/*
 * Numbers are entered into an index in their order: each is found near the one
 * before, and what is larger than all others goes to the last page unsearched.
 */
static void
sort_for_index(Store *store, Relation index, const StoreRow *rows, Place *places, int n)
{
	AttrNumber	attno = index->rd_index->indkey.values[0];
	bool		by_number = attno > 0 &&
		TupleDescAttr(RelationGetDescr(store->rel), attno - 1)->atttypid == INT8OID;

	for (int i = 0; i < n; i++)
	{
		const StoreRow *row = &rows[places[i].row];

		places[i].number = !by_number || row->isnull[attno - 1] ? 0 : DatumGetInt64(row->values[attno - 1]);
	}
	sort_places(places, n);
}

void
store_refuse_with(Store *store, const char *index, StoreRefuse refuse, void *arg)
{
	store->refuse_index = index;
	store->refuse = refuse;
	store->refuse_arg = arg;
}

/* Is the error that was caught a key that is in this index already? Its copy is in the current context. */
static bool
is_taken_in(const char *index)
{
	ErrorData  *error = CopyErrorData();

	return error->sqlerrcode == ERRCODE_UNIQUE_VIOLATION &&
		error->constraint_name != NULL && strcmp(error->constraint_name, index) == 0;
}

/* Raise what the caller says where a key of his index is taken. */
static void
insert_or_refuse(Store *store, ResultRelInfo *target, TupleTableSlot *slot, int row)
{
	MemoryContext old = CurrentMemoryContext;

	PG_TRY();
	{
		insert_into_indexes(store, target, slot, false);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(old);
		if (!is_taken_in(store->refuse_index))
			PG_RE_THROW();
		FlushErrorState();
		store->refuse(store->refuse_arg, row);
	}
	PG_END_TRY();
}

/* Enter rows into one index. */
static void
enter_rows(Store *store, int which, const StoreRow *rows, const Place *places, int n)
{
	ResultRelInfo target = *store->target;	/* as if it had but this one */
	TupleTableSlot *slot = next_slot(store);
	bool		refusing = store->refuse_index != NULL &&
		strcmp(RelationGetRelationName(target.ri_IndexRelationDescs[which]), store->refuse_index) == 0;

	target.ri_NumIndices = 1;
	target.ri_IndexRelationDescs += which;
	target.ri_IndexRelationInfo += which;
	for (int i = 0; i < n; i++)
	{
		fill_slot(store, slot, rows[places[i].row].values, rows[places[i].row].isnull);
		slot->tts_tid = places[i].tid;
		if (refusing)
			insert_or_refuse(store, &target, slot, places[i].row);
		else
			insert_into_indexes(store, &target, slot, false);
	}
	clear_queue(store);
}

void
store_insert_rows(Store *store, const StoreRow *rows, int n)
{
	Place	   *places;

	prepare_to_write(store);
	store_flush(store);
	places = write_rows(store, rows, n);
	for (int i = 0; i < store->target->ri_NumIndices; i++)
	{
		sort_for_index(store, store->target->ri_IndexRelationDescs[i], rows, places, n);
		enter_rows(store, i, rows, places, n);
	}
	pfree(places);
}

bool
store_try_rows(Store *store, const StoreRow *rows, int n)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool written = true;

	prepare_to_write(store);
	store_flush(store);
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		store_insert_rows(store, rows, n);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_UNIQUE_VIOLATION)
			ReThrowError(error);
		FreeErrorData(error);
		clear_queue(store);
		written = false;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return written;
}

/* ---- reading ---- */

void
store_key_int8(ScanKey key, AttrNumber attno, int64 value)
{
	ScanKeyInit(key, attno, BTEqualStrategyNumber, F_INT8EQ, Int64GetDatum(value));
}

void
store_key_int8_from(ScanKey key, AttrNumber attno, int64 least)
{
	ScanKeyInit(key, attno, BTGreaterEqualStrategyNumber, F_INT8GE, Int64GetDatum(least));
}

void
store_key_int2(ScanKey key, AttrNumber attno, int16 value)
{
	ScanKeyInit(key, attno, BTEqualStrategyNumber, F_INT2EQ, Int16GetDatum(value));
}

void
store_key_text(ScanKey key, AttrNumber attno, const char *value, size_t len)
{
	ScanKeyInit(key, attno, BTEqualStrategyNumber, F_TEXTEQ,
				PointerGetDatum(cstring_to_text_with_len(value, len)));
	/* ScanKeyInit takes C_COLLATION_OID, which is what our columns have. */
}

void
store_key_text_from(ScanKey key, AttrNumber attno, const char *least, size_t len)
{
	ScanKeyInit(key, attno, BTGreaterEqualStrategyNumber, F_TEXT_GE,
				PointerGetDatum(cstring_to_text_with_len(least, len)));
}

void
store_key_bytea(ScanKey key, AttrNumber attno, bytea *value)
{
	ScanKeyInit(key, attno, BTEqualStrategyNumber, F_BYTEAEQ, PointerGetDatum(value));
}

void
store_key_isnull(ScanKey key, AttrNumber attno)
{
	ScanKeyEntryInitialize(key, SK_ISNULL | SK_SEARCHNULL, attno,
						   InvalidStrategy, InvalidOid, InvalidOid,
						   InvalidOid, (Datum) 0);
}

/* Number keys by the columns of the index instead of those of the table. */
static void
keys_to_index(StoreScan *scan)
{
	for (int i = 0; i < scan->nkeys; i++)
	{
		int			n = IndexRelationGetNumberOfKeyAttributes(scan->index);
		int			j;

		for (j = 0; j < n; j++)
			if (scan->keys[i].sk_attno == scan->index->rd_index->indkey.values[j])
				break;
		if (j == n)
			elog(ERROR, "column %d is not in index \"%s\"",
				 scan->keys[i].sk_attno, RelationGetRelationName(scan->index));
		scan->keys[i].sk_attno = j + 1;
	}
}

StoreScan *
store_scan(Store *store, const char *index, Snapshot snapshot,
		   int nkeys, ScanKey keys)
{
	StoreScan  *scan = palloc0(sizeof(StoreScan));

	scan->store = store;
	scan->nkeys = nkeys;
	memcpy(scan->keys, keys, nkeys * sizeof(ScanKeyData));
	if (index)
	{
		scan->slot = table_slot_create(store->rel, NULL);
		scan->index = index_open(store_relid(index), AccessShareLock);
		keys_to_index(scan);
		scan->by_index = compat_index_beginscan(store->rel, scan->index,
												snapshot, nkeys);
		index_rescan(scan->by_index, scan->keys, nkeys, NULL, 0);
	}
	else
		scan->by_table = table_beginscan(store->rel, snapshot, nkeys, scan->keys);
	return scan;
}

/* An index scan allocates as it goes: let that last as long as the scan. */
static MemoryContext
switch_to_scan(StoreScan *scan)
{
	return MemoryContextSwitchTo(GetMemoryChunkContext(scan));
}

void
store_rescan(StoreScan *scan, ScanKey keys)
{
	MemoryContext old = switch_to_scan(scan);

	memcpy(scan->keys, keys, scan->nkeys * sizeof(ScanKeyData));
	if (scan->index)
	{
		keys_to_index(scan);
		index_rescan(scan->by_index, scan->keys, scan->nkeys, NULL, 0);
	}
	else
	{
		scan->next = scan->nahead = 0;
		scan->ended = false;
		table_rescan(scan->by_table, scan->keys);
	}
	MemoryContextSwitchTo(old);
}

StoreScan *
store_scan_again(Store *store, const char *index, Snapshot snapshot, int nkeys, ScanKey keys)
{
	StoreScan  *scan = store->kept;
	MemoryContext old;

	if (scan && scan->by_index->xs_snapshot == snapshot && scan->nkeys == nkeys &&
		strcmp(RelationGetRelationName(scan->index), index) == 0)
	{
		store_rescan(scan, keys);
		return scan;
	}
	store->kept = NULL;
	if (scan)
		store_end(scan);
	old = MemoryContextSwitchTo(store->context);
	store->kept = store_scan(store, index, snapshot, nkeys, keys);
	MemoryContextSwitchTo(old);
	return store->kept;
}

static HeapTuple
next_by_index(StoreScan *scan, ScanDirection direction)
{
	return index_getnext_slot(scan->by_index, direction, scan->slot) ?
		ExecFetchSlotHeapTuple(scan->slot, false, NULL) : NULL;
}

/* The beginning of a row, where most of it is. */
static void
fetch_memory(HeapTuple tuple)
{
#ifdef __GNUC__
	const char *bytes = (const char *) tuple->t_data;

	for (uint32 at = 0; at < Min(tuple->t_len, BYTES_AHEAD); at += FETCHED_AT_ONCE)
		__builtin_prefetch(bytes + at);
#endif
}

/* Take rows as yet unread: more each time, since many scans want the first only. */
static void
read_ahead(StoreScan *scan)
{
	int			wanted = Min(Max(2 * scan->nahead, 1), ROWS_AHEAD);

	for (; scan->nslots < wanted; scan->nslots++)
		scan->ahead[scan->nslots].slot = table_slot_create(scan->store->rel, NULL);
	scan->next = 0;
	for (scan->nahead = 0; scan->nahead < wanted; scan->nahead++)
	{
		RowAhead   *row = &scan->ahead[scan->nahead];

		if (!table_scan_getnextslot(scan->by_table, ForwardScanDirection, row->slot))
		{
			scan->ended = true;
			break;
		}
		row->tuple = *ExecFetchSlotHeapTuple(row->slot, false, NULL);
		fetch_memory(&row->tuple);
	}
}

static HeapTuple
next_by_table(StoreScan *scan)
{
	if (scan->next == scan->nahead && !scan->ended)
		read_ahead(scan);
	if (scan->next == scan->nahead)
		return NULL;
	return &scan->ahead[scan->next++].tuple;
}

HeapTuple
store_next(StoreScan *scan)
{
	MemoryContext old = switch_to_scan(scan);
	HeapTuple	tuple;

	CHECK_FOR_INTERRUPTS();
	tuple = scan->index ? next_by_index(scan, ForwardScanDirection) : next_by_table(scan);
	MemoryContextSwitchTo(old);
	return tuple;
}

HeapTuple
store_previous(StoreScan *scan)
{
	MemoryContext old = switch_to_scan(scan);
	HeapTuple	tuple;

	CHECK_FOR_INTERRUPTS();
	tuple = next_by_index(scan, BackwardScanDirection);
	MemoryContextSwitchTo(old);
	return tuple;
}

HeapTuple
store_row_at(Store *store, ItemPointer place, Snapshot snapshot)
{
	if (!store->at_place)
	{
		MemoryContext old = MemoryContextSwitchTo(store->context);

		store->at_place = table_slot_create(store->rel, NULL);
		MemoryContextSwitchTo(old);
	}
	return table_tuple_fetch_row_version(store->rel, place, snapshot, store->at_place) ?
		ExecFetchSlotHeapTuple(store->at_place, false, NULL) : NULL;
}

void
store_end(StoreScan *scan)
{
	for (int i = 0; i < scan->nslots; i++)
		ExecDropSingleTupleTableSlot(scan->ahead[i].slot);
	if (scan->index)
	{
		ExecDropSingleTupleTableSlot(scan->slot);
		index_endscan(scan->by_index);
		index_close(scan->index, AccessShareLock);
	}
	else
		table_endscan(scan->by_table);
	pfree(scan);
}

void
store_await(Store *store, const char *index, int nkeys, ScanKey keys)
{
	SnapshotData dirty;
	TransactionId other;

	InitDirtySnapshot(dirty);
	do
	{
		StoreScan  *scan = store_scan(store, index, &dirty, nkeys, keys);
		ItemPointerData tid;
		uint32		token = 0;

		other = InvalidTransactionId;
		while (store_next(scan) != NULL)
		{
			other = dirty.xmin;
			tid = scan->slot->tts_tid;
			token = dirty.speculativeToken;
			if (TransactionIdIsValid(other))
				break;
		}
		store_end(scan);
		if (TransactionIdIsValid(other) && token != 0)
			SpeculativeInsertionWait(other, token);
		else if (TransactionIdIsValid(other))
			XactLockTableWait(other, store->rel, &tid, XLTW_InsertIndex);
	} while (TransactionIdIsValid(other));
}

/* ---- snapshots ---- */

void
store_push_latest_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
}

void
store_pop_snapshot(void)
{
	PopActiveSnapshot();
	CommandCounterIncrement();
}
