/*
 * manifest.h
 *		The type consent.manifest: what was read, with the verdicts it had, and
 *		the position in the ledger at which it was asked.
 *
 * Flat, it is a byte string that only the ledger's nodes can read, the same that
 * send and receive exchange.  While it is collected it is an expanded object.
 */
#ifndef USE_MANIFEST_H
#define USE_MANIFEST_H

#include "fmgr.h"
#include "utils/expandeddatum.h"

#include "core/wrap.h"
#include "use/usetable.h"

#define MANIFEST_VERSION 1
#define MANIFEST_MAX ((Size) 256 * 1024 * 1024)

/* Where in a ledger a verdict was asked for. */
typedef struct Position
{
	uint64		system;			/* system identifier; 0: several, or none */
	uint64		xmin;			/* everything before it was over: an xid8 */
} Position;

typedef struct Manifest
{
	ExpandedObjectHeader hdr;
	uint32		magic;
	Position	position;
	int			npurposes;
	char	  **purposes;		/* sorted, each once */
	List	   *tables;			/* of UseTable */
	int64		added;			/* since the last look at the size */
	struct Ask *ask;			/* made at the first row */
	void	   *asked_for;		/* the purposes as they were given */
	cl_wrap_key key;
	char	   *flat;			/* the bytes, once asked for */
	Size		flat_len;
	MemoryContext context;
} Manifest;

/* An empty manifest at the position of the active snapshot, in a context under parent. */
extern Manifest *manifest_create(MemoryContext parent, char **purposes, int npurposes);

/* The manifest in an argument: the same object if it is one, else a copy under parent. */
extern Manifest *manifest_from_datum(Datum value, MemoryContext parent);
extern Datum manifest_datum(Manifest *manifest);

/* Add a use by number, or by key where the subject is unknown. ERROR 54000 when too large. */
extern void manifest_add(Manifest *manifest, UseTable *table, const UseEntry *entry,
						 const char *subject_key);
extern UseTable *manifest_table(Manifest *manifest, const char *known_as);

/* Add all of `from`; what `into` has already stays. ERROR if the purposes differ. */
extern void manifest_unite(Manifest *into, Datum from);

/* The position of the active snapshot. */
extern Position position_now(void);

#endif
