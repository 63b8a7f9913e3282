/*
 * Narrowing down: the block-by-block search that people do by hand for days,
 * done by machine. From main (or the task body) down to the store: every call,
 * and every line that stores to a peripheral by itself, that ran before SWD
 * went away is skipped once, in a run of its own from reset, and the outcome
 * noted. Those whose absence keeps SWD are the way down.
 *
 * Skipping a call replaces it in the copy of the flash by `movs r0, #0`, so
 * the rest of the program sees a call that returned 0 (and, where that breaks
 * the program, 1). Of a line that stores, the stores to peripherals are left
 * out; without line information each store is a block.
 *
 * Not modelled: statements that neither call nor reach a peripheral are no
 * blocks; inputs that a lock-out may hang on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arm/arm.h"
#include "lockout/narrow_internal.h"

#define LEVELS_MAX (LOCKOUT_STACK_MAX + 1)
#define BLOCKS_MAX 2000

/* A function on the way down, and where in it the next one is called. */
struct level {
	uint32_t low, high;  /* the function's code */
	uint32_t way_down;   /* address in it that leads to the store */
	uint32_t last_ran;   /* the last call or store of it that ran before the loss */
	bool is_store;       /* way_down is the store itself */
	bool went_down;      /* the next one was searched below its call */
};

static bool fetch(const struct search *s, uint32_t address, struct arm_insn *insn)
{
	uint16_t hw[2] = {0, 0};

	if (!image_read(s->img, address, &hw[0], 2))
		return false;
	image_read(s->img, address + 2, &hw[1], 2);
	arm_decode(hw[0], hw[1], insn);
	return true;
}

/* SWD on because the program hangs before it gets there proves nothing: in the
 * trial the function must have come as far as in the unchanged program. */
static bool got_on(const struct search *s, const struct level *l, uint32_t address)
{
	return l->last_ran <= address || narrow_covered(s, mcu_coverage(s->m), l->last_ran);
}

/* Is this instruction a call, and of what? Tail calls leave the function by a
 * branch. */
static bool is_call(const struct level *l, const struct arm_effects *fx, bool *tail)
{
	bool leaves = fx->flow == ARM_FLOW_BRANCH && (fx->target < l->low || fx->target >= l->high);

	*tail = leaves && !fx->conditional;
	return fx->flow == ARM_FLOW_CALL || fx->flow == ARM_FLOW_CALL_REG || *tail;
}

static void name_callee(const struct search *s, const struct arm_effects *fx, char *out,
			size_t size)
{
	const struct image_symbol *sym = NULL;

	if (fx->flow != ARM_FLOW_CALL_REG)
		sym = image_symbol_at(s->img, fx->target);
	if (sym)
		snprintf(out, size, "%s", sym->name);
	else if (fx->flow == ARM_FLOW_CALL_REG)
		snprintf(out, size, "(function pointer)");
	else
		snprintf(out, size, "0x%08x", (unsigned)fx->target);
}

static struct narrow_block *add_block(struct search *s, unsigned depth, uint32_t address)
{
	struct narrow_report *r = s->report;
	struct narrow_block *b;

	if (r->count >= BLOCKS_MAX)
		return NULL;
	b = &r->blocks[r->count++];
	memset(b, 0, sizeof *b);
	b->depth = depth;
	lockout_place_at(s->img, address, &b->place);
	return b;
}

/* Skip one call and note what happens. */
static void judge(struct search *s, const struct level *l, struct narrow_block *b,
		  uint32_t address, unsigned size, bool tail)
{
	if (!narrow_did_run(s, address)) {
		b->outcome = NARROW_NOT_REACHED;
		return;
	}
	narrow_run_without(s, address, size, tail ? BX_LR : MOVS_R0_0);
	if (s->trial.faulted && !tail)
		narrow_run_without(s, address, size, MOVS_R0_1);
	if (s->trial.faulted || (!s->trial.swd_lost && !got_on(s, l, address)))
		b->outcome = NARROW_BREAKS;
	else
		b->outcome = s->trial.swd_lost ? NARROW_LOCKS : NARROW_KEEPS;
	b->guilty = b->outcome == NARROW_KEEPS;
}

static void search_level(struct search *s, struct level *levels, size_t count, unsigned at);

