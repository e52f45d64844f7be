/*
 * outside.c
 *		The last signed checkpoint, in a file outside the database.
 */
#include "postgres.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/fd.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "ledger/declared.h"
#include "ledger/intake.h"
#include "ledger/signer.h"
#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/checkpoints.h"
#include "log/outside.h"

#define FILE_MAX_BYTES 65536

/* ---- files ---- */

/* NULL where there is none. */
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

/* What was there before stays until the new content is there wholly; if durable, on disk. */
static void
replace_file(const char *path, const char *content, bool durable)
{
	char	   *beside = psprintf("%s.new", path);
	size_t		len = strlen(content);
	int			fd = OpenTransientFilePerm(beside, O_WRONLY | O_CREAT | O_TRUNC | PG_BINARY,
										   S_IRUSR | S_IWUSR);

	errno = fd < 0 ? errno : 0;
	if (fd < 0 || write(fd, content, len) != (ssize_t) len)
	{
		if (errno == 0)
			errno = ENOSPC;
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not write file \"%s\": %m", beside)));
	}
	if (CloseTransientFile(fd) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not close file \"%s\": %m", beside)));
	if (durable)
		durable_rename(beside, path, ERROR);	/* flushes file and directory */
	else if (rename(beside, path) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not rename file \"%s\" to \"%s\": %m", beside, path)));
}

static char *
last_seal_path(const char *path)
{
	return psprintf("%s" LAST_SEAL_SUFFIX, path);
}

void
outside_write(const Outside *outside, const char *note, int64 last_seal)
{
	cl_checkpoint checkpoint;

	if (!outside_open(outside, note, &checkpoint))
		elog(ERROR, "the checkpoint that was signed cannot be read");
	replace_file(last_seal_path(outside->path),
				 psprintf(UINT64_FORMAT " " INT64_FORMAT "\n", checkpoint.size, last_seal), false);
	replace_file(outside->path, note, true);
}

/* ---- what is there ---- */

bool
outside_open(const Outside *outside, const char *note, cl_checkpoint *checkpoint)
{
	return log_keys_open(&outside->keys, outside->origin, note, checkpoint) != NULL;
}

/* The newest checkpoint in the database, if it is of the log as it is now. */
static void
read_stored(Outside *outside)
{
	int64		size;
	char	   *note = checkpoint_note(0, &size);
	cl_checkpoint checkpoint;

	if (!note || !outside_open(outside, note, &checkpoint))
		return;
	outside->stored_note = note;
	outside->stored_size = (int64) checkpoint.size;
}

void
outside_read(Outside *outside)
{
	const Declared *d = declared_get();

	memset(outside, 0, sizeof(*outside));
	outside->keys = log_keys_read(GetActiveSnapshot());
	if (!log_keys_at(&outside->keys, d->log_origin, PG_INT64_MAX - 1))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("the ledger has no public key for checkpoints"),
				 errhint("SELECT * FROM consent.verify() tells what was changed.")));
	outside->origin = pstrdup(d->log_origin);
	outside->path = signer_checkpoint_path(d, outside->origin);
	outside->note = read_file(outside->path);
	if (outside->note && !outside_open(outside, outside->note, &outside->checkpoint))
	{
		memset(&outside->checkpoint, 0, sizeof(outside->checkpoint));
		outside->note = NULL;
		outside->is_foreign = true;
	}
	read_stored(outside);
}

OutsideState
outside_state(const Outside *outside, LogTree *tree)
{
	int64		signed_size = (int64) outside->checkpoint.size;
	cl_hash		root;

	if (outside->is_foreign)
		return OUTSIDE_FOREIGN;
	if (!outside->note)
		return outside->stored_size > 0 ? OUTSIDE_MISSING : OUTSIDE_CURRENT;
	if (signed_size > tree_size(tree))
		return OUTSIDE_BEYOND;
	tree_root(tree, signed_size, root);
	if (memcmp(root, outside->checkpoint.root, CL_HASH_BYTES) != 0)
		return OUTSIDE_FORKED;
	return signed_size < outside->stored_size ? OUTSIDE_STALE : OUTSIDE_CURRENT;
}

/* ---- what is lost ---- */

