/*
 * part.h
 *		A part of a run: blocks as rows, and the hash that seals them.
 */
#ifndef USE_PART_H
#define USE_PART_H

#include "lib/stringinfo.h"

#include "use/merge.h"
#include "use/run.h"

/*
 * Hash over blocks in the order of (table, block_no), salted, or over draws:
 * docs/FORMAT.md.  part_copy_begin() appends what would be hashed to `out`
 * instead, and has no end.
 */
typedef struct PartHash PartHash;
#define PART_HASH_BYTES 32

extern PartHash *part_hash_begin(const uint8 *salt);
extern PartHash *part_copy_begin(StringInfo out);
extern void part_hash_number(PartHash *hash, uint32 number);	/* big-endian */
extern void part_hash_bytes(PartHash *hash, const void *bytes, size_t len);
extern void part_hash_block(PartHash *hash, const char *table, int32 block_no,
							const char *data, int len);
extern void part_hash_draw(PartHash *hash, Store *store, HeapTuple draw);
extern void part_hash_end(PartHash *hash, uint8 *out);

/* Write a part, table after table in bytewise order of names; then seal it. */
typedef struct PartWriter PartWriter;
extern PartWriter *part_begin(int64 run_id, int64 part);
extern void part_write_table(PartWriter *writer, const char *table, UseMerge *uses);

/* Record the event run_part and its row; returns the event id. */
extern int64 part_seal(PartWriter *writer);

/*
 * Read the uses of a table in a part, in order, from those of `subject` on;
 * priority is the part's number.  `blocks` is the open table manifest_block.
 * The source keeps no buffer pinned.
 */
extern UseSource *part_source(Store *blocks, int64 run_id, const RunPart *part,
							  const char *table, int64 subject);

/* The bytes of a block's data, at most BLCKSZ; they last as long as its row. */
extern const char *part_block_bytes(Datum data, int64 run_id, int *len);

/*
 * Does the part hold this entry, whatever its code?  For a source of
 * part_source() that nobody reads; asked in order it opens a block once.
 */
extern bool part_contains(UseSource *source, const UseEntry *entry);

/*
 * Append the blocks of a table in a part to a copy, until it has grown by some
 * `room` bytes; false when these were the last.  `after` is where to go on, and
 * (PartPlace) {0, -1} at first.
 */
typedef struct PartPlace
{
	int64		last_subject;
	int32		block_no;
} PartPlace;

extern bool part_copy_blocks(PartHash *copy, int64 run_id, int64 part, const char *table,
							 Snapshot snapshot, Size room, PartPlace *after);

#endif
