/*
 * reset.c
 *		Empty a ledger that was made for tests.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"

/* The names of all tables of our schema. */
static List *
list_tables(void)
{
	Relation	class = table_open(RelationRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *names = NIL;

	ScanKeyInit(&key, Anum_pg_class_relnamespace, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(get_namespace_oid(LEDGER_SCHEMA, false)));
	scan = systable_beginscan(class, InvalidOid, false, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class row = (Form_pg_class) GETSTRUCT(tuple);

		if (row->relkind == RELKIND_RELATION)
			names = lappend(names, pstrdup(NameStr(row->relname)));
	}
	systable_endscan(scan);
	table_close(class, AccessShareLock);
	return names;
}

/*
 * Delete all rows.  Sequences go on: a number that was once used by an event
 * of this ledger is never that of another.
 */
static int64
empty_table(const char *name)
{
	Store	   *store = store_open(name, ShareRowExclusiveLock);
	StoreScan  *scan;
	HeapTuple	tuple;
	int64		count = 0;

	store_push_latest_snapshot();
	scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	while ((tuple = store_next(scan)) != NULL)
	{
		store_delete(store, tuple);
		count++;
	}
	store_end(scan);
	store_pop_snapshot();
	store_close(store);
	return count;
}

PG_FUNCTION_INFO_V1(consent_reset_ledger);

/* SQL: reset_ledger(). */
Datum
consent_reset_ledger(PG_FUNCTION_ARGS)
{
	const Declared *declared = ledger_lock_declarations();
	ListCell   *cell;

	if (!declared->test)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("ledger \"%s\" is not one for tests", declared->origin),
				 errdetail("Only a ledger made with create_ledger(origin, subject_type, test => true) can be emptied.")));
	signer_remove_keys(declared);
	foreach(cell, list_tables())
		empty_table(lfirst(cell));
	PG_RETURN_VOID();
}
