/*
 * keys.h
 *		The ledger's public keys, as consent.key has them.
 */
#ifndef LEDGER_KEYS_H
#define LEDGER_KEYS_H

#include "ledger/declared.h"

/* Add a key, which is in force from now on.  The caller holds the lock of ledger_lock_declarations(). */
extern void key_insert(KeyRole role, const char *name, const char *vkey, int64 event_id);

#endif
