/*
 * EXTI: external interrupts and events. RM0008 10.2-10.3. Lines 0-15 are pins
 * by AFIO_EXTICR, 16 PVD, 17 RTC alarm, 18 USB wake-up.
 *
 * It works without a clock: this is what ends Stop mode.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define IMR 0x00
#define EMR 0x04
#define RTSR 0x08
#define FTSR 0x0C
#define SWIER 0x10
#define PR 0x14
#define LINES 0x7FFFFu

/* irq[] has four entries; the ten interrupts of EXTI are fixed on every F1. */
static const struct {
	uint32_t lines;
	uint8_t irq;
} vectors[] = {
	{1u << 0, 6},     {1u << 1, 7},      {1u << 2, 8},   {1u << 3, 9},   {1u << 4, 10},
	{0x3E0, 23},      {0xFC00, 40},      {1u << 16, 1},  {1u << 17, 41}, {1u << 18, 42},
};

static void update_irqs(struct periph *p)
{
	uint32_t active = periph_get(p, PR) & periph_get(p, IMR);

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++)
		nvic_line(p->m, vectors[i].irq, active & vectors[i].lines);
}

#define ADC_LINES (1u << 11 | 1u << 15)

static void trigger(struct periph *p, uint32_t lines)
{
	uint32_t heard = lines & ADC_LINES & (periph_get(p, IMR) | periph_get(p, EMR));

	for (; heard; heard &= heard - 1)
		adc_exti(p->m, (unsigned)__builtin_ctz(heard));
	if (lines & periph_get(p, IMR)) {
		periph_set(p, PR, periph_get(p, PR) | (lines & periph_get(p, IMR)));
		update_irqs(p);
	}
	if (lines & periph_get(p, EMR))
		cpu_event(p->m);
}

void exti_line(struct mcu *m, unsigned line, bool level)
{
	if (periph_get(m->exti, level ? RTSR : FTSR) >> line & 1)
		trigger(m->exti, 1u << line);
}

void gpio_edge(struct mcu *m, unsigned port, unsigned pin, bool level)
{
	if (m->exti && afio_exti_port(m, pin) == port)
		exti_line(m, pin, level);
}

static void write_imr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	update_irqs(p);
}

/* A 0 -> 1 change triggers the line as an edge would. */
static void write_swier(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t rising = value & ~old & LINES;

	periph_set(p, SWIER, (old | value) & LINES);
	trigger(p, rising);
}

static void write_pr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, PR, old & ~value);
	periph_set(p, SWIER, periph_get(p, SWIER) & ~value);
	update_irqs(p);
}

static void exti_reset(struct periph *p, enum mcu_reset why)
{
	update_irqs(p);
}

static const struct reg regs[] = {
	{IMR, "IMR", 0, LINES, LINES, .write = write_imr},
	{EMR, "EMR", 0, LINES, LINES},
	{RTSR, "RTSR", 0, LINES, LINES},
	{FTSR, "FTSR", 0, LINES, LINES},
	{SWIER, "SWIER", 0, LINES, LINES, .write = write_swier},
	{PR, "PR", 0, LINES, LINES, .write = write_pr},
};

const struct periph_def exti_def = {
	.kind = "EXTI",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.own_clock = true,
	.reset = exti_reset,
};
