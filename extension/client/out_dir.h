/*
 * out_dir.h
 *		A directory of files that are replaced whole, and never seen half done.
 *
 * A file is written under another name and then renamed.  What was written
 * before out_dir_sync() is on disk before what is written after it.
 */
#ifndef CLIENT_OUT_DIR_H
#define CLIENT_OUT_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/input.h"

#define OUT_NAME_MAX 128		/* bytes of a file's name, with a NUL */

typedef struct out_dir
{
	const char *path;
	int			fd;
	int			file;			/* that is being written, or -1 */
	char		name[OUT_NAME_MAX];	/* of it */
} out_dir;

/*
 * Open a directory, or make it; false if that fails or another process has it
 * open like this, which is reported.  To be closed in any case.
 */
extern bool out_dir_open(const char *path, out_dir *dir);
extern void out_dir_close(out_dir *dir);

/*
 * Append to a file; beginning another one finishes the last.  Names are
 * relative, and directories on the way are made; events and manifests are only
 * for the owner.  False if that fails, which is reported.
 */
extern bool out_dir_write(out_dir *dir, const char *name, const char *data, size_t len);

/* Finish the last file. */
extern bool out_dir_finish(out_dir *dir);

/* Wait until all that was written is on disk. */
extern bool out_dir_sync(out_dir *dir);

/* Read a file of at most max bytes. */
extern input_status out_dir_read(const out_dir *dir, const char *name, size_t max, input *in);

/* Remove a directory of files without subdirectories, as far as there is one. */
extern void out_dir_remove(out_dir *dir, const char *name);

#endif
