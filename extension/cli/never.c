/*
 * never.c
 *		The proof that no run up to a checkpoint used a subject's rows.
 */
#include <stdlib.h>

#include "cli/explain.h"
#include "cli/never.h"
#include "cli/tree.h"
#include "core/never_used.h"

/* The check, and the entries of the log that go into it. */
typedef struct never
{
	cl_never_check check;
	uint64_t	size;			/* of the checkpoint in the proof */
} never;

bool
never_is_one_run(cl_value text)
{
	static const char version[] = "\"v\":\"" CL_NEVER_USED_VERSION "\"}";
	size_t		len = sizeof(version) - 1;

	return text.len < len || memcmp(text.data + text.len - len, version, len) != 0;
}

/* The entries that the checkpoint covers go into the proof. */
static void
give_entry(void *arg, const log_entry *entry, const cl_seal *seal)
{
	never	   *n = arg;

	(void) seal;
	if (entry->index < n->size)
		cl_never_entry(&n->check, entry->data.data, entry->data.len);
}

/* ---- what it says ---- */

/* How a run is called in the report. */
static void
report_run(const cl_never_run *run, char *scratch)
{
	cl_run_event opened;
	bool		known = cl_never_opened(run, &opened, scratch);
	const char *name = known ? shown(opened.name) : "";

	if (run->answer == CL_USE_NOT_USED)
		report_row("not used", shown_number(run->run), name, "");
	for (unsigned reason = 1; reason <= CL_USE_NOT_IN_LOG; reason <<= 1)
		if ((run->reasons & reason) != 0)
			report_unchecked("run %lld, \"%s\", is undecided: %s", (long long) run->run, name, cl_use_reason_text(reason));
}

static void
list_runs(const cl_never_check *check)
{
	char	   *scratch = allocate(CL_NEVER_OPENED_SCRATCH);

	report_heading("The runs");
	for (size_t i = 0; i < check->nruns; i++)
		report_run(&check->runs[i], scratch);
	free(scratch);
}

static size_t
count_undecided(const cl_never_check *check)
{
	size_t		n = 0;

	for (size_t i = 0; i < check->nruns; i++)
		n += check->runs[i].answer != CL_USE_NOT_USED;
	return n;
}

static void
explain(const options *o, const cl_never_check *check, const head *h)
{
	size_t		undecided = count_undecided(check);
	const char *key = shown(check->head.key);

	if (undecided == 0)
		report_verdict("NEVER USED", "none of %s up to this head of the log used a row of \"%s\"",
					   counted(check->nruns, "run", "runs"), key);
	else
		report_verdict("UNDECIDED", "of %s up to this head of the log, %zu leave it undecided whether they used rows of \"%s\"; "
					   "the others did not", counted(check->nruns, "run", "runs"), undecided, key);
	report_heading("Proved");
	report_sentence("Each run that the log has up to this head is listed, with all that was sealed of it.");
	report_sentence("Of subject number %lld, whose key is \"%s\", no row is in those called not used.",
					(long long) check->head.subject_no, key);
	explain_head(o, h);
	list_runs(check);
	report_heading("Not proved");
	explain_limit(LIMIT_DECLARED);
	explain_limit(LIMIT_STATEMENTS);
	explain_limit(LIMIT_REACH);
	report_sentence("Anything about runs after this head.");
	explain_unwitnessed(o);
}

/* ---- checking ---- */

/* Give the log's entries to a proof whose head was read. */
static void
check_against_log(const options *o, never *n, const head *h)
{
	tree	   *t = allocate(sizeof(tree));

	if (tree_check(t, o, o->tree, give_entry, n) && tree_has_head(t, &h->checkpoint, "the proof"))
	{
		if (cl_never_end(&n->check, n->size))
			explain(o, &n->check, h);
		else if (n->check.status == CL_NEVER_CRYPTO)
			report_unchecked("%s", cl_never_message(n->check.status));
		else
			report_bad("%s", cl_never_message(n->check.status));
	}
	tree_close(t);
	free(t);
}

/* Check a text that ends with a newline. */
static void
check_lines(const options *o, const char *text, size_t len, never *n)
{
	size_t		cap = cl_never_runs_max(text, len);
	cl_never_run *runs = allocate(cap * sizeof(cl_never_run));
	char	   *scratch = allocate(cl_never_scratch(len));
	head		h;

	if (!cl_never_begin(&n->check, text, len, runs, cap, scratch))
		report_bad("this is not a proof of use or of non-use: %s", cl_never_message(n->check.status));
	else if (head_check(o, n->check.head.checkpoint, "the checkpoint in the proof", &h))
	{
		n->size = h.checkpoint.size;
		check_against_log(o, n, &h);
	}
	free(scratch);
	free(runs);
}

void
never_check(const options *o, cl_value text)
{
	never	   *n;
	char	   *lines;

	if (o->tree == NULL)
	{
		report_unchecked("a proof about all runs is checked against the whole log: give its export by --tree");
		return;
	}
	n = allocate(sizeof(never));
	lines = allocate(text.len + 1);
	memcpy(lines, text.data, text.len);
	lines[text.len] = '\n';
	check_lines(o, lines, text.len + 1, n);
	free(lines);
	free(n);
}
