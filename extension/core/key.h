/*
 * key.h
 *		Ed25519 keys (RFC 8032): made, kept in files, signing and verifying.
 *
 * Files are PEM PKCS#8, not encrypted, readable by their owner only.  Public
 * keys that would let one signature fit many texts are refused wherever they
 * come in.
 */
#ifndef CL_KEY_H
#define CL_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_PUBLIC_BYTES 32
#define CL_SIGNATURE_BYTES 64

/* A private key in memory; libcrypto's, so that it comes without wrapping. */
typedef struct evp_pkey_st cl_key;

typedef enum cl_key_status
{
	CL_KEY_OK,
	CL_KEY_MISSING,				/* no such file */
	CL_KEY_EXISTS,				/* there is a file already */
	CL_KEY_IO,					/* errno says why */
	CL_KEY_PERMISSIONS,			/* others than the owner may use the file */
	CL_KEY_MALFORMED,			/* not a private key in PEM, or an encrypted one */
	CL_KEY_WRONG_TYPE,			/* a private key, but not Ed25519 */
	CL_KEY_CRYPTO				/* libcrypto failed */
} cl_key_status;

extern cl_key_status cl_key_generate(cl_key **key);
extern void cl_key_free(cl_key *key);	/* takes NULL */

/*
 * Read a key from a file.  Refused if group or others have any right to it;
 * the file is checked that was opened.
 */
extern cl_key_status cl_key_load(const char *path, cl_key **key);

/*
 * Write a new file with mode 0600.  It is there wholly and on disk, or it is
 * not there: written beside, flushed, linked, the directory flushed.
 */
extern cl_key_status cl_key_store(const char *path, const cl_key *key);

extern cl_key_status cl_key_public(const cl_key *key, uint8_t public_key[CL_PUBLIC_BYTES]);

/* Sign a message: about 25 microseconds. */
extern cl_key_status cl_key_sign(cl_key *key, const void *message, size_t len,
								 uint8_t signature[CL_SIGNATURE_BYTES]);

/*
 * False too for a public key that cl_public_key_valid() refuses, and where
 * libcrypto fails.  About 70 microseconds.
 */
extern bool cl_key_verify(const uint8_t public_key[CL_PUBLIC_BYTES],
						  const void *message, size_t len,
						  const uint8_t signature[CL_SIGNATURE_BYTES]);

/*
 * Refuse what does not bind a signer: points of small order, with which one
 * signature verifies for any message, and encodings that are not canonical
 * (RFC 8032 section 5.1.3: y is less than 2^255 - 19).
 */
extern bool cl_public_key_valid(const uint8_t public_key[CL_PUBLIC_BYTES]);

#endif
