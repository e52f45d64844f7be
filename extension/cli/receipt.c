/*
 * receipt.c
 *		consent-verify receipt: one event, its seal, and the log or a promise.
 */
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/head.h"
#include "cli/promise.h"
#include "cli/revoked.h"

/* Who the event is about, as far as the receipt opens it. */
static void
explain_subject(const cl_receipt *receipt, const cl_sealed_event *event)
{
	if (receipt->identifies)
		report_sentence("It is about the subject \"%s\", whose key and salt open the commitment in it.",
						shown(receipt->key));
	if (receipt->evidence.data != NULL)
		report_sentence("This evidence came with it: %s", shown(receipt->evidence));
	if (receipt->identifies || !event->has_commitment)
		return;
	report_sentence("It is about subject number %lld. Who that is, this receipt does not open.",
					(long long) event->subject_no);
}

static void
explain_seal(const cl_receipt_result *result)
{
	const cl_seal *seal = &result->seal;

	report_sentence("The ledger %s sealed this event, word for word, as event %lld of %lld in its seal %lld.",
					shown((cl_value) {seal->origin, seal->origin_len}),
					(long long) (result->event.id % CL_SEAL_EVENTS + 1),
					(long long) seal->count, (long long) seal->number);
}

/* What is known of when. */
static void
explain_bound(const cl_seal *seal)
{
	if (seal->has_bound)
		report_sentence("The seal names a cosignature or timestamp token, SHA-256 %s: it is not older than that.",
						shown_hash(seal->bound));
	else
		report_sentence("How old the event is at most: the seal names no cosignature or timestamp token.");
}

static void
explain_limits(const options *o, const cl_receipt_result *result, promise_state state)
{
	report_heading("Not proved");
	explain_limit(LIMIT_RECORDED);
	explain_limit(LIMIT_STATEMENTS);
	report_sentence("That no other event of the ledger says otherwise, earlier or later: a receipt is about one event.");
	if (!result->seal.has_bound)
		explain_bound(&result->seal);
	if (result->promised && state != PROMISE_KEPT)
		report_sentence("That the event is in the log. If the ledger never takes it in, this promise is the evidence "
						"against its operator: keep it.");
	else
		explain_unwitnessed(o);
}

/* Whether the seal is in the log, or what was promised of it. */
static void
explain_log(const options *o, const cl_receipt_result *result, promise_state state, uint64_t index)
{
	head		h = {result->checkpoint, result->policy};

	if (!result->promised)
	{
		report_sentence("That seal is entry %llu of the log.", (unsigned long long) result->proof.index);
		explain_head(o, &h);
		if (state == RECEIPT_IN_LOG)
			report_sentence("The log in %s extends that head.", shown(cl_string(o->tree)));
		return;
	}
	report_sentence("The ledger promised that each head which it signs after %s has that seal among its entries.",
					shown_instant(result->promise.include_by));
	if (state == PROMISE_KEPT)
		report_sentence("It kept the promise: the seal is entry %llu of the log.", (unsigned long long) index);
	if (state == PROMISE_NOT_DUE)
		report_sentence("The head that was given is older than that, so the promise is not due.");
}

static void
explain(const options *o, const cl_receipt *receipt, const cl_receipt_result *result,
		promise_state state, uint64_t index)
{
	report_heading("Proved");
	explain_seal(result);
	explain_subject(receipt, &result->event);
	if (result->seal.has_bound)
		explain_bound(&result->seal);
	explain_log(o, result, state, index);
	report_heading("The event");
	for (int m = 0; m < CL_MEMBERS; m++)
		if (result->event.values[m].data != NULL)
			report_detail(cl_member_name((cl_member) m), result->event.values[m]);
	explain_limits(o, result, state);
}

/* Say in a line what a good receipt is. */
static void
report_good(const cl_receipt *receipt, const cl_receipt_result *result, promise_state state)
{
	const char *origin = shown((cl_value) {result->seal.origin, result->seal.origin_len});
	long long	id = (long long) result->event.id;

	if (receipt->test)
		report_verdict("TEST", "this receipt is of a test ledger with throw-away keys: it proves nothing about the world");
	if (!result->promised)
		report_verdict("GOOD", "event %lld of %s is in its log", id, origin);
	else if (state == PROMISE_KEPT)
		report_verdict("KEPT", "event %lld of %s was promised to be in its log, and its seal is", id, origin);
	else
		report_verdict("PROMISED", "event %lld of %s is sealed, and promised to be in its log after %s", id, origin,
					   shown_instant(result->promise.include_by));
}

/* Verify a receipt that could be read; true if it holds. */
static bool
verify(const options *o, const cl_receipt *receipt, cl_receipt_result *result, char *scratch)
{
	cl_receipt_trust trust = options_trust(o);

	if (receipt->proof.data != NULL && trust.policy == NULL)
	{
		report_unchecked("this receipt has a proof under a checkpoint: give the key of its log by --log or --policy");
		return false;
	}
	switch (cl_receipt_verify(receipt, &trust, scratch, result))
	{
		case CL_RECEIPT_OK:
			return true;
		case CL_RECEIPT_CRYPTO:
			report_unchecked("%s", cl_receipt_message(result->status));
			return false;
		default:
			report_bad("%s", cl_receipt_message(result->status));
			return false;
	}
}

/* Do keys that are revoked leave it standing? */
static bool
keys_hold(const options *o, const cl_receipt *receipt, const cl_receipt_result *result,
		  promise_state state, uint64_t index)
{
	if (result->promised)
		return !revoked_seal(o, receipt->seal, state == PROMISE_KEPT ? index : REVOKED_NOWHERE, "the event");
	return !revoked_seal(o, receipt->seal, result->proof.index, "the event") &&
		!revoked_head(o, result->proof.checkpoint, result->checkpoint.size, "the head that it is proved under");
}

/* Verify a text as a receipt, and say what it proves. */
static void
check_text(const options *o, cl_value text, cl_receipt *receipt, cl_receipt_result *result, char *scratch)
{
	char	   *event_scratch;
	promise_state state;
	uint64_t	index = 0;

	if (!cl_receipt_parse(text.data, text.len, receipt, scratch))
	{
		report_bad("this is not a receipt of a ledger");
		return;
	}
	event_scratch = allocate(receipt->event.len);
	if (verify(o, receipt, result, event_scratch) &&
		(state = promise_try(o, result, &index)) != PROMISE_WRONG &&
		keys_hold(o, receipt, result, state, index))
	{
		report_good(receipt, result, state);
		explain(o, receipt, result, state, index);
	}
	free(event_scratch);
}

void
command_receipt(const options *o)
{
	static cl_receipt receipt;
	static cl_receipt_result result;
	input		in = {0};
	cl_value	text;
	char	   *scratch;

	if (input_require(o->arguments[0], CL_RECEIPT_MAX, &in))
	{
		text = input_trimmed(&in);
		scratch = allocate(text.len);
		check_text(o, text, &receipt, &result, scratch);
		free(scratch);
	}
	input_free(&in);
}
