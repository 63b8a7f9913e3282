/*
 * Messages of other tools, as data. A row says who prints it, how it looks (an
 * extended regular expression, case ignored), what it really means, and which
 * causes it makes likelier or unlikelier (weights as in cause.h). Rows are
 * tried in order against each line, and all that match count, each once.
 *
 * To add one: a row in its tool's table, a line in tests/unit/test_explain.c.
 * Sources: the tools' own source for who prints what and when; solved cases
 * for what it turned out to be.
 */
#ifndef REFLASH_DOCTOR_CATALOGUE_H
#define REFLASH_DOCTOR_CATALOGUE_H

#include "lockout/lockout.h"

#define HINTS_MAX 12

struct message_row {
	const char *tool;    /* "st-flash"; NULL: several print it */
	const char *pattern; /* NULL ends the table */
	const char *means;
	struct cause_hint {
		enum cause cause;
		int weight;  /* 0 ends the list */
	} hints[HINTS_MAX];
};

/* Who is speaking, and which version: the first group of the pattern. */
struct tool_row {
	const char *tool;
	const char *pattern; /* NULL ends the table */
};

extern const struct tool_row tool_rows[];
extern const struct message_row messages_stlink[];
extern const struct message_row messages_openocd[];
extern const struct message_row messages_vendor[];
extern const struct message_row messages_others[];

/* Nothing on the wire answered. On its own this tells causes hardly apart. */
#define HINTS_SILENT                                                                               \
	{CAUSE_SWJ_OFF, 22}, {CAUSE_WIRING, 20}, {CAUSE_POWER, 18}, {CAUSE_STOP, 16},              \
		{CAUSE_STANDBY, 15}, {CAUSE_SLEEP, 14}, {CAUSE_PINS_REUSED, 16}, {CAUSE_NRST, 10}, \
		{CAUSE_PROBE, 8}
/* The debug port answered: wires and power are fine. */
#define HINTS_PORT_ANSWERS {CAUSE_WIRING, -25}, {CAUSE_POWER, -15}

#endif
