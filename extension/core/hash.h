/*
 * hash.h
 *		SHA-256 (FIPS 180-4), HMAC (RFC 2104) commitments, hex and base64
 *		(RFC 4648), random bytes.
 */
#ifndef CL_HASH_H
#define CL_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_OK 0
#define CL_ERROR (-1)
#define CL_HASH_BYTES 32

/* Bytes to be hashed, one part of several. */
typedef struct cl_part
{
	const void *data;
	size_t		len;
} cl_part;

/* SHA-256 of the parts one after another. CL_OK, or CL_ERROR from libcrypto. */
extern int	cl_sha256(const cl_part *parts, int n, uint8_t *out);

/* HMAC-SHA-256 of the parts one after another. */
extern int	cl_hmac(const void *key, size_t key_len, const cl_part *parts, int n,
					uint8_t *out);

/*
 * A commitment: HMAC-SHA-256 under a salt of the parts, each preceded by its
 * length as eight bytes, big-endian, so that parts cannot run into each other.
 */
extern int	cl_commit(const void *salt, size_t salt_len, const cl_part *parts,
					  int n, uint8_t *out);

extern int	cl_random(void *out, size_t len);

/* Lower-case hexadecimal, with a NUL: 2 * len + 1 bytes. */
extern void cl_hex_encode(const uint8_t *bytes, size_t len, char *out);

/* Standard base64 with padding, with a NUL: CL_BASE64_SIZE(len) bytes. */
#define CL_BASE64_SIZE(len) (((len) + 2) / 3 * 4 + 1)
extern size_t cl_base64_encode(const uint8_t *bytes, size_t len, char *out);

/* Strict: padding required, no white space. The number of bytes, or -1. */
extern long cl_base64_decode(const char *text, size_t len, uint8_t *out, size_t cap);

#endif
