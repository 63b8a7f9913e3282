/* mcu: RCC with its crystals and the clock security system; RTC and BKP. */
#include "mcu_fixture.h"

#define RCC_CR 0x40021000u
#define RCC_CFGR 0x40021004u
#define RCC_CIR 0x40021008u
#define RCC_BDCR 0x40021020u
#define RCC_CSR 0x40021024u
#define PWR_CR 0x40007000u
#define RTC 0x40002800u
#define DBGMCU_CR 0xE0042004u
#define ICSR 0xE000ED04u
#define HSEON (1u << 16)
#define HSERDY (1u << 17)
#define CSSON (1u << 19)
#define PLLON (1u << 24)
#define PLLRDY (1u << 25)
#define FROM_PLL 0x001D040Au /* 72 MHz from HSE, SW and SWS */

enum { NMI_ENTRIES = 0x20000100 };

/* Code at 0x08000040 that counts NMIs in RAM and leaves CSSF as it is; and
 * thread code that counts its rounds beside it. */
static const uint16_t nmi_code[] = {
	0x4B03, /* ldr r3, =0x20000100 */
	0x681A, /* ldr r2, [r3] */
	0x3201, /* adds r2, #1 */
	0x601A, /* str r2, [r3] */
	0x4770, /* bx lr */
	0xBF00, 0xBF00, 0xBF00, 0x0100, 0x2000,
};

/* ldr r3, =0x20000104; movs r2, #0; loop: adds r2, #1; str r2, [r3]; b loop */
static const uint16_t thread_code[] = {0x4B02, 0x2200, 0x3201, 0x601A, 0xE7FC,
				       0xBF00, 0x0104, 0x2000};

static struct mcu *counting(void)
{
	static const uint32_t vectors[] = {0x20001000, 0x08000081, 0x08000041};
	struct mcu_config config = fixture_config("c8");
	struct mcu *m = mcu_new(&config, NULL);

	assert_non_null(m);
	assert_int_equal(mcu_load(m, 0x08000000, vectors, sizeof vectors, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, 0x08000040, nmi_code, sizeof nmi_code, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, 0x08000080, thread_code, sizeof thread_code, NULL), STATUS_OK);
	mcu_power(m, true);
	run_for(m, 3 * MS);
	clocks_on(m);
	wr(m, NMI_ENTRIES, 0);
	return m;
}

static uint32_t rounds(struct mcu *m)
{
	uint32_t n = 0;

	assert_true(mcu_peek(m, 0x20000104, &n, sizeof n));
	return n;
}

static void run_from_pll(struct mcu *m, uint32_t css)
{
	wr(m, RCC_CR, rd(m, RCC_CR) | HSEON | css);
	run_for(m, 2 * MS);
	wr(m, RCC_CFGR, FROM_PLL & ~0xFu);
	wr(m, RCC_CR, rd(m, RCC_CR) | PLLON);
	run_for(m, MS);
	wr(m, RCC_CFGR, FROM_PLL);
	assert_int_equal(mcu_hclk_hz(m), 72000000);
}

static void a_failing_crystal_brings_nmi_and_hsi(void **state)
{
	struct mcu *m = counting();
	uint32_t n;

	(void)state;
	run_from_pll(m, CSSON);
	run_for(m, MS);
	assert_int_equal(rd(m, NMI_ENTRIES), 0);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	assert_int_equal(mcu_hclk_hz(m), 8000000);
	assert_false(mcu_clock_stands(m));
	assert_int_equal(rd(m, RCC_CFGR), FROM_PLL & ~0xFu);
	assert_int_equal(rd(m, RCC_CR) & 0x030B0003, CSSON | 3);
	assert_int_equal(rd(m, RCC_CIR) & 0x80, 0x80);
	run_for(m, MS);
	n = rd(m, NMI_ENTRIES);
	assert_in_range(n, 450, 600); /* fifteen cycles each, the last tail-chained to the next */
	wr(m, RCC_CIR, 1u << 23);
	assert_int_equal(rd(m, RCC_CIR) & 0x80, 0);
	run_for(m, 10000); /* the one under way */
	n = rd(m, NMI_ENTRIES);
	run_for(m, MS);
	assert_int_equal(rd(m, NMI_ENTRIES), n);
	mcu_free(m);
}

