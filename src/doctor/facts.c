/* See facts.h. */
#include "doctor/facts.h"

#include <inttypes.h>
#include <stdio.h>

#include "doctor/registers.h"

#define GENUINE_DPIDR 0x1BA01477u
#define LOW_MILLIVOLT 1500u
#define DETAIL(...) snprintf(detail, DETAIL_MAX, __VA_ARGS__)

#define FACT(name) bool fact_##name(const struct observations *o, char detail[DETAIL_MAX])

/* ---- the probe ------------------------------------------------------------------------- */

FACT(no_probe)
{
	DETAIL("%.150s", o->probe_says);
	return o->probe == STATUS_NO_PROBE;
}

FACT(no_permission)
{
	DETAIL("%.150s", o->probe_says);
	return o->probe == STATUS_NO_PERMISSION;
}

FACT(probe_busy)
{
	DETAIL("%.150s", o->probe_says);
	return o->probe == STATUS_PROBE_BUSY;
}

FACT(probe_sick)
{
	DETAIL("%.150s", o->probe_says);
	return o->probe != STATUS_OK && o->probe != STATUS_NO_PROBE &&
	       o->probe != STATUS_NO_PERMISSION && o->probe != STATUS_PROBE_BUSY;
}

/* Before J22 the SWD clock cannot even be set. */
FACT(probe_old)
{
	DETAIL("%s", o->version.text);
	return o->probe == STATUS_OK && o->version.hardware == 2 && o->version.jtag > 0 &&
	       o->version.jtag < 22;
}

FACT(voltage_low)
{
	DETAIL("%u.%02u V", o->millivolt / 1000, o->millivolt % 1000 / 10);
	return o->voltage_known && o->millivolt < LOW_MILLIVOLT;
}

FACT(voltage_ok)
{
	DETAIL("%u.%02u V", o->millivolt / 1000, o->millivolt % 1000 / 10);
	return o->voltage_known && o->millivolt >= LOW_MILLIVOLT;
}

/* ---- the ways in -------------------------------------------------------------------------- */

static const struct target_attempt *way(const struct observations *o, enum target_way w)
{
	return o->tried[w] ? &o->ways[w] : NULL;
}

static bool went_in(const struct observations *o, enum target_way w)
{
	return way(o, w) && way(o, w)->status == STATUS_OK;
}

static bool silent(const struct observations *o, enum target_way w)
{
	return way(o, w) && way(o, w)->status != STATUS_OK && !way(o, w)->dp_answers;
}

FACT(hot_ok)
{
	(void)detail;
	return went_in(o, WAY_PLAIN);
}

FACT(hot_silent)
{
	(void)detail;
	return silent(o, WAY_PLAIN);
}

FACT(hot_wait)
{
	const struct target_attempt *a = way(o, WAY_PLAIN);

	(void)detail;
	return a && a->dp_answers && (a->status == STATUS_TARGET_WAIT || a->status == STATUS_TIMEOUT);
}

FACT(hot_fault)
{
	const struct target_attempt *a = way(o, WAY_PLAIN);

	(void)detail;
	return a && a->dp_answers && a->status == STATUS_TARGET_FAULT;
}

FACT(hot_sometimes)
{
	DETAIL("%u of %u", o->plain_hits, o->plain_tries);
	return o->plain_hits > 0 && o->plain_hits < o->plain_tries;
}

FACT(slow_helps)
{
	(void)detail;
	return went_in(o, WAY_SLOW) && !went_in(o, WAY_PLAIN);
}

FACT(slow_same)
{
	(void)detail;
	return way(o, WAY_SLOW) && !went_in(o, WAY_SLOW);
}

FACT(reset_ok)
{
	(void)detail;
	return went_in(o, WAY_UNDER_RESET);
}

/* It answers in reset and not outside of it: what runs makes the difference. */
FACT(reset_helps)
{
	const struct target_attempt *a = way(o, WAY_UNDER_RESET);

	DETAIL("DPIDR 0x%08" PRIX32, a ? a->dpidr : 0);
	return silent(o, WAY_PLAIN) && a && a->dp_answers && (a->dp_in_reset || a->reset_seen);
}

FACT(reset_silent)
{
	(void)detail;
	return silent(o, WAY_UNDER_RESET);
}

/* In reset, and it never leaves it. */
FACT(reset_stays)
{
	const struct target_attempt *a = way(o, WAY_UNDER_RESET);

	(void)detail;
	return o->nrst == NRST_HELD ||
	       (a && a->status != STATUS_OK && a->dp_answers && a->reset_seen && !a->halted);
}

FACT(caught)
{
	DETAIL("%u attempts", o->ways[WAY_CATCH].polls);
	return went_in(o, WAY_CATCH);
}

/* A reset by hand let us in where the probe's own reset did not. */
FACT(caught_only)
{
	(void)detail;
	return went_in(o, WAY_CATCH) && way(o, WAY_UNDER_RESET) && !went_in(o, WAY_UNDER_RESET);
}

FACT(not_caught)
{
	(void)detail;
	return o->asked && !went_in(o, WAY_CATCH);
}

FACT(nrst_not_driven)
{
	(void)detail;
	return o->nrst == NRST_NOT_DRIVEN;
}

/* It answers after the probe's reset and never during it: some clones. */
FACT(reset_raced)
{
	(void)detail;
	return went_in(o, WAY_UNDER_RESET) && way(o, WAY_UNDER_RESET)->raced &&
	       !way(o, WAY_UNDER_RESET)->dp_in_reset;
}

