/*
 * The registers of the interrupt controller and of SysTick. DDI 0403 B3.3, B3.4;
 * RM0008 10.1 for the external clock. What exceptions do is test_cpu_rules's.
 */
#include "cpu_fixture.h"

#define ENABLE 1u
#define TICKINT 2u
#define CLKSOURCE 4u
#define COUNTFLAG (1u << 16)
#define PENDSTSET (1u << 26)

/* ---- interrupts -------------------------------------------------------------------------- */

static void only_fitted_interrupts_exist(void **state)
{
	static const struct {
		const char *chip;
		uint32_t word[3], priorities, at;
	} row[] = {
		{"STM32F103C8", {UINT32_MAX, 0x7FF, 0}, 0x00F0F0F0, 40}, /* 43 of them */
		{"STM32F103RC", {UINT32_MAX, 0x0FFFFFFF, 0}, 0xF0F0F0F0, 56}, /* 60 */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct mcu *m = boot_chip(row[i].chip, HALFWORDS(SPIN), 1);

		for (unsigned w = 0; w < 3; w++) {
			debug_put(m, SCS_NVIC_ISPR + 4 * w, UINT32_MAX);
			EQ(debug_get(m, SCS_NVIC_ISPR + 4 * w), row[i].word[w]);
			EQ(debug_get(m, SCS_NVIC_ICPR + 4 * w), row[i].word[w]);
			debug_put(m, SCS_NVIC_ICPR + 4 * w, UINT32_MAX);
			EQ(debug_get(m, SCS_NVIC_ISPR + 4 * w), 0);
			debug_put(m, SCS_NVIC_ISER + 4 * w, UINT32_MAX);
			EQ(debug_get(m, SCS_NVIC_ISER + 4 * w), row[i].word[w]);
			EQ(debug_get(m, SCS_NVIC_ISPR + 12), 0); /* no words but these */
			debug_put(m, SCS_NVIC_ICER + 4 * w, 0xFFFF00FF);
			EQ(debug_get(m, SCS_NVIC_ICER + 4 * w), row[i].word[w] & 0xFF00);
			EQ(debug_get(m, SCS_NVIC_IABR + 4 * w), 0);
		}
		debug_put(m, SCS_NVIC_IPR + row[i].at, UINT32_MAX);
		EQ(debug_get(m, SCS_NVIC_IPR + row[i].at), row[i].priorities);
		debug_put(m, SCS_NVIC_IPR + row[i].at + 4, UINT32_MAX);
		EQ(debug_get(m, SCS_NVIC_IPR + row[i].at + 4), 0);
		mcu_free(m);
	}
}

/* Four bits each, written as bytes, half-words or words. */
static void priorities_by_byte_and_word(void **state)
{
	struct mcu *m = BOOT(SPIN);

	debug_put(m, SCS_NVIC_IPR + 4, 0x8F8F8F8F);
	debug_put(m, SCS_NVIC_IPR, 0x12345678);
	EQ(debug_get(m, SCS_NVIC_IPR), 0x10305070);
	EQ(debug_get(m, SCS_NVIC_IPR + 4), 0x80808080);
	EQ(mcu_debug_write(m, SCS_NVIC_IPR + 1, 1, 0xAB), MCU_ACCESS_OK);
	EQ(debug_get(m, SCS_NVIC_IPR), 0x1030A070);
	EQ(mcu_debug_write(m, SCS_NVIC_IPR + 2, 2, 0xCDEF), MCU_ACCESS_OK);
	EQ(debug_get(m, SCS_NVIC_IPR), 0xC0E0A070);
	EQ(debug_get(m, SCS_NVIC_IPR + 4), 0x80808080);
	mcu_free(m);
}

static void lines_outside(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	nvic_line(m, 43, true); /* none such */
	nvic_line(m, 42, true);
	EQ(debug_get(m, SCS_NVIC_ISPR + 4), 1u << 10);
	nvic_nmi(m, false); /* as it is already */
	EQ(debug_get(m, SCS_ICSR) >> 31, 0);
	nvic_nmi(m, true);
	EQ(debug_get(m, SCS_ICSR) >> 31, 1);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_NMI);
	nvic_nmi(m, true);
	EQ(debug_get(m, SCS_ICSR) >> 31, 0);
	mcu_free(m);
}

/* ---- SysTick ------------------------------------------------------------------------------- */

/* A core that spins, its SysTick set; the cycle at which that was. */
static struct mcu *ticking(uint32_t rvr, uint32_t csr, uint64_t *since)
{
	struct mcu *m = BOOT(SPIN);

	debug_put(m, SCS_SYST_RVR, rvr);
	debug_put(m, SCS_SYST_CVR, 0x1234); /* any write clears it */
	debug_put(m, SCS_SYST_CSR, csr);
	*since = m->s.time.cycles;
	return m;
}

static uint32_t software_reads(struct mcu *m, uint32_t address)
{
	uint32_t v = 0;

	assert_true(bus_read(m, address, 4, &v));
	return v;
}

