/*
 * fuzz_choice.c
 *		The parser of consent values: whatever it takes is written and packed,
 *		and read back as the same.
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

/* Parse into fresh memory of exactly the size promised; -1 if refused. */
static int
parse(const char *text, size_t len, cl_choice **choices)
{
	size_t		max = cl_choices_bound(text, len);
	cl_choice_error err;
	int			n;

	*choices = malloc(max * sizeof(cl_choice));
	n = cl_choices_parse(text, len, *choices, max, &err);
	if (n < 0)
	{
		require(err.message != NULL && err.offset <= len);
		free(*choices);
		return -1;
	}
	return (int) cl_choices_normalize(*choices, n);
}

static void
check_packed(const cl_choice *choices, int n)
{
	size_t		size = cl_choices_packed_size(choices, n);
	char	   *packed = malloc(size);
	size_t		pos = CL_PACKED_HEADER;
	cl_choice_error err;
	cl_choice	c;
	int			i = 0;

	require(cl_choices_pack(choices, n, packed) == size);
	require(cl_packed_check(packed, size, &err));
	require(cl_packed_count(packed) == n);
	while (cl_packed_next(packed, size, &pos, &c))
		require(cl_choice_compare(&c, &choices[i++]) == 0);
	require(i == n && pos == size);
	free(packed);
}

static void
check_text(const cl_choice *choices, int n)
{
	size_t		len = cl_choices_text_size(choices, n);
	char	   *text = malloc(len + 1);
	char	   *again = malloc(len + 1);
	cl_choice  *parsed;

	require(cl_choices_text(choices, n, text) == len);
	require(parse(text, len, &parsed) == n);
	require(cl_choices_text_size(parsed, n) == len);
	cl_choices_text(parsed, n, again);
	require(memcmp(text, again, len + 1) == 0);
	free(parsed);
	free(again);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cl_choice  *choices;
	int			n = parse((const char *) data, size, &choices);

	if (n < 0)
		return 0;
	for (int i = 0; i < n; i++)
	{
		require(cl_choice_check(&choices[i]) == NULL);
		require(i == 0 || cl_choice_key_compare(&choices[i - 1], &choices[i]) < 0);
	}
	check_packed(choices, n);
	check_text(choices, n);
	free(choices);
	return 0;
}
