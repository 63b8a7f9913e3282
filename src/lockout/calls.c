/*
 * Calls along a trace: how deep, and by which call a value went down.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

static int depth_change(const struct step *s)
{
	struct arm_insn insn;
	struct arm_effects e;

	if (s->kind == STEP_EXCEPTION_ENTRY)
		return 1;
	if (s->kind != STEP_INSTRUCTION)
		return 0;
	step_decode(s, &insn);
	if (!step_executed(s, &insn))
		return 0;
	arm_effects(&insn, s->r[15], &e);
	if (e.flow == ARM_FLOW_CALL || e.flow == ARM_FLOW_CALL_REG)
		return 1;
	return e.flow == ARM_FLOW_RETURN ? -1 : 0;
}

int32_t *trace_depths(const struct trace *t)
{
	int32_t *depth = calloc(t->count + 1, sizeof *depth);

	for (size_t i = 0; depth && i < t->count; i++)
		depth[i + 1] = depth[i] + depth_change(&t->steps[i]);
	return depth;
}

/* The last step before the first deeper hop that leaves the depth of the
 * origin by calling. */
bool slice_crossing(const struct trace *t, const int32_t *depth, const struct slice *slice,
		    size_t *call)
{
	size_t deeper = 0;

	for (size_t i = slice->hop_count; i-- > 0 && !deeper;)
		if (slice->hops[i].at > slice->at && depth[slice->hops[i].at] > depth[slice->at])
			deeper = slice->hops[i].at;
	for (size_t i = deeper; deeper && i-- > slice->at;)
		if (depth[i] == depth[slice->at] && depth[i + 1] > depth[i]) {
			*call = i;
			return true;
		}
	return false;
}

bool call_after(const struct trace *t, const int32_t *depth, size_t at, size_t *call)
{
	for (size_t i = at; i < t->count && depth[i] >= depth[at]; i++)
		if (depth[i] == depth[at] && depth[i + 1] > depth[i]) {
			*call = i;
			return true;
		}
	return false;
}
