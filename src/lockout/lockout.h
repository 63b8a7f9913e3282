/*
 * What a firmware does to the debug port: run it from reset, sweep what was
 * not run, name the line, narrow it down. No I/O: takes an image, gives a
 * report.
 */
#ifndef REFLASH_LOCKOUT_H
#define REFLASH_LOCKOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "chips/chips.h"
#include "image/image.h"

/* Cause names: one list, used alike by check, diagnose and explain. */
#define CAUSE_LIST(X)                                                                              \
	X(SWJ_OFF, "swj-off")                                                                      \
	X(SWJ_RMW, "swj-rmw")                                                                      \
	X(JTAG_OFF, "jtag-off")                                                                    \
	X(PINS_REUSED, "pins-reused")                                                              \
	X(SLEEP, "sleep")                                                                          \
	X(STOP, "stop")                                                                            \
	X(STANDBY, "standby")                                                                      \
	X(RDP, "rdp")                                                                              \
	X(WRP, "wrp")                                                                              \
	X(OPTION_BYTES, "option-bytes")                                                            \
	X(WATCHDOG, "watchdog")                                                                    \
	X(RESET_LOOP, "reset-loop")                                                                \
	X(FAULT, "fault")                                                                          \
	X(BAD_IMAGE, "bad-image")                                                                  \
	X(WIRING, "wiring")                                                                        \
	X(POWER, "power")                                                                          \
	X(NRST, "nrst")                                                                            \
	X(BOOT_PINS, "boot-pins")                                                                  \
	X(SPEED, "speed")                                                                          \
	X(PROBE, "probe")                                                                          \
	X(PERMISSION, "permission")                                                                \
	X(NO_PROBE, "no-probe")                                                                    \
	X(CLONE, "clone")                                                                          \
	X(SUPPLY_CONFIG, "supply-config")                                                          \
	X(BUS_HANG, "bus-hang")                                                                    \
	X(UART, "uart")                                                                            \
	X(TOOL, "tool")

enum cause {
#define X(name, word) CAUSE_##name,
	CAUSE_LIST(X)
#undef X
	CAUSE_COUNT
};
const char *cause_name(enum cause c);

enum lockout_verdict { VERDICT_CLEAR, VERDICT_UNKNOWN, VERDICT_HAZARD, VERDICT_MAY_LOCK_OUT,
		       VERDICT_LOCKS_OUT };
const char *verdict_name(enum lockout_verdict v); /* "locks-out" ... */

enum lockout_level { LEVEL_NOTE, LEVEL_HAZARD, LEVEL_LOCKOUT };
const char *level_name(enum lockout_level l);
enum lockout_certainty { CERTAIN_POSSIBLE, CERTAIN_LIKELY, CERTAIN_PROVED };
const char *certainty_name(enum lockout_certainty c);

/* A place in the program. Strings are owned by the report; "" and 0 unknown. */
struct lockout_place {
	uint32_t address;
	char function[96];
	char file[160];
	unsigned line;
};

#define LOCKOUT_STACK_MAX 24
struct lockout_finding {
	enum cause cause;
	enum lockout_level level;
	enum lockout_certainty certainty;
	uint64_t after_us;         /* after reset; UINT64_MAX: not run */
	char task[32];             /* RTOS task name or "" */
	struct lockout_place blame; /* the statement to change */
	struct lockout_place store; /* the instruction that did it */
	uint32_t store_target, store_value;
	char table[64];            /* "rows+0x8": the word of a table that the value came from; "" */
	struct lockout_place stack[LOCKOUT_STACK_MAX]; /* innermost first; [0] = store */
	size_t stack_len;
	uint16_t pins_needed;      /* bit 0 PA13, 1 PA14, 2 PA15, 3 PB3, 4 PB4: really used */
	char condition[160];       /* "if I2C1 device 0x27 acknowledges", "if bits 26:24 read back as 100", "" */
	char summary[256];         /* one sentence: "SWD and JTAG are off 1.9 ms after reset and stay off" */
	char fix[512];             /* what to write instead */
	char proof[256];           /* "Proved: with 010 stored instead, ..." or "" */
};

struct lockout_coverage {
	uint64_t virtual_us, instructions;
	unsigned functions_run, functions;
	char ended[64]; /* "10 s of virtual time", "91 million instructions (6.9 s)", "lockup" ... */
};

struct lockout_report {
	enum lockout_verdict verdict;
	const struct chip *chip;  /* assumed chip; NULL: none fits */
	char chip_why[160];       /* why this chip is assumed */
	char reason[256];         /* for VERDICT_UNKNOWN: why; else "" */
	struct lockout_finding *findings; /* most severe first */
	size_t finding_count;
	struct lockout_coverage coverage;
};

struct lockout_options {
	const struct chip *chip;       /* NULL: decide from the image */
	const struct silicon *silicon; /* NULL: genuine */
	uint64_t run_us;               /* 0: 10 s */
	uint64_t instructions;         /* 0: as many as the time has */
	unsigned budget_ms;            /* for trying other answers, about; counted in effort, so that
					  results do not hang on the machine; 0: default */
	bool quick;                    /* write's quick check */
	const struct log *log;
};

/* STATUS_OK with a report (whatever the verdict), or an error. Free with
 * lockout_report_free. */
enum status lockout_check(const struct image *img, const struct lockout_options *opt,
			  struct lockout_report **out, struct err *err) MUST_CHECK;
void lockout_report_free(struct lockout_report *r);

/* ---- narrow: which block does it --------------------------------------------- */

struct narrow_block {
	struct lockout_place place; /* the call site (or task body, or main) */
	char calls[96];             /* the function called there; "(a store)" of a line that reaches
				       a peripheral by itself; "(the store itself)" */
	unsigned depth;
	enum { NARROW_LOCKS, NARROW_KEEPS, NARROW_SKIPPED, NARROW_NOT_REACHED, NARROW_BREAKS } outcome;
	bool guilty;                /* skipping it (and only it) keeps SWD */
};
struct narrow_report {
	struct narrow_block *blocks; /* in program order, a tree by depth */
	size_t count;
	unsigned runs;
	struct lockout_place line;   /* where the search ended */
	bool found;
};
enum status lockout_narrow(const struct image *img, const struct lockout_options *opt,
			   struct narrow_report **out, struct err *err) MUST_CHECK;
void narrow_report_free(struct narrow_report *r);

#endif
