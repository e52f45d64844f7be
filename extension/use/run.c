/*
 * run.c
 *		Runs as they are stored, their locks and their draws.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/transam.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/index.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/procarray.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/rangetypes.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"
#include "utils/xid8.h"

#include "compat.h"
#include "core/event.h"
#include "use/part.h"
#include "use/run.h"
#include "use/tables.h"

PG_FUNCTION_INFO_V1(consent_draw_is_over);

char **
run_text_array(Datum array, int *n)
{
	Datum	   *items;
	bool	   *isnull;
	char	  **strings;

	deconstruct_array(DatumGetArrayTypeP(array), TEXTOID, -1, false, TYPALIGN_INT,
					  &items, &isnull, n);
	strings = palloc(Max(*n, 1) * sizeof(char *));
	for (int i = 0; i < *n; i++)
	{
		if (isnull[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("an element of an array of names cannot be NULL")));
		strings[i] = TextDatumGetCString(items[i]);
	}
	return strings;
}

Datum
run_make_text_array(char **items, int n)
{
	Datum	   *values = palloc(Max(n, 1) * sizeof(Datum));

	for (int i = 0; i < n; i++)
		values[i] = CStringGetTextDatum(items[i]);
	return PointerGetDatum(construct_array(values, n, TEXTOID, -1, false, TYPALIGN_INT));
}

/* used_at is stored half-open and bounded. */
static void
get_used_at(Run *run, Datum value)
{
	RangeType  *range = DatumGetRangeTypeP(value);
	RangeBound	lower;
	RangeBound	upper;
	bool		empty;

	range_deserialize(lookup_type_cache(RangeTypeGetOid(range), TYPECACHE_RANGE_INFO),
					  range, &lower, &upper, &empty);
	run->past = true;
	run->used_from = DatumGetTimestampTz(lower.val);
	run->used_last = DatumGetTimestampTz(upper.val) - 1;
}

Run *
run_from_tuple(Store *store, HeapTuple tuple)
{
	Run		   *run = palloc0(sizeof(Run));
	Datum		value;
	bool		isnull;

	run->tuple = heap_copytuple(tuple);
	tuple = run->tuple;
	run->run_id = DatumGetInt64(store_get(store, tuple, Anum_run_run_id, &isnull));
	run->name = TextDatumGetCString(store_get(store, tuple, Anum_run_name, &isnull));
	run->purposes = run_text_array(store_get(store, tuple, Anum_run_purposes, &isnull),
								   &run->npurposes);
	value = store_get(store, tuple, Anum_run_used_at, &isnull);
	if (!isnull)
		get_used_at(run, value);
	run->opened_at = DatumGetTimestampTz(store_get(store, tuple, Anum_run_opened_at, &isnull));
	run->uncommitted = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	value = store_get(store, tuple, Anum_run_closed_event, &isnull);
	run->closed_event = isnull ? 0 : DatumGetInt64(value);
	value = store_get(store, tuple, Anum_run_outcome, &isnull);
	run->outcome = isnull ? NULL : TextDatumGetCString(value);
	value = store_get(store, tuple, Anum_run_dataset_sha256, &isnull);
	run->dataset_sha256 = isnull ? NULL : DatumGetByteaPCopy(value);
	value = store_get(store, tuple, Anum_run_missing, &isnull);
	run->missing = isnull ? 0 : DatumGetInt32(value);
	value = store_get(store, tuple, Anum_run_subjects, &isnull);
	run->subjects = isnull ? 0 : DatumGetInt64(value);
	value = store_get(store, tuple, Anum_run_tree, &isnull);
	run->tree = isnull ? NULL : DatumGetByteaPCopy(value);
	return run;
}

Run *
run_find(Store *store, int64 run_id)
{
	ScanKeyData key;
	HeapTuple	tuple;

	store_key_int8(&key, Anum_run_run_id, run_id);
	tuple = store_next(store_scan_again(store, "run_pkey", GetActiveSnapshot(), 1, &key));
	return tuple ? run_from_tuple(store, tuple) : NULL;
}

Run *
run_get(Store *store, int64 run_id)
{
	Run		   *run = run_find(store, run_id);

	if (!run)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run " INT64_FORMAT " does not exist", run_id),
				 errhint("Open one with consent.open_run().")));
	return run;
}

