/*
 * What the chip's own registers tell once somebody is in. Addresses: RM0008
 * (STM32F103), DDI 0403 (core). Chosen so that reading them changes nothing;
 * the clock of PWR is opened for one read and closed again.
 */
#include "doctor/doctor.h"

#include "doctor/registers.h"

static void see(struct target *t, uint32_t address, struct seen_word *w)
{
	w->known = target_read32(t, address, &w->value, NULL) == STATUS_OK;
}

/* PWR_CSR reads 0 while its clock is off. */
static void see_power(struct target *t, struct seen_word *w)
{
	uint32_t enabled;

	if (target_read32(t, R_RCC_APB1ENR, &enabled, NULL) ||
	    target_write32(t, R_RCC_APB1ENR, enabled | RCC_PWREN, NULL))
		return;
	see(t, R_PWR_CSR, w);
	if (target_write32(t, R_RCC_APB1ENR, enabled, NULL))
		w->known = false;
}

static void see_core(struct target *t, struct observations *o)
{
	bool halted = false;

	see(t, R_CPUID, &o->cpuid);
	see(t, R_DHCSR, &o->dhcsr);
	if (target_is_halted(t, &halted, NULL) || !halted)
		return;
	o->pc.known = target_read_reg(t, 15, &o->pc.value, NULL) == STATUS_OK;
	o->msp.known = target_read_reg(t, 17, &o->msp.value, NULL) == STATUS_OK;
}

void doctor_inspect(struct target *t, struct observations *o)
{
	see_core(t, o);
	see(t, R_DBGMCU_IDCODE, &o->idcode);
	see(t, R_FLASH_OBR, &o->flash_obr);
	see(t, R_FLASH_WRPR, &o->flash_wrpr);
	see(t, R_FLASH_SR, &o->flash_sr);
	see(t, R_RCC_CSR, &o->rcc_csr);
	see_power(t, &o->pwr_csr);
	see(t, FLASH_START, &o->vector_sp);
	see(t, FLASH_START + 4, &o->vector_reset);
	o->flash_unreadable = !o->vector_sp.known && o->flash_obr.known;
}

void doctor_test_nrst(struct target *t, struct observations *o)
{
	struct probe *p = target_probe(t);
	uint32_t demcr, dhcsr;

	if (!p->ops->drive_nrst || target_read32(t, R_DEMCR, &demcr, NULL) ||
	    target_write32(t, R_DEMCR, demcr | DEMCR_VC_CORERESET, NULL) ||
	    target_read32(t, R_DHCSR, &dhcsr, NULL)) /* clears S_RESET_ST */
		return;
	if (p->ops->drive_nrst(p, true, NULL))
		return;
	probe_sleep_us(p, 10000);
	if (p->ops->drive_nrst(p, false, NULL))
		return;
	probe_sleep_us(p, 20000); /* a slow supervisor needs that long to let go */
	if (target_read32(t, R_DHCSR, &dhcsr, NULL))
		return;
	o->nrst = dhcsr & DHCSR_S_RESET_ST ? NRST_PROVEN : NRST_NOT_DRIVEN;
}

const char *nrst_name(enum nrst_state s)
{
	static const char *const names[] = {"unknown", "proven", "not-driven", "held-low"};

	return names[s];
}
