/*
 * report.h
 *		Report back by key what was used.
 */
#ifndef USE_REPORT_H
#define USE_REPORT_H

#include "ledger/declared.h"
#include "use/strangers.h"

/* Of distinct row keys. */
typedef struct ReportCounts
{
	int64		added;
	int64		already;		/* recorded for this run before */
	int64		missing;		/* there is no such row: nothing is recorded */
	int64		not_permitted;	/* of those there: recorded all the same */
} ReportCounts;

/* Record the rows with these keys. */
extern ReportCounts report_keys(int64 run_id, const ProtectedTable *table,
								const Strangers *keys);

#endif
