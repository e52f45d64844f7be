/*
 * usetable.c
 *		The uses of one protected table.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/memutils.h"

#include "ledger/intake.h"
#include "use/usetable.h"

UseTable *
usetable_create(MemoryContext parent, const char *known_as, Size budget, bool spill)
{
	MemoryContext context = AllocSetContextCreate(parent, "consent uses of a table",
												  ALLOCSET_START_SMALL_SIZES);
	UseTable   *table = MemoryContextAllocZero(context, sizeof(UseTable));

	table->context = context;
	table->known_as = MemoryContextStrdup(context, known_as);
	table->budget = budget;
	table->spill = spill;
	table->known = useset_create(context, budget, spill);
	return table;
}

void
usetable_destroy(UseTable *table)
{
	useset_destroy(table->known);
	if (table->unknown)
		useset_destroy(table->unknown);
	if (table->settled)
		useset_destroy(table->settled);
	MemoryContextDelete(table->context);
}

void
usetable_add(UseTable *table, const UseEntry *entry,
			 const char *subject_key)
{
	UseEntry	by_place = *entry;

	if (!subject_key)
	{
		useset_add(table->known, entry);
		return;
	}
	if (!table->unknown)
	{
		table->strangers = strangers_create(table->context);
		table->unknown = useset_create(table->context, table->budget, table->spill);
	}
	by_place.subject = strangers_place(table->strangers, subject_key, strlen(subject_key));
	useset_add(table->unknown, &by_place);
}

/* The numbers of all strangers, by place. */
static int64 *
number_strangers(const Strangers *strangers)
{
	int			n = strangers_count(strangers);
	const char **keys = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(char *));
	int64	   *numbers = MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(int64));

	for (int i = 0; i < n; i++)
		keys[i] = strangers_key(strangers, i + 1);
	intake_subject_numbers(keys, n, numbers);
	pfree(keys);
	return numbers;
}

/* Make a set by number of the uses by strangers. */
static void
settle_strangers(UseTable *table)
{
	int64	   *numbers = number_strangers(table->strangers);
	UseMerge   *merge = merge_create();
	UseEntry	entry;

	if (table->settled)
		useset_destroy(table->settled);
	table->settled = NULL;
	table->settled = useset_create(table->context, table->budget, table->spill);
	useset_read(table->unknown, merge, 0);
	while (merge_next(merge, &entry, NULL))
	{
		CHECK_FOR_INTERRUPTS();
		entry.subject = numbers[entry.subject - 1];
		useset_add(table->settled, &entry);
	}
	pfree(numbers);
}

/*
 * A subject that became known in between has uses in both sets: what was seen
 * while it was unknown came first.
 */
UseMerge *
usetable_read(UseTable *table)
{
	UseMerge   *merge = merge_create();
	int64		priority = 0;

	if (table->unknown)
	{
		settle_strangers(table);
		priority = useset_read(table->settled, merge, priority);
	}
	useset_read(table->known, merge, priority);
	return merge;
}

UseTable *
usetable_find(List *tables, const char *known_as)
{
	ListCell   *lc;

	foreach(lc, tables)
	{
		UseTable   *table = lfirst(lc);

		if (strcmp(table->known_as, known_as) == 0)
			return table;
	}
	return NULL;
}

static int
by_name(const ListCell *a, const ListCell *b)
{
	return strcmp(((UseTable *) lfirst(a))->known_as, ((UseTable *) lfirst(b))->known_as);
}

void
usetable_sort(List *tables)
{
	list_sort(tables, by_name);
}
