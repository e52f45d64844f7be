/*
 * lookup.h
 *		Rows of a protected table by their keys, read with the caller's rights.
 */
#ifndef USE_LOOKUP_H
#define USE_LOOKUP_H

#include "utils/array.h"
#include "datatype/timestamp.h"

#include "ledger/declared.h"

/* One row found. Strings are good until the callback returns. */
typedef struct FoundRow
{
	const char *row_key;
	int			row_key_len;
	int			nparties;
	const char **parties;		/* NULL: the column is */
	bool		has_collected;
	TimestampTz collected;
} FoundRow;

typedef void (*FoundCallback) (const FoundRow *row, void *arg);

/*
 * Call back for each row of the table whose key is in the array (text[], each
 * once, no NULLs).  A row may come twice where two texts name it.  False if
 * the table does not exist here.
 */
extern bool lookup_rows(const ProtectedTable *table, ArrayType *keys,
						FoundCallback found, void *arg);

#endif
