/*
 * Who chose? `pin_mode(14, ...)` switches SWD off by a constant of its own,
 * but the caller's 14 led there. Of the branches that constants of a caller
 * decided, those count whose other side does not get to the store. As choice.c
 * does it for a run.
 */
#include "lockout/sweep_internal.h"

#define SIDES_MAX 48u
#define STEPS_MAX 400u

static void keep_nearest(const struct absval *v, uint8_t *depth)
{
	if (v->origin && v->depth < *depth)
		*depth = v->depth;
}

void choice_note(struct sweep *sw, const struct absval *a, const struct absval *b, uint32_t pc,
		 uint32_t other)
{
	bool in_it = other == CHOICE_IT;

	struct sweep_decision *d = sw->decisions[sw->depth];
	unsigned *n = &sw->decision_count[sw->depth];
	uint8_t depth = ABS_DEEP;

	keep_nearest(a, &depth);
	if (b)
		keep_nearest(b, &depth);
	if (depth >= sw->depth)
		return;
	for (unsigned i = 0; i < *n; i++)
		if (d[i].pc == pc)
			return;
	if (*n == SWEEP_DECISIONS_MAX) {
		for (unsigned i = 1; i < *n; i++)
			d[i - 1] = d[i];
		(*n)--;
	}
	d[(*n)++] = (struct sweep_decision){pc, other, depth, in_it};
}

struct sides {
	uint32_t at[SIDES_MAX];
	unsigned count;
};

static void add_side(struct sides *s, uint32_t at)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->at[i] == at)
			return;
	if (s->count < SIDES_MAX)
		s->at[s->count++] = at;
}

/* Can control get from one instruction of a function to another without the
 * branch at `around`? Calls are stepped over; what is not known, does. */
static bool reaches(const struct sweep *sw, uint32_t from, uint32_t goal, uint32_t around)
{
	struct sides sides = {{from}, 1};
	unsigned steps = 0;

	for (unsigned i = 0; i < sides.count; i++) {
		struct arm_effects fx = {.flow = ARM_FLOW_NEXT};
		struct arm_insn insn;

		for (uint32_t pc = sides.at[i]; pc != around; pc += insn.size) {
			if (pc == goal || ++steps > STEPS_MAX)
				return true;
			if (!sweep_fetch(sw, pc, &insn))
				break;
			arm_effects(&insn, pc, &fx);
			if (fx.flow == ARM_FLOW_BRANCH)
				add_side(&sides, fx.target);
			if ((fx.flow == ARM_FLOW_BRANCH && !fx.conditional) ||
			    fx.flow == ARM_FLOW_RETURN || fx.flow == ARM_FLOW_JUMP_REG)
				break;
		}
	}
	return false;
}

/* `entered`: where the constant was brought in, or the call on the way down. */
static bool is_decisive(const struct sweep *sw, const struct sweep_decision *d, uint32_t entered,
			uint32_t point)
{
	if (d->in_it)
		return d->pc == entered || d->pc == point;
	return !d->other || !reaches(sw, d->other, point, d->pc) ||
	       !reaches(sw, d->other, entered, d->pc);
}

size_t choice_depth(const struct sweep *sw, const struct absval *v, uint32_t pc)
{
	size_t depth = v->origin && v->depth < sw->depth ? v->depth : sw->depth;
	/* What came out of a variable was chosen where it was put there. */
	bool climbed = !v->variable;

	while (climbed && depth) {
		const struct sweep_decision *d = sw->decisions[depth];
		uint32_t point = depth == sw->depth ? pc : sw->calls[depth];

		climbed = false;
		for (unsigned i = sw->decision_count[depth]; i-- > 0 && !climbed;)
			if (d[i].depth < depth &&
			    is_decisive(sw, &d[i], depth == sw->depth ? v->origin : point, point)) {
				depth = d[i].depth;
				climbed = true;
			}
	}
	return depth;
}
