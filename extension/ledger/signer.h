/*
 * signer.h
 *		The ledger's private keys, in files outside the data directory.
 */
#ifndef LEDGER_SIGNER_H
#define LEDGER_SIGNER_H

#include "ledger/declared.h"

/* The name of a key, palloc'd, and what it signs as consent.key says it. */
extern char *signer_key_name(const char *origin, KeyRole role);
extern const char *signer_role_name(KeyRole role);

/*
 * Make the three key files, or adopt valid ones that are there already; for a
 * test ledger always new ones, in files that no other ledger has.  vkeys get
 * the palloc'd public parts as note verifier keys.
 */
extern void signer_create_keys(const char *origin, bool test, char *vkeys[KEY_ROLES]);

/*
 * The same for the log alone, where it goes on under an origin of its own;
 * returns the public part.
 */
extern char *signer_create_log_key(const Declared *d, const char *log_origin);

/*
 * The file beside the keys that holds the last signed checkpoint, palloc'd; with
 * the suffix, that about its last seal.
 */
#define LAST_SEAL_SUFFIX ".seal"
extern char *signer_checkpoint_path(const Declared *d, const char *log_origin);

/*
 * Make another key, in a file named by its id, which goes if the transaction
 * aborts.  One for seals waits until no transaction is left that has sealed, and
 * keeps others from it.  change gets the palloc'd note that both keys have
 * signed; returns the palloc'd public part.  Until consent.key has it the old
 * one signs.
 */
extern char *signer_rotate(const Declared *d, KeyRole role, char **change);

/* Sign with the checkpoint key that a verifier key names, which may be an older one. */
extern char *signer_sign_checkpoint(const Declared *d, const char *vkey, const char *text);

/* Whoever seals holds the key to the end of the transaction. */
extern void signer_hold_seal_key(void);

/* consent.key has other rows: everybody reads them anew once this is committed. */
extern void signer_keys_changed(void);

/* Is the file with the key that signs checkpoints here? */
extern bool signer_has_keys(const Declared *d);

/* The name in a verifier key, palloc'd. */
extern char *signer_vkey_name(const char *vkey);

/* The newest public parts, and the first one of checkpoints; NULL for what is not there. */
extern void signer_read_keys(const char *vkeys[KEY_ROLES], const char **first_vkey);

/* Delete the files of a test ledger once the transaction commits. */
extern void signer_remove_keys(const Declared *d);

/*
 * Sign a note's text with one of the keys; the palloc'd signed note.  Loads
 * the key at first use, and again when the ledger is another one.  ERROR where
 * the file holds another key than the ledger's: nobody could verify the note.
 */
extern char *signer_sign(const Declared *d, KeyRole role, const char *text);

/*
 * Cosign the text of somebody's checkpoint with the witness key, at a time in
 * seconds since 1970: the palloc'd signature line, or NULL if the text is none
 * that is cosigned.
 */
extern char *signer_cosign(const Declared *d, const char *text, size_t len, uint64 time);

/* Forget the keys loaded by this backend. */
extern void signer_forget(void);

extern void signer_init(void);

#endif
