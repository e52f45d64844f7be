/*
 * witness.h
 *		The add-checkpoint request of C2SP tlog-witness: written by a log, read
 *		and decided by a witness.
 *
 * What to decide needs no memory but the newest checkpoint that the witness
 * cosigned for the origin; to read that, decide and store the new one is the
 * caller's, in one step, and the cosignature leaves only afterwards.
 */
#ifndef CL_WITNESS_H
#define CL_WITNESS_H

#include "core/checkpoint.h"
#include "core/merkle.h"

#define CL_CONSISTENCY_MAX 63	/* hashes of a request */
#define CL_SIZE_RESPONSE_TYPE "text/x.tlog.size"

typedef struct cl_add_checkpoint
{
	uint64_t	old_size;		/* that the witness is thought to know; at most INT64_MAX */
	size_t		path_len;		/* at most CL_CONSISTENCY_MAX */
	cl_hash		path[CL_PATH_MAX];	/* room for what cl_consistency_path writes */
	cl_value	checkpoint;		/* the note, verbatim */
} cl_add_checkpoint;

/* Bytes of the body with such a path and checkpoint, with a NUL. */
#define CL_ADD_CHECKPOINT_SIZE(path_len, checkpoint_len) \
	(25 + (path_len) * CL_BASE64_SIZE(CL_HASH_BYTES) + 1 + (checkpoint_len) + 1)

/*
 * Write the body of a request and a NUL.  Returns the length, or 0 if that does
 * not fit into cap or a value is none that the body may have.  Linear.
 */
extern size_t cl_add_checkpoint_format(const cl_add_checkpoint *request, char *out, size_t cap);

/*
 * Read a body that is exactly as cl_add_checkpoint_format writes it; values
 * point into it.  The checkpoint is what follows the first empty line, not yet
 * read itself and not empty.  Linear.
 */
extern bool cl_add_checkpoint_parse(const char *body, size_t len, cl_add_checkpoint *request);

/*
 * The body of a 409, of type CL_SIZE_RESPONSE_TYPE: the size that the witness
 * knows and a newline.  Format writes a NUL as well and returns the length;
 * parse takes exactly that.
 */
#define CL_SIZE_RESPONSE_MAX 22
extern size_t cl_size_response_format(uint64_t size, char out[CL_SIZE_RESPONSE_MAX]);
extern bool cl_size_response_parse(const char *body, size_t len, uint64_t *size);

/* The HTTP status to answer with. */
typedef enum cl_witness_status
{
	CL_WITNESS_COSIGN = 200,	/* store size and root, then cosign */
	CL_WITNESS_MALFORMED = 400, /* no request, no checkpoint, shrinks, or too long to be cosigned */
	CL_WITNESS_UNSIGNED = 403,	/* no key trusted for the origin has signed, or a signature is forged */
	CL_WITNESS_UNKNOWN_LOG = 404,	/* no key is trusted for the origin */
	CL_WITNESS_OTHER_SIZE = 409,	/* answer with the size that is known */
	CL_WITNESS_INCONSISTENT = 422	/* a fork, a wrong proof, an impossible root */
} cl_witness_status;

/* What the witness knows of a log. */
typedef struct cl_witnessed
{
	uint64_t	size;			/* 0: it never cosigned */
	cl_hash		root;			/* of any meaning only if size is not 0 */
} cl_witnessed;

/*
 * Decide a request given the keys that the witness trusts (type 01, each for
 * the origin that is its name; an origin may have several) and what it knows of
 * the request's origin.  The caller finds that out by
 * cl_witness_origin().  With CL_WITNESS_COSIGN the checkpoint is filled, its
 * values pointing into the body, and the text to cosign is that of its note.
 * A signature for each key of the origin, and two hashes for each of the path.
 */
extern cl_witness_status cl_witness_decide(const char *body, size_t len,
										   const cl_verifier *logs, size_t n_logs,
										   const cl_witnessed *known,
										   cl_checkpoint *checkpoint);

/* The origin that a request is about, not verified; false if it is malformed. */
extern bool cl_witness_origin(const char *body, size_t len, cl_value *origin);

#endif
