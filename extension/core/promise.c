/*
 * promise.c
 *		What a ledger promises of an event whose seal is not yet in the log.
 */
#include "core/promise.h"

#define FIRST_LINE "consent_ledger/promise/v1\n"

/* May these values stand in a promise together? */
static bool
is_valid(const cl_promise *promise)
{
	return cl_origin_valid(promise->origin.data, promise->origin.len) &&
		promise->seal > 0 && promise->seal <= CL_SEAL_NUMBER_MAX &&
		promise->event / CL_SEAL_EVENTS == promise->seal && promise->event > 0 &&
		cl_instant_valid(promise->include_by);
}

size_t
cl_promise_format(const cl_promise *promise, char *out, size_t cap)
{
	cl_buffer	b = {out, cap, 0};

	if (!is_valid(promise))
		return 0;
	cl_put_string(&b, FIRST_LINE "origin ");
	cl_put_value(&b, promise->origin);
	cl_put_string(&b, "\nevent ");
	cl_put_number(&b, (uint64_t) promise->event);
	cl_put_string(&b, "\nleaf ");
	cl_put_base64(&b, promise->leaf, CL_HASH_BYTES);
	cl_put_string(&b, "\nseal ");
	cl_put_number(&b, (uint64_t) promise->seal);
	cl_put_char(&b, ' ');
	cl_put_base64(&b, promise->seal_leaf, CL_HASH_BYTES);
	cl_put_string(&b, "\ninclude_by ");
	cl_put_instant(&b, promise->include_by);
	cl_put(&b, "\n", 2);			/* and the NUL */
	return b.len <= cap ? b.len - 1 : 0;
}

bool
cl_promise_parse(const char *text, size_t len, cl_promise *promise)
{
	cl_scanner	in = {text, len, 0};
	uint64_t	event;
	uint64_t	seal;

	memset(promise, 0, sizeof(*promise));
	if (!cl_take(&in, FIRST_LINE "origin ") || !cl_take_until(&in, '\n', &promise->origin) ||
		!cl_take(&in, "event ") || !cl_take_number(&in, INT64_MAX, &event) ||
		!cl_take(&in, "\nleaf ") || !cl_take_base64(&in, '\n', promise->leaf, CL_HASH_BYTES) ||
		!cl_take(&in, "seal ") || !cl_take_number(&in, INT64_MAX, &seal) ||
		!cl_take(&in, " ") || !cl_take_base64(&in, '\n', promise->seal_leaf, CL_HASH_BYTES) ||
		!cl_take(&in, "include_by ") || !cl_take_instant(&in, '\n', &promise->include_by))
		return false;
	promise->event = (int64_t) event;
	promise->seal = (int64_t) seal;
	return cl_at_end(&in) && is_valid(promise);
}
