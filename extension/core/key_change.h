/*
 * key_change.h
 *		One key of a ledger takes the place of another: the note that both sign
 *		(docs/FORMAT.md).
 */
#ifndef CL_KEY_CHANGE_H
#define CL_KEY_CHANGE_H

#include "core/seal.h"

#define CL_KEY_CHANGE_MAX	1024	/* bytes of the text, with a NUL */

typedef struct cl_key_change
{
	cl_value	origin;
	cl_value	signs;			/* seal, checkpoint or witness */
	cl_value	before;			/* verifier keys with the name and type that such keys have */
	cl_value	after;			/* the same name, not the same key */
} cl_key_change;

/*
 * Write the text and a NUL.  Returns the length, or 0 if that does not fit into
 * cap (CL_KEY_CHANGE_MAX suffices) or a value is none that the text may have.
 */
extern size_t cl_key_change_format(const cl_key_change *change, char *out, size_t cap);

/* Read a text that is exactly as cl_key_change_format writes it; values point into it. */
extern bool cl_key_change_parse(const char *text, size_t len, cl_key_change *change);

/*
 * Read a note by which *before is replaced, and find by what.  False unless it
 * is about this very key and both have signed, with signatures of type 01 also
 * where the keys are a witness's.  Two signatures.
 */
extern bool cl_key_change_open(const char *note, size_t len, const cl_verifier *before,
							   cl_verifier *after);

#endif
