/*
 * The architecture's small print, one rule a test: masks, late arrival, the
 * stack frame, what a return may say, escalation, sleeping, exclusives, vector
 * catch, the debugger beside a sleeping core. Expected values are DDI 0403's.
 */
#include "cpu_fixture.h"

#define EQ assert_int_equal
#define CPSID_F 0xB671
#define CPSIE_F 0xB661
#define NOP 0xBF00
#define SPIN 0xE7FE
#define BX_LR 0x4770
#define UDF 0xDE00

static void irq_priority(struct mcu *m, unsigned irq, uint8_t priority)
{
	EQ(mcu_debug_write(m, SCS_NVIC_IPR + irq, 1, priority), MCU_ACCESS_OK);
	debug_put(m, SCS_NVIC_ISER, 1u << irq);
}

static void put_word(struct mcu *m, uint32_t at, uint32_t word)
{
	load_words(m, at, &word, 1);
}

/* DBGMCU_CR.DBG_SLEEP: the debugger's way in stays open while the core sleeps. */
static void keep_bus_in_sleep(struct mcu *m)
{
	debug_put(m, 0xE0042004, 1);
}

static void pend(struct mcu *m, unsigned irq)
{
	debug_put(m, SCS_NVIC_ISPR, 1u << irq);
}

static void irq(struct mcu *m, unsigned n, uint8_t priority)
{
	irq_priority(m, n, priority);
	pend(m, n);
}

/* ---- masks and priorities ---------------------------------------------------------------- */

static void faultmask_leaves_nmi_and_goes_with_the_handler(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	WRITE_HANDLER(m, EXC_IRQ0, CPSID_F, NOP, NOP, BX_LR);
	irq(m, 0, 0x80);
	steps(m, 1); /* CPSID F, in the handler */
	EQ(mcu_exception(m), EXC_IRQ0);
	irq(m, 1, 0);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	debug_put(m, SCS_ICSR, 1u << 31);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_NMI);
	EQ(mcu_reg(m, MCU_SPECIAL) >> 16 & 1, 1);
	mcu_free(m);

	m = BOOT(NOP, SPIN);
	WRITE_HANDLER(m, EXC_IRQ0, CPSID_F, BX_LR);
	irq(m, 0, 0x80);
	steps(m, 2);
	EQ(mcu_exception(m), 0);
	EQ(mcu_reg(m, MCU_SPECIAL) >> 16 & 1, 0); /* the return cleared it */
	mcu_free(m);
}

static void faultmask_is_not_set_from_hard_fault(void **state)
{
	struct mcu *m = BOOT(UDF);

	WRITE_HANDLER(m, EXC_HARDFAULT, CPSID_F, SPIN);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	EQ(mcu_reg(m, MCU_SPECIAL) >> 16 & 1, 0);
	mcu_free(m);
}

static void the_group_preempts_the_rest_only_orders(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	debug_put(m, SCS_AIRCR, 0x05FA0000 | 5 << 8); /* bits 7:6 preempt */
	EQ(debug_get(m, SCS_AIRCR), 0xFA050000 | 5 << 8);
	debug_put(m, SCS_AIRCR, 0x12340000); /* not the key */
	EQ(debug_get(m, SCS_AIRCR), 0xFA050000 | 5 << 8);
	WRITE_HANDLER(m, EXC_IRQ0, NOP, NOP, BX_LR);
	WRITE_HANDLER(m, EXC_IRQ0 + 1, NOP, SPIN);
	irq(m, 0, 0x70);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	irq(m, 2, 0x50);
	irq(m, 1, 0x40); /* the same group: waits */
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	steps(m, 2); /* BX LR; then the lower of the two that wait */
	EQ(mcu_exception(m), EXC_IRQ0 + 1);
	irq(m, 3, 0x30);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0 + 3);
	mcu_free(m);
}

