/*
 * collected.c
 *		When rows of a protected table were collected, many at a time.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

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
	CollectedTimes *times = arg;
	int32		place = strangers_find(times->keys, row->row_key);

	if (place == 0)
		return;
	times->times[place - 1].exists = true;
	times->times[place - 1].known = row->has_collected;
	times->times[place - 1].at = row->collected;
}

void
collected_look_up(CollectedTimes *times, const ProtectedTable *table)
{
	int			n = strangers_count(times->keys);
	Datum	   *keys;

	if (n == 0)
		return;
	keys = palloc(n * sizeof(Datum));
	for (int i = 0; i < n; i++)
		keys[i] = CStringGetTextDatum(strangers_key(times->keys, i + 1));
	times->times = palloc0(n * sizeof(CollectedTime));
	times->table_exists =
		lookup_rows(table, construct_array(keys, n, TEXTOID, -1, false, TYPALIGN_INT),
					found_row, times);
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
