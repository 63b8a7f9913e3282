/*
 * SWJ_CFG: is SWD off when the run ends, was it off for a moment, does it hang
 * on what the write-only bits read back as? Each offender is proved by running
 * again with 010 stored in its place; if another one shows then, it is
 * reported too, until none is left.
 *
 * RM0008 9.4.2 calls the bits write-only and their read-back undefined. Three
 * answers are tried: 000, the value in force, and 100.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"

#define READBACK_WORST SWJ_OFF

/* Off for most of the run counts as off: a reset near its end changes nothing. */
bool is_locked(const struct outcome *o)
{
	return o->swd_off || (o->ns && o->watch.off_total_ns > o->ns / 2);
}

static void fill_from_blame(const struct blame *b, struct lockout_finding *f)
{
	f->blame = b->blame;
	f->store = b->store;
	memcpy(f->stack, b->stack, sizeof f->stack);
	f->stack_len = b->stack_len;
	snprintf(f->task, sizeof f->task, "%s", b->task);
}

/* The word of the table that holds the value, when the image names the table. */
void name_table(const struct image *img, uint32_t entry, struct lockout_finding *f)
{
	const struct image_symbol *table = entry ? image_symbol_at(img, entry) : NULL;

	if (!table || table->is_function)
		return;
	snprintf(f->table, sizeof f->table, "%.48s+0x%X", table->name,
		 (unsigned)((entry & ~3u) - table->address));
}

static void describe_off(const struct subject *s, const struct outcome *o,
			 const struct swj_change *c, struct lockout_finding *f)
{
	char when[24];

	time_text(c->since_reset_ns, when, sizeof when);
	f->after_us = c->since_reset_ns / NS_PER_US;
	f->store_target = c->store.target;
	f->store_value = c->store.value;
	f->pins_needed = o->watch.pins;
	snprintf(f->summary, sizeof f->summary, "SWD and JTAG are off %s after reset and stay off%s",
		 when, c->store.by_core ? "" : " (DMA writes AFIO_MAPR)");
	fix_swj(s->img, f, f->fix, sizeof f->fix);
}

static bool already_blamed(const struct lockout_report *r, const struct lockout_place *blame,
			   enum cause cause)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].cause == cause &&
		    r->findings[i].blame.address == blame->address)
			return true;
	return false;
}

/* Of what DMA writes, the statement that started the channel is to blame. */
static struct swj_change who_asked(const struct swj_change *c)
{
	struct swj_change asked = *c;

	if (c->store.by_core || !c->dma.seen)
		return asked;
	asked.store = c->dma.store;
	asked.instructions = c->dma.instructions;
	return asked;
}

static enum status add_offender(const struct subject *s, const struct plan *plan,
				const struct outcome *o, const struct swj_change *c,
				enum cause cause, struct lockout_report *r, struct err *err)
{
	struct swj_change asked = who_asked(c);
	struct blame *b = malloc(sizeof *b);
	struct lockout_finding *f;
	enum status status = b ? blame_store(s, plan, &asked, b, err) : STATUS_NO_MEMORY;

	if (status == STATUS_OK && !already_blamed(r, &b->blame, cause)) {
		f = report_add(r);
		if (f) {
			f->cause = cause;
			f->level = LEVEL_LOCKOUT;
			f->certainty = CERTAIN_PROVED;
			fill_from_blame(b, f);
			name_table(s->img, b->table, f);
			describe_off(s, o, c, f);
		} else {
			status = STATUS_NO_MEMORY;
		}
	}
	free(b);
	return status;
}

#define IGNORED_GATED 1u /* mcu.h, MCU_EVENT_SWJ_IGNORED */

enum status judge_ignored(const struct subject *s, const struct plan *plan,
			  const struct outcome *o, struct lockout_report *r, struct err *err)
{
	const struct first_event *e = &o->watch.ignored;
	struct swj_change c = {.instructions = e->instructions, .store = e->store};
	struct lockout_finding *f;
	struct blame *b;
	char when[24];
	enum status status;

	if (!e->seen || e->b != IGNORED_GATED || watch_offender(&o->watch))
		return STATUS_OK;
	b = malloc(sizeof *b);
	status = b ? blame_store(s, plan, &c, b, err) : STATUS_NO_MEMORY;
	f = status == STATUS_OK ? report_add(r) : NULL;
	if (f) {
		f->cause = CAUSE_SWJ_OFF;
		f->level = LEVEL_NOTE;
		f->certainty = CERTAIN_PROVED;
		fill_from_blame(b, f);
		f->after_us = e->since_reset_ns / NS_PER_US;
		f->store_target = e->store.target;
		f->store_value = e->store.value;
		time_text(e->since_reset_ns, when, sizeof when);
		snprintf(f->summary, sizeof f->summary,
			 "SWJ_CFG=100 is written %s after reset while AFIO's clock is off, without "
			 "effect; as soon as RCC_APB2ENR.AFIOEN is set before it, it switches SWD "
			 "and JTAG off", when);
	}
	free(b);
	return status;
}

