/*
 * fuzz_seal.c
 *		Seals: whatever is read is written as the same bytes.
 */
#include "core/seal.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char		again[CL_SEAL_MAX];
	cl_seal		seal;

	memcpy(text, data, size);
	if (cl_seal_parse(text, size, &seal))
		require(cl_seal_format(&seal, again, sizeof(again)) == size &&
				memcmp(again, text, size) == 0);
	free(text);
	return 0;
}
