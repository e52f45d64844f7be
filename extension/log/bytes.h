/*
 * bytes.h
 *		Hashes and other bytes as values of type bytea.
 */
#ifndef LOG_BYTES_H
#define LOG_BYTES_H

#include "fmgr.h"

#include "compat.h"
#include "core/hash.h"

static inline Datum
bytes_datum(const void *bytes, size_t len)
{
	bytea	   *copy = palloc(VARHDRSZ + len);

	SET_VARSIZE(copy, VARHDRSZ + len);
	memcpy(VARDATA(copy), bytes, len);
	return PointerGetDatum(copy);
}

/* False if it has not the length of a hash. */
static inline bool
bytes_read_hash(bytea *value, uint8 *hash)
{
	if (VARSIZE_ANY_EXHDR(value) != CL_HASH_BYTES)
		return false;
	memcpy(hash, VARDATA_ANY(value), CL_HASH_BYTES);
	return true;
}

#endif
