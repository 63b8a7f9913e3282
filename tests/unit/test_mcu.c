/* mcu: buses, bridges, time, resets, power, low power, snapshots. */
#include "mcu_fixture.h"

#include <stdlib.h>

#include "mcu/mcu_internal.h"

#define AFIO_MAPR 0x40010004u
#define RCC_CSR 0x40021024u

/* ---- register tables ---------------------------------------------------------------- */

static void every_register_row_agrees_with_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < f103_periph_count; i++) {
		const struct periph_row *p = &f103_periphs[i];

		for (size_t r = 0; r < p->def->reg_count; r++) {
			const struct reg *reg = &p->def->regs[r];

			if (r)
				assert_true(reg->offset > reg[-1].offset);
			assert_int_equal(reg->offset % 4, 0);
			assert_true(reg->offset < p->span);
			assert_non_null(reg->name);
			/* What resets to 1 and can be seen must be readable; a plain row's
			 * writable bits are readable. */
			if (!reg->read && !reg->write && reg->rmask)
				assert_int_equal(reg->wmask & ~reg->rmask, 0);
		}
	}
}

static void no_two_peripherals_overlap(void **state)
{
	(void)state;
	for (size_t i = 0; i < f103_periph_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct periph_row *a = &f103_periphs[i], *b = &f103_periphs[k];

			assert_true(a->base + a->span <= b->base || b->base + b->span <= a->base);
			assert_string_not_equal(a->name, b->name);
		}
}

/* ---- buses ---------------------------------------------------------------------------- */

static void the_bridge_repeats_narrow_writes_on_every_lane(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	clocks_on(m);
	assert_int_equal(mcu_debug_write(m, AFIO_MAPR, 1, 4), MCU_ACCESS_OK);
	assert_int_equal(mcu_swj_cfg(m), 4); /* 0x04040404 */
	wr16(m, AFIO_MAPR, 1);               /* 0x00010001 */
	assert_int_equal(mcu_swj_cfg(m), 0);
	assert_int_equal(rd(m, AFIO_MAPR) & 0x1FFFFF, 0x10001);
	mcu_free(m);
}

static void the_ahb_keeps_the_other_lanes(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, 0x40021018, 0x1C);
	assert_int_equal(mcu_debug_write(m, 0x40021019, 1, 0x02), MCU_ACCESS_OK);
	assert_int_equal(rd(m, 0x40021018), 0x21C);
	mcu_free(m);
}

static void bit_band_reaches_ram_and_registers(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, 0x20000010, 0);
	wr(m, 0x22000000 + 0x10 * 32 + 5 * 4, 1);
	assert_int_equal(rd(m, 0x20000010), 1u << 5);
	assert_int_equal(rd(m, 0x22000000 + 0x10 * 32 + 5 * 4), 1);
	wr(m, 0x42000000 + 0x21000 * 32 + 16 * 4, 1); /* RCC_CR.HSEON */
	run_for(m, 2 * MS);
	assert_int_equal(rd(m, 0x42000000 + 0x21000 * 32 + 17 * 4), 1);
	mcu_free(m);
}

static void a_bit_band_store_to_mapr_writes_back_what_was_read(void **state)
{
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	(void)state;
	config.swj_readback = 4;
	m = fixture_from(&config);
	clocks_on(m);
	wr(m, 0x42000000 + 0x10004 * 32, 1); /* bit 0 of MAPR */
	assert_int_equal(mcu_swj_cfg(m), 4);
	mcu_free(m);
}

static void where_nothing_is_the_bus_faults(void **state)
{
	static const uint32_t empty[] = {0x08020000, 0x10000000, 0x20005000, 0x40023800, 0x60000000,
					 0x1FFFF810, 0xA0000000};
	struct mcu *m = fixture();
	uint32_t v;

	(void)state;
	for (size_t i = 0; i < sizeof empty / sizeof empty[0]; i++) {
		assert_int_equal(mcu_debug_read(m, empty[i], 4, &v), MCU_ACCESS_FAULT);
		assert_int_equal(mcu_debug_write(m, empty[i], 4, 0), MCU_ACCESS_FAULT);
	}
	mcu_free(m);
}

