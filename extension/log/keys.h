/*
 * keys.h
 *		The ledger's public keys, as the log uses them.
 */
#ifndef LOG_KEYS_H
#define LOG_KEYS_H

#include "core/note.h"
#include "ledger/signer.h"

/* The key of this role of an origin that was declared last; error if there is none. */
extern void keys_find(const char *origin, KeyRole role, cl_verifier *verifier);

#endif
