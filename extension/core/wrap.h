/*
 * wrap.h
 *		Bytes that pass through hands that are to read nothing in them and to
 *		change nothing.
 *
 * Deterministic authenticated encryption: a tag, HMAC-SHA-256 of the bytes cut
 * to 16, which is also the initial counter of AES-256 in counter mode (the SIV
 * construction of RFC 5297 with another PRF).  Equal bytes give equal wrapped
 * ones, which tells that they are equal, and nothing else but their length.
 */
#ifndef CL_WRAP_H
#define CL_WRAP_H

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

#define CL_WRAP_TAG_BYTES 16

typedef struct cl_wrap_key
{
	uint8_t		mac[CL_HASH_BYTES];
	uint8_t		cipher[CL_HASH_BYTES];
} cl_wrap_key;

/* The keys that a secret gives, for one kind of bytes. */
extern int	cl_wrap_derive(const void *secret, size_t len, const char *label, cl_wrap_key *key);

/* To wrapped[len + CL_WRAP_TAG_BYTES]; at most INT_MAX bytes.  Linear. */
extern int	cl_wrap(const cl_wrap_key *key, const void *plain, size_t len, uint8_t *wrapped);

/* To plain[len - CL_WRAP_TAG_BYTES].  CL_FORGED unless the bytes are as they were wrapped. */
#define CL_FORGED (-2)
extern int	cl_unwrap(const cl_wrap_key *key, const void *wrapped, size_t len, uint8_t *plain);

#endif
