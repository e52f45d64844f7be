/*
 * commands.h
 *		What consent-log does.
 */
#ifndef CLIENT_COMMANDS_H
#define CLIENT_COMMANDS_H

#include "cli/report.h"
#include "client/database.h"

typedef struct client_options
{
	database_options database;
	bool		full;			/* export: events and what runs used as well */
	int			n_arguments;
	char	  **arguments;
} client_options;

extern void command_export(const client_options *o);
extern void command_witness(const client_options *o);

#endif