static bool same_line(const struct lockout_place *a, const struct lockout_place *b)
{
	return a->line && a->line == b->line && strcmp(a->file, b->file) == 0;
}

/* The stores of the function [low, high) on the line of the one at `pc`; false
 * when that line had its turn at an earlier one. */
static bool stores_of_line(const struct search *s, const struct level *l, uint32_t pc,
			   struct line_stores *out)
{
	struct lockout_place place, other;
	struct arm_insn insn;

	out->count = 0;
	lockout_place_at(s->img, pc, &place);
	for (uint32_t at = l->low; at < l->high && fetch(s, at, &insn); at += insn.size) {
		if (!narrow_covered(s, s->stores, at))
			continue;
		lockout_place_at(s->img, at, &other);
		if (at != pc && !same_line(&place, &other))
			continue;
		if (at < pc)
			return false;
		if (out->count < LINE_STORES_MAX) {
			out->size[out->count] = insn.size;
			out->address[out->count++] = at;
		}
	}
	return out->count != 0;
}

static bool holds(const struct line_stores *l, uint32_t address)
{
	for (size_t i = 0; i < l->count; i++)
		if (l->address[i] == address)
			return true;
	return false;
}

/* A line that stores to a peripheral by itself. */
static void judge_line(struct search *s, const struct level *l, unsigned depth, uint32_t pc)
{
	struct line_stores stores;
	struct narrow_block *b = stores_of_line(s, l, pc, &stores) ? add_block(s, depth, pc) : NULL;

	if (!b)
		return;
	snprintf(b->calls, sizeof b->calls, l->is_store && holds(&stores, l->way_down)
							? "(the store itself)" : "(a store)");
	narrow_run_without_stores(s, &stores);
	if (s->trial.faulted || (!s->trial.swd_lost && !got_on(s, l, pc)))
		b->outcome = NARROW_BREAKS;
	else
		b->outcome = s->trial.swd_lost ? NARROW_LOCKS : NARROW_KEEPS;
	b->guilty = b->outcome == NARROW_KEEPS;
	if (!b->guilty)
		return;
	s->report->line = b->place;
	s->report->found = true;
}

/* Is the call at pc the one on the stack when SWD went? Frames may name the
 * call or the instruction after it. */
static bool leads_down(const struct level *l, uint32_t pc, unsigned size)
{
	return l->way_down == pc || l->way_down == pc + size;
}

static void find_last_ran(const struct search *s, struct level *l)
{
	struct arm_effects fx;
	struct arm_insn insn;
	bool tail;

	for (uint32_t pc = l->low; pc < l->high && fetch(s, pc, &insn); pc += insn.size) {
		arm_effects(&insn, pc, &fx);
		if (narrow_did_run(s, pc) && (is_call(l, &fx, &tail) || narrow_covered(s, s->stores, pc)))
			l->last_ran = pc;
	}
}

/* One call; below the one that leads down, the next function. */
static void search_call(struct search *s, struct level *levels, size_t count, unsigned at,
			uint32_t pc, const struct arm_insn *insn, const struct arm_effects *fx,
			bool tail)
{
	struct level *l = &levels[at];
	struct narrow_block *b = add_block(s, at, pc);

	if (!b)
		return;
	name_callee(s, fx, b->calls, sizeof b->calls);
	judge(s, l, b, pc, insn->size, tail);
	if (!b->guilty)
		return;
	s->report->line = b->place;
	s->report->found = true;
	if (!leads_down(l, pc, insn->size) || at + 1 == count)
		return;
	l->went_down = true;
	search_level(s, levels, count, at + 1);
}

/* What never ran may be a literal that only looks like a call: calls go to where a
 * function begins. */
static bool is_code(const struct search *s, uint32_t pc, const struct arm_effects *fx)
{
	const struct image_symbol *callee;

	if (narrow_did_run(s, pc) || fx->flow == ARM_FLOW_CALL_REG || !image_symbol_at(s->img, pc))
		return true;
	callee = image_symbol_at(s->img, fx->target);
	return callee && callee->address == fx->target;
}

/* Every call and every storing line of one function, in program order. Where it
 * takes none of its calls to get to the next function, something else led there:
 * it started a task, or an interrupt broke in. */
