/* `reflash completion SHELL`: completion scripts, made from the tables. */
#include <string.h>

#include "cli/cli.h"

static void words_of_options(const struct option_def *o, const char *format)
{
	for (; o && o->name; o++)
		printf(format, o->name);
}

static void bash(void)
{
	printf("_reflash() {\n"
	       "  local cur=${COMP_WORDS[COMP_CWORD]} words= i\n"
	       "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
	       "    case ${COMP_WORDS[i]} in\n");
	for (const struct command *const *c = commands; *c; c++) {
		printf("    %s) words='", (*c)->name);
		words_of_options((*c)->options, "--%s ");
		printf("'; break ;;\n");
	}
	printf("    esac\n  done\n  if [ \"$i\" -ge \"$COMP_CWORD\" ]; then words='");
	for (const struct command *const *c = commands; *c; c++)
		printf("%s ", (*c)->name);
	printf("'; fi\n  words=\"$words ");
	words_of_options(global_options, "--%s ");
	printf("\"\n"
	       "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\") $(compgen -f -- \"$cur\"))\n"
	       "}\n"
	       "complete -o filenames -F _reflash reflash\n");
}

static void zsh(void)
{
	printf("#compdef reflash\nautoload -U +X bashcompinit && bashcompinit\n");
	bash();
}

/* In single quotes, as fish reads them. */
static void quoted(const char *text)
{
	putchar('\'');
	for (; *text; text++) {
		if (*text == '\'' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
	putchar('\'');
}

static void fish_options(const struct option_def *o, const char *condition)
{
	for (; o && o->name; o++) {
		printf("complete -c reflash -n '%s' -l %s", condition, o->name);
		if (o->letter)
			printf(" -s %c", o->letter);
		printf("%s -d ", o->value && o->value[0] != '[' ? " -r" : "");
		quoted(o->help);
		putchar('\n');
	}
}

static void fish(void)
{
	fish_options(global_options, "true");
	for (const struct command *const *c = commands; *c; c++) {
		char condition[64];

		printf("complete -c reflash -n __fish_use_subcommand -a %s -d ", (*c)->name);
		quoted((*c)->summary);
		putchar('\n');
		snprintf(condition, sizeof condition, "__fish_seen_subcommand_from %s", (*c)->name);
		fish_options((*c)->options, condition);
	}
}

static enum status run(struct cli *cli, const struct args *args)
{
	static const struct {
		const char *name;
		void (*print)(void);
	} shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};

	if (cli->json)
		return err_set(&cli->err, STATUS_USAGE,
			       "a completion script is for a shell: it has no JSON form");
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
		if (strcmp(args->rest[0], shells[i].name) == 0) {
			shells[i].print();
			return STATUS_OK;
		}
	}
	return err_set(&cli->err, STATUS_USAGE, "completion is for bash, zsh or fish, not \"%s\"",
		       args->rest[0]);
}

const struct command cmd_completion = {
	.name = "completion", .usage = "bash|zsh|fish", .summary = "Shell completion",
	.about = "Put the output where your shell looks for completions, for example\n"
		 "  reflash completion bash > ~/.local/share/bash-completion/completions/reflash",
	.min_args = 1, .max_args = 1, .run = run,
};
