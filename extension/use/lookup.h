/*
 * lookup.h
 *		Rows of a protected table by their keys.
 */
#ifndef USE_LOOKUP_H
#define USE_LOOKUP_H

#include "datatype/timestamp.h"

#include "ledger/declared.h"
#include "use/strangers.h"

/* One row found. Strings are good until the callback returns. */
typedef struct FoundRow
{
	int32		place;			/* of its key, among those asked for */
	const char *row_key;
	int			row_key_len;
	int			nparties;
	const char **parties;		/* NULL: the column is */
	bool		has_collected;
	TimestampTz collected;
} FoundRow;

typedef void (*FoundCallback) (const FoundRow *row, void *arg);

/*
 * The table as it was declared.  If it or a column of the declaration is gone:
 * InvalidOid, or ERROR 42P01 or 42703 that names it.
 */
extern Oid	lookup_relation(const ProtectedTable *table, bool missing_ok);

/* Call back for each row whose key is one of these; where keys are not unique, for all. */
extern void lookup_rows(Oid relid, const ProtectedTable *table, const Strangers *keys,
						FoundCallback found, void *arg);

#endif
