/*
 * answers.h
 *		A hash table from subjects to their verdicts: 16 bytes a place where
 *		their keys are numbers or of few bytes, else 32.
 */
#ifndef GATE_ANSWERS_H
#define GATE_ANSWERS_H

#include "core/rule.h"

/*
 * One word: whether the place is taken, six verdicts of three bits each, and
 * the subject's number.
 */
typedef uint64 Answer;

#define ANSWER_PURPOSES 6
#define ANSWER_BY_ROW 6			/* another row may get another verdict */
#define ANSWER_UNASKED 7
#define ANSWER_FRESH ((Answer) 0x7ffff)	/* taken, nothing asked yet */
#define ANSWER_SUBJECT_SHIFT 19
#define ANSWER_SUBJECT_MAX (INT64CONST(1) << 45)

static inline int
answer_get(Answer answer, int place)
{
	return (answer >> (1 + 3 * place)) & 7;
}

static inline Answer
answer_set(Answer answer, int place, int code)
{
	int			shift = 1 + 3 * place;

	return (answer & ~((Answer) 7 << shift)) | (Answer) code << shift;
}

static inline int64
answer_subject(Answer answer)
{
	return (int64) (answer >> ANSWER_SUBJECT_SHIFT);
}

/*
 * What identifies a subject: one word that is a number or up to eight bytes,
 * or three words for more bytes.  They stand in the place itself, so that
 * finding her touches one cache line; zeros follow them, which text does not
 * contain.  What is longer still has its hash in the first word, LONG_KEY in
 * the second, and the third points to the bytes.
 */
#define ANSWER_KEY_WORDS 3
#define ANSWER_KEY_INLINE (ANSWER_KEY_WORDS * sizeof(uint64))

typedef struct AnswerKey
{
	uint64		hash;
	uint64		words[ANSWER_KEY_WORDS];
	const char *bytes;			/* of a long key, else NULL */
	int			len;			/* in bytes */
} AnswerKey;

extern AnswerKey answer_key_of_number(uint64 number);

/* Of a number that was drawn in turn: then neighbours are neighbours in the table. */
extern AnswerKey answer_key_of_drawn(uint64 number);

/* Of text, or of things that all have the same length. */
extern AnswerKey answer_key_of_bytes(const char *bytes, int len);

/* A place is an answer, 0 where it is free, and the words of a key. */
typedef struct Answers
{
	uint64	   *places;
	void	   *allocated;		/* what they are in */
	int			words;			/* of a key: three once there was a long one */
	bool		drawn;			/* keys are numbers drawn in turn */
	uint64		groups;			/* of places */
	uint64		count;			/* of subjects */
	MemoryContext context;
	char	   *room;			/* for long keys */
	size_t		room_left;
} Answers;

extern void answers_init(Answers *answers, MemoryContext context, bool drawn);

/* Make room for so many subjects in all. */
extern void answers_expect(Answers *answers, double subjects);

/* How much memory so many subjects take, but for the bytes of long keys. */
extern size_t answers_size(const Answers *answers, double subjects);

/* How much more it may take if one is added. */
extern size_t answers_growth(const Answers *answers, const AnswerKey *key);

/* Is it too large for a core's own caches, so that looking for a subject is waiting for memory? */
extern bool answers_far(const Answers *answers);

/* Fetch the memory where a subject will be looked for. */
extern void answers_prefetch(const Answers *answers, const AnswerKey *key);

/* The place of a subject; NULL if there is none. */
extern Answer *answers_find(const Answers *answers, const AnswerKey *key);

/* The place of a subject, made if there was none. */
extern Answer *answers_add(Answers *answers, const AnswerKey *key);

#endif