/* A more urgent one that comes due while the frame is stacked goes first, on that frame. */
static void late_arrivals_overtake(void **state)
{
	unsigned overtaken = 0;

	for (unsigned ticks = 1; ticks < 40; ticks++) {
		struct mcu *m = BOOT(NOP, NOP, SPIN);
		struct mcu_limits l = {.until_ns = UINT64_MAX};

		irq_priority(m, 0, 0x80);
		debug_put(m, SCS_SYST_RVR, ticks);
		debug_put(m, SCS_SYST_CVR, 0);
		debug_put(m, SCS_SYST_CSR, 7);
		pend(m, 0);
		l.instructions = mcu_instructions(m) + 1;
		mcu_run(m, &l);
		if (mcu_exception(m) == EXC_SYSTICK && reg(m, 13) == STACK - 32) {
			EQ(peek(m, STACK - 8), CODE); /* nothing of the first one ran */
			EQ(reg(m, 14), 0xFFFFFFF9);
			assert_true(debug_get(m, SCS_NVIC_ISPR) & 1);
			overtaken++;
		}
		mcu_free(m);
	}
	assert_in_range(overtaken, 4, 13); /* stacking takes 12 cycles */
}

/* ---- the frame ------------------------------------------------------------------------------ */

static uint32_t frame_of(uint32_t ccr, uint32_t sp, uint32_t *xpsr, uint32_t *back)
{
	struct mcu *m = BOOT(NOP, SPIN);
	uint32_t frame;

	debug_put(m, SCS_CCR, ccr);
	mcu_set_reg(m, MCU_SP, sp);
	WRITE_HANDLER(m, EXC_IRQ0, NOP, BX_LR);
	irq(m, 0, 0);
	steps(m, 1);
	frame = reg(m, 13);
	*xpsr = peek(m, frame + 28);
	steps(m, 1);
	*back = reg(m, 13);
	mcu_free(m);
	return frame;
}

static void stkalign_pads_and_takes_it_back(void **state)
{
	uint32_t xpsr, back;

	EQ(frame_of(0, STACK - 4, &xpsr, &back), STACK - 36); /* r1p1: off after reset */
	EQ(xpsr & 1u << 9, 0);
	EQ(back, STACK - 4);
	EQ(frame_of(CCR_STKALIGN, STACK - 4, &xpsr, &back), STACK - 40);
	EQ(xpsr & 1u << 9, 1u << 9);
	EQ(back, STACK - 4);
	EQ(frame_of(CCR_STKALIGN, STACK - 8, &xpsr, &back), STACK - 40);
	EQ(xpsr & 1u << 9, 0);
	EQ(back, STACK - 8);
}

static void a_bad_stack_is_a_bus_fault_of_its_own(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	debug_put(m, SCS_SHCSR, 1u << 17);
	mcu_set_reg(m, MCU_SP, 0x10000000);
	irq(m, 0, 0x80);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_BUSFAULT); /* more urgent than the interrupt */
	EQ(debug_get(m, SCS_CFSR), CFSR_STKERR);
	mcu_free(m);

	m = BOOT(NOP, SPIN);
	debug_put(m, SCS_SHCSR, 1u << 17);
	WRITE_HANDLER(m, EXC_IRQ0, 0x4685, BX_LR); /* mov sp, r0 */
	mcu_set_reg(m, MCU_R0, 0x10000000);
	irq(m, 0, 0x80);
	steps(m, 3);
	EQ(mcu_exception(m), EXC_BUSFAULT);
	assert_true(debug_get(m, SCS_CFSR) & CFSR_UNSTKERR);
	mcu_free(m);
}

/* ---- returns ---------------------------------------------------------------------------------- */

/* Leaves the handler of interrupt 0 (`nested`: of 1 within 0) by BX R0; CFSR afterwards. */
static uint32_t leave_by(uint32_t exc_return, bool nested, uint32_t ccr, unsigned *exception)
{
	struct mcu *m = BOOT(NOP, SPIN);
	uint32_t cfsr;

	debug_put(m, SCS_CCR, ccr);
	debug_put(m, SCS_SHCSR, 1u << 18);
	mcu_set_reg(m, MCU_PSP, STACK - 0x100);
	put_word(m, STACK - 0x100 + 24, CODE);
	put_word(m, STACK - 0x100 + 28, 1u << 24);
	WRITE_HANDLER(m, EXC_IRQ0, NOP, 0x4700);
	WRITE_HANDLER(m, EXC_IRQ0 + 1, NOP, 0x4700);
	irq(m, 0, 0x80);
	steps(m, 1);
	if (nested) {
		irq(m, 1, 0x40);
		steps(m, 1);
	}
	mcu_set_reg(m, MCU_R0, exc_return);
	steps(m, 1);
	cfsr = debug_get(m, SCS_CFSR);
	*exception = mcu_exception(m);
	mcu_free(m);
	return cfsr;
}

