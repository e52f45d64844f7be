/*
 * useset.c
 *		A set of uses: two buffers (integer row keys, other row keys) and the
 *		sorted runs that full buffers became.
 *
 * Invariants: every entry is in a buffer or in a run.  Runs are numbered as
 * they were made, so of equal entries the one in the first run came first;
 * what is in a buffer came later than all runs of its kind.  What a buffer
 * became counts only once it is written to its end, and blocks that were made
 * already one by one, so an error on the way loses nothing.
 */
#include "postgres.h"

#include "storage/buffile.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "use/blocks.h"
#include "use/buffer.h"
#include "use/useset.h"

#define FIRST_BLOCKS 16

/* A sequence of blocks becomes a run by itself if it has so many, and so much of the budget. */
#define BLOCKS_OF_RUN 16
#define RUNS_OF_BUDGET 64

/* Where a block of a run is. */
typedef struct RunBlock
{
	BlockInfo	info;
	int			fileno;
	off_t		offset;
	char	   *data;			/* if it stayed in memory */
} RunBlock;

typedef struct Run
{
	RunBlock   *blocks;
	int			nblocks;
	int			allocated;
} Run;

struct UseSet
{
	MemoryContext context;
	Size		budget;
	bool		spill;
	UseBuffer  *buffers[2];		/* integers, others */
	Run		   *runs;
	int			nruns;
	int			runs_allocated;
	int			coming;			/* the run that useset_add_block() adds to */
	BufFile    *file;
	int			end_fileno;
	off_t		end_offset;
	int64		added;
	BlockWriter *writer;
};

UseSet *
useset_create(MemoryContext parent, Size budget, bool spill)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent uses",
												  ALLOCSET_START_SMALL_SIZES);
	UseSet	   *set = MemoryContextAllocZero(context, sizeof(UseSet));

	set->context = context;
	set->budget = budget;
	set->spill = spill;
	set->buffers[0] = buffer_create(context, true);
	set->buffers[1] = buffer_create(context, false);
	return set;
}

void
useset_destroy(UseSet *set)
{
	if (set->file)
		BufFileClose(set->file);
	MemoryContextDelete(set->context);
}

int64
useset_added(const UseSet *set)
{
	return set->added;
}

Size
useset_memory(const UseSet *set)
{
	return MemoryContextMemAllocated(set->context, true);
}

/* ---- making runs ---- */

