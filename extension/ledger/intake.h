/*
 * intake.h
 *		The way of an event into the ledger.
 *
 * A statement opens an intake, adds events, and closes it.  Each event has
 * its id at once.  A slice of up to 4096 events is written together: subjects
 * made and locked in order, states merged, rows written, one seal signed.
 * Intakes nest; a rolled-back subtransaction takes its own with it.
 */
#ifndef LEDGER_INTAKE_H
#define LEDGER_INTAKE_H

#include "datatype/timestamp.h"
#include "fmgr.h"

#include "ledger/declared.h"

#define EVENTS_PER_SEAL 4096

typedef enum SealKind
{
	SEAL_CHOICES,
	SEAL_DECLARATIONS,
	SEAL_RUN
} SealKind;

/* What is to be recorded; what is not stated is NULL or zero. */
typedef struct EventInput
{
	const char *kind;			/* "choices", "purpose_defined", ... static */
	const char *subject;		/* canonical key */
	struct Consent *choices;
	bool		has_time;		/* event_time was given by the caller */
	TimestampTz event_time;
	const char *actor;
	const char *method;
	const char *notice;
	const char *jurisdiction;
	const char *evidence;		/* text of the JSON */
	const char *source;			/* NULL as '' */
	const char *external_id;
	const char *table_name;		/* known_as */
	const char *row_key;
	const char *detail;			/* canonical JSON, for declarations and runs */
} EventInput;

typedef struct EventId
{
	int64		event_id;
	TimestampTz event_time;
	TimestampTz recorded_at;
	bool		repeated;		/* this external id was there already, with the same content */
} EventId;

typedef struct Intake Intake;

extern Intake *intake_begin(SealKind kind);
extern EventId intake_add(Intake *intake, const EventInput *event);
extern void intake_end(Intake *intake);

/* One event by itself. */
extern EventId intake_record(SealKind kind, const EventInput *event);

/*
 * For the use record: numbers of subjects by key, made where they are
 * unknown.  keys are canonical; numbers[i] gets the number of keys[i].
 */
extern void intake_subject_numbers(const char **keys, int n, int64 *numbers);

/* The subject given as argument n of a function, of whatever type. */
extern char *intake_subject_argument(FunctionCallInfo fcinfo, int n);

/* A value of one choice; its purpose must exist. */
extern struct Consent *intake_one_choice(const Declared *d, const char *purpose,
										 char stance, cl_act act);

/* The intake that was opened last and is still open, or NULL. */
extern Intake *intake_innermost(void);

/* ERROR for what is no actor. */
extern void intake_check_actor(const char *actor);

/* A time claimed for something: raises when in the future (allowing skew). */
extern TimestampTz intake_claimed_time(TimestampTz claimed);

/* clock_timestamp(), strictly increasing within a transaction. */
extern TimestampTz intake_clock(void);

extern void intake_init(void);

#endif
