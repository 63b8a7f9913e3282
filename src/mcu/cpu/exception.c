/*
 * Exceptions: priorities, entry, return, faults and their escalation, lockup.
 * DDI 0403 B1.5. Stacking takes 12 cycles, unstacking 10, tail-chaining 6
 * (DDI 0337 chapter 5, zero wait states); what comes due while stacking may
 * still overtake (late arrival).
 */
#include "base/bytes.h"
#include "mcu/cpu/cpu_internal.h"

#define ENTRY_CYCLES 12
#define RETURN_CYCLES 10
#define TAIL_CHAIN_CYCLES 6
#define FRAME_BYTES 32u
#define XPSR_PADDED (1u << 9)
#define LOCKUP_PC 0xFFFFFFFEu

/* ---- priorities -------------------------------------------------------------------- */

/* What decides preemption: the group part of a priority. */
static int group(const struct cpu_state *c, int priority)
{
	return priority < 0 ? priority : priority & (int)(0xFFFFFE00u << c->prigroup >> 8 & 0xFF);
}

static int highest_active(const struct cpu_state *c)
{
	int best = PRIORITY_THREAD;

	if (!(c->active[0] | c->active[1] | c->active[2]))
		return best;
	for (unsigned w = 0; w < CPU_EXC_WORDS; w++)
		for (uint32_t left = c->active[w]; left; left &= left - 1) {
			int p = group(c, exception_priority(c, 32 * w + (unsigned)__builtin_ctz(left)));
			if (p < best)
				best = p;
		}
	return best;
}

/* The priority masks raise it: BASEPRI, PRIMASK, FAULTMASK. */
static int boosted(const struct cpu_state *c, bool primask)
{
	int best = c->active_priority;

	if (c->basepri && group(c, c->basepri) < best)
		best = group(c, c->basepri);
	if (primask && best > 0)
		best = 0;
	if (c->faultmask && best > PRIORITY_HARDFAULT)
		best = PRIORITY_HARDFAULT;
	return best;
}

/* C_MASKINTS hides PendSV, SysTick and interrupts while debugging. */
static bool masked_by_debugger(const struct cpu_state *c, unsigned n)
{
	return c->debug_enabled && c->mask_ints && n >= EXC_PENDSV;
}

/* Is anything pending and enabled? Mostly not: this is what makes `pick` cheap. */
static inline bool asking(const struct cpu_state *c)
{
	_Static_assert(CPU_EXC_WORDS == 3, "all words are named here and in highest_active");
	return (c->pending[0] & c->enabled[0]) | (c->pending[1] & c->enabled[1]) |
	       (c->pending[2] & c->enabled[2]);
}

/* Highest-priority pending exception that preempts `limit`; 0: none. */
static unsigned pick(const struct cpu_state *c, int limit)
{
	unsigned found = 0;
	int best = PRIORITY_THREAD;

	if (!asking(c))
		return 0;
	for (unsigned w = 0; w < CPU_EXC_WORDS; w++)
		for (uint32_t left = c->pending[w] & c->enabled[w]; left; left &= left - 1) {
			unsigned n = 32 * w + (unsigned)__builtin_ctz(left);
			int p = exception_priority(c, n);
			if (p < best && !masked_by_debugger(c, n)) {
				best = p;
				found = n;
			}
		}
	return found && group(c, best) < limit ? found : 0;
}

void exception_masks_changed(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	c->execution_priority = (int16_t)boosted(c, c->primask);
	c->to_take = (uint8_t)pick(c, c->execution_priority);
	c->attention = c->watch_hit || c->to_take != 0; /* a step is asked for apart */
}

void exception_update(struct mcu *m)
{
	m->s.cpu.active_priority = (int16_t)highest_active(&m->s.cpu);
	exception_masks_changed(m);
}

void exception_pend(struct mcu *m, unsigned n, bool on)
{
	struct cpu_state *c = &m->s.cpu;

	if (on && !exc_bit(c->pending, n) && c->scr & SCR_SEVONPEND)
		c->event = true;
	exc_set(c->pending, n, on);
	exception_masks_changed(m);
}

