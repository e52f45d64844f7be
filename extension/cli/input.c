/*
 * input.c
 *		Reading files from outside, never more of them than is sensible.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/input.h"
#include "cli/report.h"

#define CHUNK 65536

void *
reallocate(void *data, size_t size)
{
	void	   *result = realloc(data, size > 0 ? size : 1);

	if (result == NULL)
	{
		report_unchecked("out of memory");
		exit(UNCHECKED);
	}
	return result;
}

void *
allocate(size_t size)
{
	return reallocate(NULL, size);
}

/* Read to the end, but not beyond max + 1 bytes; false with errno. */
static bool
read_all(int fd, size_t max, input *in)
{
	in->len = 0;
	while (in->len <= max)
	{
		size_t		want = max + 1 - in->len < CHUNK ? max + 1 - in->len : CHUNK;
		ssize_t		n;

		if (in->cap - in->len < want)
		{
			in->cap = in->cap * 2 > in->len + want ? in->cap * 2 : in->len + want;
			in->data = reallocate(in->data, in->cap);
		}
		n = read(fd, in->data + in->len, want);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		if (n == 0)
			break;
		in->len += (size_t) n;
	}
	return true;
}

input_status
input_read(const char *path, size_t max, input *in)
{
	bool		standard = strcmp(path, "-") == 0;
	int			fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	bool		good;
	int			error;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return INPUT_MISSING;
	good = fd >= 0 && read_all(fd, max, in);
	error = errno;
	if (fd >= 0 && !standard)
		close(fd);
	if (!good)
	{
		report_unchecked("could not read %s: %s", shown(cl_string(path)), strerror(error));
		return INPUT_FAILED;
	}
	if (in->len > max)
	{
		report_unchecked("%s is longer than the %zu bytes that such a file can have", shown(cl_string(path)), max);
		return INPUT_FAILED;
	}
	return INPUT_OK;
}

bool
input_require(const char *path, size_t max, input *in)
{
	input_status status = input_read(path, max, in);

	if (status == INPUT_MISSING)
		report_unchecked("there is no file %s", shown(cl_string(path)));
	return status == INPUT_OK;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

cl_value
input_trimmed(const input *in)
{
	cl_value	text = input_value(in);

	while (text.len > 0 && is_space(text.data[text.len - 1]))
		text.len--;
	for (; text.len > 0 && is_space(text.data[0]); text.len--)
		text.data++;
	return text;
}

void
input_free(input *in)
{
	free(in->data);
	memset(in, 0, sizeof(*in));
}
