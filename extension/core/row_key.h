/*
 * row_key.h
 *		Row keys: their text is their identity; what is the canonical text of a
 *		64-bit integer or of a UUID travels as such (docs/FORMAT.md).
 */
#ifndef CL_ROW_KEY_H
#define CL_ROW_KEY_H

#include "core/codec.h"

#define CL_ROW_KEY_TEXT_SIZE 40 /* room for the text of an integer or UUID */

/*
 * Fill in kind, number, bytes and len of a use from the text of its row key;
 * bytes point into the text, or to scratch if it is a UUID.  False if the text
 * is longer than CL_ROW_KEY_MAX.
 */
extern bool cl_row_key_read(const char *text, size_t len,
							char scratch[CL_UUID_BYTES], cl_use *use);

/* The text of a use's row key; that of integers and UUIDs is written to buf. */
extern const char *cl_row_key_text(const cl_use *use, char buf[CL_ROW_KEY_TEXT_SIZE],
								   size_t *len);

#endif
