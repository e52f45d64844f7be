/*
 * fuzz_key_change.c
 *		Changes of keys: whatever is read is written as the same bytes.
 */
#include "core/key_change.h"

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
	char		again[CL_KEY_CHANGE_MAX];
	cl_key_change change;

	memcpy(text, data, size);
	if (cl_key_change_parse(text, size, &change))
		require(cl_key_change_format(&change, again, sizeof(again)) == size &&
				memcmp(again, text, size) == 0);
	free(text);
	return 0;
}
