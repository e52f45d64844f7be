/*
 * key.c
 *		Ed25519 keys, and private ones in PEM files.
 */
#define _POSIX_C_SOURCE 200809L

#include "core/key.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

cl_key_status
cl_key_generate(cl_key **key)
{
	*key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	return *key ? CL_KEY_OK : CL_KEY_CRYPTO;
}

void
cl_key_free(cl_key *key)
{
	EVP_PKEY_free(key);
}

/* Never ask on the terminal for the pass phrase of an encrypted key. */
static int
no_passphrase(char *buf, int size, int rwflag, void *u)
{
	(void) buf;
	(void) size;
	(void) rwflag;
	(void) u;
	return -1;
}

cl_key_status
cl_key_load(const char *path, cl_key **key)
{
	FILE	   *file = fopen(path, "r");
	struct stat st;

	*key = NULL;
	if (!file)
		return errno == ENOENT ? CL_KEY_MISSING : CL_KEY_IO;
	if (fstat(fileno(file), &st) != 0 || !S_ISREG(st.st_mode) ||
		(st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
	{
		fclose(file);
		return CL_KEY_PERMISSIONS;
	}
	*key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
	fclose(file);
	if (*key && !EVP_PKEY_is_a(*key, "ED25519"))
	{
		EVP_PKEY_free(*key);
		*key = NULL;
	}
	return *key ? CL_KEY_OK : CL_KEY_MALFORMED;
}

static bool
sync_directory_of(const char *path)
{
	char		copy[PATH_MAX];
	int			fd;
	bool		ok;

	if (strlen(path) >= sizeof(copy))
		return false;
	strcpy(copy, path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	close(fd);
	return ok;
}

cl_key_status
cl_key_store(const char *path, const cl_key *key)
{
	int			fd = open(path, O_WRONLY | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
	FILE	   *file;
	bool		ok;
	int			saved;

	if (fd < 0)
		return errno == EEXIST ? CL_KEY_EXISTS : CL_KEY_IO;
	file = fdopen(fd, "w");
	if (!file)
	{
		close(fd);
		unlink(path);
		return CL_KEY_IO;
	}
	ok = PEM_write_PKCS8PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		fflush(file) == 0 && fsync(fd) == 0;
	ok = fclose(file) == 0 && ok;
	ok = ok && sync_directory_of(path);
	if (ok)
		return CL_KEY_OK;
	saved = errno;
	unlink(path);
	errno = saved;
	return CL_KEY_IO;
}

cl_key_status
cl_key_public(const cl_key *key, uint8_t public_key[CL_PUBLIC_BYTES])
{
	size_t		len = CL_PUBLIC_BYTES;

	if (EVP_PKEY_get_raw_public_key(key, public_key, &len) != 1 ||
		len != CL_PUBLIC_BYTES)
		return CL_KEY_CRYPTO;
	return CL_KEY_OK;
}

cl_key_status
cl_key_sign(cl_key *key, const void *message, size_t len,
			uint8_t signature[CL_SIGNATURE_BYTES])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	size_t		size = CL_SIGNATURE_BYTES;
	bool		ok;

	if (!context)
		return CL_KEY_CRYPTO;
	ok = EVP_DigestSignInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
		EVP_DigestSign(context, signature, &size, message, len) == 1 &&
		size == CL_SIGNATURE_BYTES;
	EVP_MD_CTX_free(context);
	return ok ? CL_KEY_OK : CL_KEY_CRYPTO;
}

bool
cl_key_verify(const uint8_t public_key[CL_PUBLIC_BYTES],
			  const void *message, size_t len,
			  const uint8_t signature[CL_SIGNATURE_BYTES])
{
	EVP_PKEY   *key;
	EVP_MD_CTX *context;
	bool		ok;

	if (!cl_public_key_valid(public_key))
		return false;
	key = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
										 public_key, CL_PUBLIC_BYTES);
	context = EVP_MD_CTX_new();
	ok = key && context &&
		EVP_DigestVerifyInit_ex(context, NULL, NULL, NULL, NULL, key, NULL) == 1 &&
		EVP_DigestVerify(context, signature, CL_SIGNATURE_BYTES, message, len) == 1;
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return ok;
}

/* y < 2^255 - 19, without the sign bit. */
static bool
is_reduced(const uint8_t *y)
{
	if ((y[31] & 0x7f) != 0x7f)
		return true;
	for (int i = 30; i > 0; i--)
		if (y[i] != 0xff)
			return true;
	return y[0] < 0xed;
}

/* The y coordinates of the eight points of small order, canonical. */
static const uint8_t small_order[5][CL_PUBLIC_BYTES] = {
	{0x00},
	{0x01},
	{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
		0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
	0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
	{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
		0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
	0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
	{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}
};

bool
cl_public_key_valid(const uint8_t public_key[CL_PUBLIC_BYTES])
{
	uint8_t		y[CL_PUBLIC_BYTES];

	memcpy(y, public_key, sizeof(y));
	y[31] &= 0x7f;
	if (!is_reduced(y))
		return false;
	for (int i = 0; i < 5; i++)
		if (memcmp(y, small_order[i], sizeof(y)) == 0)
			return false;
	return true;
}
