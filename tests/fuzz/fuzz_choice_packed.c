/*
 * fuzz_choice_packed.c
 *		The check of packed consent values: whatever it takes can be walked, is
 *		written as text, and packed from that as the same bytes.
 */
#include "core/choice.h"

#include <stdlib.h>
#include <string.h>

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_round_trip(const char *packed, size_t size, const cl_choice *choices, int n)
{
	size_t		len = cl_choices_text_size(choices, n);
	char	   *text = malloc(len + 1);
	char	   *again = malloc(size);
	cl_choice  *parsed = malloc(sizeof(cl_choice) * (n + 1));
	cl_choice_error err;

	cl_choices_text(choices, n, text);
	require(cl_choices_parse(text, len, parsed, n + 1, &err) == n);
	require(cl_choices_normalize(parsed, n) == (size_t) n);
	require(cl_choices_packed_size(parsed, n) == size);
	cl_choices_pack(parsed, n, again);
	require(memcmp(packed, again, size) == 0);
	free(parsed);
	free(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *packed = (const char *) data;
	size_t		pos = CL_PACKED_HEADER;
	cl_choice_error err;
	cl_choice  *choices;
	int			n = 0;

	if (!cl_packed_check(packed, size, &err))
	{
		require(err.message != NULL && err.offset <= size);
		return 0;
	}
	choices = malloc(sizeof(cl_choice) * (cl_packed_count(packed) + 1));
	while (cl_packed_next(packed, size, &pos, &choices[n]))
		n++;
	require(n == cl_packed_count(packed));
	check_round_trip(packed, size, choices, n);
	free(choices);
	return 0;
}
