/*
 * note.c
 *		Signed notes and verifier keys (C2SP signed-note).
 */
#include "core/note.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "core/json.h"

/* An em dash and a space begin a signature line. */
static const char dash[] = "\xe2\x80\x94 ";

#define DASH_LEN 4
#define BLOB_MAX (4 + CL_SIGNATURE_BYTES)
#define SIGNATURES_MAX 100

/* White space of Unicode beyond ASCII that UTF-8 texts can hold. */
static bool
is_space(const unsigned char *s, size_t len)
{
	if (s[0] <= 0x20)
		return true;
	if (len >= 2 && s[0] == 0xc2)
		return s[1] == 0x85 || s[1] == 0xa0;
	if (len >= 3 && s[0] == 0xe1)
		return s[1] == 0x9a && s[2] == 0x80;
	if (len >= 3 && s[0] == 0xe2)
		return (s[1] == 0x80 && (s[2] <= 0x8a || s[2] == 0xa8 || s[2] == 0xa9 || s[2] == 0xaf)) ||
			(s[1] == 0x81 && s[2] == 0x9f);
	return len >= 3 && s[0] == 0xe3 && s[1] == 0x80 && s[2] == 0x80;
}

bool
cl_key_name_valid(const char *name, size_t len)
{
	if (len == 0 || len > CL_KEY_NAME_MAX || !cl_utf8_valid(name, len))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] == '+' || name[i] == 0x7f ||
			is_space((const unsigned char *) name + i, len - i))
			return false;
	return true;
}

uint32_t
cl_key_id(const char *name, uint8_t type, const uint8_t public_key[CL_PUBLIC_BYTES])
{
	cl_part		parts[4] = {
		{name, strlen(name)}, {"\n", 1}, {&type, 1}, {public_key, CL_PUBLIC_BYTES}
	};
	uint8_t		hash[CL_HASH_BYTES];

	if (cl_sha256(parts, 4, hash) != CL_OK)
		return 0;
	return (uint32_t) hash[0] << 24 | (uint32_t) hash[1] << 16 |
		(uint32_t) hash[2] << 8 | hash[3];
}

size_t
cl_vkey_format(const char *name, uint8_t type,
			   const uint8_t public_key[CL_PUBLIC_BYTES], char *out)
{
	uint8_t		typed[1 + CL_PUBLIC_BYTES];
	char		encoded[CL_BASE64_SIZE(sizeof(typed))];

	typed[0] = type;
	memcpy(typed + 1, public_key, CL_PUBLIC_BYTES);
	cl_base64_encode(typed, sizeof(typed), encoded);
	return (size_t) snprintf(out, CL_VKEY_SIZE, "%s+%08x+%s", name,
							 (unsigned) cl_key_id(name, type, public_key), encoded);
}

bool
cl_vkey_parse(const char *text, size_t len, cl_verifier *verifier)
{
	const char *plus = memchr(text, '+', len);
	size_t		name_len = plus ? (size_t) (plus - text) : 0;
	uint8_t		typed[1 + CL_PUBLIC_BYTES];
	char		again[CL_VKEY_SIZE];

	if (!plus || !cl_key_name_valid(text, name_len) || len < name_len + 10 ||
		text[name_len + 9] != '+')
		return false;
	if (cl_base64_decode(text + name_len + 10, len - name_len - 10, typed,
						 sizeof(typed)) != sizeof(typed))
		return false;
	memcpy(verifier->name, text, name_len);
	verifier->name[name_len] = '\0';
	verifier->type = typed[0];
	memcpy(verifier->public_key, typed + 1, CL_PUBLIC_BYTES);
	verifier->id = cl_key_id(verifier->name, verifier->type, verifier->public_key);
	if ((verifier->type != CL_NOTE_ED25519 && verifier->type != CL_NOTE_COSIGNATURE) ||
		!cl_public_key_valid(verifier->public_key))
		return false;
	/* one spelling only, id included */
	return cl_vkey_format(verifier->name, verifier->type, verifier->public_key, again) == len &&
		memcmp(again, text, len) == 0;
}

