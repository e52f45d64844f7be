/*
 * part_file.h
 *		The file of a part of a run: what the hash in the part's event is over
 *		(docs/FORMAT.md).
 *
 * A file is read twice: from its beginning to its end when its event comes,
 * and block by block beside the others when the run is closed.  Nothing is
 * kept open between two blocks, so that there may be thousands.
 */
#ifndef CLI_PART_FILE_H
#define CLI_PART_FILE_H

#include "cli/log_dir.h"
#include "core/codec.h"
#include "core/run_event.h"

#define TABLE_NAME_MAX 1024		/* bytes; PostgreSQL's are far shorter */

typedef struct part_file
{
	const log_dir *dir;
	int64_t		run;
	int64_t		part;
	uint64_t	offset;			/* of the next block in the file */
	uint64_t	block_no;		/* of the next block of this table */
	int64_t		blocks;			/* read so far */
	char		table[TABLE_NAME_MAX];
	size_t		table_len;
	cl_hash		salt;
	cl_hasher  *hasher;			/* while the whole file is hashed, else NULL */
	bool		crypto_failed;
	uint8_t		block[CL_BLOCK_MAX];
	cl_block_reader reader;
	char		text[CL_ROW_KEY_MAX];	/* of the reader */
	cl_use		use;			/* the current one */
	bool		has_last;		/* a use before it, of the same table */
	cl_use		last;
	char		last_key[CL_ROW_KEY_MAX];
} part_file;

/* Open a part's file and read its salt; false if that fails, which is reported. */
extern bool part_file_open(part_file *file, const log_dir *dir, int64_t run, int64_t part);

/*
 * The next use, in file->use, of file->table: 1, or 0 at the end, or -1 with
 * something reported.  Checks that tables, blocks and uses are in order.
 */
extern int	part_file_next(part_file *file);

/*
 * Read the whole file: what its event says of it is so; else that is reported.
 */
extern bool part_file_check(part_file *file, const cl_run_event *event);

/* Bytes of a file from an offset on, at most cap; -1 if it cannot be read, which is reported. */
extern long manifest_read(const log_dir *dir, int64_t run, const char *name, uint64_t offset,
						  void *out, size_t cap);

#endif
