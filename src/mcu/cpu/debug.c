/*
 * Debug state and its registers: DHCSR, DCRSR, DCRDR, DEMCR, DFSR. DDI 0403 C1.
 * In debug state SysTick and CYCCNT stand still; other clocks run on (mcu.c).
 * Not modelled: MON_STEP, DBGRESTARTED and external halt requests.
 */
#include "mcu/cpu/cpu_internal.h"

#define DBGKEY 0xA05F0000u
#define C_DEBUGEN 1u
#define C_HALT 2u
#define C_STEP 4u
#define C_MASKINTS 8u
#define S_REGRDY (1u << 16)
#define S_HALT (1u << 17)
#define S_SLEEP (1u << 18)
#define S_LOCKUP (1u << 19)
#define S_RETIRE_ST (1u << 24)
#define S_RESET_ST (1u << 25)
#define REGWNR (1u << 16)
#define DEMCR_MASK 0x010F07F1u

void debug_enter(struct mcu *m, uint32_t dfsr)
{
	struct cpu_state *c = &m->s.cpu;

	c->dfsr |= dfsr;
	c->stepping = false;
	if (!c->halted) {
		systick_freeze(m);
		dwt_freeze(m);
	}
	c->halted = true;
	c->halt_request = true; /* C_HALT reads 1 in debug state */
	c->sleeping = false;
	c->lockup = c->lockup && c->r[15] == 0xFFFFFFFEu;
	exception_update(m);
}

static void debug_leave(struct mcu *m, bool step)
{
	struct cpu_state *c = &m->s.cpu;

	c->halted = false;
	c->stepping = step;
	c->lockup = c->lockup && c->r[15] == 0xFFFFFFFEu;
	systick_thaw(m);
	dwt_thaw(m);
	exception_update(m);
	time_rearm(m);
}

bool debug_event(struct mcu *m, uint32_t dfsr)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->debug_enabled) {
		debug_enter(m, dfsr);
		return true;
	}
	if (c->demcr & DEMCR_MON_EN &&
	    exception_priority(c, EXC_DEBUGMON) < c->execution_priority) {
		c->dfsr |= dfsr;
		exception_pend(m, EXC_DEBUGMON, true);
		return true;
	}
	return false;
}

void debug_vector_catch(struct mcu *m, uint32_t vc)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->debug_enabled && c->demcr & vc)
		debug_enter(m, DFSR_VCATCH);
}

void debug_reset(struct mcu *m, bool power)
{
	struct cpu_state *c = &m->s.cpu;

	/* A core reset clears C_HALT and C_STEP (DDI 0337, DHCSR); what the debugger
	 * writes while reset is held is there when it ends. */
	c->halt_request = c->halt_request && c->halt_in_reset;
	c->step = c->halt_in_reset = c->stepping = false;
	c->reset_sticky = true;
	c->demcr_at_vector = 0;
	if (!power)
		return;
	c->debug_enabled = c->halt_request = c->step = c->mask_ints = false;
	c->demcr = c->dcrdr = c->dfsr = 0;
	c->fpb = (struct cpu_fpb){0};
	dwt_reset(m);
}

static uint32_t read_dhcsr(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t v = S_REGRDY;

	v |= c->debug_enabled ? C_DEBUGEN : 0;
	v |= c->halt_request ? C_HALT : 0;
	v |= c->step ? C_STEP : 0;
	v |= c->mask_ints ? C_MASKINTS : 0;
	v |= c->halted ? S_HALT : 0;
	v |= c->sleeping ? S_SLEEP : 0;
	v |= c->lockup && !c->halted ? S_LOCKUP : 0; /* clears in debug state */
	v |= c->retire_mark != m->s.time.instructions ? S_RETIRE_ST : 0;
	v |= c->reset_sticky ? S_RESET_ST : 0;
	if (m->by_debugger) {
		c->reset_sticky = false;
		c->retire_mark = m->s.time.instructions;
	}
	return v;
}

/* Only the debugger changes C_DEBUGEN; without it the other bits do nothing. */
static void write_dhcsr(struct mcu *m, uint32_t v, bool debugger)
{
	struct cpu_state *c = &m->s.cpu;
	bool alive = m->s.side.mode != MCU_MODE_RESET && m->s.side.mode != MCU_MODE_OFF;

	if ((v & 0xFFFF0000u) != DBGKEY)
		return;
	if (debugger)
		c->debug_enabled = v & C_DEBUGEN;
	if (!c->debug_enabled)
		v = 0;
	c->halt_request = v & C_HALT;
	c->step = v & C_STEP;
	c->mask_ints = v & C_MASKINTS;
	c->halt_in_reset = !alive && c->halt_request;
	if (!alive)
		return;
	if (c->halt_request && !c->halted)
		debug_enter(m, DFSR_HALTED);
	else if (!c->halt_request && c->halted)
		debug_leave(m, c->step);
	else
		exception_update(m);
}

/* DCRSR's register numbers are those of enum mcu_reg. */
static void write_dcrsr(struct mcu *m, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;
	enum mcu_reg reg = v & 0x1F;

	if (!c->halted)
		return;
	if (v & REGWNR)
		mcu_set_reg(m, reg, c->dcrdr);
	else
		c->dcrdr = mcu_reg(m, reg);
}

static void write_demcr(struct mcu *m, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;

	dwt_freeze(m); /* TRCENA starts and stops CYCCNT */
	c->demcr = v & DEMCR_MASK & ~DEMCR_MON_PEND;
	dwt_thaw(m);
	cache_forget_all(m);
	exception_pend(m, EXC_DEBUGMON, v & DEMCR_MON_PEND);
}

uint32_t debug_read(struct mcu *m, uint32_t address)
{
	struct cpu_state *c = &m->s.cpu;

	switch (address) {
	case SCS_DHCSR: return read_dhcsr(m);
	case SCS_DCRDR: return c->dcrdr;
	case SCS_DEMCR:
		return c->demcr | (exc_bit(c->pending, EXC_DEBUGMON) ? DEMCR_MON_PEND : 0);
	default: return 0;
	}
}

void debug_write(struct mcu *m, uint32_t address, uint32_t v, bool debugger)
{
	switch (address) {
	case SCS_DHCSR: write_dhcsr(m, v, debugger); break;
	case SCS_DCRSR: write_dcrsr(m, v); break;
	case SCS_DCRDR: m->s.cpu.dcrdr = v; break;
	case SCS_DEMCR: write_demcr(m, v); break;
	default: break;
	}
}
