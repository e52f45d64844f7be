/*
 * fuzz_witness.c
 *		Requests to a witness: whatever is read is written as the same bytes, and
 *		no head but the one that the log's key signed in the seeds is cosigned.
 */
#include "core/witness.h"

#include <stdlib.h>

#define LOG_KEY		"example.org/consent+35e99af9+Abnw+mq0738oE9B7BaOPjZRUpXPfkWvw9HkW1p90XIe7"
#define ROOT_OF_4	"01d2179b047afb8165ecd07dc6a08b8eac4ae8c079e5a1cc20e0a9caf1e3bebd"
#define ROOT_OF_7	"3f5ff385f4a5a04e3fc3520a2c02b7e2c5d9ccffcb659d0c70c0dae03ee19626"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

/* Let a witness that knows the tree of this size decide. */
static void
decide(const char *body, size_t size, uint64_t known_size)
{
	cl_verifier log;
	cl_witnessed known = {.size = known_size};
	cl_checkpoint checkpoint;
	cl_hash		root;

	require(cl_vkey_parse(LOG_KEY, strlen(LOG_KEY), &log));
	require(cl_hex_decode(ROOT_OF_4, strlen(ROOT_OF_4), known.root, CL_HASH_BYTES));
	require(cl_hex_decode(ROOT_OF_7, strlen(ROOT_OF_7), root, CL_HASH_BYTES));
	if (cl_witness_decide(body, size, &log, 1, &known, &checkpoint) == CL_WITNESS_COSIGN)
		require(checkpoint.size == 7 && memcmp(checkpoint.root, root, CL_HASH_BYTES) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *body = malloc(size + 1);
	char	   *again = malloc(size + 1);
	char		response[CL_SIZE_RESPONSE_MAX];
	cl_add_checkpoint request;
	uint64_t	known;

	memcpy(body, data, size);
	if (cl_add_checkpoint_parse(body, size, &request))
	{
		require(cl_add_checkpoint_format(&request, again, size + 1) == size);
		require(memcmp(again, body, size) == 0);
	}
	if (cl_size_response_parse(body, size, &known))
	{
		require(cl_size_response_format(known, response) == size);
		require(memcmp(response, body, size) == 0);
	}
	decide(body, size, 0);
	decide(body, size, 4);
	free(again);
	free(body);
	return 0;
}
