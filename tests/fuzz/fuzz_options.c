/*
 * fuzz_options.c
 *		The arguments of consent-verify: without a key nobody is trusted.
 *
 * The input is what the command takes, of one byte, and the arguments, with a
 * NUL after each.  A policy is always the file whose content is the last of them.
 */
#include <getopt.h>

#include "cli/options.h"
#include "files.h"

#define ARGUMENTS_MAX 64

/* A file that an option names may be any: name the own one instead. */
static char *
harmless(char *argument, char *path)
{
	return strncmp(argument, "--p", 3) == 0 && strncmp(argument, "--pr", 4) != 0 ? path : argument;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static options o;
	char		policy[sizeof(top) + 40];
	char	   *text = malloc(size + 1);
	char	   *argv[ARGUMENTS_MAX + 2] = {"command"};
	int			argc = 1;
	unsigned	takes = size > 0 ? data[0] & 0x1F : 0;
	cl_scanner	in = {text, size > 0 ? size - 1 : 0, 0};
	cl_value	argument;

	memcpy(text, data + (size > 0), in.len);
	text[in.len] = '\0';
	snprintf(policy, sizeof(policy), "--policy=%s/policy", own_directory());
	while (argc < ARGUMENTS_MAX && cl_take_until(&in, '\0', &argument))
		argv[argc++] = harmless(text + (argument.data - text), policy);
	put_file("policy", text + in.pos, in.len - in.pos);
	optind = 0;
	if (options_read(argc, argv, takes, 1, &o))
	{
		require(o.n_arguments == 1 && o.n_seals <= SEALS_MAX);
		require((takes & NEEDS_LOG) == 0 || o.policy.n_logs > 0);
		require((takes & NEEDS_SEAL) == 0 || o.n_seals > 0);
		require((takes & TAKES_TREE) != 0 || o.tree == NULL);
		require((takes & TAKES_PROOF) != 0 || o.proof == NULL);
	}
	free((char *) o.policy_text);
	free(text);
	return 0;
}
