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

/* Insert rows; a violated unique constraint raises the server's own error. */
extern void store_insert(Store *store, const Datum *values, const bool *isnull);

/* The same for many at once: queued, written when full or by store_flush. */
extern void store_queue(Store *store, const Datum *values, const bool *isnull);
extern void store_flush(Store *store);

/*
 * Insert unless a unique key is there already or about to be; then nothing is
 * inserted and false comes back.  The caller waits for and reads the other's
 * row with store_await().
 */
extern bool store_try_insert(Store *store, const Datum *values, const bool *isnull);

/*
 * Scan by an index, named without schema, on its leading columns (attribute
 * numbers of the table in keys).  NULL index: sequential.
 */
typedef struct StoreScan StoreScan;
extern StoreScan *store_scan(Store *store, const char *index, Snapshot snapshot,
							 int nkeys, ScanKey keys);
extern HeapTuple store_next(StoreScan *scan);	/* NULL at the end */
extern void store_end(StoreScan *scan);

/* Equality keys on the table's columns. NULL searches `IS NULL`. */
extern void store_key_int8(ScanKey key, AttrNumber attno, int64 value);
extern void store_key_text(ScanKey key, AttrNumber attno, const char *value, size_t len);
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

/* Draw from one of our sequences (a number that ROLLBACK does not give back). */
extern int64 store_nextval(const char *sequence);

/* A snapshot that shows what is committed now and what we did so far. */
extern void store_push_latest_snapshot(void);
extern void store_pop_snapshot(void);

#endif
