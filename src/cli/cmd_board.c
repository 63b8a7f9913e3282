/*
 * reflash board: the virtual board. `start` and `exec` have files of their
 * own; every other word goes to the board's control socket as it stands.
 */
#include "cli/cmd_board.h"

#include <limits.h>
#include <string.h>

#include "cli/commands.h"

static const struct option_def options[] = {
	{"silicon", 0, "NAME", "genuine, gd32f103, cs32f103, apm32f103, ch32f103 or air32f103"},
	{"wires", 0, "LIST", "nrst=wired|open|swim|low|slow,swdio=ok|open|swap|slow|noisy,"
			     "hse=ok|open,..."},
	{"boot0", 0, "0|1", "the BOOT0 jumper"},
	{"power", 0, "on|off", "power of the chip's board"},
	{"flash", 0, "FILE", "keep flash and option bytes in FILE across runs"},
	{"bootrom", 0, "FILE", "your own dump of system memory instead of our boot ROM"},
	{"probe-firmware", 0, "VERSION", "V2J37S7 (default), V2J29S7, V2J17S4, V2J37M27, V3J7M3"},
	{"serial", 0, "TEXT", "the ST-LINK's serial number, 24 hex digits"},
	{"fault", 0, "LIST", "short-replies, stale-replies, clone-vtref, no-crystal, "
			     "cut-power@N, unplug@N, no-answer@N"},
	{"time", 0, "real|driven", "follow the wall clock, or move by transfers and waits only"},
	{"stlink-server", 0, "[PORT]", "speak stlink-server on 127.0.0.1 (7184)"},
	{"uart", 0, NULL, "a serial port (pty) for USART1"},
	{"socket", 0, "PATH", "where the board is reached (default: your runtime directory)"},
	{"unmodelled", 0, NULL, "status: the registers used that the board does not model"},
	{NULL, 0, NULL, NULL},
};

static void print_line(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
}

/* With --json the lines of an answer go into one object. */
static void keep_line(void *ctx, const char *text)
{
	json_array_append_new(ctx, json_string(text));
}

static enum status tell_board(struct cli *cli, const struct args *args, const char *line)
{
	json_t *lines;
	enum status s;

	if (!cli->json || (strcmp(args->rest[0], "status") == 0 && !args_has(args, "unmodelled")))
		return serve_control(args_value(args, "socket"), line, print_line, cli, &cli->err);
	lines = json_array();
	s = serve_control(args_value(args, "socket"), line, keep_line, lines, &cli->err);
	if (s)
		json_decref(lines);
	else
		emit_json(cli, json_pack("{s:s, s:s, s:s, s:o}", "type", "result", "command", "board",
					 "action", args->rest[0], "lines", lines));
	return s;
}

/* `board WORD [ARGUMENT...]` as the control socket's line. */
static enum status forward(struct cli *cli, const struct args *args)
{
	char line[400];
	size_t at = 0;

	for (size_t i = 0; i < args->count; i++) {
		int n = snprintf(line + at, sizeof line - at, "%s%s", i ? " " : "", args->rest[i]);

		if (n < 0 || (size_t)n >= sizeof line - at || strchr(args->rest[i], '\n'))
			return err_set(&cli->err, STATUS_USAGE, "that is no board command");
		at += (size_t)n;
	}
	if (strcmp(args->rest[0], "status") == 0 && args->count == 1) {
		if (args_has(args, "unmodelled"))
			strcat(line, " unmodelled");
		else if (cli->json)
			strcat(line, " json");
	}
	return tell_board(cli, args, line);
}

static const struct {
	const char *word;
	enum status (*run)(struct cli *cli, const struct args *args);
	unsigned max_args; /* with the word itself */
} words[] = {
	{"start", board_start, 1},     {"exec", board_exec, UINT_MAX}, {"press-reset", forward, 2},
	{"hold-reset", forward, 1},    {"release-reset", forward, 1},  {"power-cycle", forward, 2},
	{"power", forward, 2},         {"boot0", forward, 2},          {"boot1", forward, 2},
	{"wire", forward, 2},          {"unplug", forward, 1},         {"plug", forward, 1},
	{"run", forward, 2},           {"status", forward, 2},         {"stop", forward, 1},
	{"pin", forward, 2},           {"uart", forward, UINT_MAX},    {"at", forward, UINT_MAX},
	{"script", board_script, 2},
};

static enum status run(struct cli *cli, const struct args *args)
{
	if (args->count == 0)
		return board_foreground(cli, args);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		if (strcmp(words[i].word, args->rest[0]) != 0)
			continue;
		if (args->count > words[i].max_args)
			return err_set(&cli->err, STATUS_USAGE, "\"%s\" is one argument too many",
				       args->rest[words[i].max_args]);
		return words[i].run(cli, args);
	}
	err_set(&cli->err, STATUS_USAGE, "reflash board does not know \"%s\"", args->rest[0]);
	err_next(&cli->err, "see `reflash board --help`");
	return STATUS_USAGE;
}

const struct command cmd_board = {
	.name = "board",
	.usage = "[start | exec -- PROGRAM... | press-reset [MS] | hold-reset | release-reset | "
		 "power-cycle [MS] | power on|off | boot0 0|1 | wire NAME=STATE | unplug | plug | "
		 "pin [PA0=0|1|float] | uart TEXT | at MS WHAT | script FILE | run [MS] | status | "
		 "stop]",
	.summary = "The virtual board: an STM32F103 and its ST-LINK",
	.about = "`board start` starts it in the background, `board` alone in the foreground.\n"
		 "`board exec -- PROGRAM...` gives any libusb program the board as its ST-LINK, and\n"
		 "a board of its own when none runs. Its serial port (--uart) is $REFLASH_UART there;\n"
		 "outside, SOCKET.uart, where programs must not insist on parity (stm32flash -m 8n1).\n"
		 "`board pin` shows what the chip drives. `board at 500 pin PA0=0` does something 500 ms\n"
		 "from now: pin, uart, wire, boot0, boot1, power, hold-reset or release-reset; a script\n"
		 "is a file of such lines (`500 pin PA0=0`, `+20 pin PA0=1`: 20 ms after the last; `# ...`).\n"
		 "`board wire hse=open` stops the chip's crystal, lse=open the 32-kHz one.",
	.options = options,
	.min_args = 0,
	.max_args = UINT_MAX,
	.run = run,
};
