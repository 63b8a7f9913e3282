/* Help, made from the command table so that it cannot be out of date. */
#include "cli/help.h"

#include <string.h>

static void print_option(FILE *out, const struct option_def *o)
{
	char left[48];

	if (!o->value)
		snprintf(left, sizeof left, "--%s", o->name);
	else if (o->value[0] == '[')
		snprintf(left, sizeof left, "--%s[=%.*s]", o->name, (int)strlen(o->value) - 2,
			 o->value + 1);
	else
		snprintf(left, sizeof left, "--%s %s", o->name, o->value);
	if (o->letter)
		fprintf(out, "  -%c, %-22s %s\n", o->letter, left, o->help);
	else
		fprintf(out, "      %-22s %s\n", left, o->help);
}

void help_all(FILE *out)
{
	fprintf(out, "reflash makes sure that an STM32 can always be flashed again.\n\n"
		     "usage: reflash COMMAND [OPTIONS]\n\ncommands:\n");
	for (const struct command *const *c = commands; *c; c++)
		fprintf(out, "  %-11s %s\n", (*c)->name, (*c)->summary);
	fprintf(out, "\noptions of every command:\n");
	for (const struct option_def *o = global_options; o->name; o++)
		print_option(out, o);
	fprintf(out, "\n`reflash COMMAND --help` tells more. Exit codes: reflash --help-exit-codes.\n");
}

void help_command(const struct command *c)
{
	printf("usage: reflash %s%s%s\n\n%s.\n", c->name, c->usage[0] ? " " : "", c->usage, c->summary);
	if (c->aliases)
		printf("also called: %s\n", c->aliases);
	if (c->about)
		printf("\n%s\n", c->about);
	if (c->options && c->options->name) {
		printf("\noptions:\n");
		for (const struct option_def *o = c->options; o->name; o++)
			print_option(stdout, o);
	}
	printf("\nThe options of every command are in `reflash --help`.\n");
}

void help_exit_codes(void)
{
	printf("| code | name | meaning | what to do |\n|---|---|---|---|\n");
	for (int s = 0; s < STATUS_COUNT; s++)
		printf("| %d | `%s` | %s | %s |\n", status_exit_code((enum status)s),
		       status_name((enum status)s), status_sentence((enum status)s),
		       status_remedy((enum status)s));
}
