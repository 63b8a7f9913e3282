/* mcu: timers and watchdogs. */
#include "mcu_fixture.h"

#define TIM1 0x40012C00u
#define TIM2 0x40000000u
#define TIM3 0x40000400u
#define TIM5 0x40000C00u
#define DMA1 0x40020000u
#define RCC 0x40021000u

/* ---- timers --------------------------------------------------------------------------- */

static void a_timer_overflows_when_it_should(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM2 + 0x28, 7);    /* 1 MHz */
	wr(m, TIM2 + 0x2C, 999);
	wr(m, TIM2 + 0x14, 1);    /* UG loads the prescaler */
	wr(m, TIM2 + 0x10, 0);
	wr(m, TIM2 + 0x0C, 1);
	wr(m, TIM2, 1);
	run_for(m, 990000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 0);
	assert_false(pending(m, 28));
	assert_in_range(rd(m, TIM2 + 0x24), 985, 995);
	run_for(m, 20000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 1);
	assert_true(pending(m, 28));
	assert_in_range(rd(m, TIM2 + 0x24), 5, 15);
	mcu_free(m);
}

static void one_pulse_stops_and_down_counts_down(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM3 + 0x2C, 99);
	wr(m, TIM3, 0x19); /* OPM, DIR, CEN */
	run_for(m, MS);
	assert_int_equal(rd(m, TIM3) & 1, 0);
	assert_int_equal(rd(m, TIM3 + 0x24), 99);
	mcu_free(m);
}

static void compare_flags_rise_on_the_way(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM2 + 0x28, 7);
	wr(m, TIM2 + 0x2C, 999);
	wr(m, TIM2 + 0x34, 100);
	wr(m, TIM2 + 0x38, 600);
	wr(m, TIM2 + 0x14, 1);
	wr(m, TIM2 + 0x10, 0);
	wr(m, TIM2, 1);
	run_for(m, 300000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 6, 2);
	run_for(m, 400000);
	assert_int_equal(rd(m, TIM2 + 0x10) & 6, 6);
	mcu_free(m);
}

static void a_timer_stands_still_in_debug_halt_when_told(void **state)
{
	struct mcu *m = clocked();
	uint32_t cnt;

	(void)state;
	wr(m, TIM2, 1);
	wr(m, 0xE000EDF0, 0xA05F0003);
	wr(m, 0xE0042004, 1u << 11);
	run_for(m, 1000);
	cnt = rd(m, TIM2 + 0x24);
	run_for(m, 100000);
	assert_int_equal(rd(m, TIM2 + 0x24), cnt);
	wr(m, 0xE0042004, 0);
	run_for(m, 100000);
	assert_int_not_equal(rd(m, TIM2 + 0x24), cnt);
	mcu_free(m);
}

static void timer_at_1_mhz(struct mcu *m, uint32_t base, uint32_t arr)
{
	wr(m, base + 0x28, 7);
	wr(m, base + 0x2C, arr);
	wr(m, base + 0x14, 1);
	wr(m, base + 0x10, 0);
}

/* Update, compare and break each have an interrupt of TIM1's own. */
static void the_advanced_timer_has_four_interrupts(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM1, 999);
	wr(m, TIM1 + 0x34, 500);
	wr(m, TIM1 + 0x0C, 0x83); /* BIE, CC1IE, UIE */
	wr(m, TIM1, 1);
	run_for(m, 600000);
	assert_true(pending(m, 27));
	assert_false(pending(m, 25));
	run_for(m, 500000);
	assert_true(pending(m, 25));
	wr(m, TIM1 + 0x44, 0x9000);
	assert_false(pending(m, 24));
	wr(m, TIM1 + 0x14, 0x80); /* BG */
	assert_true(pending(m, 24));
	assert_int_equal(rd(m, TIM1 + 0x44), 0x1000); /* MOE is gone */
	assert_int_equal(rd(m, TIM1 + 0x10) & 0x80, 0x80);
	wr(m, TIM1 + 0x10, ~0x80u);
	assert_int_equal(rd(m, TIM1 + 0x10) & 0x80, 0);
	mcu_free(m);
}

