/*
 * tree.h
 *		Everything that a log says of itself, checked.
 */
#ifndef CLI_TREE_H
#define CLI_TREE_H

#include "cli/log_dir.h"

/* A head that seals in a row name, the first of them as this entry. */
typedef struct named_head
{
	uint64_t	entry;
	uint64_t	size;
	cl_hash		root;
} named_head;

typedef struct tree
{
	const options *o;
	log_dir		dir;
	bool		whole;			/* every entry was visited */
	uint64_t	events;
	uint64_t	seals[CL_SEAL_KINDS];
	int64_t    *numbers;		/* of all seals */
	size_t		n_numbers;
	size_t		cap_numbers;
	named_head *named;
	size_t		n_named;
	size_t		cap_named;

	/* Called with each good seal, in the order of the log. */
	void		(*on_seal) (void *arg, const log_entry *entry, const cl_seal *seal);
	void	   *arg;
} tree;

/*
 * Check an exported tree: the head, every tile, and each entry as a seal of this
 * ledger, signed, of a number of its own, that names no head which the log
 * never had.  What is wrong is reported; false if there is anything.  on_seal
 * may be NULL.  To be closed in any case.
 */
extern bool tree_check(tree *t, const options *o, const char *path,
					   void (*on_seal) (void *arg, const log_entry *entry, const cl_seal *seal), void *arg);
extern void tree_close(tree *t);

/*
 * Is this head, which something has, the one of the log in a good tree or an
 * earlier one?  If not, that is reported.
 */
extern bool tree_has_head(tree *t, const cl_checkpoint *head, const char *something);

/* What a good tree proves, in sentences. */
extern void explain_tree(const tree *t);

#endif
