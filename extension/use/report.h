/*
 * report.h
 *		Report back by key what was used.
 */
#ifndef USE_REPORT_H
#define USE_REPORT_H

#include "utils/array.h"

#include "ledger/declared.h"

/* Of distinct row keys. */
typedef struct ReportCounts
{
	int64		added;
	int64		already;		/* recorded for this run before */
	int64		missing;		/* there is no such row: nothing is recorded */
	int64		not_permitted;	/* of those there: recorded all the same */
} ReportCounts;

extern ReportCounts report_keys(int64 run_id, const ProtectedTable *table,
								ArrayType *keys, int nkeys);

#endif
