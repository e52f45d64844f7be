/*
 * core_key.c
 *		Ed25519: RFC 8032, key files, and public keys that must not be trusted.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>

#include "core/key.h"
#include "bytes.h"

static char directory[] = "/tmp/core_key.XXXXXX";

static const char *
in_directory(const char *name)
{
	static char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE	   *file = fopen(in_directory(name), "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0 ||
		chmod(in_directory(name), mode) != 0)
		abort();
}

/* A key file as RFC 8410 describes it, from a seed in hex. */
static void
write_seed(const char *name, const char *seed)
{
	uint8_t		der[48];
	char		base64[CL_BASE64_SIZE(sizeof(der))];
	char		pem[200];

	from_hex("302e020100300506032b657004220420", der);
	from_hex(seed, der + 16);
	cl_base64_encode(der, sizeof(der), base64);
	snprintf(pem, sizeof(pem), "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64);
	write_file(name, pem, 0600);
}

static cl_key_status
load(const char *name)
{
	cl_key	   *key;
	cl_key_status status = cl_key_load(in_directory(name), &key);

	cl_key_free(key);
	return status;
}

static void
test_rfc8032(void)
{
	static const struct
	{
		const char *seed;
		const char *public_key;
		const char *message;
		const char *signature;
	}			vectors[] = {
		{"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
			"d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
			"e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
		"25bf5f0595bbe24655141438e7a100b"},
		{"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
			"3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
			"92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c3"
		"87b2eaeb4302aeeb00d291612bb0c00"},
		{"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
			"fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
			"6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594"
		"a7c15e9716ed28dc027beceea1ec40a"},
		{"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
			"ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
			"ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd"
			"454d4423643ce80e2a9ac94fa54ca49f",
			"dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030"
		"3dca179c138ac17ad9bef1177331a704"},
	};

	for (size_t v = 0; v < sizeof(vectors) / sizeof(vectors[0]); v++)
	{
		uint8_t		public_key[CL_PUBLIC_BYTES];
		uint8_t		message[64];
		uint8_t		signature[CL_SIGNATURE_BYTES];
		size_t		len = from_hex(vectors[v].message, message);
		cl_key	   *key;

		write_seed("seed", vectors[v].seed);
		ok(cl_key_load(in_directory("seed"), &key) == CL_KEY_OK, "load a key");
		ok(cl_key_public(key, public_key) == CL_KEY_OK, "its public key");
		is_hex(public_key, sizeof(public_key), vectors[v].public_key, "RFC 8032: public key");
		ok(cl_key_sign(key, message, len, signature) == CL_KEY_OK, "sign");
		is_hex(signature, sizeof(signature), vectors[v].signature, "RFC 8032: signature");
		ok(cl_key_verify(public_key, message, len, signature), "verify");
		cl_key_free(key);
	}
}

/* Add the order of the group to S: the same signature, written otherwise. */
static void
add_order(uint8_t s[32])
{
	uint8_t		order[32];
	unsigned	carry = 0;

	from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010", order);
	for (int i = 0; i < 32; i++)
	{
		carry += (unsigned) s[i] + order[i];
		s[i] = (uint8_t) carry;
		carry >>= 8;
	}
}

static void
test_corruptions(void)
{
	uint8_t		public_key[CL_PUBLIC_BYTES];
	uint8_t		signature[CL_SIGNATURE_BYTES];
	uint8_t		again[CL_SIGNATURE_BYTES];
	char		message[] = "+ai_training";
	int			accepted = 0;
	cl_key	   *key;

	ok(cl_key_generate(&key) == CL_KEY_OK, "generate");
	cl_key_public(key, public_key);
	ok(cl_public_key_valid(public_key), "a generated key is valid");
	cl_key_sign(key, message, 12, signature);
	cl_key_sign(key, message, 12, again);
	ok(memcmp(signature, again, sizeof(again)) == 0, "a key signs more than once, and the same");
	for (int i = 0; i < 64 * 8; i++)
	{
		signature[i / 8] ^= 1 << i % 8;
		accepted += cl_key_verify(public_key, message, 12, signature);
		signature[i / 8] ^= 1 << i % 8;
	}
	ok(accepted == 0, "no signature with a bit changed verifies");
	for (int i = 0; i < 32 * 8; i++)
	{
		public_key[i / 8] ^= 1 << i % 8;
		accepted += cl_key_verify(public_key, message, 12, signature);
		public_key[i / 8] ^= 1 << i % 8;
	}
	ok(accepted == 0, "no public key with a bit changed verifies");
	ok(!cl_key_verify(public_key, message, 11, signature), "a shorter message does not verify");
	message[0] = '-';
	ok(!cl_key_verify(public_key, message, 12, signature), "another message does not verify");
	message[0] = '+';
	ok(cl_key_verify(public_key, message, 12, signature), "the message verifies");
	add_order(signature + 32);
	ok(!cl_key_verify(public_key, message, 12, signature), "S plus the group's order does not verify");
	ok(ERR_peek_error() == 0, "no error is left in libcrypto's queue");
	cl_key_free(key);
	cl_key_free(NULL);
}

/* With such a key and signature anything at all would verify. */
static void
test_public_keys(void)
{
	static const char *const bad[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	uint8_t		key[CL_PUBLIC_BYTES];
	uint8_t		signature[CL_SIGNATURE_BYTES] = {1};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		from_hex(bad[i], key);
		ok(!cl_public_key_valid(key), "refuse %s", bad[i]);
		ok(!cl_key_verify(key, "anything", 8, signature), "and what it verifies");
	}
	from_hex("ebffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", key);
	ok(cl_public_key_valid(key), "the greatest canonical y is no such key");
	from_hex("edfffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7f", key);
	ok(cl_public_key_valid(key), "nor is a y that only ends alike");
}

static void
test_files(void)
{
	cl_key	   *key;
	cl_key	   *back;
	uint8_t		a[CL_PUBLIC_BYTES];
	uint8_t		b[CL_PUBLIC_BYTES];
	struct stat st;

	cl_key_generate(&key);
	ok(cl_key_store(in_directory("key"), key) == CL_KEY_OK, "save a key");
	ok(stat(in_directory("key"), &st) == 0 && (st.st_mode & 07777) == 0600 && st.st_nlink == 1,
	   "its file is its owner's alone");
	ok(cl_key_store(in_directory("key"), key) == CL_KEY_EXISTS, "a file is not overwritten");
	ok(cl_key_load(in_directory("key"), &back) == CL_KEY_OK, "load it");
	ok(cl_key_public(key, a) == CL_KEY_OK && cl_key_public(back, b) == CL_KEY_OK && memcmp(a, b, sizeof(a)) == 0, "it is the same key");
	ok(cl_key_store(in_directory("no/key"), key) == CL_KEY_IO && errno == ENOENT, "no directory, no file");
	ok(chdir(directory) == 0 && cl_key_store("relative", key) == CL_KEY_OK, "a path without directory");
	cl_key_free(key);
	cl_key_free(back);
}

static void
test_bad_files(void)
{
	static const char x25519[] =
		"-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VuBCIEIHcHbQpzGKV9PBbBclGyZkXfTC+H68CZKrF3+6UduSwq\n-----END PRIVATE KEY-----\n";
	static const char encrypted[] =
		"-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBA=\n-----END ENCRYPTED PRIVATE KEY-----\n";

	ok(load("nothing") == CL_KEY_MISSING, "a missing file");
	ok(load(".") == CL_KEY_MALFORMED, "a directory");
	write_file("empty", "", 0600);
	ok(load("empty") == CL_KEY_MALFORMED, "an empty file");
	write_file("text", "not a key\n", 0600);
	ok(load("text") == CL_KEY_MALFORMED, "another text");
	write_file("broken", "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n", 0600);
	ok(load("broken") == CL_KEY_MALFORMED, "a key cut off");
	write_file("encrypted", encrypted, 0600);
	ok(load("encrypted") == CL_KEY_MALFORMED, "an encrypted key asks nobody for a password");
	write_file("x25519", x25519, 0600);
	ok(load("x25519") == CL_KEY_WRONG_TYPE, "a key of another kind");
	write_seed("exposed", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
	ok(load("exposed") == CL_KEY_OK, "a good file");
	for (mode_t bit = 1; bit <= 040; bit <<= 1)
	{
		chmod(in_directory("exposed"), 0600 | bit);
		ok(load("exposed") == CL_KEY_PERMISSIONS, "refused with mode %o", (unsigned) (0600 | bit));
	}
	chmod(in_directory("exposed"), 0400);
	ok(load("exposed") == CL_KEY_OK, "a file that its owner may only read");
	chmod(in_directory("exposed"), 0);
	if (geteuid() == 0)
		ok(true, "unreadable # SKIP root reads everything");
	else
		ok(load("exposed") == CL_KEY_IO && errno == EACCES, "an unreadable file");
	ok(ERR_peek_error() == 0, "no error is left in libcrypto's queue");
}

int
main(void)
{
	char		command[PATH_MAX];

	if (mkdtemp(directory) == NULL)
		abort();
	test_rfc8032();
	test_corruptions();
	test_public_keys();
	test_files();
	test_bad_files();
	snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return done_testing() | system(command);
}
