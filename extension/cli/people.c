/*
 * people.c
 *		The commitments of subjects by their numbers.
 */
#include <stdlib.h>

#include "cli/input.h"
#include "cli/people.h"

/* As many bytes of a commitment tell it from others. */
#define KEPT_BYTES 16

struct person
{
	int64_t		number;			/* 0: nobody */
	uint8_t		commitment[KEPT_BYTES];
};

/* Where somebody is, or would be. */
static struct person *
find(struct person *table, size_t cap, int64_t number)
{
	size_t		i = (size_t) ((uint64_t) number * UINT64_C(0x9E3779B97F4A7C15)) >> 7 & (cap - 1);

	while (table[i].number != 0 && table[i].number != number)
		i = (i + 1) & (cap - 1);
	return &table[i];
}

/* Keep the table at most half full. */
static void
grow(people *p)
{
	size_t		cap = p->cap > 0 ? p->cap * 2 : 1024;
	struct person *table = allocate(cap * sizeof(struct person));

	memset(table, 0, cap * sizeof(struct person));
	for (size_t i = 0; i < p->cap; i++)
		if (p->table[i].number != 0)
			*find(table, cap, p->table[i].number) = p->table[i];
	free(p->table);
	p->table = table;
	p->cap = cap;
}

bool
people_note(people *p, int64_t number, const uint8_t *commitment)
{
	struct person *person;

	if (p->n >= p->cap / 2)
		grow(p);
	person = find(p->table, p->cap, number);
	if (person->number == number)
		return memcmp(person->commitment, commitment, KEPT_BYTES) == 0;
	person->number = number;
	memcpy(person->commitment, commitment, KEPT_BYTES);
	p->n++;
	return true;
}

void
people_free(people *p)
{
	free(p->table);
}
