/*
 * fuzz_receipt.c
 *		Receipts: whatever is read is written as the same bytes, and none holds
 *		but those that the keys of the seeds signed for.
 */
#include "core/receipt.h"

#include <stdlib.h>

#define SEAL_KEY	"example.org/consent/seal+97e7ff4b+AYvZE59GTqvO42rFCa5oqO5+i/PBZ3XsQZWZ76x9po/T"
#define POLICY		"log example.org/consent+35e99af9+Abnw+mq0738oE9B7BaOPjZRUpXPfkWvw9HkW1p90XIe7\n" \
					"witness w1 w1.example+4ea9d0fe+BF+fOg0E81+XtVG59kzEBFWzQ3VwwiAww+2cZInp7XfP\n" \
					"quorum w1\n"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool condition)
{
	if (!condition)
		abort();
}

static void
check(const cl_receipt *receipt)
{
	static cl_policy policy;
	static cl_receipt_result result;
	char	   *scratch = malloc(receipt->event.len + 1);
	cl_policy_error error;
	cl_verifier seal;
	cl_receipt_trust trust = {&policy, &seal, 1};

	require(cl_policy_parse(POLICY, strlen(POLICY), &policy, &error));
	require(cl_vkey_parse(SEAL_KEY, strlen(SEAL_KEY), &seal));
	if (cl_receipt_verify(receipt, &trust, scratch, &result) == CL_RECEIPT_OK)
		require(result.event.id == 3 * CL_SEAL_EVENTS + 1 && result.seal.number == 3 &&
				(result.promised || (result.checkpoint.size == 7 && result.policy.has_time)));
	require(cl_receipt_message(result.status) != NULL);
	free(scratch);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char	   *text = malloc(size + 1);
	char	   *scratch = malloc(size + 1);
	char	   *again = malloc(size + 1);
	cl_receipt	receipt;

	memcpy(text, data, size);
	if (cl_receipt_parse(text, size, &receipt, scratch))
	{
		require(cl_receipt_format(&receipt, again, size) == size);
		require(memcmp(again, text, size) == 0);
		check(&receipt);
	}
	free(again);
	free(scratch);
	free(text);
	return 0;
}