bool cpu_wakes(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;

	if (c->sleep_wfe)
		return c->event || exception_next(m);
	/* PRIMASK does not keep WFI asleep (DDI 0403 B1.5.19). */
	return pick(c, boosted(c, false)) != 0;
}

void cpu_event(struct mcu *m)
{
	m->s.cpu.event = true;
}

void cpu_lock_up(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	c->lockup = true;
	c->r[15] = c->next = LOCKUP_PC;
	c->it = 0;
	mcu_emit(m, MCU_EVENT_LOCKUP, c->cfsr, c->hfsr);
}

/* ---- faults ---------------------------------------------------------------------------- */

static uint32_t vector_catch_of(uint32_t cfsr)
{
	if (cfsr & (CFSR_STKERR | CFSR_UNSTKERR | CFSR_MSTKERR | CFSR_MUNSTKERR))
		return DEMCR_VC_INTERR;
	if (cfsr & 0xFF)
		return DEMCR_VC_MMERR;
	if (cfsr & 0xFF00)
		return DEMCR_VC_BUSERR;
	if (cfsr & CFSR_NOCP)
		return DEMCR_VC_NOCPERR;
	if (cfsr & (CFSR_UNALIGNED | CFSR_DIVBYZERO))
		return DEMCR_VC_CHKERR;
	return DEMCR_VC_STATERR;
}

static void escalate(struct mcu *m, uint32_t hfsr)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->execution_priority <= PRIORITY_HARDFAULT) {
		cpu_lock_up(m);
		return;
	}
	c->hfsr |= hfsr;
	c->demcr_at_vector |= DEMCR_VC_HARDERR;
	exception_pend(m, EXC_HARDFAULT, true);
}

bool fault_raise(struct mcu *m, unsigned exception, uint32_t cfsr)
{
	struct cpu_state *c = &m->s.cpu;

	c->cfsr |= cfsr;
	if (cfsr)
		c->demcr_at_vector |= vector_catch_of(cfsr);
	if (exc_bit(c->enabled, exception) &&
	    group(c, exception_priority(c, exception)) < c->execution_priority)
		exception_pend(m, exception, true);
	else
		escalate(m, HFSR_FORCED);
	return false;
}

void fault_debug(struct mcu *m)
{
	escalate(m, HFSR_DEBUGEVT);
}

bool fault_bus(struct mcu *m, uint32_t cfsr, uint32_t address)
{
	struct cpu_state *c = &m->s.cpu;

	c->bfar = address;
	return fault_raise(m, EXC_BUSFAULT, cfsr | CFSR_BFARVALID);
}

/* ---- entry --------------------------------------------------------------------------------- */

/* Stacking and unstacking: faults have bits of their own. */
static bool stack_write(struct mcu *m, uint32_t address, uint32_t value)
{
	if (!bus_write(m, address, 4, value))
		return false;
	cache_forget(m, address, 4);
	if (m->side_tables->writer && range_inside(address, 4, m->chip->ram_base, m->chip->ram_size))
		for (unsigned i = 0; i < 4; i++)
			m->side_tables->writer[address - m->chip->ram_base + i] = 0;
	return true;
}

/* A frame that lies in RAM, word by word aligned, needs no bus. */
static uint8_t *frame_in_ram(struct mcu *m, uint32_t sp)
{
	if (sp & 3 || !range_inside(sp, FRAME_BYTES, m->chip->ram_base, m->chip->ram_size))
		return NULL;
	return m->s.ram + (sp - m->chip->ram_base);
}

static bool write_frame(struct mcu *m, uint32_t sp, const uint32_t frame[8])
{
	uint8_t *ram = m->side_tables->writer ? NULL : frame_in_ram(m, sp);
	bool ok = true;

	if (ram) {
		for (unsigned i = 0; i < 8; i++)
			put_le32(ram + 4 * i, frame[i]);
		cache_forget(m, sp, FRAME_BYTES);
		return true;
	}
	for (unsigned i = 0; i < 8; i++)
		ok = stack_write(m, sp + 4 * i, frame[i]) && ok;
	return ok;
}

