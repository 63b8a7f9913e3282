/*
 * The architecture's small print of exceptions, one rule a test: masks and
 * priorities, late arrival, the stack frame, what a return may say, escalation.
 * Expected values are DDI 0403's.
 */
#include "cpu_fixture.h"

/* ---- masks and priorities -------------------------------------------------------------- */

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

/* Every interrupt holds back those of its priority and gives way to more urgent ones,
 * wherever in the controller's words the two stand. */
static void interrupts_of_every_word(void **state)
{
	static const unsigned irqs[] = {0, 15, 16, 31, 32, 47, 48, 59};
	enum { N = sizeof irqs / sizeof irqs[0] };

	for (unsigned i = 0; i < N * N; i++) {
		unsigned first = irqs[i / N], other = irqs[i % N];
		struct mcu *m;

		if (first == other)
			continue;
		m = boot_chip("STM32F103RC", HALFWORDS(NOP, SPIN), 2);
		for (unsigned n = 64; n < 80; n++)
			put_word(m, 0x08000000 + 4 * n, HANDLER(63) | 1);
		irq(m, first, 0x80);
		steps(m, 1);
		EQ(mcu_exception(m), EXC_IRQ0 + first);
		EQ(debug_get(m, SCS_NVIC_IABR + first / 32 * 4), 1u << first % 32);
		EQ(debug_get(m, SCS_NVIC_ISPR + first / 32 * 4), 0);
		irq(m, other, 0x80);
		steps(m, 1);
		EQ(mcu_exception(m), EXC_IRQ0 + first);
		EQ(debug_get(m, SCS_NVIC_ISPR + other / 32 * 4), 1u << other % 32);
		irq_priority(m, other, 0x70);
		steps(m, 1);
		EQ(mcu_exception(m), EXC_IRQ0 + other);
		mcu_free(m);
	}
}

/* A line that is high is no handler that runs: it holds nothing back. One that is
 * still high when its handler ends asks again. */
static void lines_are_levels(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	WRITE_HANDLER(m, EXC_IRQ0, NOP, BX_LR);
	irq_priority(m, 0, 0x40);
	irq(m, 1, 0x80);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0 + 1);
	nvic_line(m, 0, true);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0);
	debug_put(m, SCS_NVIC_ICPR, 1); /* active: nothing to clear, nor pending again */
	EQ(debug_get(m, SCS_NVIC_ISPR), 0);
	steps(m, 2); /* BX LR; NOP of the handler again */
	EQ(mcu_exception(m), EXC_IRQ0);
	nvic_line(m, 0, false);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_IRQ0 + 1);
	EQ(debug_get(m, SCS_NVIC_IABR), 2);
	irq_priority(m, 0, 0xF0);
	nvic_line(m, 0, true);
	debug_put(m, SCS_NVIC_ICPR, 1); /* the line holds it */
	EQ(debug_get(m, SCS_NVIC_ISPR), 1);
	nvic_line(m, 0, false);
	EQ(debug_get(m, SCS_NVIC_ISPR), 1); /* what was asked stays asked */
	debug_put(m, SCS_NVIC_ICPR, 1);
	EQ(debug_get(m, SCS_NVIC_ISPR), 0);
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

/* ---- the frame ------------------------------------------------------------------------- */

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

/* A frame that says it was padded, while STKALIGN is off: the bit means nothing (B1.5.8). */
static void padding_is_stkaligns(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	WRITE_HANDLER(m, EXC_IRQ0, NOP, BX_LR);
	irq(m, 0, 0);
	steps(m, 1);
	put_word(m, STACK - 4, peek(m, STACK - 4) | 1u << 9);
	mcu_set_reg(m, MCU_SP, STACK - 32);
	steps(m, 1);
	EQ(reg(m, 13), STACK);
	mcu_free(m);
}

/* B1.5.6: the handler runs privileged on the main stack, CONTROL's nPRIV is the thread's
 * all the while; the event register is set on the way in and on the way out. */
