/*
 * collected.h
 *		When rows of a protected table were collected, many at a time.
 */
#ifndef USE_COLLECTED_H
#define USE_COLLECTED_H

#include "datatype/timestamp.h"

#include "ledger/declared.h"
#include "use/entry.h"

typedef struct CollectedTimes CollectedTimes;

/* For how many rows to look at once: each time may read the whole table. */
extern int	collected_batch(void);

/* In the current memory context. */
extern CollectedTimes *collected_begin(void);
extern void collected_want(CollectedTimes *times, const RowKey *key);

/*
 * Look up all that are wanted, with the caller's rights; nothing if the table
 * is not here or has no such column.
 */
extern void collected_look_up(CollectedTimes *times, const ProtectedTable *table);

/* False if the row is gone, or its time is not known. */
extern bool collected_find(const CollectedTimes *times, const char *row_key, int len,
						   TimestampTz *collected);

/* Was the row there at all? */
extern bool collected_row_exists(const CollectedTimes *times, const char *row_key, int len);

/* Could rows be looked for: was the table here? */
extern bool collected_table_exists(const CollectedTimes *times);

#endif
