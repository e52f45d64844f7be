/*
 * checkpoint.h
 *		The head of a log, as in C2SP tlog-checkpoint: the text that the log's
 *		key signs and witnesses cosign.
 *
 * Our own have three lines; others' may have more, which say nothing to us.
 */
#ifndef CL_CHECKPOINT_H
#define CL_CHECKPOINT_H

#include "core/buffer.h"
#include "core/hash.h"
#include "core/note.h"
#include "core/seal.h"

/* Bytes of the text of one of our own, with a NUL. */
#define CL_CHECKPOINT_MAX (CL_ORIGIN_MAX + 1 + 20 + 1 + CL_BASE64_SIZE(CL_HASH_BYTES) + 1)

typedef struct cl_checkpoint
{
	cl_value	origin;
	uint64_t	size;			/* leaves; at most INT64_MAX */
	cl_hash		root;
	cl_value	extensions;		/* further lines, wholly; empty in our own */
} cl_checkpoint;

/*
 * Write the text of a checkpoint without extensions, and a NUL.  Returns the
 * length, or 0 if that does not fit into cap or the origin is not valid.
 */
extern size_t cl_checkpoint_format(const cl_checkpoint *checkpoint, char *out, size_t cap);

/*
 * Read the text of a note as a checkpoint; values point into it.  False unless
 * it is one wholly: a non-empty origin, a size without leading zeros, the root
 * in base64, extension lines that are not empty.  The empty tree has only one
 * root.
 */
extern bool cl_checkpoint_parse(const char *text, size_t len, cl_checkpoint *checkpoint);

/*
 * The two halves of that, for whom it matters which one fails: what the lines
 * look like, and whether the empty tree has its root.
 */
extern bool cl_checkpoint_read(const char *text, size_t len, cl_checkpoint *checkpoint);
extern bool cl_checkpoint_possible(const cl_checkpoint *checkpoint);

/*
 * Parse a whole note and require that it is the log's: signed by `log` (type
 * 01), whose name is its origin, and without extensions.
 */
extern bool cl_checkpoint_open(const char *note, size_t len, const cl_verifier *log,
							   cl_checkpoint *checkpoint);

/*
 * Is this the origin of a log of this ledger?  A ledger's log has the ledger's
 * own; where it had to be continued after a loss, that with /2, /3, ...
 */
extern bool cl_log_is_of(cl_value log, cl_value ledger);

#endif
