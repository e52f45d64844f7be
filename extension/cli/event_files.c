/*
 * event_files.c
 *		The events of a full export, one after another.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/event_files.h"

#define PATH_BYTES 4096
#define BUNDLE_MAX ((size_t) CL_TILE_WIDTH * (2 + CL_ENTRY_MAX))
#define NAME_BYTES (CL_TILE_PATH_MAX + 8)

void
event_files_begin(event_files *files, log_dir *dir)
{
	memset(files, 0, sizeof(*files));
	files->dir = dir;
}

void
event_files_end(event_files *files)
{
	input_free(&files->bundle);
}

/* The name of a bundle; width 0: of the folder of partial ones. */
static void
bundle_name(uint64_t index, int width, char out[NAME_BYTES])
{
	char		path[CL_TILE_PATH_MAX];

	cl_tile_path(CL_TILE_ENTRIES, index, width > 0 ? width : 1, path);
	if (width == 0)
		path[strlen(path) - strlen("/1")] = '\0';
	snprintf(out, NAME_BYTES, "events/%s", path + strlen("tile/entries/"));
}

/* The width of the widest partial bundle there is, or 0. */
static int
widest(const event_files *files, uint64_t index)
{
	char		name[NAME_BYTES];
	char		path[PATH_BYTES];
	DIR		   *folder;
	struct dirent *file;
	int			most = 0;

	bundle_name(index, 0, name);
	if (snprintf(path, sizeof(path), "%s/%s", files->dir->path, name) >= (int) sizeof(path))
		return 0;
	folder = opendir(path);
	if (folder == NULL)
		return 0;
	while ((file = readdir(folder)) != NULL)
	{
		cl_scanner	in = {file->d_name, strlen(file->d_name), 0};
		uint64_t	width;

		if (cl_take_number(&in, CL_TILE_WIDTH - 1, &width) && cl_at_end(&in) && (int) width > most)
			most = (int) width;
	}
	closedir(folder);
	return most;
}

/* Open the next bundle, complete or as wide as there is one. */
static bool
open_bundle(event_files *files)
{
	char		name[NAME_BYTES];
	input_status status;
	int			width;

	bundle_name(files->next_bundle, CL_TILE_WIDTH, name);
	status = log_dir_try(files->dir, name, BUNDLE_MAX, &files->bundle);
	if (status == INPUT_MISSING && (width = widest(files, files->next_bundle)) > 0)
	{
		bundle_name(files->next_bundle, width, name);
		status = log_dir_try(files->dir, name, BUNDLE_MAX, &files->bundle);
	}
	if (status == INPUT_MISSING)
		report_unchecked("there is no file %s in %s", name, shown(cl_string(files->dir->path)));
	if (status != INPUT_OK)
		return false;
	files->next_bundle++;
	files->in = (cl_scanner) {files->bundle.data, files->bundle.len, 0};
	return true;
}

bool
event_files_next(event_files *files, cl_value *event)
{
	if (files->failed)
		return false;
	if (cl_at_end(&files->in))
		files->failed = !open_bundle(files);
	if (!files->failed && !cl_entry_take(&files->in, event))
	{
		report_bad("the bundle of events %llu is malformed", (unsigned long long) files->next_bundle - 1);
		files->failed = true;
	}
	return !files->failed;
}
