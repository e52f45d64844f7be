/*
 * subject.h
 *		Subjects: how their keys are spelt, and where they are found.
 */
#ifndef LEDGER_SUBJECT_H
#define LEDGER_SUBJECT_H

#include "access/htup.h"
#include "common/hashfn.h"

#include "ledger/declared.h"
#include "ledger/store.h"

#define SUBJECT_KEY_MAX 1024	/* bytes */

/*
 * The canonical key of a subject given as text, bigint or uuid (argument type
 * by OID), as a palloc'd C string.  ERROR if the ledger has another subject
 * type or the text is not canonically written.
 */
extern char *subject_key_from_datum(const Declared *d, Datum value, Oid type);

/* The same check for text already at hand; returns nothing, raises. */
extern void subject_check_key(const Declared *d, const char *key, size_t len);

/* One subject's row, as far as asking needs it; copied into the current context. */
typedef struct SubjectRow
{
	int64		subject_no;
	struct Consent *state;
	char	   *jurisdiction;	/* NULL: none stated */
	bool		scoped;			/* has choices about tables or rows */
	bool		erased;			/* found by the hash of her key only: denied */
} SubjectRow;

extern const char *subject_type_name(SubjectType type);

/* For hash tables by subject number. */
static inline uint32
subject_number_hash(int64 subject_no)
{
	return murmurhash32((uint32) subject_no) ^ (uint32) (subject_no >> 32);
}

/* The greatest number that one has under the active snapshot; 0: there is none. */
extern int64 subject_greatest_number(Store *subjects);

/* Read a row of consent.subject. */
extern void subject_row_from_tuple(Store *store, HeapTuple tuple, SubjectRow *row);

/*
 * Find a subject by key under a snapshot: index look-up on the plain table.
 * ERROR where the table is not an ordinary local one.  False if unknown.
 * Somebody erased is found by the hash of her key, and is denied everything.
 */
extern bool subject_find_erased(const char *key, size_t len, Snapshot snapshot, SubjectRow *row);
extern bool subject_find(const char *key, size_t len, Snapshot snapshot, SubjectRow *row);

/* Does the active snapshot show that the subject of this key was erased, and nobody came back? */
extern bool subject_is_erased(const Declared *d, const char *key);

/* Is this row what is left of the subject who had this key? */
extern bool subject_was_known_as(Store *store, HeapTuple tuple, const char *key);

/* The keyed hash that is left of an erased key (docs/FORMAT.md). */
#define SUPPRESSION_BYTES 32
extern bytea *subject_suppression_key(Snapshot snapshot);
extern void subject_suppression(bytea *secret, const char *key, size_t len, uint8 *hash);

/* Commitments of events to such a hash, and to the key of all of them. */
extern void subject_commit_suppression(bytea *secret, int64 subject_no, bytea *hash, uint8 *commitment);
extern void subject_commit_suppression_key(bytea *secret, const char *origin, uint8 *commitment);

#endif
