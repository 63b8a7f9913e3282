/*
 * What the run did not reach: the static sweep's hits become findings, unless
 * the run went that very way and kept SWD.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"
#include "lockout/sweep.h"

#define SWEEP_STEPS 8000000u
#define SWEEP_STEPS_QUICK 1000000u

static bool executed(const struct subject *s, const struct outcome *o, uint32_t pc)
{
	uint32_t at = (pc >= s->chip->flash_base ? pc - s->chip->flash_base : pc) / 2;

	return o->coverage && at / 8 < o->coverage_size && o->coverage[at / 8] >> at % 8 & 1;
}

/* The run took every step of the way: it has judged this store already. */
static bool was_run(const struct subject *s, const struct outcome *o, const struct sweep_hit *h)
{
	if (!executed(s, o, h->store_pc) || (h->origin && !executed(s, o, h->origin)))
		return false;
	for (size_t i = 0; i < h->call_count; i++)
		if (!executed(s, o, h->calls[i]))
			return false;
	return true;
}

static const struct image_symbol *function_of(const struct image *img, uint32_t pc)
{
	return image_symbol_at(img, pc);
}

/* The call that passed the constant on, when the origin's function made it. */
static uint32_t blamed_address(const struct image *img, const struct sweep_hit *h)
{
	const struct image_symbol *f = h->origin ? function_of(img, h->origin) : NULL;

	for (size_t i = h->call_count; f && i-- > 0;)
		if (function_of(img, h->calls[i]) == f)
			return h->calls[i];
	return h->origin ? h->origin : h->store_pc;
}

static void fill_stack(const struct image *img, const struct sweep_hit *h,
		       struct lockout_finding *f)
{
	lockout_place_at(img, h->store_pc, &f->stack[f->stack_len++]);
	for (size_t i = 0; i < h->call_count && f->stack_len < LOCKOUT_STACK_MAX; i++)
		lockout_place_at(img, h->calls[i], &f->stack[f->stack_len++]);
}

static void describe_condition(const struct image *img, const struct sweep_hit *h,
			       struct lockout_finding *f)
{
	struct lockout_place place;

	if (h->branch) {
		lockout_place_at(img, h->branch, &place);
		snprintf(f->condition, sizeof f->condition,
			 place.line ? "if the branch at 0x%08X (line %u) goes that way"
				    : "if the branch at 0x%08X goes that way", h->branch, place.line);
	} else if (!h->root_is_vector) {
		lockout_place_at(img, h->root, &place);
		snprintf(f->condition, sizeof f->condition,
			 "if %.80s at 0x%08X is called (it is reached through a pointer only)",
			 place.function[0] ? place.function : "the function", h->root);
	}
}

static bool known_already(const struct lockout_report *r, const struct sweep_hit *h,
			  uint32_t blame)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT &&
		    (r->findings[i].blame.address == blame ||
		     (r->findings[i].cause == CAUSE_SWJ_RMW &&
		      r->findings[i].store.address == h->store_pc)))
			return true;
	return false;
}

static enum status add_hit(const struct subject *s, const struct sweep_hit *h,
			   struct lockout_report *r)
{
	uint32_t blame = blamed_address(s->img, h);
	struct lockout_finding *f;

	if (known_already(r, h, blame))
		return STATUS_OK;
	f = report_add(r);
	if (!f)
		return STATUS_NO_MEMORY;
	f->cause = h->read_back ? CAUSE_SWJ_RMW : CAUSE_SWJ_OFF;
	f->level = LEVEL_LOCKOUT;
	f->certainty = h->read_back ? CERTAIN_POSSIBLE : CERTAIN_LIKELY;
	f->store_target = h->target;
	f->store_value = h->value;
	fill_stack(s->img, h, f);
	f->store = f->stack[0];
	(void)inlined_choice(s->img, blame, NULL, 0, &f->blame);
	describe_condition(s->img, h, f);
	snprintf(f->summary, sizeof f->summary,
		 "a path that this run did not take switches SWD and JTAG off%s",
		 h->read_back ? " when AFIO_MAPR's SWJ_CFG bits read back as 100" : "");
	fix_swj(s->img, f, f->fix, sizeof f->fix);
	return STATUS_OK;
}

enum status judge_sweep(const struct subject *s, const struct lockout_options *opt,
			const struct outcome *o, struct lockout_report *r, struct err *err)
{
	struct sweep_result *found = calloc(1, sizeof *found);
	enum status status = STATUS_NO_MEMORY;

	if (found)
		status = sweep_image(s->img, s->vectors, 16u + s->chip->irqs,
				     opt->quick ? SWEEP_STEPS_QUICK : SWEEP_STEPS, found, err);
	for (size_t i = 0; status == STATUS_OK && i < found->hit_count; i++)
		if (!was_run(s, o, &found->hits[i]))
			status = add_hit(s, &found->hits[i], r);
	free(found);
	return status;
}
