/*
 * one_subject.c
 *		The uses of one subject, over all runs.
 *
 * The index manifest_block_span has the blocks by the number of digits of the
 * width of what they span, then by where that ends.  A block less than 10^d
 * wide that holds a subject ends less than 10^d behind her, so that each
 * number of digits is one short range of the index.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "use/blocks.h"
#include "use/one_subject.h"
#include "use/part.h"
#include "use/tables.h"

#define SPAN_DIGITS InvalidAttrNumber	/* the expression of the index, as it names its column */
#define MOST_DIGITS 19			/* of a bigint */

/* A block that may hold uses of hers: where it is, and those uses once they are read. */
typedef struct BlockPlace
{
	int64		run_id;
	const char *table;
	int64		part;
	int32		block_no;
	int			nuses;
	UseEntry   *uses;			/* NULL: not read, there was no memory for them */
	ItemPointerData row;
} BlockPlace;

struct OneSubject
{
	int64		subject_no;
	Store	   *blocks;
	Snapshot	snapshot;
	MemoryContext context;
	List	   *tables;			/* their names, each once */
	BlockReader *reader;
	BlockPlace *places;			/* in order of run, table, part and number */
	int			nplaces;
	int			allocated;
	int			next;			/* of the places, to be read */
	int			run_end;		/* behind those of the run */
};

/* ---- finding ---- */

static const char *
keep_table(OneSubject *her, const char *name, Size len)
{
	ListCell   *cell;
	char	   *copy;

	foreach(cell, her->tables)
		if (strlen(lfirst(cell)) == len && memcmp(lfirst(cell), name, len) == 0)
			return lfirst(cell);
	copy = pnstrdup(name, len);
	her->tables = lappend(her->tables, copy);
	return copy;
}

/* Open a block where she is in it, if she is. */
static void
open_block(OneSubject *her, BlockReader *reader, Datum data, int64 run_id)
{
	int			len;
	const char *bytes = part_block_bytes(data, run_id, &len);

	block_open(reader, bytes, len);
	block_seek(reader, her->subject_no);
}

static inline bool
next_of_hers(OneSubject *her, BlockReader *reader, UseEntry *entry)
{
	return block_get(reader, entry) && entry->subject == her->subject_no;
}

static void
keep_use(BlockPlace *place, const UseEntry *entry, int *allocated)
{
	char	   *room = entry->key.kind == ROW_KEY_INT ? NULL : palloc(Max(entry->key.len, 1));

	if (place->nuses == *allocated)
	{
		*allocated = Max(1, 4 * *allocated);
		place->uses = place->uses ? repalloc(place->uses, *allocated * sizeof(UseEntry)) :
			palloc(*allocated * sizeof(UseEntry));
	}
	use_entry_keep(&place->uses[place->nuses++], entry, room);
}

/*
 * Read her uses while the block is at hand, since most of those found hold few
 * of them or none.  A block is never large, but she may be in many.
 */
static void
read_place(OneSubject *her, BlockPlace *place, Datum data)
{
	int			allocated = 0;
	UseEntry	entry;

	if (MemoryContextMemAllocated(her->context, false) > (Size) work_mem * 1024)
		return;
	open_block(her, her->reader, data, place->run_id);
	while (next_of_hers(her, her->reader, &entry))
		keep_use(place, &entry, &allocated);
	if (place->nuses == 0)
		her->nplaces--;
}

static void
keep_place(OneSubject *her, HeapTuple tuple)
{
	BlockPlace *place;
	Datum		values[Natts_manifest_block];
	bool		isnull[Natts_manifest_block];
	text	   *table;

	if (her->nplaces == her->allocated)
	{
		her->allocated *= 2;
		her->places = repalloc_huge(her->places, her->allocated * sizeof(BlockPlace));
	}
	heap_deform_tuple(tuple, RelationGetDescr(store_relation(her->blocks)), values, isnull);
	place = &her->places[her->nplaces++];
	memset(place, 0, sizeof(BlockPlace));
	place->run_id = DatumGetInt64(values[Anum_manifest_block_run_id - 1]);
	place->part = DatumGetInt64(values[Anum_manifest_block_part - 1]);
	table = DatumGetTextPP(values[Anum_manifest_block_table_name - 1]);
	place->table = keep_table(her, VARDATA_ANY(table), VARSIZE_ANY_EXHDR(table));
	place->block_no = DatumGetInt32(values[Anum_manifest_block_block_no - 1]);
	place->row = tuple->t_self;
	read_place(her, place, values[Anum_manifest_block_data - 1]);
}

/* Blocks that hold her number in their span, which is less than `limit` wide. */
static void
init_keys(ScanKey keys, int64 subject_no, int digits, int64 limit)
{
	int64		last = subject_no > PG_INT64_MAX - limit ? PG_INT64_MAX : subject_no + limit - 1;

	ScanKeyInit(&keys[0], SPAN_DIGITS, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(digits));
	store_key_int8_from(&keys[1], Anum_manifest_block_last_subject, subject_no);
	ScanKeyInit(&keys[2], Anum_manifest_block_last_subject, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(last));
	ScanKeyInit(&keys[3], Anum_manifest_block_first_subject, BTLessEqualStrategyNumber, F_INT8LE,
				Int64GetDatum(subject_no));
}