/* The file lives as long as the transaction, whatever savepoint it was made in. */
static void
open_file(UseSet *set)
{
	ResourceOwner owner = CurrentResourceOwner;
	MemoryContext old = MemoryContextSwitchTo(set->context);

	CurrentResourceOwner = TopTransactionResourceOwner;
	PG_TRY();
	{
		set->file = BufFileCreateTemp(false);
	}
	PG_FINALLY();
	{
		CurrentResourceOwner = owner;
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
}

static RunBlock *
new_block(UseSet *set, Run *run)
{
	if (run->nblocks == run->allocated)
	{
		run->allocated = Max(run->allocated * 2, FIRST_BLOCKS);
		if (run->blocks)
			run->blocks = repalloc_huge(run->blocks, run->allocated * sizeof(RunBlock));
		else
			run->blocks = MemoryContextAllocHuge(set->context,
												 run->allocated * sizeof(RunBlock));
	}
	return &run->blocks[run->nblocks++];
}

/* The block is in the run once all of it is kept. */
static void
keep_block(UseSet *set, Run *run, const char *data, const BlockInfo *info)
{
	RunBlock	block = {.info = *info};

	if (set->spill)
	{
		BufFileTell(set->file, &block.fileno, &block.offset);
		BufFileWrite(set->file, (void *) data, info->len);
	}
	else
	{
		block.data = MemoryContextAlloc(set->context, info->len);
		memcpy(block.data, data, info->len);
	}
	*new_block(set, run) = block;
}

/* Keep the block that was written. */
static void
finish_block(UseSet *set, Run *run)
{
	BlockInfo	info;
	const char *data = block_end(set->writer, &info);

	keep_block(set, run, data, &info);
}

static void
write_run(UseSet *set, UseBuffer *buffer, Run *run)
{
	UseSource  *source = buffer_source(buffer, 0);

	block_begin(set->writer, BLOCK_BYTES);
	while (source->next(source))
		if (!block_put(set->writer, &source->entry))
		{
			finish_block(set, run);
			block_begin(set->writer, BLOCK_BYTES);
			if (!block_put(set->writer, &source->entry))
				elog(ERROR, "an entry does not fit an empty block");
		}
	finish_block(set, run);
	pfree(source);
}

static void
add_run(UseSet *set, const Run *run)
{
	if (set->nruns == set->runs_allocated)
	{
		int			allocated = Max(set->runs_allocated * 2, FIRST_BLOCKS);

		if (set->runs)
			set->runs = repalloc(set->runs, allocated * sizeof(Run));
		else
			set->runs = MemoryContextAlloc(set->context, allocated * sizeof(Run));
		set->runs_allocated = allocated;
	}
	set->runs[set->nruns++] = *run;
}

/* Go to the end of the file, if there is to be one. */
static void
go_to_end(UseSet *set)
{
	if (!set->spill)
		return;
	if (!set->file)
		open_file(set);
	if (BufFileSeek(set->file, set->end_fileno, set->end_offset, SEEK_SET) != 0)
		elog(ERROR, "could not seek in a temporary file");
}

static void
remember_end(UseSet *set)
{
	if (set->spill)
		BufFileTell(set->file, &set->end_fileno, &set->end_offset);
}

/* Turn a sorted buffer into a run. */
static void
turn_into_run(UseSet *set, UseBuffer *buffer)
{
	Run			run = {0};

	if (!set->writer)
	{
		MemoryContext old = MemoryContextSwitchTo(set->context);

		set->writer = block_writer();
		MemoryContextSwitchTo(old);
	}
	go_to_end(set);
	write_run(set, buffer, &run);
	remember_end(set);
	add_run(set, &run);
	buffer_reset(buffer);
}

/* Make room in a buffer that is full. */
static void
make_run(UseSet *set, UseBuffer *buffer)
{
	buffer_sort(buffer);
	if (buffer_bytes(buffer) >= set->budget / 2)	/* or they were mostly doubles */
		turn_into_run(set, buffer);
}

void
useset_add(UseSet *set, const UseEntry *entry)
{
	UseBuffer  *buffer = set->buffers[entry->key.kind == ROW_KEY_INT ? 0 : 1];

	if (buffer_bytes(buffer) >= set->budget)
		make_run(set, buffer);
	buffer_add(buffer, entry);
	set->added++;
}

/* ---- blocks that are made already ---- */

bool
useset_takes_blocks(const UseSet *set, int nblocks)
{
	return nblocks >= BLOCKS_OF_RUN &&
		(Size) nblocks * BLOCK_BYTES >= set->budget / RUNS_OF_BUDGET;
}

void
useset_begin_blocks(UseSet *set)
{
	static const Run none;

	for (int i = 0; i < 2; i++)
	{
		buffer_sort(set->buffers[i]);
		if (buffer_count(set->buffers[i]) > 0)
			turn_into_run(set, set->buffers[i]);
	}
	set->coming = set->nruns;
	add_run(set, &none);
}

void
useset_add_block(UseSet *set, const char *data, const BlockInfo *info)
{
	go_to_end(set);
	keep_block(set, &set->runs[set->coming], data, info);
	remember_end(set);
	set->added += info->entries;
}

int
useset_blocks(const UseSet *set)
{
	if (set->spill || set->nruns != 1 ||
		buffer_count(set->buffers[0]) > 0 || buffer_count(set->buffers[1]) > 0)
		return 0;
	return set->runs[0].nblocks;
}

const char *
useset_block(const UseSet *set, int n, BlockInfo *info)
{
	*info = set->runs[0].blocks[n].info;
	return set->runs[0].blocks[n].data;
}

/* ---- reading ---- */

typedef struct RunSource
{
	UseSource	source;
	UseSet	   *set;
	Run		   *run;
	int			next_block;
	BlockReader *reader;
	char		data[BLOCK_BYTES];
} RunSource;

/* The bytes of a block, in memory or read into `data`. */
static const char *
fetch_block(UseSet *set, const RunBlock *block, char *data)
{
	if (block->data)
		return block->data;
	if (BufFileSeek(set->file, block->fileno, block->offset, SEEK_SET) != 0 ||
		BufFileRead(set->file, data, block->info.len) != block->info.len)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read a temporary file of uses: %m")));
	return data;
}

static bool
run_next(UseSource *source)
{
	RunSource  *s = (RunSource *) source;

	for (;;)
	{
		if (s->next_block > 0 && block_get(s->reader, &source->entry))
			return true;
		if (s->next_block >= s->run->nblocks)
			return false;
		block_open(s->reader,
				   fetch_block(s->set, &s->run->blocks[s->next_block], s->data),
				   s->run->blocks[s->next_block].info.len);
		s->next_block++;
	}
}

static UseSource *
run_source(UseSet *set, Run *run, int64 priority)
{
	RunSource  *s = palloc0(sizeof(RunSource));

	s->source.priority = priority;
	s->source.next = run_next;
	s->set = set;
	s->run = run;
	s->reader = block_reader();
	return &s->source;
}

int64
useset_read(UseSet *set, UseMerge *merge, int64 priority)
{
	for (int i = 0; i < set->nruns; i++)
		merge_add(merge, run_source(set, &set->runs[i], priority++));
	for (int i = 0; i < 2; i++)
	{
		buffer_sort(set->buffers[i]);
		merge_add(merge, buffer_source(set->buffers[i], priority++));
	}
	return priority;
}

/* ---- asking ---- */

/* The first entry of a run that does not come before the last one asked for. */
typedef struct RunProbe
{
	int			block;			/* -1: none was opened */
	bool		has_entry;
	UseEntry	entry;
	BlockReader *reader;
	char		data[BLOCK_BYTES];
} RunProbe;

struct UseProbe
{
	UseSet	   *set;
	RunProbe   *runs;
	bool		has_asked;
	UseEntry	asked;			/* the last one; its bytes are in asked_bytes */
	char		asked_bytes[ROW_KEY_MAX];
};

UseProbe *
useset_probe(UseSet *set)
{
	UseProbe   *probe = palloc(sizeof(UseProbe));

	for (int i = 0; i < 2; i++)
		buffer_sort(set->buffers[i]);
	probe->set = set;
	probe->has_asked = false;
	probe->runs = MemoryContextAllocHuge(CurrentMemoryContext,
										 Max(set->nruns, 1) * sizeof(RunProbe));
	for (int i = 0; i < set->nruns; i++)
	{
		probe->runs[i].block = -1;
		probe->runs[i].has_entry = false;
		probe->runs[i].reader = block_reader();
	}
	return probe;
}

static void
open_probe(UseProbe *probe, RunProbe *place, const Run *run, int block)
{
	place->block = block;
	place->has_entry = false;
	if (block >= run->nblocks)
		return;
	block_open(place->reader,
			   fetch_block(probe->set, &run->blocks[block], place->data),
			   run->blocks[block].info.len);
	place->has_entry = block_get(place->reader, &place->entry);
}

/* The first block that may hold a subject. */
static int
first_block(const Run *run, int64 subject)
{
	int			low = 0;
	int			high = run->nblocks;

	while (low < high)
	{
		int			middle = low + (high - low) / 2;

		if (run->blocks[middle].info.last_subject < subject)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Forward: this entry does not come before the one asked for last. */
static bool
run_contains(UseProbe *probe, RunProbe *place, const Run *run, const UseEntry *entry, bool forward)
{
	int			block = first_block(run, entry->subject);

	if (!forward || place->block < block)
		open_probe(probe, place, run, block);
	while (place->has_entry)
	{
		int			order = use_entry_compare(&place->entry, entry);

		if (order >= 0)
			return order == 0;
		place->has_entry = block_get(place->reader, &place->entry);
		if (!place->has_entry)
			open_probe(probe, place, run, place->block + 1);
	}
	return false;
}

/* Is the entry in any run?  All are asked, so that all are where the next question begins. */
static bool
runs_contain(UseProbe *probe, const UseEntry *entry)
{
	bool		forward = probe->has_asked && use_entry_compare(&probe->asked, entry) <= 0;
	bool		found = false;

	for (int i = 0; i < probe->set->nruns; i++)
		found |= run_contains(probe, &probe->runs[i], &probe->set->runs[i], entry, forward);
	probe->has_asked = true;
	use_entry_keep(&probe->asked, entry, probe->asked_bytes);
	return found;
}

bool
useset_contains(UseProbe *probe, const UseEntry *entry)
{
	for (int i = 0; i < 2; i++)
		if (buffer_contains(probe->set->buffers[i], entry))
			return true;
	return runs_contain(probe, entry);
}
