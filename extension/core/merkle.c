/*
 * merkle.c
 *		Merkle trees as in RFC 9162 section 2.1: hashes, roots, proofs.
 */
#include "core/merkle.h"

#include <string.h>

int
cl_merkle_leaf(const void *data, size_t len, uint8_t *out)
{
	cl_part		parts[] = {{"\x00", 1}, {data, len}};

	return cl_sha256(parts, 2, out);
}

int
cl_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *out)
{
	uint8_t		node[1 + 2 * CL_HASH_BYTES] = {0x01};
	cl_part		part = {node, sizeof(node)};

	memcpy(node + 1, left, CL_HASH_BYTES);
	memcpy(node + 1 + CL_HASH_BYTES, right, CL_HASH_BYTES);
	return cl_sha256(&part, 1, out);
}

void
cl_growing_begin(cl_growing *g)
{
	g->size = 0;
}

int
cl_growing_add(cl_growing *g, const uint8_t *leaf)
{
	cl_hash		hash;
	unsigned	level = 0;

	memcpy(hash, leaf, CL_HASH_BYTES);
	for (; g->size >> level & 1; level++)
		if (cl_merkle_node(g->peaks[level], hash, hash) != CL_OK)
			return CL_ERROR;
	memcpy(g->peaks[level], hash, CL_HASH_BYTES);
	g->size++;
	return CL_OK;
}

int
cl_growing_root(const cl_growing *g, uint8_t *out)
{
	bool		first = true;

	if (g->size == 0)
		return cl_sha256(NULL, 0, out);
	for (unsigned level = 0; level < 64; level++)
	{
		if (!(g->size >> level & 1))
			continue;
		if (first)
			memcpy(out, g->peaks[level], CL_HASH_BYTES);
		else if (cl_merkle_node(g->peaks[level], out, out) != CL_OK)
			return CL_ERROR;
		first = false;
	}
	return CL_OK;
}

int
cl_merkle_root(const uint8_t *leaves, size_t n, uint8_t *out)
{
	cl_growing	g;

	cl_growing_begin(&g);
	for (size_t i = 0; i < n; i++)
		if (cl_growing_add(&g, leaves + i * CL_HASH_BYTES) != CL_OK)
			return CL_ERROR;
	return cl_growing_root(&g, out);
}

static int
subtree_of_leaves(void *arg, unsigned level, uint64_t index, uint8_t *out)
{
	const uint8_t *leaves = arg;

	return cl_merkle_root(leaves + (index << level) * CL_HASH_BYTES, (size_t) 1 << level, out);
}

cl_tree
cl_tree_of(const uint8_t *leaves, uint64_t n)
{
	return (cl_tree) {n, subtree_of_leaves, (void *) leaves};
}

/*
 * The root of the leaves from `from` up to `to`, not empty; `from` is a multiple
 * of a power of two that is not less than their number.
 */
static int
range_root(const cl_tree *tree, uint64_t from, uint64_t to, uint8_t *out)
{
	bool		first = true;

	/* Complete subtrees get larger from right to left. */
	for (unsigned level = 0; to > from; level++)
	{
		cl_hash		subtree = {0};

		if (!((to - from) >> level & 1))
			continue;
		to -= UINT64_C(1) << level;
		if (tree->subtree(tree->arg, level, to >> level, subtree) != CL_OK)
			return CL_ERROR;
		if (first)
			memcpy(out, subtree, CL_HASH_BYTES);
		else if (cl_merkle_node(subtree, out, out) != CL_OK)
			return CL_ERROR;
		first = false;
	}
	return CL_OK;
}

int
cl_tree_root(const cl_tree *tree, uint8_t *out)
{
	return tree->size == 0 ? cl_sha256(NULL, 0, out) : range_root(tree, 0, tree->size, out);
}

/* The greatest power of two below n, which is more than 1. */
static uint64_t
split(uint64_t n)
{
	uint64_t	k = 1;

	while (k < n - k)
		k <<= 1;
	return k;
}

static void
reverse(cl_hash *path, int n)
{
	for (int i = 0; i < n / 2; i++)
	{
		cl_hash		swap;

		memcpy(swap, path[i], CL_HASH_BYTES);
		memcpy(path[i], path[n - 1 - i], CL_HASH_BYTES);
		memcpy(path[n - 1 - i], swap, CL_HASH_BYTES);
	}
}

/*
 * Go down from the range to one of its two subtrees, and note the root of the
 * other one.
 */
static int
descend(const cl_tree *tree, uint64_t *from, uint64_t *to, bool left, uint8_t *sibling)
{
	uint64_t	middle = *from + split(*to - *from);
	int			status = range_root(tree, left ? middle : *from, left ? *to : middle, sibling);

	if (left)
		*to = middle;
	else
		*from = middle;
	return status;
}

int
cl_inclusion_path(const cl_tree *tree, uint64_t index, cl_hash path[CL_PATH_MAX])
{
	uint64_t	from = 0;
	uint64_t	to = tree->size;
	int			n = 0;

	if (index >= tree->size)
		return -1;
	while (to - from > 1)
		if (descend(tree, &from, &to, index < from + split(to - from), path[n++]) != CL_OK)
			return -1;
	reverse(path, n);
	return n;
}

