/*
 * note.h
 *		Signed notes and verifier keys, as in C2SP signed-note, with the
 *		signature types 01 (Ed25519) and 04 (C2SP tlog-cosignature).
 *
 * Nothing here allocates; values point into what was parsed.
 */
#ifndef CL_NOTE_H
#define CL_NOTE_H

#include "core/buffer.h"
#include "core/key.h"

#define CL_NOTE_ED25519		0x01
#define CL_NOTE_COSIGNATURE 0x04
#define CL_KEY_NAME_MAX		240
#define CL_NOTE_MAX			(1024 * 1024)	/* bytes of a note that is read */
#define CL_NOTE_SIGNATURES_MAX 128
#define CL_COSIGNED_MAX		4096	/* bytes of a text that is cosigned */

/* A public key with a name, as a note's reader trusts it. */
typedef struct cl_verifier
{
	char		name[CL_KEY_NAME_MAX + 1];
	uint32_t	id;
	uint8_t		type;			/* CL_NOTE_... */
	uint8_t		public_key[CL_PUBLIC_BYTES];
} cl_verifier;

/* A key name: not empty, UTF-8, no white space, no control, no plus sign. */
extern bool cl_key_name_valid(const char *name, size_t len);

/*
 * First four bytes of SHA-256(name || 0A || type || public key), big-endian.
 * CL_OK, or CL_ERROR from libcrypto.
 */
extern int	cl_key_id(const char *name, uint8_t type,
					  const uint8_t public_key[CL_PUBLIC_BYTES], uint32_t *id);

/*
 * Make a verifier of its parts; false if name, type or public key is not as it
 * must be.
 */
extern bool cl_verifier_make(const char *name, size_t name_len, uint8_t type,
							 const uint8_t public_key[CL_PUBLIC_BYTES],
							 cl_verifier *verifier);

/*
 * A verifier key: name+id+base64(type || public key), with a NUL.  Format
 * returns the length, or 0 where cl_verifier_make() is false; parse takes that
 * one spelling only, and refuses a wrong id and an unsafe public key.
 */
#define CL_VKEY_SIZE (CL_KEY_NAME_MAX + 1 + 8 + 1 + 44 + 1)
extern size_t cl_vkey_format(const char *name, uint8_t type,
							 const uint8_t public_key[CL_PUBLIC_BYTES], char *out);
extern bool cl_vkey_parse(const char *text, size_t len, cl_verifier *verifier);

/*
 * Sign a text (which ends with a newline) with a key of type 01: writes text,
 * empty line and signature line, with a NUL.  Returns the length, or 0 if it
 * does not fit, is no text of a note, or could not be signed.
 */
#define CL_SIGNATURE_LINE_MAX (4 + CL_KEY_NAME_MAX + 1 + 104 + 1 + 1)
extern size_t cl_note_sign(const char *text, size_t len, const char *name,
						   cl_key *key, char *out, size_t cap);

/*
 * Cosign a text with a key of type 04, at a time in seconds since 1970: writes
 * the signature line alone, with a NUL, to be added to the note.  Returns the
 * length, or 0 as above or if the text is longer than CL_COSIGNED_MAX.
 */
extern size_t cl_note_cosign(const char *text, size_t len, const char *name,
							 cl_key *key, uint64_t time, char *out, size_t cap);

/* A note that is well formed.  Its text is worth nothing before it is verified. */
typedef struct cl_note
{
	cl_value	text;			/* ends with a newline */
	cl_value	signatures;		/* the lines */
} cl_note;

/* One signature line. */
typedef struct cl_note_signature
{
	cl_value	name;
	uint32_t	id;
	cl_value	base64;			/* of id and signature */
} cl_note_signature;

/*
 * Take a note apart.  False unless it is one wholly, with at most
 * CL_NOTE_SIGNATURES_MAX lines.  Linear.
 */
extern bool cl_note_parse(const char *bytes, size_t len, cl_note *note);

/* Walk through the signatures; *pos is 0 at first.  False at the end. */
extern bool cl_note_next_signature(const cl_note *note, size_t *pos,
								   cl_note_signature *signature);

typedef enum cl_note_status
{
	CL_NOTE_OK,					/* signed by at least one of the keys */
	CL_NOTE_UNSIGNED,			/* by none of them */
	CL_NOTE_FORGED				/* one of the signatures is not what it says */
} cl_note_status;

/* What one key has said. */
typedef struct cl_note_check
{
	bool		is_signed;
	uint64_t	time;			/* of a cosignature; the least of several */
} cl_note_check;

/*
 * Verify all signatures by the given keys, and fill a check for each.  Others'
 * signatures are passed over.  With CL_NOTE_FORGED no check is left standing.
 */
extern cl_note_status cl_note_check_all(const cl_note *note,
										const cl_verifier *verifiers, size_t n,
										cl_note_check *checks);

/*
 * Verify all signatures of type 01 under a name, by those of the keys that have
 * it.  *known: there is such a key; *signer: one that has signed, or NULL.
 */
extern cl_note_status cl_note_check_name(const cl_note *note, cl_value name,
										 const cl_verifier *verifiers, size_t n,
										 bool *known, const cl_verifier **signer);

/* The length of a well-formed note's text, newline included, or 0. */
extern size_t cl_note_text(const char *note, size_t len);

/*
 * Does the note carry a good signature by this verifier?  A bad one under the
 * verifier's name and id makes the answer no, whatever else is there.
 */
extern bool cl_note_verify(const char *note, size_t len, const cl_verifier *verifier);

#endif
