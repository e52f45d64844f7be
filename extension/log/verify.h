/*
 * verify.h
 *		What verify() consists of: each part compares stored tables with what
 *		was sealed, in bounded memory, and reports findings.
 */
#ifndef LOG_VERIFY_H
#define LOG_VERIFY_H

#include "access/htup.h"
#include "datatype/timestamp.h"
#include "utils/snapshot.h"
#include "utils/tuplestore.h"

#include "core/note.h"
#include "ledger/store.h"
#include "log/log_keys.h"

/* A key for seals, and which of them it signs: those numbered after the seal of its rotation. */
typedef struct SealKey
{
	cl_verifier verifier;
	int64		after;
	int64		leaf;			/* of that seal; -1: none */
	int64		trusted;		/* revoked: signs leaves below; PG_INT64_MAX: it is not */
} SealKey;

/* Workers get a copy; of what pointers lead to only origin, seal_keys and suppression_key. */
typedef struct Verify
{
	Tuplestorestate *findings;	/* NULL: they are only counted */
	TupleDesc	desc;
	Snapshot	snapshot;		/* one for everything */
	char	   *origin;			/* as the ledger's first event says */
	SealKey    *seal_keys;		/* each one introduced by that before it */
	int			nseal_keys;
	LogKeys		log_keys;		/* the same for checkpoints */
	struct HTAB *declared;		/* event ids of the rows of what was declared */
	int64		last_declaration;
	Oid			function;		/* verify() itself */
	struct HTAB *used;			/* subjects of uses; see verify_take_used() */
	bool		test;			/* a ledger for tests */
	bool		has_row;		/* in consent.ledger */
	bytea	   *suppression_key;
	int64		since;			/* leaves that a checkpoint covers and need no look; 0: all do */
	int64		first_seal;		/* the least number of a seal that needs one */
	struct HTAB *runs;			/* that events since tell of; NULL: all */
	int64		last_seal;		/* greatest numbers that are taken */
	int64		last_subject;
	int64		last_draw;
	int64		nfindings;
	MemoryContext scratch;		/* lives for one row */
	TimestampTz started;
	TimestampTz reported;
} Verify;

/*
 * Report a finding: what kind of thing, which one, what was sealed and what is
 * stored.  NULL stands for SQL's NULL.
 */
extern void verify_finding(Verify *v, const char *kind, const char *thing,
						   const char *expected, const char *found);

/*
 * Tell every ten seconds how far a pass is, and be cancellable; report: asked
 * so rarely that the clock is looked at each time.
 */
extern void verify_progress(Verify *v, const char *what, int64 done);
extern void verify_report(Verify *v, const char *what, int64 done);

/* The text of a stored value, as events write it; NULL for NULL. */
extern char *verify_text(Datum value, bool isnull, Oid type);
extern char *verify_column_text(Store *store, HeapTuple tuple, AttrNumber attno);
extern const char *verify_column_name(Store *store, AttrNumber attno);

/* Equal texts, or both NULL. */
extern bool verify_same(const char *a, const char *b);

/*
 * All rows of a table, ordered by columns: by the index that has them, or by
 * sorting where somebody did away with the index.
 */
typedef struct VerifyScan VerifyScan;
extern VerifyScan *verify_scan(Verify *v, const char *table, const char *index,
							   int ncolumns, const AttrNumber *columns);
extern VerifyScan *verify_scan_from(Verify *v, const char *table, const char *index,
									int ncolumns, const AttrNumber *columns, int64 from); /* the first, a bigint, not below */
extern HeapTuple verify_next(VerifyScan *scan);	/* NULL at the end; valid until the next call */
extern Store *verify_store(VerifyScan *scan);
extern void verify_end(VerifyScan *scan);
extern bool verify_by_index(VerifyScan *scan);	/* is the index as it was made? */
extern bool verify_has_index(const char *table, const char *index, int ncolumns,
							 const AttrNumber *columns);

/* A bigint column of the row at hand; PG_INT64_MAX where it is NULL or there is no row. */
extern int64 verify_number(VerifyScan *scan, HeapTuple tuple, AttrNumber attno);
extern bool verify_is(VerifyScan *scan, HeapTuple tuple, AttrNumber attno, int64 number);

/* Rows by key, by the index or by going through the table. */
extern StoreScan *verify_look_up(Verify *v, Store *store, const char *index,
								 int nkeys, ScanKey keys);

/* Is an index valid, and leaves out no rows but those whose column is NULL? */
extern bool verify_index_is_whole(Relation index);

/* Check the note that `since` gives, and find since and first_seal. */
extern void verify_since(Verify *v, const char *note);

/* The parts, in this order. */
extern void verify_guards(Verify *v);
extern bool verify_tables(Verify *v);	/* false: they cannot be read */
extern void verify_ledger(Verify *v);	/* finds origin, seal_keys, test, suppression_key */
extern void verify_declarations(Verify *v); /* finds declared */
extern void verify_seals(Verify *v);
extern void verify_last_declaration(Verify *v);
extern void verify_runs(Verify *v);	/* finds used */
extern void verify_subjects(Verify *v);
extern void verify_log(Verify *v);
extern void verify_bounds(Verify *v);

extern void verify_sequences(Verify *v);	/* after all that finds which numbers are taken */

/* Called for each event by verify_seals(): has a declaration, has a run its row? */
extern void verify_declared_event(Verify *v, const Datum *values, const bool *isnull);
extern void verify_run_event(Verify *v, const Datum *values, const bool *isnull);

/* Was this subject used by a run and not taken yet?  Those left have no row. */
extern bool verify_take_used(Verify *v, int64 subject_no);
extern void verify_rest_of_used(Verify *v);

#endif