void
run_salt(int64 run_id, Snapshot snapshot, uint8 *salt)
{
	Store	   *store = store_open("run_salt", AccessShareLock);
	ScanKeyData key;
	StoreScan  *scan;
	HeapTuple	tuple;
	bytea	   *bytes = NULL;
	bool		isnull;

	store_key_int8(&key, Anum_run_salt_run_id, run_id);
	scan = store_scan(store, "run_salt_pkey", snapshot, 1, &key);
	if ((tuple = store_next(scan)) != NULL)
		bytes = DatumGetByteaPP(store_get(store, tuple, Anum_run_salt_salt, &isnull));
	if (!bytes || VARSIZE_ANY_EXHDR(bytes) != CL_SALT_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("run " INT64_FORMAT " has no salt", run_id),
				 errhint("Ask consent.verify() what else was changed.")));
	memcpy(salt, VARDATA_ANY(bytes), CL_SALT_BYTES);
	store_end(scan);
	store_close(store);
}

/*
 * The lock tag is that of an object of table consent.run.  Run ids that share
 * their low 48 bits share a lock, which only makes one wait for the other.
 */
void
run_lock(int64 run_id, LOCKMODE mode)
{
	ResourceOwner owner = CurrentResourceOwner;
	LOCKTAG		tag;

	SET_LOCKTAG_OBJECT(tag, MyDatabaseId, store_relid("run"),
					   (uint32) run_id, (uint16) (run_id >> 32));
	CurrentResourceOwner = TopTransactionResourceOwner;
	PG_TRY();
	{
		LockAcquire(&tag, mode, false, false);
	}
	PG_FINALLY();
	{
		CurrentResourceOwner = owner;
	}
	PG_END_TRY();
}

/* ---- draws ---- */

/* Every index of the table gets its entry for the row. */
static void
insert_index_entries(Relation rel, HeapTuple tuple, Datum *values, bool *isnull)
{
	List	   *indexes = RelationGetIndexList(rel);
	ListCell   *lc;

	foreach(lc, indexes)
	{
		Relation	index = index_open(lfirst_oid(lc), RowExclusiveLock);
		IndexInfo  *info = BuildIndexInfo(index);
		Datum		keys[INDEX_MAX_KEYS];
		bool		nulls[INDEX_MAX_KEYS];

		for (int i = 0; i < info->ii_NumIndexAttrs; i++)
		{
			keys[i] = values[info->ii_IndexAttrNumbers[i] - 1];
			nulls[i] = isnull[info->ii_IndexAttrNumbers[i] - 1];
		}
		index_insert(index, keys, nulls, &tuple->t_self, rel,
					 UNIQUE_CHECK_NO, false, info);
		index_close(index, RowExclusiveLock);
	}
	list_free(indexes);
}

/*
 * The row is inserted frozen: it is committed from the start, so neither
 * ROLLBACK nor a crash takes it back once its WAL is flushed.
 */
int64
run_draw(int64 run_id)
{
	Store	   *store = store_open("run_draw", RowExclusiveLock);
	Relation	rel = store_relation(store);
	FullTransactionId xid = GetTopFullTransactionId();	/* before the number: see seen.c */
	int64		draw_no = store_nextval(store_relid("run_draw_no_seq"));
	Datum		values[Natts_run_draw];
	bool		isnull[Natts_run_draw] = {0};
	HeapTuple	tuple;

	values[Anum_run_draw_run_id - 1] = Int64GetDatum(run_id);
	values[Anum_run_draw_draw_no - 1] = Int64GetDatum(draw_no);
	values[Anum_run_draw_drawn_at - 1] = TimestampTzGetDatum(GetCurrentTimestamp());
	values[Anum_run_draw_drawn_by - 1] = CStringGetTextDatum(GetUserNameFromId(GetUserId(), false));
	values[Anum_run_draw_xid - 1] = FullTransactionIdGetDatum(xid);
	tuple = heap_form_tuple(RelationGetDescr(rel), values, isnull);
	heap_insert(rel, tuple, GetCurrentCommandId(true), HEAP_INSERT_FROZEN, NULL);
	insert_index_entries(rel, tuple, values, isnull);
	XLogFlush(XactLastRecEnd);
	heap_freetuple(tuple);
	store_close(store);
	return draw_no;
}

/*
 * draw_is_over(xid8): has the transaction ended?  One from another cluster (a
 * dump was restored) has.
 */
