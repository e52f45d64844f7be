/*
 * commands.h
 *		The commands of consent-verify.
 *
 * Each reports what it finds; whether everything was good, the report knows.
 */
#ifndef CLI_COMMANDS_H
#define CLI_COMMANDS_H

#include "cli/options.h"

extern void command_receipt(const options *o);
extern void command_checkpoint(const options *o);
extern void command_consistency(const options *o);
extern void command_tree(const options *o);
extern void command_export(const options *o);
extern void command_use(const options *o);

#endif
