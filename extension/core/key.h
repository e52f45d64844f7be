/*
 * key.h
 *		Ed25519 keys (RFC 8032), and private ones in PEM files (PKCS #8).
 */
#ifndef CL_KEY_H
#define CL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_PUBLIC_BYTES 32
#define CL_SIGNATURE_BYTES 64

/* A private key in memory. */
typedef struct evp_pkey_st cl_key;

typedef enum cl_key_status
{
	CL_KEY_OK,
	CL_KEY_MISSING,				/* no such file */
	CL_KEY_EXISTS,				/* there is a file already */
	CL_KEY_IO,					/* errno says why */
	CL_KEY_PERMISSIONS,			/* others than the owner may read it */
	CL_KEY_MALFORMED,			/* not an Ed25519 private key in PEM */
	CL_KEY_CRYPTO				/* libcrypto failed */
} cl_key_status;

extern cl_key_status cl_key_generate(cl_key **key);
extern void cl_key_free(cl_key *key);

/* Read a key from a file that nobody but its owner may read. */
extern cl_key_status cl_key_load(const char *path, cl_key **key);

/* Write a new file with mode 0600, and flush it and its directory to disk. */
extern cl_key_status cl_key_store(const char *path, const cl_key *key);

extern cl_key_status cl_key_public(const cl_key *key, uint8_t public_key[CL_PUBLIC_BYTES]);

extern cl_key_status cl_key_sign(cl_key *key, const void *message, size_t len,
								 uint8_t signature[CL_SIGNATURE_BYTES]);

/* False too for a public key that cl_public_key_valid() refuses. */
extern bool cl_key_verify(const uint8_t public_key[CL_PUBLIC_BYTES],
						  const void *message, size_t len,
						  const uint8_t signature[CL_SIGNATURE_BYTES]);

/*
 * Refuse what does not bind a signer: points of small order, with which one
 * signature verifies for any message, and encodings that are not canonical.
 */
extern bool cl_public_key_valid(const uint8_t public_key[CL_PUBLIC_BYTES]);

#endif
