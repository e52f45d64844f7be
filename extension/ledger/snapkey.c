/*
 * snapkey.c
 *		Is the active snapshot the same as it was?
 *
 * A snapshot's pointer says nothing (it is reused), so its content is
 * compared.  A rolled-back subtransaction changes what our own transaction
 * sees without changing the snapshot; it is counted.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "ledger/snapkey.h"

static uint64 subtransactions_aborted = 0;

static uint64
digest_running(Snapshot snapshot)
{
	uint64		digest = 0;

	if (snapshot->xcnt > 0)
		digest = hash_bytes_extended((const unsigned char *) snapshot->xip,
									 snapshot->xcnt * sizeof(TransactionId), 0);
	if (snapshot->subxcnt > 0)
		digest = hash_bytes_extended((const unsigned char *) snapshot->subxip,
									 snapshot->subxcnt * sizeof(TransactionId),
									 digest);
	return digest;
}

bool
snapkey_is_current(const SnapKey *key)
{
	Snapshot	snapshot = GetActiveSnapshot();

	return key->valid &&
		key->curcid == snapshot->curcid &&
		key->xmin == snapshot->xmin &&
		key->xmax == snapshot->xmax &&
		key->xcnt == snapshot->xcnt &&
		key->subxcnt == snapshot->subxcnt &&
		key->lxid == compat_my_lxid() &&
		key->aborts == subtransactions_aborted &&
		key->digest == digest_running(snapshot);
}

void
snapkey_take(SnapKey *key)
{
	Snapshot	snapshot = GetActiveSnapshot();

	key->valid = true;
	key->lxid = compat_my_lxid();
	key->curcid = snapshot->curcid;
	key->xmin = snapshot->xmin;
	key->xmax = snapshot->xmax;
	key->xcnt = snapshot->xcnt;
	key->subxcnt = snapshot->subxcnt;
	key->digest = digest_running(snapshot);
	key->aborts = subtransactions_aborted;
}

static void
count_aborts(SubXactEvent event, SubTransactionId mySubid,
			 SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		subtransactions_aborted++;
}

void
snapkey_init(void)
{
	RegisterSubXactCallback(count_aborts, NULL);
}
