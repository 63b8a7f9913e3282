/*
 * From what was noted to findings: low power, watchdogs and resets, faults,
 * JTAG; and from findings to the verdict.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"

struct lockout_finding *report_add(struct lockout_report *r)
{
	struct lockout_finding *grown =
		realloc(r->findings, (r->finding_count + 1) * sizeof *r->findings);

	if (!grown)
		return NULL;
	r->findings = grown;
	grown[r->finding_count] = (struct lockout_finding){.after_us = UINT64_MAX};
	return &grown[r->finding_count++];
}

struct lockout_finding *report_add_at(const struct subject *s, const struct plan *plan,
				      uint64_t instructions, uint64_t since_ns, uint32_t pc,
				      enum cause cause, enum lockout_level level,
				      struct lockout_report *r)
{
	struct blame *b = malloc(sizeof *b);
	struct lockout_finding *f = report_add(r);

	if (f) {
		f->cause = cause;
		f->level = level;
		f->certainty = CERTAIN_PROVED;
		f->after_us = since_ns / NS_PER_US;
		if (b && blame_point(s, plan, instructions, b, NULL) == STATUS_OK &&
		    b->stack[0].address == pc) {
			memcpy(f->stack, b->stack, sizeof f->stack);
			f->stack_len = b->stack_len;
			memcpy(f->task, b->task, sizeof f->task);
		} else {
			lockout_place_at(s->img, pc, &f->stack[0]);
			f->stack_len = 1;
		}
		f->store = f->blame = f->stack[0];
		if (cause != CAUSE_FAULT)
			blame_helpers_caller(f);
	}
	free(b);
	return f;
}

static struct lockout_finding *add_event(const struct subject *s, const struct plan *plan,
					 const struct first_event *e, enum cause cause,
					 enum lockout_level level, struct lockout_report *r)
{
	struct lockout_finding *f = e->seen ? report_add_at(s, plan, e->instructions, e->since_reset_ns,
						     e->pc, cause, level, r)
					    : NULL;

	if (f) {
		f->store_target = e->store.target;
		f->store_value = e->store.value;
	}
	return f;
}

/* ---- low power -------------------------------------------------------------------------- */

/* Sleep that interrupts end all the time is no obstacle; a long one is. */
#define LONG_SLEEP_NS (100ull * NS_PER_MS)

static const char *const low_power_fix =
	"Attach under reset (RESET held) or early after reset: the debug tool then sets "
	"DBGMCU_CR's bits, and the chip stays attachable until power-off. While developing, do not "
	"sleep during the first seconds after reset.";

/* Idling by WFI is what an RTOS does: no reason to change the program. */
static const char *const sleep_fix =
	"Nothing needs to change: if a tool cannot attach while the chip sleeps, attach under reset "
	"once; it then sets DBGMCU_CR.DBG_SLEEP, and the chip stays attachable until power-off.";

static void judge_mode(const struct subject *s, const struct plan *plan, const struct outcome *o,
		       enum mcu_mode mode, enum cause cause, struct lockout_report *r)
{
	static const char *const names[] = {[MCU_MODE_SLEEP] = "Sleep", [MCU_MODE_STOP] = "Stop",
					    [MCU_MODE_STANDBY] = "Standby"};
	const struct sleep_stats *st = &o->watch.sleep[mode];
	bool mild = mode == MCU_MODE_SLEEP && st->longest_ns < LONG_SLEEP_NS;
	struct lockout_finding *f;
	char when[24], longest[24];

	if (st->count == 0)
		return;
	f = report_add_at(s, plan, st->first_instructions, st->first_ns, st->first_pc, cause,
		   mild ? LEVEL_NOTE : LEVEL_HAZARD, r);
	if (!f)
		return;
	time_text(st->first_ns, when, sizeof when);
	time_text(st->longest_ns, longest, sizeof longest);
	snprintf(f->summary, sizeof f->summary,
		 "the chip enters %s mode %s after reset (%llu time%s in this run, at most %s at a time)"
		 "%s", names[mode], when, (unsigned long long)st->count, st->count == 1 ? "" : "s", longest,
		 mode == MCU_MODE_SLEEP ? "" : "; its debug port does not answer meanwhile");
	if (!mild)
		snprintf(f->fix, sizeof f->fix, "%s",
			 mode == MCU_MODE_SLEEP ? sleep_fix : low_power_fix);
}

void judge_low_power(const struct subject *s, const struct plan *plan, const struct outcome *o,
		     struct lockout_report *r)
{
	judge_mode(s, plan, o, MCU_MODE_SLEEP, CAUSE_SLEEP, r);
	judge_mode(s, plan, o, MCU_MODE_STOP, CAUSE_STOP, r);
	judge_mode(s, plan, o, MCU_MODE_STANDBY, CAUSE_STANDBY, r);
}

/* ---- watchdogs, resets, faults ----------------------------------------------------------- */

#define RESET_LOOP 3 /* resets in one run that make a loop */

static void judge_watchdog(const struct subject *s, const struct plan *plan,
			   const struct outcome *o, struct lockout_report *r)
{
	static const char *const names[] = {"independent watchdog (IWDG)", "window watchdog (WWDG)"};

	for (unsigned i = 0; i < 2; i++) {
		unsigned bites = o->watch.resets[i ? MCU_RESET_WWDG : MCU_RESET_IWDG];
		struct lockout_finding *f =
			add_event(s, plan, &o->watch.watchdog[i], CAUSE_WATCHDOG,
				  bites ? LEVEL_HAZARD : LEVEL_NOTE, r);

		if (!f)
			continue;
		if (bites)
			snprintf(f->summary, sizeof f->summary,
				 "the %s is started and reset the chip %u time%s in this run",
				 names[i], bites, bites == 1 ? "" : "s");
		else
			snprintf(f->summary, sizeof f->summary,
				 "the %s is started; it goes on while a debugger halts the core "
				 "unless DBGMCU_CR says otherwise", names[i]);
	}
}

