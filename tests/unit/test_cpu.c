/*
 * The core as software sees it: exceptions, faults, time; and the fast loop
 * against the plain functions.
 * Expected values are DDI 0403's.
 */
#include <stdlib.h>
#include <string.h>

#include "cpu_fixture.h"

/* ---- exceptions ------------------------------------------------------------------------ */

static void svc_enters_and_returns(void **state)
{
	struct mcu *m = BOOT(0xDF07, 0x2005, 0xE7FE); /* svc 7; movs r0, #5; b . */
	uint32_t sp = reg(m, 13);

	WRITE_HANDLER(m, EXC_SVCALL, 0x4770); /* bx lr */
	mcu_set_reg(m, MCU_R0, 0x11);
	mcu_set_reg(m, 12, 0x22);
	steps(m, 1);
	assert_int_equal(mcu_exception(m), 0); /* pending: entered before the next instruction */
	steps(m, 1);
	assert_int_equal(reg(m, MCU_PC), CODE + 2); /* bx lr executed: back already */
	assert_int_equal(reg(m, 13), sp);
	assert_int_equal(peek(m, sp - 32), 0x11);
	assert_int_equal(peek(m, sp - 16), 0x22);
	assert_int_equal(peek(m, sp - 8), CODE + 2);
	assert_int_equal(peek(m, sp - 4), mcu_reg(m, MCU_XPSR));
	steps(m, 1);
	assert_int_equal(reg(m, 0), 5);
	mcu_free(m);
}

static void exc_return_names_the_stack(void **state)
{
	/* movs r0,#2; msr control,r0; svc 0 */
	struct mcu *m = BOOT(0x2002, 0xF380, 0x8814, 0xDF00, 0xE7FE);

	mcu_set_reg(m, MCU_PSP, 0x20001000);
	steps(m, 4); /* ..., svc, first instruction of the handler */
	assert_int_equal(mcu_exception(m), EXC_SVCALL);
	assert_int_equal(reg(m, 14), 0xFFFFFFFD);
	assert_int_equal(mcu_reg(m, MCU_PSP), 0x20001000 - 32);
	assert_int_equal(mcu_reg(m, MCU_MSP), STACK);
	assert_int_equal(reg(m, 13), STACK);
	mcu_free(m);
}

static void masks_hold_interrupts_back(void **state)
{
	struct mcu *m = BOOT(0xB672, 0xBF00, 0xB662, 0xBF00, 0xE7FE); /* cpsid i; nop; cpsie i; nop */

	debug_put(m, SCS_NVIC_ISER, 1u << 3);
	steps(m, 1);
	debug_put(m, SCS_NVIC_ISPR, 1u << 3);
	steps(m, 2);
	assert_int_equal(mcu_exception(m), 0);
	steps(m, 1);
	assert_int_equal(mcu_exception(m), EXC_IRQ0 + 3);
	mcu_free(m);
}

static void basepri_masks_by_group(void **state)
{
	/* movs r0,#0x80; msr basepri,r0; nop; nop */
	struct mcu *m = BOOT(0x2080, 0xF380, 0x8811, 0xBF00, 0xBF00, 0xE7FE);

	debug_put(m, SCS_NVIC_ISER, 3);
	assert_int_equal(mcu_debug_write(m, SCS_NVIC_IPR, 1, 0x80), MCU_ACCESS_OK);
	assert_int_equal(mcu_debug_write(m, SCS_NVIC_IPR + 1, 1, 0x7F), MCU_ACCESS_OK);
	assert_int_equal(debug_get(m, SCS_NVIC_IPR), 0x7080); /* four bits are implemented */
	steps(m, 2);
	debug_put(m, SCS_NVIC_ISPR, 1);
	steps(m, 1);
	assert_int_equal(mcu_exception(m), 0);
	debug_put(m, SCS_NVIC_ISPR, 2);
	steps(m, 1);
	assert_int_equal(mcu_exception(m), EXC_IRQ0 + 1);
	mcu_free(m);
}

static void higher_priority_preempts_and_tail_chains(void **state)
{
	struct mcu *m = BOOT(0xBF00, 0xBF00, 0xE7FE);
	uint64_t before;

	WRITE_HANDLER(m, EXC_IRQ0 + 1, 0x4770);
	debug_put(m, SCS_NVIC_ISER, 3);
	debug_put(m, SCS_NVIC_IPR, 0x0010); /* 0: priority 0x10, 1: priority 0 */
	debug_put(m, SCS_NVIC_ISPR, 1);
	steps(m, 1);
	assert_int_equal(mcu_exception(m), EXC_IRQ0);
	debug_put(m, SCS_NVIC_ISPR, 2);
	assert_int_equal(exception_next(m), EXC_IRQ0 + 1);
	debug_put(m, SCS_NVIC_ISPR, 1); /* pends again while active */
	steps(m, 1);                    /* enter 1, bx lr: back in 0 */
	assert_int_equal(mcu_exception(m), EXC_IRQ0);

	/* Leave 0 with 0 pending again: no unstacking in between. */
	WRITE_HANDLER(m, EXC_IRQ0, 0x4770);
	mcu_set_reg(m, MCU_PC, HANDLER(EXC_IRQ0));
	before = m->s.time.cycles;
	steps(m, 1);
	assert_int_equal(mcu_exception(m), EXC_IRQ0);
	assert_int_equal(m->s.time.cycles - before, 1 + 2 + 6); /* bx lr, refill, tail-chain */
	mcu_free(m);
}

