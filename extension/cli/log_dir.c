/*
 * log_dir.c
 *		A log as a directory of static files: reading them.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/log_dir.h"

#define PATH_BYTES 4096

/* The most that a bundle can have. */
#define BUNDLE_MAX ((size_t) CL_TILE_WIDTH * (2 + CL_ENTRY_MAX))

input_status
log_dir_try(const log_dir *dir, const char *name, size_t max, input *in)
{
	char		path[PATH_BYTES];
	int			len = snprintf(path, sizeof(path), "%s/%s", dir->path, name);

	if (len < 0 || (size_t) len >= sizeof(path))
	{
		report_unchecked("the path of the directory is too long");
		return INPUT_FAILED;
	}
	return input_read(path, max, in);
}

bool
log_dir_file(const log_dir *dir, const char *name, size_t max, input *in)
{
	input_status status = log_dir_try(dir, name, max, in);

	if (status == INPUT_MISSING)
		report_unchecked("there is no file %s in %s", shown(cl_string(name)), shown(cl_string(dir->path)));
	return status == INPUT_OK;
}

bool
log_dir_open(const options *o, const char *path, log_dir *dir)
{
	memset(dir, 0, sizeof(*dir));
	dir->path = path;
	for (int i = 0; i < LOG_DIR_CACHE; i++)
		dir->cache[i].level = -1;
	return log_dir_file(dir, "checkpoint", CL_NOTE_MAX, &dir->note) &&
		head_check(o, input_value(&dir->note), "checkpoint", &dir->head);
}

void
log_dir_close(log_dir *dir)
{
	input_free(&dir->note);
	input_free(&dir->file);
}

bool
log_dir_read(log_dir *dir, int level, uint64_t index, int *width)
{
	size_t		max = level == CL_TILE_ENTRIES ? BUNDLE_MAX : CL_TILE_BYTES;
	char		name[CL_TILE_PATH_MAX];
	input_status status;

	*width = cl_tile_width(dir->head.checkpoint.size, level, index);
	cl_tile_path(level, index, *width, name);
	status = log_dir_try(dir, name, max, &dir->file);
	if (status == INPUT_MISSING && *width < CL_TILE_WIDTH)
	{
		char		complete[CL_TILE_PATH_MAX];

		cl_tile_path(level, index, CL_TILE_WIDTH, complete);
		status = log_dir_try(dir, complete, max, &dir->file);
		if (status == INPUT_OK)
			*width = CL_TILE_WIDTH;
	}
	if (status == INPUT_MISSING)
		report_unchecked("there is no file %s in %s", name, shown(cl_string(dir->path)));
	if (status == INPUT_OK && level != CL_TILE_ENTRIES && dir->file.len != (size_t) *width * CL_HASH_BYTES)
	{
		report_bad("%s: a tile of %d hashes has %d bytes, this one %zu", name, *width,
				   *width * CL_HASH_BYTES, dir->file.len);
		return false;
	}
	return status == INPUT_OK;
}

/* A tile from memory, read into it if need be; NULL if it cannot be had. */
static const cached_tile *
find_tile(log_dir *dir, int level, uint64_t index)
{
	cached_tile *oldest = &dir->cache[0];
	int			width;

	dir->lookups++;
	for (int i = 0; i < LOG_DIR_CACHE; i++)
	{
		cached_tile *tile = &dir->cache[i];

		if (tile->level == level && tile->index == index)
		{
			tile->used = dir->lookups;
			return tile;
		}
		if (tile->used < oldest->used)
			oldest = tile;
	}
	if (!log_dir_read(dir, level, index, &width))
		return NULL;
	oldest->level = level;
	oldest->index = index;
	oldest->used = dir->lookups;
	memcpy(oldest->hashes, dir->file.data, dir->file.len);
	return oldest;
}

/* A complete subtree lies in one tile. */
static int
subtree(void *arg, unsigned level, uint64_t index, uint8_t *out)
{
	unsigned	within = level % CL_TILE_HEIGHT;
	uint64_t	first = index << within;
	const cached_tile *tile = find_tile(arg, (int) (level / CL_TILE_HEIGHT), first / CL_TILE_WIDTH);

	if (tile == NULL)
		return CL_ERROR;
	return cl_merkle_root(tile->hashes + first % CL_TILE_WIDTH * CL_HASH_BYTES, (size_t) 1 << within, out);
}

cl_tree
log_dir_tree(log_dir *dir, uint64_t size)
{
	return (cl_tree) {size, subtree, dir};
}
