/*
 * hash.h
 *		SHA-256 (FIPS 180-4), HMAC (RFC 2104) commitments, random bytes.
 *
 * All through libcrypto's EVP, with the algorithm fetched once in a process.
 * The one-shot functions share one context and are meant for one thread, as
 * is the rest of the core.  Each returns CL_OK, or CL_ERROR where libcrypto
 * fails; the output then means nothing.
 */
#ifndef CL_HASH_H
#define CL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/encode.h"

#define CL_OK 0
#define CL_ERROR (-1)
#define CL_HASH_BYTES 32

/* A hash; an array of them is their bytes, one after another. */
typedef uint8_t cl_hash[CL_HASH_BYTES];

/* Bytes to be hashed, one part of several. */
typedef struct cl_part
{
	const void *data;
	size_t		len;
} cl_part;

/* SHA-256 of the parts one after another.  Linear. */
extern int	cl_sha256(const cl_part *parts, int n, uint8_t *out);

/*
 * SHA-256 of what comes piece by piece.  After finish the hasher begins anew.
 * NULL where there is no memory; free takes NULL.
 */
typedef struct cl_hasher cl_hasher;
extern cl_hasher *cl_hasher_new(void);
extern int	cl_hasher_add(cl_hasher *hasher, const void *data, size_t len);
extern int	cl_hasher_finish(cl_hasher *hasher, uint8_t *out);
extern void cl_hasher_free(cl_hasher *hasher);

/* HMAC-SHA-256 of the parts one after another.  Linear, four compressions more. */
extern int	cl_hmac(const void *key, size_t key_len, const cl_part *parts, int n,
					uint8_t *out);

/*
 * A commitment: HMAC-SHA-256 under a salt of the parts, each preceded by its
 * length as eight bytes, big-endian, so that parts cannot run into each other.
 * The cost of cl_hmac.
 */
#define CL_COMMIT_SUBJECT "consent_ledger/subject/v1"
#define CL_COMMIT_EVIDENCE "consent_ledger/evidence/v1"
#define CL_COMMIT_SUPPRESSION "consent_ledger/suppression/v1"
#define CL_COMMIT_SUPPRESSED "consent_ledger/suppressed/v1"
#define CL_COMMIT_SUPPRESSION_KEY "consent_ledger/suppression_key/v1"
extern int	cl_commit(const void *salt, size_t salt_len, const cl_part *parts,
					  int n, uint8_t *out);

/*
 * Fill with random bytes, by libcrypto's generator for secrets.  A microsecond
 * a call: who needs thousands asks for many at once.
 */
extern int	cl_random(void *out, size_t len);

/* Compare secrets in a time that depends on len only. */
extern bool cl_secret_equal(const void *a, const void *b, size_t len);

#endif
