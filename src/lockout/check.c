/*
 * The check of one image: which chip, does it start at all, one run from
 * reset, what it did, who did it, and the proof.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"

#define DEFAULT_RUN_US 10000000ull
#define DEFAULT_EFFORT 200000000u
#define DEFAULT_QUIET 70000000u /* effort without anything new that ends a run */
#define QUICK_RUN_US 2000000ull
#define QUICK_INSTRUCTIONS 30000000ull
#define QUICK_EFFORT 12000000u
#define FORK_BUDGET_MS 300u
#define EFFORT_A_MS 250000u /* what a present machine does in a millisecond, roughly */

/* How far to go by itself is bounded in effort, so that firmware that waits is run for
 * all of its time and firmware that is busy does not take long. */
static struct plan first_plan(const struct lockout_options *opt, const struct subject *s)
{
	uint64_t us = opt->run_us ? opt->run_us : opt->quick ? QUICK_RUN_US : DEFAULT_RUN_US;
	uint64_t n = opt->instructions ? opt->instructions
				       : opt->quick ? QUICK_INSTRUCTIONS : UINT64_MAX;
	bool told = opt->run_us || opt->instructions;

	return (struct plan){.run_ns = us * NS_PER_US, .instructions = n,
			     .quiet = told ? 0 : DEFAULT_QUIET,
			     .effort = told ? 0 : opt->quick ? QUICK_EFFORT : DEFAULT_EFFORT,
			     .fix_value = s->silicon && s->silicon->swj_nojtag_locks ? 0 : 2};
}

static void count_functions(const struct subject *s, const struct outcome *o,
			    struct lockout_coverage *c)
{
	size_t count;
	const struct image_symbol *f = image_functions(s->img, &count);

	for (size_t i = 0; i < count; i++) {
		uint32_t at = (f[i].address & ~0x08000000u) / 2;

		if (f[i].address >= 0x20000000)
			continue;
		c->functions++;
		if (o->coverage && at / 8 < o->coverage_size && o->coverage[at / 8] >> at % 8 & 1)
			c->functions_run++;
	}
}

static void describe_coverage(const struct subject *s, const struct outcome *o,
			      struct lockout_report *r)
{
	struct lockout_coverage *c = &r->coverage;
	char time[24];

	c->virtual_us = o->ns / NS_PER_US;
	c->instructions = o->instructions;
	count_functions(s, o, c);
	time_text(o->ns, time, sizeof time);
	if (o->quiet) {
		snprintf(c->ended, sizeof c->ended, "nothing new in a long while (at %s)", time);
		return;
	}
	switch (o->stop) {
	case MCU_STOP_LOCKUP:
		snprintf(c->ended, sizeof c->ended, "the core locked up after %s", time);
		break;
	case MCU_STOP_INSTRUCTIONS:
		snprintf(c->ended, sizeof c->ended, "%llu million instructions (%s)",
			 (unsigned long long)(o->instructions / 1000000), time);
		break;
	default:
		snprintf(c->ended, sizeof c->ended, "%s of virtual time", time);
		break;
	}
}

/* An image that cannot start is no lock-out, but nothing can be said of it. */
static enum status report_bad_image(const struct subject *s, const struct err *why,
				    struct lockout_report *r)
{
	struct lockout_finding *f = report_add(r);
	uint32_t high;

	if (!f)
		return STATUS_NO_MEMORY;
	f->cause = CAUSE_BAD_IMAGE;
	f->level = LEVEL_NOTE;
	f->certainty = CERTAIN_PROVED;
	image_span(s->img, &f->blame.address, &high);
	snprintf(f->summary, sizeof f->summary, "%.240s", why->what);
	snprintf(f->fix, sizeof f->fix, "%s", why->next);
	snprintf(r->reason, sizeof r->reason, "it cannot start: %.230s", why->what);
	return STATUS_OK;
}

/* Nothing behind an early fault was run: that is not "clear". A BKPT is an end that
 * the program itself has, and no error of ours. */
static void doubt_fault(const struct subject *s, const struct outcome *o,
			struct lockout_report *r)
{
	const struct first_event *e = &o->watch.fault;
	char when[24];

	if ((!e->seen && !o->watch.lockup.seen) || ends_at_bkpt(s, o))
		return;
	if (!e->seen)
		e = &o->watch.lockup;
	time_text(e->since_reset_ns, when, sizeof when);
	snprintf(r->reason, sizeof r->reason,
		 "it faults %s after reset; %s, and what lies behind was not run", when,
		 o->watch.off ? "SWD is off by then" : "up to there SWD stays on");
}

static enum status judge_run(const struct subject *s, struct plan *plan, struct outcome *o,
			     struct lockout_report *r, struct err *err)
{
	struct outcome *proof = malloc(sizeof *proof);
	struct plan proof_plan = *plan;
	enum status status;

