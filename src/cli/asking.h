/* Asking a person to work RESET, the power or a jumper, and waiting for it. */
#ifndef REFLASH_CLI_ASKING_H
#define REFLASH_CLI_ASKING_H

#include "cli/cli.h"

/* --wait TIME, or `standard`; false and cli->err when it is no duration. */
bool wait_option(struct cli *cli, const struct args *args, uint64_t standard, uint64_t *us);
/* A doctor_options.ask: tells the person (stderr, or a JSON line). */
void ask_person(void *cli, const char *what);

#endif
