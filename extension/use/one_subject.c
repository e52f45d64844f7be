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

#include "utils/fmgroids.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "use/blocks.h"
#include "use/one_subject.h"
#include "use/part.h"
#include "use/tables.h"

#define SPAN_DIGITS InvalidAttrNumber	/* the expression of the index, as it names its column */
#define MOST_DIGITS 19			/* of a bigint */

/* Where a block is. */
typedef struct BlockPlace
{
	int64		run_id;
	const char *table;
	int64		part;
	int32		block_no;
	ItemPointerData row;
} BlockPlace;

struct OneSubject
{
	int64		subject_no;
	Store	   *blocks;
	Snapshot	snapshot;
	MemoryContext context;
	List	   *tables;			/* their names, each once */
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

static void
keep_place(OneSubject *her, HeapTuple tuple)
{
	BlockPlace *place;
	text	   *table;
	bool		isnull;

	if (her->nplaces == her->allocated)
	{
		her->allocated *= 2;
		her->places = repalloc_huge(her->places, her->allocated * sizeof(BlockPlace));
	}
	place = &her->places[her->nplaces++];
	place->run_id = DatumGetInt64(store_get(her->blocks, tuple, Anum_manifest_block_run_id, &isnull));
	place->part = DatumGetInt64(store_get(her->blocks, tuple, Anum_manifest_block_part, &isnull));
	table = DatumGetTextPP(store_get(her->blocks, tuple, Anum_manifest_block_table_name, &isnull));
	place->table = keep_table(her, VARDATA_ANY(table), VARSIZE_ANY_EXHDR(table));
	place->block_no = DatumGetInt32(store_get(her->blocks, tuple, Anum_manifest_block_block_no, &isnull));
	place->row = tuple->t_self;
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
	int			next;			/* of the places, to be opened */
	int			end;			/* behind those of the part */
	BlockReader *reader;
	bool		opened;
	int			room;
	char	   *data;			/* of the block: nothing stays pinned */
} HerSource;

static void
make_room(HerSource *s, int len)
{
	if (len <= s->room)
		return;
	if (s->data)
		pfree(s->data);
	s->data = MemoryContextAlloc(GetMemoryChunkContext(s), len);
	s->room = len;
}

static bool
open_next_block(HerSource *s)
{
	OneSubject *her = s->her;
	BlockPlace *place;
	HeapTuple	tuple;
	const char *bytes;
	int			len;

	if (s->next == s->end)
		return false;
	place = &her->places[s->next++];
	tuple = store_row_at(her->blocks, &place->row, her->snapshot);
	if (tuple == NULL)
		elog(ERROR, "a block of run " INT64_FORMAT " was here and is gone", place->run_id);
	bytes = part_block_bytes(her->blocks, tuple, place->run_id, &len);
	make_room(s, len);
	memcpy(s->data, bytes, len);
	block_open(s->reader, s->data, len);
	block_seek(s->reader, her->subject_no);
	return true;
}

static bool
next_use(UseSource *source)
{
	HerSource  *s = (HerSource *) source;

	while (!s->opened || !block_get(s->reader, &source->entry))
	{
		if (!open_next_block(s))
			return false;
		s->opened = true;
	}
	return source->entry.subject == s->her->subject_no;
}

/* The uses between two places, which are of the same part and table. */
static UseSource *
her_source(OneSubject *her, int from, int end)
{
	HerSource  *s = palloc0(sizeof(HerSource));

	s->source.priority = her->places[from].part;
	s->source.next = next_use;
	s->her = her;
	s->next = from;
	s->end = end;
	s->reader = block_reader();
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
