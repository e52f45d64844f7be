/*
 * consistency.c
 *		consent-verify checkpoint and consistency: one head, and whether a newer
 *		one extends an older one.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/log_dir.h"

#define PROOF_FILE_MAX 65536

void
command_checkpoint(const options *o)
{
	input		in = {0};
	head		h;

	if (head_read(o, o->arguments[0], &in, &h))
	{
		report_verdict("GOOD", "the head of the log %s with %s is as your policy asks", shown(h.checkpoint.origin),
					   counted(h.checkpoint.size, "entry", "entries"));
		report_heading("Proved");
		explain_head(o, &h);
		report_heading("Not proved");
		report_sentence("What the entries are. See consent-verify tree.");
		report_sentence("That this head extends those which others have seen. See consent-verify consistency.");
		explain_unwitnessed(o);
	}
	input_free(&in);
}

/* Read a path: a hash in base64 in each line; an empty line may follow. */
static bool
read_path(const char *path, cl_hash *hashes, size_t *n)
{
	input		in = {0};
	cl_scanner	lines;
	bool		good = input_require(path, PROOF_FILE_MAX, &in);

	if (good)
	{
		lines = (cl_scanner) {in.data, in.len, 0};
		*n = 0;
		while (good && !cl_at_end(&lines) && !cl_take(&lines, "\n"))
			good = *n < CL_PATH_MAX && cl_take_base64(&lines, '\n', hashes[(*n)++], CL_HASH_BYTES);
		good = good && cl_at_end(&lines);
		if (!good)
			report_bad("%s: this is not a path, which has a hash in base64 in each line", shown(cl_string(path)));
	}
	input_free(&in);
	return good;
}

/* Make the path from a tree; false if it cannot be had, which is reported. */
static bool
make_path(const options *o, const head *older, const head *newer, cl_hash *hashes, size_t *n)
{
	log_dir    *dir = allocate(sizeof(log_dir));
	bool		good = false;
	int			length;

	if (log_dir_open(o, o->tree, dir))
	{
		cl_tree		tree = log_dir_tree(dir, newer->checkpoint.size);

		if (!cl_value_equal(dir->head.checkpoint.origin, newer->checkpoint.origin))
			report_bad("the tree is of another log, %s", shown(dir->head.checkpoint.origin));
		else if (dir->head.checkpoint.size < newer->checkpoint.size)
			report_unchecked("the tree ends with %s, before the newer checkpoint",
							 counted(dir->head.checkpoint.size, "entry", "entries"));
		else if ((length = cl_consistency_path(&tree, older->checkpoint.size, hashes)) < 0)
			report_unchecked("the tree does not give the path from %llu to %s",
							 (unsigned long long) older->checkpoint.size,
							 counted(newer->checkpoint.size, "entry", "entries"));
		else
		{
			*n = (size_t) length;
			good = true;
		}
	}
	log_dir_close(dir);
	free(dir);
	return good;
}

static bool
same_root(const head *a, const head *b)
{
	return memcmp(a->checkpoint.root, b->checkpoint.root, CL_HASH_BYTES) == 0;
}

/*
 * Does the newer head extend the older one?  Where that needs no path, none is
 * read.
 */
static bool
check_growth(const options *o, const head *older, const head *newer)
{
	cl_hash		path[CL_PATH_MAX];
	size_t		n = 0;

	if (older->checkpoint.size == newer->checkpoint.size)
	{
		if (!same_root(older, newer))
			report_bad("the log was forked: its key signed two heads of %s with different roots, %s and %s",
					   counted(older->checkpoint.size, "entry", "entries"),
					   shown_hash(older->checkpoint.root), shown_hash(newer->checkpoint.root));
		return same_root(older, newer);
	}
	if (older->checkpoint.size == 0)
		return true;
	if (o->tree == NULL && o->proof == NULL)
	{
		report_unchecked("whether a head of %s extends one of %llu needs --tree or --proof",
						 counted(newer->checkpoint.size, "entry", "entries"),
						 (unsigned long long) older->checkpoint.size);
		return false;
	}
	if (o->tree != NULL ? !make_path(o, older, newer, path, &n) : !read_path(o->proof, path, &n))
		return false;
	if (cl_verify_consistency(older->checkpoint.size, newer->checkpoint.size,
							  older->checkpoint.root, newer->checkpoint.root, path, n))
		return true;
	if (o->tree != NULL)
		report_bad("these two heads are not of this tree, both: the log was forked, or the tree is not what the heads were signed over");
	else
		report_bad("the path does not lead from the older head to the newer one: ask for another proof, "
				   "and if there is none, the log was forked");
	return false;
}

static void
explain_consistency(const options *o, const head *older, const head *newer)
{
	report_verdict("GOOD", "the head of %s extends the one of %llu",
				   counted(newer->checkpoint.size, "entry", "entries"),
				   (unsigned long long) older->checkpoint.size);
	report_heading("Proved");
	if (older->checkpoint.size == 0)
		report_sentence("Nothing is before the older head, which is empty; so every log extends it.");
	else
		report_sentence("The first %s under the newer head are those under the older one, in the same order: "
						"nothing was removed, changed or put between.",
						counted(older->checkpoint.size, "entry", "entries"));
	report_heading("Proved of the older head");
	explain_head(o, older);
	report_heading("Proved of the newer head");
	explain_head(o, newer);
	report_heading("Not proved");
	report_sentence("What the entries are. See consent-verify tree.");
	explain_unwitnessed(o);
}

void
command_consistency(const options *o)
{
	input		older_in = {0};
	input		newer_in = {0};
	head		older;
	head		newer;
	bool		good = head_read(o, o->arguments[0], &older_in, &older);

	good = head_read(o, o->arguments[1], &newer_in, &newer) && good;
	if (good && !cl_value_equal(older.checkpoint.origin, newer.checkpoint.origin))
		report_bad("the heads are of two logs, %s and %s", shown(older.checkpoint.origin), shown(newer.checkpoint.origin));
	else if (good && older.checkpoint.size > newer.checkpoint.size)
		report_bad("the newer head has %s, fewer than the %llu of the older one: give the older one first",
				   counted(newer.checkpoint.size, "entry", "entries"), (unsigned long long) older.checkpoint.size);
	else if (good && check_growth(o, &older, &newer))
		explain_consistency(o, &older, &newer);
	input_free(&older_in);
	input_free(&newer_in);
}
