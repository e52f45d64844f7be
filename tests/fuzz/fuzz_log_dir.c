/*
 * fuzz_log_dir.c
 *		A log as static files, and the events beside it: every entry is visited
 *		once and in order, and a tree is found whole only if its tiles are.
 *
 * The input is the number of entries, of one byte; then a bundle, the tile of
 * their hashes, and a bundle of events, each but the last with its length.
 */
#include "cli/event_files.h"
#include "files.h"

static void
visit(void *arg, const log_entry *entry)
{
	uint64_t   *n = arg;
	cl_hash		leaf;

	require(entry->index == (*n)++);
	require(cl_merkle_leaf(entry->data.data, entry->data.len, leaf) == CL_OK && memcmp(leaf, entry->leaf, CL_HASH_BYTES) == 0);
}

static void
check_tree(log_dir *dir, uint64_t size, cl_value tile)
{
	for (uint64_t n = 1; n <= size; n += n)
	{
		cl_tree		tree = log_dir_tree(dir, n);
		cl_hash		root;
		cl_hash		expected;

		require(cl_tree_root(&tree, root) == CL_OK &&
				cl_merkle_root((const uint8_t *) tile.data, n, expected) == CL_OK &&
				memcmp(root, expected, CL_HASH_BYTES) == 0);
	}
}

static void
read_events(log_dir *dir, size_t len)
{
	event_files files;
	cl_value	event;
	size_t		read = 0;

	event_files_begin(&files, dir);
	while (event_files_next(&files, &event))
		read += 2 + event.len;
	require(files.failed && read <= len);
	require(!event_files_next(&files, &event));
	event_files_end(&files);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t	entries = size > 0 ? 1 + data[0] % (CL_TILE_WIDTH - 1) : 1;
	uint64_t	n = 0;
	char		name[CL_TILE_PATH_MAX];
	cl_value	bundle;
	cl_value	tile;
	log_dir		dir;

	if (size < 1)
		return 0;
	data++;
	size--;
	bundle = take_piece(&data, &size);
	tile = take_piece(&data, &size);
	/* The complete ones are found in place of the partial ones, whatever the width. */
	put_file("tile/entries/000", bundle.data, bundle.len);
	cl_tile_path(0, 0, CL_TILE_WIDTH, name);
	put_file(name, tile.data, tile.len);
	put_file("events/000", data, size);
	as_log(&dir, entries);
	if (log_dir_walk(&dir, visit, &n))
	{
		require(n == entries && tile.len == CL_TILE_BYTES);
		check_tree(&dir, entries, tile);
	}
	require(n <= entries);
	read_events(&dir, size);
	log_dir_close(&dir);
	return 0;
}
