/*
 * PWR: low-power mode selection, wake-up and standby flags, backup protection.
 * RM0008 5.4. The modes themselves are in power.c.
 * Not modelled: the voltage detector (PVDO reads 0: VDD is above the level).
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR 0x00
#define CSR 0x04
#define CR_PDDS 2u
#define CR_CWUF 4u
#define CR_CSBF 8u
#define CR_DBP 0x100u
#define CSR_WUF 1u
#define CSR_SBF 2u
#define CSR_EWUP 0x100u

bool pwr_backup_writable(const struct mcu *m)
{
	return periph_get(m->pwr, CR) & CR_DBP;
}

bool pwr_standby_chosen(const struct mcu *m)
{
	return periph_get(m->pwr, CR) & CR_PDDS;
}

void pwr_set_flags(struct mcu *m, bool wakeup, bool standby)
{
	uint32_t set = (wakeup ? CSR_WUF : 0) | (standby ? CSR_SBF : 0);

	periph_set(m->pwr, CSR, periph_get(m->pwr, CSR) | set);
}

void pwr_wkup_pin(struct mcu *m)
{
	if (!(periph_get(m->pwr, CSR) & CSR_EWUP))
		return;
	pwr_set_flags(m, true, false);
	power_standby_wake(m);
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t csr = periph_get(p, CSR);

	if (value & CR_CWUF)
		csr &= ~CSR_WUF;
	if (value & CR_CSBF)
		csr &= ~CSR_SBF;
	periph_set(p, CSR, csr);
	periph_store(p, r, value);
}

/* The flags survive a wake-up from Standby (that is what they are for) and a
 * system reset; only power and CSBF/CWUF clear them. EWUP is cleared by reset. */
static void pwr_reset(struct periph *p, enum mcu_reset why)
{
	if (why != MCU_RESET_STANDBY && why != MCU_RESET_POWER)
		periph_set(p, CSR, periph_get(p, CSR) & ~CSR_EWUP);
}

static const struct reg regs[] = {
	{CR, "CR", 0, 0x1F3, 0x1F3, .write = write_cr},
	{CSR, "CSR", 0, 0x107, 0x100, .keep = true},
};

const struct periph_def pwr_def = {
	.kind = "PWR",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.reset = pwr_reset,
	.not_modelled = "programmable voltage detector",
};
