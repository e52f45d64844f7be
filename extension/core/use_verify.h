/*
 * use_verify.h
 *		Verifying a proof of use wholly: its receipts, and what they say together.
 */
#ifndef CL_USE_VERIFY_H
#define CL_USE_VERIFY_H

#include "core/receipt.h"
#include "core/use_proof.h"

typedef enum cl_use_receipt
{
	CL_USE_OPENED,
	CL_USE_CLOSED,
	CL_USE_EVENT
} cl_use_receipt;

#define CL_USE_RECEIPTS 3

/* As the members of the text: opened, closed, event. */
extern const char *cl_use_receipt_name(cl_use_receipt receipt);

typedef struct cl_use_verified
{
	cl_use_result result;		/* worth something only if no receipt failed */
	bool		failed;
	cl_use_receipt which;		/* the first receipt that failed, */
	bool		malformed;		/* because it is no receipt, */
	cl_receipt_status status;	/* or else why */
	bool		test;			/* of a test ledger, with throw-away keys */
	bool		checkpoints_differ; /* two of the receipts are for different ones, so
									 * CL_USE_NOT_IN_LOG may be among the reasons */
	cl_receipt_result receipts[CL_USE_RECEIPTS];	/* of those that are there and are
													 * well formed */
} cl_use_verified;

/* Bytes of scratch for a proof. */
extern size_t cl_use_verify_scratch(const cl_use_proof *proof);

/*
 * Verify the receipts under a trust, as cl_receipt_verify() does, then the
 * proof, as cl_use_proof_check() does.  False if a receipt failed: then nothing
 * is known.  one_log: the caller has verified that the checkpoints of the
 * receipts are those of one log, if they differ.  Everything found points into
 * scratch or into the proof.
 */
extern bool cl_use_proof_verify(const cl_use_proof *proof, const cl_receipt_trust *trust,
								bool one_log, cl_use_verified *verified, char *scratch);

#endif
