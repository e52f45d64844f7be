/*
 * key.c
 *		Ed25519 keys (RFC 8032): made, signing and verifying.
 *
 * What libcrypto leaves in its error queue is taken away again, since others
 * in this process (the server's own TLS) read that queue.
 */
#include "core/key.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

/* The y coordinates of the points whose order divides 8, least byte first. */
static const uint8_t small_order[][CL_PUBLIC_BYTES] = {
	{0},
	{1},
	{0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
	0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05},
	{0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
	0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A},
	{0xEC, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
	0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F}
};

#define SMALL_ORDERS (sizeof(small_order) / sizeof(small_order[0]))

/* What an attempt left in libcrypto's queue is taken away. */
static cl_key_status
result(bool ok)
{
	ERR_pop_to_mark();
	return ok ? CL_KEY_OK : CL_KEY_CRYPTO;
}

cl_key_status
cl_key_generate(cl_key **key)
{
	ERR_set_mark();
	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return result(*key != NULL);
}

void
cl_key_free(cl_key *key)
{
	EVP_PKEY_free(key);
}

cl_key_status
cl_key_public(const cl_key *key, uint8_t public_key[CL_PUBLIC_BYTES])
{
	size_t		len = CL_PUBLIC_BYTES;

	ERR_set_mark();
	return result(EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1 &&
				  len == CL_PUBLIC_BYTES);
}

cl_key_status
cl_key_sign(cl_key *key, const void *message, size_t len,
			uint8_t signature[CL_SIGNATURE_BYTES])
{
	size_t		size = CL_SIGNATURE_BYTES;
	EVP_MD_CTX *ctx;
	bool		ok;

	ERR_set_mark();
	ctx = EVP_MD_CTX_new();
	ok = ctx != NULL &&
		EVP_DigestSignInit_ex(ctx, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
		EVP_DigestSign(ctx, signature, &size, message, len) == 1 &&
		size == CL_SIGNATURE_BYTES;
	EVP_MD_CTX_free(ctx);
	return result(ok);
}

static bool
verify_with(EVP_PKEY *pkey, EVP_MD_CTX *ctx, const void *message, size_t len,
			const uint8_t signature[CL_SIGNATURE_BYTES])
{
	return pkey != NULL && ctx != NULL &&
		EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, NULL, pkey, NULL) == 1 &&
		EVP_DigestVerify(ctx, signature, CL_SIGNATURE_BYTES, message, len) == 1;
}

bool
cl_key_verify(const uint8_t public_key[CL_PUBLIC_BYTES], const void *message, size_t len,
			  const uint8_t signature[CL_SIGNATURE_BYTES])
{
	EVP_PKEY   *pkey;
	EVP_MD_CTX *ctx;
	bool		ok;

	if (!cl_public_key_valid(public_key))
		return false;
	ERR_set_mark();
	pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL, public_key, CL_PUBLIC_BYTES);
	ctx = EVP_MD_CTX_new();
	ok = verify_with(pkey, ctx, message, len, signature);
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(pkey);
	return result(ok) == CL_KEY_OK;
}

/* True if y, least byte first, is less than 2^255 - 19. */
static bool
is_reduced(const uint8_t y[CL_PUBLIC_BYTES])
{
	if (y[31] != 0x7F)
		return true;
	for (int i = 30; i > 0; i--)
		if (y[i] != 0xFF)
			return true;
	return y[0] < 0xED;
}

bool
cl_public_key_valid(const uint8_t public_key[CL_PUBLIC_BYTES])
{
	uint8_t		y[CL_PUBLIC_BYTES];

	/* The top bit is the sign of x. */
	memcpy(y, public_key, sizeof(y));
	y[31] &= 0x7F;
	for (size_t i = 0; i < SMALL_ORDERS; i++)
		if (memcmp(y, small_order[i], sizeof(y)) == 0)
			return false;
	return is_reduced(y);
}
