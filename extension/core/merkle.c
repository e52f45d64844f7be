/*
 * merkle.c
 *		Merkle tree hashing of RFC 9162.
 */
#include "core/merkle.h"

#include <string.h>

int
cl_merkle_leaf(const void *data, size_t len, uint8_t *out)
{
	cl_part		parts[2] = {{"\0", 1}, {data, len}};

	return cl_sha256(parts, 2, out);
}

int
cl_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	cl_part		parts[3] = {
		{"\1", 1}, {left, CL_HASH_BYTES}, {right, CL_HASH_BYTES}
	};

	return cl_sha256(parts, 3, out);
}

/*
 * Leaves are merged like the digits of a binary counter: stack[i] is the root
 * of a complete subtree, and subtrees of equal size are joined at once.
 */
int
cl_merkle_root(const uint8_t *leaves, size_t n, uint8_t *out)
{
	uint8_t		stack[64][CL_HASH_BYTES];
	int			depth = 0;

	if (n == 0)
		return cl_sha256(NULL, 0, out);
	for (size_t i = 0; i < n; i++)
	{
		memcpy(stack[depth++], leaves + i * CL_HASH_BYTES, CL_HASH_BYTES);
		for (size_t size = i + 1; size % 2 == 0; size /= 2)
		{
			if (cl_merkle_node(stack[depth - 2], stack[depth - 1], stack[depth - 2]) != CL_OK)
				return CL_ERROR;
			depth--;
		}
	}
	while (depth > 1)
	{
		if (cl_merkle_node(stack[depth - 2], stack[depth - 1], stack[depth - 2]) != CL_OK)
			return CL_ERROR;
		depth--;
	}
	memcpy(out, stack[0], CL_HASH_BYTES);
	return CL_OK;
}
