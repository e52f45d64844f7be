/*
 * fuzz_tlog_proof.c
 *		Proofs of inclusion: whatever is read is written as the same bytes.
 */
#include "core/tlog_proof.h"

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
	static const cl_hash nothing;
	char	   *text = malloc(size + 1);
	char	   *again = malloc(size + 1);
	cl_tlog_proof proof;

	memcpy(text, data, size);
	if (cl_tlog_proof_parse(text, size, &proof))
	{
		require(cl_tlog_proof_format(&proof, again, size + 1) == size);
		require(memcmp(again, text, size) == 0);
		require(!cl_tlog_proof_includes(&proof, nothing, proof.index + 1, nothing) ||
				(proof.index == 0 && proof.path_len == 0));
	}
	free(again);
	free(text);
	return 0;
}
