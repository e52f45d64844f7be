/*
 * verify_scan.c
 *		All rows of a table in order, whatever became of its indexes.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/tuplesort.h"
#include "utils/typcache.h"

#include "ledger/tables.h"
#include "log/verify.h"

struct VerifyScan
{
	Store	   *store;
	StoreScan  *by_index;
	Tuplesortstate *sorted;
	TupleTableSlot *slot;		/* of a sorted scan */
	MemoryContext context;		/* an index scan allocates as it goes */
	MemoryContext row;			/* the current row of a sorted scan */
};

bool
verify_index_is_whole(Relation index)
{
	Form_pg_index form = index->rd_index;
	List	   *predicate = RelationGetIndexPredicate(index);

	return form->indisvalid && form->indisready && form->indislive &&
		(predicate == NIL ||
		 (list_length(predicate) == 1 && IsA(linitial(predicate), NullTest) &&
		  linitial_node(NullTest, predicate)->nulltesttype == IS_NOT_NULL));
}

/* Is the index there, whole, and on these columns of the table, or begins with them? */
static bool
index_is_sound(Relation table, const char *name, int ncolumns, const AttrNumber *columns)
{
	Oid			relid = get_relname_relid(name, RelationGetNamespace(table));
	Relation	index;
	Form_pg_index form;
	bool		sound;

	if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_INDEX)
		return false;
	index = index_open(relid, AccessShareLock);
	form = index->rd_index;
	sound = form->indrelid == RelationGetRelid(table) && verify_index_is_whole(index) &&
		IndexRelationGetNumberOfKeyAttributes(index) >= ncolumns;
	for (int i = 0; sound && i < ncolumns; i++)
		sound = form->indkey.values[i] == columns[i] && index->rd_indoption[i] == 0;
	index_close(index, AccessShareLock);
	return sound;
}

static Tuplesortstate *
begin_sort(TupleDesc desc, int n, const AttrNumber *columns)
{
	Oid		   *operators = palloc(n * sizeof(Oid));
	Oid		   *collations = palloc(n * sizeof(Oid));
	bool	   *nulls_first = palloc0(n * sizeof(bool));

	for (int i = 0; i < n; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, columns[i] - 1);

		operators[i] = lookup_type_cache(att->atttypid, TYPECACHE_LT_OPR)->lt_opr;
		collations[i] = att->attcollation;
	}
	return tuplesort_begin_heap(desc, n, (AttrNumber *) columns, operators,
								collations, nulls_first, work_mem, NULL, TUPLESORT_NONE);
}

static void
sort_table(Verify *v, VerifyScan *scan, int ncolumns, const AttrNumber *columns, int nkeys, ScanKey key)
{
	TupleDesc	desc = RelationGetDescr(store_relation(scan->store));
	TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsHeapTuple);
	StoreScan  *rows = store_scan(scan->store, NULL, v->snapshot, nkeys, key);
	HeapTuple	tuple;

	scan->row = AllocSetContextCreate(CurrentMemoryContext, "consent verify row",
									  ALLOCSET_DEFAULT_SIZES);
	scan->sorted = begin_sort(desc, ncolumns, columns);
	scan->slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
	while ((tuple = store_next(rows)) != NULL)
	{
		ExecStoreHeapTuple(tuple, slot, false);
		tuplesort_puttupleslot(scan->sorted, slot);
	}
	store_end(rows);
	ExecDropSingleTupleTableSlot(slot);
	tuplesort_performsort(scan->sorted);
}

VerifyScan *
verify_scan(Verify *v, const char *table, const char *index, int ncolumns,
			const AttrNumber *columns)
{
	return verify_scan_from(v, table, index, ncolumns, columns, PG_INT64_MIN);
}

VerifyScan *
verify_scan_from(Verify *v, const char *table, const char *index, int ncolumns,
				 const AttrNumber *columns, int64 from)
{
	VerifyScan *scan = palloc0(sizeof(VerifyScan));
	int			nkeys = from > PG_INT64_MIN ? 1 : 0;
	ScanKeyData key;

	store_key_int8_from(&key, columns[0], from);
	scan->context = CurrentMemoryContext;
	scan->store = store_open(table, AccessShareLock);
	if (index_is_sound(store_relation(scan->store), index, ncolumns, columns))
		scan->by_index = store_scan(scan->store, index, v->snapshot, nkeys, &key);
	else
		sort_table(v, scan, ncolumns, columns, nkeys, &key);
	return scan;
}

static HeapTuple
next_sorted(VerifyScan *scan)
{
	if (!tuplesort_gettupleslot(scan->sorted, true, false, scan->slot, NULL))
		return NULL;
	MemoryContextReset(scan->row);
	MemoryContextSwitchTo(scan->row);
	return ExecFetchSlotHeapTuple(scan->slot, false, NULL);
}

HeapTuple
verify_next(VerifyScan *scan)
{
	MemoryContext old = MemoryContextSwitchTo(scan->context);
	HeapTuple	tuple;

	CHECK_FOR_INTERRUPTS();
	tuple = scan->by_index ? store_next(scan->by_index) : next_sorted(scan);
	MemoryContextSwitchTo(old);
	return tuple;
}

Store *
verify_store(VerifyScan *scan)
{
	return scan->store;
}

bool
verify_by_index(VerifyScan *scan)
{
	return scan->by_index != NULL;
}

int64
verify_number(VerifyScan *scan, HeapTuple tuple, AttrNumber attno)
{
	bool		isnull = true;
	Datum		value = tuple ? store_get(scan->store, tuple, attno, &isnull) : (Datum) 0;

	return isnull ? PG_INT64_MAX : DatumGetInt64(value);
}

bool
verify_is(VerifyScan *scan, HeapTuple tuple, AttrNumber attno, int64 number)
{
	bool		isnull = true;
	Datum		value = tuple ? store_get(scan->store, tuple, attno, &isnull) : (Datum) 0;

	return !isnull && DatumGetInt64(value) == number;
}

void
verify_end(VerifyScan *scan)
{
	if (scan->by_index)
		store_end(scan->by_index);
	else
	{
		ExecDropSingleTupleTableSlot(scan->slot);
		tuplesort_end(scan->sorted);
		MemoryContextDelete(scan->row);
	}
	store_close(scan->store);
	pfree(scan);
}

bool
verify_has_index(const char *table, const char *index, int ncolumns, const AttrNumber *columns)
{
	Store	   *store = store_open(table, AccessShareLock);
	bool		sound = index_is_sound(store_relation(store), index, ncolumns, columns);

	store_close(store);
	return sound;
}

StoreScan *
verify_look_up(Verify *v, Store *store, const char *index, int nkeys, ScanKey keys)
{
	AttrNumber	columns[INDEX_MAX_KEYS];

	for (int i = 0; i < nkeys; i++)
		columns[i] = keys[i].sk_attno;
	if (!index_is_sound(store_relation(store), index, nkeys, columns))
		index = NULL;
	return store_scan(store, index, v->snapshot, nkeys, keys);
}
