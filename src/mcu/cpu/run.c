/* The run loop: what has to happen between instructions. */
#include "mcu/cpu/fast.h"

/* Longest stretch of the fast loop, in cycles; its counters are packed. */
#define FAST_CHUNK (1u << 18)

/* Wake, stay asleep, or go on; false when there is nothing to execute. */
static bool awake(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	if (!c->sleeping)
		return true;
	if (!cpu_wakes(m))
		return false;
	c->sleeping = false;
	if (c->sleep_wfe)
		c->event = false;
	return true;
}

/* Only NMI, a debugger or a reset ends lockup. */
static bool locked_up(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	if (!c->lockup)
		return false;
	if (exception_next(m) != EXC_NMI)
		return true;
	c->lockup = false;
	return false;
}

/* The deadline came: SysTick is ours, the rest is mcu.c's. */
static bool deadline_passed(struct mcu *m)
{
	if (m->s.time.cycles < m->s.time.deadline)
		return false;
	systick_catch_up(m);
	time_rearm(m);
	return m->s.time.cycles >= m->s.time.deadline;
}

/* A debugger's step: one instruction or exception entry, then halt again. */
static void debug_step(struct mcu *m)
{
	if (exception_next(m))
		exception_enter(m);
	else
		cpu_single(m);
	if (!m->s.cpu.halted && exception_next(m))
		exception_enter(m);
	if (!m->s.cpu.halted)
		debug_enter(m, DFSR_HALTED);
}

/* Why nothing may be executed now; CPU_EXIT_BUDGET: it may. */
static enum cpu_exit standstill(struct mcu *m)
{
	if (m->s.side.reset_pending)
		return CPU_EXIT_RESET;
	if (m->s.cpu.halted)
		return CPU_EXIT_HALTED;
	if (m->stop_requested)
		return CPU_EXIT_STOP;
	if (deadline_passed(m))
		return CPU_EXIT_DEADLINE;
	if (!awake(m))
		return CPU_EXIT_SLEEP;
	if (locked_up(m))
		return CPU_EXIT_LOCKUP;
	return CPU_EXIT_BUDGET;
}

/* A watchpoint matched during the instruction that is now complete. */
static void watchpoint(struct mcu *m)
{
	m->s.cpu.watch_hit = false;
	debug_event(m, DFSR_DWTTRAP);
	exception_update(m);
}

/* Is it time to look for an idle loop? If not, do not run past that time. */
static bool idle_wants(const struct mcu *m, uint64_t *cycles)
{
	uint64_t next = m->cache->idle.next_try, now = m->s.time.instructions;

	if (now >= next)
		return true;
	if (*cycles > next - now)
		*cycles = next - now;
	return false;
}

/* Every instruction takes a cycle or more: a bound in cycles bounds
 * instructions as well, and coming back here until the budget is spent makes
 * it exact. */
static void execute(struct mcu *m, uint64_t budget)
{
	uint64_t cycles = m->s.time.deadline - m->s.time.cycles;

	if (cycles > budget)
		cycles = budget;
	if (cycles > FAST_CHUNK)
		cycles = FAST_CHUNK;
	if (!m->no_idle_skip && (m->cache->idle.phase || idle_wants(m, &cycles))) {
		idle_step(m, budget);
		return;
	}
	if (!m->s.cpu.thumb || m->cache->careful || m->cache->plain_only)
		cpu_single(m);
	else
		fast_run(m, cycles);
}

bool cpu_enter_pending(struct mcu *m)
{
	if (standstill(m) != CPU_EXIT_BUDGET || !m->s.cpu.attention || !exception_next(m))
		return false;
	exception_enter(m);
	return true;
}

enum cpu_exit cpu_run(struct mcu *m, uint64_t instruction_budget)
{
	uint64_t start = m->s.time.instructions;
	struct cpu_state *c = &m->s.cpu;
	enum cpu_exit why;

	while ((why = standstill(m)) == CPU_EXIT_BUDGET) {
		uint64_t done = m->s.time.instructions - start;
		if (done >= instruction_budget)
			return CPU_EXIT_BUDGET;
		if (c->stepping)
			debug_step(m);
		else if (c->attention && exception_next(m))
			exception_enter(m);
		else
			execute(m, instruction_budget - done);
		if (c->watch_hit)
			watchpoint(m);
	}
	return why;
}
