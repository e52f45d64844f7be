/*
 * usetable.h
 *		The uses of one protected table: a set for subjects that the ledger
 *		knows by number, and one for those it does not know yet.
 */
#ifndef USE_USETABLE_H
#define USE_USETABLE_H

#include "use/strangers.h"
#include "use/useset.h"

typedef struct UseTable
{
	const char *known_as;
	UseSet	   *known;
	UseSet	   *unknown;		/* entry.subject is a place in strangers; NULL: none */
	Strangers  *strangers;
	UseSet	   *settled;		/* the unknown by number, made for reading */
	MemoryContext context;
	Size		budget;
	bool		spill;
} UseTable;

extern UseTable *usetable_create(MemoryContext parent, const char *known_as,
								 Size budget, bool spill);
extern void usetable_destroy(UseTable *table);

/* Add a use by a subject known by number, or by key (key is not NULL). */
extern void usetable_add(UseTable *table, const UseEntry *entry,
						 const char *subject_key);

/*
 * The uses by number, in order, each once.  Subjects still unknown are made
 * by intake_subject_numbers().  May be asked again, after a rollback say.
 */
extern UseMerge *usetable_read(UseTable *table);

/* A list of tables, by name. */
extern UseTable *usetable_find(List *tables, const char *known_as);
extern void usetable_sort(List *tables);

#endif
