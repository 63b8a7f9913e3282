/*
 * The other answers: a firmware that found nobody outside is asked again with
 * somebody there. Devices on I2C and SPI, straps and crystals are answered in a run
 * from reset; what it waits for once it has settled is answered from a snapshot
 * taken there. An answer by which SWD is lost is put in the plan, and the run
 * under that plan is judged like any other: blame, stack and proof replay it.
 *
 * Firmware that found nobody on I2C often stops there: when no answer alone
 * takes SWD away, pins and received bytes are tried again with every device of
 * a bus acknowledging. The search ends after a counted effort, so that it ends
 * at the same point on every machine.
 *
 * Answers with data, and answers upon answers, are explore.c's. Left out: what an
 * answer leads to late (HORIZON_NS).
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/explore.h"

#define EARLY_LOOK 200000u              /* instructions in which straps are read */
#define LATE_LOOK 30000u
#define LATE_LOOK_NS (30ull * NS_PER_MS)
#define TIME_OUT_NS (6000ull * NS_PER_MS) /* the longest usual: 5 s for an LSE */
#define TIME_OUT_EFFORT 10000000u
#define TIME_OUT_LEG 1000000u
#define PRESSES 6u
#define PRESSED_PINS 6u
#define PRESSES_EFFORT 3000000u
#define PRESENT_MAX 4u
#define PRESS_NS (100ull * NS_PER_MS)   /* longer than a debounce */
#define BYTE_INSTRUCTIONS 300000u
#define DEVICE_NS (500ull * NS_PER_MS)
#define DEVICE_INSTRUCTIONS 20000000u
#define EXPLORE_PART 50                 /* % of the budget, kept for it */
#define TRY_EFFORT 30000u               /* of starting a try */

bool forks_over(const struct forks *f)
{
	return f->hit_count == HITS_MAX || !f->left;
}

void forks_spend(struct forks *f, uint64_t effort)
{
	f->left -= effort < f->left ? effort : f->left;
}

void forks_go_on(struct forks *f, struct mcu *m, const struct mcu_limits *limits)
{
	uint64_t from = mcu_effort(m);
	enum mcu_stop stop = MCU_STOP_HOOK;

	while (stop == MCU_STOP_HOOK && !f->w->off) {
		stop = answers_run(f->w, m, limits);
		watch_settle(f->w, m);
	}
	forks_spend(f, mcu_effort(m) - from + TRY_EFFORT);
}

/* ---- an answer that took SWD away ----------------------------------------------------------- */

static bool is_known(const struct forks *f, const struct swj_change *c)
{
	for (size_t i = 0; i < f->hit_count; i++)
		if (f->hits[i].pc == c->mark.pc && f->hits[i].lr == c->mark.lr)
			return true;
	return false;
}

static void name_answer(struct lockout_finding *f, const struct plan *plan,
			const struct answer *a)
{
	char summary[sizeof f->summary], when[sizeof f->condition];

	answers_text(plan, when, sizeof when);
	f->certainty = a->kind == ANSWER_BITS || a->kind == ANSWER_SPI ? CERTAIN_POSSIBLE
								      : CERTAIN_LIKELY;
	if (!f->condition[0])
		snprintf(f->condition, sizeof f->condition, "%s", when);
	snprintf(summary, sizeof summary, "SWD and JTAG are switched off %.120s", when);
	if (f->cause == CAUSE_SWJ_OFF)
		memcpy(f->summary, summary, sizeof summary);
}

static void add_coverage(struct outcome *to, const struct outcome *from)
{
	for (size_t i = 0; to->coverage && from->coverage && i < from->coverage_size; i++)
		to->coverage[i] |= from->coverage[i];
}

/* The whole run under that answer, judged. */
static enum status judge_plan(struct forks *f, const struct plan *lost, uint64_t lost_ns)
{
	const struct answer *a = &lost->answers[lost->answer_count - 1];
	struct plan plan = *lost;
	struct outcome *o = calloc(1, sizeof *o);
	size_t first = f->r->finding_count;
	enum status status = o ? STATUS_OK : STATUS_NO_MEMORY;

	plan.run_ns = lost_ns + 2 * HORIZON_NS;
	if (status == STATUS_OK)
		status = run_plan(f->s, &plan, true, o, f->err);
	if (status == STATUS_OK && is_locked(o)) {
		add_coverage(f->o, o);
		status = judge_swj(f->s, &plan, o, f->r, f->err);
	}
	for (size_t i = first; i < f->r->finding_count; i++)
		name_answer(&f->r->findings[i], &plan, a);
	if (o)
		outcome_fini(o);
	free(o);
	return status;
}

