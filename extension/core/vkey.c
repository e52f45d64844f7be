/*
 * vkey.c
 *		Names and public keys together: verifier keys, as in C2SP signed-note.
 */
#include "core/note.h"

#include "core/hash.h"

#define ID_BYTES		4
#define TYPED_BYTES		(1 + CL_PUBLIC_BYTES)

bool
cl_key_name_valid(const char *name, size_t len)
{
	size_t		n;
	uint32_t	c;

	for (size_t i = 0; i < len; i += n)
	{
		n = cl_utf8_read(name + i, len - i, &c);
		if (n == 0 || c == '+' || cl_is_space_or_control(c))
			return false;
	}
	return len > 0;
}

int
cl_key_id(const char *name, uint8_t type, const uint8_t public_key[CL_PUBLIC_BYTES],
		  uint32_t *id)
{
	cl_part		parts[] = {
		{name, strlen(name)}, {"\n", 1}, {&type, 1}, {public_key, CL_PUBLIC_BYTES}
	};
	cl_hash		hash;

	if (cl_sha256(parts, 4, hash) != CL_OK)
		return CL_ERROR;
	*id = (uint32_t) cl_get_big_endian(hash, ID_BYTES);
	return CL_OK;
}

bool
cl_verifier_make(const char *name, size_t name_len, uint8_t type,
				 const uint8_t public_key[CL_PUBLIC_BYTES], cl_verifier *verifier)
{
	if (name_len > CL_KEY_NAME_MAX || !cl_key_name_valid(name, name_len) ||
		(type != CL_NOTE_ED25519 && type != CL_NOTE_COSIGNATURE) ||
		!cl_public_key_valid(public_key))
		return false;
	memcpy(verifier->name, name, name_len);
	verifier->name[name_len] = '\0';
	verifier->type = type;
	memcpy(verifier->public_key, public_key, CL_PUBLIC_BYTES);
	return cl_key_id(verifier->name, type, public_key, &verifier->id) == CL_OK;
}

size_t
cl_vkey_format(const char *name, uint8_t type, const uint8_t public_key[CL_PUBLIC_BYTES],
			   char *out)
{
	cl_buffer	b = {out, CL_VKEY_SIZE, 0};
	cl_verifier verifier;
	uint8_t		typed[TYPED_BYTES] = {type};
	uint8_t		id[ID_BYTES];
	char		hex[CL_HEX_SIZE(ID_BYTES)];

	out[0] = '\0';
	if (!cl_verifier_make(name, strlen(name), type, public_key, &verifier))
		return 0;
	memcpy(typed + 1, public_key, CL_PUBLIC_BYTES);
	cl_put_big_endian(id, verifier.id, ID_BYTES);
	cl_hex_encode(id, ID_BYTES, hex);
	cl_put_string(&b, name);
	cl_put_char(&b, '+');
	cl_put_string(&b, hex);
	cl_put_char(&b, '+');
	cl_put_base64(&b, typed, TYPED_BYTES);
	cl_put_char(&b, '\0');
	return b.len - 1;
}

bool
cl_vkey_parse(const char *text, size_t len, cl_verifier *verifier)
{
	cl_scanner	in = {text, len, 0};
	cl_value	name;
	cl_value	hex;
	uint8_t		typed[TYPED_BYTES];
	uint8_t		id[ID_BYTES];

	return cl_take_until(&in, '+', &name) && cl_take_until(&in, '+', &hex) &&
		cl_hex_decode(hex.data, hex.len, id, ID_BYTES) &&
		cl_base64_decode(text + in.pos, len - in.pos, typed, TYPED_BYTES) == TYPED_BYTES &&
		cl_verifier_make(name.data, name.len, typed[0], typed + 1, verifier) &&
		verifier->id == cl_get_big_endian(id, ID_BYTES);
}
