/*
 * policy.h
 *		Whose checkpoints are believed, and with whose cosignatures: a trust
 *		policy as in C2SP tlog-policy.
 *
 *			log <vkey> [<url>]
 *			witness <name> <vkey> [<url>]
 *			group <name> all|any|<k> <name>...
 *			quorum <name>|none
 *
 * Every key comes from who asks, never from what is checked.
 */
#ifndef CL_POLICY_H
#define CL_POLICY_H

#include "core/checkpoint.h"

#define CL_POLICY_TEXT_MAX	(256 * 1024)
#define CL_POLICY_LOGS		64
#define CL_POLICY_WITNESSES 64
#define CL_POLICY_NODES		128 /* witnesses and groups together */
#define CL_POLICY_NONE		(-1)

/* A witness, or a group of them, that has a name. */
typedef struct cl_policy_node
{
	cl_value	name;			/* in the policy's text */
	cl_value	url;			/* of a witness; absent if none is given */
	int			witness;		/* its place in witnesses[]; CL_POLICY_NONE: a group */
	int			members;		/* of a group */
	int			needed;			/* how many of them */
	int			group;			/* that it is a member of, or CL_POLICY_NONE */
} cl_policy_node;

typedef struct cl_policy
{
	int			n_logs;
	int			n_witnesses;
	int			n_nodes;
	int			quorum;			/* a node, or CL_POLICY_NONE: no cosignature is needed */
	cl_verifier logs[CL_POLICY_LOGS];	/* type 01; the name is the origin */
	cl_verifier witnesses[CL_POLICY_WITNESSES]; /* type 04 */
	cl_policy_node nodes[CL_POLICY_NODES];	/* in the order of the text: members
											 * before their group */
} cl_policy;

/* What is wrong with a text, and in which line, from 1. */
typedef struct cl_policy_error
{
	const char *message;		/* static, lower case, no period */
	int			line;
} cl_policy_error;

/*
 * Read a policy; names and URLs point into the text.  Strict about everything
 * but white space: unknown words, keys twice, names twice or not defined
 * before, a name in two groups, no quorum or two are refused.  Linear in the
 * text, times the number of names.
 */
extern bool cl_policy_parse(const char *text, size_t len, cl_policy *policy,
							cl_policy_error *error);

typedef enum cl_policy_status
{
	CL_POLICY_OK,
	CL_POLICY_MALFORMED,		/* no note, or none of a checkpoint */
	CL_POLICY_UNKNOWN_LOG,		/* no key of the policy is for this origin */
	CL_POLICY_UNSIGNED,			/* none of the origin's keys has signed */
	CL_POLICY_FORGED,			/* a signature under the name and id of a trusted key is wrong */
	CL_POLICY_NO_QUORUM			/* signed by the log, but not cosigned as the policy asks */
} cl_policy_status;

/* A sentence for each, without a period. */
extern const char *cl_policy_message(cl_policy_status status);

typedef struct cl_policy_result
{
	cl_policy_status status;
	const cl_verifier *log;		/* the key that signed; NULL unless one did */
	int			cosigned;		/* by how many of the policy's witnesses */
	cl_note_check witnesses[CL_POLICY_WITNESSES];	/* is_signed, and the earliest time */
	bool		has_time;		/* the quorum states one */
	uint64_t	time;			/* by when the quorum had cosigned, in seconds since
								 * 1970: of a group that needs k, the k-th earliest time */
} cl_policy_result;

/*
 * Check the note of a checkpoint under a policy; returns result->status.  The
 * checkpoint is filled unless the status is CL_POLICY_MALFORMED, and worth
 * nothing unless it is CL_POLICY_OK or CL_POLICY_NO_QUORUM; its values point
 * into the note.  Whether extension lines are welcome is up to the caller.
 */
extern cl_policy_status cl_policy_check(const cl_policy *policy, const char *note, size_t len,
										cl_checkpoint *checkpoint, cl_policy_result *result);

#endif
