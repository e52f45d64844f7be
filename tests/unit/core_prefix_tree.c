/*
 * core_prefix_tree.c
 *		Prefix trees: a naive reference, every position of many trees, and every
 *		corruption of good proofs.
 */
#include "core/prefix_tree.h"
#include "bytes.h"

#define MOST 60					/* leaves of a tree */

static cl_prefix_leaf leaves[MOST];
static size_t nleaves;

/* ---- the reference: word by word as docs/FORMAT.md has it ---- */

static unsigned
naive_bit(const uint8_t *position, unsigned depth)
{
	return (position[depth / 8] & (0x80 >> depth % 8)) != 0;
}

static void
naive_hash(uint8_t prefix, const uint8_t *a, const uint8_t *b, uint8_t *out)
{
	cl_part		parts[] = {{&prefix, 1}, {a, a ? 32 : 0}, {b, b ? 32 : 0}};

	cl_sha256(parts, 3, out);
}

/* The subtree of those leaves that share their first bits with a position. */
static void
naive_root(const uint8_t *position, unsigned depth, uint8_t *out)
{
	const cl_prefix_leaf *only = NULL;
	size_t		n = 0;
	uint8_t		below[32];
	cl_hash		left;
	cl_hash		right;

	for (size_t i = 0; i < nleaves; i++)
	{
		bool		same = true;

		for (unsigned bit = 0; bit < depth; bit++)
			same = same && naive_bit(leaves[i].position, bit) == naive_bit(position, bit);
		if (same)
			only = &leaves[i];
		n += same;
	}
	if (n == 0)
		naive_hash(0x02, NULL, NULL, out);
	else if (n == 1)
		naive_hash(0x00, only->position, only->value, out);
	else
	{
		memcpy(below, position, 32);
		below[depth / 8] &= ~(0x80 >> depth % 8);
		naive_root(below, depth + 1, left);
		below[depth / 8] |= 0x80 >> depth % 8;
		naive_root(below, depth + 1, right);
		naive_hash(0x01, left, right, out);
	}
}

/* ---- trees to try ---- */

/*
 * A position of few different ones: bits are random in places only, so that
 * leaves share long beginnings now and then.
 */
static void
random_position(uint8_t *position)
{
	memset(position, 0x5A, 32);
	for (int i = 0; i < 3; i++)
		position[next_random() % 32] ^= (uint8_t) (1 << next_random() % 8);
	if (next_random() % 2)
		position[0] = (uint8_t) next_random();
}

static int
by_position(const void *a, const void *b)
{
	return memcmp(((const cl_prefix_leaf *) a)->position, ((const cl_prefix_leaf *) b)->position, 32);
}

static bool
is_leaf(const uint8_t *position)
{
	for (size_t i = 0; i < nleaves; i++)
		if (memcmp(leaves[i].position, position, 32) == 0)
			return true;
	return false;
}

static void
make_tree(size_t n)
{
	nleaves = 0;
	while (nleaves < n)
	{
		uint8_t		position[32];

		random_position(position);
		if (is_leaf(position))
			continue;
		memcpy(leaves[nleaves].position, position, 32);
		for (int i = 0; i < 32; i++)
			leaves[nleaves].value[i] = (uint8_t) next_random();
		nleaves++;
	}
	qsort(leaves, nleaves, sizeof(cl_prefix_leaf), by_position);
}

/* ---- tests ---- */

static void
test_small(void)
{
	cl_hash		root;
	cl_prefix_leaf two[2] = {{{0}, {1}}, {{0}, {2}}};

	cl_prefix_root(NULL, 0, 0, root);
	is_hex(root, 32, "dbc1b4c900ffe48d575b5da5c638040125f65db0fe3e24494b76ea986457d986", "nobody: SHA-256(02)");
	nleaves = 0;
	cl_prefix_root(leaves, 1, 0, root);
	is_hex(root, 32, "98ce42deef51d40269d542f5314bef2c7468d401ad5d85168bfab4c0108f75f7", "one leaf of zeros: SHA-256 of 65 zeros");
	ok(cl_prefix_root(two, 2, 0, root) == CL_ERROR, "a position twice is refused");
	two[0].position[31] = 1;
	ok(cl_prefix_root(two, 2, 0, root) == CL_ERROR, "positions out of order are refused");
	two[0].position[31] = 0;
	two[1].position[31] = 1;
	ok(cl_prefix_root(two, 2, 0, root) == CL_OK && cl_prefix_root(two, 2, 255, root) == CL_OK, "positions that differ in the last bit");
	two[1].position[0] = 0x80;
	ok(cl_prefix_root(two, 2, 1, root) == CL_ERROR, "leaves of two subtrees are no subtree");
}

