/*
 * runs.c
 *		The runs of a log: each opened once, its parts, closed once at most.
 */
#include <stdlib.h>

#include "cli/run_union.h"
#include "cli/runs.h"

typedef struct run
{
	int64_t		number;
	bool		closed;
	bool		sound;			/* all parts were found to be as sealed */
	cl_hash		salt;			/* of the first part */
	int64_t    *parts;			/* ascending */
	size_t		n_parts;
	size_t		cap_parts;
} run;

void
runs_begin(runs *r, const log_dir *dir)
{
	memset(r, 0, sizeof(*r));
	r->dir = dir;
}

void
runs_end(runs *r)
{
	for (size_t i = 0; i < r->n; i++)
		free(r->list[i].parts);
	free(r->list);
}

/* Where a run of this number is, or would be. */
static size_t
find(const runs *r, int64_t number)
{
	size_t		from = 0;
	size_t		to = r->n;

	while (from < to)
	{
		size_t		middle = from + (to - from) / 2;

		if (r->list[middle].number < number)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static run *
known(const runs *r, int64_t number)
{
	size_t		place = find(r, number);

	return place < r->n && r->list[place].number == number ? &r->list[place] : NULL;
}

/* ids of events are unique, so no run can be opened twice. */
static void
open_run(runs *r, int64_t number)
{
	size_t		place = find(r, number);

	if (r->n == r->cap)
	{
		r->cap = r->cap * 2 + 64;
		r->list = reallocate(r->list, r->cap * sizeof(run));
	}
	memmove(&r->list[place + 1], &r->list[place], (r->n - place) * sizeof(run));
	r->list[place] = (run) {.number = number, .sound = true};
	r->n++;
}

/* Add the number of a part; false if it is there. */
static bool
add_part(run *of, int64_t part)
{
	size_t		place = of->n_parts;

	while (place > 0 && of->parts[place - 1] > part)
		place--;
	if (place > 0 && of->parts[place - 1] == part)
		return false;
	if (of->n_parts == of->cap_parts)
	{
		of->cap_parts = of->cap_parts * 2 + 16;
		of->parts = reallocate(of->parts, of->cap_parts * sizeof(int64_t));
	}
	memmove(&of->parts[place + 1], &of->parts[place], (of->n_parts - place) * sizeof(int64_t));
	of->parts[place] = part;
	of->n_parts++;
	return true;
}

/* All hashes of a run are salted alike. */
static bool
same_salt(run *of, const part_file *file)
{
	if (of->n_parts == 1)
		memcpy(of->salt, file->salt, CL_HASH_BYTES);
	return memcmp(of->salt, file->salt, CL_HASH_BYTES) == 0;
}

static void
check_part(runs *r, run *of, const cl_run_event *event)
{
	part_file  *file;

	if (of->closed)
		report_bad("run %lld: event %lld is a part that came after its closing", (long long) of->number, (long long) event->event_id);
	if (!add_part(of, event->part))
	{
		report_bad("run %lld has two parts of number %lld", (long long) of->number, (long long) event->part);
		of->sound = false;
		return;
	}
	r->uses += (uint64_t) event->count;
	file = allocate(sizeof(part_file));
	if (!part_file_open(file, r->dir, of->number, event->part) || !part_file_check(file, event))
		of->sound = false;
	else if (!same_salt(of, file))
	{
		report_bad("run %lld: part %lld has another salt", (long long) of->number, (long long) event->part);
		of->sound = false;
	}
	free(file);
}

static void
check_closing(runs *r, run *of, const cl_run_event *event)
{
	if (of->closed)
	{
		report_bad("run %lld was closed twice, the second time by event %lld", (long long) of->number, (long long) event->event_id);
		return;
	}
	of->closed = true;
	r->closed++;
	if ((uint64_t) event->parts != of->n_parts)
		report_bad("run %lld was closed with %s, and the log has %zu", (long long) of->number,
				   counted((uint64_t) event->parts, "part", "parts"), of->n_parts);
	else if (of->sound)
	{
		run_union_check(r->dir, of->parts, of->n_parts, event);
		run_draws_check(r->dir, of->parts, of->n_parts, event);
	}
}

void
runs_event(runs *r, cl_value bytes)
{
	char	   *scratch = allocate(2 * bytes.len);
	cl_run_event event;
	run		   *of;

	if (!cl_run_event_read(bytes.data, bytes.len, &event, scratch))
		report_bad("an event of a run does not say what such an event says: %s", shown(bytes));
	else if (event.kind == CL_RUN_OPENED)
		open_run(r, event.run);
	else if ((of = known(r, event.run)) == NULL)
		report_bad("event %lld is about run %lld, which was not opened before", (long long) event.event_id, (long long) event.run);
	else if (event.kind == CL_RUN_PART)
		check_part(r, of, &event);
	else
		check_closing(r, of, &event);
	free(scratch);
}