static void what_a_return_may_say(void **state)
{
	static const struct {
		uint32_t exc_return;
		bool nested;
		uint32_t ccr, cfsr;
		unsigned exception;
	} row[] = {
		{0xFFFFFFF9, false, 0, 0, 0},
		{0xFFFFFFFD, false, 0, 0, 0},
		{0xFFFFFFF1, true, 0, 0, EXC_IRQ0},
		{0xFFFFFFF1, false, 0, CFSR_INVPC, EXC_USAGEFAULT}, /* nothing to return to */
		{0xFFFFFFF0, false, 0, CFSR_INVPC, EXC_USAGEFAULT},
		{0xFFFFFFF5, false, 0, CFSR_INVPC, EXC_USAGEFAULT},
		{0xFFFFFFFF, false, 0, CFSR_INVPC, EXC_USAGEFAULT},
		{0xFFFFFFF9, true, 0, CFSR_INVPC, EXC_USAGEFAULT}, /* 0 is still active */
		{0xFFFFFFFD, true, 0, CFSR_INVPC, EXC_USAGEFAULT},
		{0xFFFFFFFD, true, CCR_NONBASETHRDENA, 0, 0},
		/* to thread mode, but the frame says it interrupted a handler */
		{0xFFFFFFF9, true, CCR_NONBASETHRDENA, CFSR_INVPC, EXC_USAGEFAULT},
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		unsigned exception;
		uint32_t cfsr = leave_by(row[i].exc_return, row[i].nested, row[i].ccr, &exception);

		if (cfsr != row[i].cfsr || exception != row[i].exception)
			fail_msg("row %zu: CFSR %08x, exception %u", i, cfsr, exception);
	}
}

static void an_inactive_exception_can_not_return(void **state)
{
	struct mcu *m = BOOT(0xDF00, SPIN);

	WRITE_HANDLER(m, EXC_SVCALL, NOP, BX_LR);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_SVCALL);
	debug_put(m, SCS_SHCSR, 1u << 18); /* SVCALLACT cleared */
	steps(m, 2);
	EQ(mcu_exception(m), EXC_USAGEFAULT);
	EQ(debug_get(m, SCS_CFSR), CFSR_INVPC);
	mcu_free(m);
}

/* ---- escalation --------------------------------------------------------------------------------- */

static void what_can_not_be_taken_is_a_hard_fault(void **state)
{
	struct mcu *m = BOOT(0xB672, 0xDF00, SPIN); /* cpsid i; svc 0 */

	steps(m, 3);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	EQ(debug_get(m, SCS_HFSR), HFSR_FORCED);
	mcu_free(m);

	m = BOOT(NOP, SPIN); /* a usage fault in a handler of the same priority */
	debug_put(m, SCS_SHCSR, 1u << 18);
	debug_put(m, SCS_SHPR1, 0x40u << 16);
	WRITE_HANDLER(m, EXC_IRQ0, UDF);
	irq(m, 0, 0x40);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	EQ(debug_get(m, SCS_CFSR), CFSR_UNDEFINSTR);
	EQ(debug_get(m, SCS_HFSR), HFSR_FORCED);
	mcu_free(m);

	m = BOOT(NOP, SPIN); /* and in one it may preempt */
	debug_put(m, SCS_SHCSR, 1u << 18);
	debug_put(m, SCS_SHPR1, 0x30u << 16);
	WRITE_HANDLER(m, EXC_IRQ0, UDF);
	irq(m, 0, 0x40);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_USAGEFAULT);
	EQ(debug_get(m, SCS_HFSR), 0);
	debug_put(m, SCS_CFSR, CFSR_UNDEFINSTR); /* write one to clear */
	EQ(debug_get(m, SCS_CFSR), 0);
	mcu_free(m);
}

static void a_fault_within_nmi_locks_up_and_reset_ends_it(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	WRITE_HANDLER(m, EXC_NMI, UDF);
	debug_put(m, SCS_ICSR, 1u << 31);
	run_ns(m, 10000);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 19);
	debug_put(m, SCS_AIRCR, 0x05FA0004);
	run_ns(m, 3000000);
	assert_false(debug_get(m, SCS_DHCSR) & 1u << 19);
	EQ(mcu_exception(m), 0);
	mcu_free(m);
}

