/*
 * promise.h
 *		What a ledger promises of a committed event whose seal is not yet in the
 *		log: the text that the seal key signs (docs/FORMAT.md).
 */
#ifndef CL_PROMISE_H
#define CL_PROMISE_H

#include "core/buffer.h"
#include "core/hash.h"
#include "core/instant.h"
#include "core/seal.h"

#define CL_PROMISE_MAX	512		/* bytes of the text, with a NUL */

typedef struct cl_promise
{
	cl_value	origin;
	int64_t		event;			/* its id */
	cl_hash		leaf;			/* leaf hash of its canonical bytes */
	int64_t		seal;			/* number of the seal */
	cl_hash		seal_leaf;		/* leaf hash of the seal's note: the log's entry */
	cl_instant	include_by;		/* every checkpoint from then on includes the seal */
} cl_promise;

/*
 * Write the text and a NUL.  Returns the length, or 0 if that does not fit into
 * cap (CL_PROMISE_MAX suffices) or a value is none that the text may have.
 */
extern size_t cl_promise_format(const cl_promise *promise, char *out, size_t cap);

/*
 * Read a text that is exactly as cl_promise_format writes it; the origin points
 * into it.  The event lies in the seal.
 */
extern bool cl_promise_parse(const char *text, size_t len, cl_promise *promise);

#endif
