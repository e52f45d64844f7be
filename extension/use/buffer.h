/*
 * buffer.h
 *		Entries in the order in which they came, sorted on demand.
 */
#ifndef USE_BUFFER_H
#define USE_BUFFER_H

#include "use/entry.h"
#include "use/merge.h"

typedef struct UseBuffer UseBuffer;

/* Integer row keys take 16 bytes an entry, others 32 and the key. */
extern UseBuffer *buffer_create(MemoryContext context, bool integers);
extern void buffer_reset(UseBuffer *buffer);

extern void buffer_add(UseBuffer *buffer, const UseEntry *entry);
extern Size buffer_bytes(const UseBuffer *buffer);
extern int64 buffer_count(const UseBuffer *buffer);

/* Sort and drop doubles; of equal entries the one added first stays. */
extern void buffer_sort(UseBuffer *buffer);

/* Read a sorted buffer. */
extern UseSource *buffer_source(UseBuffer *buffer, int64 priority);
extern bool buffer_contains(UseBuffer *buffer, const UseEntry *entry);

#endif
