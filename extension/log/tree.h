/*
 * tree.h
 *		The tree over the leaves of the log, as it is stored.
 *
 * Complete tiles are rows of consent.tile.  Of the others, the hashes of level 0
 * are computed from the notes of the seals, those of a level above are the
 * roots of the tiles below.  So the hash of any subtree costs the reading of
 * one tile, at most 255 rows.
 */
#ifndef LOG_TREE_H
#define LOG_TREE_H

#include "utils/snapshot.h"

#include "core/merkle.h"
#include "core/tile.h"

typedef struct LogTree LogTree;

/* What the snapshot shows; it must last as long as the tree is open. */
extern LogTree *tree_open(Snapshot snapshot);
extern void tree_close(LogTree *tree);

/* How many leaves there are. */
extern int64 tree_size(const LogTree *tree);

/* The highest number of a seal that is a leaf; 0 without leaves. */
extern int64 tree_last_seal(LogTree *tree);

/* Only its first `size` leaves, for roots and proofs. */
extern cl_tree tree_of_size(LogTree *tree, int64 size);
extern void tree_root(LogTree *tree, int64 size, uint8 *root);

/*
 * The first `width` hashes of a tile; all of them must be there.  Good until
 * another tile of the same level is asked for.
 */
extern const cl_hash *tree_tile(LogTree *tree, int level, int64 index, int width);

/* Read leaves in order, from `index` on: false at the end. */
typedef struct LeafScan LeafScan;
extern LeafScan *tree_leaves(LogTree *tree, int64 index);
extern bool tree_next_leaf(LeafScan *scan, int64 *seal_no, cl_value *note);
extern void tree_end_leaves(LeafScan *scan);

/* The note of a seal, that is the data of its leaf; good until the next one. */
extern cl_value tree_seal_note(LogTree *tree, int64 seal_no);

#endif
