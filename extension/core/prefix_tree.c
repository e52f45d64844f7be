/*
 * prefix_tree.c
 *		A binary tree over positions that nobody can arrange.
 */
#include "core/prefix_tree.h"

#include <string.h>

#include "core/merkle.h"

#define EMPTY_END "empty"

/* The bit of a position at a depth. */
static unsigned
bit_at(const uint8_t *position, unsigned depth)
{
	return position[depth / 8] >> (7 - depth % 8) & 1;
}

/* How many bits two positions share from the first one on. */
static unsigned
shared_bits(const uint8_t *a, const uint8_t *b)
{
	unsigned	byte = 0;
	unsigned	bit;

	while (byte < CL_HASH_BYTES && a[byte] == b[byte])
		byte++;
	bit = byte * 8;
	while (bit < CL_PREFIX_BITS && bit_at(a, bit) == bit_at(b, bit))
		bit++;
	return bit;
}

uint64_t
cl_prefix_of(const uint8_t *position, unsigned bits)
{
	return bits == 0 ? 0 : cl_get_big_endian(position, 8) >> (64 - bits);
}

/* ---- hashes ---- */

static int
hash_empty(uint8_t *out)
{
	cl_part		part = {"\x02", 1};

	return cl_sha256(&part, 1, out);
}

int
cl_prefix_leaf_hash(const cl_prefix_leaf *leaf, uint8_t *out)
{
	uint8_t		data[1 + 2 * CL_HASH_BYTES] = {0x00};
	cl_part		part = {data, sizeof(data)};

	memcpy(data + 1, leaf->position, CL_HASH_BYTES);
	memcpy(data + 1 + CL_HASH_BYTES, leaf->value, CL_HASH_BYTES);
	return cl_sha256(&part, 1, out);
}

/* A node from the child on the side of the bit and the one beside it. */
static int
hash_node(unsigned bit, const uint8_t *child, const uint8_t *beside, uint8_t *out)
{
	uint8_t		data[1 + 2 * CL_HASH_BYTES] = {0x01};
	cl_part		part = {data, sizeof(data)};

	memcpy(data + 1 + (bit ? CL_HASH_BYTES : 0), child, CL_HASH_BYTES);
	memcpy(data + 1 + (bit ? 0 : CL_HASH_BYTES), beside, CL_HASH_BYTES);
	return cl_sha256(&part, 1, out);
}

/* ---- building ---- */

int
cl_prefix_begin(cl_prefix_builder *b, unsigned depth)
{
	b->depth = depth;
	b->leaves = 0;
	b->nforks = 0;
	return hash_empty(b->empty);
}

/*
 * Raise the last subtree, whose root is at a depth, to a lesser one: with
 * nothing beside it on the way.
 */
static int
raise(cl_prefix_builder *b, unsigned from, unsigned to)
{
	for (unsigned depth = from; depth > to; depth--)
		if (hash_node(bit_at(b->position, depth - 1), b->hash, b->empty, b->hash) != CL_OK)
			return CL_ERROR;
	return CL_OK;
}

/*
 * Close the forks from a depth on: the last subtree becomes all that is at that
 * depth.  A lone leaf may stand anywhere; what has forked is raised there.
 */
static int
close_forks(cl_prefix_builder *b, unsigned depth)
{
	unsigned	at = 0;			/* of the root of what has forked */
	bool		lone = true;

	while (b->nforks > 0 && b->fork_depths[b->nforks - 1] >= depth)
	{
		unsigned	fork = b->fork_depths[--b->nforks];

		if (!lone && raise(b, at, fork + 1) != CL_OK)
			return CL_ERROR;
		if (hash_node(1, b->hash, b->lefts[b->nforks], b->hash) != CL_OK)
			return CL_ERROR;
		at = fork;
		lone = false;
	}
	return lone ? CL_OK : raise(b, at, depth);
}

