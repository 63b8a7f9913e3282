/*
 * Some effects come later than the store that asked for them (flash programming,
 * a reset): which store was it?
 */
#include "lockout/lockout_internal.h"

#define LOOKBACK_WINDOW 16384u

bool lookback_store(const struct subject *s, const struct plan *plan, uint64_t end,
		    uint32_t address, uint32_t *pc, uint64_t *instructions)
{
	struct trace t;
	unsigned reg;
	bool found = false;
	uint64_t behind = 0; /* instructions; resets and exception entries are steps, too */

	if (trace_take(s, plan, end, LOOKBACK_WINDOW, &t, NULL) != STATUS_OK)
		return false;
	for (size_t i = t.count; i-- > 0 && !found;) {
		struct arm_insn insn;

		if (t.steps[i].kind != STEP_INSTRUCTION)
			continue;
		behind++;
		if (!slice_stored(&t, i, address, &reg))
			continue;
		step_decode(&t.steps[i], &insn);
		if (!step_executed(&t.steps[i], &insn))
			continue;
		*pc = t.steps[i].r[15];
		*instructions = mcu_instructions(t.m) - behind + 1;
		found = true;
	}
	trace_fini(&t);
	return found;
}
