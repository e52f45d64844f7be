/*
 * verify_sequences.c
 *		No sequence may give a number again that is taken.
 *
 * A sequence is not seen through a snapshot, but it only goes on: what it gave
 * before the snapshot was taken, it gave before it is read here.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/pg_subscription.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/verify.h"

/* The last number that a sequence gave; 0 if none. */
static int64
last_given(const char *sequence)
{
	Relation	rel = relation_open(store_relid(sequence), AccessShareLock);
	Buffer		buffer = ReadBuffer(rel, 0);
	HeapTupleHeader tuple;
	Form_pg_sequence_data data;
	int64		last;

	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	tuple = (HeapTupleHeader) PageGetItem(BufferGetPage(buffer),
										  PageGetItemId(BufferGetPage(buffer), FirstOffsetNumber));
	data = (Form_pg_sequence_data) ((char *) tuple + tuple->t_hoff);
	last = data->is_called ? data->last_value : data->last_value - 1;
	UnlockReleaseBuffer(buffer);
	relation_close(rel, AccessShareLock);
	return last;
}

/* What is replicated to a subscriber is rows; it gives no numbers itself. */
static bool
is_subscriber(void)
{
	Relation	rel = table_open(SubscriptionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, Anum_pg_subscription_subdbid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(MyDatabaseId));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}

static void
check_sequence(Verify *v, const char *sequence, int64 taken)
{
	int64		last = last_given(sequence);

	if (last < taken && !is_subscriber())
		verify_finding(v, "sequence", psprintf("sequence %s.%s", LEDGER_SCHEMA, sequence),
					   psprintf(INT64_FORMAT " or more", taken), psprintf(INT64_FORMAT, last));
}

void
verify_sequences(Verify *v)
{
	check_sequence(v, "seal_no_seq", v->last_seal);
	check_sequence(v, "subject_no_seq", v->last_subject);
	check_sequence(v, "run_draw_no_seq", v->last_draw);
}
