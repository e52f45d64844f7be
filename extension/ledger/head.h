/*
 * head.h
 *		What new seals say about the log: its newest checkpoint, and what bounds
 *		their time from below.
 */
#ifndef LEDGER_HEAD_H
#define LEDGER_HEAD_H

#include "core/hash.h"

typedef struct LogHead
{
	int64		size;			/* of the newest checkpoint; 0: there is none */
	cl_hash		root;
	bool		has_bound;		/* somebody's cosignature or token was accepted */
	cl_hash		bound;			/* hash of the newest */
} LogHead;

/*
 * What is committed by now, whatever the transaction's snapshot shows.  Two
 * reads from the end of an index: a few microseconds.
 */
extern void head_read(LogHead *head);

#endif
