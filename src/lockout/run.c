/*
 * One run from reset under a plan: until its time or instructions are used up,
 * or nothing can happen any more.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

static void copy_coverage(const struct mcu *m, struct outcome *out)
{
	const uint8_t *bits = mcu_coverage(m);

	if (!bits)
		return;
	out->coverage_size = mcu_chip(m)->flash_die / 16;
	out->coverage = malloc(out->coverage_size);
	if (out->coverage)
		memcpy(out->coverage, bits, out->coverage_size);
}

/* Instructions between two looks at whether anything new came. */
#define LEG_INSTRUCTIONS 1000000u

/* One run under way. */
struct run {
	const struct plan *plan;
	struct mcu *m;
	struct outcome *out;
	struct quiet quiet;
};

static void take_checkpoint(struct run *r)
{
	struct checkpoint *last = &r->out->last;
	uint64_t stores = r->out->watch.mapr_stores;

	if (stores > CHECKPOINTS_MAX) {
		mcu_snapshot_free(last->at);
		last->at = NULL;
		return;
	}
	if (!last->at)
		last->at = mcu_snapshot_new(r->m);
	if (last->at)
		mcu_snapshot_take(last->at, r->m);
	last->settled = false;
	last->instructions = mcu_instructions(r->m);
}

/* A leg without a store: from here nothing is left in registers of what was read
 * of AFIO_MAPR, and whoever looks at the pins of the debug port has looked. */
static void settle_checkpoint(struct run *r)
{
	if (!r->out->last.at || r->out->last.settled)
		return;
	take_checkpoint(r);
	r->out->last.settled = true;
}

/* What a look ahead has promised is worth as much again. */
static bool is_spent(const struct run *r)
{
	uint64_t most = r->plan->effort * (r->quiet.promised_ns ? 2 : 1);

	return most && mcu_effort(r->m) >= most;
}

/* A stretch of the run, until the limits or a hook end it. */
static enum mcu_stop run_leg(struct run *r, const struct mcu_limits *limits)
{
	struct mcu_limits leg = *limits;
	uint64_t stores = r->out->watch.mapr_stores;
	enum mcu_stop stop;

	if (r->quiet.bound && limits->instructions - mcu_instructions(r->m) > LEG_INSTRUCTIONS)
		leg.instructions = mcu_instructions(r->m) + LEG_INSTRUCTIONS;
	stop = answers_run(&r->out->watch, r->m, &leg);
	watch_settle(&r->out->watch, r->m);
	if (r->plan->if_fits && r->out->watch.missing)
		return MCU_STOP_INSTRUCTIONS;
	if (r->out->watch.mapr_stores != stores)
		take_checkpoint(r);
	else if (stop == MCU_STOP_INSTRUCTIONS)
		settle_checkpoint(r);
	if (stop == MCU_STOP_INSTRUCTIONS && leg.instructions != limits->instructions) {
		if (is_spent(r))
			return stop;
		r->out->quiet = quiet_ends(&r->quiet, &r->out->watch, r->m, limits);
		stop = r->out->quiet ? MCU_STOP_INSTRUCTIONS : MCU_STOP_HOOK;
	}
	return stop;
}

static enum status begin(struct run *r, const struct subject *s, const struct plan *plan,
			 bool coverage, struct outcome *out, struct err *err)
{
	*r = (struct run){.plan = plan, .out = out, .m = rig_new(s, plan, err)};
	if (!r->m)
		return err && err->status ? err->status : STATUS_NO_MEMORY;
	*out = (struct outcome){.stop = MCU_STOP_HOOK};
	watch_attach(&out->watch, r->m, plan);
	mcu_coverage_enable(r->m, coverage);
	quiet_begin(&r->quiet, r->m, plan->quiet);
	return STATUS_OK;
}

static void run_to(struct run *r, const struct mcu_limits *limits)
{
	r->out->stop = MCU_STOP_HOOK;
	while (r->out->stop == MCU_STOP_HOOK)
		r->out->stop = run_leg(r, limits);
}

static void end(struct run *r)
{
	struct outcome *out = r->out;

	watch_end(&out->watch, r->m);
	out->ns = mcu_now_ns(r->m);
	out->instructions = mcu_instructions(r->m);
	out->mode = mcu_mode(r->m);
	out->swd_off = out->watch.off;
	copy_coverage(r->m, out);
	quiet_end(&r->quiet, out->coverage);
	mcu_free(r->m);
}

enum status run_plan(const struct subject *s, const struct plan *plan, bool coverage,
		     struct outcome *out, struct err *err)
{
	struct mcu_limits limits = {.until_ns = plan->run_ns, .instructions = plan->instructions};
	struct run r;
	enum status status = begin(&r, s, plan, coverage, out, err);

	if (status != STATUS_OK)
		return status;
	run_to(&r, &limits);
	end(&r);
	return STATUS_OK;
}

/* The rest of the run is known: it is that of the run it has come to equal. */
static void end_like(struct run *r, const struct outcome *base)
{
	struct outcome *out = r->out;

	watch_end(&out->watch, r->m);
	if (out->watch.off)
		out->watch.off_total_ns += base->ns - mcu_now_ns(r->m);
	out->watch.pins |= base->watch.pins;
	out->stop = base->stop;
	out->quiet = base->quiet;
	out->ns = base->ns;
	out->instructions = base->instructions;
	out->mode = base->mode;
	out->swd_off = out->watch.off;
	quiet_end(&r->quiet, NULL);
	mcu_free(r->m);
}

enum status run_variant(const struct subject *s, const struct plan *plan,
			const struct outcome *base, struct outcome *out, struct err *err)
{
	struct mcu_limits limits = {.until_ns = plan->run_ns, .instructions = plan->instructions};
	struct mcu_limits leg = limits;
	struct run r;
	enum status status = begin(&r, s, plan, plan->quiet != 0, out, err);

	if (status != STATUS_OK)
		return status;
	if (base->last.at && base->last.instructions < limits.instructions) {
		leg.instructions = base->last.instructions;
		run_to(&r, &leg);
		if (base->watch.last_reset_ns <= mcu_now_ns(r.m) &&
		    mcu_snapshot_matches(base->last.at, r.m)) {
			end_like(&r, base);
			return STATUS_OK;
		}
	}
	run_to(&r, &limits);
	end(&r);
	return STATUS_OK;
}

void outcome_fini(struct outcome *o)
{
	free(o->coverage);
	o->coverage = NULL;
	mcu_snapshot_free(o->last.at);
	o->last.at = NULL;
}
