/*
 * files.h
 *		What targets for readers of files have in common: a directory of their own.
 */
#ifndef FUZZ_FILES_H
#define FUZZ_FILES_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/log_dir.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void
require(bool condition)
{
	if (!condition)
		abort();
}

static char top[] = "/tmp/consent_fuzz.XXXXXX";

static inline void
remove_top(void)
{
	char		command[sizeof(top) + 20];

	snprintf(command, sizeof(command), "rm -rf '%s'", top);
	require(system(command) == 0);
}

/* The directory, made at first, and removed at the end. */
static inline const char *
own_directory(void)
{
	static bool made = false;

	if (!made)
	{
		require(mkdtemp(top) != NULL && atexit(remove_top) == 0);
		report_quietly(true);
		made = true;
	}
	return top;
}

/* Write a file of it, and the folders above. */
static inline void
put_file(const char *name, const void *data, size_t len)
{
	char		path[512];
	FILE	   *file;

	snprintf(path, sizeof(path), "%s/%s", own_directory(), name);
	for (char *slash = strchr(path + sizeof(top), '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		*slash = '\0';
		require(mkdir(path, 0777) == 0 || errno == EEXIST);
		*slash = '/';
	}
	file = fopen(path, "w");
	require(file != NULL && fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

/* Take a piece with its length, of three bytes, before it; what there is of it. */
static inline cl_value
take_piece(const uint8_t **data, size_t *size)
{
	size_t		len;
	cl_value	piece;

	if (*size < 3)
		return (cl_value) {(const char *) *data, 0};
	len = (size_t) (*data)[0] << 16 | (size_t) (*data)[1] << 8 | (*data)[2];
	*data += 3;
	*size -= 3;
	if (len > *size)
		len = *size;
	piece = (cl_value) {(const char *) *data, len};
	*data += len;
	*size -= len;
	return piece;
}

/* That directory as the log with a head of so many entries. */
static inline void
as_log(log_dir *dir, uint64_t size)
{
	memset(dir, 0, sizeof(*dir));
	dir->path = own_directory();
	for (int i = 0; i < LOG_DIR_CACHE; i++)
		dir->cache[i].level = -1;
	dir->head.checkpoint.size = size;
}

#endif
