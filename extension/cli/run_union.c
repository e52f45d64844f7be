/*
 * run_union.c
 *		The union of all parts of a run, and who began to use for it.
 *
 * Parts are merged table by table by a heap of their files.  Of a use that
 * several parts hold, the one with the lowest number gives the code.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli/run_union.h"
#include "core/row_key.h"

#define DRAWS_MAX ((size_t) 1 << 30)

typedef struct run_union
{
	const cl_run_event *closing;
	part_file **heap;			/* those that have a use, the least on top */
	size_t		n;
	cl_hasher  *hasher;
	bool		failed;			/* reported */
	bool		crypto_failed;
	bool		has_last;		/* the use that was taken last, */
	part_file	last;			/* with its table and key */
	int64_t		uses;
	int64_t    *subjects;		/* of all tables, not sorted */
	size_t		n_subjects;
	size_t		cap_subjects;
} run_union;

/* ---- order ---- */

/* By table, then use, and then by part. */
static int
compare_files(const part_file *a, const part_file *b)
{
	size_t		common = a->table_len < b->table_len ? a->table_len : b->table_len;
	int			order = memcmp(a->table, b->table, common);

	if (order == 0)
		order = (a->table_len > b->table_len) - (a->table_len < b->table_len);
	return order != 0 ? order : cl_use_compare(&a->use, &b->use);
}

static bool
goes_before(const part_file *a, const part_file *b)
{
	int			order = compare_files(a, b);

	return order != 0 ? order < 0 : a->part < b->part;
}

/* Let the file at a place sink to where it belongs. */
static void
sink(run_union *u, size_t place)
{
	for (size_t child = 2 * place + 1; child < u->n; child = 2 * place + 1)
	{
		part_file  *file = u->heap[place];

		if (child + 1 < u->n && goes_before(u->heap[child + 1], u->heap[child]))
			child++;
		if (!goes_before(u->heap[child], file))
			return;
		u->heap[place] = u->heap[child];
		u->heap[child] = file;
		place = child;
	}
}

/* Go to the next use of the file on top. */
static void
advance(run_union *u)
{
	int			status = part_file_next(u->heap[0]);

	u->failed |= status < 0;
	if (status != 1)
	{
		free(u->heap[0]);
		u->heap[0] = u->heap[--u->n];
	}
	sink(u, 0);
}

/* ---- what is in it ---- */

static void
add_bytes(run_union *u, const void *data, size_t len)
{
	u->crypto_failed |= cl_hasher_add(u->hasher, data, len) != CL_OK;
}

static void
add_number(run_union *u, uint64_t n, int bytes)
{
	uint8_t		out[8];

	cl_put_big_endian(out, n, bytes);
	add_bytes(u, out, (size_t) bytes);
}

static void
add_text(run_union *u, const void *data, size_t len)
{
	add_number(u, len, 4);
	add_bytes(u, data, len);
}

static bool
is_table_of(const part_file *file, const part_file *last)
{
	return file->table_len == last->table_len && memcmp(file->table, last->table, last->table_len) == 0;
}

static void
note_subject(run_union *u, int64_t subject)
{
	if (subject == 0 || (u->n_subjects > 0 && u->subjects[u->n_subjects - 1] == subject))
		return;
	if (u->n_subjects == u->cap_subjects)
	{
		u->cap_subjects = u->cap_subjects * 2 + 1024;
		u->subjects = reallocate(u->subjects, u->cap_subjects * sizeof(int64_t));
	}
	u->subjects[u->n_subjects++] = subject;
}

static void
keep_last(run_union *u, const part_file *file)
{
	u->has_last = true;
	memcpy(u->last.table, file->table, file->table_len);
	u->last.table_len = file->table_len;
	u->last.use = file->use;
	if (file->use.kind == CL_KEY_INT)
		return;
	memcpy(u->last.last_key, file->use.bytes, (size_t) file->use.len);
	u->last.use.bytes = u->last.last_key;
}

