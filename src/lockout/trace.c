/*
 * The last instructions before a point of a run: the run is repeated up to a
 * little before it and then stepped, noting registers before each step.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

static void note_state(const struct mcu *m, struct step *s)
{
	for (unsigned i = 0; i < 16; i++)
		s->r[i] = mcu_reg(m, (enum mcu_reg)i);
	s->xpsr = mcu_reg(m, MCU_XPSR);
	s->psp = mcu_reg(m, MCU_PSP);
	s->exception = (uint16_t)mcu_exception(m);
	s->hw[0] = s->hw[1] = 0;
	if (!mcu_peek(m, s->r[15], s->hw, 4))
		(void)!mcu_peek(m, s->r[15], s->hw, 2);
}

static bool one_step(struct watch *w, struct mcu *m, struct step *s)
{
	uint64_t before = mcu_instructions(m), answer_ns = answers_due(w, m);
	struct mcu_limits limits = {.until_ns = answer_ns, .instructions = before + 1};
	enum mcu_stop stop;

	note_state(m, s);
	/* a step of a sleeping chip would go on to its next event, past the answer */
	stop = answer_ns != NEVER && mcu_mode(m) != MCU_MODE_RUN ? mcu_run(m, &limits)
								 : mcu_step(m);
	if (mcu_instructions(m) != before)
		s->kind = STEP_INSTRUCTION;
	else
		s->kind = mcu_exception(m) != s->exception ? STEP_EXCEPTION_ENTRY : STEP_OTHER;
	return stop != MCU_STOP_LOCKUP && stop != MCU_STOP_OFF;
}

enum status trace_take(const struct subject *s, const struct plan *plan, uint64_t end,
		       size_t window, struct trace *out, struct err *err)
{
	struct mcu_limits limits = {.until_ns = UINT64_MAX,
				    .instructions = end > window ? end - window : 0};
	size_t room = window + window / 8 + 64; /* exception entries count no instruction */
	struct watch *w = calloc(1, sizeof *w);
	struct trace t = {.steps = calloc(room, sizeof *t.steps), .first = limits.instructions};
	enum mcu_stop stop = MCU_STOP_HOOK;

	t.m = rig_new(s, plan, err);
	if (!t.steps || !t.m || !w) {
		free(w);
		trace_fini(&t);
		return err_set(err, STATUS_NO_MEMORY, "out of memory for a trace");
	}
	watch_attach(w, t.m, plan);
	while (limits.instructions && stop == MCU_STOP_HOOK)
		stop = answers_run(w, t.m, &limits);
	while (mcu_instructions(t.m) < end && t.count < room &&
	       one_step(w, t.m, &t.steps[t.count]))
		t.count++;
	note_state(t.m, &t.after);
	mcu_set_hooks(t.m, NULL);
	free(w);
	*out = t;
	return STATUS_OK;
}

void trace_fini(struct trace *t)
{
	free(t->steps);
	mcu_free(t->m);
	*t = (struct trace){0};
}

void step_decode(const struct step *s, struct arm_insn *insn)
{
	arm_decode(s->hw[0], s->hw[1], insn);
}

/* Did the instruction take effect, or did its IT block's condition fail? */
bool step_executed(const struct step *s, const struct arm_insn *insn)
{
	unsigned it = (s->xpsr >> 25 & 3) | (s->xpsr >> 8 & 0xFC);

	if (insn->kind == ARM_KIND_IT || (it & 15) == 0)
		return true;
	return arm_condition_holds(it >> 4, s->xpsr >> 28);
}