static void repetitions_leave_updates_out(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, TIM1 + 0x30, 2);
	timer_at_1_mhz(m, TIM1, 99);
	wr(m, TIM1, 1);
	run_for(m, 250000);
	assert_int_equal(rd(m, TIM1 + 0x10) & 1, 0);
	run_for(m, 100000);
	assert_int_equal(rd(m, TIM1 + 0x10) & 1, 1);
	mcu_free(m);
}

static void a_preloaded_period_waits_for_the_update(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM2, 999);
	wr(m, TIM2, 0x81); /* ARPE, CEN */
	wr(m, TIM2 + 0x2C, 99);
	run_for(m, 500000);
	assert_in_range(rd(m, TIM2 + 0x24), 490, 510);
	run_for(m, 600000);
	assert_in_range(rd(m, TIM2 + 0x24), 0, 99);
	mcu_free(m);
}

/* UDIS: no update event, nothing loaded; URS: UG raises no flag. */
static void updates_may_be_switched_off(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM2, 99);
	wr(m, TIM2, 3);
	run_for(m, MS);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 0);
	wr(m, TIM2, 4);
	wr(m, TIM2 + 0x14, 1);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 0);
	wr(m, TIM2, 0);
	wr(m, TIM2 + 0x14, 1);
	assert_int_equal(rd(m, TIM2 + 0x10) & 1, 1);
	mcu_free(m);
}

static void centre_aligned_goes_up_and_down(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM2, 1000);
	wr(m, TIM2, 0x21);
	run_for(m, 700000);
	assert_in_range(rd(m, TIM2 + 0x24), 690, 710);
	assert_int_equal(rd(m, TIM2) & 0x10, 0);
	run_for(m, 600000);
	assert_in_range(rd(m, TIM2 + 0x24), 690, 710);
	assert_int_equal(rd(m, TIM2) & 0x10, 0x10);
	mcu_free(m);
}

/* An update asks for three half-words; DMAR passes them to PSC, ARR and RCR. */
static void a_burst_goes_on_from_register_to_register(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x20000100, 9 | 1999u << 16);
	wr(m, 0x20000104, 5);
	wr(m, DMA1 + 0x58 + 4, 3); /* channel 5: TIM1_UP */
	wr(m, DMA1 + 0x58 + 8, TIM1 + 0x4C);
	wr(m, DMA1 + 0x58 + 12, 0x20000100);
	wr(m, DMA1 + 0x58, 0x591); /* half-words, MINC, from memory, EN */
	wr(m, TIM1 + 0x48, 2u << 8 | 0x28 / 4);
	wr(m, TIM1 + 0x0C, 0x100);
	wr(m, TIM1 + 0x14, 1);
	assert_int_equal(rd(m, TIM1 + 0x28), 9);
	assert_int_equal(rd(m, TIM1 + 0x2C), 1999);
	assert_int_equal(rd(m, TIM1 + 0x30), 5);
	wr(m, TIM1 + 0x4C, 77); /* by hand: DBA again */
	assert_int_equal(rd(m, TIM1 + 0x28), 77);
	assert_int_equal(rd(m, TIM1 + 0x4C), 77);
	mcu_free(m);
}