static void a_vector_that_can_not_be_read(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	debug_put(m, SCS_VTOR, 0x1FFF0000); /* nothing is there, nor a HardFault vector */
	irq(m, 0, 0);
	run_ns(m, 10000);
	assert_true(debug_get(m, SCS_HFSR) & 2); /* VECTTBL */
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 19);
	mcu_free(m);
}

static void vtor_moves_the_table(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	put_word(m, 0x20000200 + 4 * EXC_IRQ0, HANDLER(EXC_SYSTICK) | 1);
	debug_put(m, SCS_VTOR, 0x20000200);
	irq(m, 0, 0);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	EQ(reg(m, MCU_PC), HANDLER(EXC_SYSTICK));
	mcu_free(m);
}

/* ---- privilege ------------------------------------------------------------------------------------ */

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

/* ---- sleeping ---------------------------------------------------------------------------------------- */

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
		EQ(reg(m, 4), i);
	}
	r0 = reg(m, 0);
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

/* ---- exclusives ------------------------------------------------------------------------------------- */

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

	m = BOOT(NOP, 0xE840, 0x3200, SPIN); /* the handler's LDREX is not the thread's */
	WRITE_HANDLER(m, EXC_IRQ0, 0xE850, 0x1F00, BX_LR);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	irq(m, 0, 0);
	for (int i = 0; i < 10 && reg(m, MCU_PC) != CODE + 6; i++)
		steps(m, 1);
	EQ(reg(m, 2), 1);
	mcu_free(m);
}

/* ---- debug ------------------------------------------------------------------------------------------- */

/* Runs `code` with one vector catch bit; does the core halt at a handler? */
static bool caught(uint32_t vc, const uint16_t *code, size_t n, uint32_t ccr, uint32_t r0)
{
	struct mcu *m = boot(code, n);
	bool halted;

	debug_put(m, SCS_CCR, ccr);
	debug_put(m, SCS_SHCSR, 7u << 16);
	mcu_set_reg(m, MCU_R0, r0);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	debug_put(m, SCS_DEMCR, vc);
	run_ns(m, 20000);
	halted = cpu_halted(m) && debug_get(m, SCS_DFSR) & DFSR_VCATCH;
	mcu_free(m);
	return halted;
}

static void each_fault_has_its_vector_catch(void **state)
{
	static const struct {
		uint32_t vc;
		uint16_t code[2];
		uint32_t ccr, r0;
	} row[] = {
		{DEMCR_VC_STATERR, {UDF, SPIN}, 0, 0},
		{DEMCR_VC_CHKERR, {0xFBB1, 0xF2F0}, CCR_DIV_0_TRP, 0},
		{DEMCR_VC_NOCPERR, {0xEE00, 0x0A10}, 0, 0},
		{DEMCR_VC_BUSERR, {0x6801, SPIN}, 0, 0x30000000},
		{DEMCR_VC_MMERR, {0x4700, SPIN}, 0, 0x40000001}, /* execute never */
		{DEMCR_VC_INTERR, {0x4685, 0xDF00}, 0, 0x10000000}, /* mov sp, r0; svc */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
			bool halts = caught(row[k].vc, row[i].code, 2, row[i].ccr, row[i].r0);

			if (halts != (i == k))
				fail_msg("fault %zu, catch %zu: %d", i, k, halts);
		}
}

static void the_debugger_sees_a_sleeping_core(void **state)
{
	struct mcu *m = BOOT(0xBF30, SPIN); /* wfi */

	keep_bus_in_sleep(m);
	run_ns(m, 20000);
	EQ(mcu_mode(m), MCU_MODE_SLEEP);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 18); /* S_SLEEP */
	debug_put(m, 0x20000100, 0x12345678);
	EQ(debug_get(m, 0x20000100), 0x12345678);
	EQ(debug_get(m, 0x08000000), STACK);
	EQ(mcu_mode(m), MCU_MODE_SLEEP); /* looking does not wake it */
	halt(m);
	EQ(core_register(m, 15), CODE + 2);
	assert_false(debug_get(m, SCS_DHCSR) & 1u << 18);
	mcu_free(m);
}

