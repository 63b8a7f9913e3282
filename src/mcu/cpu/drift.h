/*
 * How a loop's state moves from round to round. While one round is executed,
 * instruction by instruction, every register, the flags and every RAM word it
 * touches carry a step: what the value there gains a round (modulo 2^32; 0 for
 * most). Additions, moves, constant products and left shifts keep steps exact;
 * other functions of a moving value have none ("lost"). Every condition on the
 * way bounds for how many more rounds it comes out the same.
 *
 * A pass is one round. It proves the next rounds when each place ends the pass
 * with the step it began with, and its value changed by just that: then, by
 * induction, round k begins at value + k * step, takes the same way, the same
 * cycles and ends so, for as many rounds as the bound says. What was lost is
 * written anew by every round, out of what is known: executing the last round
 * makes it right again. What depends on a lost value from before the round
 * (carried) proves nothing.
 */
#ifndef REFLASH_MCU_CPU_DRIFT_H
#define REFLASH_MCU_CPU_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

struct mcu;
struct cpu_state;
struct arm_insn;

#define DRIFT_LOST 1u    /* moves, but not by a constant */
#define DRIFT_CARRIED 2u /* depends on what was lost before the round began */
#define DRIFT_FRAMES 8u
#define DRIFT_WORDS 512u /* RAM words a round may store to or find moving */

struct drift {
	uint32_t step;
	uint8_t doubt; /* DRIFT_*; 0: the step is exact */
};

/* N and Z tell about `value`. C and V belong to an addition or subtraction x +- y. */
struct drift_flags {
	struct drift nz, cv;   /* cv.step: 1 when C and V may move */
	uint32_t value, x, y;
	int32_t dx, dy;
	bool subtracts;
	bool one;              /* all four come of that addition */
};

/* Flags in an exception frame of this pass: the frame's xPSR alone can't tell how
 * they move. */
struct drift_frame {
	uint32_t psr_at;       /* 0: none, or overwritten since */
	struct drift_flags flags;
};

/* One aligned word of RAM. A cell is what was stored as one; width 0: none
 * starts at that byte. */
struct drift_word {
	uint32_t address;      /* 0: unused */
	uint32_t was;          /* contents when the pass began */
	struct drift start[4], now[4];
	uint8_t start_width[4], width[4];
};

struct drifts {
	struct drift reg[15], start[15];
	uint32_t was[15], apsr_was;
	struct drift_flags flags;
	struct drift_frame frame[DRIFT_FRAMES];
	unsigned next_frame;
	uint8_t flags_start;   /* doubt of the flags when the pass began */
	struct drift_word word[DRIFT_WORDS];
	uint16_t used[DRIFT_WORDS], used_count;
	uint64_t rounds;       /* how many more rounds go the same way */
	uint64_t cycles;       /* of the round before this one: what CYCCNT moves by */
	bool ticks;            /* SysTick reloads within the round: its counter stands still from round to round */
	bool failed;           /* this round can't be described */
	uint32_t changes;      /* stores so far that changed RAM */
};

enum drift_verdict { DRIFT_AGAIN /* another pass may prove it */, DRIFT_PROVED, DRIFT_NO };

/* Forget everything: the first pass at a new place learns steps. */
void drift_begin(struct mcu *m, struct drifts *d, bool ticks);
/* A pass begins or begins anew with the steps the last one ended with. */
void drift_pass(struct mcu *m, struct drifts *d, uint64_t cycles);
/* The instruction is about to be executed (its condition not yet asked). */
void drift_insn(struct mcu *m, struct drifts *d, const struct arm_insn *in);
/* Exception entry is about to write a frame of 8 words to `sp`; return to read it. */
void drift_stack(struct mcu *m, struct drifts *d, uint32_t sp);
void drift_unstack(struct mcu *m, struct drifts *d, uint32_t sp);
/* The pass is over. */
enum drift_verdict drift_judge(const struct mcu *m, struct drifts *d);
/* Move registers and RAM on by that many rounds. */
void drift_apply(struct mcu *m, const struct drifts *d, uint64_t rounds);

/* ---- between drift*.c ---- */

static inline bool drift_moves(struct drift v)
{
	return v.step || v.doubt;
}
struct drift drift_load(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
			bool is_signed);
void drift_store(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
		 struct drift v, uint32_t value);
/* No more than that many rounds. */
void drift_bound(struct drifts *d, uint64_t rounds);
/* As long as v + k * step lies in [low, high], in which it lies now. */
void drift_bound_range(struct drifts *d, int64_t v, int64_t step, int64_t low, int64_t high);
/* As long as v is zero, or is not. */
void drift_bound_zero(struct drifts *d, uint32_t v, uint32_t step);
/* As long as the condition comes out the same. */
void drift_condition(struct drifts *d, unsigned cond);

#endif
