/*
 * codec.h
 *		Manifest blocks: uses in order, delta-coded (docs/FORMAT.md).
 *
 * Uses ascend by subject, then kind of row key, then row key: integers by
 * value, others bytewise, a prefix first.  A block stands by itself, and its
 * bytes are canonical: the reader takes exactly what the writer makes of the
 * same uses.
 */
#ifndef CL_CODEC_H
#define CL_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CL_BLOCK_MAX	8192	/* bytes of a block */
#define CL_ROW_KEY_MAX	2000	/* bytes of a text key */
#define CL_UUID_BYTES	16
#define CL_USE_CODES	16		/* codes are below */
#define CL_USE_PERMITTED 8		/* or'ed to the cl_verdict */

typedef enum cl_key_kind
{
	CL_KEY_INT,
	CL_KEY_UUID,
	CL_KEY_TEXT
} cl_key_kind;

typedef struct cl_use
{
	int64_t		subject;		/* not negative; 0 where the row has no party */
	uint8_t		code;			/* cl_verdict, and whether it permitted */
	uint8_t		kind;			/* cl_key_kind */
	int32_t		len;			/* of bytes: 16 for a uuid; 0 for an integer */
	int64_t		number;			/* CL_KEY_INT */
	const char *bytes;			/* the others */
} cl_use;

/* A cl_verdict, and perhaps CL_USE_PERMITTED. */
extern bool cl_use_code_valid(uint8_t code);

/* Order of two uses; the code does not count. */
extern int	cl_use_compare(const cl_use *a, const cl_use *b);

/* The keys that the next one is told apart from. */
typedef struct cl_last_keys
{
	int64_t		base;			/* first integer of the last group of integers */
	int64_t		number;
	int32_t		text_len;
	char	   *text;
	char		uuid[CL_UUID_BYTES];
} cl_last_keys;

/* What a group of uses, of one subject and kind of key, has in common. */
typedef struct cl_use_group
{
	int64_t		subject;
	uint8_t		kind;
	bool		mixed;			/* codes differ */
	uint32_t	n;
} cl_use_group;

typedef struct cl_block_writer
{
	uint8_t    *out;
	size_t		cap;
	size_t		len;			/* without the open group */
	uint32_t	count;
	int64_t		closed_subject; /* of the last closed group */
	cl_use_group group;			/* the open one; n is 0 at first */
	cl_last_keys last;
	size_t		keys_len;
	uint8_t		keys[CL_BLOCK_MAX]; /* of the open group, coded */
	uint8_t		codes[CL_BLOCK_MAX];
	char		text[CL_ROW_KEY_MAX];	/* of the last key */
} cl_block_writer;

typedef enum cl_block_status
{
	CL_BLOCK_OK,
	CL_BLOCK_FULL,				/* does not fit; nothing changed */
	CL_BLOCK_REFUSED			/* malformed or out of order; nothing changed */
} cl_block_status;

/* Begin a block of at most cap bytes (and CL_BLOCK_MAX). */
extern void cl_block_begin(cl_block_writer *w, void *out, size_t cap);

/* Append a use that comes after the last one.  Linear in its key. */
extern cl_block_status cl_block_append(cl_block_writer *w, const cl_use *use);

/* Finish the block; its length, 0 if there is nothing in it. */
extern size_t cl_block_end(cl_block_writer *w);

typedef struct cl_block_reader
{
	const uint8_t *at;
	const uint8_t *end;
	bool		failed;
	bool		begun;			/* a group has been read */
	uint32_t	left;			/* uses of the groups to come */
	cl_use_group group;
	uint32_t	place;			/* of the next use in the group */
	uint8_t		code;			/* of all uses, unless mixed */
	const uint8_t *codes;		/* of each, if mixed: two in a byte */
	cl_last_keys last;
} cl_block_reader;

/* How much room the texts of a block of so many bytes take, one at a time. */
#define CL_BLOCK_TEXT(len) ((len) < CL_ROW_KEY_MAX ? (len) : CL_ROW_KEY_MAX)

/*
 * Open a block from outside, with CL_BLOCK_TEXT(len) bytes for a text key.
 * What is wrong with the block, next and seek will say.
 */
extern void cl_block_open(cl_block_reader *r, const void *data, size_t len, char *text);

/*
 * The next use: 1, or 0 at the end, or -1 if the bytes are not what a writer
 * makes; after that, always -1.  use->bytes is good until the next call.
 */
extern int	cl_block_next(cl_block_reader *r, cl_use *use);

/*
 * Go forward to the first use of a subject or of a later one, which next will
 * give: 1, or 0 if there is none, or -1.  What is passed over has been checked
 * as well; a few nanoseconds for each use.
 */
extern int	cl_block_seek(cl_block_reader *r, int64_t subject);

#endif
