/*
 * buffer.c
 *		Entries in the order in which they came, sorted on demand.
 *
 * Two kinds: integer row keys as pairs of words, by radix sort; the others as
 * pointers into an arena, by quicksort with the place as the last key.  Both
 * are stable, so the first of equal entries stays.  The first `sorted` entries
 * are in order and without doubles.
 */
#include "postgres.h"

#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "use/buffer.h"

#define FIRST_CAPACITY 512
#define CODE_BITS 4
#define SMALL_SORT 64
#define FEW_SEQUENCES 16

typedef struct IntUse
{
	uint64		key;			/* with the sign flipped, so that it sorts */
	uint64		tag;			/* subject << CODE_BITS | code */
} IntUse;

typedef struct TextUse
{
	int64		subject;
	uint64		prefix;			/* the first bytes, big-endian */
	const char *bytes;
	uint32		place;
	uint16		len;
	uint8		kind;
	UseCode		code;
} TextUse;

struct UseBuffer
{
	bool		integers;
	int64		count;
	int64		sorted;
	int64		capacity;
	union
	{
		IntUse	   *ints;
		TextUse    *texts;
		void	   *any;
	}			u;
	Size		arena_bytes;
	MemoryContext arena;
	MemoryContext context;
};

static inline Size
entry_size(const UseBuffer *buffer)
{
	return buffer->integers ? sizeof(IntUse) : sizeof(TextUse);
}

UseBuffer *
buffer_create(MemoryContext context, bool integers)
{
	UseBuffer  *buffer = MemoryContextAllocZero(context, sizeof(UseBuffer));

	buffer->integers = integers;
	buffer->context = context;
	return buffer;
}

/* Forget the entries, keep the room for as many again. */
void
buffer_reset(UseBuffer *buffer)
{
	buffer->count = 0;
	buffer->sorted = 0;
	buffer->arena_bytes = 0;
	if (buffer->arena)
		MemoryContextReset(buffer->arena);
}

Size
buffer_bytes(const UseBuffer *buffer)
{
	return buffer->count * entry_size(buffer) + buffer->arena_bytes;
}

int64
buffer_count(const UseBuffer *buffer)
{
	return buffer->count;
}

static void
grow(UseBuffer *buffer)
{
	int64		capacity = Max(buffer->capacity * 2, FIRST_CAPACITY);
	Size		size = capacity * entry_size(buffer);

	if (buffer->u.any)
		buffer->u.any = repalloc_huge(buffer->u.any, size);
	else
		buffer->u.any = MemoryContextAllocHuge(buffer->context, size);
	buffer->capacity = capacity;
}

static uint64
prefix_of(const char *bytes, int len)
{
	uint64		prefix = 0;

	memcpy(&prefix, bytes, Min(len, (int) sizeof(prefix)));
	return pg_ntoh64(prefix);
}

static inline int
int_compare(const IntUse *a, const IntUse *b)
{
	uint64		sa = a->tag >> CODE_BITS;
	uint64		sb = b->tag >> CODE_BITS;

	if (sa != sb)
		return sa < sb ? -1 : 1;
	return a->key < b->key ? -1 : a->key > b->key;
}

/* Order of entries without their places. */
static int
text_compare(const TextUse *a, const TextUse *b)
{
	int			order;

	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->prefix != b->prefix)
		return a->prefix < b->prefix ? -1 : 1;
	order = memcmp(a->bytes, b->bytes, Min(a->len, b->len));
	return order != 0 ? order : (int) a->len - (int) b->len;
}

static void
add_text(UseBuffer *buffer, const UseEntry *entry)
{
	TextUse    *use = &buffer->u.texts[buffer->count];
	char	   *copy;

	if (!buffer->arena)
		buffer->arena = AllocSetContextCreate(buffer->context, "row keys",
											  ALLOCSET_DEFAULT_SIZES);
	copy = MemoryContextAlloc(buffer->arena, Max(entry->key.len, 1));
	memcpy(copy, entry->key.bytes, entry->key.len);
	buffer->arena_bytes += entry->key.len + 16;
	use->subject = entry->subject;
	use->prefix = prefix_of(copy, entry->key.len);
	use->bytes = copy;
	use->place = buffer->count;
	use->len = entry->key.len;
	use->kind = entry->key.kind;
	use->code = entry->code;
}

