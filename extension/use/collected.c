/*
 * collected.c
 *		When rows of a protected table were collected, many at a time.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/shmem.h"

#include "use/collected.h"
#include "use/lookup.h"
#include "use/strangers.h"

#define BYTES_PER_ROW 256		/* of a row that is looked up and of a use that waits for it */
#define BATCH_MIN 8192
#define BATCH_MAX 1000000

typedef struct CollectedTime
{
	bool		exists;
	bool		known;
	TimestampTz at;
} CollectedTime;

struct CollectedTimes
{
	Strangers  *keys;			/* row keys, by place */
	CollectedTime *times;		/* NULL: nothing was looked up */
	bool		table_exists;
};

int
collected_batch(void)
{
	return Min(Max(work_mem * (int64) 1024 / BYTES_PER_ROW, BATCH_MIN), BATCH_MAX);
}

CollectedTimes *
collected_begin(void)
{
	CollectedTimes *times = palloc0(sizeof(CollectedTimes));

	times->keys = strangers_create(CurrentMemoryContext);
	return times;
}

void
collected_want(CollectedTimes *times, const RowKey *key)
{
	char		buf[ROW_KEY_TEXT_SIZE];
	int			len;
	const char *text = row_key_text(key, buf, &len);

	strangers_place(times->keys, text, len);
}

static void
found_row(const FoundRow *row, void *arg)
{
	CollectedTime *time = &((CollectedTimes *) arg)->times[row->place - 1];

	time->exists = true;
	time->known = row->has_collected;
	time->at = row->collected;
}

void
collected_look_up(CollectedTimes *times, const ProtectedTable *table)
{
	int			n = strangers_count(times->keys);
	Oid			relid;

	if (n == 0)
		return;
	times->times = palloc0(mul_size(n, sizeof(CollectedTime)));
	relid = lookup_relation(table, true);
	times->table_exists = OidIsValid(relid);
	if (times->table_exists)
		lookup_rows(relid, table, times->keys, found_row, times);
}

static const CollectedTime *
find(const CollectedTimes *times, const char *row_key, int len)
{
	int32		place = strangers_find(times->keys, pnstrdup(row_key, len));

	return times->times && place > 0 ? &times->times[place - 1] : NULL;
}

bool
collected_find(const CollectedTimes *times, const char *row_key, int len,
			   TimestampTz *collected)
{
	const CollectedTime *time = find(times, row_key, len);

	if (!time || !time->known)
		return false;
	*collected = time->at;
	return true;
}

bool
collected_row_exists(const CollectedTimes *times, const char *row_key, int len)
{
	const CollectedTime *time = find(times, row_key, len);

	return time && time->exists;
}

bool
collected_table_exists(const CollectedTimes *times)
{
	return times->table_exists;
}
