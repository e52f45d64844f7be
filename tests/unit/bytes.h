/*
 * bytes.h
 *		What tests of bytes have in common.
 */
#ifndef BYTES_H
#define BYTES_H

#include <stdint.h>
#include <stdlib.h>

#include "core/encode.h"
#include "tap.h"

/* Compare text of a known length with a C string. */
static inline bool
is_text(const void *data, size_t len, const char *expected, const char *name)
{
	bool		same = len == strlen(expected) && memcmp(data, expected, len) == 0;

	if (!ok(same, "%s", name))
		printf("# got      %.*s\n# expected %s\n", (int) len, (const char *) data, expected);
	return same;
}

/* Compare bytes with their hex. */
static inline bool
is_hex(const void *data, size_t len, const char *expected, const char *name)
{
	char		hex[1024];

	cl_hex_encode(data, len, hex);
	return is_string(hex, expected, name);
}

/* Bytes from hex, which must be sound; returns their number. */
static inline size_t
from_hex(const char *hex, void *out)
{
	size_t		len = strlen(hex) / 2;

	if (!cl_hex_decode(hex, strlen(hex), out, len))
		abort();
	return len;
}

/* A value for strings that hold NUL: their array, without its last byte. */
#define BYTES(literal) {literal, sizeof(literal) - 1}

/* A generator of the same numbers at every run. */
static inline uint32_t
next_random(void)
{
	static uint64_t state = 42;

	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t) (state >> 32);
}

#endif
