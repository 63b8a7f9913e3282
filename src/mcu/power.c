/*
 * Power, resets and low-power modes.
 *
 * RM0008 6.2, 7.1 (resets), 5.3 (low-power modes), 31.16 (debug in low power).
 * A reset that comes from inside pulls NRST low for at least 20 us; power-on
 * keeps the chip in reset for t_RSTTEMPO (DS5319 table 11: typ 2.5 ms).
 * Not modelled: brown-out, VBAT supplied without VDD (the backup domain dies
 * with the power), current.
 */
#include <string.h>

#include "base/bytes.h"
#include "mcu/mcu_internal.h"

#define POWER_ON_RESET_NS 2500000u
#define RESET_PULSE_NS 20000u
/* DS5319 table 29: wake-up from Stop (regulator on, 3.6 us; low power 5.4 us),
 * from Standby 50 us. */
#define STOP_WAKE_NS 5400u
#define STANDBY_WAKE_NS 50000u
#define HSI_HZ 8000000u
#define OPTION_NRST_STOP 2u  /* USER bits: 0 = entering the mode resets */
#define OPTION_NRST_STDBY 4u
#define OPTION_WDG_SW 1u
#define DBG_SLEEP 1u
#define DBG_STOP 2u
#define DBG_STANDBY 4u

void reset_request(struct mcu *m, enum mcu_reset why)
{
	if (m->s.side.reset_pending)
		return;
	m->s.side.reset_pending = true;
	m->s.side.reset_why = why;
}

static void reset_peripherals(struct mcu *m, enum mcu_reset why)
{
	/* RCC first: others ask it for their clocks while they reset. */
	periph_reset(m->rcc, why);
	for (size_t i = 0; i < m->periph_count; i++)
		if (&m->periphs[i] != m->rcc)
			periph_reset(&m->periphs[i], why);
	time_find_next(m);
}

void reset_enter(struct mcu *m, enum mcu_reset why)
{
	struct mcu_board_side *side = &m->s.side;
	uint64_t now = time_now_ns(m);

	side->reset_pending = false;
	side->reset_why = why;
	side->mode = MCU_MODE_RESET;
	side->reset_until_ns = now + (why == MCU_RESET_POWER ? POWER_ON_RESET_NS : RESET_PULSE_NS);
	time_set_hclk(m, HSI_HZ);
	reset_peripherals(m, why);
	rcc_set_reset_flag(m, why);
	if (why == MCU_RESET_POWER)
		cpu_reset(m, why); /* debug state starts here, so that one may attach in reset */
	mcu_emit(m, MCU_EVENT_RESET, why, 0);
}

/* BOOT1 is PB2; nothing connected reads as low, as with the usual pull-down. */
static uint32_t boot_address(const struct mcu *m)
{
	if (!m->s.side.boot0)
		return m->chip->flash_base;
	return m->s.side.pin_drive[1][2] == 1 ? m->chip->ram_base : m->chip->system_base;
}

void reset_leave(struct mcu *m)
{
	struct mcu_board_side *side = &m->s.side;

	side->mode = MCU_MODE_RUN;
	side->reset_ns = time_now_ns(m);
	side->boot_alias = boot_address(m);
	flash_load_options(m);
	if (!(flash_user_option(m) & OPTION_WDG_SW))
		iwdg_start(m);
	cpu_code_changed(m, 0, m->chip->flash_die);
	cpu_reset(m, side->reset_why == MCU_RESET_POWER ? MCU_RESET_PIN : side->reset_why);
	time_rearm(m);
}

/* Lose everything that needs VDD. RAM comes up as noise: fixed noise, so that
 * two runs are the same. */
static void forget(struct mcu *m)
{
	uint32_t x = 0x2545F491u;

	for (size_t i = 0; i + 4 <= m->chip->ram_size; i += 4) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		put_le32(m->s.ram + i, x);
	}
	cpu_code_changed(m, m->chip->ram_base, m->chip->ram_size);
}

