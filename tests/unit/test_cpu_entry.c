/*
 * Entering and leaving exceptions, to the last word of the frame: DDI 0403 B1.5.6
 * to B1.5.8. Which exception goes first and what a return may say is
 * test_cpu_rules's.
 */
#include "cpu_fixture.h"

#define LOCKED_UP_PC 0xFFFFFFFEu
#define S_LOCKUP (1u << 19)
#define BUSFAULTENA (1u << 17)
#define MARK 0x1234u

/* Of two equally urgent ones the lower number goes first (B1.5.4). */
static void equal_priorities_go_by_number(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	for (unsigned n = 7; n > 3; n--)
		irq_priority(m, n, 0x40);
	debug_put(m, SCS_NVIC_ISPR, 1u << 6 | 1u << 5 | 1u << 7);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_IRQ0 + 5);
	mcu_free(m);
}

/* ---- the frame ------------------------------------------------------------------------- */

static void mark_writers(struct mcu *m)
{
	for (uint32_t i = 0; i < m->chip->ram_size; i++)
		m->side_tables->writer[i] = MARK;
}

static void check_frame(struct mcu *m)
{
	static const unsigned regs[] = {0, 1, 2, 3, 12};

	for (unsigned i = 0; i < 5; i++)
		EQ(peek(m, STACK - 32 + 4 * i), 0x100 + regs[i]);
	EQ(peek(m, STACK - 12), 0xABCDEF01);
	EQ(peek(m, STACK - 8), CODE);
	EQ(peek(m, STACK - 4), 1u << 24);
	EQ(peek(m, STACK - 36), 0x33333333); /* nothing below it, nothing above it */
	EQ(peek(m, STACK), 0x44444444);
	EQ(debug_get(m, SCS_CFSR), 0);
}

/* Eight words, with and without someone asking who wrote them; the core's stacking is
 * nobody's store. */
static void the_frame_is_eight_words(void **state)
{
	for (unsigned asked = 0; asked < 2; asked++) {
		struct mcu *m = BOOT(NOP, SPIN);

		mcu_provenance_enable(m, asked);
		put_word(m, STACK - 36, 0x33333333);
		put_word(m, STACK, 0x44444444);
		for (unsigned r = 0; r < 13; r++)
			mcu_set_reg(m, r, 0x100 + r);
		mcu_set_reg(m, 14, 0xABCDEF01);
		mcu_set_reg(m, MCU_SP, STACK);
		if (asked)
			mark_writers(m);
		irq(m, 0, 0);
		steps(m, 1);
		EQ(mcu_exception(m), EXC_IRQ0);
		check_frame(m);
		for (uint32_t at = STACK - 40; asked && at < STACK + 8; at++)
			EQ(mcu_last_writer(m, at), at >= STACK - 32 && at < STACK ? 0 : MARK);
		mcu_free(m);
	}
}

/* Where the stack runs out of RAM half-way, what fits is written. */
static void a_frame_half_outside(void **state)
{
	struct mcu *m = BOOT(NOP, SPIN);

	debug_put(m, SCS_SHCSR, BUSFAULTENA);
	mcu_set_reg(m, MCU_SP, 0x20000010);
	mcu_set_reg(m, 12, 0x55555555);
	irq(m, 0, 0x80);
	steps(m, 1);
	EQ(mcu_exception(m), EXC_BUSFAULT);
	EQ(debug_get(m, SCS_CFSR), CFSR_STKERR);
	EQ(peek(m, 0x20000000), 0x55555555);
	EQ(peek(m, 0x20000008), CODE);
	EQ(reg(m, 13), 0x1FFFFFF0);
	mcu_free(m);
}

/* A frame may lie wherever can be read: here in the last words of flash. */
static void a_frame_in_flash(void **state)
{
	static const uint32_t frame[8] = {0x100, 0x101, 0x102, 0x103, 0x10C, 0x10E, CODE + 2,
					  1u << 24 | 1u << 29};
	struct mcu *m = boot_chip("STM32F103RC", HALFWORDS(NOP, SPIN), 2);

	load_words(m, 0x0803FFE0, frame, 8);
	WRITE_HANDLER(m, EXC_IRQ0, 0x4685, BX_LR); /* mov sp, r0 */
	mcu_set_reg(m, MCU_R0, 0x0803FFE0);
	irq(m, 0, 0);
	steps(m, 2);
	EQ(mcu_exception(m), 0);
	EQ(debug_get(m, SCS_CFSR), 0);
	for (unsigned i = 0; i < 4; i++)
		EQ(reg(m, i), frame[i]);
	EQ(reg(m, 12), 0x10C);
	EQ(reg(m, 14), 0x10E);
	EQ(reg(m, MCU_PC), CODE + 2);
	EQ(reg(m, 13), 0x08040000);
	EQ(cpu_xpsr(&m->s.cpu) >> 28, 2);
	mcu_free(m);
}

/* ---- in between ------------------------------------------------------------------------ */

