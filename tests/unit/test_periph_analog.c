/* mcu: ADC and DAC. */
#include "mcu_fixture.h"

#define TIM1 0x40012C00u
#define TIM2 0x40000000u
#define ADC1 0x40012400u
#define ADC2 0x40012800u
#define DAC 0x40007400u
#define DMA2_CH3 0x40020430u
#define DMA1 0x40020000u
#define RCC 0x40021000u

/* ---- ADC, DAC ------------------------------------------------------------------------ */

static void adc_calibrates_and_converts(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, 9);
	wr(m, ADC1 + 8, 5);
	assert_true(rd(m, ADC1 + 8) & 4);
	run_for(m, MS);
	assert_false(rd(m, ADC1 + 8) & 0xC);
	mcu_pin_drive(m, 0, 3, 1);
	wr(m, ADC1 + 0x34, 3);
	wr(m, ADC1 + 8, 1);
	assert_false(rd(m, ADC1) & 2);
	run_for(m, MS);
	assert_true(rd(m, ADC1) & 2);
	assert_int_equal(rd(m, ADC1 + 0x4C), 4095);
	assert_false(rd(m, ADC1) & 2);
	mcu_free(m);
}

static void a_conversion_moves_one_item(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, RCC + 0x18, 1u << 2 | 1u << 9);
	wr(m, RCC + 0x14, 1u);
	wr(m, DMA1 + 0x08 + 4, 8);
	wr(m, DMA1 + 0x08 + 8, ADC1 + 0x4C);
	wr(m, DMA1 + 0x08 + 12, 0x20000100);
	wr(m, DMA1 + 0x08, 0x5A1);       /* circular, half-words, MINC, EN */
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, 1 | 1u << 8 | 7u << 17 | 1u << 20 | 1u << 22); /* DMA, SWSTART */
	run_for(m, MS);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 7);
	wr(m, ADC1 + 8, 1 | 1u << 8 | 7u << 17 | 1u << 20 | 1u << 22);
	run_for(m, MS);
	assert_int_equal(rd(m, DMA1 + 0x08 + 4), 6);
	mcu_free(m);
}

static struct mcu *converting(uint32_t cr1, uint32_t cr2)
{
	struct mcu *m = clocked();

	mcu_pin_drive(m, 0, 1, 1);
	mcu_pin_drive(m, 0, 2, 0);
	wr(m, ADC1 + 0x34, 1 | 2u << 5 | 1u << 10); /* PA1, PA2, PA1 */
	wr(m, ADC1 + 0x2C, 2u << 20);
	wr(m, ADC1 + 4, cr1);
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, cr2 | 1);
	return m;
}

#define SOFTWARE (7u << 17 | 1u << 20)
#define SWSTART (1u << 22)

static void adc_interrupts_for_each_of_its_flags(void **state)
{
	struct mcu *m = converting(0x20, SOFTWARE); /* EOCIE */

	(void)state;
	wr(m, ADC1 + 8, SOFTWARE | SWSTART | 1);
	assert_false(pending(m, 18));
	run_for(m, MS);
	assert_true(pending(m, 18));
	mcu_free(m);
	m = converting(0x800040, SOFTWARE); /* AWDEN, AWDIE: 4095 is too high */
	wr(m, ADC1 + 0x24, 4000);
	wr(m, ADC1 + 8, SOFTWARE | SWSTART | 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC1) & 1, 1);
	assert_true(pending(m, 18));
	wr(m, ADC1, 0);
	assert_int_equal(rd(m, ADC1), 0);
	mcu_free(m);
	m = converting(0x80, 7u << 12 | 1u << 15); /* JEOCIE */
	wr(m, ADC1 + 0x38, 1u << 20 | 1u << 15 | 2u << 10 | 1u << 5); /* two: JSQ3, JSQ4 */
	wr(m, ADC1 + 0x18, 5); /* JOFR2 */
	wr(m, ADC1 + 8, 7u << 12 | 1u << 15 | 1u << 21 | 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC1) & 0xC, 0xC);
	assert_true(pending(m, 18));
	assert_int_equal(rd(m, ADC1 + 0x3C), 0);
	assert_int_equal(rd(m, ADC1 + 0x40), 4090);
	mcu_free(m);
}

static void a_switched_off_adc_converts_nothing(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, ADC1 + 8, SOFTWARE | SWSTART);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC1), 0);
	mcu_free(m);
}

/* DISCNUM channels a start, then the sequence from its beginning (11.3.10). */
static void a_discontinuous_group_goes_on_at_each_start(void **state)
{
	static const uint32_t values[] = {4095, 0, 4095, 4095};
	struct mcu *m = converting(0x100 | 0x800, SOFTWARE);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		wr(m, ADC1 + 8, SOFTWARE | SWSTART | 1);
		run_for(m, MS);
		assert_int_equal(rd(m, ADC1) & 2, 2);
		assert_int_equal(rd(m, ADC1 + 0x4C), values[i]);
	}
	mcu_free(m);
}

static void timer_1_mhz_update(struct mcu *m, uint32_t base, uint32_t arr)
{
	wr(m, base + 0x28, 7);
	wr(m, base + 0x2C, arr);
	wr(m, base + 4, 1u << 4); /* TRGO: not by UG */
	wr(m, base + 0x14, 1);
	wr(m, base + 4, 2u << 4); /* TRGO: update */
	wr(m, base, 1);
}

/* Motor control: TIM1's TRGO starts the injected group. */
static void a_timer_starts_the_injected_group(void **state)
{
	struct mcu *m = converting(0x80, 1u << 15); /* JEXTSEL 0: TIM1_TRGO */

	(void)state;
	timer_1_mhz_update(m, TIM1, 499);
	run_for(m, 400000);
	assert_int_equal(rd(m, ADC1) & 4, 0);
	run_for(m, 200000);
	assert_int_equal(rd(m, ADC1) & 4, 4);
	assert_true(pending(m, 18));
	mcu_free(m);
}

