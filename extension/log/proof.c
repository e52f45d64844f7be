/*
 * proof.c
 *		The proof that a seal is in the log, for people outside.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "core/tlog_proof.h"
#include "ledger/leaves.h"
#include "log/checkpoints.h"
#include "log/cosigned.h"
#include "log/proof.h"
#include "log/tree.h"

/* The note of the checkpoint to prove a leaf under, and its size; NULL if there is none. */
static char *
choose_checkpoint(int64 leaf, int64 *size)
{
	char	   *note = cosigned_best(leaf + 1, size);

	if (note)
		return note;
	note = checkpoint_note(0, size);
	return note && *size > leaf ? note : NULL;
}

static char *
make_proof(int64 leaf, int64 size, const char *note)
{
	LogTree    *stored = tree_open(GetActiveSnapshot());
	cl_tree		tree = tree_of_size(stored, size);
	cl_tlog_proof proof = {.index = leaf, .checkpoint = cl_string(note)};
	int			n = cl_inclusion_path(&tree, leaf, proof.path);
	size_t		room = CL_TLOG_PROOF_SIZE(CL_INCLUSION_MAX, strlen(note));
	char	   *text = palloc(room);

	proof.path_len = Max(n, 0);
	if (n < 0 || cl_tlog_proof_format(&proof, text, room) == 0)
		elog(ERROR, "could not make a proof");
	tree_close(stored);
	return text;
}

char *
proof_of_seal(int64 seal_no)
{
	int64		leaf = leaves_of_seal(seal_no, GetActiveSnapshot());
	int64		size;
	char	   *note = leaf < 0 ? NULL : choose_checkpoint(leaf, &size);

	return note ? make_proof(leaf, size, note) : NULL;
}
