/*
 * replica.c
 *		Is the ledger here, and complete?
 *
 * A subscriber copies each table by itself.  Until the last one is there, a
 * purpose may be known whose refusals are not.  A distributed table is an
 * empty shell.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_subscription_rel.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "compat.h"
#include "ledger/replica.h"
#include "ledger/store.h"
#include "ledger/tables.h"

/* What every answer needs; choices about rows and events are asked for where they are needed. */
static const char *const answering[] = {"ledger", "purpose", "preset_rule", "protected_table", "subject"};

/* Does a subscription bring rows of the table, and has each brought all that there were? */
static bool
is_followed(Relation catalog, Oid relid, bool *complete)
{
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	row;
	bool		found = false;

	*complete = true;

	ScanKeyInit(&key, Anum_pg_subscription_rel_srrelid, BTEqualStrategyNumber,
				F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, SubscriptionRelSrrelidSrsubidIndexId, true,
							  NULL, 1, &key);
	while (HeapTupleIsValid(row = systable_getnext(scan)))
	{
		char		state = ((Form_pg_subscription_rel) GETSTRUCT(row))->srsubstate;

		*complete &= (state == SUBREL_STATE_READY || state == SUBREL_STATE_SYNCDONE);
		found = true;
	}
	systable_endscan(scan);
	return found;
}

/*
 * Citus keeps the rows of its tables in others, and empties them.  Its catalog
 * begins with the table's OID.
 */
static void
check_distributed(Oid relid)
{
	Oid			catalog_relid = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
	Relation	catalog;
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	if (!OidIsValid(catalog_relid))
		return;
	catalog = table_open(catalog_relid, AccessShareLock);
	ScanKeyInit(&key, 1, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s.%s\" is a distributed table", LEDGER_SCHEMA, get_rel_name(relid)),
				 errdetail("Its rows are elsewhere, and what is missing would read as an answer."),
				 errhint("Let logical replication bring the ledger's tables to each node.")));
}

static void
check_table(Relation catalog, bool subscriber, const char *name)
{
	Oid			relid = store_relid(name);
	bool		complete;

	check_distributed(relid);
	if (is_followed(catalog, relid, &complete) ? complete : !subscriber)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("\"%s.%s\" is not yet in sync", LEDGER_SCHEMA, name),
			 errdetail("The ledger comes here by a subscription, and what is missing would read as an answer."),
			 errhint("Publish the table too, and wait until pg_subscription_rel shows it as ready.")));
}

static bool
is_subscriber(Relation catalog)
{
	bool		complete;

	return is_followed(catalog, store_relid("ledger"), &complete);
}

void
replica_check_complete(void)
{
	Relation	catalog = table_open(SubscriptionRelRelationId, AccessShareLock);
	bool		subscriber = is_subscriber(catalog);

	for (size_t i = 0; i < lengthof(answering); i++)
		check_table(catalog, subscriber, answering[i]);
	table_close(catalog, AccessShareLock);
}

void
replica_check_table(ReplicaTable table)
{
	static const char *const names[] = {"scope_state", "event_log"};
	static LocalTransactionId checked_in[lengthof(names)];
	Relation	catalog;

	if (checked_in[table] == compat_my_lxid())
		return;
	catalog = table_open(SubscriptionRelRelationId, AccessShareLock);
	check_table(catalog, is_subscriber(catalog), names[table]);
	table_close(catalog, AccessShareLock);
	checked_in[table] = compat_my_lxid();
}

bool
replica_is_subscriber(void)
{
	Relation	catalog = table_open(SubscriptionRelRelationId, AccessShareLock);
	bool		subscriber = is_subscriber(catalog);

	table_close(catalog, AccessShareLock);
	return subscriber;
}