static void a_reset_ends_the_nmi(void **state)
{
	struct mcu *m = counting();
	uint32_t n;

	(void)state;
	run_from_pll(m, CSSON);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	run_for(m, MS);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(rd(m, RCC_CIR), 0);
	n = rd(m, NMI_ENTRIES);
	run_for(m, MS);
	assert_int_equal(rd(m, NMI_ENTRIES), n);
	assert_true(rounds(m) > 0);
	mcu_free(m);
}

/* The PLL is left alone where SYSCLK does not come through it. */
static void an_unused_pll_stays_on(void **state)
{
	struct mcu *m = counting();

	(void)state;
	wr(m, RCC_CR, rd(m, RCC_CR) | HSEON | CSSON);
	run_for(m, 2 * MS);
	wr(m, RCC_CR, rd(m, RCC_CR) | PLLON); /* from HSI / 2 */
	wr(m, RCC_CFGR, 1);
	run_for(m, MS);
	assert_int_equal(rd(m, RCC_CFGR), 5);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	assert_int_equal(rd(m, RCC_CFGR), 0);
	assert_int_equal(rd(m, RCC_CR) & (HSEON | HSERDY | PLLON | PLLRDY), PLLON | PLLRDY);
	mcu_free(m);
}

static void without_css_the_core_stands_until_reset(void **state)
{
	struct mcu *m = counting();
	struct mcu_limits forever = {.until_ns = UINT64_MAX, .instructions = UINT64_MAX};
	uint64_t before;
	uint32_t v, n;

	(void)state;
	run_from_pll(m, 0);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	assert_true(mcu_clock_stands(m));
	n = rounds(m);
	before = mcu_now_ns(m);
	run_for(m, 5 * MS);
	assert_int_equal(mcu_now_ns(m), before + 5 * MS);
	assert_int_equal(rounds(m), n);
	assert_int_equal(mcu_debug_read(m, 0x20000000, 4, &v), MCU_ACCESS_WAIT);
	assert_false(mcu_ap_clocked(m));
	assert_int_equal(mcu_run(m, &forever), MCU_STOP_IDLE);
	assert_int_equal(mcu_step(m), MCU_STOP_IDLE);
	mcu_crystal(m, MCU_CRYSTAL_HSE, true);
	run_for(m, MS);
	assert_true(rounds(m) > n);
	assert_int_equal(rd(m, NMI_ENTRIES), 0);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	assert_int_equal(mcu_hclk_hz(m), 8000000);
	assert_int_equal(rd(m, RCC_CR) & HSERDY, 0);
	mcu_free(m);
}

static void the_watchdog_still_bites_a_core_without_clock(void **state)
{
	struct mcu *m = counting();
	struct event_log log;

	(void)state;
	run_from_pll(m, 0);
	watch_events(m, &log);
	wr(m, 0x40003000, 0xCCCC); /* 409.6 ms */
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	run_for(m, 400 * MS);
	assert_int_equal(log.count[MCU_EVENT_RESET], 0);
	run_for(m, 20 * MS);
	assert_int_equal(log.last[MCU_EVENT_RESET].a, MCU_RESET_IWDG);
	assert_false(mcu_clock_stands(m));
	mcu_free(m);
}

/* A store that chooses a clock that does not swing is the last one. */
static void choosing_a_dead_clock_stops_at_once(void **state)
{
	static const uint16_t choose[] = {
		0x4B02, 0x2201, 0x605A, /* ldr r3, =RCC; movs r2, #1; str r2, [r3, #4] */
		0x3001, 0xE7FD, 0xBF00, /* loop: adds r0, #1; b loop */
		0x1000, 0x4002,
	};
	struct mcu *m = counting();
	uint32_t r0;

	(void)state;
	wr(m, RCC_CR, rd(m, RCC_CR) | HSEON);
	run_for(m, 2 * MS);
	mcu_crystal(m, MCU_CRYSTAL_HSE, false);
	assert_int_equal(rd(m, RCC_CR) & HSERDY, HSERDY);
	assert_int_equal(mcu_load(m, 0x20000200, choose, sizeof choose, NULL), STATUS_OK);
	r0 = mcu_reg(m, MCU_R0);
	mcu_set_reg(m, MCU_PC, 0x20000200);
	run_for(m, MS);
	assert_true(mcu_clock_stands(m));
	assert_int_equal(mcu_reg(m, MCU_R0), r0);
	mcu_free(m);
}

