/*
 * answers.c
 *		A hash table from subjects to their verdicts.
 *
 * Open addressing, at most two thirds full, nothing is ever removed.  The
 * bytes of keys are apart from the places: they are looked at only where a
 * hash of 64 bits is the same.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "gate/answers.h"

#define FEWEST_PLACES 64
#define ROOM_FOR_KEYS (64 * 1024)

static inline uint64
mix(uint64 number)
{
	number ^= number >> 32;
	number *= UINT64CONST(0xd6e8feb86659fd93);
	number ^= number >> 32;
	return number;
}

AnswerKey
answer_key_of_bytes(const char *bytes, int len)
{
	AnswerKey	key;

	key.number = hash_bytes_extended((const unsigned char *) bytes, len, 0);
	key.bytes = bytes;
	key.len = len;
	return key;
}

static uint64
places_for(double expected)
{
	return pg_nextpower2_64((uint64) Max(expected * 1.5, FEWEST_PLACES));
}

static size_t
bytes_for(uint64 places, bool by_bytes)
{
	return places * (sizeof(AnswerSlot) + (by_bytes ? sizeof(char *) : 0));
}

size_t
answers_size(double expected, bool by_bytes)
{
	return bytes_for(places_for(expected), by_bytes);
}

static bool
is_full(const Answers *answers)
{
	return answers->count * 3 >= (answers->mask + 1) * 2;
}

size_t
answers_growth(const Answers *answers)
{
	return is_full(answers) ? bytes_for(2 * (answers->mask + 1), answers->keys != NULL) : 0;
}

static void
make_places(Answers *answers, uint64 places, bool by_bytes)
{
	answers->mask = places - 1;
	answers->slots = MemoryContextAllocExtended(answers->context,
												places * sizeof(AnswerSlot),
												MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	answers->keys = !by_bytes ? NULL :
		MemoryContextAllocHuge(answers->context, places * sizeof(char *));
}

void
answers_init(Answers *answers, MemoryContext context, bool by_bytes, double expected)
{
	memset(answers, 0, sizeof(Answers));
	answers->context = context;
	make_places(answers, places_for(expected), by_bytes);
}

/* Keys that were kept stay until the context goes. */
void
answers_free(Answers *answers)
{
	pfree(answers->slots);
	if (answers->keys != NULL)
		pfree(answers->keys);
}

/* Keys are kept as their length in two bytes, and their bytes. */
static bool
is_key(const char *kept, const AnswerKey *key)
{
	uint16		len;

	memcpy(&len, kept, sizeof(len));
	return len == key->len && memcmp(kept + sizeof(len), key->bytes, len) == 0;
}

static const char *
keep_key(Answers *answers, const AnswerKey *key)
{
	uint16		len = key->len;
	size_t		size = sizeof(len) + len;
	char	   *kept;

	if (size > answers->room_left)
	{
		answers->room = MemoryContextAlloc(answers->context, ROOM_FOR_KEYS);
		answers->room_left = ROOM_FOR_KEYS;
	}
	kept = answers->room;
	memcpy(kept, &len, sizeof(len));
	memcpy(kept + sizeof(len), key->bytes, len);
	answers->room += size;
	answers->room_left -= size;
	return kept;
}

/* Where the subject is, or the free place where it would be. */
static inline uint64
find_place(const Answers *answers, const AnswerKey *key)
{
	uint64		place = mix(key->number) & answers->mask;

	while (answers->slots[place].answer != 0 &&
		   (answers->slots[place].number != key->number ||
			(key->bytes != NULL && !is_key(answers->keys[place], key))))
		place = (place + 1) & answers->mask;
	return place;
}

Answer *
answers_find(const Answers *answers, const AnswerKey *key)
{
	Answer	   *answer = &answers->slots[find_place(answers, key)].answer;

	return *answer == 0 ? NULL : answer;
}

static void
grow(Answers *answers)
{
	Answers		old = *answers;

	make_places(answers, 2 * (old.mask + 1), old.keys != NULL);
	for (uint64 i = 0; i <= old.mask; i++)
	{
		uint64		place = mix(old.slots[i].number) & answers->mask;

		if (old.slots[i].answer == 0)
			continue;
		while (answers->slots[place].answer != 0)
			place = (place + 1) & answers->mask;
		answers->slots[place] = old.slots[i];
		if (old.keys != NULL)
			answers->keys[place] = old.keys[i];
	}
	answers_free(&old);
}

Answer *
answers_add(Answers *answers, const AnswerKey *key)
{
	uint64		place;

	if (is_full(answers))
		grow(answers);
	place = find_place(answers, key);
	if (answers->slots[place].answer == 0)
	{
		answers->slots[place].number = key->number;
		answers->slots[place].answer = ANSWER_FRESH;
		if (answers->keys != NULL)
			answers->keys[place] = keep_key(answers, key);
		answers->count++;
	}
	return &answers->slots[place].answer;
}
