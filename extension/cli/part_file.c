/*
 * part_file.c
 *		The file of a part of a run.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/part_file.h"

#define PATH_BYTES 4096
#define NUMBER_BYTES 4

/* A block with what stands before it. */
#define FRAME_MAX (NUMBER_BYTES + TABLE_NAME_MAX + 2 * NUMBER_BYTES + CL_BLOCK_MAX)

/* ---- files ---- */

static long
read_at(const char *path, uint64_t offset, void *out, size_t cap)
{
	int			fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t		len = 0;
	ssize_t		n = -1;

	while (fd >= 0 && len < cap)
	{
		n = pread(fd, (char *) out + len, cap - len, (off_t) (offset + len));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += (size_t) n;
	}
	if (fd < 0 || n < 0)
		report_unchecked("could not read %s: %s", shown(cl_string(path)), strerror(errno));
	if (fd >= 0)
		close(fd);
	return fd < 0 || n < 0 ? -1 : (long) len;
}

long
manifest_read(const log_dir *dir, int64_t run, const char *name, uint64_t offset, void *out, size_t cap)
{
	char		path[PATH_BYTES];

	if (snprintf(path, sizeof(path), "%s/manifests/%lld/%s", dir->path, (long long) run, name) < (int) sizeof(path))
		return read_at(path, offset, out, cap);
	report_unchecked("the path of the directory is too long");
	return -1;
}

static long
read_part(const part_file *file, void *out, size_t cap)
{
	return manifest_read(file->dir, file->run, shown_number(file->part), file->offset, out, cap);
}

static void
hash(part_file *file, const void *data, size_t len)
{
	if (file->hasher != NULL && cl_hasher_add(file->hasher, data, len) != CL_OK)
		file->crypto_failed = true;
}

/* ---- blocks ---- */

static int
refuse(const part_file *file, const char *what)
{
	report_bad("part %lld of run %lld: %s", (long long) file->part, (long long) file->run, what);
	return -1;
}

bool
part_file_open(part_file *file, const log_dir *dir, int64_t run, int64_t part)
{
	long		len;

	memset(file, 0, sizeof(*file));
	file->dir = dir;
	file->run = run;
	file->part = part;
	cl_block_open(&file->reader, NULL, 0, file->text);
	len = read_part(file, file->salt, CL_HASH_BYTES);
	if (len >= 0 && len < CL_HASH_BYTES)
		refuse(file, "its file is too short");
	file->offset = CL_HASH_BYTES;
	return len == CL_HASH_BYTES;
}

/* Take a number of four bytes. */
static bool
take_number(cl_scanner *in, uint64_t *n)
{
	if (in->len - in->pos < NUMBER_BYTES)
		return false;
	*n = cl_get_big_endian(in->data + in->pos, NUMBER_BYTES);
	in->pos += NUMBER_BYTES;
	return true;
}

/* Take so many bytes. */
static bool
take_bytes(cl_scanner *in, uint64_t len, cl_value *out)
{
	if (in->len - in->pos < len)
		return false;
	*out = (cl_value) {in->data + in->pos, (size_t) len};
	in->pos += (size_t) len;
	return true;
}

/* Take a table that is the current one, or comes after it. */
static bool
take_table(part_file *file, cl_value name)
{
	size_t		common = name.len < file->table_len ? name.len : file->table_len;
	int			order = memcmp(name.data, file->table, common);

	if (order == 0)
		order = (name.len > file->table_len) - (name.len < file->table_len);
	if (order < 0 || name.len == 0 || name.len > TABLE_NAME_MAX)
		return false;
	if (order == 0)
		return true;
	memcpy(file->table, name.data, name.len);
	file->table_len = name.len;
	file->block_no = 0;
	file->has_last = false;
	return true;
}

/* Open the next block: 1, or 0 at the end, or -1. */
static int
next_block(part_file *file)
{
	static char frame[FRAME_MAX];
	long		len = read_part(file, frame, sizeof(frame));
	cl_scanner	in = {frame, len < 0 ? 0 : (size_t) len, 0};
	uint64_t	name_len;
	uint64_t	block_no;
	uint64_t	block_len;
	cl_value	name;
	cl_value	block;

	if (len <= 0)
		return (int) len;
	if (!take_number(&in, &name_len) || !take_bytes(&in, name_len, &name) || !take_number(&in, &block_no) ||
		!take_number(&in, &block_len) || block_len > CL_BLOCK_MAX || !take_bytes(&in, block_len, &block))
		return refuse(file, "its file is malformed or cut off");
	if (!take_table(file, name) || block_no != file->block_no)
		return refuse(file, "its blocks are not in order");
	hash(file, frame, in.pos);
	file->block_no++;
	file->blocks++;
	file->offset += in.pos;
	memcpy(file->block, block.data, block.len);
	cl_block_open(&file->reader, file->block, block.len, file->text);
	return 1;
}

/* ---- uses ---- */

/* Keep the current use, to compare the next one with. */
static void
keep_last(part_file *file)
{
	file->last = file->use;
	file->has_last = true;
	if (file->use.kind == CL_KEY_INT)
		return;
	memcpy(file->last_key, file->use.bytes, (size_t) file->use.len);
	file->last.bytes = file->last_key;
}

int
part_file_next(part_file *file)
{
	int			status;

	/* Nothing is in a block that was not opened, so the first one comes at once. */
	while ((status = file->offset == CL_HASH_BYTES ? 0 : cl_block_next(&file->reader, &file->use)) == 0)
		if ((status = next_block(file)) <= 0)
			return status;
	if (status < 0)
		return refuse(file, "a block is malformed");
	if (file->has_last && cl_use_compare(&file->last, &file->use) >= 0)
		return refuse(file, "its uses are not in order");
	keep_last(file);
	return 1;
}

bool
part_file_check(part_file *file, const cl_run_event *event)
{
	cl_hash		found;
	int64_t		uses = 0;
	int			status;
	bool		good = false;

	file->hasher = cl_hasher_new();
	hash(file, file->salt, CL_HASH_BYTES);
	while ((status = part_file_next(file)) == 1)
		uses++;
	if (file->hasher == NULL || file->crypto_failed || cl_hasher_finish(file->hasher, found) != CL_OK)
		report_unchecked("libcrypto failed");
	else if (status == 0 && memcmp(found, event->hash, CL_HASH_BYTES) != 0)
		refuse(file, "its file is not what its event sealed");
	else if (status == 0 && (uses != event->count || file->blocks != event->blocks))
		refuse(file, "its event counts other uses or blocks than it sealed");
	else
		good = status == 0;
	cl_hasher_free(file->hasher);
	file->hasher = NULL;
	return good;
}
