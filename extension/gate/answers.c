/*
 * answers.c
 *		A hash table from subjects to their verdicts.
 *
 * Open addressing, at most two thirds full, nothing is ever removed.
 */
#include "postgres.h"

#include <sys/mman.h>

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "port/pg_bswap.h"
#include "utils/memutils.h"

#include "gate/answers.h"

#define GROUP 4					/* places of one word that are one cache line */
#define FEWEST_GROUPS 16
#define MOST_GROUPS ((uint64) PG_UINT32_MAX)
#define HUGE_PAGE ((size_t) 2 * 1024 * 1024)
#define LARGE_TABLE (32 * HUGE_PAGE)
#define NEAR_TABLE (1024 * 1024)	/* bytes: what a core has at hand */
#define ROOM_FOR_KEYS (64 * 1024)
#define LONG_KEY UINT64CONST(1) /* before a word that is not zero, no text: there would be zeros in it */

/* ---- keys ---- */

/* Drawn by each process, so that nobody can choose keys that collide. */
static uint64 seed = 0;

static inline uint64
mix(uint64 word)
{
	word ^= word >> 32;
	word *= UINT64CONST(0xd6e8feb86659fd93);
	word ^= word >> 32;
	return word;
}

static inline uint64
hash_number(uint64 number)
{
	return mix(seed ^ number);
}

/* Zeros at the end make no difference, as they do not in a key. */
static inline uint64
hash_words(const uint64 *words)
{
	uint64		hash = hash_number(words[0]);

	return (words[1] | words[2]) == 0 ? hash : mix(mix(hash ^ words[1]) ^ words[2]);
}

/* The lowest digit says which place of a group: neighbours go into the same. */
static inline uint64
hash_drawn(uint64 number)
{
	return mix(number / GROUP) / GROUP * GROUP + number % GROUP;
}

AnswerKey
answer_key_of_number(uint64 number)
{
	AnswerKey	key = {hash_number(number), {number}, NULL, sizeof(number)};

	return key;
}

AnswerKey
answer_key_of_drawn(uint64 number)
{
	AnswerKey	key = {hash_drawn(number), {number}, NULL, sizeof(number)};

	return key;
}

/* Four bytes, the first is the lowest. */
static inline uint64
half_word(const char *bytes)
{
	uint32		half;

	memcpy(&half, bytes, sizeof(half));
#ifdef WORDS_BIGENDIAN
	half = pg_bswap32(half);
#endif
	return half;
}

/*
 * At most eight bytes as a word, zeros above them: of four or more the first
 * four and the last four, which may overlap.
 */
static inline uint64
word_of(const char *bytes, int len)
{
	uint64		word = 0;

	if (len >= 4)
		return half_word(bytes) | half_word(bytes + len - 4) << BITS_PER_BYTE * (len - 4);
	for (int i = 0; i < len; i++)
		word |= (uint64) (uint8) bytes[i] << BITS_PER_BYTE * i;
	return word;
}

AnswerKey
answer_key_of_bytes(const char *bytes, int len)
{
	AnswerKey	key = {0, {0}, NULL, len};

	if (len <= ANSWER_KEY_INLINE)
	{
		for (int i = 0; i < len; i += sizeof(uint64))
			key.words[i / sizeof(uint64)] = word_of(bytes + i, Min(len - i, (int) sizeof(uint64)));
		key.hash = hash_words(key.words);
		return key;
	}
	key.hash = hash_bytes_extended((const unsigned char *) bytes, len, seed);
	key.words[0] = key.hash;
	key.words[1] = LONG_KEY;
	key.bytes = bytes;
	return key;
}

static inline int
words_of_key(const AnswerKey *key)
{
	return key->len <= sizeof(uint64) ? 1 : ANSWER_KEY_WORDS;
}

/* ---- memory ---- */

static uint64
groups_for(double subjects)
{
	return (uint64) Min(Max(subjects * 1.5 / GROUP + 1, FEWEST_GROUPS), MOST_GROUPS);
}

static size_t
bytes_for(uint64 groups, int words)
{
	return groups * GROUP * (1 + words) * sizeof(uint64);
}

static inline uint64
places(const Answers *answers)
{
	return answers->groups * GROUP;
}

size_t
answers_size(const Answers *answers, double subjects)
{
	return bytes_for(groups_for(subjects), answers->words);
}

static inline bool
is_full(const Answers *answers)
{
	return answers->count * 3 >= places(answers) * 2;
}

