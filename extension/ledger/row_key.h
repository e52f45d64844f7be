/*
 * row_key.h
 *		Row keys as text: how they are written, and which a table can have.
 */
#ifndef LEDGER_ROW_KEY_H
#define LEDGER_ROW_KEY_H

#include "ledger/declared.h"

/* The types of a table's row key columns, beneath domains. */
typedef struct RowKeyTypes
{
	int			n;
	Oid		   *types;
} RowKeyTypes;

/* The text of a key: of one column the text itself, else an array literal. */
extern char *row_key_join(int n, char **parts);

/* The columns must be there. */
extern RowKeyTypes row_key_types(Oid relid, const ProtectedTable *table);

/*
 * Is this the canonical text of a key of such columns?  Any other text is the
 * key of no row, and could not even be compared with them.
 */
extern bool row_key_is_possible(const RowKeyTypes *types, const char *key);

/* ERROR 22023 for what can be no key of this table, where the table is. */
extern void row_key_check(const ProtectedTable *table, const char *key);

#endif
