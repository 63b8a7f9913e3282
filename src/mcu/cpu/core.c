/*
 * The register file and the resets of the core. DDI 0403 B1.4, B1.5.5.
 */
#include <string.h>

#include "mcu/cpu/cpu_internal.h"

void cpu_set_control(struct cpu_state *c, uint32_t value)
{
	bool was = cpu_uses_psp(c);

	c->control = value & (CONTROL_NPRIV | CONTROL_SPSEL);
	cpu_select_sp(c, was);
}

static void reset_registers(struct cpu_state *c)
{
	/* R0..R12 are UNKNOWN after reset: they keep what they held. */
	c->r[14] = UINT32_MAX;
	c->sp_other &= ~3u;
	c->apsr = 0;
	c->ipsr = 0;
	c->it = 0;
	c->primask = c->faultmask = c->basepri = c->control = 0;
	c->event = c->sleeping = c->sleep_wfe = c->lockup = c->exclusive = false;
}

static void reset_system(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t kept_level[CPU_EXC_WORDS];

	memcpy(kept_level, c->level, sizeof kept_level);
	memset(c->pending, 0, sizeof c->pending);
	memset(c->active, 0, sizeof c->active);
	memset(c->enabled, 0, sizeof c->enabled);
	memset(c->priority, 0, sizeof c->priority);
	memcpy(c->level, kept_level, sizeof kept_level);
	c->enabled[0] = 1u << EXC_NMI | 1u << EXC_HARDFAULT | 1u << EXC_SVCALL |
			1u << EXC_DEBUGMON | 1u << EXC_PENDSV | 1u << EXC_SYSTICK;
	c->vtor = c->scr = c->cfsr = c->hfsr = c->mmfar = c->bfar = c->actlr = 0;
	/* STKALIGN came out of reset set only from r2p0 on (DDI 0337). */
	c->ccr = (m->silicon->cpuid >> 20 & 0xF) >= 2 ? CCR_STKALIGN : 0;
	c->prigroup = 0;
	systick_reset(&c->systick);
}

/* Reset vector: a core that cannot read it locks up at once. */
static void start(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t sp = 0, pc = 0;
	bool ok = bus_read(m, 0, 4, &sp) && bus_read(m, 4, 4, &pc);

	c->r[13] = sp & ~3u;
	c->thumb = pc & 1;
	c->r[15] = c->next = pc & ~1u;
	exception_update(m);
	if (!ok) {
		c->hfsr |= HFSR_VECTTBL;
		cpu_lock_up(m);
	}
}

void cpu_reset(struct mcu *m, enum mcu_reset why)
{
	struct cpu_state *c = &m->s.cpu;
	bool halted = c->halted;

	systick_catch_up(m);
	reset_registers(c);
	reset_system(m);
	debug_reset(m, why == MCU_RESET_POWER);
	cache_forget_all(m);
	c->halted = false;
	if (halted)
		dwt_thaw(m);
	start(m);
	if (why == MCU_RESET_POWER)
		return; /* the reset pulse follows; cpu_reset comes again when it ends */
	if (c->debug_enabled && c->demcr & DEMCR_VC_CORERESET)
		debug_enter(m, DFSR_VCATCH);
	else if (c->debug_enabled && c->halt_request)
		debug_enter(m, DFSR_HALTED);
}

uint32_t cpu_pc(const struct mcu *m)
{
	return m->s.cpu.r[15];
}

bool cpu_halted(const struct mcu *m)
{
	return m->s.cpu.halted;
}

unsigned mcu_exception(const struct mcu *m)
{
	return m->s.cpu.ipsr;
}

static uint32_t special(const struct cpu_state *c)
{
	return (uint32_t)c->control << 24 | (uint32_t)c->faultmask << 16 |
	       (uint32_t)c->basepri << 8 | c->primask;
}

uint32_t mcu_reg(const struct mcu *m, enum mcu_reg reg)
{
	const struct cpu_state *c = &m->s.cpu;

	switch (reg) {
	case MCU_XPSR:
		return cpu_xpsr(c);
	case MCU_MSP:
		return cpu_uses_psp(c) ? c->sp_other : c->r[13];
	case MCU_PSP:
		return cpu_uses_psp(c) ? c->r[13] : c->sp_other;
	case MCU_SPECIAL:
		return special(c);
	default:
		return (unsigned)reg < 16 ? c->r[reg] : 0;
	}
}

static void set_special(struct mcu *m, uint32_t value)
{
	struct cpu_state *c = &m->s.cpu;

	c->primask = value & 1;
	c->basepri = (uint8_t)(value >> 8) & (uint8_t)(0xFF00u >> m->silicon->nvic_prio_bits);
	c->faultmask = value >> 16 & 1;
	cpu_set_control(c, value >> 24);
}

void mcu_set_reg(struct mcu *m, enum mcu_reg reg, uint32_t value)
{
	struct cpu_state *c = &m->s.cpu;
	bool psp = cpu_uses_psp(c);

	switch (reg) {
	case MCU_XPSR:
		cpu_set_xpsr(c, value);
		cpu_select_sp(c, psp);
		break;
	case MCU_MSP:
		*(psp ? &c->sp_other : &c->r[13]) = value & ~3u;
		break;
	case MCU_PSP:
		*(psp ? &c->r[13] : &c->sp_other) = value & ~3u;
		break;
	case MCU_SPECIAL:
		set_special(m, value);
		break;
	case MCU_SP:
		c->r[13] = value & ~3u;
		break;
	case MCU_PC:
		c->r[15] = c->next = value & ~1u;
		break;
	default:
		if ((unsigned)reg < 15)
			c->r[reg] = value;
		break;
	}
	exception_update(m);
}
