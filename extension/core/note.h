/*
 * note.h
 *		Signed notes and verifier keys (C2SP signed-note).
 */
#ifndef CL_NOTE_H
#define CL_NOTE_H

#include "core/key.h"

#define CL_NOTE_ED25519		0x01
#define CL_NOTE_COSIGNATURE 0x04
#define CL_KEY_NAME_MAX		240

/* A public key with a name, as a note's reader trusts it. */
typedef struct cl_verifier
{
	char		name[CL_KEY_NAME_MAX + 1];
	uint32_t	id;
	uint8_t		type;			/* CL_NOTE_... */
	uint8_t		public_key[CL_PUBLIC_BYTES];
} cl_verifier;

/* A key name: not empty, UTF-8, no white space, no plus sign. */
extern bool cl_key_name_valid(const char *name, size_t len);

/* First four bytes of SHA-256(name || 0A || type || public key), big-endian. */
extern uint32_t cl_key_id(const char *name, uint8_t type,
						  const uint8_t public_key[CL_PUBLIC_BYTES]);

/* A verifier key: name+id+base64(type || public key), with a NUL. */
#define CL_VKEY_SIZE (CL_KEY_NAME_MAX + 1 + 8 + 1 + 44 + 1)
extern size_t cl_vkey_format(const char *name, uint8_t type,
							 const uint8_t public_key[CL_PUBLIC_BYTES], char *out);
extern bool cl_vkey_parse(const char *text, size_t len, cl_verifier *verifier);

/*
 * Sign a text (which ends with a newline) with a key of type 01: writes text,
 * empty line and signature line, with a NUL.  Returns the length, or 0 if it
 * does not fit or could not be signed.
 */
#define CL_SIGNATURE_LINE_MAX (4 + CL_KEY_NAME_MAX + 1 + 92 + 1 + 1)
extern size_t cl_note_sign(const char *text, size_t len, const char *name,
						   cl_key *key, char *out, size_t cap);

/*
 * Split a signed note: the length of its text, newline included, or 0 if it is
 * no signed note.
 */
extern size_t cl_note_text(const char *note, size_t len);

/*
 * Does the note carry a good signature by this verifier (type 01)?  A bad one
 * under the verifier's name and id makes the answer no, whatever else is there.
 */
extern bool cl_note_verify(const char *note, size_t len, const cl_verifier *verifier);

#endif
