/*
 * What the run did not reach: the static sweep's hits become findings, unless
 * the run went that very way and kept SWD.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lockout/lockout_internal.h"
#include "lockout/sweep.h"

#define SWEEP_STEPS 2500000u
#define SWEEP_STEPS_QUICK 250000u

static bool executed(const struct subject *s, const struct outcome *o, uint32_t pc)
{
	uint32_t at = (pc >= s->chip->flash_base ? pc - s->chip->flash_base : pc) / 2;

	return o->coverage && at / 8 < o->coverage_size && o->coverage[at / 8] >> at % 8 & 1;
}

static bool changed_swj(const struct outcome *o, uint32_t pc)
{
	for (size_t i = 0; i < o->watch.change_count; i++)
		if (o->watch.changes[i].by_store && o->watch.changes[i].store.pc == pc)
			return true;
	return false;
}

/* The run took every step of the way: it has judged this store already. What
 * an IT block skips counts as executed; then only the effect tells. */
static bool was_run(const struct subject *s, const struct outcome *o, const struct sweep_hit *h)
{
	if (!executed(s, o, h->store_pc) || (h->origin && !executed(s, o, h->origin)))
		return false;
	for (size_t i = 0; i < h->call_count; i++)
		if (!executed(s, o, h->calls[i]))
			return false;
	return !h->in_it || changed_swj(o, h->store_pc);
}

/* The statement to change: where the constant entered, or the call that chose
 * it, or that chose the function that was compiled for it. */
static uint32_t blamed_address(const struct image *img, const struct sweep_hit *h,
			       struct lockout_place *out)
{
	bool whole = true;
	uint32_t at = 0;

	for (size_t i = h->chosen; whole && i <= h->call_count; i++) {
		at = i ? h->calls[i - 1] : h->origin ? h->origin : h->store_pc;
		(void)inlined_climb(img, at, NULL, h->table, out, &whole);
	}
	return at;
}

static void fill_stack(const struct image *img, const struct sweep_hit *h,
		       struct lockout_finding *f)
{
	lockout_place_at(img, h->store_pc, &f->stack[f->stack_len++]);
	for (size_t i = 0; i < h->call_count && f->stack_len < LOCKOUT_STACK_MAX; i++)
		lockout_place_at(img, h->calls[i], &f->stack[f->stack_len++]);
}

static const char *file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The first step of the way that no run took, outermost first. */
static uint32_t first_not_run(const struct subject *s, const struct outcome *o,
			      const struct sweep_hit *h)
{
	for (size_t i = h->call_count; i--;)
		if (!executed(s, o, h->calls[i]))
			return h->calls[i];
	return h->origin && !executed(s, o, h->origin) ? h->origin : h->store_pc;
}

static void describe_condition(const struct subject *s, const struct outcome *o,
			       const struct sweep_hit *h, struct lockout_finding *f)
{
	uint32_t missed = first_not_run(s, o, h);
	struct lockout_place place;
	char line[64] = "";

	lockout_place_at(s->img, h->branch ? h->branch : missed, &place);
	if (place.line)
		snprintf(line, sizeof line, " (%.40s:%u)", file_name(place.file), place.line);
	if (h->branch) {
		snprintf(f->condition, sizeof f->condition,
			 "if the branch at 0x%08X%s goes that way", h->branch, line);
	} else if (!h->root_is_vector && executed(s, o, h->root)) {
		snprintf(f->condition, sizeof f->condition,
			 "if the program comes to 0x%08X%s, which it did not here", missed, line);
	} else if (!h->root_is_vector) {
		lockout_place_at(s->img, h->root, &place);
		snprintf(f->condition, sizeof f->condition,
			 "if %.80s at 0x%08X is called (it is reached through a pointer only)",
			 place.function[0] ? place.function : "the function", h->root);
	}
}

