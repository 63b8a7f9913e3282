/* Special registers, hints, sleep and barriers. DDI 0403 A7.7, B5.2. */
#include "mcu/cpu/exec_internal.h"

enum { SYSM_MSP = 8, SYSM_PSP = 9, SYSM_PRIMASK = 16, SYSM_BASEPRI = 17, SYSM_BASEPRI_MAX = 18,
       SYSM_FAULTMASK = 19, SYSM_CONTROL = 20 };

/* xPSR views: bit 0 includes IPSR, bit 2 clear includes APSR; EPSR reads as 0. */
static uint32_t read_psr(const struct cpu_state *c, unsigned sysm)
{
	uint32_t v = 0;

	if (sysm & 1)
		v |= c->ipsr;
	if (!(sysm & 4))
		v |= c->apsr;
	return v;
}

uint32_t cpu_special(const struct mcu *m, unsigned sysm)
{
	const struct cpu_state *c = &m->s.cpu;

	if (sysm < 8)
		return read_psr(c, sysm);
	if (!cpu_privileged(c) && sysm != SYSM_CONTROL)
		return 0;
	switch (sysm) {
	case SYSM_MSP: return mcu_reg(m, MCU_MSP);
	case SYSM_PSP: return mcu_reg(m, MCU_PSP);
	case SYSM_PRIMASK: return c->primask;
	case SYSM_BASEPRI:
	case SYSM_BASEPRI_MAX: return c->basepri;
	case SYSM_FAULTMASK: return c->faultmask;
	case SYSM_CONTROL: return c->control;
	default: return 0;
	}
}

bool exec_MRS(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned sysm = in->list & 0xFF;

	/* IPSR reads as 0 in unprivileged code: there it is 0 anyway. */
	set_reg(c, in->rd, cpu_special(m, sysm));
	return true;
}

static void write_basepri(struct mcu *m, uint32_t v, bool only_up)
{
	struct cpu_state *c = &m->s.cpu;

	v &= 0xFF00u >> m->silicon->nvic_prio_bits & 0xFF;
	if (!only_up || (v && (v < c->basepri || c->basepri == 0)))
		c->basepri = (uint8_t)v;
}

static void write_control(struct cpu_state *c, uint32_t v)
{
	/* SPSEL cannot be changed in handler mode. */
	if (c->ipsr)
		v = (v & ~CONTROL_SPSEL) | (c->control & CONTROL_SPSEL);
	cpu_set_control(c, v);
}

/* The banked stack pointer that MSP or PSP is now. */
static uint32_t *stack_pointer(struct cpu_state *c, bool psp)
{
	return psp == cpu_uses_psp(c) ? &c->r[13] : &c->sp_other;
}

void cpu_set_special(struct mcu *m, unsigned sysm, uint32_t v)
{
	struct cpu_state *c = &m->s.cpu;

	if (!cpu_privileged(c))
		return;
	switch (sysm) {
	case SYSM_MSP: *stack_pointer(c, false) = v & ~3u; return;
	case SYSM_PSP: *stack_pointer(c, true) = v & ~3u; return;
	case SYSM_PRIMASK: c->primask = v & 1; break;
	case SYSM_BASEPRI: write_basepri(m, v, false); break;
	case SYSM_BASEPRI_MAX: write_basepri(m, v, true); break;
	case SYSM_FAULTMASK:
		if (c->execution_priority > PRIORITY_HARDFAULT || !(v & 1))
			c->faultmask = v & 1;
		break;
	case SYSM_CONTROL: write_control(c, v); return;
	default: return;
	}
	exception_masks_changed(m);
}

bool exec_MSR(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned sysm = in->list & 0xFF;
	uint32_t v = reg(c, in->rn);

	if (sysm < 8) {
		if (!(sysm & 4) && in->imm & 2) /* mask<1>: the flags */
			c->apsr = v & (APSR_N | APSR_Z | APSR_C | APSR_V | APSR_Q);
		return true;
	}
	cpu_set_special(m, sysm, v);
	return true;
}

/* list: im, I, F. */
void cpu_change_state(struct mcu *m, uint32_t list)
{
	struct cpu_state *c = &m->s.cpu;
	bool disable = list & 4;

	if (!cpu_privileged(c))
		return;
	if (list & 2)
		c->primask = disable;
	if (list & 1 && (!disable || c->execution_priority > PRIORITY_HARDFAULT))
		c->faultmask = disable;
	exception_masks_changed(m);
}

bool exec_CPS(struct mcu *m, const struct arm_insn *in)
{
	cpu_change_state(m, in->list);
	return true;
}

static void fall_asleep(struct mcu *m, bool wfe, uint32_t from)
{
	struct cpu_state *c = &m->s.cpu;

	c->sleep_wfe = wfe;
	if (cpu_wakes(m))
		return;
	c->sleeping = true;
	c->r[15] = from; /* power_sleep tells which instruction it was */
	power_sleep(m, c->scr & SCR_SLEEPDEEP);
	c->r[15] = c->next;
}

/* A core being stepped does not sleep (C_STEP; DDI 0403 C1.6). */
bool exec_WFI(struct mcu *m, const struct arm_insn *in)
{
	if (!m->s.cpu.stepping)
		m->s.cpu.sleep_request = 1;
	return true;
}

bool exec_WFE(struct mcu *m, const struct arm_insn *in)
{
	if (m->s.cpu.event)
		m->s.cpu.event = false;
	else if (!m->s.cpu.stepping)
		m->s.cpu.sleep_request = 2;
	return true;
}

void cpu_take_sleep_request(struct mcu *m, uint32_t from)
{
	bool wfe = m->s.cpu.sleep_request == 2;

	m->s.cpu.sleep_request = 0;
	fall_asleep(m, wfe, from);
}

bool exec_SEV(struct mcu *m, const struct arm_insn *in)
{
	cpu_event(m);
	return true;
}

/* The core is in order and has no caches: barriers have nothing to wait for.
 * ISB drops what was prefetched; decoded code follows memory at all times. */
bool exec_DSB(struct mcu *m, const struct arm_insn *in)
{
	return true;
}

bool exec_DMB(struct mcu *m, const struct arm_insn *in)
{
	return true;
}

bool exec_ISB(struct mcu *m, const struct arm_insn *in)
{
	return true;
}
