/*
 * receipt.h
 *		What a ledger hands out about one event, for people who do not trust it:
 *		one line of canonical JSON (docs/FORMAT.md).
 *
 * It carries the event, its seal, and the proof that the seal is in the log, or
 * a promise that it will be.  It carries no key: those come from who verifies.
 */
#ifndef CL_RECEIPT_H
#define CL_RECEIPT_H

#include "core/policy.h"
#include "core/promise.h"
#include "core/sealed_event.h"
#include "core/tlog_proof.h"

#define CL_RECEIPT_VERSION	"consent_ledger/receipt/v1"
#define CL_RECEIPT_MAX		(64 * 1024 * 1024)	/* bytes of one that is read */
#define CL_SEAL_PATH_MAX	12	/* hashes from an event to the root of its seal */

typedef struct cl_receipt
{
	cl_value	event;			/* canonical bytes */
	cl_value	seal;			/* its note */
	size_t		path_len;
	cl_hash		path[CL_PATH_MAX];	/* from the event to the root in the seal; at
									 * most CL_SEAL_PATH_MAX */
	cl_value	proof;			/* tlog-proof of the seal; or absent, and then */
	cl_value	promise;		/* a note */
	bool		identifies;		/* salt and key open the subject's commitment */
	cl_value	key;
	uint8_t		salt[CL_SALT_BYTES];
	cl_value	evidence;		/* absent, or the text that came with the event, */
	uint8_t		evidence_salt[CL_SALT_BYTES];	/* which opens under this salt */
	bool		test;			/* of a test ledger, with throw-away keys */
} cl_receipt;

/*
 * Write a receipt, without a NUL.  Returns its length, which exceeds cap when it
 * does not fit, or 0 when it has not exactly one of proof and promise, or
 * something is not UTF-8.  Linear.
 */
extern size_t cl_receipt_format(const cl_receipt *receipt, char *out, size_t cap);

/*
 * Read a receipt that is exactly as cl_receipt_format writes it.  Values point
 * into scratch (at least len bytes).  False if it is anything else; nothing in
 * it has been verified.  Linear.
 */
extern bool cl_receipt_parse(const char *text, size_t len, cl_receipt *receipt, char *scratch);

/* Whom the verifier trusts. */
typedef struct cl_receipt_trust
{
	const cl_policy *policy;	/* logs and witnesses; NULL: enough for a promise only */
	const cl_verifier *seals;	/* keys of type 01 whose name is <origin>/seal */
	size_t		n_seals;
} cl_receipt_trust;

/* The first thing that is wrong, in the order of checking. */
typedef enum cl_receipt_status
{
	CL_RECEIPT_OK,
	CL_RECEIPT_SEAL_MALFORMED,	/* no note, or not of a seal */
	CL_RECEIPT_SEAL_STRANGER,	/* not signed by a trusted key of its origin */
	CL_RECEIPT_SEAL_FORGED,
	CL_RECEIPT_EVENT_MALFORMED, /* no canonical event, or without what each event has */
	CL_RECEIPT_EVENT_ELSEWHERE, /* its id does not lie in the seal */
	CL_RECEIPT_EVENT_MISPLACED, /* its kind does not go with the seal's */
	CL_RECEIPT_EVENT_NOT_SEALED,	/* the path does not lead to the root in the seal */
	CL_RECEIPT_PROMISE_MALFORMED,
	CL_RECEIPT_PROMISE_STRANGER,	/* not signed by a trusted key of its origin */
	CL_RECEIPT_PROMISE_FORGED,
	CL_RECEIPT_PROMISE_OTHER,	/* of another event, seal or origin */
	CL_RECEIPT_PROOF_MALFORMED,
	CL_RECEIPT_CHECKPOINT_MALFORMED,	/* or with extension lines */
	CL_RECEIPT_CHECKPOINT_STRANGER, /* not signed by a trusted key of its origin */
	CL_RECEIPT_CHECKPOINT_FORGED,	/* a signature or cosignature is wrong */
	CL_RECEIPT_OTHER_LOG,		/* the seal's origin is not the checkpoint's */
	CL_RECEIPT_NOT_INCLUDED,	/* the proof does not lead to the checkpoint's root */
	CL_RECEIPT_NO_QUORUM,		/* not cosigned as the policy asks */
	CL_RECEIPT_NOT_HER,			/* key and salt do not open the event's commitment */
	CL_RECEIPT_NOT_THE_EVIDENCE,	/* evidence and salt do not open the event's */
	CL_RECEIPT_CRYPTO			/* libcrypto failed: nothing is known */
} cl_receipt_status;

/* A sentence for each, without a period. */
extern const char *cl_receipt_message(cl_receipt_status status);

/* What was found on the way; filled as far as checking came. */
typedef struct cl_receipt_result
{
	cl_receipt_status status;
	cl_seal		seal;			/* the origin points into the receipt */
	cl_sealed_event event;		/* the values point into scratch */
	cl_hash		seal_leaf;		/* the log's entry */
	bool		promised;		/* the seal is promised, not proved to be in the log */
	cl_promise	promise;
	cl_tlog_proof proof;
	cl_checkpoint checkpoint;
	cl_policy_result policy;
} cl_receipt_result;

/*
 * Verify everything in a receipt, in this order: seal, event, promise or proof,
 * openings.  scratch has at least receipt->event.len bytes and is kept as long
 * as the result.  Returns result->status.
 */
extern cl_receipt_status cl_receipt_verify(const cl_receipt *receipt,
										   const cl_receipt_trust *trust,
										   char *scratch, cl_receipt_result *result);

#endif
