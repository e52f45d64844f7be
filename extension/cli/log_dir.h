/*
 * log_dir.h
 *		A log as a directory of static files: C2SP tlog-tiles.
 *
 * What the files say is believed only as far as hashes tie it to the head that
 * the user's policy accepts.
 */
#ifndef CLI_LOG_DIR_H
#define CLI_LOG_DIR_H

#include "cli/head.h"
#include "core/tile.h"

#define LOG_DIR_CACHE 16		/* tiles kept in memory */

/* A tile that was read. */
typedef struct cached_tile
{
	int			level;			/* -1: none */
	uint64_t	index;
	uint64_t	used;			/* when, in look-ups */
	uint8_t		hashes[CL_TILE_BYTES];
} cached_tile;

typedef struct log_dir
{
	const char *path;
	input		note;
	head		head;
	input		file;			/* the last one read */
	uint64_t	lookups;
	cached_tile cache[LOG_DIR_CACHE];
} log_dir;

/*
 * Read and check the file `checkpoint`; false if it is missing or the policy
 * does not accept it, which is reported.  To be closed in any case.
 */
extern bool log_dir_open(const options *o, const char *path, log_dir *dir);
extern void log_dir_close(log_dir *dir);

/*
 * Read a tile or, at level CL_TILE_ENTRIES, a bundle into dir->file.  A partial
 * one may have been replaced by the complete one; *width is of the one read.
 * False if it cannot be had, which is reported.
 */
extern bool log_dir_read(log_dir *dir, int level, uint64_t index, int *width);

/* A file of the directory by its name; reported if it cannot be had. */
extern bool log_dir_file(const log_dir *dir, const char *name, size_t max, input *in);

/* The same, but that there is no such file is only returned. */
extern input_status log_dir_try(const log_dir *dir, const char *name, size_t max, input *in);

/* The tree of the first `size` entries, from tiles, as they are. */
extern cl_tree log_dir_tree(log_dir *dir, uint64_t size);

typedef struct log_entry
{
	uint64_t	index;
	cl_value	data;
	cl_hash		leaf;
} log_entry;

/*
 * Visit each entry in order, compare every tile with what the entries hash to,
 * and the head with the root.  What differs is reported; false if there are
 * entries that could not be visited, or a tile that is not as it must be.
 */
extern bool log_dir_walk(log_dir *dir, void (*visit) (void *arg, const log_entry *entry), void *arg);

#endif
