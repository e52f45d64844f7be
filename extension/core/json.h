/*
 * json.h
 *		Canonical JSON (RFC 8785) of one kind: a flat object of strings.
 */
#ifndef CL_JSON_H
#define CL_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* One member; left out where value is NULL. UTF-8, not NUL-terminated. */
typedef struct cl_json_member
{
	const char *name;
	size_t		name_len;
	const char *value;
	size_t		value_len;
} cl_json_member;

/*
 * Sort members as RFC 8785 does (by UTF-16 code units) and write the object
 * into out; returns its length, which exceeds cap when it does not fit.
 */
extern size_t cl_json_write(cl_json_member *members, int n, char *out, size_t cap);

/*
 * Read an object written like that, and only exactly like that.  Names and
 * values point into scratch (at least len bytes).  Returns the number of
 * members, or -1 with the 0-based offset of what is wrong.
 */
extern int	cl_json_read(const char *text, size_t len, cl_json_member *members,
						 int max, char *scratch, size_t *error_offset);

/* Is this well-formed UTF-8? */
extern bool cl_utf8_valid(const char *text, size_t len);

#endif