/* Two timers as one of 32 bits: TIM3 counts TIM2's updates, prescaled by two. */
static void a_timer_counts_another_s_updates(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM2, 99);
	wr(m, TIM3 + 0x28, 1);
	wr(m, TIM3 + 0x2C, 3);
	wr(m, TIM3 + 0x14, 1);
	wr(m, TIM3 + 0x10, 0);
	wr(m, TIM3 + 0x0C, 1);
	wr(m, TIM3 + 8, 1u << 4 | 7); /* ITR1: TIM2 */
	wr(m, TIM3, 1);
	wr(m, TIM2 + 4, 2u << 4);
	wr(m, TIM2, 1);
	run_for(m, 550000);
	assert_int_equal(rd(m, TIM3 + 0x24), 2);
	assert_int_equal(rd(m, TIM3 + 0x10) & 0x41, 0x40); /* TIF */
	assert_false(pending(m, 29));
	run_for(m, 300000);
	assert_int_equal(rd(m, TIM3 + 0x24), 0);
	assert_true(pending(m, 29));
	wr(m, TIM3 + 8, 2u << 4 | 7); /* ITR2: TIM5, which is not here */
	run_for(m, MS);
	assert_int_equal(rd(m, TIM3 + 0x24), 0);
	mcu_free(m);
}

static void a_timer_starts_and_resets_another(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	timer_at_1_mhz(m, TIM3, 0xFFFF);
	timer_at_1_mhz(m, TIM2, 299);
	wr(m, TIM3 + 8, 1u << 4 | 6); /* trigger mode */
	wr(m, TIM2 + 4, 2u << 4);
	wr(m, TIM2, 1);
	run_for(m, 200000);
	assert_int_equal(rd(m, TIM3), 0);
	assert_int_equal(rd(m, TIM3 + 0x24), 0);
	run_for(m, 200000);
	assert_int_equal(rd(m, TIM3) & 1, 1);
	assert_in_range(rd(m, TIM3 + 0x24), 95, 105);
	wr(m, TIM3 + 8, 1u << 4 | 4); /* reset mode */
	run_for(m, 300000);
	assert_in_range(rd(m, TIM3 + 0x24), 95, 105);
	mcu_free(m);
}

/* How firmware measures LSI: TIM5's channel 4 sees its edges (RM0008 9.4.2). */
static void lsi_is_measured_by_tim5(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);
	uint32_t first;

	(void)state;
	clocks_on(m);
	wr(m, RCC + 0x24, 1);
	run_for(m, MS);
	wr(m, 0x40010004, 0x10000);
	wr(m, TIM5 + 0x1C, 0x100);
	wr(m, TIM5 + 0x20, 0x1000);
	wr(m, TIM5 + 0x0C, 0x10);
	wr(m, TIM5, 1);
	run_for(m, 30000);
	assert_true(pending(m, 50));
	first = rd(m, TIM5 + 0x40);
	wr(m, TIM5 + 0x10, 0);
	run_for(m, 25000);
	assert_int_equal(rd(m, TIM5 + 0x10) & 0x10, 0x10);
	assert_in_range(rd(m, TIM5 + 0x40) - first, 199, 201); /* 8 MHz / 40 kHz */
	mcu_free(m);
}

/* ---- watchdogs -------------------------------------------------------------------------- */

static void iwdg_bites_after_its_time_even_in_debug_halt(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40003000, 0xCCCC);
	wr(m, 0x40003000, 0x5555);
	wr(m, 0x40003008, 99); /* 100 * 4 / 40 kHz = 10 ms */
	run_for(m, MS);
	wr(m, 0x40003000, 0xAAAA);
	run_for(m, 9 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	wr(m, 0xE000EDF0, 0xA05F0003);
	run_for(m, 2 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_IWDG);
	assert_true(rd(m, RCC + 0x24) >> 29 & 1);
	mcu_free(m);
}

static void iwdg_pauses_with_dbg_iwdg_stop(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0xE0042004, 1u << 8);
	wr(m, 0x40003000, 0xCCCC); /* 409.6 ms */
	wr(m, 0xE000EDF0, 0xA05F0003);
	run_for(m, 2000 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	wr(m, 0xE000EDF0, 0xA05F0001);
	run_for(m, 500 * MS);
	assert_true(log.count[MCU_EVENT_RESET] > 0);
	mcu_free(m);
}

static void the_hardware_watchdog_starts_by_option_byte(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	assert_int_equal(mcu_load(m, 0x1FFFF802, "\xFE\x01", 2, NULL), STATUS_OK);
	watch_events(m, &log);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, 1000 * MS);
	assert_in_range(log.count[MCU_EVENT_RESET], 3, 3); /* the pin, and two bites */
	mcu_free(m);
}