/* Take the use on top, unless it was there before. */
static void
take(run_union *u, const part_file *file)
{
	char		buf[CL_ROW_KEY_TEXT_SIZE];
	const char *key;
	size_t		len;

	if (u->has_last && compare_files(&u->last, file) == 0)
		return;
	if (!u->has_last || !is_table_of(file, &u->last))
	{
		add_bytes(u, "T", 1);
		add_text(u, file->table, file->table_len);
	}
	key = cl_row_key_text(&file->use, buf, &len);
	add_bytes(u, "U", 1);
	add_number(u, (uint64_t) file->use.subject, 8);
	add_number(u, file->use.code, 1);
	add_text(u, key, len);
	u->uses++;
	note_subject(u, file->use.subject);
	keep_last(u, file);
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

static int64_t
count_subjects(run_union *u)
{
	int64_t		n = 0;

	if (u->n_subjects > 1)
		qsort(u->subjects, u->n_subjects, sizeof(int64_t), compare_numbers);
	for (size_t i = 0; i < u->n_subjects; i++)
		n += i == 0 || u->subjects[i] != u->subjects[i - 1];
	return n;
}

/* ---- the whole ---- */

/* Read the file of a run's draws; false if it cannot be had, which is reported. */
static bool
read_draws(const log_dir *dir, int64_t run, input *file)
{
	char		name[64];

	snprintf(name, sizeof(name), "manifests/%lld/draws", (long long) run);
	return log_dir_file(dir, name, DRAWS_MAX, file);
}

/* Without parts, the draws alone have the salt; false if it cannot be had. */
static bool
add_salt_of_draws(run_union *u, const log_dir *dir)
{
	input		file = {0};
	bool		good = read_draws(dir, u->closing->run, &file);

	if (good)
		add_bytes(u, file.data, file.len < CL_HASH_BYTES ? file.len : CL_HASH_BYTES);
	input_free(&file);
	return good;
}

/* Open the files, those with a use as a heap; false if one cannot be opened. */
static bool
open_files(run_union *u, const log_dir *dir, const int64_t *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
	{
		part_file  *file = allocate(sizeof(part_file));
		bool		opened = part_file_open(file, dir, u->closing->run, parts[i]);
		int			status = opened ? part_file_next(file) : -1;

		if (opened && i == 0)
			add_bytes(u, file->salt, CL_HASH_BYTES);
		if (status == 1)
			u->heap[u->n++] = file;
		else
			free(file);
		if (status < 0)
			return false;
	}
	for (size_t i = u->n / 2; i-- > 0;)
		sink(u, i);
	return n > 0 || add_salt_of_draws(u, dir);
}

static void
compare_with_closing(run_union *u)
{
	const cl_run_event *closing = u->closing;
	long long	run = closing->run;
	cl_hash		found;

	if (u->crypto_failed || cl_hasher_finish(u->hasher, found) != CL_OK)
		report_unchecked("libcrypto failed");
	else if (memcmp(found, closing->hash, CL_HASH_BYTES) != 0)
		report_bad("run %lld: the union of its parts is not what its closing event sealed", run);
	else if (u->uses != closing->count)
		report_bad("run %lld: its closing event counts %lld uses, and its parts have %lld", run,
				   (long long) closing->count, (long long) u->uses);
	else if (count_subjects(u) != closing->subjects)
		report_bad("run %lld: its closing event counts %lld subjects, and its parts have %lld", run,
				   (long long) closing->subjects, (long long) count_subjects(u));
}

void
run_union_check(const log_dir *dir, const int64_t *parts, size_t n, const cl_run_event *closing)
{
	run_union  *u = allocate(sizeof(run_union));

	memset(u, 0, sizeof(*u));
	u->closing = closing;
	u->heap = allocate(n * sizeof(part_file *));
	u->hasher = cl_hasher_new();
	if (u->hasher == NULL)
		report_unchecked("libcrypto failed");
	else if (open_files(u, dir, parts, n))
	{
		while (u->n > 0 && !u->failed)
		{
			take(u, u->heap[0]);
			advance(u);
		}
		if (!u->failed)
			compare_with_closing(u);
	}
	while (u->n > 0)
		free(u->heap[--u->n]);
	cl_hasher_free(u->hasher);
	free(u->subjects);
	free(u->heap);
	free(u);
}

/* ---- draws ---- */

static bool
has_part(const int64_t *parts, size_t n, int64_t part)
{
	return n > 0 && bsearch(&part, parts, n, sizeof(int64_t), compare_numbers) != NULL;
}

/* Take a text with its length before it. */
static bool
skip_text(cl_scanner *in)
{
	size_t		left = in->len - in->pos;
	uint64_t	len;

	if (left < 4)
		return false;
	len = cl_get_big_endian(in->data + in->pos, 4);
	if (len > left - 4)
		return false;
	in->pos += 4 + (size_t) len;
	return true;
}

/* How many draws have no part; -1 if the file is malformed. */
static int64_t
count_missing(const input *file, const int64_t *parts, size_t n)
{
	cl_scanner	in = {file->data, file->len, CL_HASH_BYTES};
	int64_t		missing = 0;

	while (!cl_at_end(&in))
	{
		int64_t		part;

		if (in.len - in.pos < 16)
			return -1;
		part = (int64_t) cl_get_big_endian(in.data + in.pos, 8);
		in.pos += 16;
		if (!skip_text(&in) || !skip_text(&in))
			return -1;
		missing += !has_part(parts, n, part);
	}
	return missing;
}

void
run_draws_check(const log_dir *dir, const int64_t *parts, size_t n, const cl_run_event *closing)
{
	input		file = {0};
	cl_part		whole;
	cl_hash		found;
	long long	run = closing->run;

	if (read_draws(dir, closing->run, &file))
	{
		whole = (cl_part) {file.data, file.len};
		if (file.len < CL_HASH_BYTES || cl_sha256(&whole, 1, found) != CL_OK ||
			memcmp(found, closing->draws, CL_HASH_BYTES) != 0)
			report_bad("run %lld: the file of its draws is not what its closing event sealed", run);
		else if (count_missing(&file, parts, n) != closing->missing)
			report_bad("run %lld: its closing event says that %s began to use and sealed nothing, and by its draws it is %lld",
					   run, counted((uint64_t) closing->missing, "transaction", "transactions"),
					   (long long) count_missing(&file, parts, n));
	}
	input_free(&file);
}
