/*
 * The small print of what is not exceptions: special registers, what a fault
 * leaves alone, privilege, sleeping, exclusives. Expected values are DDI 0403's.
 */
#include "cpu_fixture.h"

/* ---- special registers ----------------------------------------------------------------- */

enum { SYSM_PRIMASK = 16, SYSM_BASEPRI, SYSM_BASEPRI_MAX, SYSM_FAULTMASK, SYSM_CONTROL };
#define MSR_R0(sysm) 0xF380, 0x8800 | (sysm)

/* As MCU_SPECIAL has them. */
#define FAULTMASK (1u << 16)
#define BASEPRI(n) ((uint32_t)(n) << 8)
#define NPRIV (1u << 24)
#define SPSEL (2u << 24)

/* A core in that exception's handler (0: thread mode), about to execute MSR sysm, r0. */
static struct mcu *before_msr(unsigned exception, uint16_t sysm)
{
	struct mcu *m;

	if (exception == 0)
		return BOOT(MSR_R0(sysm), SPIN);
	m = exception == EXC_HARDFAULT ? BOOT(UDF) : BOOT(NOP, SPIN);
	WRITE_HANDLER(m, exception, NOP, MSR_R0(sysm), SPIN);
	if (exception == EXC_NMI)
		debug_put(m, SCS_ICSR, 1u << 31);
	else if (exception == EXC_IRQ0)
		irq(m, 0, 0x80);
	for (unsigned i = 0; i < 2 && mcu_exception(m) != exception; i++)
		steps(m, 1);
	EQ(mcu_exception(m), exception);
	EQ(reg(m, MCU_PC), HANDLER(exception) + 2);
	return m;
}

/* B5.2.3: BASEPRI has four bits here, BASEPRI_MAX only raises (a value of 0 does not
 * mask at all), FAULTMASK is not set at HardFault's priority or above, and SPSEL is
 * of thread mode. */
static void what_msr_may_write(void **state)
{
	static const struct {
		unsigned exception;
		uint16_t sysm;
		uint32_t before, value, after;
	} row[] = {
		{0, SYSM_PRIMASK, 0, 3, 1},
		{0, SYSM_PRIMASK, 1, 2, 0},
		{0, SYSM_BASEPRI, 0, 0x1FF, BASEPRI(0xF0)},
		{0, SYSM_BASEPRI, BASEPRI(0x10), 0x140, BASEPRI(0x40)},
		{0, SYSM_BASEPRI, BASEPRI(0x40), 0, 0},
		{0, SYSM_BASEPRI_MAX, 0, 0x40, BASEPRI(0x40)},
		{0, SYSM_BASEPRI_MAX, BASEPRI(0x40), 0x80, BASEPRI(0x40)},
		{0, SYSM_BASEPRI_MAX, BASEPRI(0x40), 0x130, BASEPRI(0x30)},
		{0, SYSM_BASEPRI_MAX, BASEPRI(0x40), 0, BASEPRI(0x40)},
		{0, SYSM_BASEPRI_MAX, BASEPRI(0x40), 0x0F, BASEPRI(0x40)},
		{0, SYSM_FAULTMASK, 0, 3, FAULTMASK},
		{0, SYSM_FAULTMASK, 0, 2, 0},
		{0, SYSM_FAULTMASK, FAULTMASK, 2, 0},
		{EXC_IRQ0, SYSM_FAULTMASK, 0, 1, FAULTMASK},
		{EXC_HARDFAULT, SYSM_FAULTMASK, 0, 1, 0},
		{EXC_HARDFAULT, SYSM_FAULTMASK, FAULTMASK, 0, 0},
		{EXC_NMI, SYSM_FAULTMASK, 0, 1, 0},
		{EXC_NMI, SYSM_FAULTMASK, FAULTMASK, 0, 0},
		{0, SYSM_CONTROL, 0, 0xFFFFFFFF, NPRIV | SPSEL},
		{EXC_IRQ0, SYSM_CONTROL, 0, 3, NPRIV},
		{EXC_IRQ0, SYSM_CONTROL, NPRIV, 2, 0},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct mcu *m = before_msr(row[i].exception, row[i].sysm);

		mcu_set_reg(m, MCU_SPECIAL, row[i].before);
		mcu_set_reg(m, MCU_R0, row[i].value);
		steps(m, 1);
		if (mcu_reg(m, MCU_SPECIAL) != row[i].after)
			fail_msg("row %zu: %08x", i, mcu_reg(m, MCU_SPECIAL));
		mcu_free(m);
	}
}

/* MSR APSR_g names the GE bits, which only the DSP extension has, and no mask at all is
 * UNPREDICTABLE: neither touches the flags. */
