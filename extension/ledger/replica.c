/*
 * replica.c
 *		Is what logical replication brings here complete?
 *
 * A subscriber copies each table by itself.  Until the last one is there, a
 * purpose may be known whose refusals are not.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_subscription_rel.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"

#include "ledger/replica.h"
#include "ledger/store.h"
#include "ledger/tables.h"

static const char *const answering[] = {"ledger", "purpose", "notice", "preset_rule",
"protected_table", "subject", "scope_state"};

static bool
is_complete(Relation catalog, Oid relid)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		complete = true;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, SubscriptionRelSrrelidSrsubidIndexId, true,
							  NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		char		state = ((Form_pg_subscription_rel) GETSTRUCT(row))->srsubstate;

		complete &= (state == SUBREL_STATE_READY || state == SUBREL_STATE_SYNCDONE);
	}
	systable_endscan(scan);
	return complete;
}

void
replica_check_complete(void)
{
	Relation	catalog = table_open(SubscriptionRelRelationId, AccessShareLock);

	for (size_t i = 0; i < lengthof(answering); i++)
		if (!is_complete(catalog, store_relid(answering[i])))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("\"%s.%s\" is not yet in sync", LEDGER_SCHEMA, answering[i]),
					 errdetail("A subscription is still copying it, and what is missing would read as an answer."),
					 errhint("Wait until pg_subscription_rel shows it as ready.")));
	table_close(catalog, AccessShareLock);
}
