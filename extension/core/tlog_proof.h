/*
 * tlog_proof.h
 *		The proof that an entry is in a log, as one text: C2SP tlog-proof.
 *
 * Hashes from the entry's leaf up to the root, and the checkpoint that signs
 * the root, with whatever cosignatures it has.
 */
#ifndef CL_TLOG_PROOF_H
#define CL_TLOG_PROOF_H

#include "core/buffer.h"
#include "core/merkle.h"

#define CL_INCLUSION_MAX 63		/* hashes of the longest inclusion path */

typedef struct cl_tlog_proof
{
	cl_value	extra;			/* the base64 of opaque bytes, not vouched for by
								 * anything; absent where there is no such line */
	uint64_t	index;			/* of the entry, from 0 */
	size_t		path_len;		/* at most CL_INCLUSION_MAX */
	cl_hash		path[CL_PATH_MAX];	/* room for what cl_inclusion_path writes */
	cl_value	checkpoint;		/* the note, verbatim */
} cl_tlog_proof;

/* Bytes of the text with such a path and checkpoint, without extra; with a NUL. */
#define CL_TLOG_PROOF_SIZE(path_len, checkpoint_len) \
	(23 + 27 + (path_len) * CL_BASE64_SIZE(CL_HASH_BYTES) + 1 + (checkpoint_len) + 1)

/*
 * Write the text and a NUL.  Returns the length, or 0 if that does not fit into
 * cap or a value is none that the text may have.  Linear.
 */
extern size_t cl_tlog_proof_format(const cl_tlog_proof *proof, char *out, size_t cap);

/*
 * Read a text that is exactly as cl_tlog_proof_format writes it; values point
 * into it.  The checkpoint is what follows the first empty line, not yet read
 * itself and not empty.  Linear.
 */
extern bool cl_tlog_proof_parse(const char *text, size_t len, cl_tlog_proof *proof);

/*
 * Does the path lead from the leaf hash of the entry to this root of a tree of
 * this size?  What was checked of the checkpoint gives both
 * (core/policy.h, core/checkpoint.h): the proof's own word is worth nothing.
 */
extern bool cl_tlog_proof_includes(const cl_tlog_proof *proof, const uint8_t *leaf,
								   uint64_t size, const uint8_t *root);

#endif
