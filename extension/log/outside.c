/*
 * outside.c
 *		The last signed checkpoint, in a file outside the database.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"

#include "ledger/declared.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/keys.h"
#include "log/outside.h"

#define FILE_MAX_BYTES 65536

/* ---- the file ---- */

static char *
read_file(const char *path)
{
	int			fd = OpenTransientFile(path, O_RDONLY | PG_BINARY);
	char	   *content;
	ssize_t		n;

	if (fd < 0 && errno == ENOENT)
		return NULL;
	content = palloc(FILE_MAX_BYTES + 1);
	n = fd < 0 ? -1 : read(fd, content, FILE_MAX_BYTES);
	if (n < 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path)));
	CloseTransientFile(fd);
	content[n] = '\0';
	return content;
}

static void
write_file(const char *path, const char *content)
{
	size_t		len = strlen(content);
	int			fd = OpenTransientFilePerm(path, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY,
										   S_IRUSR | S_IWUSR);

	errno = 0;
	if (fd < 0 || write(fd, content, len) != (ssize_t) len)
	{
		/* if write didn't set errno, assume problem is no disk space */
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", path)));
	}
	if (CloseTransientFile(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not close file \"%s\": %m", path)));
}

void
outside_write(const Outside *outside, const char *note)
{
	char	   *beside = psprintf("%s.new", outside->path);

	write_file(beside, note);
	durable_rename(beside, outside->path, ERROR);	/* flushes file and directory */
}

void
outside_read(Outside *outside)
{
	outside->origin = pstrdup(declared_get()->origin);
	outside->path = signer_checkpoint_path(declared_get());
	keys_find(outside->origin, KEY_CHECKPOINT, &outside->key);
	outside->note = read_file(outside->path);
	memset(&outside->checkpoint, 0, sizeof(outside->checkpoint));
	if (!outside->note)
		return;
	if (!cl_checkpoint_open(outside->note, strlen(outside->note), &outside->key,
							&outside->checkpoint))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("file \"%s\" does not hold a checkpoint of the ledger \"%s\"",
						outside->path, outside->origin),
				 errdetail("It is written with each checkpoint, and holds the last one that was signed."),
				 errhint("Put the file back as it was. If it is lost, remove what stands there, and adopt what the database has with CALL consent.adopt_checkpoint().")));
}

/* ---- does the tree extend it? ---- */

static void
refuse_missing(const Outside *outside, int64 size)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the file with the last signed checkpoint is missing: \"%s\"", outside->path),
			 errdetail("The database has checkpoints up to size " INT64_FORMAT "; if later ones were signed, going on from here would fork the log.",
					   size),
			 errhint("Put the file back. If it is lost, and no later checkpoint was signed, adopt what the database has with CALL consent.adopt_checkpoint().")));
}

static void
refuse_stale(const Outside *outside, int64 size)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("file \"%s\" does not hold the last signed checkpoint", outside->path),
			 errdetail("It is of size " UINT64_FORMAT ", and the database has one of size " INT64_FORMAT ". If later ones were signed, going on from here would fork the log.",
					   outside->checkpoint.size, size),
			 errhint("Put the newest file back. If it is lost, and no later checkpoint was signed, adopt what the database has with CALL consent.adopt_checkpoint().")));
}

static void
refuse_fork(const Outside *outside, const uint8 *root)
{
	char		ours[CL_BASE64_SIZE(CL_HASH_BYTES)];
	char		theirs[CL_BASE64_SIZE(CL_HASH_BYTES)];

	cl_base64_encode(root, CL_HASH_BYTES, ours);
	cl_base64_encode(outside->checkpoint.root, CL_HASH_BYTES, theirs);
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the log contradicts its last signed checkpoint"),
			 errdetail("At size " UINT64_FORMAT " the root was signed as %s, and now is %s. The signed one is in \"%s\".",
					   outside->checkpoint.size, theirs, ours, outside->path),
			 errhint("SELECT * FROM consent.verify() tells what was changed. Restore the database that the checkpoint was signed in; or go on under another origin with consent.continue_as().")));
}

void
outside_refuse_lost(const Outside *outside, int64 size)
{
	int64		signed_size = (int64) outside->checkpoint.size;

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the log does not extend its last signed checkpoint"),
			 errdetail("That is of size " INT64_FORMAT ", and the database has " INT64_FORMAT " leaves: seals are lost, as when an older backup was restored. The signed one is in \"%s\".",
					   signed_size, size, outside->path),
			 errhint("Restore a newer backup. SELECT * FROM consent.check_fork(note) tells what is lost. To go on without it, use consent.continue_as().")));
}

int64
outside_check(const Outside *outside, LogTree *tree, const LogHead *head)
{
	int64		signed_size = (int64) outside->checkpoint.size;
	cl_hash		root;

	if (!outside->note && head->size > 0)
		refuse_missing(outside, head->size);
	if (signed_size < head->size)
		refuse_stale(outside, head->size);
	if (!outside->note)
		return 0;
	if (signed_size > tree_size(tree))
		return signed_size - tree_size(tree);
	tree_root(tree, signed_size, root);
	if (memcmp(root, outside->checkpoint.root, CL_HASH_BYTES) != 0)
		refuse_fork(outside, root);
	return 0;
}