static inline uint64
more_groups(uint64 groups)
{
	return Min(groups + groups / 2, MOST_GROUPS);
}

size_t
answers_growth(const Answers *answers, const AnswerKey *key)
{
	if (words_of_key(key) > answers->words)
		return bytes_for(more_groups(answers->groups), ANSWER_KEY_WORDS);
	return is_full(answers) ? bytes_for(more_groups(answers->groups), answers->words) : 0;
}

/*
 * A large table is looked into at random: each look would first wait for the
 * address of its page, if pages were not large as well.  Smaller ones gain
 * little, and some virtual machines are slow to give out large pages.
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
make_places(Answers *answers, uint64 groups, int words)
{
	size_t		size = bytes_for(groups, words);
	bool		large = size >= LARGE_TABLE;
	size_t		alignment = large ? HUGE_PAGE : PG_CACHE_LINE_SIZE;

	answers->groups = groups;
	answers->words = words;
	answers->allocated = MemoryContextAllocHuge(answers->context, size + alignment);
	answers->places = (uint64 *) TYPEALIGN(alignment, answers->allocated);
	if (large)
		use_huge_pages(answers->places, size);
	memset(answers->places, 0, size);
}

void
answers_init(Answers *answers, MemoryContext context, bool drawn)
{
	while (seed == 0)
		seed = pg_prng_uint64(&pg_global_prng_state);
	memset(answers, 0, sizeof(Answers));
	answers->context = context;
	answers->drawn = drawn;
	make_places(answers, FEWEST_GROUPS, 1);
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

/* Where to begin: the upper half of the hash chooses the group. */
static inline uint64
first_index(const Answers *answers, uint64 hash)
{
	return ((hash >> 32) * answers->groups >> 32) * GROUP + hash % GROUP;
}

static inline uint64
next_index(const Answers *answers, uint64 index)
{
	return index + 1 == places(answers) ? 0 : index + 1;
}

bool
answers_far(const Answers *answers)
{
	return bytes_for(answers->groups, answers->words) > NEAR_TABLE;
}

void
answers_prefetch(const Answers *answers, const AnswerKey *key)
{
#ifdef __GNUC__
	__builtin_prefetch(place_at(answers, first_index(answers, key->hash)));
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
		(key->bytes == NULL ? place[3] == key->words[2] :
		 place[3] != 0 && same_bytes(place[3], key));
}

/* Where the subject is, or the free place where it would be. */
static inline uint64 *
find_place(const Answers *answers, const AnswerKey *key)
{
	uint64		index = first_index(answers, key->hash);

	for (;; index = next_index(answers, index))
	{
		uint64	   *place = place_at(answers, index);

		if (*place == 0 || has_key(answers, place, key))
			return place;
	}
}

Answer *
answers_find(const Answers *answers, const AnswerKey *key)
{
	Answer	   *answer;

	if (words_of_key(key) > answers->words)
		return NULL;
	answer = find_place(answers, key);
	return *answer == 0 ? NULL : answer;
}

/* The hash of the key in a place. */
static uint64
hash_at(const Answers *answers, const uint64 *place)
{
	if (answers->drawn)
		return hash_drawn(place[1]);
	if (answers->words == 1)
		return hash_number(place[1]);
	return place[2] == LONG_KEY && place[3] != 0 ? place[1] : hash_words(place + 1);
}

/* Move everything into a table of so many places, for keys of so many words. */
static void
rebuild(Answers *answers, uint64 groups, int words)
{
	Answers		old = *answers;

	make_places(answers, groups, words);
	for (uint64 i = 0; i < places(&old); i++)
	{
		const uint64 *from = place_at(&old, i);
		uint64		index;

		if (*from == 0)
			continue;
		index = first_index(answers, hash_at(&old, from));
		while (*place_at(answers, index) != 0)
			index = next_index(answers, index);
		memcpy(place_at(answers, index), from, (1 + old.words) * sizeof(uint64));
	}
	pfree(old.allocated);
}

void
answers_expect(Answers *answers, double subjects)
{
	uint64		groups = groups_for(subjects);

	if (groups > answers->groups)
		rebuild(answers, groups, answers->words);
}

Answer *
answers_add(Answers *answers, const AnswerKey *key)
{
	uint64	   *place;

	if (is_full(answers))
		rebuild(answers, more_groups(answers->groups), Max(answers->words, words_of_key(key)));
	else if (words_of_key(key) > answers->words)
		rebuild(answers, answers->groups, ANSWER_KEY_WORDS);
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
