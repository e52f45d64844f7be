/*
 * seal.h
 *		What a seal says: the text that the seal key signs (docs/FORMAT.md).
 *
 * Its first line keeps it apart from checkpoints, since no log may have such
 * an origin.
 */
#ifndef CL_SEAL_H
#define CL_SEAL_H

#include "core/hash.h"
#include "core/instant.h"
#include "core/note.h"

#define CL_ORIGIN_MAX	200		/* bytes */
#define CL_SEAL_MAX		1024	/* bytes of the text, with a NUL */
#define CL_SEAL_EVENTS	4096	/* most events of a seal */
#define CL_SEAL_NUMBER_MAX (INT64_MAX / CL_SEAL_EVENTS)

typedef enum cl_seal_kind
{
	CL_SEAL_CHOICES,
	CL_SEAL_DECLARATIONS,
	CL_SEAL_RUN
} cl_seal_kind;

#define CL_SEAL_KINDS 3

typedef struct cl_seal
{
	const char *origin;
	size_t		origin_len;
	cl_seal_kind kind;
	int64_t		number;			/* from 1; event id = number * 4096 + place */
	int64_t		count;			/* events, from 1 */
	uint8_t		root[CL_HASH_BYTES];	/* over their leaf hashes */
	cl_instant	time;
	int64_t		checkpoint_size;	/* newest one known; 0 while there is no log */
	uint8_t		checkpoint_root[CL_HASH_BYTES];
	bool		has_bound;		/* a cosignature or token bounds the time from below */
	uint8_t		bound[CL_HASH_BYTES];	/* SHA-256 of the newest */
} cl_seal;

/* As in the text: choices, declarations, run. */
extern const char *cl_seal_kind_name(cl_seal_kind kind);

/*
 * An origin is a key name of at most CL_ORIGIN_MAX bytes that does not begin
 * as our own notes do.
 */
extern bool cl_origin_valid(const char *origin, size_t len);

/*
 * Write the text and a NUL.  Returns the length, or 0 if that does not fit into
 * cap; CL_SEAL_MAX suffices.
 */
extern size_t cl_seal_format(const cl_seal *seal, char *out, size_t cap);

/*
 * Read a text that is exactly as cl_seal_format writes it.  The origin points
 * into it.
 */
extern bool cl_seal_parse(const char *text, size_t len, cl_seal *seal);

/*
 * Verify a note by those keys whose name is <origin>/seal: what the ledger of
 * this origin signs of its events.
 */
extern cl_note_status cl_seal_key_check(const cl_note *note, cl_value origin,
										const cl_verifier *keys, size_t n);

typedef enum cl_seal_status
{
	CL_SEAL_OK,
	CL_SEAL_MALFORMED,			/* no note, or not of a seal */
	CL_SEAL_STRANGER,			/* not signed by a trusted key of its origin */
	CL_SEAL_FORGED
} cl_seal_status;

/* Read and verify the note of a seal; the origin points into it. */
extern cl_seal_status cl_seal_open(const char *note, size_t len,
								   const cl_verifier *keys, size_t n, cl_seal *seal);

#endif