static void wwdg_bites_late_and_early(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40002C04, 0x07F | 3u << 7);
	wr(m, 0x40002C00, 0xFF); /* 64 * 4096 * 8 / 8 MHz = 262 ms */
	run_for(m, 250 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	run_for(m, 20 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_WWDG);
	clocks_on(m);
	wr(m, 0x40002C04, 0x050 | 3u << 7);
	wr(m, 0x40002C00, 0xFF);
	wr(m, 0x40002C00, 0xFF); /* above the window */
	assert_int_equal(mcu_mode(m), MCU_MODE_RESET);
	mcu_free(m);
}

static void iwdg_settings_need_their_key_and_their_time(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40003004, 5);
	assert_int_equal(rd(m, 0x40003004), 0);
	wr(m, 0x40003000, 0x5555);
	wr(m, 0x40003004, 5);
	assert_int_equal(rd(m, 0x40003004), 5);
	assert_int_equal(rd(m, 0x4000300C), 1); /* PVU */
	wr(m, 0x40003004, 3);                    /* too soon */
	run_for(m, MS);
	assert_int_equal(rd(m, 0x40003004), 5);
	assert_int_equal(rd(m, 0x4000300C), 0);
	wr(m, 0x40003000, 0xAAAA); /* any other key locks again */
	wr(m, 0x40003004, 1);
	assert_int_equal(rd(m, 0x40003004), 5);
	mcu_free(m);
}

static void wwdg_warns_before_it_bites(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40002C04, 0x27F | 3u << 7); /* EWI; 4.096 ms a tick */
	wr(m, 0x40002C00, 0x80 | 0x44);
	assert_int_equal(log.last[MCU_EVENT_WATCHDOG].a, 1);
	run_for(m, 15 * MS);
	assert_int_equal(rd(m, 0x40002C08), 0);
	run_for(m, 3 * MS);
	assert_int_equal(rd(m, 0x40002C08), 1);
	assert_true(pending(m, 0));
	wr(m, 0x40002C08, 0);
	assert_int_equal(rd(m, 0x40002C08), 0);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	run_for(m, 4 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_WWDG);
	mcu_free(m);
}

static void wwdg_bites_when_fed_below_0x40(void **state)
{
	struct mcu *m = clocked();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, 0x40002C00, 0xFF);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	wr(m, 0x40002C00, 0xBF);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_WWDG);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_timer_overflows_when_it_should),
		cmocka_unit_test(one_pulse_stops_and_down_counts_down),
		cmocka_unit_test(compare_flags_rise_on_the_way),
		cmocka_unit_test(a_timer_stands_still_in_debug_halt_when_told),
		cmocka_unit_test(the_advanced_timer_has_four_interrupts),
		cmocka_unit_test(repetitions_leave_updates_out),
		cmocka_unit_test(a_preloaded_period_waits_for_the_update),
		cmocka_unit_test(updates_may_be_switched_off),
		cmocka_unit_test(centre_aligned_goes_up_and_down),
		cmocka_unit_test(a_burst_goes_on_from_register_to_register),
		cmocka_unit_test(a_timer_counts_another_s_updates),
		cmocka_unit_test(a_timer_starts_and_resets_another),
		cmocka_unit_test(lsi_is_measured_by_tim5),
		cmocka_unit_test(iwdg_bites_after_its_time_even_in_debug_halt),
		cmocka_unit_test(iwdg_pauses_with_dbg_iwdg_stop),
		cmocka_unit_test(the_hardware_watchdog_starts_by_option_byte),
		cmocka_unit_test(wwdg_bites_late_and_early),
		cmocka_unit_test(iwdg_settings_need_their_key_and_their_time),
		cmocka_unit_test(wwdg_warns_before_it_bites),
		cmocka_unit_test(wwdg_bites_when_fed_below_0x40),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
