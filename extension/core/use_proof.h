/*
 * use_proof.h
 *		The proof that a closed run used one subject's rows, or none of them:
 *		its text, and what it proves (docs/FORMAT.md).
 *
 * The text is one flat canonical JSON object.  It holds receipts of events; who
 * checks a proof verifies those first, then says here what they proved.
 */
#ifndef CL_USE_PROOF_H
#define CL_USE_PROOF_H

#include "core/prefix_tree.h"
#include "core/run_event.h"
#include "core/use_rows.h"

typedef struct cl_use_proof
{
	cl_value	origin;
	int64_t		run;
	int64_t		subject_no;
	cl_value	key;			/* hers, in the application */
	uint8_t		salt[CL_SALT_BYTES];
	cl_prefix_proof tree;		/* of a proof of use: without the leaf's value */
	cl_value	rows;			/* a list as in use_rows.h; absent: not used */
	cl_value	opened;			/* receipts: of the run's opening, */
	cl_value	closed;			/* of its closing, */
	cl_value	event;			/* and of an event of hers; absent: there is none */
} cl_use_proof;

/*
 * Write the text.  Returns its length, which exceeds cap when it does not fit,
 * or 0 when something is not UTF-8.  Fields of the tree that the leaf's
 * position follows from are not written.  Linear.
 */
extern size_t cl_use_proof_write(const cl_use_proof *proof, char *out, size_t cap);

/*
 * Read a text that is exactly as cl_use_proof_write() writes it.  Values point
 * into scratch (as many bytes as the text).  Nothing is verified.  Linear.
 */
extern bool cl_use_proof_read(const char *text, size_t len, cl_use_proof *proof,
							  char *scratch);

/*
 * What the verified receipts say.  `opened`, `closed` and `event` are the
 * canonical bytes of the events that the receipts of those names are about, all
 * sealed by one ledger; absent where there is no receipt, or where its seal is
 * not good.
 */
typedef struct cl_use_facts
{
	cl_value	origin;			/* in the seals of all of them */
	cl_value	opened;
	cl_value	closed;
	cl_value	event;

	/*
	 * The seals of `closed` and `event` are in one log: their tlog-proofs are
	 * for the same checkpoint, or for two that were verified to be consistent.
	 * Then these are their indexes.  False for promises, which are not yet in
	 * the log.
	 */
	bool		in_log;
	int64_t		closed_index;
	int64_t		event_index;
} cl_use_facts;

typedef enum cl_use_answer
{
	CL_USE_REFUSED,				/* it proves nothing; `reasons` has one */
	CL_USE_UNDECIDED,			/* sound, but it decides nothing: see `reasons` */
	CL_USE_USED,				/* with exactly the rows of the proof; with
								 * CL_USE_MISSING_PARTS, with at least these */
	CL_USE_NOT_USED
} cl_use_answer;

/* Why it decides nothing; several may be true. */
#define CL_USE_MISSING_PARTS	0x001	/* transactions began to use, of which
										 * nothing was sealed: result->closed.missing */
#define CL_USE_NOT_CLOSED		0x002	/* no closing event was proved */
#define CL_USE_NO_EVENT			0x004	/* no event of hers fixes her salt */
#define CL_USE_EVENT_TOO_LATE	0x008	/* it came into the log after the closing */
#define CL_USE_NOT_IN_LOG		0x010	/* what came first is not proved */
/* Why it proves nothing. */
#define CL_USE_OTHER_ORIGIN		0x100	/* receipts of another ledger */
#define CL_USE_OTHER_RUN		0x200	/* events of another run, or of no run */
#define CL_USE_OTHER_SUBJECT	0x400	/* her event's commitment does not open to
										 * this number, key and salt */
#define CL_USE_BAD_ROWS			0x800	/* not a list of rows */
#define CL_USE_BAD_PATH			0x1000	/* does not lead to the root in the closing event */
#define CL_USE_CRYPTO			0x2000	/* libcrypto failed */

typedef struct cl_use_result
{
	cl_use_answer answer;
	unsigned	reasons;
	bool		present;		/* undecided: her position is taken in the tree */
	cl_run_event opened;		/* name, recipient, ...; points into scratch */
	cl_run_event closed;		/* outcome, missing, ...; if it was proved */
} cl_use_result;

/* Bytes of scratch that cl_use_proof_check() wants. */
#define CL_USE_SCRATCH (5 * CL_EVENT_MAX)

/*
 * Say what a proof proves, given what its receipts do.  A few hundred hashes
 * at most, and linear in the list of rows.
 */
extern void cl_use_proof_check(const cl_use_proof *proof, const cl_use_facts *facts,
							   cl_use_result *result, char *scratch);

/* One reason as a sentence without its period; reasons are single bits. */
extern const char *cl_use_reason_text(unsigned reason);

#endif
