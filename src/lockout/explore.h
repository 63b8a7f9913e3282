/* Answers built upon answers: what fork.c, compare.c and explore.c share. */
#ifndef REFLASH_LOCKOUT_EXPLORE_H
#define REFLASH_LOCKOUT_EXPLORE_H

#include "lockout/lockout_internal.h"

/* ---- comparisons (compare.c) ----------------------------------------------------------- */

struct compare {
	uint32_t pc, a, b; /* pc 0: empty */
	uint8_t nth;       /* time that this place was come to, from 0 */
	bool bits;         /* bits b of a are tested, else a is compared with b */
	uint8_t cond;      /* of the branch behind it, ARM_AL: none */
};
#define COMPARES_MAX 4096
struct compares {
	struct compare slot[COMPARES_MAX];
	struct compare *last;
	struct input input[INPUTS_MAX]; /* with the marks they were given */
	size_t input_count;
};
/* Freed with free(); NULL: no memory. */
struct compares *compares_new(void);
/* Step on and note what is compared: `near_steps` behind the newest question, at most
 * `far_steps`. */
void compares_note(struct compares *c, struct watch *w, struct mcu *m, uint64_t near_steps,
		   uint64_t far_steps);

/* Answers that would make a comparison come out another way. */
#define GUESS_MAX 4
struct guess {
	struct answer add[GUESS_MAX];
	const struct input *asked[GUESS_MAX];
	uint8_t count, rank;
	uint16_t order;
};
#define GUESSES_MAX 96
struct guesses {
	struct guess guess[GUESSES_MAX];
	size_t count;
};
void compares_solve(const struct compares *one, const struct compares *two, struct guesses *out);

/* ---- the search (fork.c, explore.c) ------------------------------------------------------ */

#define SETTLE_NS (500ull * NS_PER_MS)  /* start-up is over by then */
#define SETTLE_INSTRUCTIONS 12000000u
#define HORIZON_NS (200ull * NS_PER_MS) /* what an answer leads to shows by then */
#define HORIZON_INSTRUCTIONS 2000000u
#define HITS_MAX 4

struct forks {
	const struct subject *s;
	const struct plan *base;
	struct outcome *o;
	struct lockout_report *r;
	struct err *err;
	uint64_t left, budget;       /* effort: that may still be spent, given */
	struct store_mark hits[HITS_MAX];
	size_t hit_count;
	struct watch *w;
	struct candidates *c;
	struct looks early, late;
};
/* Enough was found, or spent. */
bool forks_over(const struct forks *f);
void forks_spend(struct forks *f, uint64_t effort);
/* Run on to the limits, or to where SWD is lost. */
void forks_go_on(struct forks *f, struct mcu *m, const struct mcu_limits *limits);
/* SWD is lost under `plan`: judge the run from reset, if the store is not known yet. */
enum status forks_settle_hit(struct forks *f, const struct plan *plan) MUST_CHECK;
/* The single answers (pins, received bytes, status bits) beside those of f->base. */
enum status forks_beside(struct forks *f) MUST_CHECK;

/* Answers taken from the comparisons, one upon the other where they lead on. */
enum status explore(struct forks *f) MUST_CHECK;

#endif
