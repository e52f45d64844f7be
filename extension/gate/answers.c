/*
 * answers.c
 *		A hash table from subjects to their verdicts.
 *
 * Open addressing, at most two thirds full, nothing is ever removed.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "common/hashfn.h"
#include "port/pg_bitutils.h"
#include "utils/memutils.h"

#include "gate/answers.h"

#define FEWEST_PLACES 64
#define HUGE_PAGE ((size_t) 2 * 1024 * 1024)
#define LARGE_TABLE (4 * HUGE_PAGE)
#define ROOM_FOR_KEYS (64 * 1024)
#define LONG_KEY PG_UINT8_MAX	/* in place of a length */
#define DRAWN_NEIGHBOURS 4

static inline uint64
mix(uint64 number)
{
	number ^= number >> 32;
	number *= UINT64CONST(0xd6e8feb86659fd93);
	number ^= number >> 32;
	return number;
}

AnswerKey
answer_key_of_number(uint64 number)
{
	AnswerKey	key = {mix(number), {number}, NULL, 0};

	return key;
}

/* A cache line of places for neighbours; more would make long clusters. */
static inline uint64
mix_drawn(uint64 number)
{
	return mix(number / DRAWN_NEIGHBOURS) * DRAWN_NEIGHBOURS + number % DRAWN_NEIGHBOURS;
}

AnswerKey
answer_key_of_drawn(uint64 number)
{
	AnswerKey	key = {mix_drawn(number), {number}, NULL, 0};

	return key;
}

AnswerKey
answer_key_of_bytes(const char *bytes, int len)
{
	AnswerKey	key = {hash_bytes_extended((const unsigned char *) bytes, len, 0)};
	bool		is_long = len > ANSWER_KEY_INLINE;
	char	   *image = (char *) key.words;

	image[0] = is_long ? LONG_KEY : len;
	if (is_long)
	{
		key.words[1] = key.hash;
		key.bytes = bytes;
		key.len = len;
	}
	else
		memcpy(image + 1, bytes, len);
	return key;
}

/* ---- memory ---- */

static uint64
places_for(double expected)
{
	return pg_nextpower2_64((uint64) Max(expected * 1.5, FEWEST_PLACES));
}

static int
words_of_key(AnswerKeys keys)
{
	return keys == ANSWER_BYTES ? ANSWER_KEY_WORDS : 1;
}

static size_t
bytes_for(uint64 places, int words)
{
	return places * (1 + words) * sizeof(uint64);
}

size_t
answers_size(double expected, AnswerKeys keys)
{
	return bytes_for(places_for(expected), words_of_key(keys));
}

static inline bool
is_full(const Answers *answers)
{
	return answers->count * 3 >= (answers->mask + 1) * 2;
}

size_t
answers_growth(const Answers *answers)
{
	return is_full(answers) ? bytes_for(2 * (answers->mask + 1), answers->words) : 0;
}

/*
 * A large table is looked into at random: each look would first wait for the
 * address of its page, if pages were not large as well.
 */
static void
use_huge_pages(void *memory, size_t size)
{
#ifdef MADV_HUGEPAGE
	(void) madvise(memory, size, MADV_HUGEPAGE);	/* a hint: failing does no harm */
#endif
}

/* No place may lie across two cache lines, hence the alignment. */
static void
make_places(Answers *answers, uint64 places)
{
	size_t		size = bytes_for(places, answers->words);
	bool		large = size >= LARGE_TABLE;
	size_t		alignment = large ? HUGE_PAGE : PG_CACHE_LINE_SIZE;

	answers->mask = places - 1;
	answers->allocated = MemoryContextAllocHuge(answers->context, size + alignment);
	answers->places = (uint64 *) TYPEALIGN(alignment, answers->allocated);
	if (large)
		use_huge_pages(answers->places, size);
	memset(answers->places, 0, size);
}

void
answers_init(Answers *answers, MemoryContext context, AnswerKeys keys, double expected)
{
	memset(answers, 0, sizeof(Answers));
	answers->context = context;
	answers->keys = keys;
	answers->words = words_of_key(keys);
	make_places(answers, places_for(expected));
}

/* Long keys that were kept stay until the context goes. */
void
answers_free(Answers *answers)
{
	pfree(answers->allocated);
}

/* A long key is kept as its length in two bytes, and its bytes. */
static const char *
keep_bytes(Answers *answers, const AnswerKey *key)
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

/* ---- places ---- */

static inline uint64 *
place_at(const Answers *answers, uint64 index)
{
	return answers->places + index * (1 + answers->words);
}

void
answers_prefetch(const Answers *answers, const AnswerKey *key)
{
#ifdef __GNUC__
	__builtin_prefetch(place_at(answers, key->hash & answers->mask));
#endif
}

static bool
same_bytes(uint64 kept_word, const AnswerKey *key)
{
	const char *kept = (const char *) (uintptr_t) kept_word;
	uint16		len;

	memcpy(&len, kept, sizeof(len));
	return len == key->len && memcmp(kept + sizeof(len), key->bytes, len) == 0;
}

static inline bool
has_key(const Answers *answers, const uint64 *place, const AnswerKey *key)
{
	if (place[1] != key->words[0])
		return false;
	if (answers->words == 1)
		return true;
	return place[2] == key->words[1] &&
		(key->bytes != NULL ? same_bytes(place[3], key) : place[3] == key->words[2]);
}

/* Where the subject is, or the free place where it would be. */
static inline uint64 *
find_place(const Answers *answers, const AnswerKey *key)
{
	for (uint64 index = key->hash;; index++)
	{
		uint64	   *place = place_at(answers, index & answers->mask);

		if (*place == 0 || has_key(answers, place, key))
			return place;
	}
}

Answer *
answers_find(const Answers *answers, const AnswerKey *key)
{
	Answer	   *answer = find_place(answers, key);

	return *answer == 0 ? NULL : answer;
}

/* The hash of the key in a place. */
static uint64
hash_at(const Answers *answers, const uint64 *place)
{
	const unsigned char *image = (const unsigned char *) (place + 1);

	if (answers->words == 1)
		return answers->keys == ANSWER_DRAWN ? mix_drawn(place[1]) : mix(place[1]);
	return image[0] == LONG_KEY ? place[2] : hash_bytes_extended(image + 1, image[0], 0);
}

static void
grow(Answers *answers)
{
	Answers		old = *answers;

	make_places(answers, 2 * (old.mask + 1));
	for (uint64 i = 0; i <= old.mask; i++)
	{
		const uint64 *from = place_at(&old, i);
		uint64		index;

		if (*from == 0)
			continue;
		for (index = hash_at(&old, from); *place_at(answers, index & answers->mask) != 0;)
			index++;
		memcpy(place_at(answers, index & answers->mask), from,
			   (1 + answers->words) * sizeof(uint64));
	}
	answers_free(&old);
}

Answer *
answers_add(Answers *answers, const AnswerKey *key)
{
	uint64	   *place;

	if (is_full(answers))
		grow(answers);
	place = find_place(answers, key);
	if (*place == 0)
	{
		*place = ANSWER_FRESH;
		memcpy(place + 1, key->words, answers->words * sizeof(uint64));
		if (key->bytes != NULL)
			place[3] = (uint64) (uintptr_t) keep_bytes(answers, key);
		answers->count++;
	}
	return place;
}
