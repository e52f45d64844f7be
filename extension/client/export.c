/*
 * export.c
 *		consent-log export: the log as a tree of static files (C2SP tlog-tiles),
 *		and what it is over beside it (docs/FORMAT.md, full exports).
 *
 * A head is written when all that it covers is on disk, and never before.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/commands.h"
#include "client/out_dir.h"
#include "core/tile.h"

#define HEAD		"checkpoint"
#define FULL_HEAD	"events/checkpoint"	/* how far events and runs reach */
#define NOTE_MAX	(1024 * 1024)

typedef struct export_job
{
	PGconn	   *conn;
	out_dir		dir;
	char		size[32];		/* of the newest checkpoint, and the number */
	uint64_t	to;
	char	   *head;			/* the newest checkpoint */
	size_t		head_len;
	uint64_t	done;			/* files */
} export_job;

/* ---- where to go on ---- */

/* Say why a head that is there is not followed by the ledger's. */
static void
report_other_log(const export_job *job, const char *name, const PGresult *result)
{
	const char *verdict = database_value(result, 0, 0);
	const char *detail = database_value(result, 0, 2);

	report_bad("%s/%s is not a head that this ledger's log extends (%s). %s Nothing was written.",
			   shown(cl_string(job->dir.path)), name, shown(cl_string(verdict)),
			   detail == NULL ? "" : shown(cl_string(detail)));
}

/*
 * The size of the head that is there already, 0 if none is; false if this log
 * does not extend it, or that cannot be found out, which is reported.
 */
static bool
read_head(export_job *job, const char *name, uint64_t *size)
{
	input		in = {0};
	input_status status = out_dir_read(&job->dir, name, NOTE_MAX, &in);
	const char *values[1];
	PGresult   *result;
	char	   *note;
	bool		good = false;

	*size = 0;
	if (status != INPUT_OK)
	{
		input_free(&in);
		return status == INPUT_MISSING;
	}
	note = allocate(in.len + 1);
	memcpy(note, in.data, in.len);
	note[in.len] = '\0';
	values[0] = note;
	result = database_query(job->conn, "SELECT verdict, size, detail FROM consent.check_fork($1)", 1, values);
	if (result != NULL && strcmp(database_value(result, 0, 0), "consistent") != 0)
		report_other_log(job, name, result);
	else if (result != NULL)
	{
		*size = strtoull(database_value(result, 0, 1), NULL, 10);
		good = true;
	}
	PQclear(result);
	free(note);
	input_free(&in);
	return good;
}

/* The size of the newest checkpoint in our snapshot. */
static bool
read_size(export_job *job)
{
	PGresult   *result = database_query(job->conn, "SELECT max(size) FROM consent.checkpoint", 0, NULL);
	const char *size = result == NULL ? NULL : database_value(result, 0, 0);

	if (size != NULL)
	{
		snprintf(job->size, sizeof(job->size), "%s", size);
		job->to = strtoull(size, NULL, 10);
	}
	else if (result != NULL)
		report_unchecked("the log has no checkpoint yet; CALL consent.checkpoint() signs one");
	PQclear(result);
	return size != NULL;
}

/* ---- writing ---- */

/* Take a file of the log, and keep the head for later. */
static bool
take_log_file(void *arg, const char *name, const char *data, size_t len)
{
	export_job *job = arg;

	if (strcmp(name, HEAD) == 0)
	{
		job->head = allocate(len);
		job->head_len = len;
		memcpy(job->head, data, len);
		return true;
	}
	progress_step(++job->done);
	return out_dir_write(&job->dir, name, data, len);
}

static bool
take_export_file(void *arg, const char *name, const char *data, size_t len)
{
	export_job *job = arg;

	progress_step(++job->done);
	return out_dir_write(&job->dir, name, data, len);
}

/* How many files a tree has that one of `from` leaves has not. */
static uint64_t
count_files(uint64_t from, uint64_t to)
{
	uint64_t	n = 0;

	for (int level = CL_TILE_ENTRIES; level < CL_TILE_LEVELS; level++)
		n += (cl_tile_hashes(to, level) + CL_TILE_WIDTH - 1) / CL_TILE_WIDTH -
			cl_tile_hashes(from, level) / CL_TILE_WIDTH;
	return n;
}

/* Stream what a function gives from a size on. */
static bool
stream(export_job *job, const char *sql, uint64_t from, database_take take)
{
	char		number[32];
	const char *values[2];

	snprintf(number, sizeof(number), "%llu", (unsigned long long) from);
	values[0] = number;
	values[1] = job->size;
	job->done = 0;
	return database_stream(job->conn, sql, 2, values, take, job);
}

static bool
write_events(export_job *job, uint64_t from)
{
	bool		good;

	progress_begin("events and runs, files", 0);
	good = stream(job, "SELECT (f).path, (f).data FROM (SELECT consent.export_files($1, $2) AS f OFFSET 0) s",
				  from, take_export_file) &&
		out_dir_sync(&job->dir);
	progress_end();
	return good;
}

/* Tiles and entries; job->head is the checkpoint then. */
static bool
write_tree(export_job *job, uint64_t from)
{
	bool		good;

	progress_begin("tiles and entries", count_files(from, job->to));
	good = stream(job, "SELECT (f).path, (f).data FROM (SELECT consent.log_files($1, $2) AS f OFFSET 0) s",
				  from, take_log_file) &&
		out_dir_sync(&job->dir);
	progress_end();
	if (good && job->head == NULL)
		report_unchecked("the server gave no checkpoint");
	return good && job->head != NULL;
}

static bool
write_head(export_job *job, const char *name)
{
	return out_dir_write(&job->dir, name, job->head, job->head_len) && out_dir_sync(&job->dir);
}

/* Partial tiles and bundles that became complete are needed no more. */
static void
remove_partial(export_job *job, uint64_t from)
{
	for (int level = CL_TILE_ENTRIES; level < CL_TILE_LEVELS; level++)
	{
		char		name[CL_TILE_PATH_MAX + 2] = "";
		uint64_t	index = cl_tile_hashes(from, level) / CL_TILE_WIDTH;

		if (cl_tile_width(from, level, index) == 0 || cl_tile_width(job->to, level, index) < CL_TILE_WIDTH)
			continue;
		cl_tile_path(level, index, CL_TILE_WIDTH, name);
		strcat(name, ".p");
		out_dir_remove(&job->dir, name);
	}
}

/* ---- the command ---- */

static void
run_export(export_job *job, const client_options *o)
{
	uint64_t	from;
	uint64_t	full_from = 0;

	if (!database_begin(job->conn) || !read_size(job) || !read_head(job, HEAD, &from) ||
		(o->full && !read_head(job, FULL_HEAD, &full_from)) ||
		(o->full && !write_events(job, full_from)) ||
		!write_tree(job, from) ||
		(o->full && !write_head(job, FULL_HEAD)) ||
		!write_head(job, HEAD))
		return;
	remove_partial(job, from);
	report_verdict("exported", from == job->to ? "%s to %s, which has them already" : "%s to %s",
				   counted(job->to - from, "new entry", "new entries"), shown(cl_string(job->dir.path)));
	report_detail("head of", cl_string(counted(job->to, "entry", "entries")));
}

void
command_export(const client_options *o)
{
	export_job	job = {0};

	if (out_dir_open(o->arguments[0], &job.dir))
	{
		job.conn = database_connect(&o->database);
		if (job.conn != NULL)
			run_export(&job, o);
		PQfinish(job.conn);
	}
	out_dir_close(&job.dir);
	free(job.head);
}
