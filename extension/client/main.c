/*
 * main.c
 *		consent-log: publish the log of a ledger, and have witnesses cosign it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client/commands.h"

static const char help[] =
	"consent-log publishes the log of a consent_ledger and has witnesses cosign it.\n"
	"\n"
	"  consent-log export DIR          write the log as static files for a web server\n"
	"                                  (C2SP tlog-tiles); what is there already is kept,\n"
	"                                  and the head comes last\n"
	"  consent-log export --full DIR   with all events and what runs used, for auditors,\n"
	"                                  not for the public; see consent-verify export\n"
	"  consent-log witness [URL...]    ask witnesses to cosign the newest checkpoint\n"
	"                                  (C2SP tlog-witness), and keep what they answer;\n"
	"                                  without URL, all that are registered with one\n"
	"\n"
	"It connects as psql does, by the environment (PGHOST, PGDATABASE, ...) or\n"
	"\n"
	"  -d, --dbname NAME     database, or a connection string\n"
	"  -h, --host NAME       -p, --port NUMBER       -U, --username NAME\n"
	"\n"
	"as a role with consent.grant_role('auditor', ...) to export, 'admin' for witnesses.\n"
	"\n"
	"  --quiet               say only what is wrong\n"
	"  --help, --version\n"
	"\n"
	"The exit status is 0 if all was done, 1 if the log contradicts what is in DIR or\n"
	"what a witness has seen, and 2 if something could not be done.\n";

typedef struct command
{
	const char *name;
	void		(*run) (const client_options *o);
	int			least_arguments;
	int			most_arguments;
	bool		takes_full;
} command;

static const command commands[] = {
	{"export", command_export, 1, 1, true},
	{"witness", command_witness, 0, 1000, false}
};

static const struct option long_options[] = {
	{"dbname", required_argument, NULL, 'd'},
	{"host", required_argument, NULL, 'h'},
	{"port", required_argument, NULL, 'p'},
	{"username", required_argument, NULL, 'U'},
	{"full", no_argument, NULL, 'F'},
	{"quiet", no_argument, NULL, 'q'},
	{NULL, 0, NULL, 0}
};

static const command *
find_command(const char *name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

/* Read the options; false if they cannot be taken, which is reported. */
static bool
read_options(int argc, char **argv, const command *chosen, client_options *o)
{
	int			option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, "d:h:p:U:", long_options, NULL)) != -1)
	{
		switch (option)
		{
			case 'd':
				o->database.dbname = optarg;
				break;
			case 'h':
				o->database.host = optarg;
				break;
			case 'p':
				o->database.port = optarg;
				break;
			case 'U':
				o->database.user = optarg;
				break;
			case 'q':
				report_quietly(true);
				break;
			case 'F':
				o->full = true;
				if (chosen->takes_full)
					break;
				/* FALLTHROUGH */
			default:
				report_unchecked("consent-log %s takes no such option, or it lacks its value: %s; see consent-log --help",
								 chosen->name, shown(cl_string(argv[optind - 1])));
				return false;
		}
	}
	o->n_arguments = argc - optind;
	o->arguments = argv + optind;
	if (o->n_arguments < chosen->least_arguments || o->n_arguments > chosen->most_arguments)
	{
		report_unchecked("consent-log %s takes another number of arguments; see consent-log --help", chosen->name);
		return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	const command *chosen = argc < 2 ? NULL : find_command(argv[1]);
	client_options o = {{0}};

	report_as("consent-log");
	if (argc == 2 && strcmp(argv[1], "--help") == 0)
		fputs(help, stdout);
	else if (argc == 2 && strcmp(argv[1], "--version") == 0)
		puts("consent-log " CONSENT_LEDGER_VERSION);
	else if (chosen == NULL)
		report_unchecked("say what to do: export or witness; see consent-log --help");
	else if (read_options(argc - 1, argv + 1, chosen, &o))
		chosen->run(&o);
	if (fflush(stdout) != 0)
		report_unchecked("could not write");
	return report_outcome();
}