enum status forks_settle_hit(struct forks *f, const struct plan *tried)
{
	const struct swj_change *c = f->w->off ? watch_offender(f->w) : NULL;
	struct plan plan = *tried;
	struct answer *a;

	if (!c || is_known(f, c))
		return STATUS_OK;
	while (plan.answer_count > 1 && plan.answers[plan.answer_count - 1].at_ns > c->ns)
		plan.answer_count--; /* that one came later */
	a = &plan.answers[plan.answer_count - 1];
	f->hits[f->hit_count++] = c->mark;
	if (a->kind == ANSWER_PIN && c->ns < a->until_ns)
		a->until_ns = NEVER;
	return judge_plan(f, &plan, c->ns);
}

/* The base plan and one answer more. */
static struct plan with_answer(const struct forks *f, const struct answer *a)
{
	struct plan plan = *f->base;

	if (plan.answer_count < ANSWERS_MAX)
		plan.answers[plan.answer_count++] = *a;
	return plan;
}

/* ---- from reset ------------------------------------------------------------------------------- */

/* Does the answer take SWD away? The watch tells how. */
static enum status from_reset(struct forks *f, const struct answer *a,
			      const struct mcu_limits *limits, bool *off)
{
	struct plan plan = with_answer(f, a);
	struct mcu *m = rig_new(f->s, &plan, f->err);

	if (!m)
		return STATUS_NO_MEMORY;
	watch_attach(f->w, m, &plan);
	forks_go_on(f, m, limits);
	*off = f->w->off;
	f->w->plan = f->base;
	mcu_free(m);
	return STATUS_OK;
}

static enum status try_from_reset(struct forks *f, const struct answer *a,
				  const struct mcu_limits *limits)
{
	bool off = false;
	enum status status = from_reset(f, a, limits, &off);
	struct plan plan = with_answer(f, a);

	return status == STATUS_OK && off ? forks_settle_hit(f, &plan) : status;
}

/* A run whose length is counted in effort: time-outs of seconds are skipped. */
static enum status try_in_legs(struct forks *f, const struct answer *a)
{
	struct plan plan = with_answer(f, a);
	struct mcu *m = rig_new(f->s, &plan, f->err);
	uint64_t from = m ? mcu_effort(m) : 0;
	enum status status = m ? STATUS_OK : STATUS_NO_MEMORY;

	if (m)
		watch_attach(f->w, m, &plan);
	while (m && !f->w->off && mcu_now_ns(m) < TIME_OUT_NS && !forks_over(f) &&
	       mcu_effort(m) - from < TIME_OUT_EFFORT) {
		struct mcu_limits leg = {.until_ns = TIME_OUT_NS,
					 .instructions = mcu_instructions(m) + TIME_OUT_LEG};

		forks_go_on(f, m, &leg);
	}
	if (m && f->w->off)
		status = forks_settle_hit(f, &plan);
	f->w->plan = f->base;
	mcu_free(m);
	return status;
}

/* One device after the other; if all of them together do what none does alone,
 * that is said. */
static enum status try_i2c(struct forks *f, unsigned unit)
{
	struct answer a = {.kind = ANSWER_I2C, .unit = (uint8_t)unit, .which = ANSWER_ANY,
			   .until_ns = NEVER};
	struct mcu_limits limits = {0};
	size_t hits = f->hit_count;
	bool off = false;
	enum status status;

	for (size_t i = 0; i < f->o->watch.nack_count; i++) {
		const struct nack *n = &f->o->watch.nacks[i];

		if (n->unit != unit)
			continue;
		limits.until_ns = n->ns + DEVICE_NS;
		limits.instructions = n->instructions + DEVICE_INSTRUCTIONS;
	}
	status = limits.until_ns ? from_reset(f, &a, &limits, &off) : STATUS_OK;
	for (size_t i = 0; off && i < f->o->watch.nack_count && status == STATUS_OK; i++) {
		struct answer one = a;

		one.which = f->o->watch.nacks[i].address;
		if (f->o->watch.nacks[i].unit == unit && !forks_over(f))
			status = try_from_reset(f, &one, &limits);
	}
	if (off && status == STATUS_OK && f->hit_count == hits)
		status = try_from_reset(f, &a, &limits);
	return status;
}

static enum status try_spi(struct forks *f, unsigned unit)
{
	struct answer a = {.kind = ANSWER_SPI, .unit = (uint8_t)unit, .until_ns = NEVER};
	struct mcu_limits limits = {.until_ns = DEVICE_NS, .instructions = DEVICE_INSTRUCTIONS};

	if (!(f->o->watch.spi_used >> unit & 1) || forks_over(f))
		return STATUS_OK;
	return try_from_reset(f, &a, &limits);
}

