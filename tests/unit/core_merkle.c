/*
 * core_merkle.c
 *		Merkle trees: the vectors of RFC 6962's test suite, a naive reference, and
 *		every corruption of good proofs.
 */
#include "core/merkle.h"
#include "bytes.h"

#define LEAVES 70				/* of the exhaustive tests */

static cl_hash leaves[LEAVES];

/* The leaves as the functions take them. */
#define LEAF_BYTES leaves[0]

/* The leaves of certificate-transparency and transparency-dev/merkle. */
static const cl_part vector_leaves[8] = {
	{"", 0}, {"\x00", 1}, {"\x10", 1}, {"\x20\x21", 2}, {"\x30\x31", 2},
	{"\x40\x41\x42\x43", 4}, {"\x50\x51\x52\x53\x54\x55\x56\x57", 8},
	{"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16}
};

static const char *const vector_roots[9] = {
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
	"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
	"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
	"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
	"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
	"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
	"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
	"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
};

/* MTH of RFC 9162 section 2.1.1, word by word. */
static void
naive_root(const cl_hash *d, uint64_t n, uint8_t *out)
{
	uint64_t	k = 1;
	cl_hash		left;
	cl_hash		right;

	if (n == 1)
	{
		memcpy(out, d[0], sizeof(cl_hash));
		return;
	}
	while (k * 2 < n)
		k *= 2;
	naive_root(d, k, left);
	naive_root(d + k, n - k, right);
	cl_merkle_node(left, right, out);
}

/* PATH of RFC 9162 section 2.1.3.1. */
static int
naive_path(uint64_t m, const cl_hash *d, uint64_t n, cl_hash *path)
{
	uint64_t	k = 1;
	int			len;

	if (n == 1)
		return 0;
	while (k * 2 < n)
		k *= 2;
	len = m < k ? naive_path(m, d, k, path) : naive_path(m - k, d + k, n - k, path);
	if (m < k)
		naive_root(d + k, n - k, path[len]);
	else
		naive_root(d, k, path[len]);
	return len + 1;
}

/* SUBPROOF of RFC 9162 section 2.1.4.1. */
static int
naive_subproof(uint64_t m, const cl_hash *d, uint64_t n, bool complete, cl_hash *path)
{
	uint64_t	k = 1;
	int			len;

	if (m == n)
	{
		naive_root(d, n, path[0]);
		return complete ? 0 : 1;
	}
	while (k * 2 < n)
		k *= 2;
	len = m <= k ? naive_subproof(m, d, k, complete, path) :
		naive_subproof(m - k, d + k, n - k, false, path);
	if (m <= k)
		naive_root(d + k, n - k, path[len]);
	else
		naive_root(d, k, path[len]);
	return len + 1;
}

static bool
same_path(const cl_hash *a, int n, const cl_hash *b, int m)
{
	return n == m && memcmp(a, b, (size_t) n * sizeof(cl_hash)) == 0;
}

static void
test_vectors(void)
{
	cl_hash		hashes[8];
	cl_hash		root;
	cl_growing	growing;

	cl_growing_begin(&growing);
	for (int i = 0; i <= 8; i++)
	{
		cl_growing_root(&growing, root);
		is_hex(root, 32, vector_roots[i], "RFC 6962: root as it grows");
		cl_merkle_root(hashes[0], i, root);
		is_hex(root, 32, vector_roots[i], "RFC 6962: root");
		if (i < 8)
		{
			cl_merkle_leaf(vector_leaves[i].data, vector_leaves[i].len, hashes[i]);
			cl_growing_add(&growing, hashes[i]);
		}
	}
	is_hex(hashes[7], 32, "46f6ffadd3d06a09ff3c5860d2755c8b9819db7df44251788c7d8e3180de8eb1", "RFC 6962: leaf hash");
}

/* Inclusion: index, size, path, from transparency-dev/merkle. */
static void
test_inclusion_vectors(void)
{
	static const struct
	{
		uint64_t	index;
		uint64_t	size;
		int			n;
		const char *path[3];
	}			vectors[] = {
		{0, 1, 0, {NULL}},
		{0, 8, 3, {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
		{5, 8, 3, {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
		{2, 3, 1, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"}},
		{1, 5, 3, {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
	};

	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++)
	{
		cl_part		data = vector_leaves[vectors[v].index];
		cl_hash		root;
		cl_hash		path[3];
		cl_hash		leaf;

		from_hex(vector_roots[vectors[v].size], root);
		for (int i = 0; i < vectors[v].n; i++)
			from_hex(vectors[v].path[i], path[i]);
		cl_merkle_leaf(data.data, data.len, leaf);
		ok(cl_verify_inclusion(root, vectors[v].size, vectors[v].index, leaf, path, vectors[v].n),
		   "leaf %d of %d", (int) vectors[v].index, (int) vectors[v].size);
	}
}

/* Consistency: sizes, path, from transparency-dev/merkle. */
static void
test_consistency_vectors(void)
{
	static const struct
	{
		uint64_t	old_size;
		uint64_t	new_size;
		const char *path[4];
	}			vectors[] = {
		{1, 1, {NULL}},
		{1, 8, {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
			"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"}},
		{6, 8, {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
		{2, 5, {"5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"}},
		{6, 7, {"0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
			"b08693ec2e721597130641e8211e7eedccb4c26413963eee6c1e2ed16ffb1a5f",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"}},
	};

	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++)
	{
		cl_hash		old_root;
		cl_hash		new_root;
		cl_hash		path[4];
		int			n = 0;

		from_hex(vector_roots[vectors[v].old_size], old_root);
		from_hex(vector_roots[vectors[v].new_size], new_root);
		for (; n < 4 && vectors[v].path[n] != NULL; n++)
			from_hex(vectors[v].path[n], path[n]);
		ok(cl_verify_consistency(vectors[v].old_size, vectors[v].new_size, old_root, new_root, path, n),
		   "%d to %d", (int) vectors[v].old_size, (int) vectors[v].new_size);
	}
}

/* All trees up to LEAVES against the definitions. */
static void
test_exhaustively(void)
{
	bool		roots = true;
	bool		inclusion = true;
	bool		consistency = true;
	bool		verified = true;

	for (uint64_t size = 1; size <= LEAVES; size++)
	{
		cl_tree		tree = cl_tree_of(LEAF_BYTES, size);
		cl_hash		expected;
		cl_hash		root;
		cl_hash		path[CL_PATH_MAX];
		cl_hash		naive[CL_PATH_MAX];

		naive_root(leaves, size, expected);
		roots = roots && cl_tree_root(&tree, root) == CL_OK && memcmp(root, expected, sizeof(root)) == 0 &&
			cl_merkle_root(LEAF_BYTES, size, root) == CL_OK && memcmp(root, expected, sizeof(root)) == 0;
		for (uint64_t i = 0; i < size; i++)
		{
			int			n = cl_inclusion_path(&tree, i, path);
			cl_hash		old_root;

			naive_root(leaves, i + 1, old_root);
			inclusion = inclusion && same_path(path, n, naive, naive_path(i, leaves, size, naive));
			verified = verified && cl_verify_inclusion(root, size, i, leaves[i], path, n);
			n = cl_consistency_path(&tree, i + 1, path);
			consistency = consistency && same_path(path, n, naive, naive_subproof(i + 1, leaves, size, true, naive));
			verified = verified && cl_verify_consistency(i + 1, size, old_root, root, path, n);
		}
	}
	ok(roots, "roots are as defined, up to %d leaves", LEAVES);
	ok(inclusion, "inclusion paths are as defined");
	ok(consistency, "consistency paths are as defined");
	ok(verified, "and all of them verify");
}

/* No changed, missing, added or exchanged hash passes, in any tree. */
static void
test_corrupt_inclusion(void)
{
	int			accepted[8] = {0};

	for (uint64_t size = 1; size <= 34; size++)
		for (uint64_t i = 0; i < size; i++)
		{
			cl_tree		tree = cl_tree_of(LEAF_BYTES, size);
			cl_hash		path[CL_PATH_MAX + 1];
			cl_hash		root;
			cl_hash		other;
			int			n = cl_inclusion_path(&tree, i, path);

			memcpy(other, leaves[i], sizeof(other));
			cl_tree_root(&tree, root);
			for (int at = 0; at < n; at++)
			{
				path[at][at % 32] ^= 0x10;
				accepted[0] += cl_verify_inclusion(root, size, i, leaves[i], path, n);
				path[at][at % 32] ^= 0x10;
				accepted[1] += cl_verify_inclusion(root, size, i, leaves[i], path, at);
				accepted[1] += cl_verify_inclusion(root, size, i, leaves[i], path + 1, n - 1);
			}
			memcpy(path[n], root, sizeof(root));
			accepted[2] += cl_verify_inclusion(root, size, i, leaves[i], path, n + 1);
			memcpy(path[n], leaves[i], sizeof(cl_hash));
			accepted[2] += cl_verify_inclusion(root, size, i, leaves[i], path, n + 1);
			for (uint64_t wrong = 0; wrong < size + 2; wrong++)
				if (wrong != i)
					accepted[3] += cl_verify_inclusion(root, size, wrong, leaves[i], path, n);
			other[0] ^= 1;
			accepted[4] += cl_verify_inclusion(root, size, i, other, path, n);
			accepted[4] += cl_verify_inclusion(root, size, i, root, path, n) && size > 1;
			memcpy(other, root, sizeof(other));
			other[31] ^= 1;
			accepted[5] += cl_verify_inclusion(other, size, i, leaves[i], path, n);
			accepted[6] += cl_verify_inclusion(root, 0, i, leaves[i], path, n);
			accepted[6] += cl_verify_inclusion(root, i, i, leaves[i], path, n);
			accepted[7] += cl_verify_inclusion(root, size, UINT64_MAX, leaves[i], path, n);
		}
	ok(accepted[0] == 0, "inclusion: a changed hash is refused");
	ok(accepted[1] == 0, "inclusion: a missing hash is refused");
	ok(accepted[2] == 0, "inclusion: a hash more is refused");
	ok(accepted[3] == 0, "inclusion: another index is refused");
	ok(accepted[4] == 0, "inclusion: another leaf is refused");
	ok(accepted[5] == 0, "inclusion: another root is refused");
	ok(accepted[6] == 0, "inclusion: a size below is refused");
	ok(accepted[7] == 0, "inclusion: an index out of all bounds is refused");
}

static void
test_corrupt_consistency(void)
{
	int			accepted[7] = {0};

	for (uint64_t size = 1; size <= 34; size++)
		for (uint64_t old = 1; old <= size; old++)
		{
			cl_tree		tree = cl_tree_of(LEAF_BYTES, size);
			cl_hash		path[CL_PATH_MAX + 1];
			cl_hash		old_root;
			cl_hash		new_root;
			cl_hash		other;
			int			n = cl_consistency_path(&tree, old, path);

			naive_root(leaves, old, old_root);
			naive_root(leaves, size, new_root);
			for (int at = 0; at < n; at++)
			{
				path[at][at % 32] ^= 0x40;
				accepted[0] += cl_verify_consistency(old, size, old_root, new_root, path, n);
				path[at][at % 32] ^= 0x40;
				accepted[1] += cl_verify_consistency(old, size, old_root, new_root, path, at);
				accepted[1] += cl_verify_consistency(old, size, old_root, new_root, path + 1, n - 1);
			}
			memcpy(path[n], new_root, sizeof(cl_hash));
			accepted[2] += cl_verify_consistency(old, size, old_root, new_root, path, n + 1);
			memcpy(path[n], old_root, sizeof(cl_hash));
			accepted[2] += cl_verify_consistency(old, size, old_root, new_root, path, n + 1);
			memcpy(other, old_root, sizeof(other));
			other[7] ^= 1;
			accepted[3] += cl_verify_consistency(old, size, other, new_root, path, n);
			memcpy(other, new_root, sizeof(other));
			other[7] ^= 1;
			accepted[4] += cl_verify_consistency(old, size, old_root, other, path, n);
			accepted[5] += cl_verify_consistency(size + 1, size, old_root, new_root, path, n);
			accepted[6] += cl_verify_consistency(0, size, old_root, new_root, path, n);
			accepted[6] += cl_verify_consistency(0, size, old_root, new_root, path, 0);
		}
	ok(accepted[0] == 0, "consistency: a changed hash is refused");
	ok(accepted[1] == 0, "consistency: a missing hash is refused");
	ok(accepted[2] == 0, "consistency: a hash more is refused");
	ok(accepted[3] == 0, "consistency: another old root is refused");
	ok(accepted[4] == 0, "consistency: another new root is refused");
	ok(accepted[5] == 0, "consistency: a tree that shrinks is refused");
	ok(accepted[6] == 0, "consistency: an empty old tree is refused");
}

static void
test_refusals(void)
{
	cl_tree		tree = cl_tree_of(LEAF_BYTES, 5);
	cl_tree		none = cl_tree_of(LEAF_BYTES, 0);
	cl_hash		path[CL_PATH_MAX];
	cl_hash		empty;

	cl_merkle_root(NULL, 0, empty);
	ok(cl_inclusion_path(&tree, 5, path) == -1, "no path of a leaf that is not there");
	ok(cl_inclusion_path(&none, 0, path) == -1, "no path in an empty tree");
	ok(cl_consistency_path(&tree, 6, path) == -1, "no path from a larger tree");
	ok(cl_consistency_path(&tree, 0, path) == -1, "no path from an empty tree");
	ok(cl_consistency_path(&tree, 5, path) == 0, "an empty path from the tree itself");
	ok(!cl_verify_consistency(0, 0, empty, empty, path, 0), "nothing is consistent with an empty tree");
	ok(!cl_verify_inclusion(empty, 0, 0, empty, path, 0), "nothing is in an empty tree");
}

/* Fails for the subtrees of one level; hands out zeros for others. */
static int
failing_subtree(void *arg, unsigned level, uint64_t index, uint8_t *out)
{
	memset(out, 0, CL_HASH_BYTES);
	return level != *(unsigned *) arg ? CL_OK : CL_ERROR;
}

static void
test_great_trees(void)
{
	unsigned	failing = 99;
	cl_tree		tree = {UINT64_MAX, failing_subtree, &failing};
	cl_hash		path[CL_PATH_MAX];
	cl_hash		root;
	int			n = cl_inclusion_path(&tree, UINT64_MAX / 3, path);

	ok(n == 64, "the path in the greatest tree has 64 hashes");
	ok(cl_consistency_path(&tree, UINT64_C(1) << 40, path) == 24, "the consistency path of a complete tree");
	n = cl_consistency_path(&tree, UINT64_MAX - 1, path);
	ok(n > 0 && n <= CL_PATH_MAX, "the longest consistency path fits");
	failing = 3;
	ok(cl_inclusion_path(&tree, 0, path) == -1, "a tree that fails makes no inclusion path");
	ok(cl_consistency_path(&tree, 5, path) == -1, "a tree that fails makes no consistency path");
	ok(cl_tree_root(&tree, root) == CL_ERROR, "a tree that fails has no root");
}

int
main(void)
{
	for (int i = 0; i < LEAVES; i++)
		cl_merkle_leaf(&i, sizeof(i), leaves[i]);
	test_vectors();
	test_inclusion_vectors();
	test_consistency_vectors();
	test_exhaustively();
	test_corrupt_inclusion();
	test_corrupt_consistency();
	test_refusals();
	test_great_trees();
	return done_testing();
}