/* The highest number of a seal in the log when the checkpoint of this size was signed; 0: not known. */
static int64
read_last_seal(int64 signed_size)
{
	char	   *content = read_file(last_seal_path(signer_checkpoint_path(declared_get(), declared_get()->log_origin)));
	cl_scanner	in = {content, content ? strlen(content) : 0, 0};
	uint64_t	size;
	uint64_t	seal_no;

	if (content && cl_take_number(&in, INT64_MAX, &size) && cl_take(&in, " ") &&
		cl_take_number(&in, CL_SEAL_NUMBER_MAX, &seal_no) && cl_take(&in, "\n") &&
		cl_at_end(&in) && (int64) size == signed_size)
		return (int64) seal_no;
	return 0;
}

static int64
count_pending(void)
{
	Store	   *store = store_open("seal_pending", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, GetActiveSnapshot(), 0, NULL);
	int64		n = 0;

	while (store_next(scan) != NULL)
		n++;
	store_end(scan);
	store_close(store);
	return n;
}

char *
outside_describe_lost(int64 signed_size, LogTree *tree)
{
	int64		first = tree_last_seal(tree) + 1;
	int64		last = read_last_seal(signed_size);
	char	   *which;

	if (last >= first)
		which = psprintf("of seals numbered " INT64_FORMAT " to " INT64_FORMAT ", with events " INT64_FORMAT " to " INT64_FORMAT,
						 first, last, first * EVENTS_PER_SEAL, last * EVENTS_PER_SEAL + EVENTS_PER_SEAL - 1);
	else
		which = psprintf("most of them of seals numbered " INT64_FORMAT " and above, with events from " INT64_FORMAT " on",
						 first, first * EVENTS_PER_SEAL);
	return psprintf("A checkpoint with " INT64_FORMAT " leaves was signed, and the database has " INT64_FORMAT ": " INT64_FORMAT " are lost, %s. " INT64_FORMAT " seals wait here for their places.",
					signed_size, tree_size(tree), signed_size - tree_size(tree), which, count_pending());
}

/* ---- refusing ---- */

#define HINT_ADOPT "If it is lost, and no later checkpoint was signed, adopt what the database has with CALL consent.adopt_checkpoint()."

static char *
describe_fork(const Outside *outside, LogTree *tree)
{
	char		ours[CL_BASE64_SIZE(CL_HASH_BYTES)];
	char		theirs[CL_BASE64_SIZE(CL_HASH_BYTES)];
	cl_hash		root;

	tree_root(tree, (int64) outside->checkpoint.size, root);
	cl_base64_encode(root, CL_HASH_BYTES, ours);
	cl_base64_encode(outside->checkpoint.root, CL_HASH_BYTES, theirs);
	return psprintf("At size " UINT64_FORMAT " the root was signed as %s, and now is %s. The signed one is in \"%s\".",
					outside->checkpoint.size, theirs, ours, outside->path);
}

void
outside_refuse(const Outside *outside, OutsideState state, LogTree *tree)
{
	switch (state)
	{
		case OUTSIDE_CURRENT:
			return;
		case OUTSIDE_FOREIGN:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("file \"%s\" does not hold a checkpoint of the log \"%s\"",
							outside->path, outside->origin),
					 errdetail("It holds the last one that was signed."),
					 errhint("Put the file back as it was. " HINT_ADOPT)));
			break;
		case OUTSIDE_MISSING:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the file with the last signed checkpoint is missing: \"%s\"", outside->path),
					 errdetail("The database has checkpoints up to size " INT64_FORMAT "; if later ones were signed, going on from here would fork the log.",
							   outside->stored_size),
					 errhint("Put the file back. " HINT_ADOPT)));
			break;
		case OUTSIDE_STALE:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("file \"%s\" does not hold the last signed checkpoint", outside->path),
					 errdetail("It is of size " UINT64_FORMAT ", and the database has one of size " INT64_FORMAT "; if later ones were signed, going on from here would fork the log.",
							   outside->checkpoint.size, outside->stored_size),
					 errhint("Put the newest file back. " HINT_ADOPT)));
			break;
		case OUTSIDE_BEYOND:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the log does not extend its last signed checkpoint"),
					 errdetail("%s The signed one is in \"%s\".",
							   outside_describe_lost((int64) outside->checkpoint.size, tree), outside->path),
					 errhint("Restore a newer backup. To go on without what is lost, call consent.continue_as().")));
			break;
		case OUTSIDE_FORKED:
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("the log contradicts its last signed checkpoint"),
					 errdetail("%s", describe_fork(outside, tree)),
					 errhint("SELECT * FROM consent.verify() tells what was changed. Restore the database in which it was signed; to go on from this one, call consent.continue_as().")));
			break;
	}
}
