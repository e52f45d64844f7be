/*
 * buffer.h
 *		Writing into a caller's buffer, and strict reading from one.
 *
 * A writer counts what it was given even where that no longer fits, so the
 * final length tells how much room was needed.  A scanner takes exactly what
 * it is asked for, or stays where it is.  Nothing here allocates; every
 * function is linear in the bytes it touches.
 */
#ifndef CL_BUFFER_H
#define CL_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Some bytes of somebody else's.  Absent when data is NULL. */
typedef struct cl_value
{
	const char *data;
	size_t		len;
} cl_value;

typedef struct cl_buffer
{
	char	   *data;
	size_t		cap;
	size_t		len;			/* what was put; more than cap: not all is there */
} cl_buffer;

typedef struct cl_scanner
{
	const char *data;
	size_t		len;
	size_t		pos;
} cl_scanner;

/* A value from a C string. */
static inline cl_value
cl_string(const char *s)
{
	return (cl_value) {s, strlen(s)};
}

static inline bool
cl_value_equal(cl_value a, cl_value b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Append bytes, wholly or not at all. */
static inline void
cl_put(cl_buffer *b, const void *data, size_t len)
{
	if (b->len <= b->cap && len <= b->cap - b->len && len > 0)
		memcpy(b->data + b->len, data, len);
	b->len += len;
}

static inline void
cl_put_char(cl_buffer *b, char c)
{
	cl_put(b, &c, 1);
}

static inline void
cl_put_value(cl_buffer *b, cl_value v)
{
	cl_put(b, v.data, v.len);
}

static inline void
cl_put_string(cl_buffer *b, const char *s)
{
	cl_put(b, s, strlen(s));
}

/* Append a number in decimal, without leading zeros. */
extern void cl_put_number(cl_buffer *b, uint64_t n);

/* Append bytes in base64 (RFC 4648 section 4). */
extern void cl_put_base64(cl_buffer *b, const void *data, size_t len);

static inline bool
cl_at_end(const cl_scanner *in)
{
	return in->pos == in->len;
}

/* Take this word. */
extern bool cl_take(cl_scanner *in, const char *word);

/* Take what stands before the next `end`, and `end` itself. */
extern bool cl_take_until(cl_scanner *in, char end, cl_value *out);

/* Take all that is left. */
static inline cl_value
cl_take_rest(cl_scanner *in)
{
	cl_value	rest = {in->data + in->pos, in->len - in->pos};

	in->pos = in->len;
	return rest;
}

/* Take a decimal number of at most max, without sign and leading zeros. */
extern bool cl_take_number(cl_scanner *in, uint64_t max, uint64_t *out);

/* Take exactly `want` bytes in base64 and the `end` after them. */
extern bool cl_take_base64(cl_scanner *in, char end, void *out, size_t want);

/* Read all of a text as a number like that, of at most INT64_MAX. */
extern bool cl_read_integer(cl_value text, int64_t *out);

/*
 * Read one UTF-8 character (RFC 3629: shortest form, no surrogates); returns
 * its length, or 0 if malformed.  len must not be 0.
 */
extern size_t cl_utf8_read(const char *s, size_t len, uint32_t *c);
extern bool cl_utf8_valid(const char *s, size_t len);

/* Control characters, and what Unicode calls white space. */
extern bool cl_is_space_or_control(uint32_t c);

#endif