static void undefined_is_usage_fault_or_hard_fault(void **state)
{
	struct mcu *m = BOOT(0xDE00);

	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
	assert_int_equal(debug_get(m, SCS_HFSR), HFSR_FORCED);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_UNDEFINSTR);
	assert_int_equal(peek(m, reg(m, 13) + 24), CODE); /* the guilty instruction */
	mcu_free(m);

	m = BOOT(0xDE00);
	debug_put(m, SCS_SHCSR, 1u << 18);
	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_USAGEFAULT);
	assert_int_equal(debug_get(m, SCS_HFSR), 0);
	mcu_free(m);
}

static void bus_fault_tells_the_address(void **state)
{
	struct mcu *m = BOOT(0x6801, 0xE7FE); /* ldr r1, [r0] */

	mcu_set_reg(m, MCU_R0, 0x30000000);
	mcu_set_reg(m, 1, 0x55);
	debug_put(m, SCS_SHCSR, 1u << 17);
	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_BUSFAULT);
	assert_int_equal(debug_get(m, SCS_BFAR), 0x30000000);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_PRECISERR | CFSR_BFARVALID);
	assert_int_equal(reg(m, 1), 0x55);
	mcu_free(m);
}

static void fault_within_hard_fault_locks_up(void **state)
{
	struct mcu *m = BOOT(0xDE00);
	struct mcu_limits l = {.until_ns = mcu_now_ns(m) + 1000000, .instructions = UINT64_MAX};

	WRITE_HANDLER(m, EXC_HARDFAULT, 0xDE00);
	assert_int_equal(mcu_run(m, &l), MCU_STOP_LOCKUP);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 19);
	assert_int_equal(reg(m, MCU_PC), 0xFFFFFFFE);
	mcu_free(m);
}

static void clear_thumb_bit_is_invstate(void **state)
{
	struct mcu *m = BOOT(0x4700); /* bx r0 */

	mcu_set_reg(m, MCU_R0, CODE);
	debug_put(m, SCS_SHCSR, 1u << 18);
	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_USAGEFAULT);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_INVSTATE);
	mcu_free(m);
}

static void bad_exc_return_is_invpc(void **state)
{
	struct mcu *m = BOOT(0xDF00, 0xE7FE);

	WRITE_HANDLER(m, EXC_SVCALL, 0x4700); /* bx r0 */
	debug_put(m, SCS_SHCSR, 1u << 18);
	mcu_set_reg(m, MCU_R0, 0xFFFFFFF1); /* to handler mode, but nothing is nested */
	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_USAGEFAULT);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_INVPC);
	mcu_free(m);
}

static void unaligned_and_divide_traps(void **state)
{
	struct mcu *m = BOOT(0x6801, 0xFBB1, 0xF2F0, 0xE7FE); /* ldr r1,[r0]; udiv r2,r1,r0 */

	mcu_set_reg(m, MCU_R0, 0x20000102);
	steps(m, 1); /* unaligned is allowed */
	assert_int_equal(reg(m, MCU_PC), CODE + 2);
	mcu_set_reg(m, MCU_R0, 0);
	steps(m, 1);
	assert_int_equal(reg(m, 2), 0);
	mcu_free(m);

	m = BOOT(0x6801, 0xFBB1, 0xF2F0, 0xE7FE);
	debug_put(m, SCS_CCR, CCR_UNALIGN_TRP | CCR_DIV_0_TRP);
	mcu_set_reg(m, MCU_R0, 0x20000102);
	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_UNALIGNED);
	mcu_free(m);
}

static void wfi_sleeps_until_an_interrupt(void **state)
{
	struct mcu *m = BOOT(0xBF30, 0x2001, 0xE7FE); /* wfi; movs r0,#1; b . */

	debug_put(m, SCS_SYST_RVR, 7999);
	debug_put(m, SCS_SYST_CSR, 7);
	run_ns(m, 500000);
	assert_int_equal(mcu_mode(m), MCU_MODE_SLEEP);
	run_ns(m, 600000);
	assert_int_equal(mcu_exception(m), EXC_SYSTICK);
	mcu_free(m);
}