static void push_frame(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;
	bool align = c->ccr & CCR_STKALIGN && c->r[13] & 4;
	uint32_t sp = (c->r[13] - FRAME_BYTES) & ~(align ? 4u : 0u);
	uint32_t frame[8] = {c->r[0], c->r[1], c->r[2], c->r[3], c->r[12], c->r[14], c->r[15],
			     cpu_xpsr(c) | (align ? XPSR_PADDED : 0)};
	idle_stacks(m, sp);
	bool ok = write_frame(m, sp, frame);

	c->r[13] = sp;
	if (!ok)
		fault_raise(m, EXC_BUSFAULT, CFSR_STKERR);
}

/* What came due while the frame was written may overtake. */
static void time_passed(struct mcu *m, unsigned cycles)
{
	m->s.time.cycles += cycles;
	if (m->s.time.cycles >= m->s.time.deadline) {
		systick_catch_up(m);
		time_fire(m);
	}
}

static void tell_of_fault(struct mcu *m, unsigned n)
{
	if (n >= EXC_HARDFAULT && n <= EXC_USAGEFAULT)
		mcu_emit(m, MCU_EVENT_FAULT, n, m->s.cpu.cfsr);
}

/* A vector that cannot be read is a HardFault; within one, lockup. */
static bool fetch_vector(struct mcu *m, unsigned n, uint32_t *vector)
{
	struct cpu_state *c = &m->s.cpu;

	if (bus_read(m, c->vtor + 4 * n, 4, vector))
		return true;
	c->hfsr |= HFSR_VECTTBL;
	c->demcr_at_vector |= DEMCR_VC_INTERR;
	/* NMI's and HardFault's own cannot be read either then: VTOR keeps them together. */
	exc_set(c->pending, n, false);
	if (!bus_read(m, c->vtor + 4 * EXC_HARDFAULT, 4, vector)) {
		cpu_lock_up(m);
		return false;
	}
	exc_set(c->pending, EXC_HARDFAULT, true);
	return true;
}

/* ExceptionTaken: the frame is on the stack, go to the handler. */
static void take(struct mcu *m, uint32_t exc_return)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned n = exception_next(m);
	uint32_t vector, caught = c->demcr_at_vector;
	bool was_psp = cpu_uses_psp(c);

	if (n == 0 || c->lockup)
		return;
	tell_of_fault(m, n);
	if (!fetch_vector(m, n, &vector))
		return;
	if (exc_bit(c->pending, EXC_HARDFAULT) && n != EXC_NMI)
		n = EXC_HARDFAULT;
	exc_set(c->pending, n, false);
	exc_set(c->active, n, true);
	c->ipsr = (uint16_t)n;
	c->control &= (uint8_t)~CONTROL_SPSEL;
	cpu_select_sp(c, was_psp);
	c->r[14] = exc_return;
	c->r[15] = c->next = vector & ~1u;
	c->thumb = vector & 1;
	c->it = 0;
	c->event = true;
	c->exclusive = false;
	c->demcr_at_vector = 0;
	exception_update(m);
	debug_vector_catch(m, caught);
}

void exception_enter(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t exc_return = c->ipsr ? 0xFFFFFFF1u : cpu_uses_psp(c) ? 0xFFFFFFFDu : 0xFFFFFFF9u;

	m->effort += MCU_EFFORT_EXCEPTION;
	push_frame(m);
	time_passed(m, ENTRY_CYCLES);
	take(m, exc_return);
}

/* ---- return ---------------------------------------------------------------------------------- */

/* Is no exception active but the one under way? */
static bool alone(const struct cpu_state *c)
{
	uint32_t others = 0;

	for (unsigned w = 0; w < CPU_EXC_WORDS; w++)
		others |= c->active[w] & ~(w == c->ipsr >> 5 ? 1u << (c->ipsr & 31) : 0);
	return others == 0;
}

/* The integrity checks of ExceptionReturn (B1.5.8). */
static bool return_is_legal(const struct cpu_state *c, uint32_t exc_return)
{
	if (!exc_bit(c->active, c->ipsr))
		return false;
	switch (exc_return & 0xF) {
	case 1:
		return !alone(c);
	case 9:
	case 13:
		return alone(c) || c->ccr & CCR_NONBASETHRDENA;
	default:
		return false;
	}
}

