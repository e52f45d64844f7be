/*
 * answers.h
 *		A hash table from subjects to their verdicts, 16 bytes a place.
 *
 * A subject is found by a number that is mixed well: the key itself where it
 * is a number, else a hash of its bytes, which are then compared too.
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

typedef struct AnswerSlot
{
	uint64		number;
	Answer		answer;			/* 0: the place is free */
} AnswerSlot;

typedef struct Answers
{
	AnswerSlot *slots;
	const char **keys;			/* of places whose keys are bytes, or NULL */
	uint64		mask;			/* places - 1 */
	uint64		count;
	MemoryContext context;
	char	   *room;			/* for keys */
	size_t		room_left;
} Answers;

/* What identifies a subject; bytes is NULL where the number is the key. */
typedef struct AnswerKey
{
	uint64		number;
	const char *bytes;
	int			len;
} AnswerKey;

extern void answers_init(Answers *answers, MemoryContext context, bool by_bytes,
						 double expected);

extern void answers_free(Answers *answers);

/* How much memory so many subjects take, but for the bytes of their keys. */
extern size_t answers_size(double expected, bool by_bytes);

/* How much more it takes if one is added. */
extern size_t answers_growth(const Answers *answers);

/* The place of a subject; NULL if there is none. */
extern Answer *answers_find(const Answers *answers, const AnswerKey *key);

/* The place of a subject, made if there was none. */
extern Answer *answers_add(Answers *answers, const AnswerKey *key);

extern AnswerKey answer_key_of_bytes(const char *bytes, int len);

#endif
