/*
 * Who chose? `pin_mode(14, ...)` switches SWD off by a constant of its own,
 * but the caller's 14 led there. The branches that decided over a step, within
 * its function, are found from the trace; where a condition's operand comes
 * down from a caller as a constant, that call made the choice.
 *
 * A branch decides over a step when going the other way would have passed it
 * by: an untaken forward branch over it; a taken one whose other side ends in
 * a jump or return before it; a table branch. ASSUMED good enough: true
 * control dependence would need the whole flow graph.
 */
#include "lockout/lockout_internal.h"

#define BRANCHES_MAX 12u

/* Does the code just before `target` leave for somewhere else than between it and
 * `pc` (so that the other side of a taken branch comes neither way to `pc`)? */
static bool other_side_leaves(const struct trace *t, uint32_t target, uint32_t pc)
{
	struct arm_insn insn;
	struct arm_effects e;
	uint16_t hw[3];

	if (!mcu_peek(t->m, target - 4, hw, 4))
		return false;
	arm_decode(hw[0], hw[1], &insn);
	if (insn.size == 4) {
		arm_effects(&insn, target - 4, &e);
	} else {
		arm_decode(hw[1], 0, &insn);
		arm_effects(&insn, target - 2, &e);
	}
	if (e.flow == ARM_FLOW_BRANCH && !e.conditional)
		return e.target < target || e.target > pc;
	return e.flow == ARM_FLOW_RETURN || e.flow == ARM_FLOW_JUMP_REG;
}

static bool decides(const struct trace *t, size_t branch, const struct arm_insn *insn,
		    const struct arm_effects *e, uint32_t pc)
{
	uint32_t at = t->steps[branch].r[15];
	bool taken = t->steps[branch + 1].r[15] != at + insn->size;

	if (insn->kind == ARM_KIND_TBB || insn->kind == ARM_KIND_TBH)
		return true;
	if (e->flow != ARM_FLOW_BRANCH || !e->conditional)
		return false;
	if (!taken)
		return e->target > pc && at < pc;
	return e->target > at && e->target <= pc && other_side_leaves(t, e->target, pc);
}

/* The step that set the flags a branch reads. */
static bool flag_setter(const struct trace *t, size_t branch, size_t *setter)
{
	for (size_t i = branch; i-- > 0 && branch - i < 64;) {
		struct arm_insn insn;
		struct arm_effects e;

		if (t->steps[i].kind != STEP_INSTRUCTION)
			continue;
		step_decode(&t->steps[i], &insn);
		arm_effects(&insn, t->steps[i].r[15], &e);
		if (!e.writes_flags || !step_executed(&t->steps[i], &insn))
			continue;
		*setter = i;
		return true;
	}
	return false;
}

/* Does a register's value before a step come down from a caller as a constant? */
static bool came_down(const struct trace *t, const struct subject *s, const int32_t *depth,
		      size_t at, unsigned reg, size_t *call)
{
	uint32_t value = t->steps[at].r[reg];
	struct slice slice;

	if (reg >= 13)
		return false;
	slice_register(t, s, at, reg, value ? (unsigned)__builtin_ctz(value) : 0, &slice);
	if (slice.origin == ORIGIN_TABLE) {
		size_t constant;

		return depends_on_caller(t, depth, at, (uint16_t)(1u << reg), &constant) &&
		       call_after(t, depth, constant, call);
	}
	if (slice.origin != ORIGIN_CONSTANT || depth[slice.at] >= depth[at])
		return false;
	/* the value is used at `at`, below the call it went through */
	if (slice.hop_count == HOPS_MAX)
		return false;
	memmove(slice.hops + 1, slice.hops, slice.hop_count * sizeof slice.hops[0]);
	slice.hops[0] = (struct hop){at, 0};
	slice.hop_count++;
	return slice_crossing(t, depth, &slice, call);
}

/* A function that calls itself counts its rounds by what it hands down: nobody's choice. */
static bool calls_itself(const struct trace *t, const struct subject *s, size_t call)
{
	const struct image_symbol *from = image_symbol_at(s->img, t->steps[call].r[15]);

	return from && call + 1 < t->count &&
	       image_symbol_at(s->img, t->steps[call + 1].r[15]) == from;
}

static bool branch_call(const struct trace *t, const struct subject *s, const int32_t *depth,
			size_t branch, const struct arm_insn *insn, const struct arm_effects *e,
			size_t *call)
{
	size_t at = branch;
	uint16_t reads = e->reads;

	if (e->reads_flags) {
		struct arm_insn compare;
		struct arm_effects effects;

		if (!flag_setter(t, branch, &at) || depth[at] != depth[branch])
			return false;
		step_decode(&t->steps[at], &compare);
		arm_effects(&compare, t->steps[at].r[15], &effects);
		reads = effects.reads;
	} else if (insn && (insn->kind == ARM_KIND_TBB || insn->kind == ARM_KIND_TBH)) {
		reads = (uint16_t)(1u << insn->rm);
	}
	for (unsigned reg = 0; reg < 13; reg++)
		if (reads >> reg & 1 && came_down(t, s, depth, at, reg, call) &&
		    !calls_itself(t, s, *call))
			return true;
	return false;
}

/* Is the step one that an IT block let through? */
static bool in_it_block(const struct step *s)
{
	return (s->xpsr >> 8 & 0xC) | (s->xpsr >> 25 & 3); /* ITSTATE[3:0], DDI 0403 B1.4.2 */
}

bool choice_call(const struct trace *t, const struct subject *s, const int32_t *depth, size_t at,
		 size_t *call)
{
	struct arm_effects flags = {.reads_flags = true};
	uint32_t pc = t->steps[at].r[15];
	unsigned branches = 0;

	if (in_it_block(&t->steps[at]) && branch_call(t, s, depth, at, NULL, &flags, call))
		return true;

	for (size_t i = at; i-- > 0 && depth[i] >= depth[at] && branches < BRANCHES_MAX;) {
		struct arm_insn insn;
		struct arm_effects e;

		if (depth[i] != depth[at] || t->steps[i].kind != STEP_INSTRUCTION)
			continue;
		step_decode(&t->steps[i], &insn);
		arm_effects(&insn, t->steps[i].r[15], &e);
		if (!decides(t, i, &insn, &e, pc))
			continue;
		branches++;
		if (branch_call(t, s, depth, i, &insn, &e, call))
			return true;
	}
	return false;
}
