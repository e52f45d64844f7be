/*
 * party.h
 *		Walk an array of parties without taking it apart first.
 */
#ifndef GATE_PARTY_H
#define GATE_PARTY_H

#include "gate/gate.h"

typedef struct PartyWalk
{
	const Declared *declared;
	Oid			type;
	int			left;
	int			place;
	const char *next;
	const bits8 *nulls;
} PartyWalk;

/* The array must stay where it is; of text, bigint or uuid. */
extern void party_walk(const Declared *d, ArrayType *array, PartyWalk *walk);
extern bool party_next(PartyWalk *walk, GateParty *party);

#endif
