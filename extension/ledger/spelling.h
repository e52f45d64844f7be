/*
 * spelling.h
 *		The one spelling of numbers and UUIDs in keys: that of their types' output.
 */
#ifndef LEDGER_SPELLING_H
#define LEDGER_SPELLING_H

/* Decimal, no sign but '-', no leading zeros, within bigint; fills in *value. */
extern bool spelling_is_bigint(const char *s, size_t len, int64 *value);

/* Lower case, with hyphens. */
extern bool spelling_is_uuid(const char *s, size_t len);

#endif
