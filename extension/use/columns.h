/*
 * columns.h
 *		Rows to be asked about: given by their columns, as a whole, or found.
 */
#ifndef USE_COLUMNS_H
#define USE_COLUMNS_H

#include "fmgr.h"

#include "use/ask.h"
#include "use/lookup.h"

/*
 * From arguments n (table_name), n + 1 (row_key: text or bigint), n + 2
 * (parties: text[], bigint[] or uuid[]) and n + 3 (collected_at).  Of functions
 * that have parties_support() parties may be apart.  All of these live in the
 * current memory context.
 */
extern void row_from_arguments(FunctionCallInfo fcinfo, int n, bool apart, AskRow *row);

/* From a whole row of a protected table. */
extern void row_from_item(Datum item, AskRow *row);

/* From a row found by its key. */
extern void row_from_found(const ProtectedTable *table, const FoundRow *found, AskRow *row);

/*
 * Call back for each use that a row is, once it was asked about: one for each
 * party, or one for nobody.  The key is given for subjects unknown to the
 * ledger, else NULL.
 */
typedef void (*UseCallback) (const UseEntry *entry, const char *subject_key, void *arg);
extern void row_uses(const AskRow *row, UseCallback use, void *arg);

#endif