static void hserdy_never_comes_without_crystal(void **state)
{
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	(void)state;
	config.hse_hz = 0;
	config.lse_fitted = false;
	m = fixture_from(&config);
	clocks_on(m);
	wr(m, RCC_CR, rd(m, RCC_CR) | HSEON | CSSON);
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_BDCR, 1);
	wr(m, RCC_CFGR, 1);
	run_for(m, 4000 * MS);
	assert_int_equal(rd(m, RCC_CR) & HSERDY, 0);
	assert_int_equal(rd(m, RCC_BDCR), 1);
	assert_int_equal(rd(m, RCC_CFGR), 1); /* SWS stays HSI */
	assert_int_equal(rd(m, RCC_CIR), 0);  /* no flag, CSSF neither */
	mcu_free(m);
}

static void the_rtc_stands_while_its_crystal_does(void **state)
{
	struct mcu *m = counting();
	uint32_t n;

	(void)state;
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_BDCR, 1);
	run_for(m, 3000 * MS);
	wr(m, RCC_BDCR, 0x8101);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 0x7FFF);
	wr(m, RTC + 4, 0);
	run_for(m, 2500 * MS);
	n = rd(m, RTC + 0x1C);
	assert_int_equal(n, 2);
	mcu_crystal(m, MCU_CRYSTAL_LSE, false);
	run_for(m, 5000 * MS);
	assert_int_equal(rd(m, RTC + 0x1C), n);
	mcu_crystal(m, MCU_CRYSTAL_LSE, true);
	run_for(m, 2000 * MS);
	assert_in_range(rd(m, RTC + 0x1C), n + 1, n + 2);
	mcu_free(m);
}

/* ---- the backup domain ------------------------------------------------------------ */

static struct mcu *awake(void)
{
	struct mcu *m = fixture();

	clocks_on(m);
	return m;
}

static void backup_registers_need_dbp_and_survive_resets(void **state)
{
	struct mcu *m = awake();

	(void)state;
	wr(m, 0x40006C04, 0x1234);
	assert_int_equal(rd(m, 0x40006C04), 0);
	wr(m, PWR_CR, 0x100);
	wr(m, 0x40006C04, 0x1234);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
	clocks_on(m);
	assert_int_equal(rd(m, 0x40006C04), 0x1234);
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_BDCR, 1u << 16);
	assert_int_equal(rd(m, 0x40006C04), 0);
	mcu_free(m);
}

static void rtc_counts_seconds_from_lsi(void **state)
{
	struct mcu *m = awake();

	(void)state;
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_CSR, 1);
	run_for(m, MS);
	assert_int_equal(rd(m, RCC_CSR) & 3, 3);
	wr(m, RCC_BDCR, 0x8200);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 39999);
	wr(m, RTC + 0x20, 0);
	wr(m, RTC + 0x24, 2);
	wr(m, RTC + 4, 0);
	wr(m, 0x40010400, 1u << 17);
	wr(m, 0x40010408, 1u << 17);
	run_for(m, 2500 * MS);
	assert_int_equal(rd(m, RTC + 0x1C), 2);
	assert_int_equal(rd(m, RTC + 4) & 0x2A, 0x28); /* RTOFF, RSF, no alarm yet */
	run_for(m, 1000 * MS);
	assert_int_equal(rd(m, RTC + 4) & 2, 2);
	assert_true(pending(m, 41));
	mcu_free(m);
}

/* RTCEN may be set long before the crystal oscillates: counting starts then, and not earlier. */
static void rtc_starts_when_its_clock_does(void **state)
{
	struct mcu *m = awake();

	(void)state;
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_BDCR, 0x8101);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 0x7FFF);
	wr(m, RTC + 4, 0);
	run_for(m, 1000 * MS);
	assert_int_equal(rd(m, RTC + 4) & 8, 0); /* RSF: no RTC clock yet */
	assert_int_equal(rd(m, RTC + 0x1C), 0);
	run_for(m, 3700 * MS); /* LSE starts after 2.5 s */
	assert_int_equal(rd(m, RTC + 4) & 8, 8);
	assert_int_equal(rd(m, RTC + 0x1C), 2);
	mcu_free(m);
}

/* RTC on LSI, a second a count, in configuration mode. */
static struct mcu *rtc_in_configuration(void)
{
	struct mcu *m = awake();

	wr(m, PWR_CR, 0x100);
	wr(m, RCC_CSR, 1);
	run_for(m, MS);
	wr(m, RCC_BDCR, 0x8200);
	wr(m, RTC + 4, 0x10);
	wr(m, RTC + 8, 0);
	wr(m, RTC + 0xC, 39999);
	return m;
}

