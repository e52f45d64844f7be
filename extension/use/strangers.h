/*
 * strangers.h
 *		Keys of subjects that the ledger does not know yet, numbered in the
 *		order in which they were met.
 */
#ifndef USE_STRANGERS_H
#define USE_STRANGERS_H

typedef struct Strangers Strangers;

extern Strangers *strangers_create(MemoryContext context);

/* The place of a key, from 1 on; a new one if it was not met before. */
extern int32 strangers_place(Strangers *strangers, const char *key, int len);

extern int	strangers_count(const Strangers *strangers);

/* The place of a key, or 0. */
extern int32 strangers_find(const Strangers *strangers, const char *key);

/* The key at a place, NUL-terminated. */
extern const char *strangers_key(const Strangers *strangers, int32 place);

#endif