int
cl_prefix_add(cl_prefix_builder *b, const cl_prefix_leaf *leaf)
{
	if (b->leaves > 0)
	{
		unsigned	fork = shared_bits(b->position, leaf->position);

		if (fork < b->depth || fork == CL_PREFIX_BITS || !bit_at(leaf->position, fork) ||
			close_forks(b, fork + 1) != CL_OK)
			return CL_ERROR;
		memcpy(b->lefts[b->nforks], b->hash, CL_HASH_BYTES);
		b->fork_depths[b->nforks++] = (uint16_t) fork;
	}
	memcpy(b->position, leaf->position, CL_HASH_BYTES);
	b->leaves++;
	return cl_prefix_leaf_hash(leaf, b->hash);
}

int
cl_prefix_end(cl_prefix_builder *b, uint8_t *hash)
{
	if (b->leaves > 0 && close_forks(b, b->depth) != CL_OK)
		return CL_ERROR;
	memcpy(hash, b->leaves > 0 ? b->hash : b->empty, CL_HASH_BYTES);
	return CL_OK;
}

int
cl_prefix_root(const cl_prefix_leaf *leaves, size_t n, unsigned depth, uint8_t *hash)
{
	cl_prefix_builder b;

	if (cl_prefix_begin(&b, depth) != CL_OK)
		return CL_ERROR;
	for (size_t i = 0; i < n; i++)
		if (cl_prefix_add(&b, &leaves[i]) != CL_OK)
			return CL_ERROR;
	return cl_prefix_end(&b, hash);
}

/* ---- proofs ---- */