#define AIRCR 0xE000ED0Cu

/* The statement behind a reset, which comes a little after it. */
static struct lockout_finding *add_reset(const struct subject *s, const struct plan *plan,
					 const struct watch *w, enum mcu_reset kind,
					 struct lockout_report *r)
{
	const struct first_event *watchdog = &w->watchdog[kind == MCU_RESET_WWDG];
	uint64_t instructions = w->reset_instructions[kind];
	uint32_t pc = w->reset_pc[kind];

	if (kind == MCU_RESET_SOFTWARE)
		(void)lookback_store(s, plan, instructions, AIRCR, &pc, &instructions);
	else if ((kind == MCU_RESET_IWDG || kind == MCU_RESET_WWDG) && watchdog->seen)
		pc = watchdog->pc, instructions = watchdog->instructions;
	return report_add_at(s, plan, instructions, 0, pc, CAUSE_RESET_LOOP, LEVEL_HAZARD, r);
}

static void judge_reset_loop(const struct subject *s, const struct plan *plan,
			     const struct outcome *o, struct lockout_report *r)
{
	static const enum mcu_reset kinds[] = {MCU_RESET_SOFTWARE, MCU_RESET_IWDG, MCU_RESET_WWDG,
					       MCU_RESET_LOW_POWER, MCU_RESET_OPTION_BYTES};
	static const char *const names[] = {"by software", "by the IWDG", "by the WWDG",
					    "on entering low power", "by option-byte reload"};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		unsigned count = o->watch.resets[kinds[i]];
		struct lockout_finding *f =
			count >= RESET_LOOP ? add_reset(s, plan, &o->watch, kinds[i], r) : NULL;

		if (!f)
			continue;
		f->after_us = UINT64_MAX;
		snprintf(f->summary, sizeof f->summary, "the chip resets itself %u times (%s)",
			 count, names[i]);
		snprintf(f->fix, sizeof f->fix,
			 "Attach under reset. What makes it reset shows in the run of its last "
			 "instructions; look at the error handlers first.");
	}
}

bool ends_at_bkpt(const struct subject *s, const struct outcome *o)
{
	const struct first_event *e = &o->watch.fault;
	uint16_t hw = 0;

	return e->seen && e->b == 0 && image_read(s->img, e->pc, &hw, sizeof hw) && hw >> 8 == 0xBE;
}

static void judge_fault(const struct subject *s, const struct plan *plan,
			const struct outcome *o, struct lockout_report *r)
{
	static const char *const names[] = {"HardFault", "MemManage fault", "BusFault", "UsageFault"};
	const struct first_event *e = o->watch.fault.seen ? &o->watch.fault : &o->watch.lockup;
	struct lockout_finding *f = add_event(s, plan, e, CAUSE_FAULT, LEVEL_NOTE, r);

	if (!f)
		return;
	if (e == &o->watch.lockup)
		snprintf(f->summary, sizeof f->summary, "the core locks up");
	else if (ends_at_bkpt(s, o))
		snprintf(f->summary, sizeof f->summary,
			 "the program ends at a BKPT instruction (semihosting?), a HardFault without a "
			 "debugger: what lies behind was looked through, not run");
	else
		snprintf(f->summary, sizeof f->summary, "%s (CFSR 0x%08X): what lies behind was not run",
			 e->a >= 3 && e->a <= 6 ? names[e->a - 3] : "fault", e->b);
}

void judge_resets(const struct subject *s, const struct plan *plan, const struct outcome *o,
		  struct lockout_report *r)
{
	judge_watchdog(s, plan, o, r);
	judge_reset_loop(s, plan, o, r);
	judge_fault(s, plan, o, r);
}

void judge_jtag(const struct subject *s, const struct plan *plan, const struct outcome *o,
		struct lockout_report *r)
{
	struct lockout_finding *f;

	if (o->watch.swj != 2 || o->watch.off)
		return;
	f = add_event(s, plan, &o->watch.jtag, CAUSE_JTAG_OFF, LEVEL_NOTE, r);
	if (f)
		snprintf(f->summary, sizeof f->summary,
			 "JTAG is off and SWD stays on (SWJ_CFG=010): attach with SWD");
}

/* ---- verdict ----------------------------------------------------------------------------------- */

static int by_severity(const void *a, const void *b)
{
	const struct lockout_finding *x = a, *y = b;

	if (x->level != y->level)
		return (int)y->level - (int)x->level;
	if (x->certainty != y->certainty)
		return (int)y->certainty - (int)x->certainty;
	return (x->after_us > y->after_us) - (x->after_us < y->after_us);
}

void judge_verdict(struct lockout_report *r)
{
	enum lockout_verdict v = r->reason[0] ? VERDICT_UNKNOWN : VERDICT_CLEAR;

	if (r->finding_count)
		qsort(r->findings, r->finding_count, sizeof *r->findings, by_severity);
	if (r->finding_count) {
		const struct lockout_finding *worst = &r->findings[0];

		if (worst->level == LEVEL_LOCKOUT)
			v = worst->certainty == CERTAIN_PROVED ? VERDICT_LOCKS_OUT
							       : VERDICT_MAY_LOCK_OUT;
		else if (worst->level == LEVEL_HAZARD)
			v = VERDICT_HAZARD;
	}
	r->verdict = v;
}
