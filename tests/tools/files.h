/*
 * files.h
 *		Writing a test ledger as files: logs as C2SP tlog-tiles, events, notes.
 */
#ifndef TEST_FILES_H
#define TEST_FILES_H

#include <errno.h>
#include <sys/stat.h>

#include "core/tile.h"
#include "unit/ledger.h"

#define COSIGNED_AT 1730000000	/* 2024-10-27T03:33:20Z */

/* Where everything goes. */
static const char *top;

/* Make the folders of a path below the top. */
static inline void
make_folders(char *path)
{
	for (char *slash = strchr(path + strlen(top) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		need(mkdir(path, 0777) == 0 || errno == EEXIST);
		*slash = '/';
	}
}

static inline void
save(const char *folder, const char *name, const void *data, size_t len)
{
	char		path[1024];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s%s%s", top, folder, *folder ? "/" : "", name);
	make_folders(path);
	file = fopen(path, "w");
	need(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

/* Write the tiles and bundles of a level, each from its hashes or entries. */
static inline void
save_level(const test_ledger *ledger, size_t size, int level, const char *folder)
{
	for (uint64_t index = 0; cl_tile_width(size, level, index) > 0; index++)
	{
		int			width = cl_tile_width(size, level, index);
		char		name[CL_TILE_PATH_MAX];
		char	   *data = malloc(CL_TILE_WIDTH * TEST_NOTE_MAX);
		cl_buffer	b = {data, CL_TILE_WIDTH * TEST_NOTE_MAX, 0};

		for (uint64_t i = index * CL_TILE_WIDTH; i < index * CL_TILE_WIDTH + (uint64_t) width; i++)
		{
			cl_hash		hash;

			if (level == CL_TILE_ENTRIES)
				cl_entry_put(&b, ledger->seals[i].note, ledger->seals[i].note_len);
			else
			{
				size_t		leaves = (size_t) 1 << (CL_TILE_HEIGHT * level);

				need(cl_merkle_root(ledger->leaves + i * leaves * CL_HASH_BYTES, leaves, hash) == CL_OK);
				cl_put(&b, hash, CL_HASH_BYTES);
			}
		}
		cl_tile_path(level, index, width, name);
		save(folder, name, data, b.len);
		free(data);
	}
}

/* The cosigned head of the first `size` entries; its length. */
static inline size_t
make_head(const test_ledger *ledger, size_t size, char note[TEST_NOTE_MAX])
{
	size_t		len = test_cosign(ledger, 0, COSIGNED_AT, note, test_checkpoint(ledger, size, note));

	return test_cosign(ledger, 1, COSIGNED_AT + 60, note, len);
}

static inline void
save_tree(const test_ledger *ledger, size_t size, const char *folder)
{
	char		note[TEST_NOTE_MAX];

	save(folder, "checkpoint", note, make_head(ledger, size, note));
	for (int level = CL_TILE_ENTRIES; level < CL_TILE_LEVELS; level++)
		save_level(ledger, size, level, folder);
}

/* Write events as bundles of 256, in the order of the log; one may be replaced. */
static inline void
save_events(const test_ledger *ledger, const char *folder, size_t seal, int64_t place, const char *instead)
{
	char	   *data = malloc(CL_TILE_WIDTH * TEST_NOTE_MAX);
	cl_buffer	b = {data, CL_TILE_WIDTH * TEST_NOTE_MAX, 0};
	uint64_t	n = 0;

	for (size_t i = 0; i < ledger->n; i++)
		for (int64_t e = 0; e < ledger->seals[i].seal.count; e++)
		{
			const char *event = i == seal && e == place && instead != NULL ? instead : ledger->seals[i].events[e];
			bool		last = i + 1 == ledger->n && e + 1 == ledger->seals[i].seal.count;
			char		path[CL_TILE_PATH_MAX];
			char		name[CL_TILE_PATH_MAX];

			need(cl_entry_put(&b, event, strlen(event)));
			n++;
			if (n % CL_TILE_WIDTH != 0 && !last)
				continue;
			cl_tile_path(CL_TILE_ENTRIES, (n - 1) / CL_TILE_WIDTH, (int) ((n - 1) % CL_TILE_WIDTH) + 1, path);
			snprintf(name, sizeof(name), "events/%s", path + strlen("tile/entries/"));
			save(folder, name, b.data, b.len);
			b.len = 0;
		}
	free(data);
}

#endif
