/*
 * snapkey.h
 *		Is the active snapshot the same as it was?
 *
 * Whatever is cached from our tables is good for exactly one snapshot: same
 * transaction, same set of visible transactions, same command.  Comparing is
 * cheap enough to be done for every row of a scan.
 */
#ifndef LEDGER_SNAPKEY_H
#define LEDGER_SNAPKEY_H

#include "utils/snapshot.h"

typedef struct SnapKey
{
	bool		valid;
	LocalTransactionId lxid;
	CommandId	curcid;
	TransactionId xmin;
	TransactionId xmax;
	uint32		xcnt;
	int32		subxcnt;
	uint64		digest;			/* of the running transactions */
	uint64		aborts;			/* subtransactions rolled back so far */
} SnapKey;

/* True if the active snapshot is the one `key` was taken from. */
extern bool snapkey_is_current(const SnapKey *key);

/* Take the active snapshot's identity. */
extern void snapkey_take(SnapKey *key);

extern void snapkey_init(void);

#endif
