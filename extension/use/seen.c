/*
 * seen.c
 *		Which rows a run has used so far, for sessions that report on it again
 *		and again.
 *
 * A part may become visible after one of a greater number.  But who draws a
 * number has a transaction id by then, so once all transactions are over that
 * had one when a part was first seen, no part of a lesser number can come any
 * more: that is how far parts are settled, and only those behind are looked
 * for the next time.
 */
#include "postgres.h"

#include "access/transam.h"
#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "use/part.h"
#include "use/seen.h"

/* A slot is the print of a use and the place of its part, from 1 on; 0: free. */
#define PRINT_BITS 40
#define PRINT_MASK ((UINT64CONST(1) << PRINT_BITS) - 1)
#define MOST_PARTS ((1 << (64 - PRINT_BITS)) - 1)
#define FEWEST_SLOTS 1024

struct Seen
{
	int64		run_id;
	TimestampTz opened_at;		/* after reset_ledger() a number may come again */
	bool		complete;		/* no error left it in the middle */
	MemoryContext context;
	uint64		seed;
	HTAB	   *known;			/* numbers of parts */
	int64	   *parts;			/* the same by place */
	int			nparts;
	int			allocated;
	int64		settled;		/* no unknown part has a number up to this one, */
	int64		settling;		/* nor up to this one, once all before that id are over */
	FullTransactionId settling_xid;
	uint64	   *slots;
	uint64		nslots;			/* a power of two */
	uint64		used;
};

static Seen *last_run = NULL;

void
seen_forget(void)
{
	Seen	   *seen = last_run;

	last_run = NULL;
	if (seen)
		MemoryContextDelete(seen->context);
}

int
seen_nparts(const Seen *seen)
{
	return seen->nparts;
}

int64
seen_part(const Seen *seen, int place)
{
	return seen->parts[place];
}

/* ---- slots ---- */

static uint64
print_of(const Seen *seen, const char *table, const UseEntry *entry)
{
	uint64		hash = hash_bytes_extended((const unsigned char *) table, strlen(table), seen->seed);
	int64		numbers[3] = {entry->subject, entry->key.kind, entry->key.number};

	hash = hash_bytes_extended((const unsigned char *) numbers, sizeof(numbers), hash);
	if (entry->key.kind != ROW_KEY_INT)
		hash = hash_bytes_extended((const unsigned char *) entry->key.bytes, entry->key.len, hash);
	return hash & PRINT_MASK;
}

static void
put_slot(Seen *seen, uint64 slot)
{
	uint64		at = slot & PRINT_MASK & (seen->nslots - 1);

	while (seen->slots[at] != 0)
		at = (at + 1) & (seen->nslots - 1);
	seen->slots[at] = slot;
	seen->used++;
}

static bool
fits(const Seen *seen, uint64 nslots)
{
	return nslots <= PRINT_MASK &&
		nslots * sizeof(uint64) + MemoryContextMemAllocated(seen->context, true) <= get_hash_memory_limit();
}

/*
 * Make room for so many more, at most two thirds full; false if there is no
 * memory for them, or they cannot be so many.
 */