static bool same_place(const struct lockout_place *a, const struct lockout_place *b)
{
	return a->address == b->address ||
	       (a->line && a->line == b->line && strcmp(a->file, b->file) == 0);
}

static bool known_already(const struct lockout_report *r, const struct sweep_hit *h,
			  const struct lockout_place *blame)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT &&
		    (same_place(&r->findings[i].blame, blame) ||
		     (r->findings[i].cause == CAUSE_SWJ_RMW &&
		      r->findings[i].store.address == h->store_pc)))
			return true;
	return false;
}

static void describe_hit(const struct sweep_hit *h, struct lockout_finding *f)
{
	if (h->gate_off)
		snprintf(f->summary, sizeof f->summary,
			 "a store of SWJ_CFG=100 has no effect because AFIO's clock is off there; "
			 "with RCC_APB2ENR.AFIOEN set it would switch SWD and JTAG off");
	else if (h->doubtful)
		snprintf(f->summary, sizeof f->summary,
			 "%.80s would switch SWD and JTAG off if a variable held what nothing "
			 "found here gives it",
			 f->store.function[0] ? f->store.function : "a path that this run did not take");
	else if (h->dma)
		snprintf(f->summary, sizeof f->summary,
			 "a path that this run did not take lets DMA write to AFIO_MAPR, which may "
			 "switch SWD and JTAG off");
	else
		snprintf(f->summary, sizeof f->summary,
			 "a path that this run did not take switches SWD and JTAG off%s",
			 h->read_back ? " when AFIO_MAPR's SWJ_CFG bits read back as 100" : "");
}

static enum status add_hit(const struct subject *s, const struct outcome *o,
			   const struct sweep_hit *h, struct lockout_report *r)
{
	struct lockout_place blame;
	struct lockout_finding *f;

	(void)blamed_address(s->img, h, &blame);
	if (known_already(r, h, &blame))
		return STATUS_OK;
	f = report_add(r);
	if (!f)
		return STATUS_NO_MEMORY;
	f->cause = h->read_back ? CAUSE_SWJ_RMW : CAUSE_SWJ_OFF;
	f->level = h->gate_off || h->doubtful ? LEVEL_NOTE : LEVEL_LOCKOUT;
	f->certainty = h->read_back || h->dma ? CERTAIN_POSSIBLE : CERTAIN_LIKELY;
	f->store_target = h->target;
	f->store_value = h->value;
	f->pins_needed = o->watch.pins;
	fill_stack(s->img, h, f);
	f->store = f->stack[0];
	f->blame = blame;
	describe_condition(s, o, h, f);
	describe_hit(h, f);
	if (!h->gate_off)
		fix_swj(s->img, f, f->fix, sizeof f->fix);
	return STATUS_OK;
}

static bool has_lockout(const struct lockout_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].cause == CAUSE_SWJ_OFF && r->findings[i].level == LEVEL_LOCKOUT)
			return true;
	return false;
}

enum status judge_sweep(const struct subject *s, const struct lockout_options *opt,
			const struct outcome *o, struct lockout_report *r, struct err *err)
{
	struct sweep_result *found = calloc(1, sizeof *found);
	enum status status = STATUS_NO_MEMORY;

	if (found)
		status = sweep_image(s->img, s->vectors, 16u + s->chip->irqs, o->watch.afio_clocked,
				     opt->quick ? SWEEP_STEPS_QUICK : SWEEP_STEPS, found, err);
	for (size_t i = 0; status == STATUS_OK && i < found->hit_count; i++)
		if (!found->hits[i].variable && !was_run(s, o, &found->hits[i]))
			status = add_hit(s, o, &found->hits[i], r);
	/* What a variable may hold was put there: mostly by what is found already. */
	for (size_t i = 0; status == STATUS_OK && i < found->hit_count && !has_lockout(r); i++)
		if (found->hits[i].variable && !was_run(s, o, &found->hits[i]))
			status = add_hit(s, o, &found->hits[i], r);
	free(found);
	return status;
}