static void systick_counts_its_period(void **state)
{
	struct mcu *m = BOOT(0x3001, 0xE7FD); /* adds r0,#1; b .-2 */
	uint64_t first, second;

	WRITE_HANDLER(m, EXC_SYSTICK, 0x4770);
	debug_put(m, SCS_SYST_RVR, 999);
	debug_put(m, SCS_SYST_CSR, 7);
	while (!exc_bit(m->s.cpu.pending, EXC_SYSTICK))
		mcu_step(m);
	first = m->s.time.cycles;
	do
		mcu_step(m);
	while (!exc_bit(m->s.cpu.pending, EXC_SYSTICK));
	second = m->s.time.cycles;
	assert_in_range(second - first, 990, 1010);
	mcu_free(m);
}

/* ---- memory -------------------------------------------------------------------------------- */

static void bit_band_alias(void **state)
{
	struct mcu *m = BOOT(0x6001, 0x6802, 0xE7FE); /* str r1,[r0]; ldr r2,[r0] */

	mcu_set_reg(m, MCU_R0, 0x22000000 + 0x100 * 32 + 5 * 4);
	mcu_set_reg(m, 1, 1);
	debug_put(m, 0x20000100, 0x80);
	steps(m, 2);
	assert_int_equal(peek(m, 0x20000100), 0xA0);
	assert_int_equal(reg(m, 2), 1);
	mcu_free(m);
}

static void code_in_ram_may_change_itself(void **state)
{
	struct mcu *m = BOOT(0x4700, 0xE7FE); /* bx r0 */

	/* In RAM: strh r1,[r2]; movs r3,#1 (becomes movs r3,#9); b .-4 */
	load(m, 0x20000200, HALFWORDS(0x8011, 0x2301, 0xE7FC), 3);
	mcu_set_reg(m, MCU_R0, 0x20000201);
	mcu_set_reg(m, 1, 0x2301);
	mcu_set_reg(m, 2, 0x20000202);
	steps(m, 7); /* several rounds: decoded by now */
	assert_int_equal(reg(m, 3), 1);
	mcu_set_reg(m, 1, 0x2309);
	steps(m, 6);
	assert_int_equal(reg(m, 3), 9);
	mcu_free(m);
}

/* ---- fast loop against plain functions --------------------------------------------------------- */

static uint32_t random32(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x * 0x9E3779B1u;
}

/* Computes, loads and stores near r7 only, and IT blocks; no jumps. */
static bool harmless(const struct arm_insn *in)
{
	struct arm_effects e;

	arm_effects(in, 0, &e);
	if (in->flags & ARM_INSN_UNPREDICTABLE || e.flow != ARM_FLOW_NEXT ||
	    (e.writes & (1u << 15 | 1u << 13 | 1u << 7)) || in->kind >= ARM_KIND_WFI)
		return false;
	if (in->kind >= ARM_KIND_STREX && in->kind <= ARM_KIND_STREXH)
		return false; /* an interrupt clears the monitor, and may */
	if (e.mem == ARM_MEM_NONE)
		return true;
	return e.mem_count == 1 && in->flags & ARM_INSN_IMM && in->rn == 7 && in->imm < 256;
}

static size_t random_code(uint16_t *code, size_t n, uint32_t *seed)
{
	size_t count, at = 0;
	const struct arm_row *rows = arm_rows(&count);

	while (at + 2 < n) {
		const struct arm_row *row = &rows[random32(seed) % count];
		uint32_t v = (random32(seed) & ~row->mask) | row->value;
		uint16_t hw1 = row->size == 4 ? (uint16_t)(v >> 16) : (uint16_t)v;
		struct arm_insn in;

		arm_decode(hw1, (uint16_t)v, &in);
		if (!harmless(&in))
			continue;
		code[at++] = hw1;
		if (in.size == 4)
			code[at++] = (uint16_t)v;
	}
	while (at < n)
		code[at++] = 0xBF00;
	return at;
}

static void assert_same(struct mcu *a, struct mcu *b)
{
	assert_memory_equal(a->s.cpu.r, b->s.cpu.r, sizeof a->s.cpu.r);
	assert_int_equal(cpu_xpsr(&a->s.cpu), cpu_xpsr(&b->s.cpu));
	assert_int_equal(a->s.time.cycles, b->s.time.cycles);
	assert_int_equal(a->s.time.instructions, b->s.time.instructions);
	assert_memory_equal(a->s.ram, b->s.ram, a->chip->ram_size);
}