static void note(void *ctx, uint32_t address, const char *periph)
{
	(void)periph;
	((uint32_t *)ctx)[++((uint32_t *)ctx)[0]] = address;
}

static void unmodelled_registers_are_listed_once(void **state)
{
	struct mcu *m = fixture();
	uint32_t seen[8] = {0};

	(void)state;
	clocks_on(m);
	assert_int_equal(rd(m, 0x40010020), 0);
	assert_int_equal(rd(m, 0x40010020), 0);
	assert_int_equal(rd(m, 0x40014800), 0); /* APB, nothing there */
	mcu_unmodelled(m, note, seen);
	assert_int_equal(seen[0], 2);
	assert_int_equal(seen[1], 0x40010020);
	assert_int_equal(seen[2], 0x40014800);
	mcu_free(m);
}

static void a_gated_peripheral_is_dead(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, 0x40010800, 0x33333333);
	assert_int_equal(rd(m, 0x40010800), 0);
	wr(m, 0x40021018, 1u << 2);
	assert_int_equal(rd(m, 0x40010800), 0x44444444);
	mcu_free(m);
}

static void the_signature_area_names_the_part(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(rd(m, 0x1FFFF7E0), 0xFFFF0040);
	assert_int_not_equal(rd(m, 0x1FFFF7E8), 0);
	assert_int_equal(rd(m, 0x1FFFF800), 0x00FF5AA5);
	mcu_free(m);
}

/* ---- resets ------------------------------------------------------------------------------ */

static void resets_are_told_apart_by_flags(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(rd(m, RCC_CSR) >> 26, 3); /* POR and PIN */
	wr(m, RCC_CSR, 1u << 24);
	assert_int_equal(rd(m, RCC_CSR) >> 26, 0);
	wr(m, 0xE000ED0C, 0x05FA0004);
	assert_int_equal(mcu_mode(m), MCU_MODE_RESET);
	run_for(m, MS);
	assert_int_equal(rd(m, RCC_CSR) >> 26, 5); /* SFT and PIN */
	mcu_free(m);
}

static void nrst_restores_swd_and_keeps_dbgmcu(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	clocks_on(m);
	wr(m, AFIO_MAPR, 4u << 24);
	wr(m, 0xE0042004, 0x307);
	assert_false(mcu_swd_on(m));
	mcu_nrst(m, true);
	assert_int_equal(mcu_mode(m), MCU_MODE_RESET);
	assert_true(mcu_swd_on(m));
	assert_true(rd(m, 0xE000EDF0) >> 25 & 1); /* S_RESET_ST, and again: */
	assert_true(rd(m, 0xE000EDF0) >> 25 & 1);
	run_for(m, 5 * MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_RESET);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_RUN);
	assert_int_equal(rd(m, 0xE0042004), 0x307);
	mcu_power(m, false);
	mcu_power(m, true);
	run_for(m, 5 * MS);
	assert_int_equal(rd(m, 0xE0042004), 0);
	mcu_free(m);
}

static void vector_catch_armed_in_reset_halts_at_the_first_instruction(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	mcu_nrst(m, true);
	wr(m, 0xE000EDF0, 0xA05F0003);
	wr(m, 0xE000EDFC, 1);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_true(rd(m, 0xE000EDF0) >> 17 & 1);
	assert_int_equal(mcu_reg(m, MCU_PC), 0x08000008);
	mcu_free(m);
}

static void boot0_chooses_system_memory(void **state)
{
	uint8_t rom[0x800];
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	(void)state;
	memset(rom, 0xFF, sizeof rom);
	memcpy(rom, "\x00\x02\x00\x20\x09\xF0\xFF\x1F\xFE\xE7", 10);
	config.boot_rom = rom;
	config.boot_rom_size = sizeof rom;
	m = fixture_from(&config);
	mcu_boot0(m, true);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(mcu_reg(m, MCU_PC), 0x1FFFF008);
	assert_int_equal(rd(m, 0), 0x20000200);
	mcu_free(m);
}

/* ---- time --------------------------------------------------------------------------------- */

static void time_reaches_what_was_asked_exactly(void **state)
{
	struct mcu *m = fixture();
	uint64_t before = mcu_now_ns(m);

	(void)state;
	run_for(m, 123456);
	assert_in_range(mcu_now_ns(m) - before, 123456, 123456 + 500);
	mcu_free(m);
}

