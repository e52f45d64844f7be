/*
 * receipt_verify.c
 *		Verifying a receipt: from the event up to the cosignatures.
 *
 * Every step stands on those before it, and the first one that fails is the
 * answer.  Nothing that the receipt says is believed but what a key of the
 * caller's has signed, or hashes tie to that.
 */
#include "core/receipt.h"

/* Indexed by cl_receipt_status. */
static const char *const messages[] = {
	"everything in the receipt holds",
	"the seal in the receipt is not a seal",
	"the seal is not signed by a trusted key of its origin",
	"the signature of the seal is forged",
	"the event in the receipt is not an event",
	"the event's id does not lie in the seal",
	"the event is of a kind that such a seal does not hold",
	"the event is not the one that was sealed: its path does not lead to the root in the seal",
	"the promise in the receipt is not a promise",
	"the promise is not signed by a trusted key of its origin",
	"the signature of the promise is forged",
	"the promise is about another event or another seal",
	"the proof in the receipt is not a tlog proof",
	"the checkpoint in the proof is not one of a ledger",
	"the checkpoint is not signed by a trusted key of its log",
	"a signature on the checkpoint that names a trusted key is forged",
	"the seal belongs to another ledger than the checkpoint",
	"the seal is not in the log: its proof does not lead to the root in the checkpoint",
	"the checkpoint lacks cosignatures that the policy asks for",
	"the subject's key is not the one in the event: key and salt do not open the commitment",
	"the evidence is not what came with the event: it does not open the commitment",
	"libcrypto failed"
};

const char *
cl_receipt_message(cl_receipt_status status)
{
	return messages[status];
}

static cl_receipt_status
verify_seal(const cl_receipt *receipt, const cl_receipt_trust *trust, cl_receipt_result *result)
{
	if (cl_merkle_leaf(receipt->seal.data, receipt->seal.len, result->seal_leaf) != CL_OK)
		return CL_RECEIPT_CRYPTO;
	switch (cl_seal_open(receipt->seal.data, receipt->seal.len, trust->seals, trust->n_seals,
						 &result->seal))
	{
		case CL_SEAL_OK:
			return CL_RECEIPT_OK;
		case CL_SEAL_MALFORMED:
			return CL_RECEIPT_SEAL_MALFORMED;
		case CL_SEAL_STRANGER:
			return CL_RECEIPT_SEAL_STRANGER;
		case CL_SEAL_FORGED:
			break;
	}
	return CL_RECEIPT_SEAL_FORGED;
}

static cl_receipt_status
verify_event(const cl_receipt *receipt, char *scratch, cl_receipt_result *result)
{
	uint64_t	place;

	if (!cl_sealed_event_read(receipt->event.data, receipt->event.len, scratch, &result->event))
		return CL_RECEIPT_EVENT_MALFORMED;
	switch (cl_sealed_event_fits(&result->event, &result->seal, &place))
	{
		case CL_FITS:
			break;
		case CL_OUTSIDE:
			return CL_RECEIPT_EVENT_ELSEWHERE;
		case CL_OTHER_KIND:
			return CL_RECEIPT_EVENT_MISPLACED;
	}
	if (!cl_verify_inclusion(result->seal.root, (uint64_t) result->seal.count, place,
							 result->event.leaf, receipt->path, receipt->path_len))
		return CL_RECEIPT_EVENT_NOT_SEALED;
	return CL_RECEIPT_OK;
}

/* The origin of the seal. */
static cl_value
origin_of(const cl_receipt_result *result)
{
	return (cl_value) {result->seal.origin, result->seal.origin_len};
}

