/*
 * out_dir.c
 *		A directory of files that are replaced whole, and never seen half done.
 */
#include "client/out_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/report.h"

#define TEMPORARY ".consent-log.tmp"

static bool
refuse(const out_dir *dir, const char *what, const char *name)
{
	report_unchecked("could not %s %s/%s: %s", what, shown(cl_string(dir->path)), shown(cl_string(name)), strerror(errno));
	return false;
}

bool
out_dir_open(const char *path, out_dir *dir)
{
	dir->path = path;
	dir->file = -1;
	dir->name[0] = '\0';
	if (mkdir(path, 0777) != 0 && errno != EEXIST)
	{
		dir->fd = -1;
		report_unchecked("could not make the directory %s: %s", shown(cl_string(path)), strerror(errno));
		return false;
	}
	dir->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir->fd < 0)
	{
		report_unchecked("could not open the directory %s: %s", shown(cl_string(path)), strerror(errno));
		return false;
	}
	if (flock(dir->fd, LOCK_EX | LOCK_NB) != 0)
	{
		report_unchecked("another process is writing to %s", shown(cl_string(path)));
		return false;
	}
	return true;
}

void
out_dir_close(out_dir *dir)
{
	if (dir->file >= 0)
	{
		close(dir->file);
		unlinkat(dir->fd, TEMPORARY, 0);
	}
	if (dir->fd >= 0)
		close(dir->fd);
	dir->fd = dir->file = -1;
}

/* Is this a name that the server may give: no step upwards, nothing hidden? */
static bool
name_valid(const char *name)
{
	size_t		len = strlen(name);

	if (len == 0 || len >= OUT_NAME_MAX || name[len - 1] == '/')
		return false;
	for (const char *p = name; *p; p++)
	{
		bool		first = p == name || p[-1] == '/';

		if (first && (*p == '.' || *p == '/'))
			return false;
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789./", *p) == NULL)
			return false;
	}
	return true;
}

/* What is not for everybody. */
static bool
is_closed(const char *name)
{
	return strncmp(name, "events/", 7) == 0 || strncmp(name, "manifests/", 10) == 0;
}

static bool
make_parents(out_dir *dir, const char *name)
{
	char		parent[OUT_NAME_MAX];

	for (const char *slash = strchr(name, '/'); slash != NULL; slash = strchr(slash + 1, '/'))
	{
		memcpy(parent, name, (size_t) (slash - name));
		parent[slash - name] = '\0';
		if (mkdirat(dir->fd, parent, is_closed(name) ? 0700 : 0777) != 0 && errno != EEXIST)
			return refuse(dir, "make the directory", parent);
	}
	return true;
}

/* Begin a file. */
static bool
begin(out_dir *dir, const char *name)
{
	if (!name_valid(name))
	{
		report_unchecked("the server names a file %s, which is no name for one", shown(cl_string(name)));
		return false;
	}
	unlinkat(dir->fd, TEMPORARY, 0);	/* that of a process which was killed */
	dir->file = openat(dir->fd, TEMPORARY, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, is_closed(name) ? 0600 : 0666);
	if (dir->file < 0)
		return refuse(dir, "create", TEMPORARY);
	strcpy(dir->name, name);
	return make_parents(dir, name);
}

bool
out_dir_finish(out_dir *dir)
{
	int			file = dir->file;

	if (file < 0)
		return true;
	dir->file = -1;
	if (close(file) != 0)
		return refuse(dir, "write", dir->name);
	if (renameat(dir->fd, TEMPORARY, dir->fd, dir->name) != 0)
		return refuse(dir, "replace", dir->name);
	return true;
}

bool
out_dir_write(out_dir *dir, const char *name, const char *data, size_t len)
{
	if (dir->file < 0 || strcmp(dir->name, name) != 0)
	{
		if (!out_dir_finish(dir) || !begin(dir, name))
			return false;
	}
	while (len > 0)
	{
		ssize_t		written = write(dir->file, data, len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return refuse(dir, "write", name);
		data += written;
		len -= (size_t) written;
	}
	return true;
}

bool
out_dir_sync(out_dir *dir)
{
	if (!out_dir_finish(dir))
		return false;
#ifdef __linux__
	if (syncfs(dir->fd) != 0)
		return refuse(dir, "flush", "");
#else
	sync();
#endif
	return true;
}

input_status
out_dir_read(const out_dir *dir, const char *name, size_t max, input *in)
{
	char		path[4096];

	if ((size_t) snprintf(path, sizeof(path), "%s/%s", dir->path, name) >= sizeof(path))
	{
		report_unchecked("the path is too long: %s", shown(cl_string(dir->path)));
		return INPUT_FAILED;
	}
	return input_read(path, max, in);
}

void
out_dir_remove(out_dir *dir, const char *name)
{
	int			fd = openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR		   *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (entries == NULL)
	{
		if (fd >= 0)
			close(fd);
		return;
	}
	while ((entry = readdir(entries)) != NULL)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			unlinkat(fd, entry->d_name, 0);
	closedir(entries);
	unlinkat(dir->fd, name, AT_REMOVEDIR);
}