static void cycles_and_nanoseconds_convert_back(void **state)
{
	struct mcu *m = fixture();
	static const uint32_t clocks[] = {8000000, 72000000, 64000000, 15625, 56000000};

	(void)state;
	for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
		time_set_hclk(m, clocks[i]);
		for (uint64_t c = 0; c < 3000; c += 7) {
			uint64_t at = m->s.time.cycles + c * 1234567 + c;

			assert_int_equal(time_ns_to_cycles(m, time_cycles_to_ns(m, at)), at);
		}
	}
	mcu_free(m);
}

static void the_pll_gives_72_mhz(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, 0x40021000, 1u << 16 | 1);
	assert_false(rd(m, 0x40021000) >> 17 & 1); /* an oscillator takes its time */
	run_for(m, 3 * MS);
	assert_true(rd(m, 0x40021000) >> 17 & 1);
	wr(m, 0x40022000, 0x32);
	wr(m, 0x40021004, 7u << 18 | 1u << 16 | 4u << 8);
	wr(m, 0x40021000, rd(m, 0x40021000) | 1u << 24);
	run_for(m, MS);
	wr(m, 0x40021004, rd(m, 0x40021004) | 2);
	assert_int_equal(rd(m, 0x40021004) >> 2 & 3, 2);
	assert_int_equal(mcu_hclk_hz(m), 72000000);
	assert_int_equal(rcc_pclk_hz(m, 1), 36000000);
	wr(m, 0x40021000, 0); /* what drives SYSCLK cannot be switched off */
	assert_int_equal(rd(m, 0x40021000) >> 24 & 3, 3);
	mcu_free(m);
}

static void without_a_crystal_hse_never_comes(void **state)
{
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	(void)state;
	config.hse_hz = 0;
	m = fixture_from(&config);
	wr(m, 0x40021000, 1u << 16 | 1);
	run_for(m, 1000 * MS);
	assert_false(rd(m, 0x40021000) >> 17 & 1);
	mcu_free(m);
}

/* ---- low power ------------------------------------------------------------------------------- */

/* ldr r0,=SCR; movs r1,#4; str r1,[r0]; wfi; b . */
static void load_deep_sleeper(struct mcu *m)
{
	static const uint8_t code[] = {0x00, 0x10, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08,
				       0x02, 0x48, 0x04, 0x21, 0x01, 0x60, 0x30, 0xBF,
				       0xFE, 0xE7, 0x00, 0xBF, 0x10, 0xED, 0x00, 0xE0};

	assert_int_equal(mcu_load(m, 0x08000000, code, sizeof code, NULL), STATUS_OK);
}

static void stop_mode_silences_the_ap_unless_debug_keeps_it(void **state)
{
	struct mcu *m = fixture();
	struct event_log log;
	uint32_t v;

	(void)state;
	load_deep_sleeper(m);
	watch_events(m, &log);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_STOP);
	assert_int_equal(log.last[MCU_EVENT_SLEEP].a, MCU_MODE_STOP);
	assert_int_equal(mcu_debug_read(m, 0xE000ED00, 4, &v), MCU_ACCESS_WAIT);
	mcu_nrst(m, true);
	wr(m, 0xE0042004, 7);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_STOP);
	assert_int_equal(rd(m, 0xE000ED00), 0x411FC231);
	mcu_free(m);
}

static void exti_ends_stop_and_hsi_is_back(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	load_deep_sleeper(m);
	hold_at_reset(m);
	clocks_on(m);
	wr(m, 0x40010404, 1u << 3); /* EMR line 3; edges from PA3 */
	wr(m, 0x40010408, 1u << 3);
	wr(m, 0x40010400, 1u << 3);
	wr(m, 0xE000E100, 1u << 9);
	let_go(m);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_STOP);
	mcu_pin_drive(m, 0, 3, 1);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_RUN);
	assert_int_equal(mcu_hclk_hz(m), 8000000);
	mcu_free(m);
}

