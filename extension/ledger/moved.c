/*
 * moved.c
 *		Tracked rows that an UPDATE moves to another partition.
 *
 * A row waits under its partitioned table, its trigger and the command that
 * moved it; the next event of these three is about its successor, unless a
 * BEFORE trigger made that vanish.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "ledger/moved.h"
#include "type/consent.h"

typedef struct Waiting
{
	struct Waiting *older;
	SubTransactionId subid;
	Oid			root;			/* the partitioned table above all */
	char	   *trigger;
	CommandId	command;
	Moved		moved;
} Waiting;

static Waiting *newest = NULL;	/* in TopTransactionContext */
static void (*record_vanished) (const Moved *moved);

static Oid
root_of(Relation rel)
{
	Oid			root = RelationGetRelid(rel);

	if (rel->rd_rel->relispartition)
	{
		List	   *ancestors = get_partition_ancestors(root);

		root = llast_oid(ancestors);
		list_free(ancestors);
	}
	return root;
}

static CommandId
command_of(TriggerData *trigger)
{
	HeapTupleHeader tuple = trigger->tg_trigtuple->t_data;

	return TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ?
		HeapTupleHeaderGetCmax(tuple) : HeapTupleHeaderGetCmin(tuple);
}

bool
moved_away(TriggerData *trigger)
{
	return TRIGGER_FIRED_BY_DELETE(trigger->tg_event) &&
		trigger->tg_relation->rd_rel->relispartition &&
		HeapTupleHeaderIndicatesMovedPartitions(trigger->tg_trigtuple->t_data);
}

void
moved_remember(TriggerData *trigger, const Moved *moved)
{
	MemoryContext old = MemoryContextSwitchTo(TopTransactionContext);
	Waiting    *w = palloc(sizeof(Waiting));

	w->subid = GetCurrentSubTransactionId();
	w->root = root_of(trigger->tg_relation);
	w->trigger = pstrdup(trigger->tg_trigger->tgname);
	w->command = command_of(trigger);
	w->moved.subject = pstrdup(moved->subject);
	w->moved.said = (Consent *) PG_DETOAST_DATUM_COPY(PointerGetDatum(moved->said));
	w->moved.detail = pstrdup(moved->detail);
	w->older = newest;
	newest = w;
	MemoryContextSwitchTo(old);
}

bool
moved_take(TriggerData *trigger, Moved *moved)
{
	if (newest == NULL || !trigger->tg_relation->rd_rel->relispartition)
		return false;
	for (Waiting **w = &newest; *w != NULL; w = &(*w)->older)
		if ((*w)->command == command_of(trigger) &&
			(*w)->root == root_of(trigger->tg_relation) &&
			strcmp((*w)->trigger, trigger->tg_trigger->tgname) == 0)
		{
			*moved = (*w)->moved;
			*w = (*w)->older;
			return true;
		}
	return false;
}

static void
at_subtransaction_end(SubXactEvent event, SubTransactionId mySubid,
					  SubTransactionId parentSubid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
		while (newest && newest->subid >= mySubid)
			newest = newest->older;
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
		for (Waiting *w = newest; w && w->subid >= mySubid; w = w->older)
			w->subid = parentSubid;
}

static void
at_transaction_end(XactEvent event, void *arg)
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			while (newest)
			{
				Waiting    *w = newest;

				newest = w->older;
				record_vanished(&w->moved);
			}
			break;
		case XACT_EVENT_ABORT:
			newest = NULL;
			break;
		default:
			break;
	}
}

void
moved_init(void (*vanished) (const Moved *moved))
{
	record_vanished = vanished;
	RegisterXactCallback(at_transaction_end, NULL);
	RegisterSubXactCallback(at_subtransaction_end, NULL);
}
