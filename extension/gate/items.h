/*
 * items.h
 *		Collect the choices that speak of a question, and put it to the rule.
 */
#ifndef GATE_ITEMS_H
#define GATE_ITEMS_H

#include "gate/gate.h"
#include "type/consent.h"

typedef enum ItemScope
{
	SCOPE_SUBJECT,
	SCOPE_TABLE,
	SCOPE_ROW
} ItemScope;

/* Choices found so far; grows on demand, in the context it was begun in. */
typedef struct Items
{
	const Declared *declared;
	const Purpose *purpose;
	cl_rule_item *items;
	int			n;
	int			allocated;
	bool		has_range;		/* one of them has a data range */
	cl_rule_item room[8];		/* enough for nearly everybody */
} Items;

/* The tag of a choice found in a state; of a preset for everybody, its place. */
#define NO_PRESET (-1)

extern void items_begin(Items *items, const Declared *d, const Purpose *purpose);

/* Add the choices of a state that speak of the purpose. */
extern void items_add_state(Items *items, const Consent *state, ItemScope scope);

/*
 * Add the presets for everybody that apply to a subject of this jurisdiction
 * (NULL: none stated), as of the given times.
 */
extern void items_add_presets(Items *items, const char *jurisdiction, const GateTime *time);

/* The verdict; *decided_by as in cl_rule_decide(). */
extern cl_verdict items_decide(Items *items, const GateRow *row, const GateTime *time,
							   int *decided_by);

#endif