int
cl_consistency_path(const cl_tree *tree, uint64_t old_size, cl_hash path[CL_PATH_MAX])
{
	uint64_t	from = 0;
	uint64_t	to = tree->size;
	int			n = 0;

	if (old_size == 0 || old_size > tree->size)
		return -1;
	/* To the subtree that ends where the old tree does. */
	while (to != old_size)
		if (descend(tree, &from, &to, old_size <= from + split(to - from), path[n++]) != CL_OK)
			return -1;
	/* If that is the whole old tree, who asks knows its root. */
	if (from > 0 && range_root(tree, from, to, path[n++]) != CL_OK)
		return -1;
	reverse(path, n);
	return n;
}

/* Go up to where the node is a right child, or the leftmost one. */
static void
climb_to_right_child(uint64_t *node, uint64_t *last)
{
	while (!(*node & 1) && *node != 0)
	{
		*node >>= 1;
		*last >>= 1;
	}
}

bool
cl_verify_inclusion(const uint8_t *root, uint64_t size, uint64_t index,
					const uint8_t *leaf, const cl_hash *path, size_t path_len)
{
	uint64_t	node = index;
	uint64_t	last = size - 1;
	cl_hash		hash;

	if (index >= size)
		return false;
	memcpy(hash, leaf, CL_HASH_BYTES);
	for (size_t i = 0; i < path_len; i++)
	{
		bool		right = (node & 1) || node == last;

		if (last == 0 ||
			cl_merkle_node(right ? path[i] : hash, right ? hash : path[i], hash) != CL_OK)
			return false;
		if (right)
			climb_to_right_child(&node, &last);
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(hash, root, CL_HASH_BYTES) == 0;
}

/* Verify the path of a greater tree from the hash that both trees share. */
static bool
verify_growth(uint64_t old_size, uint64_t new_size,
			  const uint8_t *old_root, const uint8_t *new_root,
			  const uint8_t *seed, const cl_hash *path, size_t path_len)
{
	uint64_t	node = old_size - 1;
	uint64_t	last = new_size - 1;
	cl_hash		old_hash;
	cl_hash		new_hash;

	memcpy(old_hash, seed, CL_HASH_BYTES);
	memcpy(new_hash, seed, CL_HASH_BYTES);
	for (; node & 1; node >>= 1)
		last >>= 1;
	for (size_t i = 0; i < path_len; i++)
	{
		if (last == 0)
			return false;
		if ((node & 1) || node == last)
		{
			if (cl_merkle_node(path[i], old_hash, old_hash) != CL_OK ||
				cl_merkle_node(path[i], new_hash, new_hash) != CL_OK)
				return false;
			climb_to_right_child(&node, &last);
		}
		else if (cl_merkle_node(new_hash, path[i], new_hash) != CL_OK)
			return false;
		node >>= 1;
		last >>= 1;
	}
	return last == 0 && memcmp(old_hash, old_root, CL_HASH_BYTES) == 0 &&
		memcmp(new_hash, new_root, CL_HASH_BYTES) == 0;
}

bool
cl_verify_consistency(uint64_t old_size, uint64_t new_size,
					  const uint8_t *old_root, const uint8_t *new_root,
					  const cl_hash *path, size_t path_len)
{
	bool		complete = (old_size & (old_size - 1)) == 0;

	if (old_size == 0 || old_size > new_size)
		return false;
	if (old_size == new_size)
		return path_len == 0 && memcmp(old_root, new_root, CL_HASH_BYTES) == 0;
	if (path_len == 0)
		return false;
	return verify_growth(old_size, new_size, old_root, new_root,
						 complete ? old_root : path[0],
						 complete ? path : path + 1, complete ? path_len : path_len - 1);
}

void
cl_put_hashes(cl_buffer *b, const cl_hash *hashes, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		if (i > 0)
			cl_put_char(b, ' ');
		cl_put_base64(b, hashes[i], CL_HASH_BYTES);
	}
}

int
cl_read_hashes(cl_value text, cl_hash *hashes, int max)
{
	const size_t width = CL_BASE64_SIZE(CL_HASH_BYTES) - 1;
	cl_scanner	in = {text.data, text.len, 0};
	int			n = 0;

	for (; !cl_at_end(&in); n++)
	{
		if (n == max || (n > 0 && !cl_take(&in, " ")) || in.len - in.pos < width ||
			cl_base64_decode(in.data + in.pos, width, hashes[n], CL_HASH_BYTES) != CL_HASH_BYTES)
			return -1;
		in.pos += width;
	}
	return n;
}

void
cl_put_path(cl_buffer *b, const cl_hash *path, size_t path_len)
{
	for (size_t i = 0; i < path_len; i++)
	{
		cl_put_base64(b, path[i], CL_HASH_BYTES);
		cl_put_char(b, '\n');
	}
	cl_put_char(b, '\n');
}

bool
cl_take_path(cl_scanner *in, size_t max, cl_hash *path, size_t *path_len)
{
	*path_len = 0;
	while (!cl_take(in, "\n"))
		if (*path_len == max || !cl_take_base64(in, '\n', path[(*path_len)++], CL_HASH_BYTES))
			return false;
	return true;
}