static void msr_writes_the_flags_it_names(void **state)
{
	static const struct {
		uint16_t low;
		uint32_t flags;
	} row[] = {{0x8800, 0xF8000000}, {0x8C00, 0xF8000000}, {0x8400, 0}, {0x8000, 0}};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct mcu *m = BOOT(0xF380, row[i].low, SPIN);

		mcu_set_reg(m, MCU_XPSR, 1u << 24);
		mcu_set_reg(m, MCU_R0, UINT32_MAX);
		steps(m, 1);
		EQ(mcu_reg(m, MCU_XPSR), 1u << 24 | row[i].flags);
		mcu_free(m);
	}
}

/* ---- faults ---------------------------------------------------------------------------- */

#define NOTHING 0x30000000u /* no memory there */
#define ODD 0x20000101u

static void assert_abandoned(size_t row, struct mcu *m, const uint32_t before[13])
{
	uint32_t frame = reg(m, 13);

	for (unsigned i = 0; i < 13; i++)
		if (reg(m, i) != before[i])
			fail_msg("row %zu: r%u is %08x", row, i, reg(m, i));
	if (mcu_exception(m) != EXC_HARDFAULT || peek(m, frame + 24) != CODE || frame != STACK - 32)
		fail_msg("row %zu: exception %u, returns to %08x", row, mcu_exception(m),
			 peek(m, frame + 24));
}

/* The handler finds the instruction that did it, and all its registers as they were
 * (B1.5.6). */
static void a_fault_abandons_the_instruction(void **state)
{
	static const struct {
		uint16_t code[2];
		uint32_t r0, ccr;
		bool exclusive;
	} row[] = {
		{{0xFBB1, 0xF3F2}, 0, CCR_DIV_0_TRP, false}, /* udiv r3, r1, r2 */
		{{0xFB91, 0xF3F2}, 0, CCR_DIV_0_TRP, false}, /* sdiv r3, r1, r2 */
		{{0xE8D0, 0xF002}, NOTHING, 0, false},	     /* tbb [r0, r2] */
		{{0xE8D0, 0xF012}, NOTHING, 0, false},	     /* tbh [r0, r2, lsl #1] */
		{{0xF850, 0x3B04}, NOTHING, 0, false},	     /* ldr r3, [r0], #4 */
		{{0xF840, 0x3B04}, NOTHING, 0, false},	     /* str r3, [r0], #4 */
		{{0xE8F0, 0x3401}, NOTHING, 0, false},	     /* ldrd r3, r4, [r0], #4 */
		{{0xE8E0, 0x3401}, NOTHING, 0, false},	     /* strd r3, r4, [r0], #4 */
		{{0xC818, 0xBF00}, NOTHING, 0, false},	     /* ldm r0!, {r3, r4} */
		{{0xC018, 0xBF00}, NOTHING, 0, false},	     /* stm r0!, {r3, r4} */
		{{0xE850, 0x3F00}, NOTHING, 0, false},	     /* ldrex r3, [r0] */
		{{0xE850, 0x3F00}, ODD + 1, 0, false},
		{{0xE8D0, 0x3F5F}, ODD, 0, false},	     /* ldrexh r3, [r0] */
		{{0xE8D0, 0x3F4F}, NOTHING, 0, false},	     /* ldrexb r3, [r0] */
		{{0xE840, 0x4300}, NOTHING, 0, true},	     /* strex r3, r4, [r0] */
		{{0xE840, 0x4300}, ODD + 1, 0, true},
		{{0xE840, 0x4300}, ODD + 1, 0, false},
		{{0xE8C0, 0x4F53}, ODD, 0, true},	     /* strexh r3, r4, [r0] */
		{{0xE8C0, 0x4F43}, NOTHING, 0, true},	     /* strexb r3, r4, [r0] */
	};

	for (size_t i = 0; i < 2 * sizeof row / sizeof row[0]; i++) {
		size_t n = i / 2;
		struct mcu *m = BOOT(row[n].code[0], row[n].code[1], SPIN);
		uint32_t before[13];

		cpu_plain_only(m, i & 1);
		debug_put(m, SCS_CCR, row[n].ccr);
		for (unsigned k = 0; k < 13; k++)
			mcu_set_reg(m, k, before[k] = k ? k == 2 ? 0 : 0x1111u * k : row[n].r0);
		m->s.cpu.exclusive = row[n].exclusive;
		steps(m, 2);
		assert_abandoned(n, m, before);
		mcu_free(m);
	}
}

/* ---- privilege ------------------------------------------------------------------------- */