static void
test_roots(void)
{
	int			wrong = 0;

	for (int i = 0; i < 300; i++)
	{
		cl_hash		root;
		cl_hash		expected;

		make_tree(i % (MOST + 1));
		naive_root(leaves[0].position, 0, expected);
		wrong += cl_prefix_root(leaves, nleaves, 0, root) != CL_OK || memcmp(root, expected, 32) != 0;
	}
	ok(wrong == 0, "roots are those of the reference");
}

/* Make a proof from all leaves, or by way of subtrees at a depth. */
static bool
prove(const uint8_t *position, unsigned bits, uint8_t *root, cl_prefix_proof *proof)
{
	cl_prefix_node nodes[64];
	size_t		first[65];
	size_t		at = 0;
	size_t		node;

	memset(proof, 0, sizeof(*proof));
	for (size_t i = 0; i < (size_t) 1 << bits; i++)
	{
		first[i] = at;
		while (at < nleaves && cl_prefix_of(leaves[at].position, bits) == i)
			at++;
		nodes[i].leaves = at - first[i];
		if (cl_prefix_root(leaves + first[i], at - first[i], bits, nodes[i].hash) != CL_OK)
			return false;
		if (nodes[i].leaves == 0)
			memset(nodes[i].hash, 0xEE, 32);	/* does not count */
	}
	first[(size_t) 1 << bits] = at;
	return cl_prefix_join(nodes, bits, root, position, proof, &node) == CL_OK &&
		cl_prefix_go_down(leaves + first[node], first[node + 1] - first[node], position, proof) == CL_OK;
}

static void
test_proofs(void)
{
	int			wrong = 0;
	int			absent = 0;
	int			different = 0;

	for (int i = 0; i < 250; i++)
	{
		cl_hash		root;
		cl_hash		joined;
		uint8_t		position[32];
		cl_prefix_proof proof = {0};
		cl_prefix_proof other;

		make_tree(i % (MOST + 1));
		cl_prefix_root(leaves, nleaves, 0, root);
		random_position(position);
		if (i % 3 == 0 && nleaves > 0)
			memcpy(position, leaves[next_random() % nleaves].position, 32);
		wrong += cl_prefix_go_down(leaves, nleaves, position, &proof) != CL_OK ||
			cl_prefix_verify(root, position, &proof) !=
			(is_leaf(position) ? CL_PREFIX_PRESENT : CL_PREFIX_ABSENT);
		absent += !is_leaf(position);
		for (unsigned bits = 0; bits <= 6; bits++)
			different += !prove(position, bits, joined, &other) ||
				memcmp(joined, root, 32) != 0 || other.depth != proof.depth || other.end != proof.end ||
				memcmp(other.path, proof.path, proof.depth * 32) != 0 ||
				memcmp(&other.leaf, &proof.leaf, sizeof(proof.leaf)) != 0;
	}
	ok(wrong == 0, "each position is answered rightly");
	ok(absent > 100 && absent < 250, "some are taken, some are not");
	ok(different == 0, "by way of subtrees the proofs are the same");
}

static bool
refused(const cl_hash root, const uint8_t *position, const cl_prefix_proof *proof)
{
	return cl_prefix_verify(root, position, proof) == CL_PREFIX_REFUSED;
}

/* A good proof of this end, of at least so many hashes. */
static void
find_proof(cl_prefix_end_kind end, unsigned depth, cl_hash root, uint8_t *position, cl_prefix_proof *proof)
{
	do
	{
		make_tree(MOST);
		cl_prefix_root(leaves, nleaves, 0, root);
		random_position(position);
		if (end == CL_PREFIX_HERE)
			memcpy(position, leaves[next_random() % nleaves].position, 32);
		memset(proof, 0, sizeof(*proof));
		cl_prefix_go_down(leaves, nleaves, position, proof);
	} while (proof->end != end || proof->depth < depth);
}

