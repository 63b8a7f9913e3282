/* Parsing of argv; main's side of what cli.h offers to commands. */
#ifndef REFLASH_CLI_ARGS_H
#define REFLASH_CLI_ARGS_H

#include "cli/cli.h"

/* Where parsing stands. */
struct parse {
	int argc;
	char **argv;
	int at;                          /* next token */
	const struct option_def *own;    /* the command's options, or NULL */
	const struct option_def *global;
	const char *command;             /* its name, or NULL */
	bool stop_at_first;              /* end at the first token that is no option */
};

/* Room for all that argv can hold. Free with args_fini. */
enum status args_init(struct args *args, int argc, char **argv, struct err *err) MUST_CHECK;
void args_fini(struct args *args);
/* STATUS_USAGE names the option and the nearest known one. */
enum status args_parse(struct parse *p, struct args *args, struct err *err) MUST_CHECK;

#endif
