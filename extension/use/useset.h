/*
 * useset.h
 *		A set of uses that is cheap to add to and sorted when it is read.
 *
 * Entries are appended to a buffer.  When the buffer is full it is sorted,
 * doubles are dropped (the first verdict stays), and it becomes a sorted run
 * of delta-coded blocks, in a temporary file or in memory.
 */
#ifndef USE_USESET_H
#define USE_USESET_H

#include "use/blocks.h"
#include "use/merge.h"

typedef struct UseSet UseSet;

/*
 * A set in a memory context of its own under parent.  `budget` bounds the
 * buffer; runs go to a temporary file of the transaction if `spill`, and stay
 * in memory otherwise.
 */
extern UseSet *useset_create(MemoryContext parent, Size budget, bool spill);
extern void useset_destroy(UseSet *set);

/* O(1), but for the sorting of full buffers. An error leaves the set as it was. */
extern void useset_add(UseSet *set, const UseEntry *entry);

/*
 * Begin to add uses in order as the blocks that they are in, and add one of
 * them.  Meanwhile others than those may be added one by one.  Worth it where
 * useset_takes_blocks().
 */
extern bool useset_takes_blocks(const UseSet *set, int nblocks);
extern void useset_begin_blocks(UseSet *set);
extern void useset_add_block(UseSet *set, const char *data, const BlockInfo *info);

/* The blocks of a set in memory that is one sequence of them; 0 of any other. */
extern int useset_blocks(const UseSet *set);
extern const char *useset_block(const UseSet *set, int n, BlockInfo *info);

/* Entries that were added; doubles that were not yet found count too. */
extern int64 useset_added(const UseSet *set);

/* Bytes in use, without temporary files. */
extern Size useset_memory(const UseSet *set);

/* Is this entry in the set, whatever its code? Sorts the buffer first; best asked in order. */
typedef struct UseProbe UseProbe;
extern UseProbe *useset_probe(UseSet *set);
extern bool useset_contains(UseProbe *probe, const UseEntry *entry);

/*
 * Add what the set holds to a merge, with priorities from `priority` on;
 * returns the first one not used.  The set must not change while it is read.
 */
extern int64 useset_read(UseSet *set, UseMerge *merge, int64 priority);

#endif
