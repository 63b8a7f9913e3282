/*
 * DBGMCU: device id and what keeps running under the debugger.
 * RM0008 31.16; errata ES096/ES093: on genuine low, medium and high density
 * parts both registers read as 0 and take no write from software until a
 * debugger has powered the debug domain.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define IDCODE 0x00
#define CR 0x04
/* DBG_xxx bits: sleep modes, trace, watchdogs, TIM1-4, CAN1, I2C1-2, TIM5-8. */
#define CR_MASK 0x001FFFE7u

static bool hidden(const struct periph *p)
{
	const struct mcu *m = p->m;

	return m->silicon->idcode_erratum && !m->by_debugger && !m->s.side.debug_powered;
}

/* Genuine dies of the densities carry revisions of their own (RM0008 31.6.1):
 * low A 0x1000, high Y 0x1003, XL A 0x1000. Clones: one field, whatever the density. */
static uint32_t revision(const struct mcu *m)
{
	if (!m->silicon->idcode_erratum || m->chip->density == DENSITY_MEDIUM)
		return m->silicon->idcode_rev;
	return (m->chip->density == DENSITY_HIGH ? 0x10030000u : 0x10000000u) |
	       (m->silicon->idcode_rev & 0xF000u);
}

static uint32_t read_idcode(struct periph *p, const struct reg *r)
{
	return hidden(p) ? 0 : revision(p->m) | p->m->chip->dev_id;
}

static uint32_t read_cr(struct periph *p, const struct reg *r)
{
	return hidden(p) ? 0 : periph_get(p, CR);
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (!hidden(p))
		periph_store(p, r, value);
}

uint32_t dbgmcu_cr(const struct mcu *m)
{
	return periph_get(m->dbgmcu, CR);
}

static const struct reg regs[] = {
	{IDCODE, "IDCODE", 0, ~0u, 0, .read = read_idcode, .stable = true},
	{CR, "CR", 0, CR_MASK, CR_MASK, .read = read_cr, .stable = true, .write = write_cr},
};

const struct periph_def dbgmcu_def = {
	.kind = "DBGMCU",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.keep_on_reset = true,
	.not_modelled = "trace pins",
};
