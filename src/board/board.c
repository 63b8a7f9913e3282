/*
 * The desk: power, the RESET button, the BOOT0 jumper, the NRST net, and time.
 *
 * NRST is one net: the chip's pull-up against whoever pulls it low - the
 * button, the probe's RST pin when it is wired, a short. A slow net falls at
 * once and rises late.
 *
 * Time is the microcontroller's. Whatever is due at a known moment (button let
 * go, power back, NRST risen, an edge on the serial wire) ends a stretch of
 * running, so that it happens at that moment and not at the next command.
 *
 * Not modelled: phantom power through the debug wires, contact bounce, brown-out.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "board/board_internal.h"
#include "board/bootrom/bootrom.h"

#define HSE_BLUE_PILL 8000000u
#define SYSTEM_MAX 0x1800u /* the largest system memory, XL density's */
#define MS 1000000u

/* ---- NRST ---------------------------------------------------------------- */

static bool nrst_pulled_low(const struct board *b)
{
	enum wire_state wire = b->wires[WIRE_NRST];
	bool probe_reaches = wire == WIRE_OK || wire == WIRE_SLOW;

	return b->button || wire == WIRE_LOW || (probe_reaches && b->probe.nrst_low);
}

static void set_nrst(struct board *b, bool low)
{
	b->nrst_rise = NEVER;
	if (low != b->nrst_low)
		mcu_nrst(b->mcu, low);
	b->nrst_low = low;
}

void board_update_nrst(struct board *b)
{
	if (nrst_pulled_low(b))
		set_nrst(b, true);
	else if (b->nrst_low && b->wires[WIRE_NRST] == WIRE_SLOW)
		b->nrst_rise = board_now_ns(b) + cost_ns(COST_NRST_SLOW_RISE);
	else
		set_nrst(b, false);
}

void board_probe_nrst(struct board *b, bool low)
{
	b->probe.nrst_low = low;
	board_update_nrst(b);
}

void board_hold_reset(struct board *b, bool held)
{
	b->button = held;
	b->button_until = NEVER;
	board_update_nrst(b);
}

void board_press_reset(struct board *b, unsigned ms)
{
	board_hold_reset(b, true);
	b->button_until = board_now_ns(b) + (uint64_t)ms * MS;
}

/* ---- power and jumpers ------------------------------------------------------ */

void board_power(struct board *b, bool on)
{
	b->power_until = NEVER;
	if (on == b->powered)
		return;
	b->powered = on;
	dp_reset(&b->dp);
	if (on && b->wires[WIRE_NRST] == WIRE_SLOW && !b->nrst_low)
		set_nrst(b, true);
	mcu_power(b->mcu, on);
	if (on)
		board_update_nrst(b);
	else
		b->core_halted = false;
}

void board_power_cycle(struct board *b, unsigned ms_off)
{
	board_power(b, false);
	b->power_until = board_now_ns(b) + (uint64_t)ms_off * MS;
}

void board_boot0(struct board *b, bool high)
{
	b->boot0 = high;
	mcu_boot0(b->mcu, high);
}

void board_boot1(struct board *b, bool high)
{
	mcu_pin_drive(b->mcu, 1, 2, high ? 1 : 0); /* PB2, through the jumper's 100 kOhm */
}

/* ---- time ---------------------------------------------------------------------- */

uint64_t board_now_ns(const struct board *b)
{
	return mcu_now_ns(b->mcu);
}

static uint64_t next_due(const struct board *b)
{
	const uint64_t due[] = {b->button_until, b->power_until, b->nrst_rise, b->uart.next_ns,
				stimulus_due(b)};
	uint64_t first = NEVER;

	for (unsigned i = 0; i < sizeof due / sizeof due[0]; i++)
		if (due[i] < first)
			first = due[i];
	return first;
}

static void do_due(struct board *b)
{
	uint64_t now = board_now_ns(b);

	if (b->button_until <= now)
		board_hold_reset(b, false);
	if (b->power_until <= now)
		board_power(b, true);
	if (b->nrst_rise <= now)
		set_nrst(b, false);
	if (b->uart.next_ns <= now)
		uart_tick(b);
	while (stimulus_due(b) <= now)
		stimulus_tick(b);
}

static void check_cut(struct board *b)
{
	if (b->cut_at == 0 || mcu_flash_operations(b->mcu) < b->cut_at)
		return;
	b->cut_at = 0;
	board_power(b, false);
}

/* Halting or a hook may end a run before time moves, once or twice in a row; a
 * chip that never moves again would be our bug. */
#define STILL_MAX 16

static void run_until(struct board *b, uint64_t until)
{
	struct mcu_limits limits = {.until_ns = until, .instructions = UINT64_MAX};
	unsigned still = 0;

	while (board_now_ns(b) < until) {
		uint64_t before = board_now_ns(b);
		enum mcu_stop stop = mcu_run(b->mcu, &limits);

		b->core_halted = stop == MCU_STOP_HALTED;
		if (stop == MCU_STOP_HOOK)
			dp_poll(&b->dp, b->mcu);
		check_cut(b);
		still = board_now_ns(b) == before ? still + 1 : 0;
		assert(still < STILL_MAX);
	}
}

void board_advance(struct board *b, uint64_t ns)
{
	uint64_t until = board_now_ns(b) + ns;

	while (board_now_ns(b) < until) {
		uint64_t due = next_due(b);

		run_until(b, due < until ? due : until);
		do_due(b);
	}
	check_cut(b);
}