static void fast_loop_equals_plain_functions(void **state)
{
	uint32_t seed = 1;

	for (unsigned round = 0; round < 40; round++) {
		uint16_t code[400];
		random_code(code, 399, &seed);
		code[399] = 0xE7FE;
		struct mcu *fast = boot(code, 400), *plain = boot(code, 400);
		struct mcu_limits l = {.until_ns = UINT64_MAX};

		cpu_plain_only(plain, true);
		for (unsigned r = 0; r < 13; r++) {
			uint32_t v = r == 7 ? 0x20000800u : random32(&seed);
			mcu_set_reg(fast, r, v);
			mcu_set_reg(plain, r, v);
		}
		for (unsigned step = 0; step < 300; step += 1 + step % 5) {
			l.instructions = mcu_instructions(fast) + 1 + step % 5;
			mcu_run(fast, &l);
			mcu_run(plain, &l);
			assert_same(fast, plain);
		}
		mcu_free(fast);
		mcu_free(plain);
	}
}

/* Interrupts forced at random instructions, also inside IT blocks, must not
 * change what is computed. */
static void interrupts_leave_no_trace(void **state)
{
	uint32_t seed = 7;

	for (unsigned round = 0; round < 20; round++) {
		uint16_t code[300];
		random_code(code, 299, &seed);
		code[299] = 0xE7FE;
		struct mcu *calm = boot(code, 300), *torn = boot(code, 300);

		for (unsigned i = 0; i < 2; i++) {
			struct mcu *m = i ? torn : calm;
			WRITE_HANDLER(m, EXC_IRQ0, 0x2055, 0x2166, 0x4770); /* scribble r0, r1 */
			debug_put(m, SCS_NVIC_ISER, 1);
			mcu_set_reg(m, 7, 0x20000800);
		}
		while (reg(calm, MCU_PC) != CODE + 598)
			mcu_step(calm);
		while (reg(torn, MCU_PC) != CODE + 598) {
			if (!mcu_exception(torn) && random32(&seed) % 3 == 0)
				exception_pend(torn, EXC_IRQ0, true);
			mcu_step(torn);
		}
		while (mcu_exception(torn) || reg(torn, MCU_PC) != CODE + 598)
			mcu_step(torn);
		assert_memory_equal(calm->s.cpu.r, torn->s.cpu.r, sizeof calm->s.cpu.r);
		assert_int_equal(cpu_xpsr(&calm->s.cpu), cpu_xpsr(&torn->s.cpu));
		assert_memory_equal(calm->s.ram, torn->s.ram, 0x1000);
		mcu_free(calm);
		mcu_free(torn);
	}
}

static void idle_skip_changes_nothing(void **state)
{
	/* 1: ldr r1,[r0]; cmp r1,#200; blo 1b; movs r2,#1; b .   the tick counts at r0 */
	struct mcu *m[2];

	for (int i = 0; i < 2; i++) {
		m[i] = BOOT(0x6801, 0x29C8, 0xD3FC, 0x2201, 0xE7FE);
		struct mcu_limits l = {.until_ns = mcu_now_ns(m[i]) + 250000000,
				       .instructions = UINT64_MAX, .no_idle_skip = i};
		/* SysTick: ldr r3,[r0]; adds r3,#1; str r3,[r0]; bx lr */
		WRITE_HANDLER(m[i], EXC_SYSTICK, 0x6803, 0x3301, 0x6003, 0x4770);
		mcu_set_reg(m[i], MCU_R0, 0x20000010);
		debug_put(m[i], 0x20000010, 0);
		debug_put(m[i], SCS_SYST_RVR, 7999);
		debug_put(m[i], SCS_SYST_CSR, 7);
		mcu_run(m[i], &l);
		assert_int_equal(reg(m[i], 2), 1);
	}
	assert_same(m[0], m[1]);
	assert_true(m[0]->cache->idle.wait < 4096); /* it did find the loop */
	mcu_free(m[0]);
	mcu_free(m[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(svc_enters_and_returns),
		cmocka_unit_test(exc_return_names_the_stack),
		cmocka_unit_test(masks_hold_interrupts_back),
		cmocka_unit_test(basepri_masks_by_group),
		cmocka_unit_test(higher_priority_preempts_and_tail_chains),
		cmocka_unit_test(undefined_is_usage_fault_or_hard_fault),
		cmocka_unit_test(bus_fault_tells_the_address),
		cmocka_unit_test(fault_within_hard_fault_locks_up),
		cmocka_unit_test(clear_thumb_bit_is_invstate),
		cmocka_unit_test(bad_exc_return_is_invpc),
		cmocka_unit_test(unaligned_and_divide_traps),
		cmocka_unit_test(wfi_sleeps_until_an_interrupt),
		cmocka_unit_test(systick_counts_its_period),
		cmocka_unit_test(bit_band_alias),
		cmocka_unit_test(code_in_ram_may_change_itself),
		cmocka_unit_test(fast_loop_equals_plain_functions),
		cmocka_unit_test(interrupts_leave_no_trace),
		cmocka_unit_test(idle_skip_changes_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
