/*
 * merge.c
 *		Merge sorted sequences with a binary heap of sources.
 *
 * Invariant: after the first call of merge_next(), sources[0] is the source
 * whose current entry comes first, and no source is exhausted.
 */
#include "postgres.h"

#include "use/merge.h"

struct UseMerge
{
	UseSource **sources;
	int			nsources;
	int			allocated;
	bool		started;
	bool		has_last;
	UseEntry	last;			/* returned last; its bytes are in last_bytes */
	char		last_bytes[ROW_KEY_MAX];
};

UseMerge *
merge_create(void)
{
	UseMerge   *merge = palloc0(sizeof(UseMerge));

	merge->allocated = 8;
	merge->sources = palloc(merge->allocated * sizeof(UseSource *));
	return merge;
}

void
merge_add(UseMerge *merge, UseSource *source)
{
	Assert(!merge->started);
	if (!source->next(source))
		return;
	if (merge->nsources == merge->allocated)
	{
		merge->allocated *= 2;
		merge->sources = repalloc(merge->sources, merge->allocated * sizeof(UseSource *));
	}
	merge->sources[merge->nsources++] = source;
}

bool
merge_is_empty(const UseMerge *merge)
{
	return merge->nsources == 0;
}

static inline bool
comes_before(const UseSource *a, const UseSource *b)
{
	int			order = use_entry_compare(&a->entry, &b->entry);

	return order < 0 || (order == 0 && a->priority < b->priority);
}

/* Let the source at a place sink to where it belongs. */
static void
sift_down(UseMerge *merge, int place)
{
	UseSource **s = merge->sources;
	UseSource  *sinking = s[place];

	for (;;)
	{
		int			child = 2 * place + 1;

		if (child >= merge->nsources)
			break;
		if (child + 1 < merge->nsources && comes_before(s[child + 1], s[child]))
			child++;
		if (!comes_before(s[child], sinking))
			break;
		s[place] = s[child];
		place = child;
	}
	s[place] = sinking;
}

/* The first source has gone on, or is at its end. */
static void
went_on(UseMerge *merge, bool has_entry)
{
	if (!has_entry)
		merge->sources[0] = merge->sources[--merge->nsources];
	if (merge->nsources > 1)
		sift_down(merge, 0);
}

static void
advance(UseMerge *merge)
{
	UseSource  *first = merge->sources[0];

	went_on(merge, first->next(first));
}

static bool
seek(UseSource *source, int64 subject)
{
	if (source->seek)
		return source->seek(source, subject);
	while (source->entry.subject < subject)
		if (!source->next(source))
			return false;
	return true;
}

static void
remember(UseMerge *merge, const UseEntry *entry)
{
	use_entry_keep(&merge->last, entry, merge->last_bytes);
	merge->has_last = true;
}

static void
start(UseMerge *merge)
{
	if (merge->started)
		return;
	merge->started = true;
	for (int i = merge->nsources / 2 - 1; i >= 0; i--)
		sift_down(merge, i);
}

void
merge_seek(UseMerge *merge, int64 subject)
{
	start(merge);
	while (merge->nsources > 0 && merge->sources[0]->entry.subject < subject)
		went_on(merge, seek(merge->sources[0], subject));
}

bool
merge_next(UseMerge *merge, UseEntry *entry, int64 *priority)
{
	start(merge);
	while (merge->nsources > 0 && merge->has_last &&
		   use_entry_compare(&merge->sources[0]->entry, &merge->last) == 0)
		advance(merge);
	if (merge->nsources == 0)
		return false;
	remember(merge, &merge->sources[0]->entry);
	*entry = merge->last;
	if (priority)
		*priority = merge->sources[0]->priority;
	advance(merge);
	return true;
}
