/*
 * instant.h
 *		Points in time as the ledger writes them: UTC, years 0001 to 9999.
 *
 * A cl_instant counts microseconds since 2000-01-01 00:00:00 UTC, the same
 * number a PostgreSQL timestamptz holds.  The two extreme values stand for
 * "not stated" and never reach text.
 */
#ifndef CL_INSTANT_H
#define CL_INSTANT_H

#include "core/buffer.h"

typedef int64_t cl_instant;

#define CL_INSTANT_NONE		INT64_MIN	/* not stated, or open lower bound */
#define CL_INSTANT_OPEN		INT64_MAX	/* no end, or open upper bound */
#define CL_INSTANT_MIN		INT64_C(-63082281600000000)	/* 0001-01-01 */
#define CL_INSTANT_LIMIT	INT64_C(252455616000000000) /* 10000-01-01 */

#define CL_INSTANT_1970		INT64_C(-946684800000000)	/* 1970-01-01 */

/* Longest text: 2024-10-02T09:00:00.123456Z, and a NUL. */
#define CL_INSTANT_TEXT		28

/* True if the instant lies in the years 0001 to 9999. */
extern bool cl_instant_valid(cl_instant t);

/* Write the canonical text and a NUL; returns its length. t must be valid. */
extern int	cl_instant_format(cl_instant t, char *out);

/*
 * Read an instant with a zone (Z or +hh[:mm[:ss]]) from the start of s, date
 * and time separated by 'T' or one space; seconds and up to six fractional
 * digits are optional.  Returns the number of bytes read, or 0 if malformed or out of range.
 */
extern size_t cl_instant_parse(const char *s, size_t len, cl_instant *t);

/* Append the canonical text, and take an instant in it and the `end` after it. */
extern void cl_put_instant(cl_buffer *b, cl_instant t);
extern bool cl_take_instant(cl_scanner *in, char end, cl_instant *t);

/* Read a value that is the canonical text of an instant wholly. */
extern bool cl_instant_read(cl_value text, cl_instant *t);

#endif