static bool
expect(Seen *seen, uint64 more)
{
	uint64		nslots = Max(seen->nslots, FEWEST_SLOTS);
	uint64	   *old = seen->slots;
	uint64		nold = seen->nslots;

	if (more > PRINT_MASK / 4)
		return false;
	while ((seen->used + more) * 3 > nslots * 2)
		nslots *= 2;
	if (nslots == seen->nslots)
		return true;
	if (!fits(seen, nslots))
		return false;
	seen->slots = MemoryContextAllocExtended(seen->context, nslots * sizeof(uint64),
											 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	seen->nslots = nslots;
	seen->used = 0;
	for (uint64 i = 0; i < nold; i++)
		if (old[i] != 0)
			put_slot(seen, old[i]);
	if (old)
		pfree(old);
	return true;
}

void
seen_probe(const Seen *seen, const char *table, const UseEntry *entry, SeenProbe *probe)
{
	probe->print = print_of(seen, table, entry);
	probe->at = probe->print;
}

int
seen_next(const Seen *seen, SeenProbe *probe)
{
	uint64		slot;

	if (seen->nslots == 0)
		return -1;
	while ((slot = seen->slots[probe->at & (seen->nslots - 1)]) != 0)
	{
		probe->at++;
		if ((slot & PRINT_MASK) == probe->print)
			return (int) (slot >> PRINT_BITS) - 1;
	}
	return -1;
}

/* ---- parts ---- */

/* The blocks may hold more uses than their part says: that is for verify() to find. */
static bool
read_table(Seen *seen, Store *blocks, const RunPart *part, const char *table)
{
	UseSource  *uses = part_source(blocks, seen->run_id, part, table, NO_PARTY);

	while (uses->next(uses))
	{
		if (!expect(seen, 1))
			return false;
		put_slot(seen, print_of(seen, table, &uses->entry) | (uint64) seen->nparts << PRINT_BITS);
	}
	return true;
}

static bool
read_part(Seen *seen, Store *blocks, const RunPart *part)
{
	bool		found;

	hash_search(seen->known, &part->part, HASH_ENTER, &found);
	if (found)
		return true;
	if (seen->nparts == MOST_PARTS || !expect(seen, Max(part->uses, 0)))
		return false;
	if (seen->nparts == seen->allocated)
	{
		seen->allocated *= 2;
		seen->parts = repalloc_huge(seen->parts, seen->allocated * sizeof(int64));
	}
	seen->parts[seen->nparts++] = part->part;
	for (int i = 0; i < part->ntables; i++)
		if (!read_table(seen, blocks, part, part->tables[i]))
			return false;
	return true;
}

static FullTransactionId
oldest_running(Snapshot snapshot)
{
	FullTransactionId next = ReadNextFullTransactionId();
	uint32		age = XidFromFullTransactionId(next) - snapshot->xmin;

	return FullTransactionIdFromU64(U64FromFullTransactionId(next) - age);
}

/* Parts are those after the settled ones, in order. */
static void
settle(Seen *seen, const RunPart *parts, int nparts)
{
	if (seen->settling > seen->settled &&
		FullTransactionIdFollowsOrEquals(oldest_running(GetActiveSnapshot()), seen->settling_xid))
		seen->settled = seen->settling;
	if (seen->settling > seen->settled || nparts == 0)
		return;
	seen->settling = parts[nparts - 1].part;
	seen->settling_xid = ReadNextFullTransactionId();
}

/* False, and forgotten, if there is no memory for them. */
static bool
read_parts(Seen *seen, Store *blocks, const RunPart *parts, int nparts)
{
	MemoryContext scratch = AllocSetContextCreate(CurrentMemoryContext, "consent parts seen",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(scratch);
	bool		fit = true;

	seen->complete = false;
	for (int i = 0; i < nparts && fit; i++)
	{
		fit = read_part(seen, blocks, &parts[i]);
		MemoryContextReset(scratch);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(scratch);
	settle(seen, parts, nparts);
	seen->complete = true;
	if (!fit)
		seen_forget();
	return fit;
}

static Seen *
create(const Run *run)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent uses seen",
												  ALLOCSET_DEFAULT_SIZES);
	Seen	   *seen = MemoryContextAllocZero(context, sizeof(Seen));
	HASHCTL		control = {.keysize = sizeof(int64), .entrysize = sizeof(int64), .hcxt = context};

	seen->run_id = run->run_id;
	seen->opened_at = run->opened_at;
	seen->context = context;
	seen->seed = pg_prng_uint64(&pg_global_prng_state);
	seen->known = hash_create("consent parts seen", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	seen->allocated = 256;
	seen->parts = MemoryContextAlloc(context, seen->allocated * sizeof(int64));
	MemoryContextSetParent(context, TopMemoryContext);
	return seen;
}

Seen *
seen_read(Store *blocks, const Run *run, const RunPart *parts, int nparts)
{
	uint64		uses = 0;

	seen_forget();
	last_run = create(run);
	for (int i = 0; i < nparts; i++)
		uses += Max(parts[i].uses, 0);
	if (!expect(last_run, uses))
		seen_forget();
	else
		(void) read_parts(last_run, blocks, parts, nparts);
	return last_run;
}

Seen *
seen_of(Store *blocks, const Run *run)
{
	Seen	   *seen = last_run;
	Store	   *store;
	RunPart    *parts;
	int			nparts;

	if (seen == NULL || seen->run_id != run->run_id || seen->opened_at != run->opened_at || !seen->complete)
		return NULL;
	store = store_open("run_part", AccessShareLock);
	parts = run_parts_between(store, run->run_id, seen->settled + 1, PG_INT64_MAX, GetActiveSnapshot(), &nparts);
	store_close(store);
	return read_parts(seen, blocks, parts, nparts) ? seen : NULL;
}
