/*
 * hash.c
 *		SHA-256, HMAC commitments, random bytes.
 */
#include "core/hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#define BLOCK 64				/* what SHA-256 takes at a time */

struct cl_hasher
{
	EVP_MD_CTX *ctx;
	bool		begun;
};

/*
 * Fetched once: looking an algorithm up costs more than hashing an event.
 * Both live as long as the process.
 */
static EVP_MD *sha256;
static cl_hasher shared;

static bool
begin(cl_hasher *hasher)
{
	if (sha256 == NULL)
		sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (hasher->ctx == NULL)
		hasher->ctx = EVP_MD_CTX_new();
	hasher->begun = sha256 != NULL && hasher->ctx != NULL &&
		EVP_DigestInit_ex2(hasher->ctx, sha256, NULL) == 1;
	return hasher->begun;
}

static bool
add(cl_hasher *hasher, const void *data, size_t len)
{
	return len == 0 || EVP_DigestUpdate(hasher->ctx, data, len) == 1;
}

static bool
add_parts(const cl_part *parts, int n)
{
	for (int i = 0; i < n; i++)
		if (!add(&shared, parts[i].data, parts[i].len))
			return false;
	return true;
}

static bool
finish(cl_hasher *hasher, uint8_t *out)
{
	hasher->begun = false;
	return EVP_DigestFinal_ex(hasher->ctx, out, NULL) == 1;
}

static int
result(bool ok)
{
	return ok ? CL_OK : CL_ERROR;
}

int
cl_sha256(const cl_part *parts, int n, uint8_t *out)
{
	return result(begin(&shared) && add_parts(parts, n) && finish(&shared, out));
}

cl_hasher *
cl_hasher_new(void)
{
	cl_hasher  *hasher = OPENSSL_zalloc(sizeof(cl_hasher));

	if (hasher != NULL && !begin(hasher))
	{
		cl_hasher_free(hasher);
		hasher = NULL;
	}
	return hasher;
}

int
cl_hasher_add(cl_hasher *hasher, const void *data, size_t len)
{
	return result((hasher->begun || begin(hasher)) && add(hasher, data, len));
}

int
cl_hasher_finish(cl_hasher *hasher, uint8_t *out)
{
	return result((hasher->begun || begin(hasher)) && finish(hasher, out));
}

void
cl_hasher_free(cl_hasher *hasher)
{
	if (hasher == NULL)
		return;
	EVP_MD_CTX_free(hasher->ctx);
	OPENSSL_free(hasher);
}

/* Begin a hash with the key, filled up to a block and masked. */
static bool
begin_keyed(const uint8_t key[BLOCK], uint8_t mask)
{
	uint8_t		block[BLOCK];
	bool		ok;

	for (size_t i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ mask;
	ok = begin(&shared) && add(&shared, block, BLOCK);
	OPENSSL_cleanse(block, BLOCK);
	return ok;
}

/* Begin an HMAC; the key filled up to a block is for hmac_finish(). */
static bool
hmac_begin(const void *key, size_t key_len, uint8_t block[BLOCK])
{
	cl_part		long_key = {key, key_len};

	memset(block, 0, BLOCK);
	if (key_len > BLOCK && cl_sha256(&long_key, 1, block) != CL_OK)
		return false;
	if (key_len > 0 && key_len <= BLOCK)
		memcpy(block, key, key_len);
	return begin_keyed(block, 0x36);
}

static bool
hmac_finish(uint8_t block[BLOCK], uint8_t *out)
{
	cl_hash		inner;

	return finish(&shared, inner) && begin_keyed(block, 0x5C) &&
		add(&shared, inner, CL_HASH_BYTES) && finish(&shared, out);
}

int
cl_hmac(const void *key, size_t key_len, const cl_part *parts, int n, uint8_t *out)
{
	uint8_t		block[BLOCK];
	bool		ok = hmac_begin(key, key_len, block) && add_parts(parts, n) &&
		hmac_finish(block, out);

	OPENSSL_cleanse(block, BLOCK);
	return result(ok);
}

/* Framed parts, gathered: a call costs more than hashing what is in a short one. */
typedef struct Frames
{
	uint8_t		bytes[256];
	size_t		len;
} Frames;

static bool
add_gathered(Frames *frames)
{
	size_t		len = frames->len;

	frames->len = 0;
	return add(&shared, frames->bytes, len);
}

static bool
add_framed(Frames *frames, const cl_part *part)
{
	uint8_t		len[8];

	cl_put_big_endian(len, part->len, sizeof(len));
	if (part->len > sizeof(frames->bytes) - sizeof(len))
		return add_gathered(frames) && add(&shared, len, sizeof(len)) && add(&shared, part->data, part->len);
	if (part->len > sizeof(frames->bytes) - sizeof(len) - frames->len && !add_gathered(frames))
		return false;
	memcpy(frames->bytes + frames->len, len, sizeof(len));
	frames->len += sizeof(len);
	if (part->len > 0)
		memcpy(frames->bytes + frames->len, part->data, part->len);
	frames->len += part->len;
	return true;
}

int
cl_commit(const void *salt, size_t salt_len, const cl_part *parts, int n, uint8_t *out)
{
	uint8_t		block[BLOCK];
	Frames		frames = {.len = 0};
	bool		ok = hmac_begin(salt, salt_len, block);

	for (int i = 0; ok && i < n; i++)
		ok = add_framed(&frames, &parts[i]);
	ok = ok && add_gathered(&frames) && hmac_finish(block, out);
	OPENSSL_cleanse(block, BLOCK);
	return result(ok);
}

int
cl_random(void *out, size_t len)
{
	return result(len <= INT_MAX && RAND_priv_bytes(out, (int) len) == 1);
}

bool
cl_secret_equal(const void *a, const void *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}
