/* What a person or a program reads: results, notes, errors, questions. */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"

void say(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (cli->json)
		return;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

void note(const struct cli *cli, const char *fmt, ...)
{
	va_list ap;

	if (cli->quiet || cli->json)
		return;
	fflush(stdout); /* one order for who reads both */
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void emit_json(const struct cli *cli, json_t *object)
{
	if (cli->json) {
		json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
		putchar('\n');
		fflush(stdout);
	}
	json_decref(object);
}

const char *tint(const struct cli *cli, enum tint t)
{
	static const char *const codes[] = {
		[TINT_OFF] = "\033[0m", [TINT_RED] = "\033[1;31m", [TINT_YELLOW] = "\033[1;33m",
		[TINT_GREEN] = "\033[1;32m", [TINT_BOLD] = "\033[1m",
	};

	return cli->color ? codes[t] : "";
}

static void error_json(const struct cli *cli, enum status status, const struct err *err)
{
	json_t *o = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:s}", "type", "error", "status",
			      status_name(status), "exit", status_exit_code(status), "command",
			      cli->command ? cli->command : "", "what", err->what, "tried",
			      err->tried, "next", err_remedy(err));

	if (!o)
		return;
	if (err->has_address)
		json_object_set_new(o, "address", json_integer(err->address));
	if (err->raw)
		json_object_set_new(o, "probe_code", json_integer(err->raw));
	emit_json(cli, o);
}

/* A sentence ends with a full stop, however it was written. */
static const char *stop(const char *text)
{
	size_t len = strlen(text);

	return len && strchr(".!?:", text[len - 1]) ? "" : ".";
}

void print_error(const struct cli *cli, enum status status, const struct err *err)
{
	const char *what = err->what[0] ? err->what : status_sentence(status);
	const char *next = err_remedy(err);

	if (cli->json) {
		error_json(cli, status, err);
		return;
	}
	fflush(stdout);
	fprintf(stderr, "%s: %s%s\n", cli->program, what, stop(what));
	if (err->tried[0])
		fprintf(stderr, "  tried: %s%s\n", err->tried, stop(err->tried));
	if (next[0])
		fprintf(stderr, "  next:  %s%s\n", next, stop(next));
}

/* Ctrl-C does not kill while a chip is held: the question has to notice it. */
static bool answer_comes(struct cli *cli)
{
	struct pollfd from[] = {{.fd = STDIN_FILENO, .events = POLLIN},
				{.fd = cli->interrupt_fd, .events = POLLIN}};

	if (cli_interrupted(cli))
		return false;
	while (poll(from, 2, -1) < 0 && errno == EINTR)
		continue;
	return !cli_interrupted(cli);
}

bool confirm(struct cli *cli, const char *fmt, ...)
{
	char question[512], answer[16];
	va_list ap;

	if (cli->yes)
		return true;
	va_start(ap, fmt);
	vsnprintf(question, sizeof question, fmt, ap);
	va_end(ap);
	if (cli->json || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)) {
		err_set(&cli->err, STATUS_NEED_PERSON, "%s needs a yes, and nobody is there to ask",
			cli->command);
		err_tried(&cli->err, "the question was: %s", question);
		err_next(&cli->err, "repeat it with -y if you want that; nothing was changed");
		return false;
	}
	fprintf(stderr, "%s [y/N] ", question);
	fflush(stderr);
	if (!answer_comes(cli)) {
		fputc('\n', stderr);
		err_set(&cli->err, STATUS_INTERRUPTED, "interrupted at the question");
		err_next(&cli->err, "nothing was changed");
		return false;
	}
	if (!fgets(answer, sizeof answer, stdin) || (answer[0] != 'y' && answer[0] != 'Y')) {
		err_set(&cli->err, STATUS_NEED_PERSON, "not done: you said no");
		err_next(&cli->err, "nothing was changed");
		return false;
	}
	return true;
}

enum status not_agreed(struct cli *cli)
{
	return cli_interrupted(cli) ? STATUS_INTERRUPTED : STATUS_NEED_PERSON;
}
