/*
 * fuzz_never_used.c
 *		Proofs that no run used a subject's rows: whatever head is read is written
 *		as the same bytes, and the rest is checked against whatever log there is.
 *
 * The input is the text, then the entries of the log, with a NUL before each.
 */
#include "core/never_used.h"

#include <stdlib.h>
#include <string.h>

#define RUNS_MAX 1000

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_head(const cl_never_check *check, const char *text)
{
	size_t		len = check->in.pos;
	char	   *again = malloc(len);

	require(cl_never_put_head(&check->head, again, len) == len && memcmp(again, text, len) == 0);
	free(again);
}

/* Give the entries one after another; how many there were. */
static uint64_t
give_entries(cl_never_check *check, const char *entries, size_t size)
{
	cl_scanner	in = {entries, size, 0};
	cl_value	entry;
	uint64_t	n = 0;

	while (cl_take_until(&in, '\0', &entry) && cl_never_entry(check, entry.data, entry.len))
		n++;
	return n;
}

static void
check_runs(const cl_never_check *check)
{
	char	   *scratch = malloc(CL_NEVER_OPENED_SCRATCH);

	for (size_t i = 0; i < check->nruns; i++)
	{
		cl_run_event event;

		require(i == 0 || check->runs[i - 1].run < check->runs[i].run);
		require(cl_never_opened(&check->runs[i], &event, scratch) && event.run == check->runs[i].run);
	}
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = size > 0 ? memchr(data, '\0', size) : NULL;
	size_t		len = end ? (size_t) (end - (const char *) data) : size;
	char	   *text = malloc(len + 1);
	char	   *scratch = malloc(cl_never_scratch(len));
	cl_never_run *runs = calloc(RUNS_MAX, sizeof(cl_never_run));
	cl_never_check check;
	uint64_t	n;

	memcpy(text, data, len);
	if (cl_never_begin(&check, text, len, runs, RUNS_MAX, scratch))
	{
		check_head(&check, text);
		n = end ? give_entries(&check, end + 1, size - len - 1) : 0;
		if (cl_never_end(&check, n))
			check_runs(&check);
	}
	free(runs);
	free(scratch);
	free(text);
	return 0;
}