static void write_proof(struct lockout_report *r, size_t first, const struct plan *plan,
			const struct outcome *o)
{
	char time[24];
	size_t found = r->finding_count - first;

	time_text(o->ns, time, sizeof time);
	for (size_t i = first; i < r->finding_count; i++)
		snprintf(r->findings[i].proof, sizeof r->findings[i].proof,
			 "Proved: with %s stored instead%s, the same run keeps SWD for all %s.",
			 plan->fix_value == 2 ? "010" : "000",
			 found > 1 ? " in every place named here" : "", time);
}

/* The run again with what the plan has become, in the place of the one before. */
static enum status replace(const struct subject *s, const struct plan *plan, struct outcome *o,
			   struct err *err)
{
	struct outcome *next = malloc(sizeof *next);
	enum status status = next ? run_variant(s, plan, o, next, err) : STATUS_NO_MEMORY;

	if (status == STATUS_OK) {
		outcome_fini(o);
		*o = *next;
	}
	free(next);
	return status;
}

/* Replace one offender after the other until a run keeps SWD. `o` is the run
 * that lost it, and is replaced by the last one. */
static enum status prove(const struct subject *s, struct plan *plan, struct outcome *o,
			 enum cause cause, struct lockout_report *r, struct err *err)
{
	size_t first = r->finding_count;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && is_locked(o)) {
		const struct swj_change *c = watch_offender(&o->watch);
		struct store_mark mark;

		if (!c || plan->fix_count == FIXES_MAX)
			return STATUS_OK;
		mark = c->mark;
		status = add_offender(s, plan, o, c, cause, r, err);
		if (status != STATUS_OK)
			break;
		plan->fixes[plan->fix_count++] = mark;
		status = replace(s, plan, o, err);
	}
	if (status == STATUS_OK)
		write_proof(r, first, plan, o);
	return status;
}

/* ---- off for a moment ------------------------------------------------------------------ */

static void note_window(const struct subject *s, const struct outcome *o,
			struct lockout_report *r)
{
	const struct swj_change *c = watch_offender(&o->watch);
	struct lockout_finding *f = c ? report_add(r) : NULL;
	char when[24], length[24];

	if (!f)
		return;
	time_text(c->since_reset_ns, when, sizeof when);
	time_text(o->watch.off_total_ns, length, sizeof length);
	f->cause = CAUSE_SWJ_OFF;
	f->level = o->watch.off_total_ns > 1000ull * NS_PER_MS ? LEVEL_HAZARD : LEVEL_NOTE;
	f->certainty = CERTAIN_PROVED;
	f->after_us = c->since_reset_ns / NS_PER_US;
	f->store_target = c->store.target;
	f->store_value = c->store.value;
	lockout_place_at(s->img, c->store.pc, &f->store);
	f->blame = f->stack[0] = f->store;
	f->stack_len = 1;
	snprintf(f->summary, sizeof f->summary,
		 "SWD is off %s after reset and back on %s later", when, length);
	snprintf(f->condition, sizeof f->condition,
		 "ASSUMED: the chip takes a second value of SWJ_CFG; a GD32F103 may take only the first");
}

/* ---- read-back ---------------------------------------------------------------------------- */

static void name_readback(struct lockout_finding *f, const char *which)
{
	f->level = LEVEL_LOCKOUT;
	f->certainty = CERTAIN_POSSIBLE;
	snprintf(f->condition, sizeof f->condition, "if AFIO_MAPR bits 26:24 read back as %s", which);
	snprintf(f->summary, sizeof f->summary,
		 "AFIO_MAPR is changed by reading it and writing it back; its SWJ_CFG bits are "
		 "write-only, and SWD is lost if they read as %s", which);
	snprintf(f->fix, sizeof f->fix,
		 "Write SWJ_CFG every time AFIO_MAPR is written: clear bits 26:24 of what was read "
		 "and set 010 (or 111, which changes nothing): "
		 "AFIO->MAPR = (AFIO->MAPR & ~(7u << 24)) | 2u << 24 | ...");
}

