/*
 * vectors.c
 *		What others have published, from tests/vectors: proofs of transparency-dev's
 *		merkle, signatures of Wycheproof and RFC 8032, a note of Go's sumdb.
 *
 * Each file says where it comes from.  Hashes and signatures of another length
 * cannot be given to the core: these are counted, and such proofs are tried in SQL.
 */
#include <unistd.h>

#include "core/key.h"
#include "core/merkle.h"
#include "core/note.h"
#include "bytes.h"

#define FIELDS	7
#define LINE	8192
#define PATH	16

/* The next line that is no comment, cut into its fields; false at the end. */
static bool
next_line(FILE *file, char line[LINE], char *field[FIELDS])
{
	char	   *rest;

	do
	{
		if (fgets(line, LINE, file) == NULL)
			return false;
		line[strcspn(line, "\n")] = '\0';
	} while (line[0] == '#');
	rest = line;
	for (int i = 0; i < FIELDS; i++)
		field[i] = rest == NULL ? NULL : strsep(&rest, "\t");
	return true;
}

static FILE *
open_vectors(const char *name)
{
	char		path[100];
	FILE	   *file;

	snprintf(path, sizeof(path), "tests/vectors/%s.tsv", name);
	file = fopen(path, "r");
	if (file == NULL)
	{
		perror(path);
		exit(1);
	}
	return file;
}

/* Bytes from hex, if they are as many as this; "-" is none. */
static bool
bytes_of(const char *hex, void *out, size_t len)
{
	if (strcmp(hex, "-") == 0)
		return len == 0;
	return strlen(hex) == 2 * len && cl_hex_decode(hex, strlen(hex), out, len);
}

/* The hashes of a path, or -1 if one has another length. */
static int
path_of(char *text, cl_hash path[PATH])
{
	int			n = 0;

	if (strcmp(text, ".") == 0)
		return 0;
	for (char *hash; (hash = strsep(&text, ",")) != NULL; n++)
		if (n == PATH || !bytes_of(hash, path[n], CL_HASH_BYTES))
			return -1;
	return n;
}

/* Proofs of a kind: valid, two numbers, two hashes, path, name. */
static void
test_proofs(const char *kind, bool consistency, int expected)
{
	FILE	   *file = open_vectors(kind);
	char		line[LINE];
	char	   *field[FIELDS];
	int			tried = 0;

	while (next_line(file, line, field))
	{
		bool		valid = strcmp(field[0], "true") == 0;
		uint64_t	a = strtoull(field[1], NULL, 10);
		uint64_t	b = strtoull(field[2], NULL, 10);
		cl_hash		first;
		cl_hash		second;
		cl_hash		path[PATH];
		int			n = path_of(field[5], path);

		if (n < 0 || !bytes_of(field[3], first, CL_HASH_BYTES) || !bytes_of(field[4], second, CL_HASH_BYTES))
		{
			/* One is good there, with a text of 12 bytes for both roots. */
			ok(!valid || strstr(field[6], "/sizes-are-equal-one-and-proof-is-empty") != NULL,
			   "%s is of hashes with another length", field[6]);
			continue;
		}
		tried++;
		ok((consistency ? cl_verify_consistency(a, b, first, second, path, n) :
			cl_verify_inclusion(second, b, a, first, path, n)) == valid, "%s", field[6]);
	}
	ok(tried == expected, "%s: %d of them can be tried here", kind, tried);
	fclose(file);
}

/* The key of RFC 8032's TEST 1024 signs as it did there. */
static void
test_signs(const uint8_t *public_key, const uint8_t *message, size_t len, const uint8_t *signature)
{
	char		path[] = "/tmp/vectors.XXXXXX";
	int			fd = mkstemp(path);
	uint8_t		der[48];
	char		base64[CL_BASE64_SIZE(sizeof(der))];
	uint8_t		made[CL_SIGNATURE_BYTES] = {0};
	uint8_t		its_public[CL_PUBLIC_BYTES] = {0};
	cl_key	   *key = NULL;

	from_hex("302e020100300506032b657004220420f5e5767cf153319517630f226876b86c8160cc583bc013744c6bf255f5cc0ee5", der);
	cl_base64_encode(der, sizeof(der), base64);
	ok(fd >= 0 && dprintf(fd, "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", base64) > 0 &&
	   close(fd) == 0 && cl_key_load(path, &key) == CL_KEY_OK, "RFC 8032, TEST 1024: load the key");
	ok(cl_key_public(key, its_public) == CL_KEY_OK && memcmp(its_public, public_key, sizeof(its_public)) == 0, "its public key");
	ok(len == 1023 && cl_key_sign(key, message, len, made) == CL_KEY_OK && memcmp(made, signature, sizeof(made)) == 0,
	   "the same signature");
	cl_key_free(key);
	unlink(path);
}

static void
test_signatures(void)
{
	FILE	   *file = open_vectors("ed25519");
	char		line[LINE];
	char	   *field[FIELDS];
	int			tried = 0;
	int			signs = 0;

	while (next_line(file, line, field))
	{
		bool		valid = strcmp(field[0], "true") == 0;
		uint8_t		public_key[CL_PUBLIC_BYTES];
		uint8_t		signature[CL_SIGNATURE_BYTES];
		uint8_t		message[LINE / 2];
		size_t		len = strcmp(field[2], "-") == 0 ? 0 : from_hex(field[2], message);

		if (!bytes_of(field[3], signature, sizeof(signature)))
		{
			ok(!valid, "Wycheproof %s: not of 64 bytes", field[4]);
			continue;
		}
		tried++;
		ok(bytes_of(field[1], public_key, sizeof(public_key)) &&
		   cl_key_verify(public_key, message, len, signature) == valid, "Wycheproof %s", field[4]);
		if (strstr(field[4], "Test 1024") != NULL && ++signs)
			test_signs(public_key, message, len, signature);
	}
	ok(signs == 1, "the message of TEST 1024 is among them");
	ok(tried == 139, "signatures: %d of them can be tried here", tried);
	fclose(file);
}

/* The example of golang.org/x/mod/sumdb/note (BSD), with both of its signatures. */
static void
test_go_note(void)
{
	static const char vkey[] = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
	static char note[] =
		"If you think cryptography is the answer to your problem,\n"
		"then you don't know what your problem is.\n\n"
		"\xe2\x80\x94 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
		"\xe2\x80\x94 EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
	cl_verifier key;

	ok(cl_vkey_parse(vkey, strlen(vkey), &key) && key.id == 0xc74f20a3, "Go: the verifier key");
	ok(cl_note_verify(note, strlen(note), &key), "Go: the note verifies, with a stranger's signature beside");
	note[3] ^= 1;
	ok(!cl_note_verify(note, strlen(note), &key), "and not when it is changed");
}

int
main(void)
{
	test_proofs("inclusion", false, 72);
	test_proofs("consistency", true, 71);
	test_signatures();
	test_go_note();
	return done_testing();
}
