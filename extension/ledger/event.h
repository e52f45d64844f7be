/*
 * event.h
 *		Events as rows of consent.event_log and as canonical bytes.
 */
#ifndef LEDGER_EVENT_H
#define LEDGER_EVENT_H

#include "core/event.h"

/*
 * Write the canonical bytes of a row (columns as in tables.h).  Returns their
 * length, which exceeds cap when they do not fit.  Leaves garbage in the
 * current memory context.
 */
extern size_t event_encode_row(const Datum *values, const bool *isnull,
							   char *out, size_t cap);

#endif
