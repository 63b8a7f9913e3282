/*
 * Shared by narrowing's search (narrow.c) and its trial runs (narrow_trial.c).
 */
#ifndef REFLASH_LOCKOUT_NARROW_INTERNAL_H
#define REFLASH_LOCKOUT_NARROW_INTERNAL_H

#include "lockout/lockout_internal.h"

#define LINE_STORES_MAX 32 /* peripheral stores of one line */

/* What is put in the place of what is left out: Thumb encodings. */
enum { MOVS_R0_0 = 0x2000, MOVS_R0_1 = 0x2001, NOP = 0xBF00, BX_LR = 0x4770 };

/* One trial run's outcome. */
struct trial {
	bool swd_lost, faulted;
};

struct search {
	const struct image *img;
	const struct lockout_options *opt;
	struct mcu *m;
	struct mcu_snapshot *at_reset;
	bool looking_on;   /* the unchanged program, past its loss: does it fault by itself? */
	uint32_t own_fault; /* where it does; 0: nowhere */
	uint64_t until_ns; /* the horizon of a trial, virtual time since reset */
	uint8_t *ran;      /* coverage of the unchanged program up to the loss, a bit a half-word */
	uint8_t *stores;   /* alike: the instructions that stored to a peripheral */
	bool learning;     /* the unchanged program is running */
	struct narrow_report *report;
	struct trial trial; /* of the last run */
};

/* The stores to peripherals of one line. */
struct line_stores {
	uint32_t address[LINE_STORES_MAX];
	uint8_t size[LINE_STORES_MAX], saved[LINE_STORES_MAX][4]; /* bytes; what was there */
	size_t count;
};

/* Set the chip up for `check`'s finding and run the unchanged program once: when
 * does it lose SWD, and what ran until then? `s` owns m, at_reset, ran and
 * stores from here on, also on failure. STATUS_UNKNOWN: run alone, it keeps SWD. */
enum status narrow_prepare(struct search *s, const struct lockout_report *check, struct err *err);

/* Run from reset with the instruction at `address`, of `size` bytes (2 or 4),
 * replaced by `instead`; s->trial and the mcu's coverage tell what happened. */
void narrow_run_without(struct search *s, uint32_t address, unsigned size, uint16_t instead);

/* The same without the stores of one line. */
void narrow_run_without_stores(struct search *s, struct line_stores *l);

/* Is the bit of the instruction at `address` set in such a map? */
bool narrow_covered(const struct search *s, const uint8_t *coverage, uint32_t address);

/* Did that instruction run in the unchanged program, before SWD was lost? */
bool narrow_did_run(const struct search *s, uint32_t address);

#endif
