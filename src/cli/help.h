/* Help texts, all made from the tables. */
#ifndef REFLASH_CLI_HELP_H
#define REFLASH_CLI_HELP_H

#include "cli/cli.h"

void help_all(FILE *out);
void help_command(const struct command *c);
/* The table of exit codes, as docs/exit-codes.md carries it. */
void help_exit_codes(void);

#endif
