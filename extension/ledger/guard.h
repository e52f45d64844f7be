/*
 * guard.h
 *		The ledger is append-only.
 */
#ifndef LEDGER_GUARD_H
#define LEDGER_GUARD_H

#define EXTENSION_NAME "consent_ledger"
#define GUARD_EVENT_TRIGGER "consent_ledger_guard"
#define GUARD_TRIGGER "append_only"

extern void guard_init(void);

#endif