/* How many of the leaves go left at a depth. */
static size_t
count_left(const cl_prefix_leaf *leaves, size_t n, unsigned depth)
{
	size_t		low = 0;

	while (low < n)
	{
		size_t		middle = low + (n - low) / 2;

		if (bit_at(leaves[middle].position, depth))
			n = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void
end_in(cl_prefix_proof *proof, const cl_prefix_leaf *leaf, const uint8_t *position)
{
	proof->end = CL_PREFIX_EMPTY;
	if (leaf == NULL)
		return;
	proof->end = memcmp(leaf->position, position, CL_HASH_BYTES) == 0 ?
		CL_PREFIX_HERE : CL_PREFIX_OTHER;
	proof->leaf = *leaf;
}

int
cl_prefix_go_down(const cl_prefix_leaf *leaves, size_t n, const uint8_t *position,
				  cl_prefix_proof *proof)
{
	while (n > 1)
	{
		unsigned	depth = proof->depth;
		size_t		left;
		bool		right;

		if (depth == CL_PREFIX_BITS)
			return CL_ERROR;
		left = count_left(leaves, n, depth);
		right = bit_at(position, depth) == 1;
		if (cl_prefix_root(right ? leaves : leaves + left, right ? left : n - left,
						   depth + 1, proof->path[depth]) != CL_OK)
			return CL_ERROR;
		leaves += right ? left : 0;
		n = right ? n - left : left;
		proof->depth++;
	}
	end_in(proof, n == 1 ? leaves : NULL, position);
	return CL_OK;
}

void
cl_prefix_put_end(cl_buffer *b, const cl_prefix_proof *proof)
{
	cl_hash		leaf[2];

	if (proof->end == CL_PREFIX_EMPTY)
	{
		cl_put_string(b, EMPTY_END);
		return;
	}
	memcpy(leaf[0], proof->leaf.position, CL_HASH_BYTES);
	memcpy(leaf[1], proof->leaf.value, CL_HASH_BYTES);
	cl_put_hashes(b, leaf, 2);
}

bool
cl_prefix_read_end(cl_value text, cl_prefix_proof *proof)
{
	cl_hash		leaf[2];

	proof->end = CL_PREFIX_EMPTY;
	if (cl_value_equal(text, cl_string(EMPTY_END)))
		return true;
	proof->end = CL_PREFIX_OTHER;
	if (cl_read_hashes(text, leaf, 2) != 2)
		return false;
	memcpy(proof->leaf.position, leaf[0], CL_HASH_BYTES);
	memcpy(proof->leaf.value, leaf[1], CL_HASH_BYTES);
	return true;
}

/* Two subtrees side by side become one; out may be one of them. */
static int
join(const cl_prefix_node *left, const cl_prefix_node *right, const uint8_t *empty,
	 cl_prefix_node *out)
{
	uint64_t	leaves = left->leaves + right->leaves;

	if (leaves > 1)
	{
		if (hash_node(0, left->leaves > 0 ? left->hash : empty,
					  right->leaves > 0 ? right->hash : empty, out->hash) != CL_OK)
			return CL_ERROR;
	}
	else if (right->leaves > 0)
		memmove(out->hash, right->hash, CL_HASH_BYTES);
	else
		memmove(out->hash, left->leaves > 0 ? left->hash : empty, CL_HASH_BYTES);
	out->leaves = leaves;
	return CL_OK;
}

/*
 * How far down the way to a position goes before a single leaf or nothing is
 * left; *node is where to go on.
 */
static unsigned
way_down(const cl_prefix_node *nodes, unsigned bits, const uint8_t *position, size_t *node)
{
	size_t		at = (size_t) cl_prefix_of(position, bits);

	for (unsigned depth = 0; depth < bits; depth++)
	{
		size_t		span = (size_t) 1 << (bits - depth);
		size_t		first = at / span * span;
		uint64_t	leaves = 0;

		*node = at;
		for (size_t i = first; i < first + span; i++)
		{
			leaves += nodes[i].leaves;
			if (nodes[i].leaves > 0)
				*node = i;
		}
		if (leaves <= 1)
			return depth;
	}
	*node = at;
	return bits;
}

int
cl_prefix_join(cl_prefix_node *nodes, unsigned bits, uint8_t *root,
			   const uint8_t *position, cl_prefix_proof *proof, size_t *node)
{
	cl_hash		empty;

	if (hash_empty(empty) != CL_OK)
		return CL_ERROR;
	if (position != NULL)
		proof->depth = way_down(nodes, bits, position, node);
	for (unsigned depth = bits; depth > 0; depth--)
	{
		size_t		n = (size_t) 1 << depth;

		if (position != NULL && depth <= proof->depth)
		{
			const cl_prefix_node *beside = &nodes[cl_prefix_of(position, depth) ^ 1];

			memcpy(proof->path[depth - 1], beside->leaves > 0 ? beside->hash : empty, CL_HASH_BYTES);
		}
		for (size_t i = 0; i < n; i += 2)
			if (join(&nodes[i], &nodes[i + 1], empty, &nodes[i / 2]) != CL_OK)
				return CL_ERROR;
	}
	memcpy(root, nodes[0].leaves > 0 ? nodes[0].hash : empty, CL_HASH_BYTES);
	return CL_OK;
}

/* ---- verifying ---- */

/* The hash of what the way ends in; false if that cannot stand there. */
static bool
hash_end(const uint8_t *position, const cl_prefix_proof *proof, uint8_t *hash)
{
	unsigned	shared;

	if (proof->end == CL_PREFIX_EMPTY)
		return hash_empty(hash) == CL_OK;
	shared = shared_bits(position, proof->leaf.position);
	if (proof->end == CL_PREFIX_HERE ? shared < CL_PREFIX_BITS :
		shared == CL_PREFIX_BITS || shared < proof->depth)
		return false;
	return cl_prefix_leaf_hash(&proof->leaf, hash) == CL_OK;
}

cl_prefix_answer
cl_prefix_verify(const uint8_t *root, const uint8_t *position, const cl_prefix_proof *proof)
{
	cl_hash		hash;
	cl_hash		empty;

	if (proof->depth > CL_PREFIX_BITS || !hash_end(position, proof, hash) ||
		hash_empty(empty) != CL_OK)
		return CL_PREFIX_REFUSED;
	/* Beside a lone leaf or nothing there is something, else the way ends above. */
	if (proof->depth > 0 && memcmp(proof->path[proof->depth - 1], empty, CL_HASH_BYTES) == 0)
		return CL_PREFIX_REFUSED;
	for (unsigned depth = proof->depth; depth > 0; depth--)
		if (hash_node(bit_at(position, depth - 1), hash, proof->path[depth - 1], hash) != CL_OK)
			return CL_PREFIX_REFUSED;
	if (memcmp(hash, root, CL_HASH_BYTES) != 0)
		return CL_PREFIX_REFUSED;
	return proof->end == CL_PREFIX_HERE ? CL_PREFIX_PRESENT : CL_PREFIX_ABSENT;
}
