/*
 * fuzz_event.c
 *		Canonical JSON and events: whatever is read is written as the same bytes.
 */
#include "core/event.h"
#include "core/json.h"

#include <stdlib.h>
#include <string.h>

#define MEMBERS_MAX 64

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check_json(const char *text, size_t size, char *scratch, char *again)
{
	cl_json_member members[MEMBERS_MAX];
	size_t		offset;
	int			n = cl_json_read(text, size, members, MEMBERS_MAX, scratch, &offset);

	if (n < 0)
		require(offset <= size);
	else
		require(cl_json_write(members, n, again, size) == size &&
				memcmp(again, text, size) == 0);
}

static void
check_event(const char *text, size_t size, char *scratch, char *again)
{
	cl_value	values[CL_MEMBERS];
	size_t		wrong = cl_event_decode(text, size, values, scratch);

	if (wrong != 0)
		require(wrong <= size + 1);
	else
		require(cl_event_encode(values, again, size) == size &&
				memcmp(again, text, size) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char	   *scratch = malloc(size + 1);
	char	   *again = malloc(size + 1);

	memcpy(text, data, size);
	check_json(text, size, scratch, again);
	check_event(text, size, scratch, again);
	free(again);
	free(scratch);
	free(text);
	return 0;
}
