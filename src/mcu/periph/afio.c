/*
 * AFIO: remaps, SWJ_CFG, EXTI port selection. RM0008 chapter 9.4.
 *
 * SWJ_CFG (MAPR[26:24]) is write-only: what it reads as is undefined, so the
 * value in force lives beside the register and the read-back is a setting.
 * 000, 001, 010, 100 take effect; 011, 101, 110 and 111 are reserved and do
 * nothing (RM0008 9.4.2). A store with AFIOEN off does nothing at all.
 * GD32: only the first change after a reset counts (seen with Klipper;
 * ASSUMED that a store of 000 before it does not use it up).
 * Not modelled: the remaps' effect on pins.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define MAPR 0x04
#define EXTICR1 0x08
#define SWJ_SHIFT 24
#define SWJ_MASK (7u << SWJ_SHIFT)

enum ignored { IGNORED_GATED = 1, IGNORED_RESERVED = 2, IGNORED_NOT_FIRST = 3 };

struct afio_state {
	uint8_t swj; /* in force */
	bool changed; /* since the last reset */
};

unsigned afio_swj_cfg(const struct mcu *m)
{
	return ((const struct afio_state *)m->afio->state)->swj;
}

unsigned afio_exti_port(const struct mcu *m, unsigned line)
{
	return periph_get(m->afio, EXTICR1 + line / 4 * 4) >> line % 4 * 4 & 15;
}

static void change(struct periph *p, unsigned swj)
{
	struct afio_state *s = p->state;
	unsigned old = s->swj;

	if (swj == old)
		return;
	if (p->m->silicon->swj_first_write_only && s->changed) {
		mcu_emit(p->m, MCU_EVENT_SWJ_IGNORED, swj, IGNORED_NOT_FIRST);
		return;
	}
	s->swj = (uint8_t)swj;
	s->changed = true;
	gpio_refresh(p->m, 0);
	gpio_refresh(p->m, 1);
	mcu_emit(p->m, MCU_EVENT_SWJ, old, swj);
}

static void write_mapr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	unsigned swj = value >> SWJ_SHIFT & 7;

	periph_store(p, r, value);
	if (swj == 3 || swj > 4)
		mcu_emit(p->m, MCU_EVENT_SWJ_IGNORED, swj, IGNORED_RESERVED);
	else
		change(p, swj);
}

static uint32_t read_mapr(struct periph *p, const struct reg *r)
{
	uint32_t swj = p->m->config.swj_readback;

	if (swj == MCU_SWJ_READBACK_IN_FORCE)
		swj = afio_swj_cfg(p->m);
	if (!p->m->by_debugger)
		mcu_emit(p->m, MCU_EVENT_SWJ_READ, swj, 0);
	return (periph_get(p, MAPR) & ~SWJ_MASK) | swj << SWJ_SHIFT;
}

static void gated_write(struct periph *p, const struct reg *r, uint32_t value)
{
	if (r->offset == MAPR && (value >> SWJ_SHIFT & 7) != afio_swj_cfg(p->m))
		mcu_emit(p->m, MCU_EVENT_SWJ_IGNORED, value >> SWJ_SHIFT & 7, IGNORED_GATED);
}

/* Also by RCC_APB2RSTR.AFIORST: the debug port comes back. */
static void afio_reset(struct periph *p, enum mcu_reset why)
{
	struct afio_state *s = p->state;
	unsigned old = s->swj;

	s->swj = 0;
	s->changed = false;
	if (!old)
		return;
	gpio_refresh(p->m, 0);
	gpio_refresh(p->m, 1);
	mcu_emit(p->m, MCU_EVENT_SWJ, old, 0);
}

static const struct reg regs[] = {
	{0x00, "EVCR", 0, 0xFF, 0xFF},
	{MAPR, "MAPR", 0, 0x071FFFFF, 0x001FFFFF, .read = read_mapr, .stable = true, .write = write_mapr},
	{EXTICR1, "EXTICR1", 0, 0xFFFF, 0xFFFF},
	{0x0C, "EXTICR2", 0, 0xFFFF, 0xFFFF},
	{0x10, "EXTICR3", 0, 0xFFFF, 0xFFFF},
	{0x14, "EXTICR4", 0, 0xFFFF, 0xFFFF},
	{0x1C, "MAPR2", 0, 0, 0}, /* value line and XL only: reads 0 */
};

const struct periph_def afio_def = {
	.kind = "AFIO",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct afio_state),
	.reset = afio_reset,
	.gated_write = gated_write,
	.not_modelled = "remaps do not move signals between pins; event output",
};