static void standby_is_left_by_wkup_with_sbf_set(void **state)
{
	struct mcu *m = fixture();
	struct event_log log;

	(void)state;
	load_deep_sleeper(m);
	watch_events(m, &log);
	hold_at_reset(m);
	clocks_on(m);
	wr(m, 0x40007000, 2);        /* PDDS */
	wr(m, 0x40007004, 1u << 8);  /* EWUP */
	let_go(m);
	run_for(m, MS);
	assert_int_equal(mcu_mode(m), MCU_MODE_STANDBY);
	assert_false(mcu_ap_clocked(m));
	mcu_pin_drive(m, 0, 0, 1);
	run_for(m, MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_STANDBY);
	assert_int_equal(mcu_mode(m), MCU_MODE_STOP); /* the same program again, PDDS is gone */
	mcu_nrst(m, true);
	wr(m, 0xE0042004, 7);
	mcu_nrst(m, false);
	run_for(m, 30000);
	wr(m, 0x4002101C, 1u << 28);
	assert_int_equal(rd(m, 0x40007004) & 3, 3); /* SBF, WUF */
	mcu_free(m);
}

static void option_byte_turns_stop_into_a_reset(void **state)
{
	struct mcu *m = fixture();
	struct event_log log;

	(void)state;
	load_deep_sleeper(m);
	watch_events(m, &log);
	assert_int_equal(mcu_load(m, 0x1FFFF802, "\xFD\x02", 2, NULL), STATUS_OK);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_true(log.count[MCU_EVENT_RESET] > 2);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_LOW_POWER);
	mcu_free(m);
}

/* ---- snapshots -------------------------------------------------------------------------------- */

static void a_restored_run_continues_as_before(void **state)
{
	struct mcu *m = fixture();
	struct mcu_snapshot *s = mcu_snapshot_new(m);
	uint64_t instructions, now;
	uint32_t cnt;

	(void)state;
	clocks_on(m);
	wr(m, 0x40000000, 1); /* TIM2 counts */
	mcu_snapshot_take(s, m);
	run_for(m, MS);
	instructions = mcu_instructions(m);
	now = mcu_now_ns(m);
	cnt = rd(m, 0x40000024);
	wr(m, 0x20000000, 0x12345678);
	memset(mcu_flash(m) + 0x400, 0, 16);
	mcu_flash_changed(m);
	mcu_snapshot_restore(m, s);
	assert_int_equal(rd(m, 0x08000400), 0xFFFFFFFF);
	run_for(m, MS);
	assert_int_equal(mcu_instructions(m), instructions);
	assert_int_equal(mcu_now_ns(m), now);
	assert_int_equal(rd(m, 0x40000024), cnt);
	assert_int_not_equal(rd(m, 0x20000000), 0x12345678);
	mcu_snapshot_free(s);
	mcu_free(m);
}

static void snapshots_serve_another_chip_of_the_same_kind(void **state)
{
	struct mcu *a = fixture(), *b = fixture();
	struct mcu_snapshot *s = mcu_snapshot_new(a);

	(void)state;
	memset(mcu_flash(a) + 0x400, 0x5A, 16);
	mcu_flash_changed(a);
	wr(a, 0x20000000, 42);
	mcu_snapshot_take(s, a);
	mcu_snapshot_restore(b, s);
	mcu_free(a);
	assert_int_equal(rd(b, 0x20000000), 42);
	assert_int_equal(rd(b, 0x08000400), 0x5A5A5A5A);
	mcu_snapshot_free(s);
	mcu_free(b);
}

/* Equal save for SWJ_CFG; nothing else may differ. */
static void a_snapshot_tells_another_state(void **state)
{
	struct mcu *m = fixture();
	struct mcu_snapshot *s = mcu_snapshot_new(m);

	(void)state;
	clocks_on(m);
	mcu_snapshot_take(s, m);
	assert_true(mcu_snapshot_matches(s, m));
	wr(m, 0x40010004, 0x04000000); /* SWJ_CFG */
	assert_true(mcu_snapshot_matches(s, m));
	wr(m, 0x40010004, 0x04000001); /* and SPI1_REMAP */
	assert_false(mcu_snapshot_matches(s, m));
	wr(m, 0x40010004, 0x02000000);
	assert_true(mcu_snapshot_matches(s, m));
	wr(m, 0x20004FFC, ~rd(m, 0x20004FFC));
	assert_false(mcu_snapshot_matches(s, m));
	wr(m, 0x20004FFC, ~rd(m, 0x20004FFC));
	assert_true(mcu_snapshot_matches(s, m));
	mcu_flash(m)[0x500] ^= 1;
	mcu_flash_changed(m);
	assert_false(mcu_snapshot_matches(s, m));
	mcu_snapshot_restore(m, s);
	assert_true(mcu_snapshot_matches(s, m));
	run_for(m, MS);
	assert_false(mcu_snapshot_matches(s, m));
	mcu_snapshot_free(s);
	mcu_free(m);
}