static void counts_down_and_reloads(void **state)
{
	for (unsigned scale = 1; scale <= 8; scale += 7) {
		uint64_t since;
		struct mcu *m = ticking(99, scale == 1 ? ENABLE | CLKSOURCE : ENABLE, &since);

		while (m->s.time.cycles - since < 250 * scale) {
			uint64_t ticks = (m->s.time.cycles - since) / scale;

			EQ(debug_get(m, SCS_SYST_CVR), (100 - ticks % 100) % 100);
			EQ(!!(debug_get(m, SCS_SYST_CSR) & COUNTFLAG), ticks >= 100);
			EQ(debug_get(m, SCS_ICSR) & PENDSTSET, 0); /* no TICKINT */
			mcu_step(m);
		}
		mcu_free(m);
	}
}

/* Software's look at CSR and any write to CVR clear COUNTFLAG; a debugger's look does not. */
static void countflag_goes_as_it_is_read(void **state)
{
	uint64_t since;
	struct mcu *m = ticking(20, ENABLE | CLKSOURCE, &since);

	run_ns(m, 20000);
	assert_true(debug_get(m, SCS_SYST_CSR) & COUNTFLAG);
	EQ(software_reads(m, SCS_SYST_CSR), COUNTFLAG | ENABLE | CLKSOURCE);
	EQ(software_reads(m, SCS_SYST_CSR), ENABLE | CLKSOURCE);
	run_ns(m, 20000);
	assert_true(debug_get(m, SCS_SYST_CSR) & COUNTFLAG);
	debug_put(m, SCS_SYST_CVR, 5);
	EQ(debug_get(m, SCS_SYST_CSR), ENABLE | CLKSOURCE);
	EQ(debug_get(m, SCS_SYST_CVR), 0);
	mcu_free(m);
}

static void registers_keep_their_bits(void **state)
{
	uint64_t since;
	struct mcu *m = ticking(UINT32_MAX, 0xFFFEFFF8, &since);

	EQ(debug_get(m, SCS_SYST_RVR), 0xFFFFFF);
	EQ(debug_get(m, SCS_SYST_CSR), 0);
	debug_put(m, SCS_SYST_CSR, UINT32_MAX);
	EQ(debug_get(m, SCS_SYST_CSR), ENABLE | TICKINT | CLKSOURCE);
	debug_put(m, SCS_SYST_CSR + 12, 0);
	EQ(debug_get(m, SCS_SYST_CSR + 12), 9000); /* CALIB (RM0008) */
	mcu_free(m);
}

static void a_reload_of_zero_stops(void **state)
{
	uint64_t since;
	struct mcu *m = ticking(0, ENABLE | CLKSOURCE | TICKINT, &since);

	run_ns(m, 20000);
	EQ(debug_get(m, SCS_SYST_CVR), 0);
	EQ(debug_get(m, SCS_SYST_CSR), ENABLE | CLKSOURCE | TICKINT);
	EQ(mcu_exception(m), 0);
	debug_put(m, SCS_SYST_RVR, 50); /* and goes on with another */
	since = m->s.time.cycles;
	steps(m, 5);
	EQ(debug_get(m, SCS_SYST_CVR), 51 - (m->s.time.cycles - since));
	debug_put(m, SCS_SYST_RVR, 200); /* which counts from the next time on */
	EQ(debug_get(m, SCS_SYST_CVR), 51 - (m->s.time.cycles - since));
	run_ns(m, 20000);
	EQ(mcu_exception(m), EXC_SYSTICK);
	mcu_free(m);
}

/* Disabled or halted, it keeps its value and goes on from there. */
static void stands_still_and_goes_on(void **state)
{
	uint64_t since;
	struct mcu *m = ticking(0xFFFF, ENABLE | CLKSOURCE, &since);
	uint32_t left;

	steps(m, 10);
	left = debug_get(m, SCS_SYST_CVR);
	debug_put(m, SCS_SYST_CSR, CLKSOURCE);
	steps(m, 10);
	EQ(debug_get(m, SCS_SYST_CVR), left);
	debug_put(m, SCS_SYST_CSR, ENABLE | CLKSOURCE);
	since = m->s.time.cycles;
	steps(m, 10);
	EQ(debug_get(m, SCS_SYST_CVR), left - (m->s.time.cycles - since));
	halt(m);
	left = debug_get(m, SCS_SYST_CVR);
	run_ns(m, 20000);
	EQ(debug_get(m, SCS_SYST_CVR), left);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	since = m->s.time.cycles;
	steps(m, 10);
	EQ(debug_get(m, SCS_SYST_CVR), left - (m->s.time.cycles - since));
	halt(m);
	debug_put(m, SCS_SYST_CSR, CLKSOURCE);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	left = debug_get(m, SCS_SYST_CVR);
	steps(m, 10);
	EQ(debug_get(m, SCS_SYST_CVR), left);
	mcu_free(m);

	m = ticking(20, ENABLE | CLKSOURCE, &since); /* far beyond where it would have been 0 */
	steps(m, 3);
	debug_put(m, SCS_SYST_CSR, CLKSOURCE);
	left = debug_get(m, SCS_SYST_CVR);
	run_ns(m, 20000);
	EQ(debug_get(m, SCS_SYST_CVR), left);
	EQ(debug_get(m, SCS_SYST_CSR), CLKSOURCE);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_fitted_interrupts_exist),
		cmocka_unit_test(priorities_by_byte_and_word),
		cmocka_unit_test(lines_outside),
		cmocka_unit_test(counts_down_and_reloads),
		cmocka_unit_test(countflag_goes_as_it_is_read),
		cmocka_unit_test(registers_keep_their_bits),
		cmocka_unit_test(a_reload_of_zero_stops),
		cmocka_unit_test(stands_still_and_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
