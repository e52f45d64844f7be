/*
 * merkle.h
 *		Merkle tree hashing of RFC 9162, section 2.1.
 */
#ifndef CL_MERKLE_H
#define CL_MERKLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"

/* SHA-256(00 || data). */
extern int	cl_merkle_leaf(const void *data, size_t len, uint8_t *out);

/* SHA-256(01 || left || right). */
extern int	cl_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *out);

/*
 * The root over n leaf hashes, one after another in `leaves`; SHA-256 of
 * nothing for n = 0.  n - 1 hashes, constant memory.
 */
extern int	cl_merkle_root(const uint8_t *leaves, size_t n, uint8_t *out);

#endif