static void
find_places(OneSubject *her)
{
	StoreScan  *scan = NULL;
	int64		limit = 1;

	for (int digits = 1; digits <= MOST_DIGITS; digits++)
	{
		ScanKeyData keys[4];
		HeapTuple	tuple;

		limit = limit > PG_INT64_MAX / 10 ? PG_INT64_MAX : limit * 10;
		init_keys(keys, her->subject_no, digits, limit);
		if (scan)
			store_rescan(scan, keys);
		else
			scan = store_scan(her->blocks, "manifest_block_span", her->snapshot, lengthof(keys), keys);
		while ((tuple = store_next(scan)) != NULL)
			keep_place(her, tuple);
	}
	store_end(scan);
}

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static int
compare_places(const void *a, const void *b)
{
	const BlockPlace *x = a;
	const BlockPlace *y = b;
	int			order;

	if (x->run_id != y->run_id)
		return COMPARE(x->run_id, y->run_id);
	if (x->table != y->table && (order = strcmp(x->table, y->table)) != 0)
		return order;
	return x->part != y->part ? COMPARE(x->part, y->part) : COMPARE(x->block_no, y->block_no);
}

OneSubject *
one_subject_begin(Store *blocks, int64 subject_no)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent one subject",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	OneSubject *her = palloc0(sizeof(OneSubject));

	her->subject_no = subject_no;
	her->blocks = blocks;
	her->snapshot = GetActiveSnapshot();
	her->context = context;
	her->reader = block_reader();
	her->allocated = 64;
	her->places = palloc(her->allocated * sizeof(BlockPlace));
	find_places(her);
	qsort(her->places, her->nplaces, sizeof(BlockPlace), compare_places);
	MemoryContextSwitchTo(old);
	return her;
}

void
one_subject_end(OneSubject *her)
{
	MemoryContextDelete(her->context);
}

/* ---- reading ---- */

/* Her uses in a table of a part, from its blocks one after another. */
typedef struct HerSource
{
	UseSource	source;
	OneSubject *her;
	BlockPlace *place;			/* NULL at the beginning */
	BlockPlace *next;
	BlockPlace *end;			/* behind those of the part */
	int			use;			/* the next of those read at the place */
	BlockReader *reader;		/* of places that were not read; NULL until there is one */
	StringInfoData block;		/* a copy: nothing stays pinned */
} HerSource;

static void
open_unread(HerSource *s, BlockPlace *place)
{
	OneSubject *her = s->her;
	HeapTuple	tuple = store_row_at(her->blocks, &place->row, her->snapshot);
	bool		isnull;
	bytea	   *data;

	if (tuple == NULL)
		elog(ERROR, "a block of run " INT64_FORMAT " was here and is gone", place->run_id);
	if (s->reader == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(GetMemoryChunkContext(s));

		s->reader = block_reader();
		initStringInfo(&s->block);
		MemoryContextSwitchTo(old);
	}
	data = DatumGetByteaPP(store_get(her->blocks, tuple, Anum_manifest_block_data, &isnull));
	resetStringInfo(&s->block);
	appendBinaryStringInfo(&s->block, (char *) data, VARSIZE_ANY(data));
	open_block(her, s->reader, PointerGetDatum(s->block.data), place->run_id);
}

static bool
next_in_place(HerSource *s)
{
	const BlockPlace *place = s->place;

	if (place == NULL)
		return false;
	if (place->uses == NULL)
		return next_of_hers(s->her, s->reader, &s->source.entry);
	if (s->use == place->nuses)
		return false;
	s->source.entry = place->uses[s->use++];
	return true;
}

static bool
next_use(UseSource *source)
{
	HerSource  *s = (HerSource *) source;

	while (!next_in_place(s))
	{
		if (s->next == s->end)
			return false;
		s->place = s->next++;
		s->use = 0;
		if (s->place->uses == NULL)
			open_unread(s, s->place);
	}
	return true;
}

/* The uses between two places, which are of the same part and table. */
static UseSource *
her_source(OneSubject *her, int from, int end)
{
	HerSource  *s = palloc0(sizeof(HerSource));

	s->source.priority = her->places[from].part;
	s->source.next = next_use;
	s->her = her;
	s->next = &her->places[from];
	s->end = &her->places[end];
	return &s->source;
}

bool
one_subject_next_run(OneSubject *her, HerRun *run)
{
	her->next = her->run_end;
	if (her->next == her->nplaces)
		return false;
	run->run_id = her->places[her->next].run_id;
	run->first_part = PG_INT64_MAX;
	run->last_part = PG_INT64_MIN;
	while (her->run_end < her->nplaces && her->places[her->run_end].run_id == run->run_id)
	{
		int64		part = her->places[her->run_end++].part;

		run->first_part = Min(run->first_part, part);
		run->last_part = Max(run->last_part, part);
	}
	return true;
}

/* Behind the places of the same part and table as that one. */
static int
part_end(const OneSubject *her, int from)
{
	int			end = from + 1;

	while (end < her->run_end && her->places[end].table == her->places[from].table &&
		   her->places[end].part == her->places[from].part)
		end++;
	return end;
}

UseMerge *
one_subject_next_table(OneSubject *her, const char **table)
{
	while (her->next < her->run_end)
	{
		UseMerge   *merge = merge_create();

		*table = her->places[her->next].table;
		while (her->next < her->run_end && her->places[her->next].table == *table)
		{
			int			end = part_end(her, her->next);

			merge_add(merge, her_source(her, her->next, end));
			her->next = end;
		}
		if (!merge_is_empty(merge))
			return merge;
	}
	return NULL;
}
