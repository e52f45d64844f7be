/*
 * cache.h
 *		Verdicts that do not depend on the row, by subject.
 */
#ifndef GATE_CACHE_H
#define GATE_CACHE_H

#include "gate/known.h"

typedef struct Cache Cache;

/* For parties of one kind and one time, in a context of its own. */
extern Cache *cache_create(MemoryContext parent, const Declared *d,
						   GatePartyKind kind, const GateTime *time);
extern bool cache_is_for(const Cache *cache, GatePartyKind kind, const GateTime *time);

extern void cache_destroy(Cache *cache);

/* Fill in the verdict and the number of each party; after many misses, load all. */
extern void cache_ask(Cache *cache, const Purpose *purpose, const GateRow *row,
					  GateParty *parties, int n, bool may_load);

#endif
