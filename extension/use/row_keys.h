/*
 * row_keys.h
 *		Which texts can be row keys of a table?
 */
#ifndef USE_ROW_KEYS_H
#define USE_ROW_KEYS_H

#include "ledger/declared.h"

/* The types of a table's row key columns, beneath domains. */
typedef struct KeyTypes
{
	int			n;
	Oid		   *types;
} KeyTypes;

/* The columns must be there. */
extern KeyTypes key_types(Oid relid, const ProtectedTable *table);

/*
 * Is this the canonical text of a key of such columns?  Any other text is the
 * key of no row, and could not even be compared with them.
 */
extern bool key_is_possible(const KeyTypes *types, const char *key);

#endif
