/*
 * log_walk.c
 *		A log as a directory of static files: going through all of it.
 *
 * The entries are the truth.  Every tile is computed from them and compared, and
 * so is the head.
 */
#include <stdlib.h>

#include "cli/log_dir.h"

/* A tile that is being computed. */
typedef struct growing_tile
{
	int			n;
	uint64_t	index;
	uint8_t		hashes[CL_TILE_BYTES];
} growing_tile;

typedef struct walk
{
	log_dir    *dir;
	uint64_t	n;				/* entries visited */
	bool		failed;			/* libcrypto */
	bool		differs;		/* a tile does, or cannot be had */
	cl_growing	growing;
	growing_tile tiles[CL_TILE_LEVELS];
	input		bundle;
} walk;

/* Compare a tile, as far as it goes, with its file. */
static void
compare_tile(walk *w, int level)
{
	const growing_tile *tile = &w->tiles[level];
	const uint8_t *found;
	char		name[CL_TILE_PATH_MAX];
	int			width;

	if (!log_dir_read(w->dir, level, tile->index, &width))
	{
		w->differs = true;
		return;
	}
	found = (const uint8_t *) w->dir->file.data;
	cl_tile_path(level, tile->index, width, name);
	for (int i = 0; i < tile->n; i++)
		if (memcmp(found + i * CL_HASH_BYTES, tile->hashes + i * CL_HASH_BYTES, CL_HASH_BYTES) != 0)
		{
			report_bad("%s: hash %d is not what the entries hash to", name, i);
			w->differs = true;
			return;
		}
}

static void
add_hash(walk *w, int level, const uint8_t *hash)
{
	growing_tile *tile = &w->tiles[level];
	cl_hash		root;

	memcpy(tile->hashes + tile->n * CL_HASH_BYTES, hash, CL_HASH_BYTES);
	if (++tile->n < CL_TILE_WIDTH)
		return;
	compare_tile(w, level);
	w->failed |= cl_merkle_root(tile->hashes, CL_TILE_WIDTH, root) != CL_OK;
	tile->n = 0;
	tile->index++;
	if (level + 1 < CL_TILE_LEVELS)
		add_hash(w, level + 1, root);
}

/* Compare what is left of tiles that are not complete, and the head. */
static void
compare_rest(walk *w)
{
	cl_hash		root;

	for (int level = 0; level < CL_TILE_LEVELS; level++)
		if (w->tiles[level].n > 0)
			compare_tile(w, level);
	w->failed |= cl_growing_root(&w->growing, root) != CL_OK;
	if (!w->failed && memcmp(root, w->dir->head.checkpoint.root, CL_HASH_BYTES) != 0)
		report_bad("the entries do not hash to the root in the checkpoint: %s is expected, %s found",
				   shown_hash(w->dir->head.checkpoint.root), shown_hash(root));
}

/* Visit the entries of a bundle; false if it has not as many as it must. */
static bool
walk_bundle(walk *w, uint64_t index, void (*visit) (void *arg, const log_entry *entry), void *arg)
{
	cl_scanner	in;
	char		name[CL_TILE_PATH_MAX];
	int			width;
	int			wanted = cl_tile_width(w->dir->head.checkpoint.size, CL_TILE_ENTRIES, index);
	log_entry	entry;

	if (!log_dir_read(w->dir, CL_TILE_ENTRIES, index, &width))
		return false;
	/* Comparing tiles reads other files: keep this one. */
	{
		input		swap = w->bundle;

		w->bundle = w->dir->file;
		w->dir->file = swap;
	}
	in = (cl_scanner) {w->bundle.data, w->bundle.len, 0};
	for (int i = 0; i < width && cl_entry_take(&in, &entry.data); i++)
	{
		if (i >= wanted)
			continue;
		entry.index = w->n;
		w->failed |= cl_merkle_leaf(entry.data.data, entry.data.len, entry.leaf) != CL_OK ||
			cl_growing_add(&w->growing, entry.leaf) != CL_OK;
		add_hash(w, 0, entry.leaf);
		visit(arg, &entry);
		w->n++;
	}
	cl_tile_path(CL_TILE_ENTRIES, index, width, name);
	if (w->n == index * CL_TILE_WIDTH + (uint64_t) wanted && cl_at_end(&in))
		return true;
	report_bad("%s: this is not a bundle of %s", name, counted((uint64_t) width, "entry", "entries"));
	return false;
}

bool
log_dir_walk(log_dir *dir, void (*visit) (void *arg, const log_entry *entry), void *arg)
{
	walk	   *w = allocate(sizeof(walk));
	uint64_t	size = dir->head.checkpoint.size;
	bool		whole = true;

	memset(w, 0, sizeof(*w));
	w->dir = dir;
	cl_growing_begin(&w->growing);
	progress_begin("entries", size);
	while (whole && w->n < size)
	{
		whole = walk_bundle(w, w->n / CL_TILE_WIDTH, visit, arg);
		progress_step(w->n);
	}
	progress_end();
	if (whole)
		compare_rest(w);
	if (w->failed)
		report_unchecked("libcrypto failed");
	whole = whole && !w->failed && !w->differs;
	input_free(&w->bundle);
	free(w);
	return whole;
}