static void unprivileged_code_changes_nothing(void **state)
{
	/* msr control, r0 (1); cpsid i; msr basepri, r1; ldr r2, [r3] (SCS) */
	struct mcu *m = BOOT(0xF380, 0x8814, 0xB672, 0xF381, 0x8811, 0x681A, SPIN);

	mcu_set_reg(m, MCU_R0, 1);
	mcu_set_reg(m, 1, 0x40);
	mcu_set_reg(m, 3, SCS_CPUID);
	debug_put(m, SCS_SHCSR, 1u << 17);
	steps(m, 3);
	EQ(mcu_reg(m, MCU_SPECIAL), 0x01000000);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_BUSFAULT);
	EQ(debug_get(m, SCS_BFAR), SCS_CPUID);
	mcu_free(m);

	m = BOOT(0xF380, 0x8814, 0x6019, SPIN); /* msr control, r0; str r1, [r3] (STIR) */
	mcu_set_reg(m, MCU_R0, 1);
	mcu_set_reg(m, 1, 5);
	mcu_set_reg(m, 3, SCS_STIR);
	debug_put(m, SCS_CCR, CCR_USERSETMPEND);
	steps(m, 2);
	EQ(debug_get(m, SCS_NVIC_ISPR), 1u << 5);
	mcu_free(m);
}

/* ---- sleeping -------------------------------------------------------------------------- */

static void sleeponexit_sleeps_between_handlers(void **state)
{
	struct mcu *m = BOOT(NOP, 0x3001, 0xE7FD); /* adds r0, #1; b .-2 */
	uint32_t r0;

	WRITE_HANDLER(m, EXC_IRQ0, 0x3401, BX_LR); /* adds r4, #1 */
	keep_bus_in_sleep(m);
	debug_put(m, SCS_SCR, SCR_SLEEPONEXIT);
	mcu_set_reg(m, 4, 0);
	for (unsigned i = 1; i < 4; i++) {
		irq(m, 0, 0);
		run_ns(m, 20000);
		EQ(mcu_mode(m), MCU_MODE_SLEEP);
		assert_true(debug_get(m, SCS_DHCSR) & 1u << 18); /* S_SLEEP */
		EQ(reg(m, 4), i);
		r0 = reg(m, 0);
		run_ns(m, 20000);
		EQ(reg(m, 0), r0);
	}
	debug_put(m, SCS_SCR, 0);
	irq(m, 0, 0);
	run_ns(m, 20000);
	EQ(mcu_mode(m), MCU_MODE_RUN);
	assert_true(reg(m, 0) > r0);
	mcu_free(m);
}

/* What wakes WFE: an interrupt that is pending but not enabled, when SEVONPEND says so. */
static void sevonpend_wakes_wfe(void **state)
{
	for (unsigned on = 0; on < 2; on++) {
		/* sev; wfe (takes the event); wfe; movs r0, #1 */
		struct mcu *m = BOOT(0xBF40, 0xBF20, 0xBF20, 0x2001, SPIN);

		mcu_set_reg(m, MCU_R0, 0);
		keep_bus_in_sleep(m);
		debug_put(m, SCS_SCR, on ? SCR_SEVONPEND : 0);
		run_ns(m, 20000);
		EQ(mcu_mode(m), MCU_MODE_SLEEP);
		EQ(reg(m, MCU_R0), 0);
		pend(m, 7);
		run_ns(m, 20000);
		EQ(reg(m, MCU_R0), on);
		EQ(mcu_mode(m), on ? MCU_MODE_RUN : MCU_MODE_SLEEP);
		mcu_free(m);
	}
}

/* So does a peripheral's line; but only as it pends what was not pending. */
static void sevonpend_hears_lines(void **state)
{
	for (unsigned on = 0; on < 2; on++) {
		struct mcu *m = BOOT(0xBF20, 0x2001, 0xBF20, 0x2002, SPIN); /* wfe; movs r0, #1 ... */

		mcu_set_reg(m, MCU_R0, 0);
		m->s.cpu.event = false;
		keep_bus_in_sleep(m);
		debug_put(m, SCS_SCR, on ? SCR_SEVONPEND : 0);
		run_ns(m, 20000);
		EQ(mcu_mode(m), MCU_MODE_SLEEP);
		nvic_line(m, 7, true);
		run_ns(m, 20000);
		EQ(reg(m, MCU_R0), on);
		EQ(mcu_mode(m), MCU_MODE_SLEEP);
		nvic_line(m, 7, false);
		nvic_line(m, 7, true);
		run_ns(m, 20000);
		EQ(reg(m, MCU_R0), on);
		debug_put(m, SCS_ICSR, 1u << 27); /* PENDSVCLR pends nothing */
		run_ns(m, 20000);
		EQ(reg(m, MCU_R0), on);
		mcu_free(m);
	}
}