/* What the firmware found missing (external memory, a part of another chip) is
 * there; and the next, until it gets through. */
static enum status try_present(struct forks *f)
{
	const struct plan *base = f->base;
	struct plan plan = *base;
	uint32_t address = f->o->watch.fault_address;
	bool faulted = f->o->watch.bus_fault;
	enum status status = STATUS_OK;

	for (unsigned i = 0; faulted && i < PRESENT_MAX && status == STATUS_OK; i++) {
		uint32_t mask = address >> 29 == 2 ? ~0x3FFu : ~0xFFFFFu;
		struct answer a = {.kind = ANSWER_PRESENT, .address = address & mask,
				   .mask = mask, .value = address, .until_ns = NEVER};

		f->base = &plan;
		status = try_in_legs(f, &a);
		faulted = f->w->bus_fault && !f->w->off && !forks_over(f);
		address = f->w->fault_address;
		plan = with_answer(f, &a);
	}
	f->base = base;
	f->w->plan = base;
	return status;
}

/* A crystal that was switched on does not start: the firmware waits for it, then
 * goes its way without, or to its error handler. */
static enum status try_crystals(struct forks *f)
{
	enum status status = STATUS_OK;

	for (unsigned i = 0; i <= MCU_CRYSTAL_LSE && status == STATUS_OK && !forks_over(f); i++) {
		struct answer a = {.kind = ANSWER_CRYSTAL, .unit = (uint8_t)i, .until_ns = NEVER};

		if (f->o->watch.crystals >> i & 1)
			status = try_in_legs(f, &a);
	}
	return status;
}

static enum status try_straps(struct forks *f, struct mcu *settled)
{
	struct mcu_limits limits = {.until_ns = HORIZON_NS, .instructions = HORIZON_INSTRUCTIONS};
	enum status status = STATUS_OK;

	waits_candidates(f->s, settled, &f->early, false, f->c);
	for (size_t i = 0; i < f->c->count && status == STATUS_OK && !forks_over(f); i++)
		status = try_from_reset(f, &f->c->answer[i], &limits);
	return status;
}

/* ---- from where it has settled ------------------------------------------------------------------ */

static enum status try_late(struct forks *f, struct mcu *m, const struct mcu_snapshot *at,
			    const struct answer *candidate)
{
	struct answer a = *candidate;
	struct plan plan;
	struct mcu_limits limits;
	enum status status;

	mcu_snapshot_restore(m, at);
	limits = (struct mcu_limits){
		.until_ns = mcu_now_ns(m) + HORIZON_NS,
		.instructions = mcu_instructions(m) +
				(a.kind == ANSWER_UART || a.kind == ANSWER_BITS
					 ? BYTE_INSTRUCTIONS : HORIZON_INSTRUCTIONS)};
	if (a.kind == ANSWER_PIN)
		a.until_ns = a.at_ns + PRESS_NS;
	plan = with_answer(f, &a);
	watch_attach(f->w, m, &plan);
	forks_go_on(f, m, &limits);
	status = f->w->off ? forks_settle_hit(f, &plan) : STATUS_OK;
	f->w->plan = f->base;
	return status;
}

/* A button pressed again and again: for a count, a menu, a long way round. */
static enum status try_presses(struct forks *f, struct mcu *m, const struct mcu_snapshot *at,
			       const struct answer *pin)
{
	struct answer a = *pin;
	struct plan plan = *f->base;
	enum status status = STATUS_OK;
	uint64_t from;

	mcu_snapshot_restore(m, at);
	a.at_ns = mcu_now_ns(m);
	for (unsigned i = 0; i < PRESSES && plan.answer_count < ANSWERS_MAX; i++) {
		a.until_ns = a.at_ns + PRESS_NS;
		plan.answers[plan.answer_count++] = a;
		a.at_ns += 2 * PRESS_NS;
	}
	watch_attach(f->w, m, &plan);
	from = mcu_effort(m);
	while (!f->w->off && mcu_now_ns(m) < a.at_ns && !forks_over(f) &&
	       mcu_effort(m) - from < PRESSES_EFFORT) {
		struct mcu_limits leg = {.until_ns = a.at_ns,
					 .instructions = mcu_instructions(m) + TIME_OUT_LEG};

		forks_go_on(f, m, &leg);
	}
	if (f->w->off)
		status = forks_settle_hit(f, &plan);
	f->w->plan = f->base;
	return status;
}

/* The pins that it waits for, each pressed more than once. */
static enum status try_again(struct forks *f, struct mcu *m, const struct mcu_snapshot *at)
{
	enum status status = STATUS_OK;
	unsigned tried = 0;