static void rtc_interrupts_for_seconds_and_overflow(void **state)
{
	struct mcu *m = rtc_in_configuration();

	(void)state;
	wr(m, RTC + 0x18, 0xFFFF);
	wr(m, RTC + 0x1C, 0xFFFE);
	wr(m, RTC + 4, 0);
	wr(m, RTC, 1); /* SECIE */
	assert_false(pending(m, 3));
	run_for(m, 1100 * MS);
	assert_true(pending(m, 3));
	assert_int_equal(rd(m, RTC + 4) & 5, 1);
	wr(m, RTC + 4, 0x20);
	wr(m, 0xE000E280, 1u << 3);
	assert_false(pending(m, 3));
	wr(m, RTC, 4); /* OWIE */
	run_for(m, 1100 * MS);
	assert_int_equal(rd(m, RTC + 4) & 5, 5);
	assert_true(pending(m, 3));
	assert_int_equal(rd(m, RTC + 0x1C), 0);
	mcu_free(m);
}

static void rtc_settings_need_configuration_mode_and_dbp(void **state)
{
	struct mcu *m = rtc_in_configuration();

	(void)state;
	wr(m, RTC + 0x1C, 100);
	wr(m, RTC + 4, 0);
	wr(m, RTC + 0x1C, 200); /* CNF is off */
	assert_int_equal(rd(m, RTC + 0x1C), 100);
	wr(m, PWR_CR, 0);
	wr(m, RTC + 4, 0x10); /* DBP is off: not even CNF */
	wr(m, RTC + 0x1C, 300);
	assert_int_equal(rd(m, RTC + 4) & 0x10, 0);
	assert_int_equal(rd(m, RTC + 0x1C), 100);
	run_for(m, 500 * MS);
	assert_in_range(rd(m, RTC + 0x14), 19000, 21000); /* DIV: half a second to go */
	mcu_free(m);
}

static void ready_flags_interrupt(void **state)
{
	struct mcu *m = awake();

	(void)state;
	wr(m, RCC_CIR, 8u << 8); /* HSERDYIE */
	wr(m, RCC_CR, rd(m, RCC_CR) | HSEON);
	assert_false(pending(m, 5));
	run_for(m, 2 * MS);
	assert_int_equal(rd(m, RCC_CIR), 8u << 8 | 8);
	assert_true(pending(m, 5));
	wr(m, RCC_CIR, 8u << 16 | 8u << 8);
	assert_int_equal(rd(m, RCC_CIR), 8u << 8);
	mcu_free(m);
}

/* RTCSEL is chosen once; only a reset of the backup domain lets it be chosen again. */
static void the_rtc_clock_is_chosen_once(void **state)
{
	struct mcu *m = awake();

	(void)state;
	wr(m, RCC_BDCR, 0x8200);
	assert_int_equal(rd(m, RCC_BDCR), 0); /* DBP */
	wr(m, PWR_CR, 0x100);
	wr(m, RCC_BDCR, 0x8200);
	wr(m, RCC_BDCR, 0x8100);
	assert_int_equal(rd(m, RCC_BDCR), 0x8200);
	wr(m, RCC_BDCR, 0x10000);
	wr(m, RCC_BDCR, 0x8100);
	assert_int_equal(rd(m, RCC_BDCR), 0x8100);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failing_crystal_brings_nmi_and_hsi),
		cmocka_unit_test(a_reset_ends_the_nmi),
		cmocka_unit_test(an_unused_pll_stays_on),
		cmocka_unit_test(without_css_the_core_stands_until_reset),
		cmocka_unit_test(the_watchdog_still_bites_a_core_without_clock),
		cmocka_unit_test(choosing_a_dead_clock_stops_at_once),
		cmocka_unit_test(hserdy_never_comes_without_crystal),
		cmocka_unit_test(the_rtc_stands_while_its_crystal_does),
		cmocka_unit_test(backup_registers_need_dbp_and_survive_resets),
		cmocka_unit_test(rtc_counts_seconds_from_lsi),
		cmocka_unit_test(rtc_starts_when_its_clock_does),
		cmocka_unit_test(rtc_interrupts_for_seconds_and_overflow),
		cmocka_unit_test(rtc_settings_need_configuration_mode_and_dbp),
		cmocka_unit_test(ready_flags_interrupt),
		cmocka_unit_test(the_rtc_clock_is_chosen_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