/* Run with another read-back; a lock-out that shows only then hangs on it. */
static enum status try_readback(const struct subject *s, const struct plan *base,
				const struct outcome *like, uint8_t readback, const char *which,
				uint64_t until, struct lockout_report *r, struct err *err)
{
	struct plan plan = *base;
	struct outcome *o = calloc(1, sizeof *o);
	const struct swj_change *c;
	size_t first = r->finding_count;
	enum status status;

	if (!o)
		return STATUS_NO_MEMORY;
	plan.swj_readback = readback;
	if (until < plan.run_ns)
		plan.run_ns = until;
	status = run_variant(s, &plan, like, o, err);
	c = status == STATUS_OK && o->swd_off ? watch_offender(&o->watch) : NULL;
	if (c)
		status = add_offender(s, &plan, o, c, CAUSE_SWJ_RMW, r, err);
	for (size_t i = first; i < r->finding_count; i++)
		name_readback(&r->findings[i], which);
	outcome_fini(o);
	free(o);
	return status;
}

/* How long to look after the last store to AFIO_MAPR. */
static uint64_t readback_until(const struct outcome *o)
{
	return o->watch.last_mapr_ns * 2 + 200ull * NS_PER_MS;
}

static enum status try_readbacks(const struct subject *s, const struct plan *plan,
				 const struct outcome *o, struct lockout_report *r,
				 struct err *err)
{
	uint64_t until = readback_until(o);
	enum status status = try_readback(s, plan, o, MCU_SWJ_READBACK_IN_FORCE,
					  "what was last written", until, r, err);

	if (status == STATUS_OK)
		status = try_readback(s, plan, o, READBACK_WORST, "100", until, r, err);
	return status;
}

/* Is the loss seen with the base read-back there with the value in force too?
 * If not, it is not certain. */
static enum status confirm(const struct subject *s, const struct plan *base,
			   const struct outcome *like, bool *certain, struct err *err)
{
	uint64_t until = readback_until(like);
	struct plan plan = *base;
	struct outcome *o = calloc(1, sizeof *o);
	enum status status;

	if (!o)
		return STATUS_NO_MEMORY;
	plan.swj_readback = MCU_SWJ_READBACK_IN_FORCE;
	if (until < plan.run_ns)
		plan.run_ns = until;
	status = run_variant(s, &plan, like, o, err);
	if (status == STATUS_OK)
		*certain = o->watch.off;
	outcome_fini(o);
	free(o);
	return status;
}

static void name_pin(struct lockout_finding *f, const struct answer *pin)
{
	char when[40];

	answer_text(pin, when, sizeof when);
	f->certainty = CERTAIN_LIKELY;
	snprintf(f->condition, sizeof f->condition, "%s", when);
	snprintf(f->summary, sizeof f->summary, "SWD and JTAG are switched off %s", when);
}

static enum status judge_locked(const struct subject *s, struct plan *plan, struct outcome *o,
				struct lockout_report *r, struct err *err)
{
	size_t first = r->finding_count;
	bool certain = true, pin_decides;
	struct answer pin;
	enum status status = STATUS_OK;

	pin_decides = floating_decides(s, plan, watch_offender(&o->watch), &pin);
	if (o->swd_off && o->watch.mapr_loads)
		status = confirm(s, plan, o, &certain, err);
	if (status == STATUS_OK)
		status = prove(s, plan, o, certain ? CAUSE_SWJ_OFF : CAUSE_SWJ_RMW, r, err);
	for (size_t i = first; !certain && i < r->finding_count; i++)
		name_readback(&r->findings[i], "000");
	for (size_t i = first; pin_decides && certain && i < r->finding_count; i++)
		name_pin(&r->findings[i], &pin);
	return status;
}

enum status judge_swj(const struct subject *s, struct plan *plan, struct outcome *o,
		      struct lockout_report *r, struct err *err)
{
	if (is_locked(o))
		return judge_locked(s, plan, o, r, err);
	if (o->watch.off_total_ns)
		note_window(s, o, r);
	if (!o->watch.mapr_stores || !o->watch.mapr_loads)
		return STATUS_OK;
	return try_readbacks(s, plan, o, r, err);
}
