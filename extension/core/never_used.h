/*
 * never_used.h
 *		The proof that no run up to a checkpoint used a subject's rows: its text,
 *		and how it is checked against the log (docs/FORMAT.md).
 *
 * The text opens every seal of a run in the log and gives, for each run that was
 * closed, the way to her position.  That none is left out shows only in the
 * entries of the log, which say of which kind each seal is: who checks it has
 * them by other ways, and gives them one after another.
 *
 * Text: lines of canonical JSON, flat, each ended by a newline.  The first is
 * the head; then, for each seal of kind run by its place in the log, a line for
 * each of its events, and after that of a run_closed a line with the way.
 */
#ifndef CL_NEVER_USED_H
#define CL_NEVER_USED_H

#include "core/receipt.h"
#include "core/use_proof.h"

#define CL_NEVER_USED_VERSION "consent_ledger/never_used/v1"

typedef struct cl_never_head
{
	cl_value	origin;
	cl_value	checkpoint;		/* its note: to be verified by who checks */
	int64_t		subject_no;
	cl_value	key;
	uint8_t		salt[CL_SALT_BYTES];
	cl_value	event;			/* receipt of an event of hers; absent: there is none */
} cl_never_head;

/*
 * Write one line.  They return its length, which exceeds cap when it does not
 * fit, or 0 when something is not UTF-8.  `index` is the place of the event's
 * seal in the log.
 */
extern size_t cl_never_put_head(const cl_never_head *head, char *out, size_t cap);
extern size_t cl_never_put_event(int64_t index, cl_value event, char *out, size_t cap);
extern size_t cl_never_put_way(int64_t run, const cl_prefix_proof *way, char *out, size_t cap);

typedef enum cl_never_status
{
	CL_NEVER_OK,
	CL_NEVER_MALFORMED,			/* a line that is none */
	CL_NEVER_NO_SEAL,			/* an entry of the log is no seal of this ledger */
	CL_NEVER_NOT_OPENED,		/* the text does not hold all events of a seal of a run */
	CL_NEVER_NO_RUN,			/* an event of a seal of a run is not one of a run */
	CL_NEVER_BAD_WAY,			/* does not prove that she is not in the run's tree */
	CL_NEVER_TWICE,				/* a run was opened or closed twice, or used and never opened */
	CL_NEVER_PARTS,				/* a run was closed with other parts than the log has of it */
	CL_NEVER_OTHER_SUBJECT,		/* number, key and salt do not open her event's commitment */
	CL_NEVER_LEFT_OVER,			/* the text goes on where the log ends */
	CL_NEVER_OTHER_SIZE,		/* not as many entries as the checkpoint has */
	CL_NEVER_NO_ROOM,			/* more events of runs than there is room for */
	CL_NEVER_CRYPTO				/* libcrypto failed: nothing is known */
} cl_never_status;

/* A sentence for each, without a period. */
extern const char *cl_never_message(cl_never_status status);

/* What is known of one run. */
typedef struct cl_never_run
{
	int64_t		run;
	cl_value	opened;			/* line of the text: see cl_never_opened() */
	int64_t		opened_index;	/* of its seal; -1 before it is known */
	int64_t		closed_index;	/* -1: not closed */
	int64_t		parts;			/* so many that the log has */
	int64_t		missing;		/* as its closing event says */
	cl_use_answer answer;		/* CL_USE_NOT_USED or CL_USE_UNDECIDED, */
	unsigned	reasons;		/* for these reasons of use_proof.h */
	cl_run_kind kind;			/* while entries come: of one event */
} cl_never_run;

typedef struct cl_never_check
{
	cl_never_head head;
	cl_scanner	in;				/* the text, from the next line on */
	int64_t		next;			/* entry of the log */
	int64_t		event_index;	/* where her event is; -1: not met */
	cl_receipt	receipt;		/* of her event */
	cl_never_run *runs;
	size_t		nruns;
	size_t		cap;
	char	   *scratch;
	cl_never_status status;
} cl_never_check;

/* Bytes of scratch, and room for the events of runs in a text: not more. */
extern size_t cl_never_scratch(size_t len);
extern size_t cl_never_runs_max(const char *text, size_t len);

/*
 * Begin to check a text: read its head.  False, and status, if it is none.  All
 * that is given lives as long as the check.
 */
extern bool cl_never_begin(cl_never_check *check, const char *text, size_t len,
						   cl_never_run *runs, size_t cap, char *scratch);

/*
 * The next entry of the log, from the first one on, which the caller knows to
 * be in the tree of the head's checkpoint.  False, and status, once something
 * does not hold; no entry after that is looked at.
 */
extern bool cl_never_entry(cl_never_check *check, const char *note, size_t len);

/*
 * The end: as many entries as the checkpoint has were given.  False, and
 * status, if that is not so, or lines are left over.  Sorts the runs by number,
 * one for each, and sets their answers: she was used by none of them, as far as
 * no reason leaves it undecided.
 */
extern bool cl_never_end(cl_never_check *check, uint64_t size);

/*
 * What the opening event of a run says.  scratch has CL_NEVER_OPENED_SCRATCH
 * bytes; texts point into it.
 */
#define CL_NEVER_OPENED_SCRATCH (5 * CL_EVENT_MAX)
extern bool cl_never_opened(const cl_never_run *run, cl_run_event *event, char *scratch);

#endif