	for (size_t i = 0; i < f->c->count && status == STATUS_OK && !f->hit_count; i++)
		if (f->c->answer[i].kind == ANSWER_PIN && tried++ < PRESSED_PINS && !forks_over(f))
			status = try_presses(f, m, at, &f->c->answer[i]);
	return status;
}

static enum status try_waits(struct forks *f, struct mcu *m, struct mcu_snapshot *at)
{
	enum status status = STATUS_OK;

	waits_candidates(f->s, m, &f->late, true, f->c);
	for (size_t i = 0; i < f->c->count && status == STATUS_OK && !forks_over(f); i++)
		status = try_late(f, m, at, &f->c->answer[i]);
	if (status == STATUS_OK && !f->hit_count)
		status = try_again(f, m, at);
	return status;
}

/* Run to where it has settled, looking at what it reads at first and then. */
static void settle(struct forks *f, struct mcu *m, struct mcu_snapshot *at)
{
	struct mcu_limits limits = {.until_ns = SETTLE_NS, .instructions = EARLY_LOOK};

	if (f->base->run_ns < limits.until_ns)
		limits.until_ns = f->base->run_ns;
	watch_attach(f->w, m, f->base);
	waits_look(f->w, m, &limits, &f->early);
	limits.instructions = SETTLE_INSTRUCTIONS;
	forks_go_on(f, m, &limits);
	mcu_snapshot_take(at, m);
	limits.until_ns = mcu_now_ns(m) + LATE_LOOK_NS;
	limits.instructions = mcu_instructions(m) + LATE_LOOK;
	waits_look(f->w, m, &limits, &f->late);
	mcu_snapshot_restore(m, at);
}

/* All answers, one after the other, beside those that the base plan has. */
enum status forks_beside(struct forks *f)
{
	struct mcu *m = rig_new(f->s, f->base, f->err);
	struct mcu_snapshot *at = m ? mcu_snapshot_new(m) : NULL;
	enum status status = at ? STATUS_OK : STATUS_NO_MEMORY;

	f->early.count = f->late.count = 0;
	if (at)
		settle(f, m, at);
	if (status == STATUS_OK)
		status = try_straps(f, m);
	if (status == STATUS_OK)
		status = try_waits(f, m, at);
	mcu_snapshot_free(at);
	mcu_free(m);
	return status;
}

/* Somebody on I2C `unit` first, then the others once more. */
static enum status try_behind_i2c(struct forks *f, unsigned unit)
{
	const struct plan *base = f->base;
	struct plan with = *base;
	enum status status;

	with.answers[with.answer_count++] = (struct answer){
		.kind = ANSWER_I2C, .unit = (uint8_t)unit, .which = ANSWER_ANY, .until_ns = NEVER};
	f->base = &with;
	status = forks_beside(f);
	f->base = base;
	return status;
}

static bool has_nack(const struct forks *f, unsigned unit)
{
	for (size_t i = 0; i < f->o->watch.nack_count; i++)
		if (f->o->watch.nacks[i].unit == unit)
			return true;
	return false;
}

static enum status try_all(struct forks *f)
{
	enum status status = STATUS_OK;

	for (unsigned unit = 1; status == STATUS_OK && unit <= 2 && !forks_over(f); unit++)
		status = try_i2c(f, unit);
	if (status == STATUS_OK)
		status = try_crystals(f);
	if (status == STATUS_OK)
		status = try_present(f);
	if (status == STATUS_OK)
		status = forks_beside(f);
	for (unsigned unit = 1; status == STATUS_OK && unit <= 3; unit++)
		status = try_spi(f, unit);
	for (unsigned unit = 1; status == STATUS_OK && unit <= 2 && !f->hit_count; unit++)
		if (has_nack(f, unit) && !forks_over(f))
			status = try_behind_i2c(f, unit);
	if (status == STATUS_OK && !f->hit_count) {
		f->left += f->budget * EXPLORE_PART / 100;
		status = explore(f);
	}
	return status;
}

enum status judge_forks(const struct subject *s, const struct plan *base, uint64_t budget,
			struct outcome *o, struct lockout_report *r, struct err *err)
{
	struct forks *f = calloc(1, sizeof *f);
	enum status status = STATUS_NO_MEMORY;

	if (!f)
		return status;
	*f = (struct forks){.s = s, .base = base, .o = o, .r = r, .err = err,
			    .left = budget, .budget = budget,
			    .w = calloc(1, sizeof *f->w), .c = calloc(1, sizeof *f->c)};
	if (f->w && f->c)
		status = try_all(f);
	free(f->w);
	free(f->c);
	free(f);
	return status;
}
