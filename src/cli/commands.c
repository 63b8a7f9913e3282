/* The table of commands, in the order of the help. To add one: a file
 * cmd_NAME.c, a row here and in commands.h, its file in meson.build, and a
 * test in tests/cli. */
#include "cli/commands.h"

#include <string.h>

const struct command *const commands[] = {
	&cmd_check, &cmd_narrow, &cmd_write, &cmd_verify, &cmd_read, &cmd_erase, &cmd_reset, &cmd_info,
	&cmd_options, &cmd_diagnose, &cmd_recover, &cmd_explain, &cmd_list, &cmd_board,
	&cmd_completion,
	NULL,
};

const struct option_def global_options[] = {
	{"probe", 'p', "PROBE", "SERIAL, VID:PID[:SERIAL], INDEX, usb:BUS-PORT, tcp:HOST:PORT, tty:PATH, virtual[:SOCKET]"},
	{"speed", 0, "SPEED", "SWD clock: 4M, 1800k, 1800 (kHz)"},
	{"under-reset", 0, NULL, "begin under reset instead of plainly"},
	{"hot-plug", 0, NULL, "attach to what runs, plainly only"},
	{"chip", 0, "NAME", "the chip, when it cannot be told: STM32F103C8"},
	{"leave-no-trace", 0, NULL, "restore the chip's debug settings when letting go"},
	{"json", 0, NULL, "one JSON object a line on stdout"},
	{"progress", 0, "STYLE", "auto, plain, json or never"},
	{"quiet", 'q', NULL, "results and errors only"},
	{"verbose", 'v', NULL, "say more; -vv says everything"},
	{"yes", 'y', NULL, "yes to every question"},
	{"dry-run", 'n', NULL, "change nothing, say what would be done"},
	{"help", 'h', NULL, "help"},
	{"version", 'V', NULL, "the version"},
	{"help-exit-codes", 0, NULL, "the table of exit codes"},
	{NULL, 0, NULL, NULL},
};

/* Is `word` one of the blank-separated words of `list`? */
static bool in_list(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p && len && (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (p[len] == ' ' || p[len] == '\0'))
			return true;
	return false;
}

const struct command *command_find(const char *name)
{
	for (const struct command *const *c = commands; *c; c++)
		if (strcmp((*c)->name, name) == 0 || in_list((*c)->aliases, name))
			return *c;
	return NULL;
}