/* Does the last entry come after the one before it? */
static inline bool
last_is_in_order(const UseBuffer *buffer)
{
	int64		last = buffer->count - 1;

	if (last == 0)
		return true;
	return buffer->integers ?
		int_compare(&buffer->u.ints[last - 1], &buffer->u.ints[last]) < 0 :
		text_compare(&buffer->u.texts[last - 1], &buffer->u.texts[last]) < 0;
}

void
buffer_add(UseBuffer *buffer, const UseEntry *entry)
{
	if (buffer->count == buffer->capacity)
		grow(buffer);
	if (buffer->integers)
	{
		IntUse	   *use = &buffer->u.ints[buffer->count];

		use->key = (uint64) entry->key.number ^ (UINT64CONST(1) << 63);
		use->tag = (uint64) entry->subject << CODE_BITS | entry->code;
	}
	else
		add_text(buffer, entry);
	buffer->count++;
	if (buffer->sorted == buffer->count - 1 && last_is_in_order(buffer))
		buffer->sorted = buffer->count;
}

/* ---- integers ---- */

static void
insertion_sort(IntUse *uses, int64 n)
{
	for (int64 i = 1; i < n; i++)
	{
		IntUse		moving = uses[i];
		int64		j = i;

		for (; j > 0 && int_compare(&uses[j - 1], &moving) > 0; j--)
			uses[j] = uses[j - 1];
		uses[j] = moving;
	}
}

/* One stable pass over a byte of the key or of the subject. */
static void
radix_pass(const IntUse *from, IntUse *to, int64 n, bool by_key, int shift)
{
	int64		start[256] = {0};
	int64		sum = 0;

	for (int64 i = 0; i < n; i++)
		start[((by_key ? from[i].key : from[i].tag) >> shift) & 255]++;
	for (int b = 0; b < 256; b++)
	{
		int64		count = start[b];

		start[b] = sum;
		sum += count;
	}
	for (int64 i = 0; i < n; i++)
		to[start[((by_key ? from[i].key : from[i].tag) >> shift) & 255]++] = from[i];
}

/*
 * Radix sort over those bytes in which the entries differ at all; over those of
 * the subject alone where keys come in order, as they do from a scan.
 */
static void
radix_sort(IntUse *uses, int64 n, IntUse *scratch)
{
	uint64		key_differs = 0;
	uint64		tag_differs = 0;
	bool		keys_ascend = true;
	IntUse	   *from = uses;
	IntUse	   *to = scratch;

	for (int64 i = 1; i < n; i++)
	{
		key_differs |= uses[i].key ^ uses[0].key;
		tag_differs |= uses[i].tag ^ uses[0].tag;
		keys_ascend &= uses[i - 1].key <= uses[i].key;
	}
	for (int pass = keys_ascend ? 8 : 0; pass < 16; pass++)
	{
		bool		by_key = pass < 8;
		int			shift = by_key ? pass * 8 : (pass - 8) * 8 + CODE_BITS;
		uint64		differs = by_key ? key_differs : tag_differs;
		IntUse	   *swap = from;

		if (((differs >> shift) & 255) == 0)
			continue;
		radix_pass(from, to, n, by_key, shift);
		from = to;
		to = swap;
	}
	if (from != uses)
		memcpy(uses, from, n * sizeof(IntUse));
}

/* Merge two neighbours, each in order; of equal entries those of the first come first. */
static void
merge_neighbours(const IntUse *from, int64 begin, int64 middle, int64 end, IntUse *to)
{
	int64		a = begin;
	int64		b = middle;

	for (int64 i = begin; i < end; i++)
		to[i] = b >= end || (a < middle && int_compare(&from[a], &from[b]) <= 0) ?
			from[a++] : from[b++];
}

/*
 * Where a few sequences in order follow each other, as when manifests are
 * united, merge them.  False if there are more of them.
 */
