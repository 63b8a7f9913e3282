/*
 * Why does a chip not answer, and how to get it back.
 *
 *   look      tries the ways in and notes what each saw
 *   inspect   once in, reads what the chip's registers tell of its past
 *   rank      weighs all of it: causes, most likely first, with the evidence
 *             for and against each. Never one error code alone.
 *   ladder    recovery: rungs, each a way in and what it asks of a person
 *   clone     genuine or not, register by register
 *   explain   what other tools' messages mean
 *
 * No output of its own and no questions: the caller's callbacks do that.
 */
#ifndef REFLASH_DOCTOR_H
#define REFLASH_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "lockout/lockout.h"
#include "target/target.h"

/* ---- what was seen ------------------------------------------------------------------ */

enum nrst_state {
	NRST_UNKNOWN,    /* not tested */
	NRST_PROVEN,     /* the probe's reset line really resets the chip */
	NRST_NOT_DRIVEN, /* it does nothing: wire missing, or the dongle's RST is SWIM */
	NRST_HELD,       /* something else keeps it low */
};
const char *nrst_name(enum nrst_state s); /* "proven" ... */

/* One register of the chip that may not have been readable. */
struct seen_word {
	bool known;
	uint32_t value;
};

struct observations {
	/* The probe. STATUS_OK: open. */
	enum status probe;
	char probe_says[320];        /* why it could not be opened */
	struct probe_version version;
	bool voltage_known;
	unsigned millivolt;

	/* The ways in. */
	bool tried[WAY_COUNT];
	struct target_attempt ways[WAY_COUNT]; /* the last attempt of each */
	unsigned plain_tries, plain_hits;
	bool asked;                  /* a person was asked to work RESET or the power */
	bool in;
	enum target_way in_way;
	enum nrst_state nrst;

	/* Inside. Names as in RM0008. */
	struct seen_word idcode, cpuid, dhcsr, pc, msp, vector_sp, vector_reset, flash_obr,
		flash_wrpr, flash_sr, rcc_csr, pwr_csr;
	bool flash_unreadable;       /* reading main flash faulted */

	/* The firmware in its flash, when it could be read and run. */
	bool firmware_known;
	enum lockout_verdict firmware_verdict;
	bool firmware_finding;
	enum cause firmware_cause;
	char firmware_says[320];     /* "display.c:88 in display_init()" */

	/* What this computer remembers of the probe's last write. */
	bool remembered;
	bool remembered_locks_out;
	char remembered_file[256];
};

struct doctor_options {
	struct target_options target; /* speed, log, keep_trying */
	uint64_t wait_us;            /* how long to wait for a person; 0: ask nobody */
	/* Ask a person to do something; may be NULL when wait_us is 0. */
	void (*ask)(void *ctx, const char *what);
	void *ctx;
};

/* Try plain (several times), slow, under reset, and, when a person may be
 * asked, the catch. Fills `o`; *out is the attached target, or NULL. Only a
 * lost probe or an interruption is an error. */
enum status doctor_look(struct probe *p, const struct doctor_options *opt, struct observations *o,
			struct target **out, struct err *err) MUST_CHECK;
/* Read the registers that tell of the past. What cannot be read stays unknown. */
void doctor_inspect(struct target *t, struct observations *o);
/* Does the probe's NRST reach the chip? Resets the chip, which stops at its
 * reset vector: only with the core halted. */
void doctor_test_nrst(struct target *t, struct observations *o);

/* ---- what it means -------------------------------------------------------------------- */

#define OPINION_REASONS 8
struct opinion {
	enum cause cause;
	double confidence;           /* 0..1; all causes together give 1 */
	char pro[OPINION_REASONS][240];
	char con[OPINION_REASONS][240];
	size_t pros, cons;
	const char *means;           /* one sentence: what this cause is */
	const char *next;            /* what to do */
	const char *test;            /* what would decide whether it is this */
	enum status status;          /* the exit code of diagnose when it leads */
};
/* Weigh everything. Fills at most CAUSE_COUNT opinions, most likely first;
 * causes without evidence for them are left out. Returns how many. */
size_t doctor_rank(const struct observations *o, struct opinion out[CAUSE_COUNT]);

/* ---- getting it back ------------------------------------------------------------------- */

struct rung {
	const char *name;
	const char *asks;            /* of the person; NULL: nothing */
	enum target_way way;
	bool polls;                  /* try again and again until the wait is over */
	const char *afterwards;      /* what to undo: "move BOOT0 back"; NULL */
};
/* The ladder over SWD, lowest rung first. */
const struct rung *doctor_ladder(size_t *count);
/* Climb: the first rung that leads to a halted chip wins. `tried` (may be
 * NULL) is told of each rung that did not. STATUS_NEED_PERSON when none did. */
struct climb {
	struct doctor_options opt;
	void (*tried)(void *ctx, const struct rung *r, const struct target_attempt *a);
	size_t first, last;          /* half-open range of rungs to climb */
};
enum status doctor_climb(struct probe *p, const struct climb *c, const struct rung **rung,
			 struct target **out, struct err *err) MUST_CHECK;

/* ---- is it genuine ------------------------------------------------------------------------ */

#define CLONE_EVIDENCE_MAX 16
enum clone_says { CLONE_NEUTRAL, CLONE_GENUINE, CLONE_OTHER };
struct clone_verdict {
	bool genuine;                /* all identity registers agree with ST's */
	bool certain;                /* false: something contradicts or could not be read */
	char name[64];               /* "STMicroelectronics STM32F103", "Geehy APM32F103" ... */
	char sentence[200];
	char advice[240];            /* how this part wants to be treated; "" */
	struct clone_evidence {
		const char *what;    /* "CPUID" */
		uint32_t value;
		enum clone_says says;
		char text[120];
	} evidence[CLONE_EVIDENCE_MAX];
	size_t evidence_count;
};
/* Reads only; nothing is written to the chip. */
enum status doctor_identify(struct target *t, struct clone_verdict *out,
			    struct err *err) MUST_CHECK;

/* ---- what other tools' messages mean -------------------------------------------------------- */

#define EXPLAIN_LINES 24
struct explanation {
	const char *tool;            /* "st-flash"; NULL: none recognised */
	char version[24];            /* "" unknown */
	struct explained_line {
		char text[200];
		const char *means;
	} lines[EXPLAIN_LINES];
	size_t line_count;
	struct opinion causes[CAUSE_COUNT];
	size_t cause_count;
};
/* Read a log. Lines nobody knows are skipped. */
void doctor_explain(const char *log, size_t len, struct explanation *out);

#endif
