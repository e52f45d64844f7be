/*
 * json.h
 *		Flat JSON objects whose members are strings, in the one spelling that
 *		RFC 8785 gives them.
 *
 * No white space, members in the order of their names' UTF-16 code units, only
 * what must be escaped is escaped, and in its shortest form.  Two different
 * byte strings are never the same object.
 */
#ifndef CL_JSON_H
#define CL_JSON_H

#include "core/buffer.h"

/* One member; left out where value is NULL. UTF-8, not NUL-terminated. */
typedef struct cl_json_member
{
	const char *name;
	size_t		name_len;
	const char *value;
	size_t		value_len;
} cl_json_member;

/* Append a string with its quotes; false if it is not UTF-8.  Linear. */
extern bool cl_json_put_string(cl_buffer *b, const char *s, size_t len);

/*
 * Sort members as RFC 8785 does and write the object into out.  Returns its
 * length, which exceeds cap when it does not fit, or 0 when a name comes twice
 * or something is not UTF-8.  Linear, and n log n for the sort.
 */
extern size_t cl_json_write(cl_json_member *members, int n, char *out, size_t cap);

/* Order of two names: by UTF-16 code units, though they are in UTF-8. */
extern int	cl_json_name_compare(const char *a, size_t a_len,
								 const char *b, size_t b_len);

/*
 * Read an object written like that, and only exactly like that.  Names and
 * values point into scratch (at least len bytes).  Returns the number of
 * members, or -1 with the 0-based offset of what is wrong.  Linear.
 */
extern int	cl_json_read(const char *text, size_t len, cl_json_member *members,
						 int max, char *scratch, size_t *error_offset);

/*
 * Read an object of which only members of these names, which are sorted, may
 * be there; values[i] is that of names[i], absent where it is not.  False if it
 * is none.
 */
#define CL_JSON_KNOWN_MAX 32
extern bool cl_json_read_known(const char *text, size_t len, const char *const *names,
							   int n, cl_value *values, char *scratch);

#endif
