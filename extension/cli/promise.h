/*
 * promise.h
 *		Receipts and the log that others see: whether a promise was kept, and
 *		whether a receipt's head is one of that log.
 */
#ifndef CLI_PROMISE_H
#define CLI_PROMISE_H

#include "cli/options.h"

typedef enum promise_state
{
	PROMISE_WRONG,				/* broken, or not checked: reported */
	PROMISE_UNTRIED,			/* nothing was given to try it on */
	PROMISE_NOT_DUE,			/* not in the log, and need not be */
	PROMISE_KEPT,				/* the seal is in the log */
	RECEIPT_IN_LOG				/* no promise: its head is one of the given log */
} promise_state;

/*
 * Try a receipt that holds on the tree, proof or checkpoint that the options
 * name.  *index is where the seal was found, if it was kept.
 */
extern promise_state promise_try(const options *o, const cl_receipt_result *result, uint64_t *index);

#endif
