/*
 * timestamps.h
 *		Time-stamping authorities that the ledger has registered.
 */
#ifndef LOG_TIMESTAMPS_H
#define LOG_TIMESTAMPS_H

#include "utils/snapshot.h"

#include "core/timestamp.h"

typedef struct TimestampAuthority
{
	char	   *name;
	cl_value	certificates;
} TimestampAuthority;

/* Those that a snapshot shows, in the current memory context. */
extern TimestampAuthority *timestamp_authorities(Snapshot snapshot, int *n);

/*
 * Verify a token against one after another; the first under which it is good,
 * or NULL with the reason why it is not under the last.
 */
extern const TimestampAuthority *timestamp_verify(const TimestampAuthority *authorities, int n,
												  cl_value token, const cl_hash imprint,
												  cl_timestamp *stamp, cl_timestamp_status *status);

/* The hash that is stamped: of the text of a checkpoint's note. */
extern void timestamp_imprint(const char *note, cl_hash imprint);

#endif