static void search_level(struct search *s, struct level *levels, size_t count, unsigned at)
{
	struct level *l = &levels[at];
	struct arm_effects fx;
	struct arm_insn insn;
	bool tail;

	find_last_ran(s, l);
	for (uint32_t pc = l->low; pc < l->high && fetch(s, pc, &insn); pc += insn.size) {
		arm_effects(&insn, pc, &fx);
		if (is_call(l, &fx, &tail) && is_code(s, pc, &fx))
			search_call(s, levels, count, at, pc, &insn, &fx, tail);
		else if (narrow_covered(s, s->stores, pc))
			judge_line(s, l, at, pc);
	}
	if (!l->went_down && at + 1 < count)
		search_level(s, levels, count, at + 1);
}

static void set_function(const struct search *s, struct level *l, uint32_t address)
{
	const struct image_symbol *sym = image_symbol_at(s->img, address);

	l->low = sym ? sym->address : address & ~1u;
	l->high = sym && sym->size ? sym->address + sym->size : l->low + 2;
}

/* The functions from the outside in: main first, even when the store runs in a
 * task that main only created. */
static size_t plan_levels(const struct search *s, const struct lockout_finding *f,
			  struct level *levels)
{
	const struct image_symbol *main_fn = image_symbol_named(s->img, "main");
	size_t n = 0;
	bool through_main = false;

	for (size_t i = 0; i < f->stack_len; i++)
		through_main |= strcmp(f->stack[i].function, "main") == 0;
	if (main_fn && !through_main) {
		set_function(s, &levels[n], main_fn->address);
		levels[n++].way_down = 0; /* whichever call keeps SWD when skipped */
	}
	bool inside = !through_main;
	for (size_t i = f->stack_len; i-- > 0;) {
		/* What calls main (the reset handler) is nobody's block. */
		inside |= strcmp(f->stack[i].function, "main") == 0;
		if (!inside)
			continue;
		set_function(s, &levels[n], f->stack[i].address);
		/* Frames of functions inlined into one another are one body of code. */
		if (n && i && levels[n - 1].way_down && levels[n - 1].low == levels[n].low)
			n--;
		levels[n].way_down = f->stack[i].address;
		levels[n].is_store = i == 0;
		n++;
	}
	return n;
}

static const struct lockout_finding *worst_run_finding(const struct lockout_report *r)
{
	for (size_t i = 0; i < r->finding_count; i++)
		if (r->findings[i].level == LEVEL_LOCKOUT && r->findings[i].after_us != UINT64_MAX &&
		    !r->findings[i].condition[0])
			return &r->findings[i];
	return NULL;
}

static enum status search_image(struct search *s, const struct lockout_report *check,
				struct err *err)
{
	const struct lockout_finding *f = worst_run_finding(check);
	struct level levels[LEVELS_MAX];
	enum status st;

	if (!f)
		return STATUS_OK; /* nothing to narrow down: report->found stays false */
	st = narrow_prepare(s, check, err);
	if (st)
		return st;
	memset(levels, 0, sizeof levels);
	size_t n = plan_levels(s, f, levels);

	if (n)
		search_level(s, levels, n, 0);
	if (f->blame.address)
		s->report->line = f->blame;
	return STATUS_OK;
}

enum status lockout_narrow(const struct image *img, const struct lockout_options *opt,
			   struct narrow_report **out, struct err *err)
{
	struct lockout_options none = {0};
	struct search s = {.img = img, .opt = opt ? opt : &none};
	struct lockout_report *check = NULL;
	enum status st = lockout_check(img, opt, &check, err);

	if (st)
		return st;
	s.report = calloc(1, sizeof *s.report);
	if (s.report)
		s.report->blocks = calloc(BLOCKS_MAX, sizeof *s.report->blocks);
	if (!s.report || !s.report->blocks)
		st = err_set(err, STATUS_NO_MEMORY, "no memory for the report");
	else
		st = search_image(&s, check, err);
	mcu_snapshot_free(s.at_reset);
	mcu_free(s.m);
	free(s.ran);
	free(s.stores);
	lockout_report_free(check);
	if (st) {
		narrow_report_free(s.report);
		return st;
	}
	*out = s.report;
	return STATUS_OK;
}

void narrow_report_free(struct narrow_report *r)
{
	if (!r)
		return;
	free(r->blocks);
	free(r);
}
