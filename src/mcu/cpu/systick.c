/*
 * SysTick, DDI 0403 B3.3. The counter is never stepped: the cycle at which it
 * reaches 0 next tells its value at any time. On STM32F1 the external clock is
 * HCLK / 8 (RM0008 10.1). CALIB: 9000 ticks a ms at 9 MHz (RM0008: TENMS as on
 * this part), SKEW and NOREF as measured ASSUMED 0.
 */
#include "mcu/cpu/cpu_internal.h"

#define ENABLE 1u
#define TICKINT 2u
#define CLKSOURCE 4u
#define COUNTFLAG (1u << 16)
#define MASK24 0xFFFFFFu
#define CALIB 9000u

static uint64_t scale(const struct cpu_systick *t)
{
	return t->csr & CLKSOURCE ? 1 : 8;
}

static bool running(const struct mcu *m)
{
	return m->s.cpu.systick.csr & ENABLE && !m->s.cpu.halted;
}

void systick_reset(struct cpu_systick *t)
{
	*t = (struct cpu_systick){.zero_at = UINT64_MAX};
}

/* From `left` at this moment; 0 reloads at the next tick. */
static void launch(struct mcu *m)
{
	struct cpu_systick *t = &m->s.cpu.systick;
	uint64_t ticks = t->left;

	t->zero_at = UINT64_MAX;
	if (ticks == 0) {
		if (t->rvr == 0)
			return;
		ticks = t->reload = t->rvr + 1;
	}
	t->zero_at = m->s.time.cycles + ticks * scale(t);
}

static uint32_t counter(const struct mcu *m)
{
	const struct cpu_systick *t = &m->s.cpu.systick;
	uint64_t ticks;

	if (!running(m))
		return t->left;
	if (t->zero_at == UINT64_MAX)
		return 0;
	ticks = (t->zero_at - m->s.time.cycles + scale(t) - 1) / scale(t);
	return ticks == t->reload ? 0 : (uint32_t)ticks;
}

/* The counter went through 0 at `zero_at`. */
static void wrapped(struct mcu *m)
{
	struct cpu_systick *t = &m->s.cpu.systick;
	uint64_t period = ((uint64_t)t->rvr + 1) * scale(t);

	t->countflag = true;
	if (t->rvr == 0) {
		t->left = 0;
		t->zero_at = UINT64_MAX;
	} else {
		t->zero_at += ((m->s.time.cycles - t->zero_at) / period + 1) * period;
		t->reload = t->rvr + 1;
	}
	if (t->csr & TICKINT)
		exception_pend(m, EXC_SYSTICK, true);
}

void systick_catch_up(struct mcu *m)
{
	if (running(m) && m->s.time.cycles >= m->s.cpu.systick.zero_at)
		wrapped(m);
}

uint64_t systick_next(const struct mcu *m)
{
	const struct cpu_systick *t = &m->s.cpu.systick;

	/* Without its interrupt it matters only to a core that may be polling; and to
	 * one that is locked up not at all. */
	if (!running(m) || m->s.cpu.lockup || (!(t->csr & TICKINT) && m->s.cpu.sleeping))
		return UINT64_MAX;
	return t->zero_at;
}

void systick_freeze(struct mcu *m)
{
	systick_catch_up(m);
	m->s.cpu.systick.left = counter(m);
}

void systick_thaw(struct mcu *m)
{
	if (m->s.cpu.systick.csr & ENABLE)
		launch(m);
}

uint32_t systick_read(struct mcu *m, uint32_t address)
{
	struct cpu_systick *t = &m->s.cpu.systick;
	uint32_t v;

	systick_catch_up(m);
	switch (address) {
	case SCS_SYST_CSR:
		v = t->csr | (t->countflag ? COUNTFLAG : 0);
		if (!m->by_debugger) /* a debugger's look clears it only with MasterType 1 */
			t->countflag = false;
		return v;
	case SCS_SYST_RVR:
		return t->rvr;
	case SCS_SYST_CVR:
		return counter(m);
	default:
		return CALIB;
	}
}

void systick_write(struct mcu *m, uint32_t address, uint32_t value)
{
	struct cpu_systick *t = &m->s.cpu.systick;

	systick_catch_up(m);
	switch (address) {
	case SCS_SYST_CSR:
		t->left = counter(m);
		t->csr = value & (ENABLE | TICKINT | CLKSOURCE);
		if (running(m))
			launch(m);
		break;
	case SCS_SYST_RVR:
		t->rvr = value & MASK24;
		if (running(m) && t->zero_at == UINT64_MAX)
			launch(m);
		break;
	case SCS_SYST_CVR:
		t->left = 0;
		t->countflag = false;
		if (running(m))
			launch(m);
		break;
	default:
		break;
	}
	time_rearm(m);
}

uint64_t cpu_next_cycle(const struct mcu *m)
{
	return systick_next(m);
}

void cpu_catch_up(struct mcu *m)
{
	systick_catch_up(m);
}
