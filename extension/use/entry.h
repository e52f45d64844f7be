/*
 * entry.h
 *		One use: a party of a row, and the verdict it had.
 *
 * Entries are ordered by subject, then kind of row key, then row key.  A row
 * key that is the canonical text of a bigint or a uuid travels as such; its
 * text is its identity all the same.
 */
#ifndef USE_ENTRY_H
#define USE_ENTRY_H

#include "core/rule.h"

#define ROW_KEY_MAX 2000		/* bytes of text */
#define NO_PARTY 0				/* subject of a row that belongs to nobody */

typedef enum RowKeyKind
{
	ROW_KEY_INT,
	ROW_KEY_UUID,
	ROW_KEY_TEXT
} RowKeyKind;

#define ROW_KEY_TEXT_SIZE 40	/* room for the text of an integer or uuid */

typedef struct RowKey
{
	RowKeyKind	kind;
	int			len;			/* of bytes; 16 for a uuid */
	int64		number;			/* ROW_KEY_INT */
	const char *bytes;			/* the others */
} RowKey;

/*
 * What is kept of a verdict: the worst of the party's under the purposes of
 * the run, and whether it permitted: each purpose by its regime; under a party
 * rule other than "all" also when the row as a whole was permitted.
 */
typedef uint8 UseCode;

#define USE_PERMITTED 8
#define USE_CODE_LIMIT 16

static inline UseCode
use_code(cl_verdict verdict, bool permitted)
{
	return (UseCode) verdict | (permitted ? USE_PERMITTED : 0);
}

static inline cl_verdict
use_code_verdict(UseCode code)
{
	return (cl_verdict) (code & 7);
}

static inline bool
use_code_permitted(UseCode code)
{
	return (code & USE_PERMITTED) != 0;
}

typedef struct UseEntry
{
	int64		subject;		/* number; in a set of the unknown: place of the key */
	UseCode		code;
	RowKey		key;
} UseEntry;

/* Order of entries; the code does not count. */
static inline int
use_entry_compare(const UseEntry *a, const UseEntry *b)
{
	int			order;

	if (a->subject != b->subject)
		return a->subject < b->subject ? -1 : 1;
	if (a->key.kind != b->key.kind)
		return a->key.kind < b->key.kind ? -1 : 1;
	if (a->key.kind == ROW_KEY_INT)
		return a->key.number < b->key.number ? -1 : a->key.number > b->key.number;
	order = memcmp(a->key.bytes, b->key.bytes, Min(a->key.len, b->key.len));
	return order != 0 ? order : a->key.len - b->key.len;
}

/* Read a row key from its text; points into it unless a uuid, whose bytes go to scratch[16]. */
extern void row_key_parse(const char *text, int len, char *scratch, RowKey *key);

/* The text of a row key; short ones are written to buf[ROW_KEY_TEXT_SIZE]. */
extern const char *row_key_text(const RowKey *key, char *buf, int *len);

/* Keep an entry; its bytes go to `room`, of ROW_KEY_MAX. */
static inline void
use_entry_keep(UseEntry *kept, const UseEntry *entry, char *room)
{
	*kept = *entry;
	if (entry->key.kind == ROW_KEY_INT)
		return;
	memcpy(room, entry->key.bytes, entry->key.len);
	kept->key.bytes = room;
}

#endif
