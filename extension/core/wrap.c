/*
 * wrap.c
 *		Bytes that pass through hands that are to read and to change nothing.
 */
#include "core/wrap.h"

#include <limits.h>
#include <openssl/evp.h>
#include <string.h>

int
cl_wrap_derive(const void *secret, size_t len, const char *label, cl_wrap_key *key)
{
	cl_part		mac[] = {{label, strlen(label)}, {"mac", 3}};
	cl_part		cipher[] = {{label, strlen(label)}, {"cipher", 6}};

	return cl_commit(secret, len, mac, 2, key->mac) == CL_OK ?
		cl_commit(secret, len, cipher, 2, key->cipher) : CL_ERROR;
}

static int
make_tag(const cl_wrap_key *key, const void *plain, size_t len, uint8_t tag[CL_WRAP_TAG_BYTES])
{
	cl_part		part = {plain, len};
	cl_hash		mac;

	if (cl_hmac(key->mac, sizeof(key->mac), &part, 1, mac) != CL_OK)
		return CL_ERROR;
	memcpy(tag, mac, CL_WRAP_TAG_BYTES);
	return CL_OK;
}

/* The same in both directions: the key stream is added. */
static int
add_key_stream(const cl_wrap_key *key, const uint8_t tag[CL_WRAP_TAG_BYTES],
			   const void *from, size_t len, uint8_t *to)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-CTR", NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int			done;
	int			result = CL_ERROR;

	if (cipher != NULL && ctx != NULL && len <= INT_MAX &&
		EVP_EncryptInit_ex2(ctx, cipher, key->cipher, tag, NULL) == 1 &&
		EVP_EncryptUpdate(ctx, to, &done, from, (int) len) == 1 && (size_t) done == len)
		result = CL_OK;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return result;
}

int
cl_wrap(const cl_wrap_key *key, const void *plain, size_t len, uint8_t *wrapped)
{
	if (make_tag(key, plain, len, wrapped) != CL_OK)
		return CL_ERROR;
	return add_key_stream(key, wrapped, plain, len, wrapped + CL_WRAP_TAG_BYTES);
}

int
cl_unwrap(const cl_wrap_key *key, const void *wrapped, size_t len, uint8_t *plain)
{
	const uint8_t *tag = wrapped;
	uint8_t		expected[CL_WRAP_TAG_BYTES];

	if (len < CL_WRAP_TAG_BYTES)
		return CL_FORGED;
	len -= CL_WRAP_TAG_BYTES;
	if (add_key_stream(key, tag, tag + CL_WRAP_TAG_BYTES, len, plain) != CL_OK ||
		make_tag(key, plain, len, expected) != CL_OK)
		return CL_ERROR;
	return cl_secret_equal(tag, expected, CL_WRAP_TAG_BYTES) ? CL_OK : CL_FORGED;
}
