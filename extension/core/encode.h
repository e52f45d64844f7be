/*
 * encode.h
 *		Bytes as text and numbers as bytes: hex and base64 (RFC 4648), each with
 *		one spelling only, and big-endian integers.
 *
 * All are linear in the input.
 */
#ifndef CL_ENCODE_H
#define CL_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Room for the text of n bytes, with a NUL. */
#define CL_HEX_SIZE(n)		((n) * 2 + 1)
#define CL_BASE64_SIZE(n)	(((n) + 2) / 3 * 4 + 1)

/* A number in so many bytes, the most significant first. */
static inline void
cl_put_big_endian(void *out, uint64_t v, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--, v >>= 8)
		((uint8_t *) out)[i] = (uint8_t) v;
}

static inline uint64_t
cl_get_big_endian(const void *in, int bytes)
{
	uint64_t	v = 0;

	for (int i = 0; i < bytes; i++)
		v = v << 8 | ((const uint8_t *) in)[i];
	return v;
}

/* Lower-case hex, and a NUL: CL_HEX_SIZE(len) bytes. */
extern void cl_hex_encode(const void *data, size_t len, char *out);

/* Read exactly `want` bytes from lower-case hex; false if it is anything else. */
extern bool cl_hex_decode(const char *s, size_t len, void *out, size_t want);

/* Base64 with padding, and a NUL: CL_BASE64_SIZE(len) bytes. Returns the length. */
extern size_t cl_base64_encode(const void *data, size_t len, char *out);

/*
 * Read base64: the standard alphabet, padded, unused bits zero, no white
 * space.  Returns the number of bytes, or -1 if it is anything else or longer
 * than cap.  With out NULL it only checks and counts.
 */
extern long cl_base64_decode(const char *s, size_t len, void *out, size_t cap);

#endif
