/*
 * merkle.h
 *		Merkle trees as in RFC 9162 section 2.1: hashes, roots, proofs.
 *
 * Proofs are made from a cl_tree, which knows how to get the hash of any
 * complete subtree: from leaves in memory, or from stored tiles.  Functions
 * that make hashes return CL_OK, or CL_ERROR where libcrypto or the tree fails.
 */
#ifndef CL_MERKLE_H
#define CL_MERKLE_H

#include "core/buffer.h"
#include "core/hash.h"

#define CL_PATH_MAX		65		/* hashes of the longest proof */

/* SHA-256(00 || data). */
extern int	cl_merkle_leaf(const void *data, size_t len, uint8_t *out);

/* SHA-256(01 || left || right); out may be one of them. */
extern int	cl_merkle_node(const uint8_t *left, const uint8_t *right, uint8_t *out);

/*
 * The root over n leaf hashes, one after another in `leaves`; SHA-256 of
 * nothing for n = 0.  n - 1 hashes, constant memory.
 */
extern int	cl_merkle_root(const uint8_t *leaves, size_t n, uint8_t *out);

/*
 * A root that grows by a leaf at a time.  Adding costs one hash on average,
 * the root one for each bit that is set in size; memory is fixed.
 */
typedef struct cl_growing
{
	uint64_t	size;
	cl_hash		peaks[64];		/* of complete subtrees, by level; those
								 * whose bit in size is set */
} cl_growing;

extern void cl_growing_begin(cl_growing *g);
extern int	cl_growing_add(cl_growing *g, const uint8_t *leaf);
extern int	cl_growing_root(const cl_growing *g, uint8_t *out);

/*
 * Where a tree's hashes come from.  `subtree` gives the hash of the complete
 * subtree at a level (leaves are level 0) and index, that is of the leaves
 * index << level to ((index + 1) << level) - 1; all of them are below size.
 */
typedef struct cl_tree
{
	uint64_t	size;
	int			(*subtree) (void *arg, unsigned level, uint64_t index, uint8_t *out);
	void	   *arg;
} cl_tree;

/* A tree of leaf hashes in memory. */
extern cl_tree cl_tree_of(const uint8_t *leaves, uint64_t n);

/* Its root: a look-up and a hash for each bit that is set in size. */
extern int	cl_tree_root(const cl_tree *tree, uint8_t *out);

/*
 * Inclusion path of leaf `index`, and consistency path from the tree's first
 * old_size leaves, both from the bottom up.  Return the number of hashes, or
 * -1: no such leaf, no such older tree (or an empty one), or failure.  Twice
 * log2(size) look-ups; size hashes for a tree in memory.
 */
extern int	cl_inclusion_path(const cl_tree *tree, uint64_t index,
							  cl_hash path[CL_PATH_MAX]);
extern int	cl_consistency_path(const cl_tree *tree, uint64_t old_size,
								cl_hash path[CL_PATH_MAX]);

/*
 * Verify a proof (RFC 9162 sections 2.1.3.2 and 2.1.4.2): true if it proves
 * what it should and not a hash is left over.  Nothing is consistent with a
 * tree of size 0, since it would say nothing.  At most two hashes for each of
 * the path.
 */
extern bool cl_verify_inclusion(const uint8_t *root, uint64_t size, uint64_t index,
								const uint8_t *leaf,
								const cl_hash *path, size_t path_len);
extern bool cl_verify_consistency(uint64_t old_size, uint64_t new_size,
								  const uint8_t *old_root, const uint8_t *new_root,
								  const cl_hash *path, size_t path_len);

/*
 * Hashes as text: each in base64, one space between two.  Read returns how many,
 * or -1 if it is anything else or there are more than max.
 */
extern void cl_put_hashes(cl_buffer *b, const cl_hash *hashes, size_t n);
extern int	cl_read_hashes(cl_value text, cl_hash *hashes, int max);

/*
 * A path as lines: each hash in base64 in a line of its own, then an empty line.
 * Take reads at most max hashes; false if it is anything else.
 */
extern void cl_put_path(cl_buffer *b, const cl_hash *path, size_t path_len);
extern bool cl_take_path(cl_scanner *in, size_t max, cl_hash *path, size_t *path_len);

#endif
