/*
 * One block of the program with known bits: straight code, IT blocks, and
 * where control goes at the end.
 */
#include "lockout/sweep_internal.h"

#include <stdlib.h>

/* State of an IT block while a block is walked. */
struct it {
	unsigned left;
	uint8_t conds[4];
};

static void begin_it(struct it *it, const struct arm_insn *insn)
{
	unsigned first = insn->list >> 4 & 15, mask = insn->list & 15;

	it->left = 4 - (unsigned)__builtin_ctz(mask ? mask : 8);
	for (unsigned i = 0; i < it->left; i++) {
		unsigned low = i == 0 ? first & 1 : mask >> (4 - i) & 1;

		it->conds[i] = (uint8_t)((first & 14) | low);
	}
	/* conds is consumed from the front; keep it reversed for popping. */
	for (unsigned i = 0; i < it->left / 2; i++) {
		uint8_t t = it->conds[i];

		it->conds[i] = it->conds[it->left - 1 - i];
		it->conds[it->left - 1 - i] = t;
	}
}

static int branch_taken(const struct abs_state *s, const struct arm_insn *insn, int it_cond)
{
	const struct absval *n = &s->r[insn->rn];

	if (insn->kind == ARM_KIND_CBZ || insn->kind == ARM_KIND_CBNZ) {
		int zero = n->stack || (n->known & n->value) ? 0 : n->known == UINT32_MAX ? 1 : -1;

		return zero < 0 || insn->kind == ARM_KIND_CBZ ? zero : !zero;
	}
	return it_cond >= 0 ? abs_condition(s, (enum arm_cond)it_cond)
			    : abs_condition(s, (enum arm_cond)insn->cond);
}

static void note_flags_decision(struct walk *w, const struct abs_state *s, uint32_t pc,
				uint32_t other)
{
	if (s->flags != FLAGS_UNKNOWN)
		choice_note(w->sw, &s->a, s->flags == FLAGS_COMPARED ? &s->b : NULL, pc, other);
}

/* The branch went one way for certain: whose constants made it? */
static void note_decision(struct walk *w, const struct abs_state *s, const struct arm_insn *insn,
			  const struct arm_effects *fx, uint32_t pc, int taken)
{
	uint32_t other = taken ? pc + insn->size : fx->target;

	if (fx->flow != ARM_FLOW_BRANCH || !fx->conditional)
		return;
	if (insn->kind == ARM_KIND_CBZ || insn->kind == ARM_KIND_CBNZ)
		choice_note(w->sw, &s->r[insn->rn], NULL, pc, other);
	else
		note_flags_decision(w, s, pc, other);
}

#define TABLE_MAX 256

/* TBB/TBH: one way when the index is known, else every entry that leads
 * forward, up to where the first of them points. */
static void table_branch(struct walk *w, const struct abs_state *s, const struct arm_insn *insn,
			 uint32_t pc)
{
	unsigned size = insn->kind == ARM_KIND_TBH ? 2 : 1;
	struct absval index = s->r[insn->rm];
	uint32_t end = UINT32_MAX;

	if (insn->rn != 15)
		return;
	if (abs_is_const(&index))
		choice_note(w->sw, &index, NULL, pc, 0);
	for (uint32_t i = 0; i < TABLE_MAX && pc + 4 + i * size < end; i++) {
		uint16_t offset = 0;
		uint32_t target;

		if (!image_read(w->sw->img, pc + 4 + i * size, &offset, size))
			return;
		target = pc + 4 + 2u * offset;
		if (target < end)
			end = target;
		if (!abs_is_const(&index) || index.value == i)
			walk_to(w, target, s);
	}
}

/* A jump to another function's entry calls it and returns what it returns. */
static bool is_tail_call(const struct walk *w, uint32_t target)
{
	const struct image_symbol *f = image_symbol_at(w->sw->img, target);

	return f && f->is_function && f->address == target && target != w->entry;
}

static void branch_to(struct walk *w, const struct abs_state *s, uint32_t pc, uint32_t target)
{
	struct abs_state *callee;
	uint32_t block = w->sw->block[w->sw->depth];

	if (!is_tail_call(w, target)) {
		walk_to(w, target, s);
		return;
	}
	callee = malloc(sizeof *callee);
	if (!callee)
		return;
	*callee = *s;
	/* A block of its own, so that a condition can stand before it. */
	walk_edge(w, pc | 1);
	w->sw->block[w->sw->depth] = pc | 1;
	if (sweep_call(w->sw, callee, pc, target))
		walk_leave(w, callee);
	w->sw->block[w->sw->depth] = block;
	free(callee);
}

static bool call(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
		 const struct arm_effects *fx, uint32_t pc)
{
	return fx->flow == ARM_FLOW_CALL ? sweep_call(w->sw, s, pc, fx->target)
					 : sweep_call_value(w->sw, s, pc, s->r[insn->rm]);
}

/* Under a condition that is not known: called and not called, both. */
static bool perhaps_call(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
			 const struct arm_effects *fx, uint32_t pc)
{
	struct abs_state skipped = *s;

	if (call(w, s, insn, fx, pc))
		abs_state_join(s, &skipped);
	else
		*s = skipped;
	return true;
}

