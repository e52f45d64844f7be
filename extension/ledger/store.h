/*
 * store.h
 *		Direct access to the ledger's own tables.
 *
 * The ledger writes its tables through the heap and index access methods:
 * no query, no trigger, no privilege check, so that the guards on the tables
 * can refuse everybody else, and EXECUTE on a function is the whole privilege.
 */
#ifndef LEDGER_STORE_H
#define LEDGER_STORE_H

#include "access/genam.h"
#include "access/htup.h"
#include "access/skey.h"
#include "utils/rel.h"
#include "utils/snapshot.h"

typedef struct Store Store;

/* The OID of one of our relations (table, index, sequence); error if absent. */
extern Oid	store_relid(const char *name);

/* Open a table of schema consent for reading, or for writing too. */
extern Store *store_open(const char *table, LOCKMODE lockmode);
extern void store_close(Store *store);	/* keeps the lock until commit */
extern Relation store_relation(Store *store);

/*
 * Insert one row, or queue rows and write them together; a queue that is full
 * writes itself.  A violated unique constraint raises the server's own error.
 */
extern void store_insert(Store *store, const Datum *values, const bool *isnull);
extern void store_queue(Store *store, const Datum *values, const bool *isnull);
extern void store_flush(Store *store);

/*
 * Insert rows together, each index being written by itself and, where it begins
 * with a number, in the order of that.
 */
typedef struct StoreRow
{
	const Datum *values;
	const bool *isnull;
} StoreRow;
extern void store_insert_rows(Store *store, const StoreRow *rows, int n);

/*
 * Let store_insert_rows() raise an error of one's own where a key of this unique
 * index is there by the time its writer is done, who is waited for.  It is told
 * the number of the row; the transaction is at its end, and it must not look at
 * tables.
 */
typedef void (*StoreRefuse) (void *arg, int row);
extern void store_refuse_with(Store *store, const char *index, StoreRefuse refuse, void *arg);

/*
 * The same in a subtransaction.  False, and nothing was written, if a unique key
 * is there already or by the time its writer is done, who is waited for.  Not
 * while a transaction or subtransaction ends.
 */
extern bool store_try_rows(Store *store, const StoreRow *rows, int n);

/* How many rows store_queue_try() takes before store_try_flush() is due. */
#define STORE_QUEUE_MAX 512

/*
 * Write the queue in order, until a row whose unique key is there already or
 * about to be: that one and those after it are not inserted.  Returns how many
 * were.  store_await() waits until nobody is about to insert a row with these
 * keys.
 */
extern void store_queue_try(Store *store, const Datum *values, const bool *isnull);
extern int	store_try_flush(Store *store);
extern void store_await(Store *store, const char *index, int nkeys, ScanKey keys);

/*
 * Scan by an index, named without schema, on its leading columns (attribute
 * numbers of the table in keys).  NULL index: sequential.
 */
typedef struct StoreScan StoreScan;
extern StoreScan *store_scan(Store *store, const char *index, Snapshot snapshot,
							 int nkeys, ScanKey keys);
extern void store_rescan(StoreScan *scan, ScanKey keys);
extern HeapTuple store_next(StoreScan *scan);	/* NULL at the end; valid until the next call */
extern HeapTuple store_previous(StoreScan *scan);	/* by an index, from its end */
extern void store_end(StoreScan *scan);

/*
 * A scan by an index that the store keeps, for the next one that differs from
 * it in what its keys are compared with only.  The store ends it.
 */
extern StoreScan *store_scan_again(Store *store, const char *index, Snapshot snapshot,
								   int nkeys, ScanKey keys);

/*
 * The row at a place where one was found under an earlier snapshot of this
 * transaction, if what is there is visible; NULL if not, or if the row moved.
 * By now it may be another row.  Valid until the next call.
 */
extern HeapTuple store_row_at(Store *store, ItemPointer place, Snapshot snapshot);

/* Equality keys on the table's columns; _from: for what is not below a value. */
extern void store_key_int8(ScanKey key, AttrNumber attno, int64 value);
extern void store_key_int8_from(ScanKey key, AttrNumber attno, int64 least);
extern void store_key_int2(ScanKey key, AttrNumber attno, int16 value);
extern void store_key_text(ScanKey key, AttrNumber attno, const char *value, size_t len);
extern void store_key_text_from(ScanKey key, AttrNumber attno, const char *least, size_t len);
extern void store_key_bytea(ScanKey key, AttrNumber attno, bytea *value);
extern void store_key_isnull(ScanKey key, AttrNumber attno);

extern Datum store_get(Store *store, HeapTuple tuple, AttrNumber attno, bool *isnull);

/*
 * Replace a row.  Waits for whoever holds it; false if it was changed
 * meanwhile (read it again with a newer snapshot and retry).
 */
extern bool store_update(Store *store, HeapTuple old, const Datum *values,
						 const bool *isnull, const bool *replace);

/* Lock a row against other writers; false if it was changed meanwhile. */
extern bool store_lock(Store *store, HeapTuple tuple);

extern void store_delete(Store *store, HeapTuple tuple);

/* Draw from a sequence (a number that ROLLBACK does not give back). */
extern int64 store_nextval(Oid sequence);

/* A snapshot that shows what is committed now and what we did so far. */
extern void store_push_latest_snapshot(void);
extern void store_pop_snapshot(void);

#endif