Datum
consent_draw_is_over(PG_FUNCTION_ARGS)
{
	FullTransactionId xid = PG_GETARG_FULLTRANSACTIONID(0);
	FullTransactionId next = ReadNextFullTransactionId();

	if (!FullTransactionIdPrecedes(xid, next) ||
		U64FromFullTransactionId(next) - U64FromFullTransactionId(xid) > PG_INT32_MAX)
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(!TransactionIdIsInProgress(XidFromFullTransactionId(xid)));
}

/* ---- parts ---- */

static void
part_from_tuple(Store *store, HeapTuple tuple, RunPart *part)
{
	bool		isnull;

	part->part = DatumGetInt64(store_get(store, tuple, Anum_run_part_part, &isnull));
	part->event_id = DatumGetInt64(store_get(store, tuple, Anum_run_part_event_id, &isnull));
	part->recorded_at = DatumGetTimestampTz(store_get(store, tuple, Anum_run_part_recorded_at, &isnull));
	part->uses = DatumGetInt64(store_get(store, tuple, Anum_run_part_uses, &isnull));
	part->tables = run_text_array(store_get(store, tuple, Anum_run_part_tables, &isnull),
								  &part->ntables);
}

RunPart *
run_parts_between(Store *store, int64 run_id, int64 first, int64 last,
				  Snapshot snapshot, int *nparts)
{
	int			allocated = 8;
	RunPart    *parts = palloc(allocated * sizeof(RunPart));
	ScanKeyData keys[3];
	StoreScan  *scan;
	HeapTuple	tuple;

	*nparts = 0;
	store_key_int8(&keys[0], Anum_run_part_run_id, run_id);
	store_key_int8_from(&keys[1], Anum_run_part_part, first);
	ScanKeyInit(&keys[2], Anum_run_part_part, BTLessEqualStrategyNumber, F_INT8LE, Int64GetDatum(last));
	scan = store_scan_again(store, "run_part_pkey", snapshot, lengthof(keys), keys);
	while ((tuple = store_next(scan)) != NULL)
	{
		if (*nparts == allocated)
		{
			allocated *= 2;
			parts = repalloc_huge(parts, allocated * sizeof(RunPart));
		}
		part_from_tuple(store, tuple, &parts[(*nparts)++]);
	}
	return parts;
}

RunPart *
run_parts(int64 run_id, Snapshot snapshot, int *nparts)
{
	Store	   *store = store_open("run_part", AccessShareLock);
	RunPart    *parts = run_parts_between(store, run_id, PG_INT64_MIN, PG_INT64_MAX, snapshot, nparts);

	store_close(store);
	return parts;
}

static StoreScan *
scan_draws(Store *store, int64 run_id, Snapshot snapshot)
{
	ScanKeyData key;

	store_key_int8(&key, Anum_run_draw_run_id, run_id);
	return store_scan(store, "run_draw_pkey", snapshot, 1, &key);
}

void
run_copy_draws(int64 run_id, Snapshot snapshot, StringInfo out)
{
	Store	   *store = store_open("run_draw", AccessShareLock);
	StoreScan  *scan = scan_draws(store, run_id, snapshot);
	PartHash   *copy = part_copy_begin(out);
	HeapTuple	tuple;

	while ((tuple = store_next(scan)) != NULL)
		part_hash_draw(copy, store, tuple);
	store_end(scan);
	store_close(store);
}

int
run_missing_parts(int64 run_id, Snapshot snapshot, const RunPart *parts, int nparts,
				  const uint8 *salt, uint8 *hash)
{
	Store	   *store = store_open("run_draw", AccessShareLock);
	PartHash   *draws = part_hash_begin(salt);
	int			missing = 0;
	int			next = 0;
	StoreScan  *scan = scan_draws(store, run_id, snapshot);
	HeapTuple	tuple;

	while ((tuple = store_next(scan)) != NULL)
	{
		bool		isnull;
		int64		draw_no = DatumGetInt64(store_get(store, tuple, Anum_run_draw_draw_no, &isnull));

		part_hash_draw(draws, store, tuple);
		while (next < nparts && parts[next].part < draw_no)
			next++;
		if (next == nparts || parts[next].part != draw_no)
			missing++;
	}
	part_hash_end(draws, hash);
	store_end(scan);
	store_close(store);
	return missing;
}