void mcu_power(struct mcu *m, bool on)
{
	struct mcu_board_side *side = &m->s.side;

	if (side->powered == on)
		return;
	side->powered = on;
	if (on) {
		forget(m);
		side->debug_powered = m->config.debugger_present;
		reset_enter(m, MCU_RESET_POWER);
	} else {
		/* Tears the flash operation under way while it is still known: a
		 * power-on reset begins by forgetting private state. */
		periph_reset(m->flash_if, MCU_RESET_PIN);
		reset_peripherals(m, MCU_RESET_POWER);
		side->mode = MCU_MODE_OFF;
		side->debug_powered = false;
	}
}

void mcu_nrst(struct mcu *m, bool low)
{
	struct mcu_board_side *side = &m->s.side;

	if (side->nrst_low == low)
		return;
	side->nrst_low = low;
	if (!side->powered)
		return;
	if (low)
		reset_enter(m, MCU_RESET_PIN);
	else if (side->reset_until_ns < time_now_ns(m))
		side->reset_until_ns = time_now_ns(m);
	if (!low && side->reset_until_ns <= time_now_ns(m))
		reset_leave(m);
}

void mcu_boot0(struct mcu *m, bool high)
{
	m->s.side.boot0 = high;
}

/* ---- low power ------------------------------------------------------------------ */

static void enter_standby(struct mcu *m)
{
	pwr_set_flags(m, false, true);
	m->s.side.mode = MCU_MODE_STANDBY;
}

void power_sleep(struct mcu *m, bool deep)
{
	struct mcu_board_side *side = &m->s.side;
	bool standby = deep && pwr_standby_chosen(m);
	uint8_t need = standby ? OPTION_NRST_STDBY : OPTION_NRST_STOP;
	enum mcu_mode mode = !deep ? MCU_MODE_SLEEP : standby ? MCU_MODE_STANDBY : MCU_MODE_STOP;

	if (deep && !(flash_user_option(m) & need)) {
		mcu_emit(m, MCU_EVENT_SLEEP, mode, dbgmcu_cr(m));
		reset_request(m, MCU_RESET_LOW_POWER);
		return;
	}
	if (standby)
		enter_standby(m);
	else
		side->mode = mode;
	mcu_emit(m, MCU_EVENT_SLEEP, mode, dbgmcu_cr(m));
}

void power_wake(struct mcu *m)
{
	enum mcu_mode was = m->s.side.mode;

	if (was != MCU_MODE_SLEEP && was != MCU_MODE_STOP)
		return;
	m->s.side.mode = MCU_MODE_RUN;
	if (was == MCU_MODE_STOP) {
		time_skip_stopped(m, time_now_ns(m) + STOP_WAKE_NS);
		rcc_after_stop(m);
		time_find_next(m);
	}
	mcu_emit(m, MCU_EVENT_WAKE, was, 0);
}

void power_standby_wake(struct mcu *m)
{
	if (m->s.side.mode != MCU_MODE_STANDBY)
		return;
	time_skip_stopped(m, time_now_ns(m) + STANDBY_WAKE_NS - RESET_PULSE_NS);
	mcu_emit(m, MCU_EVENT_WAKE, MCU_MODE_STANDBY, 0);
	reset_enter(m, MCU_RESET_STANDBY);
	pwr_set_flags(m, true, false);
	forget(m);
}

bool power_hclk_runs(const struct mcu *m)
{
	uint32_t dbg = dbgmcu_cr(m);

	switch (m->s.side.mode) {
	case MCU_MODE_RUN:
	case MCU_MODE_SLEEP: /* only the core's clock stops: peripherals go on */
		return !m->s.side.sysclk_dead;
	case MCU_MODE_STOP:
		return dbg & DBG_STOP;
	case MCU_MODE_STANDBY:
		return dbg & DBG_STANDBY;
	default:
		return false;
	}
}

bool mcu_ap_clocked(const struct mcu *m)
{
	switch (m->s.side.mode) {
	case MCU_MODE_RESET: /* the SW-DP and AHB-AP answer while NRST is low */
		return true;
	case MCU_MODE_RUN:
		return !m->s.side.sysclk_dead;
	case MCU_MODE_SLEEP:
		return dbgmcu_cr(m) & DBG_SLEEP && !m->s.side.sysclk_dead;
	case MCU_MODE_STOP:
	case MCU_MODE_STANDBY:
		return power_hclk_runs(m);
	default:
		return false;
	}
}
