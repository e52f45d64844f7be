/*
 * core_hash.c
 *		SHA-256, HMAC, commitments, hex and base64, against published vectors.
 */
#include "core/hash.h"
#include "bytes.h"

static void
test_sha256(void)
{
	cl_hash		h;
	cl_part		abc = {"abc", 3};
	cl_part		parts[] = {{"a", 1}, {NULL, 0}, {"bc", 2}};
	cl_hasher  *hasher = cl_hasher_new();

	ok(cl_sha256(NULL, 0, h) == CL_OK, "hash nothing");
	is_hex(h, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "FIPS 180-4: empty");
	cl_sha256(&abc, 1, h);
	is_hex(h, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "FIPS 180-4: abc");
	ok(cl_sha256(parts, 3, h) == CL_OK, "hash parts");
	is_hex(h, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "parts are put together");
	ok(hasher != NULL && cl_hasher_add(hasher, "abcdbcdecdefdefgefghfghighij", 28) == CL_OK, "begin piece by piece");
	cl_sha256(&abc, 1, h);
	ok(cl_hasher_add(hasher, "hijkijkljklmklmnlmnomnopnopq", 28) == CL_OK && cl_hasher_finish(hasher, h) == CL_OK, "end piece by piece");
	is_hex(h, 32, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1", "FIPS 180-4: two blocks, with another hash between");
	ok(cl_hasher_finish(hasher, h) == CL_OK, "finish again");
	is_hex(h, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "a finished hasher begins anew");
	cl_hasher_free(hasher);
	cl_hasher_free(NULL);
}

/* RFC 4231, all but the truncated one. */
static void
test_hmac(void)
{
	static const struct
	{
		const char *key;
		const char *data;
		const char *mac;
	}			vectors[] = {
		{"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		"b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
			"dddddddddddddddddddddddddddddddd",
		"773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
		{"0102030405060708090a0b0c0d0e0f10111213141516171819",
			"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
			"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		"82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
	};
	uint8_t		key[131];
	uint8_t		data[256];
	cl_hash		mac;
	cl_part		in_two[] = {
		{"This is a test using a larger than block-size key and a larger than block-size data. ", 85},
		{"The key needs to be hashed before being used by the HMAC algorithm.", 67}
	};

	for (int i = 0; i < 4; i++)
	{
		size_t		key_len = from_hex(vectors[i].key, key);
		size_t		len = from_hex(vectors[i].data, data);

		ok(cl_hmac(key, key_len, &(cl_part) {data, len}, 1, mac) == CL_OK, "HMAC %d", i + 1);
		is_hex(mac, 32, vectors[i].mac, "RFC 4231");
	}
	memset(key, 0xAA, sizeof(key));
	cl_hmac(key, 131, &(cl_part) {"Test Using Larger Than Block-Size Key - Hash Key First", 54}, 1, mac);
	is_hex(mac, 32, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", "RFC 4231: key longer than a block");
	cl_hmac(key, 131, in_two, 2, mac);
	is_hex(mac, 32, "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2", "RFC 4231: key and data longer than a block");
}

static void
test_commit(void)
{
	uint8_t		salt[32];
	cl_part		parts[] = {{"label", 5}, {NULL, 0}, {"ab", 2}};
	cl_part		shifted[] = {{"label", 5}, {"a", 1}, {"b", 1}};
	cl_part		message = BYTES("\0\0\0\0\0\0\0\5label\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2ab");
	cl_part		many[20];
	cl_hash		a;
	cl_hash		b;

	memset(salt, 7, sizeof(salt));
	ok(cl_commit(salt, sizeof(salt), parts, 3, a) == CL_OK, "commit");
	cl_hmac(salt, sizeof(salt), &message, 1, b);
	ok(cl_secret_equal(a, b, sizeof(a)), "each part is preceded by its length");
	cl_commit(salt, sizeof(salt), shifted, 3, b);
	ok(!cl_secret_equal(a, b, sizeof(a)), "parts divided otherwise give another commitment");
	salt[31] ^= 1;
	cl_commit(salt, sizeof(salt), parts, 3, b);
	ok(!cl_secret_equal(a, b, sizeof(a)), "another salt gives another commitment");
	for (int i = 0; i < 20; i++)
		many[i] = parts[0];
	ok(cl_commit("", 0, many, 20, a) == CL_OK, "many parts, and no salt");
}

static void
test_hex(void)
{
	uint8_t		out[4];

	ok(cl_hex_decode("00ff7e", 6, out, 3) && memcmp(out, "\x00\xff\x7e", 3) == 0, "hex is read");
	ok(!cl_hex_decode("00FF7E", 6, out, 3), "hex in upper case is refused");
	ok(!cl_hex_decode("00ff7", 5, out, 2), "an odd number of digits is refused");
	ok(!cl_hex_decode("00ff", 4, out, 3), "too few bytes are refused");
	ok(!cl_hex_decode("00ff7e00", 8, out, 3), "too many bytes are refused");
	ok(!cl_hex_decode("0g", 2, out, 1), "what is not a digit is refused");
	ok(cl_hex_decode("", 0, out, 0), "nothing is nothing");
}

static void
test_base64(void)
{
	static const struct
	{
		const char *plain;
		const char *base64;
	}			vectors[] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
		{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}
	};
	static const char *const bad[] = {
		"Zg", "Zg=", "Zg===", "Z===", "====", "=", "Zh==", "Zm9=", "Zm9v=", "Zg==Zg==",
		"Zm9v\n", " Zm9", "Zm9-", "Zm9_", "Z=9v", "Zg=v", "\xC3\xA9" "aa"
	};
	char		text[16];
	uint8_t		out[16];
	long		len;

	for (int i = 0; i < 7; i++)
	{
		len = cl_base64_encode(vectors[i].plain, strlen(vectors[i].plain), text);
		is_text(text, len, vectors[i].base64, "RFC 4648: encode");
		len = cl_base64_decode(vectors[i].base64, strlen(vectors[i].base64), out, sizeof(out));
		is_text(out, len, vectors[i].plain, "RFC 4648: decode");
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(cl_base64_decode(bad[i], strlen(bad[i]), out, sizeof(out)) == -1, "refuse base64 that is not as it should be (%zu)", i);
	ok(cl_base64_decode("Zm9v", 4, out, 2) == -1, "refuse what is longer than the room");
	ok(cl_base64_decode("Zm9v", 4, NULL, 0) == 3, "count without room");
}

static void
test_random(void)
{
	uint8_t		a[64] = {0};
	uint8_t		b[64] = {0};

	ok(cl_random(a, sizeof(a)) == CL_OK && cl_random(b, sizeof(b)) == CL_OK, "random bytes");
	ok(!cl_secret_equal(a, b, sizeof(a)), "are not the same twice");
	ok(cl_secret_equal(a, a, sizeof(a)), "what is the same is equal");
}

int
main(void)
{
	test_sha256();
	test_hmac();
	test_commit();
	test_hex();
	test_base64();
	test_random();
	return done_testing();
}