/* Time and timers go on, the core does not. */
static void a_held_core_executes_nothing(void **state)
{
	struct mcu *m = fixture();
	uint64_t instructions = mcu_instructions(m), from = mcu_now_ns(m);

	(void)state;
	clocks_on(m);
	wr(m, 0x4000002C, 1000); /* TIM2_ARR */
	wr(m, 0x4000000C, 1);    /* UIE */
	wr(m, 0x40000000, 1);
	mcu_hold(m, from + MS);
	assert_int_equal(mcu_instructions(m), instructions);
	assert_true(mcu_now_ns(m) > from && mcu_now_ns(m) < from + MS); /* the update */
	mcu_free(m);
}

static void skipped_idling_is_no_effort(void **state)
{
	struct mcu *m = fixture();
	uint64_t effort = mcu_effort(m), instructions = mcu_instructions(m);

	(void)state;
	run_for(m, 100 * MS);
	assert_true(mcu_instructions(m) - instructions > 100000);
	assert_true(mcu_effort(m) - effort < 10000);
	effort = mcu_effort(m);
	rd(m, 0x40021000);
	assert_int_equal(mcu_effort(m) - effort, MCU_EFFORT_READ);
	mcu_free(m);
}

static void two_runs_are_the_same(void **state)
{
	uint32_t noise[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct mcu *m = fixture();

		noise[i] = rd(m, 0x20000100) ^ (uint32_t)mcu_instructions(m);
		mcu_free(m);
	}
	assert_int_equal(noise[0], noise[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_register_row_agrees_with_itself),
		cmocka_unit_test(no_two_peripherals_overlap),
		cmocka_unit_test(the_bridge_repeats_narrow_writes_on_every_lane),
		cmocka_unit_test(the_ahb_keeps_the_other_lanes),
		cmocka_unit_test(bit_band_reaches_ram_and_registers),
		cmocka_unit_test(a_bit_band_store_to_mapr_writes_back_what_was_read),
		cmocka_unit_test(where_nothing_is_the_bus_faults),
		cmocka_unit_test(unmodelled_registers_are_listed_once),
		cmocka_unit_test(a_gated_peripheral_is_dead),
		cmocka_unit_test(the_signature_area_names_the_part),
		cmocka_unit_test(resets_are_told_apart_by_flags),
		cmocka_unit_test(nrst_restores_swd_and_keeps_dbgmcu),
		cmocka_unit_test(vector_catch_armed_in_reset_halts_at_the_first_instruction),
		cmocka_unit_test(boot0_chooses_system_memory),
		cmocka_unit_test(time_reaches_what_was_asked_exactly),
		cmocka_unit_test(cycles_and_nanoseconds_convert_back),
		cmocka_unit_test(the_pll_gives_72_mhz),
		cmocka_unit_test(without_a_crystal_hse_never_comes),
		cmocka_unit_test(stop_mode_silences_the_ap_unless_debug_keeps_it),
		cmocka_unit_test(exti_ends_stop_and_hsi_is_back),
		cmocka_unit_test(standby_is_left_by_wkup_with_sbf_set),
		cmocka_unit_test(option_byte_turns_stop_into_a_reset),
		cmocka_unit_test(a_restored_run_continues_as_before),
		cmocka_unit_test(a_snapshot_tells_another_state),
		cmocka_unit_test(a_held_core_executes_nothing),
		cmocka_unit_test(skipped_idling_is_no_effort),
		cmocka_unit_test(snapshots_serve_another_chip_of_the_same_kind),
		cmocka_unit_test(two_runs_are_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
