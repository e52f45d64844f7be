/*
 * strangers.c
 *		Keys of subjects that the ledger does not know yet.
 *
 * They stay in memory: one entry for each distinct subject, not for each use.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "utils/memutils.h"

#include "use/strangers.h"

typedef struct StrangerEntry
{
	const char *key;
	uint32		hash;
	int32		place;
	char		status;
} StrangerEntry;

#define SH_PREFIX stranger
#define SH_ELEMENT_TYPE StrangerEntry
#define SH_KEY_TYPE const char *
#define SH_KEY key
#define SH_HASH_KEY(tb, key) \
	hash_bytes((const unsigned char *) (key), (int) strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, a) (a)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct Strangers
{
	MemoryContext context;
	stranger_hash *places;
	const char **keys;
	int			count;
	int			allocated;
};

Strangers *
strangers_create(MemoryContext context)
{
	Strangers  *s = MemoryContextAllocZero(context, sizeof(Strangers));

	s->context = context;
	return s;
}

static void
make_room(Strangers *s)
{
	if (!s->places)
	{
		s->places = stranger_create(s->context, 64, NULL);
		s->allocated = 64;
		s->keys = MemoryContextAlloc(s->context, s->allocated * sizeof(char *));
	}
	else if (s->count == s->allocated)
	{
		s->keys = repalloc_huge(s->keys, (Size) s->allocated * 2 * sizeof(char *));
		s->allocated *= 2;
	}
}

int32
strangers_place(Strangers *s, const char *key, int len)
{
	char	   *copy = MemoryContextAlloc(s->context, len + 1);
	StrangerEntry *entry;
	bool		found;

	make_room(s);
	memcpy(copy, key, len);
	copy[len] = '\0';
	entry = stranger_insert(s->places, copy, &found);
	if (found)
		pfree(copy);
	else
	{
		entry->place = ++s->count;
		s->keys[entry->place - 1] = copy;
	}
	return entry->place;
}

int
strangers_count(const Strangers *s)
{
	return s->count;
}

const char *
strangers_key(const Strangers *s, int32 place)
{
	Assert(place >= 1 && place <= s->count);
	return s->keys[place - 1];
}

int32
strangers_find(const Strangers *s, const char *key)
{
	StrangerEntry *entry = s->places ? stranger_lookup(s->places, key) : NULL;

	return entry ? entry->place : 0;
}