static void what_entry_and_return_change(void **state)
{
	/* msr psp, r1; msr control, r0 (3); svc; wfe; movs r2, #1 */
	struct mcu *m = BOOT(0xF381, 0x8809, 0xF380, 0x8814, 0xDF00, 0xBF20, 0x2201, SPIN);

	mcu_set_reg(m, MCU_R0, 3);
	mcu_set_reg(m, 1, STACK - 0x100);
	mcu_set_reg(m, 2, 0);
	/* mrs r4, control; wfe; bx lr */
	WRITE_HANDLER(m, EXC_SVCALL, 0xF3EF, 0x8414, 0xBF20, BX_LR);
	m->s.cpu.event = false;
	steps(m, 4);
	EQ(mcu_exception(m), EXC_SVCALL);
	EQ(reg(m, 4), 1);
	EQ(reg(m, 13), STACK);
	EQ(reg(m, 14), 0xFFFFFFFD);
	run_ns(m, 20000);
	EQ(mcu_mode(m), MCU_MODE_RUN);
	EQ(reg(m, 2), 1);
	EQ(mcu_reg(m, MCU_SPECIAL), 3u << 24);
	EQ(reg(m, 13), STACK - 0x100);
	mcu_free(m);
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

/* ---- returns --------------------------------------------------------------------------- */

/* A vector without the Thumb bit is taken, and its first instruction faults. */
static void an_even_vector_is_invstate(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	put_word(m, 0x08000000 + 4 * EXC_IRQ0, HANDLER(EXC_IRQ0));
	debug_put(m, SCS_SHCSR, 1u << 18);
	debug_put(m, SCS_SHPR1, 0); /* UsageFault first */
	irq(m, 0, 0x80);
	steps(m, 2);
	EQ(mcu_exception(m), EXC_USAGEFAULT);
	EQ(debug_get(m, SCS_CFSR), CFSR_INVSTATE);
	EQ(peek(m, reg(m, 13) + 24), HANDLER(EXC_IRQ0));
	mcu_free(m);
}

/* Leaves the handler of interrupt 0 (`nested`: of 1 within 0) by BX R0; CFSR afterwards. */
static uint32_t leave_by(uint32_t exc_return, bool nested, uint32_t ccr, unsigned *exception)
{
	struct mcu *m = BOOT(NOP, SPIN);
	uint32_t cfsr, sp;

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
	sp = reg(m, 13);
	steps(m, 1);
	cfsr = debug_get(m, SCS_CFSR);
	*exception = mcu_exception(m);
	if (*exception == EXC_USAGEFAULT && reg(m, 13) == sp)
		EQ(reg(m, 14), exc_return); /* what was tried is there for the handler to see */
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

/* To a handler, by a frame that says it interrupted none: the frame is stacked again. */
static void a_return_and_its_frame_must_agree(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	debug_put(m, SCS_SHCSR, 1u << 18);
	WRITE_HANDLER(m, EXC_IRQ0, NOP, SPIN);
	WRITE_HANDLER(m, EXC_IRQ0 + 1, NOP, BX_LR);
	irq(m, 0, 0x80);
	steps(m, 1);
	irq(m, 1, 0x40);
	steps(m, 1);
	EQ(reg(m, 13), STACK - 64);
	put_word(m, STACK - 64 + 28, 1u << 24);
	put_word(m, STACK - 64 + 24, CODE | 1);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_USAGEFAULT);
	EQ(debug_get(m, SCS_CFSR), CFSR_INVPC);
	EQ(reg(m, 13), STACK - 64);
	EQ(peek(m, STACK - 64 + 24), CODE);
	EQ(reg(m, 14), 0xFFFFFFF1);
	mcu_free(m);
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

/* ---- escalation ------------------------------------------------------------------------ */

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
	EQ(debug_get(m, SCS_CFSR), CFSR_UNDEFINSTR); /* nothing was executed since */
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
	EQ(reg(m, MCU_PC), 0xFFFFFFFE);
	EQ(mcu_exception(m), 0);
	mcu_free(m);
}

/* One vector that cannot be read costs that exception: HardFault is taken in its place, on
 * the frame that is there (B1.5.6; HFSR.VECTTBL). NMI's locks up. */
static void one_vector_that_can_not_be_read(void **state)
{
	const uint32_t table = 0x20004F80; /* 32 vectors before the end of RAM */
	struct mcu *m = BOOT(NOP, SPIN);

	put_word(m, table + 4 * EXC_HARDFAULT, HANDLER(EXC_SYSTICK) | 1);
	debug_put(m, SCS_VTOR, table);
	irq(m, 16, 0x80);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	EQ(reg(m, MCU_PC), HANDLER(EXC_SYSTICK));
	EQ(reg(m, 13), STACK - 32);
	EQ(peek(m, STACK - 8), CODE);
	EQ(debug_get(m, SCS_HFSR), 2);
	EQ(debug_get(m, SCS_NVIC_ISPR), 0); /* the interrupt is lost */
	mcu_free(m);

	m = BOOT(NOP, SPIN);
	debug_put(m, SCS_VTOR, 0x1FFF0000);
	debug_put(m, SCS_ICSR, 1u << 31);
	run_ns(m, 10000);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 19);
	EQ(debug_get(m, SCS_HFSR), 2);
	EQ(reg(m, MCU_PC), 0xFFFFFFFE);
	EQ(mcu_exception(m), 0);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(faultmask_leaves_nmi_and_goes_with_the_handler),
		cmocka_unit_test(faultmask_is_not_set_from_hard_fault),
		cmocka_unit_test(the_group_preempts_the_rest_only_orders),
		cmocka_unit_test(interrupts_of_every_word),
		cmocka_unit_test(lines_are_levels),
		cmocka_unit_test(late_arrivals_overtake),
		cmocka_unit_test(stkalign_pads_and_takes_it_back),
		cmocka_unit_test(padding_is_stkaligns),
		cmocka_unit_test(what_entry_and_return_change),
		cmocka_unit_test(an_even_vector_is_invstate),
		cmocka_unit_test(a_return_and_its_frame_must_agree),
		cmocka_unit_test(a_bad_stack_is_a_bus_fault_of_its_own),
		cmocka_unit_test(what_a_return_may_say),
		cmocka_unit_test(an_inactive_exception_can_not_return),
		cmocka_unit_test(what_can_not_be_taken_is_a_hard_fault),
		cmocka_unit_test(a_fault_within_nmi_locks_up_and_reset_ends_it),
		cmocka_unit_test(a_vector_that_can_not_be_read),
		cmocka_unit_test(one_vector_that_can_not_be_read),
		cmocka_unit_test(vtor_moves_the_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
