/*
 * use_rows.h
 *		One subject in a run: her position in the run's prefix tree, and the list
 *		of her rows that the leaf there commits to (docs/FORMAT.md).
 *
 * Both come from her salt, so that nobody can arrange where she stands, and
 * who does not know the salt learns nothing from position or leaf.
 */
#ifndef CL_USE_ROWS_H
#define CL_USE_ROWS_H

#include "core/buffer.h"
#include "core/codec.h"
#include "core/event.h"
#include "core/hash.h"

/* Position and nonce: two commitments under her salt. */
extern int	cl_use_place(const uint8_t salt[CL_SALT_BYTES], cl_value origin, int64_t run,
						 uint8_t *position, uint8_t *nonce);

/*
 * Append to a list of rows: each of her tables, in bytewise order, followed by
 * its rows in the order of uses.
 */
#define CL_ROWS_TABLE_HEAD 5	/* bytes before the name of a table */
#define CL_ROWS_ROW_HEAD 6		/* bytes before the key of a row */
extern void cl_rows_put_table(cl_buffer *b, const char *name, size_t len);
extern void cl_rows_put_row(cl_buffer *b, uint8_t code, const char *key, size_t len);

/*
 * Read a list: 1 and the next row with its table, 0 at the end, or -1 if it is
 * not what the functions above make of such rows; after that, always -1.  Keys
 * and names point into the list.
 */
typedef struct cl_rows_reader
{
	cl_scanner	in;
	cl_value	table;
	bool		failed;
	bool		table_begins;	/* no row of it was read */
	cl_use		last;
	char		uuid[2][CL_UUID_BYTES]; /* of the last key and of this one, in turn */
	int			turn;
} cl_rows_reader;

extern void cl_rows_begin(cl_rows_reader *r, const void *list, size_t len);
extern int	cl_rows_next(cl_rows_reader *r, cl_value *table, uint8_t *code, cl_value *key);

/* What the leaf holds: SHA-256(03 || nonce || list). */
#define CL_ROWS_PREFIX "\x03"
extern int	cl_rows_hash(const uint8_t *nonce, const void *list, size_t len, uint8_t *out);

#endif
