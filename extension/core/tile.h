/*
 * tile.h
 *		The log as files, as in C2SP tlog-tiles: tiles of 256 hashes, bundles of
 *		256 entries, and where they are found.
 */
#ifndef CL_TILE_H
#define CL_TILE_H

#include "core/buffer.h"
#include "core/merkle.h"

#define CL_TILE_HEIGHT	8
#define CL_TILE_WIDTH	256
#define CL_TILE_BYTES	(CL_TILE_WIDTH * CL_HASH_BYTES)
#define CL_TILE_LEVELS	8		/* that a tree of fewer than 2^63 leaves can have */
#define CL_TILE_ENTRIES (-1)	/* in place of a level: the bundle of entries */
#define CL_TILE_PATH_MAX 64		/* bytes of a path, with a NUL */
#define CL_ENTRY_MAX	65535	/* bytes of an entry */

/* How many hashes (or entries) at a level a tree of this size has. */
static inline uint64_t
cl_tile_hashes(uint64_t size, int level)
{
	return level <= 0 ? size : level >= CL_TILE_LEVELS ? 0 : size >> (CL_TILE_HEIGHT * level);
}

/* The width of a tile in a tree of this size: 0 if it has none such, 256 if it is complete. */
static inline int
cl_tile_width(uint64_t size, int level, uint64_t index)
{
	uint64_t	hashes = cl_tile_hashes(size, level);
	uint64_t	complete = hashes / CL_TILE_WIDTH;

	return index < complete ? CL_TILE_WIDTH : index == complete ? (int) (hashes % CL_TILE_WIDTH) : 0;
}

/*
 * Write the path of a tile or a bundle, and a NUL: tile/0/x001/x234/067.p/5,
 * tile/entries/000.  Returns the length.
 */
extern size_t cl_tile_path(int level, uint64_t index, int width, char out[CL_TILE_PATH_MAX]);

/* Append an entry to a bundle: two bytes of length, big-endian, then the entry. */
extern bool cl_entry_put(cl_buffer *bundle, const void *entry, size_t len);

/* Take the next entry of a bundle; false if there is none wholly. */
extern bool cl_entry_take(cl_scanner *bundle, cl_value *entry);

#endif
