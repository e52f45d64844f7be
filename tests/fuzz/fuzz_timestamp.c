/*
 * fuzz_timestamp.c
 *		Time-stamps: what is read states a time within its bounds, a token that was
 *		found in an answer is read alone to the same, and nothing verifies under a
 *		certificate that did not sign it.
 */
#include "core/timestamp.h"

#include <stdlib.h>

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
	cl_timestamp stamp;
	cl_timestamp alone;

	cl_certificates_count((cl_value) {(const char *) data, size});
	if (cl_timestamp_read(data, size, &stamp) != CL_TIMESTAMP_OK)
		return 0;
	require(cl_instant_valid(stamp.not_before) && cl_instant_valid(stamp.not_after));
	require(stamp.not_before <= stamp.time && stamp.time < stamp.not_after);
	require(cl_timestamp_read(stamp.token.data, stamp.token.len, &alone) == CL_TIMESTAMP_OK);
	require(alone.time == stamp.time && alone.token.len == stamp.token.len);
	require(cl_timestamp_verify(data, size, stamp.imprint, cl_string(""), &alone) == CL_TIMESTAMP_UNTRUSTED);
	return 0;
}
