/*
 * use_verify.c
 *		Verifying a proof of use wholly: its receipts, and what they say together.
 */
#include "core/use_verify.h"

static const char *const names[CL_USE_RECEIPTS] = {"opened", "closed", "event"};

const char *
cl_use_receipt_name(cl_use_receipt receipt)
{
	return names[receipt];
}

static cl_value
receipt_text(const cl_use_proof *proof, int which)
{
	const cl_value texts[CL_USE_RECEIPTS] = {proof->opened, proof->closed, proof->event};

	return texts[which];
}

/* A receipt unescaped, and its event unescaped once more. */
size_t
cl_use_verify_scratch(const cl_use_proof *proof)
{
	size_t		size = CL_USE_SCRATCH;

	for (int i = 0; i < CL_USE_RECEIPTS; i++)
		size += 2 * receipt_text(proof, i).len;
	return size;
}

/* Verify one receipt; *bytes are then the canonical ones of its event. */
static bool
verify_receipt(cl_value text, const cl_receipt_trust *trust, cl_use_verified *verified,
			   int which, cl_value *bytes, char *scratch)
{
	cl_receipt	receipt;

	verified->which = (cl_use_receipt) which;
	verified->malformed = !cl_receipt_parse(text.data, text.len, &receipt, scratch);
	if (verified->malformed)
		return false;
	verified->status = cl_receipt_verify(&receipt, trust, scratch + text.len, &verified->receipts[which]);
	verified->test = verified->test || receipt.test;
	*bytes = receipt.event;
	return verified->status == CL_RECEIPT_OK;
}

static bool
same_checkpoint(const cl_checkpoint *a, const cl_checkpoint *b)
{
	return a->size == b->size && memcmp(a->root, b->root, CL_HASH_BYTES) == 0;
}

/* All receipts must be of one ledger: the origin of the first, or none. */
static cl_value
common_origin(const cl_use_proof *proof, const cl_use_verified *verified)
{
	const cl_seal *first = &verified->receipts[CL_USE_OPENED].seal;
	cl_value	origin = {first->origin, first->origin_len};

	for (int i = 0; i < CL_USE_RECEIPTS; i++)
	{
		const cl_seal *seal = &verified->receipts[i].seal;

		if (receipt_text(proof, i).data != NULL &&
			!cl_value_equal(origin, (cl_value) {seal->origin, seal->origin_len}))
			return (cl_value) {"", 0};
	}
	return origin;
}

bool
cl_use_proof_verify(const cl_use_proof *proof, const cl_receipt_trust *trust,
					bool one_log, cl_use_verified *verified, char *scratch)
{
	const cl_receipt_result *closed = &verified->receipts[CL_USE_CLOSED];
	const cl_receipt_result *event = &verified->receipts[CL_USE_EVENT];
	cl_value	bytes[CL_USE_RECEIPTS] = {{NULL, 0}};
	cl_use_facts facts;

	memset(verified, 0, sizeof(*verified));
	for (int i = 0; i < CL_USE_RECEIPTS; i++)
	{
		cl_value	text = receipt_text(proof, i);

		if (text.data == NULL)
			continue;
		verified->failed = !verify_receipt(text, trust, verified, i, &bytes[i], scratch);
		if (verified->failed)
			return false;
		scratch += 2 * text.len;
	}
	verified->checkpoints_differ = bytes[CL_USE_EVENT].data != NULL &&
		!closed->promised && !event->promised &&
		!same_checkpoint(&closed->checkpoint, &event->checkpoint);
	facts = (cl_use_facts) {
		common_origin(proof, verified), bytes[CL_USE_OPENED], bytes[CL_USE_CLOSED], bytes[CL_USE_EVENT],
		!closed->promised && !event->promised && (one_log || !verified->checkpoints_differ),
		(int64_t) closed->proof.index, (int64_t) event->proof.index
	};
	cl_use_proof_check(proof, &facts, &verified->result, scratch);
	return true;
}
