/*
 * declared.h
 *		Everything that was declared (the ledger itself, purposes, notices,
 *		presets, protected tables), cached as one read-only structure.
 *
 * declared_get() costs one comparison while the snapshot stays the same and
 * one row read per new snapshot; the structure is rebuilt only when
 * consent.ledger.last_declaration changed.  Structures stay readable until
 * the end of the transaction.
 */
#ifndef LEDGER_DECLARED_H
#define LEDGER_DECLARED_H

#include "datatype/timestamp.h"
#include "core/choice.h"

typedef enum SubjectType
{
	SUBJECT_TEXT,
	SUBJECT_BIGINT,
	SUBJECT_UUID
} SubjectType;

typedef enum PartyRule
{
	PARTY_ALL,
	PARTY_ANY,
	PARTY_FIRST
} PartyRule;

typedef struct Purpose
{
	int			index;			/* place in Declared.purposes */
	const char *name;
	int			name_len;
	bool		opt_out;		/* regime */
	TimestampTz since;
	const uint64 *ancestors;	/* bit set by index; holds the purpose itself */
} Purpose;

typedef struct Notice
{
	const char *label;			/* name/version */
	const char *name;
	TimestampTz recorded_at;
	int64		event_id;
} Notice;

/* One choice of a preset for everybody, from its start to its end. */
typedef struct PresetRule
{
	int64		event_id;
	const char *jurisdiction;	/* NULL: everywhere */
	const char *notice;
	cl_choice	choice;			/* since = when it was switched on */
	int			purpose;
	TimestampTz recorded_at;
} PresetRule;

/* The end of a preset for everybody. */
typedef struct PresetEnd
{
	int64		event_id;
	const char *jurisdiction;
	int			purpose;
	TimestampTz event_time;
	TimestampTz recorded_at;
} PresetEnd;

typedef struct ProtectedTable
{
	const char *known_as;
	int64		event_id;
	uint64		reading;		/* no other that this process read has this number; not 0 */
	const char *schema_name;	/* where it is now */
	const char *table_name;
	int			nparties;
	const char **parties;
	int			nkeys;
	const char **row_key;
	const char *collected_at;	/* NULL: not declared */
	PartyRule	rule;
} ProtectedTable;

/* What a key of the ledger signs. */
typedef enum KeyRole
{
	KEY_CHECKPOINT,				/* <origin> */
	KEY_SEAL,					/* <origin>/seal */
	KEY_WITNESS					/* <origin>/witness */
} KeyRole;

#define KEY_ROLES 3

typedef struct Declared
{
	int64		version;		/* last_declaration; negative while the ledger is being created */
	const char *origin;
	const char *vkeys[KEY_ROLES];	/* in force; NULL: not known */
	const char *first_vkey;		/* of checkpoints; NULL: not known */
	const char *log_origin;		/* whose checkpoints are signed now */
	SubjectType subject_type;
	bool		test;
	int64		erased_subjects;	/* at least as many as the snapshot shows */
	int			npurposes;
	Purpose    *purposes;
	int			nnotices;
	Notice	   *notices;
	int			npresets;
	PresetRule *presets;
	int			nends;
	PresetEnd  *ends;
	int			ntables;
	ProtectedTable *tables;
	struct DeclaredIndex *index;	/* private: names to places */
} Declared;

/* What the active snapshot shows. ERROR 55000 with a hint if there is no ledger. */
extern const Declared *declared_get(void);

/* The same; NULL if there is no ledger. */
extern const Declared *declared_get_if_created(void);

/* Look-ups by name; NULL if there is none. */
extern const Purpose *declared_find_purpose(const Declared *d, const char *name, size_t len);
extern const Notice *declared_find_notice(const Declared *d, const char *label, size_t len);
extern const ProtectedTable *declared_find_table(const Declared *d, const char *known_as, size_t len);

/* The same, with a clear error naming what is unknown and what to do. An
 * unqualified table name is taken where only one fits. */
extern const Purpose *declared_purpose(const Declared *d, const char *name, size_t len);
extern const Notice *declared_notice(const Declared *d, const char *label, size_t len);
extern const ProtectedTable *declared_table(const Declared *d, const char *name, size_t len);

/*
 * The protected table that a relation is (or is a partition of); NULL if none.
 * Remembered until the catalog changes: cheap enough to be asked for each row.
 */
extern const ProtectedTable *declared_table_of(const Declared *d, Oid relid);

/* Is purpose a the same as b, or below it? (also as cl_rule_question.within) */
static inline bool
declared_within(const Declared *d, int a, int b)
{
	return (d->purposes[a].ancestors[b / 64] >> (b % 64)) & 1;
}

/*
 * Lock out other declarations until commit, and return what is declared as
 * of now.  Every function that declares something begins with this, then
 * checks, then records its event and writes its row, then calls
 * ledger_declared(event_id).
 */
extern const Declared *ledger_lock_declarations(void);
extern void ledger_declared(int64 event_id);

#endif
