/*
 * head.h
 *		Checkpoints that the user's policy accepts, and what they prove.
 */
#ifndef CLI_HEAD_H
#define CLI_HEAD_H

#include "cli/input.h"
#include "cli/options.h"

typedef struct head
{
	cl_checkpoint checkpoint;
	cl_policy_result policy;
} head;

/*
 * Check the note of a checkpoint, which the name tells of; false if the policy
 * does not accept it or it is none of a ledger, which is reported.  Values point
 * into the note.
 */
extern bool head_check(const options *o, cl_value note, const char *name, head *h);

/* The same of a file. */
extern bool head_read(const options *o, const char *path, input *in, head *h);

/* Who has cosigned it: sentences of what is proved, and of what is not. */
extern void explain_head(const options *o, const head *h);
extern void explain_unwitnessed(const options *o);

#endif
