/*
 * input.h
 *		Reading files from outside, never more of them than is sensible.
 */
#ifndef CLI_INPUT_H
#define CLI_INPUT_H

#include "core/buffer.h"

/* A buffer that is used again for file after file; all zero at first. */
typedef struct input
{
	char	   *data;
	size_t		len;
	size_t		cap;
} input;

typedef enum input_status
{
	INPUT_OK,
	INPUT_MISSING,				/* there is no such file */
	INPUT_FAILED				/* it could not be read, or is too long: reported */
} input_status;

/*
 * Read a file of at most max bytes; "-" is standard input.  Only the second
 * kind of failure is reported.
 */
extern input_status input_read(const char *path, size_t max, input *in);

/* The same where the file must be there; false if not, which is reported. */
extern bool input_require(const char *path, size_t max, input *in);

static inline cl_value
input_value(const input *in)
{
	return (cl_value) {in->data, in->len};
}

/* The same without white space around it. */
extern cl_value input_trimmed(const input *in);

extern void input_free(input *in);

/* Allocate, or exit with the status of what could not be checked. */
extern void *allocate(size_t size);
extern void *reallocate(void *data, size_t size);

#endif
