/*
 * key_file.c
 *		Ed25519 private keys in files: PEM PKCS#8, for their owner's eyes only.
 */
#define _POSIX_C_SOURCE 200809L

#include "core/key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#define KEY_FILE_MAX	4096	/* bytes; an Ed25519 key takes 119 */
#define PATH_SIZE		4096

/* Close without losing errno. */
static void
close_quietly(int fd)
{
	int			saved = errno;

	close(fd);
	errno = saved;
}

static bool
write_fully(int fd, const char *data, size_t len)
{
	while (len > 0)
	{
		ssize_t		n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t) n;
	}
	return true;
}

/* Read to the end; -1 with errno, or more than cap bytes: there is more. */
static ssize_t
read_fully(int fd, char *data, size_t cap)
{
	size_t		len = 0;

	while (len < cap)
	{
		ssize_t		n = read(fd, data + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t) n;
	}
	return (ssize_t) len;
}

/* Never ask a terminal for a password. */
static int
no_password(char *buf, int size, int writing, void *arg)
{
	(void) buf;
	(void) size;
	(void) writing;
	(void) arg;
	return -1;
}

static cl_key_status
parse_pem(const char *pem, size_t len, cl_key **key)
{
	BIO		   *bio = BIO_new_mem_buf(pem, (int) len);

	if (bio == NULL)
		return CL_KEY_CRYPTO;
	*key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (*key == NULL)
		return CL_KEY_MALFORMED;
	if (EVP_PKEY_is_a(*key, "ED25519"))
		return CL_KEY_OK;
	EVP_PKEY_free(*key);
	*key = NULL;
	return CL_KEY_WRONG_TYPE;
}

/* Read a key from an open file, if nobody else may. */
static cl_key_status
load_from(int fd, cl_key **key)
{
	char		pem[KEY_FILE_MAX];
	struct stat st;
	ssize_t		len;
	cl_key_status status;

	if (fstat(fd, &st) != 0)
		return CL_KEY_IO;
	if (!S_ISREG(st.st_mode))
		return CL_KEY_MALFORMED;
	if (st.st_mode & (S_IRWXG | S_IRWXO))
		return CL_KEY_PERMISSIONS;
	len = read_fully(fd, pem, sizeof(pem));
	if (len < 0)
		return CL_KEY_IO;
	status = parse_pem(pem, (size_t) len, key);
	OPENSSL_cleanse(pem, sizeof(pem));
	return status;
}

cl_key_status
cl_key_load(const char *path, cl_key **key)
{
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cl_key_status status;

	*key = NULL;
	if (fd < 0)
		return errno == ENOENT ? CL_KEY_MISSING : CL_KEY_IO;
	ERR_set_mark();
	status = load_from(fd, key);
	ERR_pop_to_mark();
	close_quietly(fd);
	return status;
}

/* Write a key's PEM to an open file and flush it. */
static cl_key_status
store_to(int fd, const cl_key *key)
{
	BIO		   *bio = BIO_new(BIO_s_secmem());
	char	   *pem;
	long		len;
	cl_key_status status = CL_KEY_CRYPTO;

	if (bio == NULL)
		return CL_KEY_CRYPTO;
	if (PEM_write_bio_PKCS8PrivateKey(bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
		(len = BIO_get_mem_data(bio, &pem)) > 0)
		status = write_fully(fd, pem, (size_t) len) && fsync(fd) == 0 ?
			CL_KEY_OK : CL_KEY_IO;
	BIO_free(bio);
	return status;
}

/* Flush the directory of a path, so that a new name stays. */
static bool
sync_directory(const char *path)
{
	char		directory[PATH_SIZE];
	const char *slash = strrchr(path, '/');
	size_t		len = slash == NULL ? 0 : (size_t) (slash - path) + 1;
	int			fd;
	bool		ok;

	memcpy(directory, path, len);
	memcpy(directory + len, ".", 2);
	fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = fsync(fd) == 0;
	close_quietly(fd);
	return ok;
}

/* Give a finished file its name, unless that is taken. */
static cl_key_status
publish(const char *beside, const char *path)
{
	if (link(beside, path) != 0)
		return errno == EEXIST ? CL_KEY_EXISTS : CL_KEY_IO;
	return sync_directory(path) ? CL_KEY_OK : CL_KEY_IO;
}

cl_key_status
cl_key_store(const char *path, const cl_key *key)
{
	char		beside[PATH_SIZE];
	int			n = snprintf(beside, sizeof(beside), "%s.%ld", path, (long) getpid());
	int			fd;
	int			saved;
	cl_key_status status;

	if (n < 0 || (size_t) n >= sizeof(beside))
	{
		errno = ENAMETOOLONG;
		return CL_KEY_IO;
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
	if (fd < 0)
		return CL_KEY_IO;
	ERR_set_mark();
	status = store_to(fd, key);
	ERR_pop_to_mark();
	close_quietly(fd);
	if (status == CL_KEY_OK)
		status = publish(beside, path);
	saved = errno;
	unlink(beside);
	errno = saved;
	return status;
}
