/*
 * people.h
 *		The commitments of subjects by their numbers: the same in all events.
 */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include "core/hash.h"

typedef struct people
{
	struct person *table;		/* open addressing */
	size_t		cap;			/* a power of two, or 0 */
	size_t		n;
} people;

/* Note a subject's commitment; false if another one is known. */
extern bool people_note(people *p, int64_t number, const uint8_t *commitment);
extern void people_free(people *p);

#endif
