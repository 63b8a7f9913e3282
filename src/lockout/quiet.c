/*
 * When is a run over? Firmware that is busy for ever (polls, toggles, yields)
 * goes on to the end of its time without showing anything new. A run that has
 * spent its quiet bound with no instruction executed that was not executed
 * before, and no event of a new kind, is ended. The bound is counted in effort
 * (mcu_effort), not in time, so that it falls on the same instruction on every
 * machine.
 *
 * What would come later by itself is looked for first: the rest of the time is
 * run through with the core held from event to event (timers, SysTick), and a
 * few instructions in between. That is no true run, and nothing is judged by
 * it; when it shows anything new, the true run goes on past that time. When the
 * true run then shows nothing new there, holding the core was the reason, and
 * the run is over.
 *
 * Left out: code behind a busy wait longer than the bound that counts its own
 * rounds, where the core cannot skip it.
 */
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout_internal.h"

#define AHEAD_EFFORT 25000000u /* a look ahead costs at most this */
#define AHEAD_SLICE 300u       /* instructions between two holds: a handler and some of main */
#define AHEAD_HOLD_NS NS_PER_MS
#define AHEAD_GRACE_NS (50ull * NS_PER_MS)

void quiet_begin(struct quiet *q, const struct mcu *m, uint64_t bound)
{
	*q = (struct quiet){.bound = bound, .since = mcu_effort(m)};
	q->size = mcu_chip(m)->flash_die / 16;
	if (bound && mcu_coverage(m))
		q->seen = calloc(1, q->size);
	if (!q->seen)
		q->bound = 0;
}

/* A row's flash is a multiple of 1 KiB, so that a bitmap has no rest. */
static bool is_new_code(const struct quiet *q, const struct mcu *m)
{
	const uint8_t *now = mcu_coverage(m);

	uint64_t words[2]; /* asked after every few hundred instructions of a look ahead */

	for (size_t i = 0; i < q->size; i += sizeof words[0]) {
		memcpy(&words[0], now + i, sizeof words[0]);
		memcpy(&words[1], q->seen + i, sizeof words[1]);
		if (words[0] & ~words[1])
			return true;
	}
	return false;
}

static void add_coverage(uint8_t *to, const uint8_t *from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		to[i] |= from[i];
}

/* Hold the core to the next event, run a little, and so on to the end. */
static bool shows_more(struct quiet *q, struct watch *w, struct mcu *m,
		       const struct mcu_limits *limits)
{
	uint64_t from = mcu_effort(m);
	unsigned resets = w->resets[MCU_RESET_IWDG] + w->resets[MCU_RESET_WWDG];

	while (mcu_now_ns(m) < limits->until_ns && mcu_effort(m) - from < AHEAD_EFFORT) {
		uint64_t hold = mcu_now_ns(m) + AHEAD_HOLD_NS;
		struct mcu_limits slice = {.until_ns = limits->until_ns};

		mcu_hold(m, hold < limits->until_ns ? hold : limits->until_ns);
		slice.instructions = mcu_instructions(m) + AHEAD_SLICE;
		(void)mcu_run(m, &slice);
		if (w->resets[MCU_RESET_IWDG] + w->resets[MCU_RESET_WWDG] != resets)
			return false; /* only because the core was held */
		if (w->news != q->news || is_new_code(q, m)) {
			q->promised_ns = mcu_now_ns(m) + AHEAD_GRACE_NS;
			return true;
		}
	}
	return false;
}

static bool look_ahead(struct quiet *q, struct watch *w, struct mcu *m,
		       const struct mcu_limits *limits)
{
	struct mcu_snapshot *here = mcu_snapshot_new(m);
	struct watch *kept = malloc(sizeof *kept);
	bool more = true;

	if (here && kept) {
		*kept = *w;
		mcu_snapshot_take(here, m);
		more = shows_more(q, w, m, limits);
		mcu_snapshot_restore(m, here);
		*w = *kept;
		mcu_coverage_enable(m, false); /* forget what the look added */
		mcu_coverage_enable(m, true);
	}
	mcu_snapshot_free(here);
	free(kept);
	return more;
}

bool quiet_ends(struct quiet *q, struct watch *w, struct mcu *m, const struct mcu_limits *limits)
{
	if (!q->bound)
		return false;
	if (w->news != q->news || is_new_code(q, m)) {
		q->news = w->news;
		add_coverage(q->seen, mcu_coverage(m), q->size);
		q->since = mcu_effort(m);
		q->promised_ns = 0;
		return false;
	}
	if (q->promised_ns)
		return mcu_now_ns(m) >= q->promised_ns;
	if (mcu_effort(m) - q->since < q->bound)
		return false;
	return !look_ahead(q, w, m, limits);
}

void quiet_end(struct quiet *q, uint8_t *coverage)
{
	if (coverage && q->seen)
		add_coverage(coverage, q->seen, q->size);
	free(q->seen);
	q->seen = NULL;
}
