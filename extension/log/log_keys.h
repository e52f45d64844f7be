/*
 * log_keys.h
 *		Which key signs checkpoints of which size.
 */
#ifndef LOG_LOG_KEYS_H
#define LOG_LOG_KEYS_H

#include "utils/snapshot.h"

#include "core/checkpoint.h"

typedef struct LogKey
{
	char	   *vkey;
	cl_verifier verifier;		/* its name tells logs apart that go on after a loss */
	int64		from_size;		/* signs checkpoints of at least so many leaves; PG_INT64_MAX: its event waits */
	int64		trusted_size;	/* revoked: counts up to a checkpoint of this size; PG_INT64_MAX: it is not */
} LogKey;

typedef struct LogKeys
{
	int			n;
	LogKey	   *keys;			/* as they were declared */
} LogKeys;

/* All of them that a snapshot shows and that can be read, in the current memory context. */
extern LogKeys log_keys_read(Snapshot snapshot);

/* The same, put together key after key: false if one cannot be read.  Then what was revoked. */
extern bool log_keys_add(LogKeys *keys, const char *vkey, int64 event_id, Snapshot snapshot);
extern void log_keys_revoke(LogKeys *keys, Snapshot snapshot);

/* Up to which checkpoint a key is trusted; PG_INT64_MAX: it was not revoked. */
extern int64 log_keys_trusted(const char *vkey, Snapshot snapshot);

/* The key of a log that is in force at this size; NULL if there is none. */
extern const LogKey *log_keys_at(const LogKeys *keys, const char *log_origin, int64 size);

/* Open a note that one of the keys has signed; those of one log, or all for NULL. */
extern const LogKey *log_keys_open(const LogKeys *keys, const char *log_origin,
								   const char *note, cl_checkpoint *checkpoint);

#endif
