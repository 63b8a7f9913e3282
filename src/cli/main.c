/*
 * The program's entry: parse, find the command in the table, run it, print
 * what went wrong, leave with the status's exit code.
 */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chips/chips.h"
#include "cli/args.h"
#include "cli/help.h"
#include "cli/suggest.h"

static void log_to_stderr(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	(void)level;
	fprintf(stderr, "  . %s\n", line);
}

static void cli_init(struct cli *cli)
{
	*cli = (struct cli){
		.program = "reflash", .interrupt_fd = -1, .bar_phase = -1,
		.probe = getenv("REFLASH_PROBE"),
		.out_tty = isatty(STDOUT_FILENO), .err_tty = isatty(STDERR_FILENO),
		.log = {.level = LOG_NORMAL, .sink = log_to_stderr},
	};
	if (cli->probe && !cli->probe[0])
		cli->probe = NULL;
	cli->color = cli->out_tty && !getenv("NO_COLOR");
}

static enum status apply_progress(struct cli *cli, const char *word)
{
	static const char *const words[] = {
		[PROGRESS_AUTO] = "auto", [PROGRESS_PLAIN] = "plain", [PROGRESS_JSON] = "json",
		[PROGRESS_NEVER] = "never",
	};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(word, words[i]) == 0) {
			cli->progress = (enum progress_style)i;
			return STATUS_OK;
		}
	}
	return err_set(&cli->err, STATUS_USAGE, "--progress is auto, plain, json or never, not %s",
		       word);
}

static enum status apply_chip(struct cli *cli, const char *name)
{
	cli->chip_name = name;
	cli->chip = chip_by_name(name);
	/* A chip that is not modelled is not wrong: check answers `unknown`. */
	return STATUS_OK;
}

static enum status apply_globals(struct cli *cli, const struct args *args)
{
	enum status s = STATUS_OK;

	if (args_value(args, "probe"))
		cli->probe = args_value(args, "probe");
	cli->under_reset = args_has(args, "under-reset");
	cli->hot_plug = args_has(args, "hot-plug");
	cli->leave_no_trace = args_has(args, "leave-no-trace");
	cli->json = args_has(args, "json");
	cli->quiet = args_has(args, "quiet");
	cli->yes = args_has(args, "yes");
	cli->dry_run = args_has(args, "dry-run");
	cli->log.level = (enum log_level)((int)LOG_NORMAL + (int)args_times(args, "verbose"));
	if (args_has(args, "speed") && !parse_speed(args_value(args, "speed"), &cli->speed_khz))
		return err_set(&cli->err, STATUS_USAGE,
			       "--speed %s is no speed; 4M, 1800k and 1800 (kHz) are",
			       args_value(args, "speed"));
	if (cli->under_reset && cli->hot_plug)
		return err_set(&cli->err, STATUS_USAGE,
			       "--under-reset and --hot-plug exclude each other");
	if (args_has(args, "chip"))
		s = apply_chip(cli, args_value(args, "chip"));
	if (!s && args_has(args, "progress"))
		s = apply_progress(cli, args_value(args, "progress"));
	return s;
}

static enum status no_such_command(struct cli *cli, const char *word)
{
	const char *near = suggest_command(word);

	err_set(&cli->err, STATUS_USAGE, "there is no command \"%s\"", word);
	if (near)
		err_next(&cli->err, "did you mean `reflash %s`?", near);
	else
		err_next(&cli->err, "see `reflash --help`");
	return STATUS_USAGE;
}

static enum status check_count(struct cli *cli, const struct command *c, const struct args *args)
{
	if (args->count < c->min_args)
		err_set(&cli->err, STATUS_USAGE, "%s needs more: reflash %s %s", c->name, c->name,
			c->usage);
	else if (args->count > c->max_args)
		err_set(&cli->err, STATUS_USAGE, "\"%s\" is one argument too many: reflash %s%s%s",
			args->rest[c->max_args], c->name, c->usage[0] ? " " : "", c->usage);
	return cli->err.status;
}

static enum status run_command(struct cli *cli, const struct command *c, struct parse *p,
			       struct args *args)
{
	enum status s;

	cli->command = c->name;
	p->own = c->options;
	p->command = c->name;
	p->stop_at_first = false;
	s = args_parse(p, args, &cli->err);
	cli->json = args_has(args, "json"); /* errors of the command line, too */
	if (s)
		return s;
	if (args_has(args, "help")) {
		help_command(c);
		return STATUS_OK;
	}
	if ((s = apply_globals(cli, args)) || (s = check_count(cli, c, args)))
		return s;
	return c->run(cli, args);
}

static enum status run(struct cli *cli, struct parse *p, struct args *args)
{
	const struct command *c;
	const char *word;
	enum status s = args_parse(p, args, &cli->err);

	cli->json = args_has(args, "json");
	if (s)
		return s;
	if (args_has(args, "version")) {
		printf("reflash %s\n", REFLASH_VERSION_TEXT);
		return STATUS_OK;
	}
	if (args_has(args, "help-exit-codes")) {
		help_exit_codes();
		return STATUS_OK;
	}
	if (p->at >= p->argc && cli->json && !args_has(args, "help")) {
		err_set(&cli->err, STATUS_USAGE, "no command was given");
		err_next(&cli->err, "see `reflash --help`");
		return STATUS_USAGE;
	}
	if (p->at >= p->argc) {
		help_all(args_has(args, "help") ? stdout : stderr);
		return args_has(args, "help") ? STATUS_OK : STATUS_USAGE;
	}
	word = p->argv[p->at++];
	if (strcmp(word, "help") == 0) {
		c = p->at < p->argc ? command_find(p->argv[p->at]) : NULL;
		if (p->at < p->argc && !c)
			return no_such_command(cli, p->argv[p->at]);
		c ? help_command(c) : help_all(stdout);
		return STATUS_OK;
	}
	c = command_find(word);
	return c ? run_command(cli, c, p, args) : no_such_command(cli, word);
}

/* Output that nobody can read (a closed pipe, a full disk) is a failure. */
static enum status flush_output(struct cli *cli, enum status s)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return s;
	return s ? s : err_set(&cli->err, STATUS_IO, "the output could not be written");
}

/* Closed by who started us (2>&-), their numbers would go to the next file or
 * probe that is opened, and every message into it. Stdout's stays unwritable, so
 * that a result nobody gets is told. */
static bool keep_standard_files(void)
{
	static const int flags[] = {O_RDONLY, O_RDONLY, O_WRONLY};

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags[fd]) != fd)
			return false;
	return true;
}

int main(int argc, char **argv)
{
	struct cli cli;
	struct args args;
	struct parse p = {.argc = argc, .argv = argv, .at = 1, .global = global_options,
			  .stop_at_first = true};
	enum status s;

	if (!keep_standard_files())
		return status_exit_code(STATUS_IO);
	signal(SIGPIPE, SIG_IGN); /* a write to a dead board or pipe is a status */
	cli_init(&cli);
	s = args_init(&args, argc, argv, &cli.err);
	if (!s)
		s = run(&cli, &p, &args);
	progress_end(&cli);
	s = flush_output(&cli, s);
	if (s == STATUS_USAGE && cli.command && !cli.err.next[0])
		err_next(&cli.err, "see `reflash %s --help`", cli.command);
	if (s && cli.err.status)
		print_error(&cli, s, &cli.err);
	args_fini(&args);
	if (cli.interrupt_fd >= 0)
		close(cli.interrupt_fd);
	return cli.exit_code ? cli.exit_code : status_exit_code(s);
}
