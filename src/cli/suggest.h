/* "Did you mean": the nearest known word. */
#ifndef REFLASH_CLI_SUGGEST_H
#define REFLASH_CLI_SUGGEST_H

#include "cli/cli.h"

/* Edits (insert, delete, replace, swap of neighbours) between two words. */
unsigned word_distance(const char *a, const char *b);
/* The nearest command or alias; NULL when none is near. */
const char *suggest_command(const char *word);
/* The nearest option name; `token` as given, with dashes. */
const char *suggest_option(const struct option_def *own, const struct option_def *global,
			   const char *token);

#endif