static void
test_corruptions(cl_prefix_end_kind end, const char *what)
{
	cl_hash		root;
	uint8_t		position[32];
	cl_prefix_proof good;
	cl_prefix_proof bad;
	int			accepted = 0;

	find_proof(end, 4, root, position, &good);
	ok(!refused(root, position, &good), "%s: the proof is good", what);
	for (unsigned i = 0; i < good.depth * 256; i++)
	{
		bad = good;
		bad.path[i / 256][i % 256 / 8] ^= (uint8_t) (1 << i % 8);
		accepted += !refused(root, position, &bad);
	}
	ok(accepted == 0, "%s: refused with any bit of the path changed", what);
	bad = good;
	bad.depth--;
	ok(refused(root, position, &bad), "%s: refused with a hash too few", what);
	bad.depth = good.depth + 1;
	cl_prefix_root(NULL, 0, 0, bad.path[good.depth]);
	ok(refused(root, position, &bad), "%s: refused with a hash too many", what);
	bad.depth = CL_PREFIX_BITS + 1;
	ok(refused(root, position, &bad), "%s: refused with more hashes than bits", what);
	bad = good;
	memcpy(bad.path[0], good.path[1], 32);
	memcpy(bad.path[1], good.path[0], 32);
	ok(refused(root, position, &bad), "%s: refused with two hashes exchanged", what);
	root[31] ^= 1;
	ok(refused(root, position, &good), "%s: refused under another root", what);
	root[31] ^= 1;
	accepted = 0;
	for (unsigned bit = 0; bit < good.depth; bit++)
	{
		position[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
		accepted += !refused(root, position, &good);
		position[bit / 8] ^= (uint8_t) (0x80 >> bit % 8);
	}
	ok(accepted == 0, "%s: refused for a position elsewhere", what);
}

/* What a dishonest prover would like to pass off. */
static void
test_lies(void)
{
	cl_hash		root;
	uint8_t		position[32];
	cl_prefix_proof proof;
	cl_prefix_proof lie;

	find_proof(CL_PREFIX_HERE, 3, root, position, &proof);
	lie = proof;
	lie.end = CL_PREFIX_EMPTY;
	ok(refused(root, position, &lie), "her leaf is not passed off as nothing");
	lie = proof;
	lie.end = CL_PREFIX_OTHER;
	ok(refused(root, position, &lie), "nor as somebody else's");
	lie.leaf.position[31] ^= 1;
	ok(refused(root, position, &lie), "nor under a position beside hers");
	lie = proof;
	lie.leaf.value[0] ^= 1;
	ok(refused(root, position, &lie), "her leaf has one value");

	/* A neighbour, each with the path of the other one. */
	find_proof(CL_PREFIX_OTHER, 3, root, position, &proof);
	lie = proof;
	lie.end = CL_PREFIX_HERE;
	ok(refused(root, position, &lie), "somebody else's leaf is not hers");
	memcpy(lie.leaf.position, position, 32);
	ok(refused(root, position, &lie), "nor when it is said to stand at her place");
	for (size_t i = 0; i < nleaves; i++)
	{
		if (memcmp(leaves[i].position, proof.leaf.position, 32) == 0)
			continue;
		lie = proof;
		lie.leaf = leaves[i];
		if (!refused(root, position, &lie))
			ok(false, "any other leaf stands where only one does");
	}
	ok(true, "no other leaf of the tree can be shown in its stead");

	/* A tree in which her leaf, which belongs on the right, stands on the left. */
	nleaves = 2;
	memset(leaves, 0xC3, 2 * sizeof(cl_prefix_leaf));
	leaves[1].position[5] ^= 1;
	memset(&lie, 0, sizeof(lie));
	cl_prefix_leaf_hash(&leaves[0], position);
	cl_prefix_leaf_hash(&leaves[1], lie.path[0]);
	naive_hash(0x01, position, lie.path[0], root);
	lie.depth = 1;
	lie.leaf = leaves[0];
	lie.end = CL_PREFIX_HERE;
	ok(refused(root, leaves[0].position, &lie), "a leaf that stands where it does not belong proves nothing");
}

int
main(void)
{
	test_small();
	test_roots();
	test_proofs();
	test_corruptions(CL_PREFIX_HERE, "present");
	test_corruptions(CL_PREFIX_OTHER, "another leaf");
	test_corruptions(CL_PREFIX_EMPTY, "empty");
	test_lies();
	return done_testing();
}
