/*
 * union.c
 *		All uses of a run, over its parts, each once.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "use/part.h"
#include "use/union.h"

#define HASH_BUFFER 65536

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

char **
union_tables(const RunPart *parts, int nparts, int *ntables)
{
	int			total = 0;
	int			kept = 0;
	char	  **names;

	for (int i = 0; i < nparts; i++)
		total += parts[i].ntables;
	names = palloc(Max(total, 1) * sizeof(char *));
	total = 0;
	for (int i = 0; i < nparts; i++)
		for (int j = 0; j < parts[i].ntables; j++)
			names[total++] = parts[i].tables[j];
	qsort(names, total, sizeof(char *), compare_names);
	for (int i = 0; i < total; i++)
		if (kept == 0 || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	*ntables = kept;
	return names;
}

static bool
part_has_table(const RunPart *part, const char *table)
{
	for (int i = 0; i < part->ntables; i++)
		if (strcmp(part->tables[i], table) == 0)
			return true;
	return false;
}

UseMerge *
union_read(Store *blocks, int64 run_id, const RunPart *parts, int nparts,
		   const char *table, int64 subject)
{
	UseMerge   *merge = merge_create();

	for (int i = 0; i < nparts; i++)
		if (part_has_table(&parts[i], table))
			merge_add(merge, part_source(blocks, run_id, &parts[i], table, subject));
	return merge;
}

/* ---- hash ---- */

/* Records are gathered, so that the hash is fed in large pieces. */
typedef struct Feeder
{
	PartHash   *hash;
	int			used;
	char		bytes[HASH_BUFFER];
} Feeder;

static void
feed(Feeder *feeder, const void *bytes, int len)
{
	if (feeder->used + len > HASH_BUFFER)
	{
		part_hash_bytes(feeder->hash, feeder->bytes, feeder->used);
		feeder->used = 0;
	}
	memcpy(feeder->bytes + feeder->used, bytes, len);
	feeder->used += len;
}

static void
feed_length(Feeder *feeder, uint32 len)
{
	len = pg_hton32(len);
	feed(feeder, &len, sizeof(len));
}

/* 'T', length, name of the table; then its uses. */
static void
feed_table(Feeder *feeder, const char *table)
{
	feed(feeder, "T", 1);
	feed_length(feeder, strlen(table));
	feed(feeder, table, strlen(table));
}

/* 'U', subject (eight bytes), verdict (one), length, text of the row key. */
static void
feed_use(Feeder *feeder, const UseEntry *entry)
{
	char		buf[ROW_KEY_TEXT_SIZE];
	int			len;
	const char *text = row_key_text(&entry->key, buf, &len);
	uint64		subject = pg_hton64((uint64) entry->subject);

	feed(feeder, "U", 1);
	feed(feeder, &subject, sizeof(subject));
	feed(feeder, &entry->code, 1);
	feed_length(feeder, len);
	feed(feeder, text, len);
}

void
union_hash(int64 run_id, const uint8 *salt, const RunPart *parts, int nparts,
		   UseProgress progress, void *arg, int64 *uses, uint8 *hash)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "consent union",
												  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(context);
	Store	   *blocks = store_open("manifest_block", AccessShareLock);
	Feeder	   *feeder = palloc(sizeof(Feeder));
	int			ntables;
	char	  **tables = union_tables(parts, nparts, &ntables);

	*uses = 0;
	feeder->hash = part_hash_begin(salt);
	feeder->used = 0;
	for (int i = 0; i < ntables; i++)
	{
		UseMerge   *merge = union_read(blocks, run_id, parts, nparts, tables[i], NO_PARTY);
		UseEntry	entry;

		feed_table(feeder, tables[i]);
		while (merge_next(merge, &entry, NULL))
		{
			feed_use(feeder, &entry);
			if (++*uses % 4096 != 0)
				continue;
			CHECK_FOR_INTERRUPTS();
			progress(*uses, arg);
		}
	}
	part_hash_bytes(feeder->hash, feeder->bytes, feeder->used);
	part_hash_end(feeder->hash, hash);
	store_close(blocks);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(context);
}