/* An instruction that moves the PC. False: the block ends here. */
static bool control(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
		    const struct arm_effects *fx, uint32_t pc, int it_cond)
{
	int taken = branch_taken(s, insn, it_cond);

	if (taken >= 0)
		note_decision(w, s, insn, fx, pc, taken);
	if (taken == 0)
		return true;
	w->choice = taken < 0 ? pc : 0;
	switch (fx->flow) {
	case ARM_FLOW_BRANCH:
		branch_to(w, s, pc, fx->target);
		break;
	case ARM_FLOW_CALL:
	case ARM_FLOW_CALL_REG:
		return taken < 0 ? perhaps_call(w, s, insn, fx, pc) : call(w, s, insn, fx, pc);
	case ARM_FLOW_JUMP_REG:
		if (insn->kind == ARM_KIND_TBB || insn->kind == ARM_KIND_TBH)
			table_branch(w, s, insn, pc);
		else if (insn->kind == ARM_KIND_BX) {
			if (sweep_call_value(w->sw, s, pc, s->r[insn->rm])) /* a tail call */
				walk_leave(w, s);
		}
		break;
	case ARM_FLOW_RETURN:
		walk_leave(w, s);
		break;
	default:
		return insn->kind == ARM_KIND_SVC || insn->kind == ARM_KIND_BKPT;
	}
	return taken < 0;
}

/* Not in an IT block, or the condition decides; both ways when unknown. */
static void execute(struct walk *w, struct abs_state *s, const struct arm_insn *insn, uint32_t pc,
		    int it_cond)
{
	struct abs_memory mem = sweep_memory;
	int runs = it_cond < 0 ? 1 : abs_condition(s, (enum arm_cond)it_cond);
	uint8_t depth = (uint8_t)w->sw->depth;

	mem.ctx = w->sw;
	if (runs == 0)
		return;
	if (runs > 0 && it_cond >= 0)
		note_flags_decision(w, s, pc, CHOICE_IT);
	if (runs > 0) {
		abs_execute(s, insn, pc, it_cond >= 0, depth, &mem);
		return;
	}
	struct abs_state skipped = *s;

	abs_execute(s, insn, pc, true, depth, &mem);
	/* Flags of the untouched side stay valid only if nothing set them. */
	abs_state_join(s, &skipped);
}

/* One instruction outside of branches, or a branch. False: the block ends. */
static bool step(struct walk *w, struct abs_state *s, const struct arm_insn *insn, uint32_t pc,
		 int it_cond)
{
	struct arm_effects fx;

	w->sw->out->steps++;
	w->sw->now = s;
	w->sw->pc = pc;
	arm_effects(insn, pc, &fx);
	if (insn->kind == ARM_KIND_WFI || insn->kind == ARM_KIND_WFE)
		peril_sleep(w->sw, pc);
	if (fx.flow == ARM_FLOW_NEXT) {
		execute(w, s, insn, pc, it_cond);
		if (insn->flags & ARM_INSN_SETFLAGS)
			s->assumed = 0;
		return true;
	}
	/* POP {..., PC} also restores registers. */
	if (fx.mem != ARM_MEM_NONE && fx.flow == ARM_FLOW_RETURN && it_cond < 0)
		execute(w, s, insn, pc, it_cond);
	return control(w, s, insn, &fx, pc, it_cond);
}

/* The instructions of an IT block. False: control does not get past it. */
static bool step_it(struct walk *w, struct abs_state *s, struct it it, uint32_t *pc)
{
	while (it.left) {
		struct arm_insn insn;

		if (sweep_exhausted(w->sw) || !sweep_fetch(w->sw, *pc, &insn) ||
		    !step(w, s, &insn, *pc, it.conds[--it.left]))
			return false;
		*pc += insn.size;
	}
	return true;
}

/* An IT block whose condition is not known: both ways in turn, each as a
 * whole, so that what belongs together stays together. */
static bool step_it_both(struct walk *w, struct abs_state *s, const struct it *it, uint32_t *pc)
{
	struct abs_state *other = malloc(sizeof *other);
	uint32_t first = *pc, other_pc = *pc;
	uint8_t cond = it->conds[it->left - 1];
	bool goes_on, other_goes_on;

	if (!other)
		return false;
	*other = *s;
	s->assumed = cond + 1u;
	other->assumed = (cond ^ 1u) + 1u;
	w->sw->assumed_at = first - 2;
	goes_on = step_it(w, s, *it, pc);
	other_goes_on = step_it(w, other, *it, &other_pc);
	w->sw->assumed_at = 0;
	s->assumed = other->assumed = 0;
	if (!goes_on)
		*s = *other, *pc = other_pc;
	else if (other_goes_on)
		abs_state_join(s, other);
	free(other);
	return goes_on || other_goes_on;
}

static bool step_it_block(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
			  uint32_t *pc)
{
	struct it it = {0};

	begin_it(&it, insn);
	*pc += insn->size;
	if (abs_condition(s, (enum arm_cond)it.conds[it.left - 1]) >= 0)
		return step_it(w, s, it, pc);
	return step_it_both(w, s, &it, pc);
}

void walk_block(struct walk *w, uint32_t start, struct abs_state *s)
{
	struct arm_insn insn;
	uint32_t pc = start;

	w->choice = 0;
	while (!sweep_exhausted(w->sw)) {
		struct arm_effects fx;

		if (pc != start && walk_has_block(w, pc)) {
			walk_to(w, pc, s);
			return;
		}
		if (!sweep_fetch(w->sw, pc, &insn))
			return;
		if (insn.kind == ARM_KIND_IT) {
			if (!step_it_block(w, s, &insn, &pc))
				return;
			continue;
		}
		if (!step(w, s, &insn, pc, -1))
			return;
		arm_effects(&insn, pc, &fx);
		pc += insn.size;
		/* What follows an undecided branch starts a block of its own. */
		if (fx.flow == ARM_FLOW_BRANCH) {
			walk_to(w, pc, s);
			return;
		}
	}
}
