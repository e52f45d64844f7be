/*
 * main.c
 *		consent-verify: check what a ledger hands out, without the ledger.
 */
#include <stdio.h>

#include "cli/commands.h"


static const char help[] =
	"consent-verify checks what a consent_ledger hands out, without its server and\n"
	"without believing its operator.\n"
	"\n"
	"  consent-verify receipt FILE            a receipt of an event, or the promise of one\n"
	"  consent-verify checkpoint FILE         a signed head of the log\n"
	"  consent-verify consistency OLD NEW     does the newer head extend the older one?\n"
	"  consent-verify tree DIR                an exported log: head, tiles, every seal\n"
	"  consent-verify export DIR              the same with every event, and what runs used\n"
	"  consent-verify use FILE                what a run used of a subject, or that it used\n"
	"                                         nothing; or that no run did, with --tree\n"
	"\n"
	"FILE may be - for standard input. Whom you trust is said by\n"
	"\n"
	"  --log VKEY          the key of a log; its name is the log's origin\n"
	"  --seal VKEY         the key of its seals, named ORIGIN/seal\n"
	"  --witness VKEY      the key of a witness that must have cosigned\n"
	"  --quorum K          it is enough if K of the witnesses have\n"
	"  --policy FILE       logs, witnesses and quorum as in C2SP tlog-policy\n"
	"\n"
	"Keys come from somebody whom you trust, never from what is checked. Further:\n"
	"\n"
	"  --tree DIR          compare a receipt, a promise, two heads or a proof with this log\n"
	"  --proof FILE        a tlog proof of a promised seal; or the path between two\n"
	"                      heads, a hash in base64 in each line\n"
	"  --checkpoint FILE   a head by which a promise may be due\n"
	"  --revoked VKEY@N    of a --log or --seal that counts up to a head of N entries only\n"
	"  --quiet             say only what is wrong\n"
	"  --help, --version\n"
	"\n"
	"The exit status is 0 if everything holds, 1 if something is wrong, and 2 if it\n"
	"could not be checked. Nothing proves more than is said under \"Proved\".\n";

typedef struct command
{
	const char *name;
	void		(*run) (const options *o);
	int			n_arguments;
	unsigned	takes;
} command;

static const command commands[] = {
	{"receipt", command_receipt, 1, NEEDS_SEAL | TAKES_TREE | TAKES_PROOF | TAKES_CHECKPOINT | TAKES_REVOKED},
	{"checkpoint", command_checkpoint, 1, NEEDS_LOG | TAKES_REVOKED},
	{"consistency", command_consistency, 2, NEEDS_LOG | TAKES_TREE | TAKES_PROOF | TAKES_REVOKED},
	{"tree", command_tree, 1, NEEDS_LOG | NEEDS_SEAL | TAKES_REVOKED},
	{"export", command_export, 1, NEEDS_LOG | NEEDS_SEAL | TAKES_REVOKED},
	{"use", command_use, 1, NEEDS_LOG | NEEDS_SEAL | TAKES_TREE}
};

static const command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int
run(int argc, char **argv)
{
	static options o;
	const command *chosen = argc < 2 ? NULL : find_command(argv[1]);

	if (chosen == NULL)
	{
		report_unchecked("say what to check; see consent-verify --help");
		return UNCHECKED;
	}
	if (!options_read(argc - 1, argv + 1, chosen->takes, chosen->n_arguments, &o))
		return UNCHECKED;
	chosen->run(&o);
	return report_outcome();
}

int
main(int argc, char **argv)
{
	int			status = GOOD;

	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		fputs(help, stdout);
	else if (argc == 2 && strcmp(argv[1], "--version") == 0)
		puts("consent-verify " CONSENT_LEDGER_VERSION);
	else
		status = run(argc, argv);
	if (fflush(stdout) != 0 || ferror(stdout))
	{
		fputs("consent-verify: could not write\n", stderr);
		return status == BAD ? BAD : UNCHECKED;
	}
	return status;
}