/* SysTick reaches 0 `early` cycles before the interrupt's frame is stacked: which is entered? */
static unsigned entered(int early)
{
	struct mcu *m = BOOT(NOP, NOP, SPIN);
	struct mcu_limits l = {.until_ns = UINT64_MAX};
	unsigned n;

	irq_priority(m, 0, 0x80);
	debug_put(m, SCS_SYST_RVR, (unsigned)(11 - early));
	debug_put(m, SCS_SYST_CVR, 0);
	debug_put(m, SCS_SYST_CSR, 7);
	EQ(cpu_next_cycle(m), m->s.time.cycles + (unsigned)(12 - early));
	pend(m, 0);
	l.instructions = mcu_instructions(m) + 1;
	mcu_run(m, &l);
	n = reg(m, 13) == STACK - 32 ? mcu_exception(m) : 0;
	mcu_free(m);
	return n;
}

/* Twelve cycles of stacking, the last one included. */
static void what_comes_with_the_last_word_still_overtakes(void **state)
{
	EQ(entered(1), EXC_SYSTICK);
	EQ(entered(0), EXC_SYSTICK);
	EQ(entered(-2), EXC_IRQ0);
}

/* Another line that is high, but not enabled, is no exception under way. */
static void a_line_that_waits_does_not_spoil_the_return(void **state)
{
	struct mcu *m = BOOT(NOP, NOP, SPIN);

	WRITE_HANDLER(m, EXC_IRQ0, NOP, BX_LR);
	irq(m, 0, 0);
	steps(m, 1);
	for (unsigned n = 0; n < 43; n += 6)
		nvic_line(m, n + 1, true);
	steps(m, 1);
	EQ(mcu_exception(m), 0);
	EQ(debug_get(m, SCS_CFSR), 0);
	EQ(reg(m, MCU_PC), CODE);
	mcu_free(m);
}

/* ---- faults ---------------------------------------------------------------------------- */

struct told {
	unsigned count, which;
};

static void on_event(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct told *t = ctx;

	(void)m;
	if (e->kind != MCU_EVENT_FAULT)
		return;
	t->count++;
	t->which = e->a;
}

/* What tells of itself as a fault: exceptions 3 to 6, and no others. */
static void only_faults_are_told(void **state)
{
	static const struct {
		uint16_t code[2];
		uint32_t r0, shcsr, icsr;
		unsigned told;
	} row[] = {
		{{UDF, SPIN}, 0, 0, 0, EXC_HARDFAULT},
		{{0x4700, SPIN}, 0x40000001, 1u << 16, 0, EXC_MEMMANAGE}, /* bx r0 to where nothing may execute */
		{{0x6800, SPIN}, 0x70000000, BUSFAULTENA, 0, EXC_BUSFAULT}, /* ldr r0, [r0] */
		{{UDF, SPIN}, 0, 1u << 18, 0, EXC_USAGEFAULT},
		{{0xDF00, SPIN}, 0, 0, 0, 0}, /* svc */
		{{NOP, SPIN}, 0, 0, 1u << 31, 0}, /* NMI */
		{{NOP, SPIN}, 0, 0, 1u << 28, 0}, /* PendSV */
	};

	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		struct mcu *m = boot(row[i].code, 2);
		struct told told = {0};
		struct mcu_hooks hooks = {.ctx = &told, .event = on_event};

		mcu_set_reg(m, MCU_R0, row[i].r0);
		debug_put(m, SCS_SHCSR, row[i].shcsr);
		debug_put(m, SCS_ICSR, row[i].icsr);
		mcu_set_hooks(m, &hooks);
		steps(m, 3);
		assert_true(mcu_exception(m) != 0);
		EQ(told.count, row[i].told != 0);
		EQ(told.which, row[i].told);
		mcu_set_hooks(m, NULL);
		mcu_free(m);
	}
}

/* NMI comes while HardFault's handler has no stack left. */
static void a_bad_stack_within_hard_fault_locks_up(void **state)
{
	struct mcu *m = BOOT(UDF, SPIN);

	run_ns(m, 2000);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	mcu_set_reg(m, MCU_SP, 0x10000000);
	debug_put(m, SCS_ICSR, 1u << 31);
	run_ns(m, 10000);
	assert_true(debug_get(m, SCS_DHCSR) & S_LOCKUP);
	EQ(reg(m, MCU_PC), LOCKED_UP_PC);
	EQ(mcu_exception(m), EXC_HARDFAULT);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_priorities_go_by_number),
		cmocka_unit_test(the_frame_is_eight_words),
		cmocka_unit_test(a_frame_half_outside),
		cmocka_unit_test(a_frame_in_flash),
		cmocka_unit_test(what_comes_with_the_last_word_still_overtakes),
		cmocka_unit_test(a_line_that_waits_does_not_spoil_the_return),
		cmocka_unit_test(only_faults_are_told),
		cmocka_unit_test(a_bad_stack_within_hard_fault_locks_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
