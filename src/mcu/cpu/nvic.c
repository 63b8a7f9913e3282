/*
 * The interrupt controller's registers and lines. DDI 0403 B3.4. Lines are
 * level-sensitive: a rising level pends, a level still high when the handler
 * ends (or when software clears the pending bit) pends again.
 */
#include "mcu/cpu/cpu_internal.h"

/* Interrupts 32 * w .. 32 * w + 31 of a set kept by exception number. */
static uint32_t irq_word(const uint32_t *set, unsigned w)
{
	uint32_t high = w + 1 < CPU_EXC_WORDS ? set[w + 1] << 16 : 0;
	return w < CPU_EXC_WORDS ? set[w] >> 16 | high : 0;
}

static uint32_t fitted(const struct mcu *m, unsigned w)
{
	unsigned irqs = m->chip->irqs;

	if (irqs >= 32 * w + 32)
		return UINT32_MAX;
	return irqs <= 32 * w ? 0 : (1u << irqs % 32) - 1;
}

static void each_irq(uint32_t *set, unsigned w, uint32_t bits, bool on)
{
	for (; bits; bits &= bits - 1)
		exc_set(set, EXC_IRQ0 + 32 * w + (unsigned)__builtin_ctz(bits), on);
}

static uint32_t read_priority(const struct mcu *m, unsigned irq)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < 4; i++)
		if (irq + i < m->chip->irqs)
			v |= (uint32_t)m->s.cpu.priority[EXC_IRQ0 + irq + i] << 8 * i;
	return v;
}

uint32_t nvic_read(struct mcu *m, uint32_t address)
{
	const struct cpu_state *c = &m->s.cpu;
	unsigned w = (address & 0x7F) / 4;

	if (address >= SCS_NVIC_IPR)
		return read_priority(m, address - SCS_NVIC_IPR);
	if (address >= SCS_NVIC_IABR)
		return irq_word(c->active, w);
	if (address >= SCS_NVIC_ISPR)
		return irq_word(c->pending, w);
	return irq_word(c->enabled, w);
}

static void set_pending(struct mcu *m, unsigned w, uint32_t bits)
{
	struct cpu_state *c = &m->s.cpu;

	if (bits & ~irq_word(c->pending, w) && c->scr & SCR_SEVONPEND)
		c->event = true;
	each_irq(c->pending, w, bits, true);
}

static void clear_pending(struct mcu *m, unsigned w, uint32_t bits)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t held = irq_word(c->level, w) & ~irq_word(c->active, w);

	each_irq(c->pending, w, bits & ~held, false);
}

void nvic_write(struct mcu *m, uint32_t address, uint32_t value)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned w = (address & 0x7F) / 4;

	value &= fitted(m, w);
	switch (address & ~0x7Fu) {
	case SCS_NVIC_ISER:
		each_irq(c->enabled, w, value, true);
		break;
	case SCS_NVIC_ICER:
		each_irq(c->enabled, w, value, false);
		break;
	case SCS_NVIC_ISPR:
		set_pending(m, w, value);
		break;
	case SCS_NVIC_ICPR:
		clear_pending(m, w, value);
		break;
	default:
		break;
	}
	exception_update(m);
}

void nvic_write_priority(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	uint8_t mask = (uint8_t)(0xFF00u >> m->silicon->nvic_prio_bits);

	for (unsigned i = 0; i < size; i++) {
		unsigned irq = address - SCS_NVIC_IPR + i;
		if (irq < m->chip->irqs)
			m->s.cpu.priority[EXC_IRQ0 + irq] = (uint8_t)(value >> 8 * i) & mask;
	}
	exception_update(m);
}

void nvic_line(struct mcu *m, unsigned irq, bool level)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned n = EXC_IRQ0 + irq;

	if (irq >= m->chip->irqs)
		return;
	if (exc_bit(c->level, n) == level)
		return;
	exc_set(c->level, n, level);
	if (level)
		exception_pend(m, n, true);
}

void nvic_nmi(struct mcu *m, bool level)
{
	struct cpu_state *c = &m->s.cpu;

	if (exc_bit(c->level, EXC_NMI) == level)
		return;
	exc_set(c->level, EXC_NMI, level);
	if (level)
		exception_pend(m, EXC_NMI, true);
}
