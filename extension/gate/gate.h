/*
 * gate.h
 *		May this row be used for that purpose?
 *
 * A question names a purpose, perhaps a row, and perhaps two times; the
 * answer is a verdict for each party and one for the row.  Asked about now,
 * answers come from the current states; asked about other times, from the
 * events.  Both come through a cache that is good for one snapshot and one
 * statement.
 *
 * A row is asked about like this:
 *
 *		const Declared *d = gate_ready();
 *		const Purpose *purpose = declared_purpose(d, "ai_training", 11);
 *
 *		parties = gate_parties(d, array, room, &n);
 *		gate_ask(purpose, &row, &time, parties, n);
 *		verdict = gate_combine(rule, parties, n);
 *		permitted = cl_verdict_permits(verdict, purpose->opt_out);
 */
#ifndef GATE_GATE_H
#define GATE_GATE_H

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "utils/array.h"

#include "core/rule.h"
#include "ledger/declared.h"
#include "ledger/leaves.h"

/* The row asked about; all zero: none, the question is about the subject. */
typedef struct GateRow
{
	const ProtectedTable *table;	/* NULL: no choices about tables or rows */
	const char *row_key;		/* its text, or NULL: those about rows do not count */
	int			row_key_len;
	bool		has_collected;
	TimestampTz collected;
} GateRow;

/* The times asked about; all zero: now, as known now. */
typedef struct GateTime
{
	bool		has_at;
	TimestampTz at;
	bool		has_known;
	TimestampTz known_at;
	int64		known_in;		/* size of a checkpoint, in place of known_at; 0: none */
} GateTime;

/* Was an event known then? */
static inline bool
gate_knows(const GateTime *time, int64 event_id, TimestampTz recorded_at)
{
	if (!time->has_known)
		return true;
	return time->known_in > 0 ? leaves_cover(time->known_in, event_id) : recorded_at <= time->known_at;
}

/* How a party is given. */
typedef enum GatePartyKind
{
	GATE_NOBODY,				/* NULL: unknown, whatever the presets */
	GATE_TEXT,
	GATE_BIGINT,
	GATE_UUID,
	GATE_SUBJECT_NO				/* by the ledger's own number */
} GatePartyKind;

typedef struct GateParty
{
	GatePartyKind kind;
	int			len;			/* GATE_TEXT, GATE_UUID */
	const char *bytes;			/* GATE_TEXT: canonical; GATE_UUID: 16 raw bytes */
	int64		number;			/* GATE_BIGINT, GATE_SUBJECT_NO */
	/* filled in by gate_ask() */
	int64		subject_no;		/* 0: unknown to the ledger, or nobody */
	cl_verdict	verdict;
	bool		by_row;			/* about another row it could be another one */
} GateParty;

/*
 * Prepare for questions under the active snapshot, and return what is
 * declared there.  Cheap: to be called for every row.  What gate_ask() takes
 * must come from the latest call.
 */
extern const Declared *gate_ready(void);

/*
 * The party that a value of type text, bigint or uuid names; points into the
 * value.  ERROR if the ledger's subjects are of another type, or the key is
 * not canonically written.
 */
extern void gate_party(const Declared *d, Datum value, bool isnull, Oid type,
					   GateParty *party);

/* A party's canonical key, palloc'd; NULL for GATE_NOBODY and GATE_SUBJECT_NO. */
extern char *gate_party_key(const GateParty *party);

/*
 * The parties that an array of text, bigint or uuid names: in the caller's room
 * for GATE_ROOM of them if it has one (NULL: none) and they fit, else in the
 * current context.
 */
#define GATE_ROOM 8
extern GateParty *gate_parties(const Declared *d, ArrayType *array, GateParty *room, int *n);

/* Fill in the verdict of each party, and her number. */
extern void gate_ask(const Purpose *purpose, const GateRow *row,
					 const GateTime *time, GateParty *parties, int n);

/*
 * Are those asked about from now on few, however often?  Then not all subjects
 * are loaded for them.  Until told otherwise, or the next statement.
 */
extern void gate_expect_few(bool few);

/* The row's verdict by the table's party rule; without a party: unknown. */
extern cl_verdict gate_combine(PartyRule rule, const GateParty *parties, int n);

/* A row of a protected table, taken apart; n parties as declared. */
typedef struct GateItem
{
	GateRow		row;
	GateParty  *parties;
	int			nparties;
} GateItem;

/*
 * Take a whole-row value apart, in the current context: which protected table
 * it is of, its key, parties and time of collection.  ERROR 42P01 if its
 * table is not protected, 42703 if a declared column is gone, 42804 if one
 * has another type now.
 */
extern void gate_take_item(const Declared *d, Datum record, GateItem *item);

/*
 * What is known, from the arguments known_at and known_in of a function, by
 * their numbers; error 22023 if both are given.
 */
extern void gate_time_known(FunctionCallInfo fcinfo, int at, int in, GateTime *time);

extern void gate_init(void);

#endif
