/*
 * The command line: what every command is given and what it may use. A command
 * is one file, cmd_NAME.c, that ends in one `const struct command`, plus one
 * row in commands.c. `main` parses, runs, prints the error and is the only
 * caller of exit.
 *
 * Where output goes: results to stdout, everything else (progress, notes,
 * errors, questions) to stderr. With --json stdout carries one JSON object a
 * line and nothing else.
 */
#ifndef REFLASH_CLI_H
#define REFLASH_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <jansson.h>

#include "base/err.h"
#include "base/log.h"

struct chip;
struct image;
struct probe;
struct usb_wire;

#define REFLASH_VERSION_TEXT "0.1.0"

/* ---- options and arguments ------------------------------------------------------ */

/* One option of a command (or a global one). A table of these ends with a row
 * whose name is NULL. */
struct option_def {
	const char *name;  /* long name without "--" */
	char letter;       /* short form, or 0 */
	const char *value; /* NULL: a flag; "FILE": takes one; "[PORT]": only as --name=PORT */
	const char *help;  /* one line */
};

/* What was given, after parsing. `rest` holds what is not an option; after
 * "--" everything is. Strings belong to argv. */
struct args {
	size_t count;
	const char **rest;
	size_t given_count;
	struct args_given {
		const struct option_def *def;
		const char *value; /* NULL: none */
	} *given;
};

/* Was the option given? */
bool args_has(const struct args *args, const char *name);
/* Its last value; NULL when not given (or given without one). */
const char *args_value(const struct args *args, const char *name);
/* How often it was given. */
unsigned args_times(const struct args *args, const char *name);
/* "0x08004000", "64k", "1M", "4096". False when it is not a number. */
bool parse_number(const char *text, uint64_t *out);
/* "10m", "500ms", "2h", "30" (seconds) -> microseconds. */
bool parse_duration(const char *text, uint64_t *us);
/* "4M", "1800k", "1800" (kHz) -> kHz. */
bool parse_speed(const char *text, unsigned *khz);

/* An address on the command line; `text` NULL gives 0xFFFFFFFF (none). */
struct cli;
enum status parse_address(struct cli *cli, const char *text, uint32_t *out) MUST_CHECK;

/* ---- the program's context -------------------------------------------------------- */

enum progress_style { PROGRESS_AUTO, PROGRESS_PLAIN, PROGRESS_JSON, PROGRESS_NEVER };

/* One a run of the program; lives in main. */
struct cli {
	const char *program;     /* "reflash" */
	const char *command;     /* name of the command that runs, for messages */
	const char *probe;       /* -p or REFLASH_PROBE; NULL: the only one there is */
	unsigned speed_khz;      /* 0: the driver's choice */
	bool under_reset;        /* start with the way under reset */
	bool hot_plug;           /* plain only, do not halt or reset */
	bool leave_no_trace;     /* restore DBGMCU_CR when letting go */
	const char *chip_name;   /* --chip as given, or NULL */
	const struct chip *chip; /* the same, looked up */
	bool json, quiet, yes, dry_run;
	enum progress_style progress;
	bool out_tty, err_tty, color; /* colour on stdout: a terminal, and NO_COLOR is not set */
	struct log log;          /* -v, -vv */
	struct err err;          /* what went wrong; main prints it */
	int interrupt_fd;        /* signalfd of SIGINT, SIGTERM, SIGHUP; -1: not watched */
	bool interrupted;
	int exit_code;           /* `board exec`: the program's own; 0: the status decides */
	uint64_t bar_drawn_us;   /* progress bar: when last drawn */
	uint64_t bar_began_us;   /* when its phase began, */
	size_t bar_began_at;     /* and where */
	int bar_phase;           /* phase being drawn, -1: none */
};

/* ---- commands -------------------------------------------------------------------- */

struct command {
	const char *name;
	const char *aliases; /* separated by blanks; NULL: none */
	const char *usage;   /* "FILE [ADDR]" */
	const char *summary; /* one line for the list */
	const char *about;   /* more, for --help; may be NULL */
	const struct option_def *options; /* may be NULL */
	unsigned min_args, max_args;      /* checked before run; UINT_MAX: any number */
	/* Does the work. The result decides the exit code; when it is not
	 * STATUS_OK and cli->err holds a cause, main prints that. A command
	 * that has already told its result leaves cli->err clear. */
	enum status (*run)(struct cli *cli, const struct args *args);
};
/* All of them, in the order of the help; ends with NULL. */
extern const struct command *const commands[];
/* By name or alias; NULL when there is none. */
const struct command *command_find(const char *name);
extern const struct option_def global_options[];

/* ---- output ------------------------------------------------------------------------- */

/* A result line for a person: stdout, nothing with --json. */
void say(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* A note on the way: stderr, nothing with -q or --json. */
void note(const struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* One JSON object a line on stdout when --json is on. Takes the reference. */
void emit_json(const struct cli *cli, json_t *object);
/* Colour of a word on stdout, "" when colours are off. */
enum tint { TINT_OFF, TINT_RED, TINT_YELLOW, TINT_GREEN, TINT_BOLD };
const char *tint(const struct cli *cli, enum tint t);
/* The error: what happened, what was tried, what to do next. */
void print_error(const struct cli *cli, enum status status, const struct err *err);
/* Ask a yes/no question on the terminal. True with -y; without a terminal the
 * answer is no, and cli->err says that -y is needed (STATUS_NEED_PERSON); after
 * Ctrl-C, STATUS_INTERRUPTED. */
bool confirm(struct cli *cli, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* What a command ends with after a no. */
enum status not_agreed(struct cli *cli);

/* Progress of a phase in bytes: a bar on a terminal, one line a phase otherwise,
 * JSON lines with --json (and, on stderr, with --progress=json alone). Returns false when the person
 * pressed Ctrl-C. */
bool progress_show(struct cli *cli, int phase, const char *name, size_t done, size_t total);
/* Remove the bar before anything else is printed. */
void progress_end(struct cli *cli);

/* From now on Ctrl-C does not kill but is asked for: cli_interrupted. Used by
 * every command that holds a chip, so that nothing is left half done. */
void watch_interrupts(struct cli *cli);
bool cli_interrupted(struct cli *cli);

/* ---- files -------------------------------------------------------------------------- */

/* Whole file ("-": stdin) into memory the caller frees. STATUS_BAD_FILE when
 * it is not there, a directory or larger than 64 MiB. */
enum status read_file(const char *path, uint8_t **bytes, size_t *len, struct err *err) MUST_CHECK;

#endif
