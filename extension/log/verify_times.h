/*
 * verify_times.h
 *		The bounds that others' signatures set to the times of seals, for a pass
 *		over all of them.
 */
#ifndef LOG_VERIFY_TIMES_H
#define LOG_VERIFY_TIMES_H

#include "core/seal.h"
#include "log/verify.h"

/* What clocks may differ by. */
#define VERIFY_SKEW (INT64CONST(300) * USECS_PER_SEC)

typedef struct VerifyTimes VerifyTimes;

/* Some 100 bytes for each cosignature or time-stamp. */
extern VerifyTimes *verify_times_begin(Verify *v);

/* Bounds of what a seal holds; leaf below 0: it is not in the log. */
typedef struct TimeBounds
{
	TimestampTz not_before;		/* PG_INT64_MIN: none */
	const char *not_before_by;
	TimestampTz not_after;		/* PG_INT64_MAX: none */
	const char *not_after_by;
} TimeBounds;

extern TimeBounds verify_times_of(const VerifyTimes *times, const cl_seal *seal, int64 leaf);

/* Does a time lie outside by more than clocks differ? */
static inline bool
verify_times_outside(const TimeBounds *bounds, TimestampTz at)
{
	return (bounds->not_before_by && at < bounds->not_before - VERIFY_SKEW) ||
		(bounds->not_after_by && at > bounds->not_after + VERIFY_SKEW);
}

/* Report that it does. */
extern void verify_times_report(Verify *v, const TimeBounds *bounds, const char *kind, const char *thing,
								TimestampTz at);

#endif
