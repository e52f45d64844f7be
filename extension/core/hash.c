/*
 * hash.c
 *		Hashes, commitments, encodings, random bytes.
 */
#include "core/hash.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#define BLOCK 64

/* Fetched once: looking an algorithm up costs more than hashing an event. */
static EVP_MD *sha256 = NULL;
static EVP_MD_CTX *context = NULL;

static bool
prepare(void)
{
	if (!sha256)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!context)
		context = EVP_MD_CTX_new();
	return sha256 && context;
}

static bool
update(const cl_part *parts, int n)
{
	for (int i = 0; i < n; i++)
		if (parts[i].len > 0 && EVP_DigestUpdate(context, parts[i].data, parts[i].len) != 1)
			return false;
	return true;
}

int
cl_sha256(const cl_part *parts, int n, uint8_t *out)
{
	if (!prepare() ||
		EVP_DigestInit_ex2(context, sha256, NULL) != 1 ||
		!update(parts, n) ||
		EVP_DigestFinal_ex(context, out, NULL) != 1)
		return CL_ERROR;
	return CL_OK;
}

/* Hash a padded key block, then the parts. */
static int
keyed(const uint8_t *block, uint8_t pad, const cl_part *parts, int n, uint8_t *out)
{
	uint8_t		padded[BLOCK];
	cl_part		key = {padded, BLOCK};

	for (int i = 0; i < BLOCK; i++)
		padded[i] = block[i] ^ pad;
	if (!prepare() ||
		EVP_DigestInit_ex2(context, sha256, NULL) != 1 ||
		!update(&key, 1) || !update(parts, n) ||
		EVP_DigestFinal_ex(context, out, NULL) != 1)
		return CL_ERROR;
	return CL_OK;
}

int
cl_hmac(const void *key, size_t key_len, const cl_part *parts, int n, uint8_t *out)
{
	uint8_t		block[BLOCK] = {0};
	uint8_t		inner[CL_HASH_BYTES];
	cl_part		hashed = {inner, sizeof(inner)};

	if (key_len <= BLOCK)
		memcpy(block, key, key_len);
	else
	{
		cl_part		long_key = {key, key_len};

		if (cl_sha256(&long_key, 1, block) != CL_OK)
			return CL_ERROR;
	}
	if (keyed(block, 0x36, parts, n, inner) != CL_OK)
		return CL_ERROR;
	return keyed(block, 0x5c, &hashed, 1, out);
}

#define COMMIT_PARTS 8

int
cl_commit(const void *salt, size_t salt_len, const cl_part *parts, int n, uint8_t *out)
{
	uint8_t		lengths[COMMIT_PARTS][8];
	cl_part		framed[2 * COMMIT_PARTS];

	if (n > COMMIT_PARTS)
		return CL_ERROR;
	for (int i = 0; i < n; i++)
	{
		for (int b = 0; b < 8; b++)
			lengths[i][b] = (uint8_t) ((uint64_t) parts[i].len >> (56 - 8 * b));
		framed[2 * i].data = lengths[i];
		framed[2 * i].len = 8;
		framed[2 * i + 1] = parts[i];
	}
	return cl_hmac(salt, salt_len, framed, 2 * n, out);
}

int
cl_random(void *out, size_t len)
{
	return RAND_bytes(out, (int) len) == 1 ? CL_OK : CL_ERROR;
}

void
cl_hex_encode(const uint8_t *bytes, size_t len, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++)
	{
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

size_t
cl_base64_encode(const uint8_t *bytes, size_t len, char *out)
{
	return (size_t) EVP_EncodeBlock((unsigned char *) out, bytes, (int) len);
}

static int
base64_value(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int) (at - digits) : -1;
}

long
cl_base64_decode(const char *text, size_t len, uint8_t *out, size_t cap)
{
	size_t		n = 0;
	size_t		padding = 0;

	if (len % 4 != 0)
		return -1;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	if (len / 4 * 3 - padding > cap)
		return -1;
	for (size_t i = 0; i < len; i += 4)
	{
		size_t		pad = i + 4 == len ? padding : 0;
		uint32_t	group = 0;

		for (size_t j = 0; j < 4; j++)
		{
			int			v = j >= 4 - pad ? 0 : base64_value(text[i + j]);

			if (v < 0)
				return -1;
			group = group << 6 | (uint32_t) v;
		}
		/* bits that are not part of a byte must be zero: one spelling only */
		if ((pad == 1 && (group & 0xff)) || (pad == 2 && (group & 0xffff)))
			return -1;
		for (size_t j = 0; j < 3 - pad; j++)
			out[n++] = (uint8_t) (group >> (16 - 8 * j));
	}
	return (long) n;
}
