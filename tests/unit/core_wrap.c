/*
 * core_wrap.c
 *		Wrapped bytes, against values that other programs computed.
 */
#include "core/wrap.h"
#include "bytes.h"

#define LABEL "consent_ledger/manifest/v1"

static cl_wrap_key key;

/* Computed with Python's hmac and openssl enc -aes-256-ctr. */
static void
test_vectors(void)
{
	static const struct
	{
		const char *plain;
		const char *wrapped;
	}			vectors[] = {
		{"", "e2940d2a91b981dd91cabd2269931ee2"},
		{"a", "0c6f5e8843cf728070480ab8ae1c85fdb0"},
		{"The quick brown fox jumps over the lazy dog",
			"1de64848dd27c9177586665fd9a7e1685c0482ed08ad2ed5fdf60739fdf9b0ef253881feb63977510d46fc46106"
		"89dd4f3eadb6651a9726453d58a"},
	};
	uint8_t		secret[32];
	uint8_t		wrapped[64];
	uint8_t		plain[64];

	for (int i = 0; i < 32; i++)
		secret[i] = (uint8_t) i;
	ok(cl_wrap_derive(secret, sizeof(secret), LABEL, &key) == CL_OK, "derive keys");
	is_hex(key.mac, 32, "f747f82bd9f5891f5d2a35d83ce70c3a56eea3ad2ea1810f22f0ded82a644f7d", "for tags");
	is_hex(key.cipher, 32, "8fca995b220665333b431615a1f403aaa0f7168133d64d231409a99e271c861a", "for the cipher");
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		size_t		len = strlen(vectors[i].plain);

		ok(cl_wrap(&key, vectors[i].plain, len, wrapped) == CL_OK, "wrap %zu bytes", len);
		is_hex(wrapped, len + CL_WRAP_TAG_BYTES, vectors[i].wrapped, "as others do");
		ok(cl_unwrap(&key, wrapped, len + CL_WRAP_TAG_BYTES, plain) == CL_OK &&
		   memcmp(plain, vectors[i].plain, len) == 0, "and unwrap them");
	}
}

/* Any byte changed, taken away or added is found; so is another key. */
static void
test_forged(void)
{
	uint8_t		plain[100];
	uint8_t		wrapped[101 + CL_WRAP_TAG_BYTES];
	uint8_t		out[101];
	size_t		len = sizeof(plain) + CL_WRAP_TAG_BYTES;
	int			found = 0;
	cl_wrap_key other;

	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (uint8_t) next_random();
	ok(cl_wrap(&key, plain, sizeof(plain), wrapped) == CL_OK, "wrap random bytes");
	ok(cl_unwrap(&key, wrapped, len, out) == CL_OK && memcmp(out, plain, sizeof(plain)) == 0, "unwrap them");
	for (size_t i = 0; i < len; i++)
	{
		wrapped[i] ^= 1;
		found += cl_unwrap(&key, wrapped, len, out) == CL_FORGED;
		wrapped[i] ^= 1;
	}
	ok(found == (int) len, "every changed byte is found");
	for (size_t i = 0; i < len; i++)
		found -= cl_unwrap(&key, wrapped, i, out) == CL_FORGED;
	ok(found == 0, "every missing end is found");
	wrapped[len] = 0;
	ok(cl_unwrap(&key, wrapped, len + 1, out) == CL_FORGED, "a byte too many is found");
	ok(cl_wrap_derive("other", 5, LABEL, &other) == CL_OK, "derive other keys");
	ok(cl_unwrap(&other, wrapped, len, out) == CL_FORGED, "other keys do not unwrap");
	ok(cl_unwrap(&key, wrapped, len, out) == CL_OK, "the right ones still do");
}

int
main(void)
{
	test_vectors();
	test_forged();
	return done_testing();
}