static void a_compare_starts_the_regular_group(void **state)
{
	struct mcu *m = converting(0, 3u << 17 | 1u << 20); /* EXTSEL 3: TIM2_CC2 */

	(void)state;
	wr(m, TIM2 + 0x28, 7);
	wr(m, TIM2 + 0x2C, 999);
	wr(m, TIM2 + 0x38, 300);
	wr(m, TIM2 + 0x14, 1);
	wr(m, TIM2, 1);
	run_for(m, 250000);
	assert_int_equal(rd(m, ADC1) & 2, 0);
	run_for(m, 3 * MS);
	assert_int_equal(rd(m, ADC1) & 2, 2);
	mcu_free(m);
}

static void exti_11_starts_the_regular_group(void **state)
{
	struct mcu *m = converting(0, 6u << 17 | 1u << 20);

	(void)state;
	wr(m, 0x40010404, 1u << 11); /* event, rising */
	wr(m, 0x40010408, 1u << 11);
	wr(m, 0x40010010, 0x1000); /* PB11 */
	mcu_pin_drive(m, 1, 10, 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC1) & 2, 0);
	mcu_pin_drive(m, 1, 11, 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC1) & 2, 2);
	mcu_free(m);
}

static void tim8_takes_the_place_of_exti_11_by_remap(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, ADC1 + 8, 1);
	wr(m, ADC1 + 8, 6u << 17 | 1u << 20 | 1);
	timer_1_mhz_update(m, 0x40013400, 499);
	run_for(m, 2 * MS);
	assert_int_equal(rd(m, ADC1) & 2, 0);
	wr(m, 0x40010004, 1u << 18); /* ADC1_ETRGREG_REMAP */
	run_for(m, 2 * MS);
	assert_int_equal(rd(m, ADC1) & 2, 2);
	mcu_free(m);
}

/* Regular simultaneous mode: one start, both results in ADC1's DR. */
static void two_adcs_convert_together(void **state)
{
	struct mcu *m = converting(6u << 16, SOFTWARE);

	(void)state;
	wr(m, ADC2 + 0x34, 2);
	mcu_pin_drive(m, 0, 2, 1);
	mcu_pin_drive(m, 0, 1, 0);
	wr(m, ADC2 + 8, 1);
	wr(m, ADC1 + 8, SOFTWARE | SWSTART | 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC2) & 2, 2);
	assert_int_equal(rd(m, ADC1 + 0x4C), 4095u << 16);
	wr(m, ADC2, 0);
	wr(m, ADC1 + 4, 0); /* independent again */
	wr(m, ADC1 + 8, SOFTWARE | SWSTART | 1);
	run_for(m, MS);
	assert_int_equal(rd(m, ADC2) & 2, 0);
	assert_int_equal(rd(m, ADC1 + 0x4C), 0);
	mcu_free(m);
}

static void dac_takes_three_alignments_and_pairs(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, DAC + 0x0C, 0xABC0);
	assert_int_equal(rd(m, DAC + 0x2C), 0xABC);
	wr(m, DAC + 0x1C, 0x5A);
	assert_int_equal(rd(m, DAC + 0x30), 0x5A0);
	wr(m, DAC + 0x20, 0x01230456);
	assert_int_equal(rd(m, DAC + 0x2C), 0x456);
	assert_int_equal(rd(m, DAC + 0x30), 0x123);
	wr(m, DAC + 0x24, 0x11102220);
	assert_int_equal(rd(m, DAC + 0x2C), 0x222);
	assert_int_equal(rd(m, DAC + 0x30), 0x111);
	wr(m, DAC + 0x28, 0x3412);
	assert_int_equal(rd(m, DAC + 0x2C), 0x120);
	assert_int_equal(rd(m, DAC + 0x30), 0x340);
	mcu_free(m);
}

/* Sound: TIM6 asks, DMA2 channel 3 brings the next sample. */
static void a_timer_feeds_the_dac_by_dma(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, 0x20000100, 0x02220111);
	wr(m, DMA2_CH3 + 4, 2);
	wr(m, DMA2_CH3 + 8, DAC + 8);
	wr(m, DMA2_CH3 + 12, 0x20000100);
	wr(m, DMA2_CH3, 0x593); /* half-words, MINC, from memory, TCIE, EN */
	wr(m, DAC, 0x1005);            /* TSEL 0: TIM6 */
	timer_1_mhz_update(m, 0x40001000, 99);
	run_for(m, 150000);
	assert_int_equal(rd(m, DAC + 0x2C), 0x111);
	assert_false(pending(m, 58));
	run_for(m, 100000);
	assert_int_equal(rd(m, DAC + 0x2C), 0x222);
	assert_true(pending(m, 58));
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adc_calibrates_and_converts),
		cmocka_unit_test(a_conversion_moves_one_item),
		cmocka_unit_test(adc_interrupts_for_each_of_its_flags),
		cmocka_unit_test(a_switched_off_adc_converts_nothing),
		cmocka_unit_test(a_discontinuous_group_goes_on_at_each_start),
		cmocka_unit_test(a_timer_starts_the_injected_group),
		cmocka_unit_test(a_compare_starts_the_regular_group),
		cmocka_unit_test(exti_11_starts_the_regular_group),
		cmocka_unit_test(tim8_takes_the_place_of_exti_11_by_remap),
		cmocka_unit_test(two_adcs_convert_together),
		cmocka_unit_test(a_timer_feeds_the_dac_by_dma),
		cmocka_unit_test(dac_takes_three_alignments_and_pairs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
