/*
 * fuzz_codec.c
 *		Manifest blocks: whatever the reader takes is in order, seek agrees with
 *		reading, and the writer makes the same bytes of it.
 */
#include "core/codec.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cl_block_writer writer;
static cl_block_reader reader;
static uint8_t again[CL_BLOCK_MAX];

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Go to a subject of the block: the first use there is at or after it. */
static void
check_seek(const uint8_t *data, size_t size, char *text, int64_t subject)
{
	cl_use		use;

	cl_block_open(&reader, data, size, text);
	require(cl_block_seek(&reader, subject) == 1);
	require(cl_block_next(&reader, &use) == 1 && use.subject == subject);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(CL_BLOCK_TEXT(size));
	int64_t		last = -1;
	int			result;
	cl_use		use;

	require(text != NULL || size == 0);
	cl_block_open(&reader, data, size, text);
	cl_block_begin(&writer, again, size);
	while ((result = cl_block_next(&reader, &use)) == 1)
	{
		require(cl_block_append(&writer, &use) == CL_BLOCK_OK);
		last = use.subject;
	}
	if (result != 0)
	{
		free(text);
		return 0;
	}
	require(cl_block_end(&writer) == size && memcmp(again, data, size) == 0);
	check_seek(data, size, text, last);
	free(text);
	return 0;
}
