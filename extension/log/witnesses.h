/*
 * witnesses.h
 *		Those who watch the log: whom the ledger has registered.
 */
#ifndef LOG_WITNESSES_H
#define LOG_WITNESSES_H

#include "utils/snapshot.h"

#include "core/note.h"
#include "ledger/store.h"

/*
 * The keys in a column of verifier keys of one of our tables, in the current
 * context; *n gets how many.  Rows may be limited to those where a column of
 * text has a value (attno 0: all).
 */
extern cl_verifier *witnesses_read_keys(const char *table, AttrNumber vkey_attno,
										AttrNumber attno, const char *value,
										Snapshot snapshot, int *n);

#endif
