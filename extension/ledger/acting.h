/*
 * acting.h
 *		Whose act a tracked change of a subject is.
 */
#ifndef LEDGER_ACTING_H
#define LEDGER_ACTING_H

typedef struct Acting
{
	const char *actor;
	const char *method;			/* NULL: not stated */
	const char *notice;			/* NULL: not stated */
} Acting;

/* What acting() said of this subject last, in this transaction; NULL if nothing. */
extern const Acting *acting_for(const char *subject);

/* True for those whose "yes" is an act, and no preset. */
extern bool acting_is_person(const char *actor);

extern void acting_init(void);

/* ledger/track.c */
extern void track_init(void);

#endif
