/*
 * tree.c
 *		consent-verify tree: everything that a log says of itself.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/revoked.h"
#include "cli/tree.h"

/* Make room for one more of an array that grows. */
static void *
grown(void *array, size_t n, size_t *cap, size_t size)
{
	if (n < *cap)
		return array;
	*cap = *cap * 2 + 1024;
	return reallocate(array, *cap * size);
}

static void
remember_number(tree *t, int64_t number)
{
	t->numbers = grown(t->numbers, t->n_numbers, &t->cap_numbers, sizeof(int64_t));
	t->numbers[t->n_numbers++] = number;
}

/* Note the head that a seal names, unless the seal before it named the same. */
static void
remember_head(tree *t, uint64_t entry, const cl_seal *seal)
{
	named_head *last = t->n_named > 0 ? &t->named[t->n_named - 1] : NULL;
	named_head	head = {.entry = entry, .size = (uint64_t) seal->checkpoint_size};

	memcpy(head.root, seal->checkpoint_root, CL_HASH_BYTES);
	if (last != NULL && last->size == head.size && memcmp(last->root, head.root, CL_HASH_BYTES) == 0)
		return;
	t->named = grown(t->named, t->n_named, &t->cap_named, sizeof(named_head));
	t->named[t->n_named++] = head;
}

static int
compare_numbers(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return x < y ? -1 : x > y;
}

static void
check_unique(tree *t)
{
	if (t->n_numbers == 0)
		return;
	qsort(t->numbers, t->n_numbers, sizeof(int64_t), compare_numbers);
	for (size_t i = 1; i < t->n_numbers; i++)
		if (t->numbers[i] == t->numbers[i - 1])
			report_bad("there are two seals of number %lld", (long long) t->numbers[i]);
}

/*
 * Was a head that seals name one of this log?  The tiles were found to be what
 * the entries hash to.
 */
static void
check_named_head(tree *t, const named_head *named)
{
	cl_tree		before = log_dir_tree(&t->dir, named->size);
	cl_hash		root;

	if (cl_tree_root(&before, root) != CL_OK)
		report_unchecked("the head of %s that entry %llu names could not be computed",
						 counted(named->size, "entry", "entries"), (unsigned long long) named->entry);
	else if (memcmp(root, named->root, CL_HASH_BYTES) != 0)
		report_bad("entry %llu: the seal names a head of %s that this log never had: root %s, which is %s here",
				   (unsigned long long) named->entry, counted(named->size, "entry", "entries"),
				   shown_hash(named->root), shown_hash(root));
}

static void
check_named_heads(tree *t)
{
	progress_begin("heads named by seals", t->n_named);
	for (size_t i = 0; i < t->n_named; i++)
	{
		check_named_head(t, &t->named[i]);
		progress_step(i + 1);
	}
	progress_end();
}

static void
check_entry(void *arg, const log_entry *entry)
{
	static const char *const wrong[] = {
		NULL, "is not a seal", "is a seal that no trusted key has signed", "is a seal with a forged signature"
	};
	tree	   *t = arg;
	unsigned long long index = entry->index;
	cl_seal		seal;
	cl_seal_status status = cl_seal_open(entry->data.data, entry->data.len, t->o->seals, t->o->n_seals, &seal);

	if (status != CL_SEAL_OK)
	{
		report_bad("entry %llu %s", index, wrong[status]);
		return;
	}
	if (!cl_log_is_of(t->dir.head.checkpoint.origin, (cl_value) {seal.origin, seal.origin_len}))
	{
		report_bad("entry %llu is a seal of another ledger, %s", index,
				   shown((cl_value) {seal.origin, seal.origin_len}));
		return;
	}
	if (t->o->n_revoked > 0 && revoked_seal(t->o, entry->data, entry->index, "a seal of the log"))
		return;
	if ((uint64_t) seal.checkpoint_size > entry->index)
		report_bad("entry %llu: the seal names a head of %s, which would have it itself", index,
				   counted((uint64_t) seal.checkpoint_size, "entry", "entries"));
	else
		remember_head(t, entry->index, &seal);
	remember_number(t, seal.number);
	t->seals[seal.kind]++;
	t->events += (uint64_t) seal.count;
	if (t->on_seal != NULL)
		t->on_seal(t->arg, entry, &seal);
}

bool
tree_check(tree *t, const options *o, const char *path,
		   void (*on_seal) (void *arg, const log_entry *entry, const cl_seal *seal), void *arg)
{
	memset(t, 0, sizeof(*t));
	t->o = o;
	t->on_seal = on_seal;
	t->arg = arg;
	if (!log_dir_open(o, path, &t->dir))
		return false;
	t->whole = log_dir_walk(&t->dir, check_entry, t);
	if (t->whole)
		check_named_heads(t);
	check_unique(t);
	return report_outcome() == GOOD;
}

void
tree_close(tree *t)
{
	log_dir_close(&t->dir);
	free(t->numbers);
	free(t->named);
}

bool
tree_has_head(tree *t, const cl_checkpoint *head, const char *something)
{
	const cl_checkpoint *log = &t->dir.head.checkpoint;
	cl_tree		before = log_dir_tree(&t->dir, head->size);
	cl_hash		root;

	if (!cl_value_equal(head->origin, log->origin))
		report_bad("this is the log of another ledger, %s", shown(log->origin));
	else if (head->size > log->size)
		report_unchecked("the tree is older than %s: it ends with %s, and the head there has %llu", something,
						 counted(log->size, "entry", "entries"), (unsigned long long) head->size);
	else if (cl_tree_root(&before, root) != CL_OK)
		report_unchecked("the head of %s could not be computed from the tree",
						 counted(head->size, "entry", "entries"));
	else if (memcmp(root, head->root, CL_HASH_BYTES) != 0)
		report_bad("the log was forked: %s has a head of %s with root %s, the tree has root %s there, and the log's key signed both",
				   something, counted(head->size, "entry", "entries"), shown_hash(head->root), shown_hash(root));
	else
		return true;
	return false;
}

void
explain_tree(const tree *t)
{
	explain_head(t->o, &t->dir.head);
	report_sentence("Each entry is a seal of this ledger, signed by its key, and no two have the same number: "
					"%s of choices, %llu of declarations, %llu of runs, with %s.",
					counted(t->seals[CL_SEAL_CHOICES], "seal", "seals"),
					(unsigned long long) t->seals[CL_SEAL_DECLARATIONS],
					(unsigned long long) t->seals[CL_SEAL_RUN],
					counted(t->events, "event", "events"));
	report_sentence("Every tile is what the entries hash to, and each head that a seal names is an earlier one of this log.");
}

void
command_tree(const options *o)
{
	tree	   *t = allocate(sizeof(tree));

	if (tree_check(t, o, o->arguments[0], NULL, NULL))
	{
		report_verdict("GOOD", "the log %s is whole up to its head of %s", shown(t->dir.head.checkpoint.origin),
					   counted(t->dir.head.checkpoint.size, "entry", "entries"));
		report_heading("Proved");
		explain_tree(t);
		report_heading("Not proved");
		report_sentence("What the events in the seals say: a tree has only their hashes. See consent-verify export.");
		explain_limit(LIMIT_RECORDED);
		explain_unwitnessed(o);
	}
	tree_close(t);
	free(t);
}
