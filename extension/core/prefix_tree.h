/*
 * prefix_tree.h
 *		A binary tree over positions that nobody can arrange: who is in it, and
 *		who is not (docs/FORMAT.md).
 *
 * A position is 256 bits, the most significant of its first byte first; a 0
 * goes left.  A subtree without leaves has the hash SHA-256(02), one with a
 * single leaf is that leaf, SHA-256(00 || position || value), any other is
 * SHA-256(01 || left || right).  So a root answers for each position in one
 * way only.  Functions return CL_OK, or CL_ERROR where libcrypto fails or the
 * leaves are not as they must be.
 */
#ifndef CL_PREFIX_TREE_H
#define CL_PREFIX_TREE_H

#include "core/buffer.h"
#include "core/hash.h"

#define CL_PREFIX_BITS 256

typedef struct cl_prefix_leaf
{
	cl_hash		position;
	cl_hash		value;
} cl_prefix_leaf;

extern int	cl_prefix_leaf_hash(const cl_prefix_leaf *leaf, uint8_t *out);

/*
 * The hash of the subtree at a depth, from its leaves one by one in ascending
 * order of position; their first `depth` bits are the same.  About two hashes
 * a leaf; memory is fixed.
 */
typedef struct cl_prefix_builder
{
	unsigned	depth;
	uint64_t	leaves;
	cl_hash		position;		/* of the last leaf */
	cl_hash		hash;			/* of the subtree that ends with it */
	cl_hash		empty;
	unsigned	nforks;			/* above that subtree */
	uint16_t	fork_depths[CL_PREFIX_BITS];	/* ascending */
	cl_hash		lefts[CL_PREFIX_BITS];	/* what each has on its left */
} cl_prefix_builder;

extern int	cl_prefix_begin(cl_prefix_builder *b, unsigned depth);
extern int	cl_prefix_add(cl_prefix_builder *b, const cl_prefix_leaf *leaf);
extern int	cl_prefix_end(cl_prefix_builder *b, uint8_t *hash);

/* The same of leaves in memory. */
extern int	cl_prefix_root(const cl_prefix_leaf *leaves, size_t n, unsigned depth,
						   uint8_t *hash);

typedef enum cl_prefix_end_kind
{
	CL_PREFIX_EMPTY,			/* nobody is there */
	CL_PREFIX_OTHER,			/* a leaf at another position */
	CL_PREFIX_HERE				/* a leaf at this position */
} cl_prefix_end_kind;

/* What is at a position: the way down to it, and what the way ends in. */
typedef struct cl_prefix_proof
{
	unsigned	depth;			/* of the end; so many hashes beside the way */
	cl_hash		path[CL_PREFIX_BITS];	/* from the root down */
	cl_prefix_end_kind end;
	cl_prefix_leaf leaf;		/* the leaf it ends in, unless it is empty */
} cl_prefix_proof;

/*
 * What the way ends in as text: "empty", or position and value of the leaf at
 * another position, in base64, a space between.  Read sets end and leaf, and is
 * false if it is anything else.
 */
extern void cl_prefix_put_end(cl_buffer *b, const cl_prefix_proof *proof);
extern bool cl_prefix_read_end(cl_value text, cl_prefix_proof *proof);

/*
 * Go from proof->depth, where the leaves (ascending) are all that is below,
 * down to the position.  As many hashes as leaves.
 */
extern int	cl_prefix_go_down(const cl_prefix_leaf *leaves, size_t n,
							  const uint8_t *position, cl_prefix_proof *proof);

/* A tree given by its 2^bits subtrees at depth `bits`, the leftmost first. */
typedef struct cl_prefix_node
{
	uint64_t	leaves;			/* 0: the hash does not count */
	cl_hash		hash;
} cl_prefix_node;

/*
 * The root over them, and with a position the upper part of its proof, to be
 * gone on with by cl_prefix_go_down().  *node is the one whose leaves are to be
 * given there: that of the position, or, where a lone leaf ends the way
 * higher up, that of the leaf.  position may be NULL, then so may be the
 * others.  Overwrites the nodes; as many hashes.
 */
extern int	cl_prefix_join(cl_prefix_node *nodes, unsigned bits, uint8_t *root,
						   const uint8_t *position, cl_prefix_proof *proof,
						   size_t *node);

/* The first bits of a position as a number: the place of its node. */
extern uint64_t cl_prefix_of(const uint8_t *position, unsigned bits);

typedef enum cl_prefix_answer
{
	CL_PREFIX_REFUSED,			/* proves nothing */
	CL_PREFIX_PRESENT,			/* proof->leaf is at the position */
	CL_PREFIX_ABSENT			/* nothing is there */
} cl_prefix_answer;

/*
 * What a proof says about a position under a root.  Refused unless all of it
 * fits: the hashes lead to the root, a foreign leaf shares the way and
 * differs, and the way is no longer than a tree would have it.
 */
extern cl_prefix_answer cl_prefix_verify(const uint8_t *root, const uint8_t *position,
										 const cl_prefix_proof *proof);

#endif
