/*
 * blocks.h
 *		Entries in delta-coded blocks: the codec of core, in the server's terms.
 */
#ifndef USE_BLOCKS_H
#define USE_BLOCKS_H

#include "use/entry.h"

#define BLOCK_BYTES 4000		/* what a block is at most, unless it is to be smaller */

typedef struct BlockWriter BlockWriter;
typedef struct BlockReader BlockReader;

/* What is known of a block without reading it. */
typedef struct BlockInfo
{
	int64		first_subject;
	int64		last_subject;
	int32		entries;
	int32		len;
} BlockInfo;

/* Begin a block of at most cap bytes; the writer is used again and again. */
extern BlockWriter *block_writer(void);
extern void block_begin(BlockWriter *writer, int cap);

/* Add an entry, in order. False, and nothing added, if the block is full. */
extern bool block_put(BlockWriter *writer, const UseEntry *entry);

/* The finished block; the bytes are good until the next block_begin(). */
extern const char *block_end(BlockWriter *writer, BlockInfo *info);

/* Read a block; malformed ones raise ERRCODE_DATA_CORRUPTED. */
extern BlockReader *block_reader(void);	/* in the current memory context */
extern void block_open(BlockReader *reader, const char *data, int len);
extern bool block_get(BlockReader *reader, UseEntry *entry);

/* Pass over the uses of subjects before this one. */
extern void block_seek(BlockReader *reader, int64 subject);

#endif