static void primask_lets_wfi_wake_but_not_enter(void **state)
{
	struct mcu *m = BOOT(0xB672, 0xBF30, 0x2001, SPIN); /* cpsid i; wfi; movs r0, #1 */

	keep_bus_in_sleep(m);
	mcu_set_reg(m, MCU_R0, 0);
	run_ns(m, 20000);
	EQ(mcu_mode(m), MCU_MODE_SLEEP);
	irq(m, 0, 0);
	run_ns(m, 20000);
	EQ(reg(m, MCU_R0), 1);
	EQ(mcu_exception(m), 0);
	mcu_free(m);
}

/* Nothing behind WFI is executed before the core sleeps. */
static void wfi_is_the_last(void **state)
{
	struct mcu *m = BOOT(0xBF30, 0x3001, SPIN); /* wfi; adds r0, #1 */

	mcu_set_reg(m, MCU_R0, 0);
	run_ns(m, 20000);
	EQ(mcu_mode(m), MCU_MODE_SLEEP);
	EQ(reg(m, MCU_R0), 0);
	EQ(reg(m, MCU_PC), CODE + 2);
	mcu_free(m);
}

/* ---- exclusives ------------------------------------------------------------------------ */

static void exclusives_hold_once(void **state)
{
	/* ldrex r1, [r0]; strex r2, r3, [r0]; strex r4, r3, [r0] */
	struct mcu *m = BOOT(0xE850, 0x1F00, 0xE840, 0x3200, 0xE840, 0x3400, SPIN);

	mcu_set_reg(m, MCU_R0, 0x20000100);
	mcu_set_reg(m, 3, 0x33);
	steps(m, 3);
	EQ(reg(m, 2), 0);
	EQ(reg(m, 4), 1);
	EQ(peek(m, 0x20000100), 0x33);
	mcu_free(m);

	/* ldrex; clrex; strex */
	m = BOOT(0xE850, 0x1F00, 0xF3BF, 0x8F2F, 0xE840, 0x3200, SPIN);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	mcu_set_reg(m, 2, 9);
	steps(m, 3);
	EQ(reg(m, 2), 1);
	mcu_free(m);

	/* ldrex r1, [r0, #4]; strex r2, r3, [r0, #8]: the place is not looked at (DDI 0337) */
	m = BOOT(0xE850, 0x1F01, 0xE840, 0x3202, SPIN);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	mcu_set_reg(m, 3, 0x33);
	put_word(m, 0x20000104, 0x44);
	steps(m, 2);
	EQ(reg(m, 1), 0x44);
	EQ(reg(m, 2), 0);
	EQ(peek(m, 0x20000108), 0x33);
	mcu_free(m);
}

/* An exception's entry and its return each clear the monitor. */
static void exceptions_clear_the_monitor(void **state)
{
	struct mcu *m = BOOT(0xE850, 0x1F00, 0xE840, 0x3200, SPIN);

	WRITE_HANDLER(m, EXC_IRQ0, BX_LR);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	steps(m, 1);
	irq(m, 0, 0);
	steps(m, 2);
	EQ(reg(m, 2), 1);
	mcu_free(m);

	m = BOOT(0xE850, 0x1F00, SPIN); /* nor is the thread's the handler's */
	WRITE_HANDLER(m, EXC_IRQ0, 0xE840, 0x3200, SPIN);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	steps(m, 1);
	irq(m, 0, 0);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	EQ(reg(m, 2), 1);
	mcu_free(m);

	m = BOOT(NOP, 0xE840, 0x3200, SPIN); /* the handler's LDREX is not the thread's */
	WRITE_HANDLER(m, EXC_IRQ0, 0xE850, 0x1F00, BX_LR);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	irq(m, 0, 0);
	for (int i = 0; i < 10 && reg(m, MCU_PC) != CODE + 6; i++)
		steps(m, 1);
	EQ(reg(m, 2), 1);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_msr_may_write),
		cmocka_unit_test(msr_writes_the_flags_it_names),
		cmocka_unit_test(a_fault_abandons_the_instruction),
		cmocka_unit_test(unprivileged_code_changes_nothing),
		cmocka_unit_test(sleeponexit_sleeps_between_handlers),
		cmocka_unit_test(sevonpend_wakes_wfe),
		cmocka_unit_test(sevonpend_hears_lines),
		cmocka_unit_test(primask_lets_wfi_wake_but_not_enter),
		cmocka_unit_test(wfi_is_the_last),
		cmocka_unit_test(exclusives_hold_once),
		cmocka_unit_test(exceptions_clear_the_monitor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