FACT(dpidr_clone)
{
	for (int w = 0; w < WAY_COUNT; w++) {
		if (!o->tried[w] || !o->ways[w].dp_answers || !o->ways[w].dpidr)
			continue;
		DETAIL("0x%08" PRIX32, o->ways[w].dpidr);
		return o->ways[w].dpidr != GENUINE_DPIDR && o->idcode.known &&
		       ((o->idcode.value & 0xFFF) == 0x410 || (o->idcode.value & 0xFFF) == 0x412 ||
			(o->idcode.value & 0xFFF) == 0x414);
	}
	return false;
}

/* ---- inside ----------------------------------------------------------------------------------- */

static bool bit(const struct seen_word *w, uint32_t mask)
{
	return w->known && (w->value & mask);
}

FACT(standby_flag)
{
	DETAIL("0x%08" PRIX32, o->pwr_csr.value);
	return bit(&o->pwr_csr, PWR_CSR_SBF);
}

FACT(watchdog_reset)
{
	DETAIL("%s", bit(&o->rcc_csr, RCC_CSR_IWDGRSTF) ? "IWDGRSTF" : "WWDGRSTF");
	return bit(&o->rcc_csr, RCC_CSR_IWDGRSTF | RCC_CSR_WWDGRSTF);
}

FACT(low_power_reset)
{
	(void)detail;
	return bit(&o->rcc_csr, RCC_CSR_LPWRRSTF);
}

FACT(hardware_watchdog)
{
	(void)detail;
	return o->flash_obr.known && !(o->flash_obr.value & FLASH_OBR_WDG_SW);
}

FACT(rdp)
{
	DETAIL("0x%08" PRIX32, o->flash_obr.value);
	return bit(&o->flash_obr, FLASH_OBR_RDPRT);
}

FACT(wrp)
{
	DETAIL("0x%08" PRIX32, o->flash_wrpr.value);
	return o->flash_wrpr.known && o->flash_wrpr.value != UINT32_MAX &&
	       !bit(&o->flash_obr, FLASH_OBR_RDPRT);
}

FACT(option_error)
{
	(void)detail;
	return bit(&o->flash_obr, FLASH_OBR_OPTERR);
}

FACT(flash_unreadable)
{
	(void)detail;
	return o->flash_unreadable;
}

FACT(flash_busy)
{
	(void)detail;
	return bit(&o->flash_sr, FLASH_SR_BSY);
}

FACT(blank)
{
	(void)detail;
	return o->vector_sp.known && o->vector_reset.known && o->vector_sp.value == UINT32_MAX &&
	       o->vector_reset.value == UINT32_MAX;
}

/* SP must lie in RAM and the reset vector be an odd address in flash. */
FACT(vectors_bad)
{
	uint32_t sp = o->vector_sp.value, pc = o->vector_reset.value;

	DETAIL("SP 0x%08" PRIX32 ", reset 0x%08" PRIX32, sp, pc);
	return o->vector_sp.known && o->vector_reset.known && !fact_blank(o, NULL) &&
	       (sp >> 20 != 0x200 || !(pc & 1) || (pc >> 24 != 0x08 && pc >> 20 != 0));
}

FACT(lockup)
{
	(void)detail;
	return bit(&o->dhcsr, DHCSR_S_LOCKUP) || (o->pc.known && o->pc.value >= 0xFFFFFFFEu);
}

FACT(asleep)
{
	(void)detail;
	return bit(&o->dhcsr, DHCSR_S_SLEEP);
}

FACT(in_boot_rom)
{
	DETAIL("PC 0x%08" PRIX32, o->pc.value);
	return o->pc.known && o->pc.value >= 0x1FFF0000u && o->pc.value < 0x20000000u;
}

FACT(in_ram)
{
	DETAIL("PC 0x%08" PRIX32, o->pc.value);
	return o->pc.known && o->pc.value >> 20 == 0x200;
}

/* ---- the firmware ------------------------------------------------------------------------------- */

static bool firmware_is(const struct observations *o, enum cause a, enum cause b, char *detail)
{
	DETAIL("%.150s", o->firmware_says);
	return o->firmware_known && o->firmware_finding &&
	       (o->firmware_cause == a || o->firmware_cause == b);
}

/* X(fact, causes of a finding that make it) */
#define FIRMWARE_FACTS(X)                                                                          \
	X(firmware_swj, SWJ_OFF, PINS_REUSED)                                                      \
	X(firmware_rmw, SWJ_RMW, SWJ_RMW)                                                          \
	X(firmware_sleeps, SLEEP, SLEEP)                                                           \
	X(firmware_stops, STOP, STOP)                                                              \
	X(firmware_standby, STANDBY, STANDBY)                                                      \
	X(firmware_watchdog, WATCHDOG, WATCHDOG)                                                   \
	X(firmware_reset_loop, RESET_LOOP, FAULT)                                                  \
	X(firmware_options, OPTION_BYTES, RDP)
#define X(fact, a, b)                                                                              \
	FACT(fact)                                                                                 \
	{                                                                                          \
		return firmware_is(o, CAUSE_##a, CAUSE_##b, detail);                               \
	}
FIRMWARE_FACTS(X)
#undef X

FACT(firmware_clear)
{
	(void)detail;
	return o->firmware_known && o->firmware_verdict == VERDICT_CLEAR;
}

FACT(last_write_locks)
{
	DETAIL("%.150s", o->remembered_file);
	return o->remembered && o->remembered_locks_out && !o->firmware_known;
}

FACT(worked_before)
{
	DETAIL("%.150s", o->remembered_file);
	return o->remembered && !o->firmware_known;
}
