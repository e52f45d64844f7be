/*
 * quorum.c
 *		How many of which witnesses must have cosigned a checkpoint.
 */
#include "postgres.h"

#include "ledger/store.h"
#include "ledger/tables.h"
#include "log/quorum.h"
#include "use/run.h"

Quorum
quorum_read(Snapshot snapshot)
{
	Quorum		quorum = {0};
	Store	   *store = store_open("witness_quorum", AccessShareLock);
	StoreScan  *scan = store_scan(store, NULL, snapshot, 0, NULL);
	HeapTuple	row;

	while ((row = store_next(scan)) != NULL)
	{
		bool		isnull;
		int64		event_id = DatumGetInt64(store_get(store, row, Anum_witness_quorum_event_id, &isnull));

		if (event_id <= quorum.event_id)
			continue;
		quorum.event_id = event_id;
		quorum.needed = DatumGetInt32(store_get(store, row, Anum_witness_quorum_quorum, &isnull));
		quorum.names = run_text_array(store_get(store, row, Anum_witness_quorum_witnesses, &isnull), &quorum.n);
	}
	store_end(scan);
	store_close(store);
	return quorum;
}

int
quorum_count(const Quorum *quorum, const List *names)
{
	int			count = 0;
	ListCell   *cell;

	foreach(cell, names)
		for (int i = 0; i < quorum->n; i++)
			if (strcmp(lfirst(cell), quorum->names[i]) == 0)
			{
				count++;
				break;
			}
	return count;
}