static void maskints_steps_past_interrupts(void **state)
{
	struct mcu *m = BOOT(NOP, NOP, NOP, SPIN);

	halt(m);
	irq(m, 0, 0);
	debug_put(m, SCS_DHCSR, DBGKEY | 11); /* C_MASKINTS, C_HALT */
	debug_put(m, SCS_DHCSR, DBGKEY | 13); /* C_STEP */
	run_ns(m, 20000);
	EQ(core_register(m, 15), CODE + 2);
	debug_put(m, SCS_DHCSR, DBGKEY | 3);
	debug_single_step(m);
	EQ(core_register(m, 15), HANDLER(EXC_IRQ0)); /* entered, nothing of it executed */
	mcu_free(m);
}

static void vectreset_resets_the_core_alone(void **state)
{
	struct mcu *m = BOOT(0x2005, SPIN);

	debug_put(m, 0x40021018, 1u << 2); /* RCC_APB2ENR: IOPAEN */
	halt(m);
	debug_put(m, SCS_VTOR, 0x20000200);
	debug_put(m, SCS_DEMCR, DEMCR_VC_CORERESET);
	debug_put(m, SCS_AIRCR, 0x05FA0001);
	run_ns(m, 1000000);
	assert_true(cpu_halted(m));
	EQ(core_register(m, 15), CODE);
	EQ(debug_get(m, SCS_VTOR), 0);
	EQ(debug_get(m, 0x40021018), 1u << 2); /* a system reset would have cleared it */
	mcu_free(m);
}

/* Every comparator of the six, and of the four. */
static void all_comparators_work(void **state)
{
	for (unsigned i = 0; i < 6; i++) {
		struct mcu *m = BOOT(NOP, NOP, NOP, SPIN);

		halt(m);
		debug_put(m, FPB_BASE, 3);
		debug_put(m, FPB_BASE + 8 + 4 * i, ((CODE + 4) & 0x1FFFFFFCu) | 1u | 1u << 30);
		debug_put(m, SCS_DHCSR, DBGKEY | 1);
		run_ns(m, 20000);
		EQ(core_register(m, 15), CODE + 4);
		mcu_free(m);
	}
	for (unsigned i = 0; i < 4; i++) {
		struct mcu *m = BOOT(0x6801, NOP, NOP, SPIN); /* ldr r1, [r0] */

		halt(m);
		debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
		debug_put(m, DWT_BASE + 0x20 + 16 * i, 0x20000100);
		debug_put(m, DWT_BASE + 0x28 + 16 * i, 5); /* reads */
		mcu_set_reg(m, MCU_R0, 0x20000100);
		debug_put(m, SCS_DHCSR, DBGKEY | 1);
		run_ns(m, 20000);
		assert_true(cpu_halted(m));
		assert_true(debug_get(m, DWT_BASE + 0x28 + 16 * i) & 1u << 24);
		mcu_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faultmask_leaves_nmi_and_goes_with_the_handler),
		cmocka_unit_test(faultmask_is_not_set_from_hard_fault),
		cmocka_unit_test(the_group_preempts_the_rest_only_orders),
		cmocka_unit_test(late_arrivals_overtake),
		cmocka_unit_test(stkalign_pads_and_takes_it_back),
		cmocka_unit_test(a_bad_stack_is_a_bus_fault_of_its_own),
		cmocka_unit_test(what_a_return_may_say),
		cmocka_unit_test(an_inactive_exception_can_not_return),
		cmocka_unit_test(what_can_not_be_taken_is_a_hard_fault),
		cmocka_unit_test(a_fault_within_nmi_locks_up_and_reset_ends_it),
		cmocka_unit_test(a_vector_that_can_not_be_read),
		cmocka_unit_test(vtor_moves_the_table),
		cmocka_unit_test(unprivileged_code_changes_nothing),
		cmocka_unit_test(sleeponexit_sleeps_between_handlers),
		cmocka_unit_test(sevonpend_wakes_wfe),
		cmocka_unit_test(primask_lets_wfi_wake_but_not_enter),
		cmocka_unit_test(exclusives_hold_once),
		cmocka_unit_test(exceptions_clear_the_monitor),
		cmocka_unit_test(each_fault_has_its_vector_catch),
		cmocka_unit_test(the_debugger_sees_a_sleeping_core),
		cmocka_unit_test(maskints_steps_past_interrupts),
		cmocka_unit_test(vectreset_resets_the_core_alone),
		cmocka_unit_test(all_comparators_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
