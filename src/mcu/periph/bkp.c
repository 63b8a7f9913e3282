/*
 * BKP: backup data registers and tamper detection. RM0008 chapter 6.
 * Kept over every reset but power and RCC_BDCR.BDRST; written only with PWR_CR.DBP.
 * Ten data registers on low and medium density, 42 on high density.
 * Not modelled: the tamper pin, RTC output on it.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CSR 0x34

struct bkp_state {
	uint16_t high[32]; /* DR11-42 at 0x40 */
};

static void write_guarded(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (pwr_backup_writable(p->m))
		periph_store(p, r, value);
}

static bool high_register(const struct periph *p, uint32_t offset)
{
	return p->m->chip->density >= DENSITY_HIGH && offset >= 0x40 && offset < 0xC0;
}

static uint32_t read_other(struct periph *p, uint32_t offset)
{
	if (high_register(p, offset))
		return ((struct bkp_state *)p->state)->high[(offset - 0x40) / 4];
	return 0;
}

static void write_other(struct periph *p, uint32_t offset, uint32_t value)
{
	if (high_register(p, offset) && pwr_backup_writable(p->m))
		((struct bkp_state *)p->state)->high[(offset - 0x40) / 4] = (uint16_t)value;
}

#define DATA(n) {4 * (n), "DR" #n, 0, 0xFFFF, 0xFFFF, .write = write_guarded}
static const struct reg regs[] = {
	DATA(1), DATA(2), DATA(3), DATA(4), DATA(5), DATA(6), DATA(7), DATA(8), DATA(9), DATA(10),
	{0x2C, "RTCCR", 0, 0x3FF, 0x3FF, .write = write_guarded},
	{0x30, "CR", 0, 3, 3, .write = write_guarded},
	{CSR, "CSR", 0, 0x307, 0x004, .write = write_guarded},
};

const struct periph_def bkp_def = {
	.kind = "BKP",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct bkp_state),
	.keep_on_reset = true,
	.own_clock = true,
	.read_other = read_other,
	.write_other = write_other,
	.not_modelled = "tamper pin, RTC output",
};
