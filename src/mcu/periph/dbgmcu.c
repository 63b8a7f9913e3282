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

static uint32_t read_idcode(struct periph *p, const struct reg *r)
{
	return hidden(p) ? 0 : p->m->silicon->idcode_rev | p->m->chip->dev_id;
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
	{IDCODE, "IDCODE", 0, ~0u, 0, .read = read_idcode},
	{CR, "CR", 0, CR_MASK, CR_MASK, .read = read_cr, .write = write_cr},
};

const struct periph_def dbgmcu_def = {
	.kind = "DBGMCU",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.keep_on_reset = true,
	.not_modelled = "trace pins",
};