static bool
merge_few(IntUse *uses, int64 n, IntUse *scratch)
{
	int64		ends[FEW_SEQUENCES];
	int			nends = 0;
	IntUse	   *from = uses;
	IntUse	   *to = scratch;

	for (int64 i = 1; i <= n; i++)
	{
		if (i < n && int_compare(&uses[i - 1], &uses[i]) <= 0)
			continue;
		if (nends == FEW_SEQUENCES)
			return false;
		ends[nends++] = i;
	}
	while (nends > 1)
	{
		IntUse	   *swap = from;
		int			kept = 0;

		for (int i = 0; i < nends; i += 2)
		{
			int64		end = ends[Min(i + 1, nends - 1)];

			merge_neighbours(from, i == 0 ? 0 : ends[i - 1], ends[i], end, to);
			ends[kept++] = end;
		}
		nends = kept;
		from = to;
		to = swap;
	}
	if (from != uses)
		memcpy(uses, from, n * sizeof(IntUse));
	return true;
}

static void
sort_ints(UseBuffer *buffer)
{
	IntUse	   *uses = buffer->u.ints;
	int64		kept = 0;

	if (buffer->count <= SMALL_SORT)
		insertion_sort(uses, buffer->count);
	else
	{
		IntUse	   *scratch = MemoryContextAllocHuge(buffer->context,
													 buffer->count * sizeof(IntUse));

		if (!merge_few(uses, buffer->count, scratch))
			radix_sort(uses, buffer->count, scratch);
		pfree(scratch);
	}
	for (int64 i = 0; i < buffer->count; i++)
		if (kept == 0 || int_compare(&uses[kept - 1], &uses[i]) != 0)
			uses[kept++] = uses[i];
	buffer->count = kept;
}

/* ---- other keys ---- */

static int
text_compare_places(const void *va, const void *vb)
{
	const TextUse *a = va;
	const TextUse *b = vb;
	int			order = text_compare(a, b);

	if (order != 0)
		return order;
	return a->place < b->place ? -1 : a->place > b->place;
}

static void
sort_texts(UseBuffer *buffer)
{
	TextUse    *uses = buffer->u.texts;
	int64		kept = 0;

	qsort(uses, buffer->count, sizeof(TextUse), text_compare_places);
	for (int64 i = 0; i < buffer->count; i++)
		if (kept == 0 || text_compare(&uses[kept - 1], &uses[i]) != 0)
			uses[kept++] = uses[i];
	for (int64 i = 0; i < kept; i++)
		uses[i].place = i;
	buffer->count = kept;
}

void
buffer_sort(UseBuffer *buffer)
{
	if (buffer->sorted == buffer->count)
		return;
	if (buffer->integers)
		sort_ints(buffer);
	else
		sort_texts(buffer);
	buffer->sorted = buffer->count;
}

/* ---- reading ---- */

typedef struct BufferSource
{
	UseSource	source;
	UseBuffer  *buffer;
	int64		place;
} BufferSource;

static void
get_entry(const UseBuffer *buffer, int64 i, UseEntry *entry)
{
	if (buffer->integers)
	{
		const IntUse *use = &buffer->u.ints[i];

		entry->subject = use->tag >> CODE_BITS;
		entry->code = use->tag & ((1 << CODE_BITS) - 1);
		entry->key.kind = ROW_KEY_INT;
		entry->key.number = (int64) (use->key ^ (UINT64CONST(1) << 63));
		entry->key.bytes = NULL;
		entry->key.len = 0;
	}
	else
	{
		const TextUse *use = &buffer->u.texts[i];

		entry->subject = use->subject;
		entry->code = use->code;
		entry->key.kind = use->kind;
		entry->key.number = 0;
		entry->key.bytes = use->bytes;
		entry->key.len = use->len;
	}
}

static bool
buffer_next(UseSource *source)
{
	BufferSource *s = (BufferSource *) source;

	if (s->place >= s->buffer->count)
		return false;
	get_entry(s->buffer, s->place++, &source->entry);
	return true;
}

UseSource *
buffer_source(UseBuffer *buffer, int64 priority)
{
	BufferSource *s = palloc0(sizeof(BufferSource));

	Assert(buffer->sorted == buffer->count);
	s->source.priority = priority;
	s->source.next = buffer_next;
	s->buffer = buffer;
	return &s->source;
}

bool
buffer_contains(UseBuffer *buffer, const UseEntry *entry)
{
	int64		low = 0;
	int64		high = buffer->count;

	if (buffer->integers != (entry->key.kind == ROW_KEY_INT))
		return false;
	while (low < high)
	{
		int64		middle = low + (high - low) / 2;
		UseEntry	found;
		int			order;

		get_entry(buffer, middle, &found);
		order = use_entry_compare(&found, entry);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
