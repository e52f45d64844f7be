/*
 * bounds.h
 *		What others said of our checkpoints, and when: the bounds of time.
 */
#ifndef LOG_BOUNDS_H
#define LOG_BOUNDS_H

#include "datatype/timestamp.h"

#include "core/buffer.h"
#include "ledger/store.h"

#define BOUND_COSIGNATURE "cosignature"
#define BOUND_TIMESTAMP "timestamp"

/*
 * Keep a cosignature or token, which has been verified.  False if it is kept
 * already.  ERROR 22008 if its time lies in the future (allowing skew).
 */
extern bool bound_accept(int64 size, const char *kind, const char *name,
						 TimestampTz stated_time, cl_value evidence);

/*
 * What a row of consent.cosignature says of time: whoever built on it did so
 * not before the first, and what it covers was there by the second.  False for
 * a token that cannot be read.
 */
extern bool bound_times(Store *store, HeapTuple row, TimestampTz *not_before, TimestampTz *not_after);

#endif
