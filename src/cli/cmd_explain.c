/* `reflash explain [LOG]`: what another tool's error output means. */
#include <stdlib.h>
#include <unistd.h>

#include "cli/opinions.h"

static json_t *lines_json(const struct explanation *x)
{
	json_t *a = json_array();

	for (size_t i = 0; i < x->line_count; i++)
		json_array_append_new(a, json_pack("{s:s, s:s}", "text", x->lines[i].text, "means",
						   x->lines[i].means));
	return a;
}

static void show(struct cli *cli, const struct explanation *x)
{
	if (x->tool)
		say(cli, "%s%s%s%s\n", tint(cli, TINT_BOLD), x->tool, x->version[0] ? " " : "",
		    x->version);
	say(cli, "%s", tint(cli, TINT_OFF));
	for (size_t i = 0; i < x->line_count; i++)
		say(cli, "  %s\n      %s\n", x->lines[i].text, x->lines[i].means);
	if (x->cause_count) {
		say(cli, "\nWhat is behind it, most likely first (? tells how to find out):\n");
		opinions_print(cli, x->causes, x->cause_count, true);
		say(cli, "\nWith the board at hand: `reflash diagnose` makes these tests by itself.\n");
	}
	emit_json(cli, json_pack("{s:s, s:o, s:o, s:o, s:o}", "type", "explanation", "tool",
				 x->tool ? json_string(x->tool) : json_null(), "version",
				 x->version[0] ? json_string(x->version) : json_null(), "lines",
				 lines_json(x), "causes", opinions_json(x->causes, x->cause_count)));
}

static enum status run(struct cli *cli, const struct args *args)
{
	const char *path = args->count ? args->rest[0] : "-";
	struct explanation *x;
	uint8_t *log;
	size_t len;
	enum status s;

	if (!args->count && isatty(STDIN_FILENO))
		note(cli, "Paste the tool's output, then press Ctrl-D.\n");
	if ((s = read_file(path, &log, &len, &cli->err)))
		return s;
	x = calloc(1, sizeof *x);
	if (!x) {
		free(log);
		return err_set(&cli->err, STATUS_NO_MEMORY, "out of memory");
	}
	doctor_explain((const char *)log, len, x);
	if (x->line_count) {
		show(cli, x);
	} else {
		s = err_set(&cli->err, STATUS_UNKNOWN, "no line of that is a message known here");
		err_tried(&cli->err, "st-flash, OpenOCD, STM32CubeProgrammer and IDE, pyOCD, "
				     "probe-rs, J-Link, Black Magic and stm32flash messages");
		err_next(&cli->err, "give the tool's whole output, with its verbose switch on; with the "
				    "board at hand run `reflash diagnose`");
	}
	free(x);
	free(log);
	return s;
}

const struct command cmd_explain = {
	.name = "explain", .usage = "[LOG]",
	.summary = "What the error output of another tool means",
	.about = "LOG is a file, or - or nothing for stdin:\n  st-flash write fw.bin 0x8000000 2>&1 | reflash explain",
	.min_args = 0, .max_args = 1, .run = run,
};
