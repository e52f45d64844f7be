/*
 * promise.c
 *		Receipts and the log that others see.
 */
#include <stdlib.h>

#include "cli/promise.h"
#include "cli/tree.h"

/* Looking for a promised seal in a log. */
typedef struct search
{
	const cl_promise *promise;
	bool		found;
	bool		replaced;		/* there is another seal of its number */
	uint64_t	index;
} search;

static void
look_at_seal(void *arg, const log_entry *entry, const cl_seal *seal)
{
	search	   *s = arg;

	if (seal->number != s->promise->seal)
		return;
	s->index = entry->index;
	if (memcmp(entry->leaf, s->promise->seal_leaf, CL_HASH_BYTES) == 0)
		s->found = true;
	else
		s->replaced = true;
}

/* Is the head later than the promise allows the seal to be missing? */
static bool
is_due(const cl_promise *promise, const head *h)
{
	return h->policy.has_time && instant_of_seconds(h->policy.time) > promise->include_by;
}

/* What a whole log without the seal says of the promise. */
static promise_state
judge_missing(const cl_promise *promise, const head *h)
{
	if (is_due(promise, h))
		report_bad("the promise is broken: seal %lld was to be in each head after %s, and a quorum cosigned one of %s "
				   "without it by %s", (long long) promise->seal, shown_instant(promise->include_by),
				   counted(h->checkpoint.size, "entry", "entries"), shown_time(h->policy.time));
	else if (h->policy.has_time)
		return PROMISE_NOT_DUE;
	else
		report_unchecked("the promised seal is not in the log, but no witness says when its head was made; "
						 "so whether the promise is broken cannot be told");
	return PROMISE_WRONG;
}

static promise_state
try_tree(const options *o, const cl_promise *promise, uint64_t *index)
{
	tree	   *t = allocate(sizeof(tree));
	search		s = {.promise = promise};
	promise_state state = PROMISE_WRONG;

	if (tree_check(t, o, o->tree, look_at_seal, &s))
	{
		*index = s.index;
		if (!cl_log_is_of(t->dir.head.checkpoint.origin, promise->origin))
			report_bad("this is the log of another ledger, %s", shown(t->dir.head.checkpoint.origin));
		else if (s.replaced)
			report_bad("the promise is broken: the log has another seal of number %lld, as entry %llu",
					   (long long) promise->seal, (unsigned long long) s.index);
		else
			state = s.found ? PROMISE_KEPT : judge_missing(promise, &t->dir.head);
	}
	tree_close(t);
	free(t);
	return state;
}

/* A tlog-proof of the promised seal, given later. */
static promise_state
try_proof(const options *o, const cl_promise *promise, uint64_t *index)
{
	input		in = {0};
	static cl_tlog_proof proof;
	head		h;
	promise_state state = PROMISE_WRONG;

	if (!input_require(o->proof, 2 * CL_NOTE_MAX, &in))
		state = PROMISE_WRONG;
	else if (!cl_tlog_proof_parse(in.data, in.len, &proof))
		report_bad("%s: this is not a tlog proof", shown(cl_string(o->proof)));
	else if (head_check(o, proof.checkpoint, "the checkpoint in the proof", &h))
	{
		*index = proof.index;
		if (!cl_log_is_of(h.checkpoint.origin, promise->origin))
			report_bad("the proof is of another ledger, %s", shown(h.checkpoint.origin));
		else if (!cl_tlog_proof_includes(&proof, promise->seal_leaf, h.checkpoint.size, h.checkpoint.root))
			report_bad("the proof does not lead from the promised seal to the root in its checkpoint");
		else
			state = PROMISE_KEPT;
	}
	input_free(&in);
	return state;
}

/* A head alone does not show what it has; but its operator has to. */
static promise_state
try_checkpoint(const options *o, const cl_promise *promise)
{
	input		in = {0};
	head		h;
	promise_state state = PROMISE_WRONG;

	if (head_read(o, o->checkpoint, &in, &h))
	{
		if (!cl_log_is_of(h.checkpoint.origin, promise->origin))
			report_bad("the checkpoint is of another ledger, %s", shown(h.checkpoint.origin));
		else if (is_due(promise, &h))
			report_unchecked("the promise is due: it ran out on %s, and a quorum cosigned this head of %s by %s. The "
							 "operator has to prove that seal %lld is under it; without that proof the promise is broken",
							 shown_instant(promise->include_by), counted(h.checkpoint.size, "entry", "entries"),
							 shown_time(h.policy.time), (long long) promise->seal);
		else if (h.policy.has_time)
			state = PROMISE_NOT_DUE;
		else
			report_unchecked("no witness says when this head was made; so whether the promise is due cannot be told");
	}
	input_free(&in);
	return state;
}

/* Is the head in a receipt one of this log? */
static promise_state
try_head(const options *o, const cl_receipt_result *result)
{
	tree	   *t = allocate(sizeof(tree));
	promise_state state = PROMISE_WRONG;

	if (tree_check(t, o, o->tree, NULL, NULL) && tree_has_head(t, &result->checkpoint, "the receipt"))
		state = RECEIPT_IN_LOG;
	tree_close(t);
	free(t);
	return state;
}

promise_state
promise_try(const options *o, const cl_receipt_result *result, uint64_t *index)
{
	if (o->tree == NULL && o->proof == NULL && o->checkpoint == NULL)
		return PROMISE_UNTRIED;
	if (o->policy.n_logs == 0)
	{
		report_unchecked("to compare it with a log, give the key of the log by --log or --policy");
		return PROMISE_WRONG;
	}
	if (!result->promised && o->tree != NULL)
		return try_head(o, result);
	if (!result->promised)
	{
		report_unchecked("the receipt has a proof and is no promise: nothing else is needed, and it can be compared by --tree only");
		return PROMISE_WRONG;
	}
	if (o->tree != NULL)
		return try_tree(o, &result->promise, index);
	return o->proof != NULL ? try_proof(o, &result->promise, index) : try_checkpoint(o, &result->promise);
}
