/*
 * protect.h
 *		Declarations of protected tables, first and renamed.
 */
#ifndef GATE_PROTECT_H
#define GATE_PROTECT_H

#include "ledger/declared.h"

/*
 * Record a table's declaration as an event of this kind (table_protected or
 * table_renamed) and as the newest row of its name; returns the event's id.
 * The caller holds the lock of ledger_lock_declarations().
 */
extern int64 protect_declare(const char *kind, const ProtectedTable *table);

extern const char *protect_rule_name(PartyRule rule);

#endif