size_t
cl_note_sign(const char *text, size_t len, const char *name, cl_key *key,
			 char *out, size_t cap)
{
	uint8_t		public_key[CL_PUBLIC_BYTES];
	uint8_t		blob[BLOB_MAX];
	char		encoded[CL_BASE64_SIZE(BLOB_MAX)];
	uint32_t	id;
	int			n;

	if (len == 0 || text[len - 1] != '\n' || !cl_key_name_valid(name, strlen(name)) ||
		cl_key_public(key, public_key) != CL_KEY_OK ||
		cl_key_sign(key, text, len, blob + 4) != CL_KEY_OK)
		return 0;
	id = cl_key_id(name, CL_NOTE_ED25519, public_key);
	for (int i = 0; i < 4; i++)
		blob[i] = (uint8_t) (id >> (24 - 8 * i));
	cl_base64_encode(blob, sizeof(blob), encoded);
	n = snprintf(out, cap, "%.*s\n%s%s %s\n", (int) len, text, dash, name, encoded);
	return n > 0 && (size_t) n < cap ? (size_t) n : 0;
}

/* No control characters but newline, and the whole is UTF-8. */
static bool
is_clean(const char *note, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char) note[i] < 0x20 && note[i] != '\n')
			return false;
	return cl_utf8_valid(note, len);
}

size_t
cl_note_text(const char *note, size_t len)
{
	size_t		at;

	if (len == 0 || note[len - 1] != '\n' || !is_clean(note, len))
		return 0;
	/* the last empty line that signature lines follow */
	for (at = len - 1; at > 0; at--)
		if (note[at - 1] == '\n' && note[at] == '\n')
			break;
	if (at == 0 || at + 1 == len)
		return 0;
	return at;
}

/* One signature line without its newline: name, id and signature. */
static bool
parse_signature(const char *line, size_t len, const char **name, size_t *name_len,
				uint8_t blob[BLOB_MAX], long *blob_len)
{
	const char *space;

	if (len < DASH_LEN || memcmp(line, dash, DASH_LEN) != 0)
		return false;
	*name = line + DASH_LEN;
	space = memchr(*name, ' ', len - DASH_LEN);
	if (!space)
		return false;
	*name_len = (size_t) (space - *name);
	*blob_len = cl_base64_decode(space + 1, len - DASH_LEN - *name_len - 1, blob, BLOB_MAX);
	return cl_key_name_valid(*name, *name_len) && *blob_len != 0;
}

static bool
is_by(const cl_verifier *v, const char *name, size_t name_len, const uint8_t *blob)
{
	uint32_t	id = (uint32_t) blob[0] << 24 | (uint32_t) blob[1] << 16 |
		(uint32_t) blob[2] << 8 | blob[3];

	return strlen(v->name) == name_len && memcmp(v->name, name, name_len) == 0 &&
		v->id == id;
}

bool
cl_note_verify(const char *note, size_t len, const cl_verifier *verifier)
{
	size_t		text_len = cl_note_text(note, len);
	bool		verified = false;
	int			n = 0;

	if (text_len == 0 || verifier->type != CL_NOTE_ED25519)
		return false;
	for (const char *line = note + text_len + 1; line < note + len;)
	{
		const char *end = memchr(line, '\n', (size_t) (note + len - line));
		const char *name;
		size_t		name_len;
		uint8_t		blob[BLOB_MAX];
		long		blob_len;

		if (++n > SIGNATURES_MAX ||
			!parse_signature(line, (size_t) (end - line), &name, &name_len, blob, &blob_len))
			return false;
		if (blob_len >= 4 && is_by(verifier, name, name_len, blob))
		{
			if (blob_len != BLOB_MAX ||
				!cl_key_verify(verifier->public_key, note, text_len, blob + 4))
				return false;
			verified = true;
		}
		line = end + 1;
	}
	return verified;
}
