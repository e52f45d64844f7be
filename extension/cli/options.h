/*
 * options.h
 *		What the user wants checked, and whom the user trusts.
 *
 * Keys and policy come from here and from nowhere else.
 */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include "cli/report.h"
#include "core/policy.h"
#include "core/receipt.h"

#define SEALS_MAX 64
#define REVOKED_MAX 64

/* A key that counts up to a place in the log only. */
typedef struct revoked_key
{
	cl_verifier key;
	uint64_t	size;			/* leaves that it may sign, and the largest head */
} revoked_key;

typedef struct options
{
	cl_policy	policy;			/* logs and witnesses */
	const char *policy_text;	/* to which its names point */
	cl_verifier seals[SEALS_MAX];
	size_t		n_seals;
	revoked_key revoked[REVOKED_MAX];
	int			n_revoked;
	const char *tree;			/* directory of an exported tree, or NULL */
	const char *proof;			/* file, or NULL */
	const char *checkpoint;		/* file, or NULL */
	bool		quiet;
	int			n_arguments;
	char	  **arguments;
} options;

/* Bits for the options that a command takes, and the keys it cannot do without. */
#define TAKES_TREE			0x01
#define TAKES_PROOF			0x02
#define TAKES_CHECKPOINT	0x04
#define NEEDS_LOG			0x08
#define NEEDS_SEAL			0x10
#define TAKES_REVOKED		0x20

/*
 * Read the arguments after the command's name.  False where they are wrong or
 * nobody is trusted, which is reported.
 */
extern bool options_read(int argc, char **argv, unsigned takes, int n_arguments, options *o);

/* The trust for a receipt that these options state. */
extern cl_receipt_trust options_trust(const options *o);

#endif