/* All that the return changes of the priorities. */
static void deactivate(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	exc_set(c->active, c->ipsr, false);
	if (c->ipsr != EXC_NMI)
		c->faultmask = 0;
	/* A line that is still high asks again. */
	if (exc_bit(c->level, c->ipsr))
		exc_set(c->pending, c->ipsr, true);
	exception_update(m);
}

/* Not a legal return: UsageFault, tail-chained, with what was tried in LR. */
static void refuse_return(struct mcu *m, uint32_t exc_return)
{
	fault_raise(m, EXC_USAGEFAULT, CFSR_INVPC);
	m->s.time.cycles += TAIL_CHAIN_CYCLES;
	take(m, 0xF0000000u | (exc_return & 0x0FFFFFFFu));
}

static bool pop_frame(struct mcu *m, uint32_t frame[8])
{
	struct cpu_state *c = &m->s.cpu;
	const uint8_t *ram = frame_in_ram(m, c->r[13]);

	idle_unstacks(m, c->r[13]);
	for (unsigned i = 0; i < 8; i++)
		if (ram)
			frame[i] = get_le32(ram + 4 * i);
		else if (!bus_read(m, c->r[13] + 4 * i, 4, &frame[i]))
			return false;
	c->r[13] += FRAME_BYTES;
	if (c->ccr & CCR_STKALIGN && frame[7] & XPSR_PADDED)
		c->r[13] |= 4;
	return true;
}

static void load_frame(struct cpu_state *c, const uint32_t frame[8])
{
	for (unsigned i = 0; i < 4; i++)
		c->r[i] = frame[i];
	c->r[12] = frame[4];
	c->r[14] = frame[5];
	c->r[15] = c->next = frame[6] & ~1u;
	cpu_set_xpsr(c, frame[7] & ~XPSR_PADDED);
}

static void sleep_on_exit(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->ipsr == 0 && c->scr & SCR_SLEEPONEXIT && !cpu_wakes(m)) {
		c->sleeping = true;
		c->sleep_wfe = false;
		power_sleep(m, c->scr & SCR_SLEEPDEEP);
	}
}

/* Back on the stack the frame lies on, in the mode EXC_RETURN names. */
static void leave_handler(struct cpu_state *c, uint32_t exc_return)
{
	bool thread = (exc_return & 0xF) != 1;

	c->ipsr = thread ? 0 : c->ipsr;
	if (thread && exc_return & 4) {
		c->control |= CONTROL_SPSEL;
		cpu_select_sp(c, false);
	}
}

void exception_return(struct mcu *m, uint32_t exc_return)
{
	struct cpu_state *c = &m->s.cpu;
	bool legal = return_is_legal(c, exc_return);
	unsigned from = c->ipsr;
	uint32_t frame[8];

	deactivate(m);
	c->it = 0;
	if (!legal) {
		refuse_return(m, exc_return);
		return;
	}
	if (exception_next(m) && !c->halted) {
		m->s.time.cycles += TAIL_CHAIN_CYCLES;
		take(m, exc_return);
		return;
	}
	leave_handler(c, exc_return);
	time_passed(m, RETURN_CYCLES);
	if (!pop_frame(m, frame)) {
		bool was_psp = cpu_uses_psp(c);
		c->ipsr = (uint16_t)from;
		cpu_select_sp(c, was_psp);
		fault_raise(m, EXC_BUSFAULT, CFSR_UNSTKERR);
		take(m, exc_return);
		return;
	}
	if ((exc_return & 0xF) == 1 ? (frame[7] & 0x1FF) == 0 : (frame[7] & 0x1FF) != 0) {
		c->r[15] = frame[6] & ~1u; /* stacked again, as the manual's PushStack does */
		fault_raise(m, EXC_USAGEFAULT, CFSR_INVPC);
		exception_enter(m);
		return;
	}
	load_frame(c, frame);
	c->event = true;
	c->exclusive = false;
	sleep_on_exit(m);
}