bool board_is_running(const struct board *b)
{
	return (b->powered && !b->core_halted && !b->nrst_low) || next_due(b) != NEVER;
}

/* ---- faults ---------------------------------------------------------------------- */

void board_cut_power_at(struct board *b, uint64_t flash_operation)
{
	b->cut_at = flash_operation ? mcu_flash_operations(b->mcu) + flash_operation : 0;
}

#define DBG_STANDBY 4u /* DBGMCU_CR: keeps the 1.8-V domain on */

/* What happens in the middle of a run: power goes away during a flash
 * operation, Standby switches the debug port off, and a waking chip answers the
 * access its AHB-AP was waiting with. */
static void on_event(void *ctx, struct mcu *m, const struct mcu_event *event)
{
	struct board *b = ctx;

	if (event->kind == MCU_EVENT_FLASH && b->cut_at && mcu_flash_operations(m) >= b->cut_at)
		mcu_stop_run(m);
	if (event->kind == MCU_EVENT_SLEEP && event->a == MCU_MODE_STANDBY &&
	    !(event->b & DBG_STANDBY))
		dp_reset(&b->dp);
	if (event->kind == MCU_EVENT_WAKE && b->dp.pending.active)
		mcu_stop_run(m);
}

/* ---- life ------------------------------------------------------------------------- */

/* Our ROM where it is linked; system memory that begins earlier (XL density)
 * begins with its vectors. Returns the bytes of system memory used. */
static size_t lay_rom(uint32_t system_base, uint8_t rom[SYSTEM_MAX])
{
	uint32_t at = BOOTROM_BASE - system_base;

	assert(at + bootrom_size <= SYSTEM_MAX);
	memset(rom, 0xFF, SYSTEM_MAX);
	memcpy(rom, bootrom_image, BOOTROM_VECTORS);
	memcpy(rom + at, bootrom_image, bootrom_size);
	return at + bootrom_size;
}

static enum status make_mcu(struct board *b, struct err *err)
{
	const struct board_config *c = &b->config;
	uint8_t rom[SYSTEM_MAX];
	size_t rom_size = lay_rom(c->chip->system_base, rom);
	struct mcu_config config = {
		.chip = c->chip,
		.silicon = c->silicon,
		.boot_rom = c->boot_rom ? c->boot_rom : rom,
		.boot_rom_size = c->boot_rom ? c->boot_rom_size : rom_size,
		.swj_readback = c->swj_readback,
		.lse_fitted = true,
		.hse_hz = c->hse_hz == UINT32_MAX ? 0 : c->hse_hz ? c->hse_hz : HSE_BLUE_PILL,
		.log = c->log,
	};
	struct mcu_hooks hooks = {.ctx = b, .event = on_event, .uart_tx = uart_from_chip};

	b->mcu = mcu_new(&config, err);
	if (!b->mcu)
		return err && err->status != STATUS_OK ? err->status : STATUS_NO_MEMORY;
	mcu_set_hooks(b->mcu, &hooks);
	return STATUS_OK;
}

static enum status take_wires(struct board *b, struct err *err)
{
	enum status st = STATUS_OK;

	for (unsigned w = 0; w < WIRE_COUNT && st == STATUS_OK; w++)
		st = board_set_wire(b, (enum board_wire)w, b->config.wires[w], err);
	return st;
}

struct board *board_new(const struct board_config *config, struct err *err)
{
	struct board *b = calloc(1, sizeof *b);

	if (!b) {
		(void)err_set(err, STATUS_NO_MEMORY, "no memory for a board");
		return NULL;
	}
	b->config = *config;
	if (!b->config.chip)
		b->config.chip = chip_by_name("STM32F103C8");
	if (!b->config.silicon)
		b->config.silicon = silicon_by_name("genuine");
	b->button_until = b->power_until = b->nrst_rise = NEVER;
	b->noise = 1;
	dp_reset(&b->dp);
	uart_init(b);
	if (stlink_identify(&b->probe, config, err) != STATUS_OK || make_mcu(b, err) != STATUS_OK)
		goto fail;
	stlink_init(&b->probe);
	board_boot0(b, config->boot0);
	board_boot1(b, false);
	if (take_wires(b, err) != STATUS_OK)
		goto fail;
	board_power(b, !config->power_off);
	return b;
fail:
	board_free(b);
	return NULL;
}

void board_free(struct board *b)
{
	if (!b)
		return;
	mcu_free(b->mcu);
	stimulus_free(b);
	free(b);
}

struct mcu *board_mcu(struct board *b)
{
	return b->mcu;
}

void board_get_status(const struct board *b, struct board_status *out)
{
	*out = (struct board_status){
		.powered = b->powered,
		.reset_held = b->button,
		.boot0 = b->boot0,
		.mode = mcu_mode(b->mcu),
		.halted = b->core_halted,
		.swj_cfg = mcu_swj_cfg(b->mcu),
		.swd_on = mcu_swd_on(b->mcu),
		.rdp = mcu_rdp_active(b->mcu),
		.pc = mcu_reg(b->mcu, MCU_PC),
		.now_ns = board_now_ns(b),
		.instructions = mcu_instructions(b->mcu),
		.commands = b->probe.commands,
	};
	for (unsigned w = 0; w < WIRE_COUNT; w++)
		out->wires[w] = b->wires[w];
}