	if (!proof)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	describe_coverage(s, o, r);
	judge_low_power(s, plan, o, r);
	judge_resets(s, plan, o, r);
	judge_protection(s, plan, o, r);
	judge_jtag(s, plan, o, r);
	status = judge_ignored(s, plan, o, r, err);
	*proof = *o;
	proof->coverage = NULL;
	o->last.at = NULL; /* it is the proof's now */
	if (status == STATUS_OK)
		status = judge_swj(s, &proof_plan, proof, r, err);
	outcome_fini(proof);
	free(proof);
	return status;
}

/* A proved lock-out needs no search for possible ones. */
static bool is_proved(const struct lockout_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT &&
		    r->findings[i].certainty == CERTAIN_PROVED)
			return true;
	return false;
}

static uint64_t budget_of(const struct lockout_options *opt)
{
	return (opt->budget_ms ? opt->budget_ms : FORK_BUDGET_MS) * (uint64_t)EFFORT_A_MS;
}

/* The part that has what the assumed one was found not to have; NULL: none, or it has. */
static const struct chip *grown(const struct subject *s, const struct outcome *o,
				struct lockout_report *r)
{
	const struct watch *w = &o->watch;
	const struct chip *c = w->missing ? chip_above(s->img, s->chip) : NULL;

	if (c) {
		snprintf(r->chip_why, sizeof r->chip_why,
			 "assumed: it uses %s (0x%08X), which only high-density parts have",
			 w->missing, w->missing_address);
		return c;
	}
	c = w->bus_fault ? chip_with_memory(s->img, s->chip, w->fault_address) : NULL;
	if (c)
		snprintf(r->chip_why, sizeof r->chip_why,
			 "assumed: it uses memory at 0x%08X, which smaller parts do not have",
			 w->fault_address);
	return c;
}

/* The run; and again as another part where the one assumed has not what it uses: each
 * is bigger than the last, so there is an end to it. */
static enum status run_first(struct subject *s, const struct lockout_options *opt,
			     const struct plan *plan, struct outcome *o, struct lockout_report *r,
			     struct err *err)
{
	struct plan trial = *plan;
	const struct chip *bigger;
	enum status status;

	trial.if_fits = !opt->chip && chip_above(s->img, s->chip);
	status = run_plan(s, &trial, true, o, err);
	while (status == STATUS_OK && !opt->chip && (bigger = grown(s, o, r))) {
		r->chip = s->chip = bigger;
		outcome_fini(o);
		status = run_plan(s, plan, true, o, err);
	}
	return status;
}

static enum status run_and_judge(struct subject *s, const struct lockout_options *opt,
				 struct lockout_report *r, struct err *err)
{
	struct plan plan = first_plan(opt, s);
	struct outcome *o = calloc(1, sizeof *o);
	enum status status = o ? run_first(s, opt, &plan, o, r, err)
			       : err_set(err, STATUS_NO_MEMORY, "out of memory");

	if (status == STATUS_OK) {
		status = judge_run(s, &plan, o, r, err);
		doubt_fault(s, o, r);
	}
	if (status == STATUS_OK && !is_proved(r) && !opt->quick)
		status = judge_forks(s, &plan, budget_of(opt), o, r, err);
	if (status == STATUS_OK && !is_proved(r))
		status = judge_sweep(s, opt, o, r, err);
	if (o)
		outcome_fini(o);
	free(o);
	return status;
}

static enum status check_into(const struct image *img, const struct lockout_options *opt,
			      struct lockout_report *r, struct err *err)
{
	struct subject s = {.img = img, .silicon = opt->silicon, .log = opt->log};
	struct err why = ERR_INIT;

	r->chip = s.chip = chip_for_image(img, opt, r->chip_why, sizeof r->chip_why);
	if (!s.chip) {
		snprintf(r->reason, sizeof r->reason, "it is not for a chip that is modelled: %s",
			 r->chip_why);
		return STATUS_OK;
	}
	if (!image_vectors(img, &s.vectors, &why))
		return report_bad_image(&s, &why, r);
	return run_and_judge(&s, opt, r, err);
}

enum status lockout_check(const struct image *img, const struct lockout_options *opt,
			  struct lockout_report **out, struct err *err)
{
	struct lockout_options defaults = {0};
	struct lockout_report *r = calloc(1, sizeof *r);
	enum status status;

	if (!r)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	status = check_into(img, opt ? opt : &defaults, r, err);
	if (status != STATUS_OK) {
		lockout_report_free(r);
		return status;
	}
	judge_verdict(r);
	*out = r;
	return STATUS_OK;
}

void lockout_report_free(struct lockout_report *r)
{
	if (!r)
		return;
	free(r->findings);
	free(r);
}