static cl_receipt_status
verify_promise(const cl_receipt *receipt, const cl_receipt_trust *trust, cl_receipt_result *result)
{
	cl_promise *promise = &result->promise;
	cl_note		note;

	result->promised = true;
	if (!cl_note_parse(receipt->promise.data, receipt->promise.len, &note) ||
		!cl_promise_parse(note.text.data, note.text.len, promise))
		return CL_RECEIPT_PROMISE_MALFORMED;
	switch (cl_seal_key_check(&note, promise->origin, trust->seals, trust->n_seals))
	{
		case CL_NOTE_OK:
			break;
		case CL_NOTE_UNSIGNED:
			return CL_RECEIPT_PROMISE_STRANGER;
		case CL_NOTE_FORGED:
			return CL_RECEIPT_PROMISE_FORGED;
	}
	if (!cl_value_equal(promise->origin, origin_of(result)) ||
		promise->event != result->event.id || promise->seal != result->seal.number ||
		memcmp(promise->leaf, result->event.leaf, CL_HASH_BYTES) != 0 ||
		memcmp(promise->seal_leaf, result->seal_leaf, CL_HASH_BYTES) != 0)
		return CL_RECEIPT_PROMISE_OTHER;
	return CL_RECEIPT_OK;
}

/* What a policy's answer means for a receipt. */
static cl_receipt_status
checkpoint_status(cl_policy_status status)
{
	switch (status)
	{
		case CL_POLICY_OK:
			return CL_RECEIPT_OK;
		case CL_POLICY_MALFORMED:
			return CL_RECEIPT_CHECKPOINT_MALFORMED;
		case CL_POLICY_UNKNOWN_LOG:
		case CL_POLICY_UNSIGNED:
			return CL_RECEIPT_CHECKPOINT_STRANGER;
		case CL_POLICY_FORGED:
			return CL_RECEIPT_CHECKPOINT_FORGED;
		case CL_POLICY_NO_QUORUM:
			break;
	}
	return CL_RECEIPT_NO_QUORUM;
}

/* That the quorum is missing is said last: everything else may hold. */
static cl_receipt_status
verify_proof(const cl_receipt *receipt, const cl_receipt_trust *trust, cl_receipt_result *result)
{
	cl_tlog_proof *proof = &result->proof;
	cl_checkpoint *checkpoint = &result->checkpoint;
	cl_receipt_status status;

	if (!cl_tlog_proof_parse(receipt->proof.data, receipt->proof.len, proof) ||
		proof->extra.data != NULL)
		return CL_RECEIPT_PROOF_MALFORMED;
	if (trust->policy == NULL)
		return CL_RECEIPT_CHECKPOINT_STRANGER;
	status = checkpoint_status(cl_policy_check(trust->policy, proof->checkpoint.data,
											   proof->checkpoint.len, checkpoint, &result->policy));
	if (status != CL_RECEIPT_OK && status != CL_RECEIPT_NO_QUORUM)
		return status;
	if (checkpoint->extensions.len > 0)
		return CL_RECEIPT_CHECKPOINT_MALFORMED;
	if (!cl_log_is_of(checkpoint->origin, origin_of(result)))
		return CL_RECEIPT_OTHER_LOG;
	if (!cl_tlog_proof_includes(proof, result->seal_leaf, checkpoint->size, checkpoint->root))
		return CL_RECEIPT_NOT_INCLUDED;
	return status;
}

static cl_receipt_status
verify_openings(const cl_receipt *receipt, const cl_receipt_result *result)
{
	if (receipt->identifies &&
		!cl_opens_subject(&result->event, &result->seal, receipt->salt, receipt->key))
		return CL_RECEIPT_NOT_HER;
	if (receipt->evidence.data != NULL &&
		!cl_opens_evidence(&result->event, receipt->evidence_salt, receipt->evidence))
		return CL_RECEIPT_NOT_THE_EVIDENCE;
	return CL_RECEIPT_OK;
}

cl_receipt_status
cl_receipt_verify(const cl_receipt *receipt, const cl_receipt_trust *trust,
				  char *scratch, cl_receipt_result *result)
{
	memset(result, 0, sizeof(*result));
	result->status = verify_seal(receipt, trust, result);
	if (result->status == CL_RECEIPT_OK)
		result->status = verify_event(receipt, scratch, result);
	if (result->status == CL_RECEIPT_OK)
		result->status = receipt->promise.data != NULL ? verify_promise(receipt, trust, result) :
			verify_proof(receipt, trust, result);
	if (result->status == CL_RECEIPT_OK)
		result->status = verify_openings(receipt, result);
	return result->status;
}
