/*
 * mcu: firmware that does its worst. Whatever it is, a run ends when it was told
 * to, says how, and the next reset starts a sound chip. The random half of this
 * is tests/fuzz.
 */
#include "cpu_fixture.h"

#include <string.h>

#define MS 1000000ull
#define NOWHERE 0x30000001u

struct seen {
	unsigned lockups, resets, faults, flash;
};

static void note(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct seen *s = ctx;

	(void)m;
	s->lockups += e->kind == MCU_EVENT_LOCKUP;
	s->resets += e->kind == MCU_EVENT_RESET;
	s->faults += e->kind == MCU_EVENT_FAULT;
	s->flash += e->kind == MCU_EVENT_FLASH;
}

static void watch(struct mcu *m, struct seen *seen)
{
	struct mcu_hooks hooks = {.ctx = seen, .event = note};

	memset(seen, 0, sizeof *seen);
	mcu_set_hooks(m, &hooks);
}

/* Runs that long, and an instruction at the slowest HCLK. */
static enum mcu_stop run_exactly(struct mcu *m, uint64_t ns)
{
	struct mcu_limits l = {.until_ns = mcu_now_ns(m) + ns, .instructions = UINT64_MAX};
	enum mcu_stop stop = mcu_run(m, &l);

	assert_in_range(mcu_now_ns(m), l.until_ns, l.until_ns + 2 * MS);
	return stop;
}

/* Once locked up: it is told once, stays so, and a reset with sound code helps. */
static void locked_up_until_reset(struct mcu *m, const struct seen *seen)
{
	static const uint16_t spin = 0xE7FE;
	uint32_t sound[2] = {STACK, CODE | 1};

	assert_int_equal(seen->lockups, 1);
	assert_int_equal(reg(m, MCU_PC), 0xFFFFFFFE);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 19);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_LOCKUP);
	assert_int_equal(seen->lockups, 1);
	load_words(m, 0x08000000, sound, 2);
	load(m, CODE, &spin, 1);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	assert_int_equal(run_exactly(m, MS), MCU_STOP_TIME);
	assert_int_equal(reg(m, MCU_PC), CODE);
}

static void jump_to_nowhere(void **state)
{
	static const uint32_t targets[] = {0x30000001, 0x40010801, 0xE000ED01, 0xFFFFFFFF,
					   0x08010001};
	struct seen seen;

	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		struct mcu *m = BOOT(0x4700); /* bx r0 */

		watch(m, &seen);
		mcu_set_reg(m, MCU_R0, targets[i]);
		assert_int_equal(run_exactly(m, 10 * MS), MCU_STOP_TIME);
		assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
		assert_int_equal(seen.faults, 1);
		mcu_free(m);
	}
}

static void a_fault_handler_that_jumps_to_nowhere(void **state)
{
	struct mcu *m = BOOT(0x4700);
	struct seen seen;

	(void)state;
	watch(m, &seen);
	WRITE_HANDLER(m, EXC_HARDFAULT, 0x4700);
	mcu_set_reg(m, MCU_R0, NOWHERE);
	assert_int_equal(run_exactly(m, 10 * MS), MCU_STOP_LOCKUP);
	locked_up_until_reset(m, &seen);
	mcu_free(m);
}

/* Nothing but 0xFF, and vectors that lead nowhere: the first fetch locks up. */
static void vectors_to_nowhere(void **state)
{
	static const uint32_t both[] = {STACK, NOWHERE, NOWHERE, NOWHERE};
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct seen seen;

	(void)state;
	for (unsigned erased = 0; erased < 2; erased++) {
		struct mcu *m = mcu_new(&config, NULL);

		assert_non_null(m);
		watch(m, &seen);
		if (!erased)
			load_words(m, 0x08000000, both, 4);
		mcu_power(m, true);
		assert_int_equal(run_exactly(m, 10 * MS), MCU_STOP_LOCKUP);
		locked_up_until_reset(m, &seen);
		mcu_free(m);
	}
}

/* Frames and pushes go into locked flash, which takes nothing: what is popped is
 * what was there, no address and no way to return: a fault again and again. */
static void a_stack_in_flash(void **state)
{
	struct mcu *m = BOOT(0xB500, 0xBD00); /* push {lr}; pop {pc} */
	uint8_t before[1024], after[1024];
	struct seen seen;

	(void)state;
	watch(m, &seen);
	assert_true(mcu_peek(m, 0x08001C00, before, sizeof before));
	WRITE_HANDLER(m, EXC_HARDFAULT, 0xB500, 0xBD00);
	mcu_set_reg(m, MCU_SP, 0x08002000);
	assert_int_equal(run_exactly(m, 10 * MS), MCU_STOP_TIME);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
	assert_true(seen.faults > 100);
	assert_true(mcu_peek(m, 0x08001C00, after, sizeof after));
	assert_memory_equal(before, after, sizeof before);
	assert_int_equal(seen.flash, 0);
	mcu_free(m);
}

/* Calls without end: below RAM there is nothing, for the frame of the fault neither. */
static void a_stack_that_runs_out_of_ram(void **state)
{
	struct mcu *m = BOOT(0xB500, 0xE7FD); /* push {lr}; b . - 2 */
	struct seen seen;

	(void)state;
	watch(m, &seen);
	WRITE_HANDLER(m, EXC_HARDFAULT, 0xB500, 0xE7FD);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_LOCKUP);
	locked_up_until_reset(m, &seen);
	mcu_free(m);
}

static void a_stack_in_the_registers(void **state)
{
	static const uint32_t tops[] = {0x40000400, 0x40023000, 0xE000EE00, 0x42000400,
					0x20000004, 0};

	(void)state;
	for (size_t i = 0; i < sizeof tops / sizeof tops[0]; i++) {
		struct mcu *m = BOOT(0xB5FF, 0xDF00, 0xE7FC); /* push {r0-r7,lr}; svc 0; again */
		enum mcu_stop stop;

		mcu_set_reg(m, MCU_SP, tops[i]);
		stop = run_exactly(m, 10 * MS);
		assert_true(stop == MCU_STOP_TIME || stop == MCU_STOP_LOCKUP);
		mcu_free(m);
	}
}

/* The handler returns to what faulted: for ever, and that is no lockup. */
static void an_endless_fault(void **state)
{
	struct mcu *m = BOOT(0xDE00);
	struct seen seen;

	(void)state;
	watch(m, &seen);
	WRITE_HANDLER(m, EXC_HARDFAULT, 0x4770);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_TIME);
	assert_int_equal(seen.lockups, 0);
	assert_true(seen.faults > 10000);
	mcu_free(m);
}

#define KEYS                                                                                       \
	0x6060, /* str r0, [r4, #4]: KEY1 */                                                       \
	0x6061  /* str r1, [r4, #4]: KEY2 */

static void set_keys(struct mcu *m)
{
	mcu_set_reg(m, 0, 0x45670123);
	mcu_set_reg(m, 1, 0xCDEF89AB);
	mcu_set_reg(m, 4, 0x40022000);
}

/* It erases the page that it runs in: what it fetches next is no instruction. */
static void code_that_erases_itself(void **state)
{
	struct mcu *m = BOOT(KEYS, 0x2202, 0x6122, /* PER */
			     0x6165, 0x2242, 0x6122, /* AR; STRT */
			     0xE7FE);
	struct seen seen;
	uint32_t word = 0;

	(void)state;
	watch(m, &seen);
	set_keys(m);
	mcu_set_reg(m, 5, CODE);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_TIME);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
	assert_int_equal(debug_get(m, SCS_CFSR), CFSR_UNDEFINSTR);
	assert_int_equal(seen.flash, 1);
	assert_true(mcu_peek(m, CODE, &word, 4));
	assert_int_equal(word, 0xFFFFFFFF);
	mcu_free(m);
}

/* It programs what comes next: an erased half-word becomes `movs r3, #9`. */
static void code_that_programs_itself(void **state)
{
	struct mcu *m = BOOT(KEYS, 0x2201, 0x6122, /* PG */
			     0x802E,               /* strh r6, [r5] */
			     0xFFFF, 0xE7FE);

	(void)state;
	set_keys(m);
	mcu_set_reg(m, 5, CODE + 10);
	mcu_set_reg(m, 6, 0x2309);
	run_exactly(m, 10 * MS);
	assert_int_equal(reg(m, 3), 9);
	assert_int_equal(reg(m, MCU_PC), CODE + 12);
	mcu_free(m);
}

/* A block copies itself on through RAM, over and over its own code. */
static void code_that_walks_through_ram(void **state)
{
	static const uint16_t walker[] = {
		0x46FB, 0x465C, 0x3C04, /* mov r11, pc; mov r4, r11; subs r4, #4 */
		0x4625, 0x3520, 0x2208, /* mov r5, r4; adds r5, #32; movs r2, #8 */
		0x6826, 0x602E, 0x3404, 0x3504, /* copy r2 words */
		0x3A01, 0xD1F9, 0xBF00, 0xBF00, 0xBF00, 0xBF00,
	};
	struct mcu *m = BOOT(0x4700); /* bx r0 */
	struct seen seen;

	(void)state;
	watch(m, &seen);
	load(m, 0x20000000, walker, sizeof walker / sizeof walker[0]);
	mcu_set_reg(m, MCU_R0, 0x20000001);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_TIME);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT); /* at the end of RAM */
	assert_int_equal(peek(m, 0x20004FE0 - 32), peek(m, 0x20000000));
	mcu_free(m);
}

/* Stores `value` from `from` to `to`, step by step; a refused store is passed over. */
static void write_over(uint32_t from, uint32_t to, uint32_t value, uint16_t store)
{
	/* store; adds r0, r4; cmp r0, r1; bne; b . */
	struct mcu *m = BOOT(store, 0x1900, 0x4288, 0xD1FB, 0xE7FE);
	struct seen seen;
	enum mcu_stop stop;

	watch(m, &seen);
	/* ldr r3, [sp, #24]; adds r3, #2; str r3, [sp, #24]; bx lr */
	WRITE_HANDLER(m, EXC_HARDFAULT, 0x9B06, 0x3302, 0x9306, 0x4770);
	mcu_set_reg(m, 0, from);
	mcu_set_reg(m, 1, to);
	mcu_set_reg(m, 2, value);
	mcu_set_reg(m, 4, store == 0x7002 ? 1 : store == 0x8002 ? 2 : 4);
	stop = run_exactly(m, 500 * MS);
	assert_true(stop == MCU_STOP_TIME || stop == MCU_STOP_LOCKUP || stop == MCU_STOP_HALTED ||
		    stop == MCU_STOP_IDLE);
	mcu_uart_rx(m, 1, (const uint8_t *)"hostile", 7);
	mcu_pin_drive(m, 0, 0, 1);
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_exactly(m, 10 * MS);
	mcu_free(m);
}

static void writes_to_everything(void **state)
{
	static const uint32_t values[] = {0, 0xFFFFFFFF, 0x05FA0004, 0xA5A5A5A5, 0x5555CCCC,
					  0x20000000};
	static const uint16_t stores[] = {0x6002, 0x8002, 0x7002}; /* str, strh, strb r2, [r0] */

	(void)state;
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
		for (size_t k = 0; k < sizeof stores / sizeof stores[0]; k++) {
			write_over(0x40000000, 0x40024000, values[i], stores[k]);
			write_over(0xE0000000, 0xE0003000, values[i], stores[k]);
			write_over(0xE000E000, 0xE000F000, values[i], stores[k]);
			write_over(0x1FFFF000, 0x1FFFF820, values[i], stores[k]);
			write_over(0x08000800, 0x08001000, values[i], stores[k]);
			write_over(0x20000000, 0x20005000, values[i], stores[k]);
		}
}

/* USART1 asks for its next byte and gets none: its handler is all there is. */
static void an_interrupt_that_never_ends(void **state)
{
	struct mcu *m = BOOT(0x3001, 0xE7FD); /* adds r0, #1; again */
	uint32_t rounds;

	(void)state;
	debug_put(m, 0x40021018, 1u << 14);
	debug_put(m, 0x4001380C, 0x2088); /* UE, TE, TXEIE */
	debug_put(m, SCS_NVIC_ISER + 4, 1u << 5);
	WRITE_HANDLER(m, EXC_IRQ0 + 37, 0x4770);
	mcu_set_reg(m, 0, 0);
	run_exactly(m, MS);
	rounds = reg(m, 0);
	assert_int_equal(run_exactly(m, 1000 * MS), MCU_STOP_TIME);
	assert_in_range(reg(m, 0), rounds, rounds + 2);
	assert_int_equal(mcu_exception(m), EXC_IRQ0 + 37);
	mcu_free(m);
}

/* Every interrupt pending, each handler pends all of them again. */
static void a_storm_of_all_interrupts(void **state)
{
	struct mcu *m = BOOT(0xE7FE);
	struct seen seen;

	(void)state;
	watch(m, &seen);
	for (unsigned i = 0; i < 43; i++) /* str r5, [r4]; str r5, [r4, #4]; bx lr */
		WRITE_HANDLER(m, EXC_IRQ0 + i, 0x6025, 0x6065, 0x4770);
	mcu_set_reg(m, 4, SCS_NVIC_ISPR);
	mcu_set_reg(m, 5, 0xFFFFFFFF);
	debug_put(m, SCS_NVIC_ISER, 0xFFFFFFFF);
	debug_put(m, SCS_NVIC_ISER + 4, 0xFFFFFFFF);
	debug_put(m, SCS_NVIC_ISPR, 0xFFFFFFFF);
	assert_int_equal(run_exactly(m, 300 * MS), MCU_STOP_TIME);
	assert_int_equal(seen.lockups, 0);
	assert_in_range(mcu_exception(m), EXC_IRQ0, EXC_IRQ0 + 42);
	mcu_free(m);
}

static void nmi_that_pends_itself(void **state)
{
	struct mcu *m = BOOT(0x6025, 0xE7FE); /* str r5, [r4] */

	(void)state;
	WRITE_HANDLER(m, EXC_NMI, 0x6025, 0x4770);
	mcu_set_reg(m, 4, 0xE000ED04);
	mcu_set_reg(m, 5, 1u << 31);
	assert_int_equal(run_exactly(m, 300 * MS), MCU_STOP_TIME);
	assert_int_equal(mcu_exception(m), EXC_NMI);
	mcu_free(m);
}

/* A tick that is due before its handler has ended, and one that is due at once. */
static void ticks_faster_than_their_handler(void **state)
{
	(void)state;
	for (uint32_t reload = 1; reload < 40; reload += 13) {
		struct mcu *m = BOOT(0xBF30, 0xE7FD); /* wfi; again */

		WRITE_HANDLER(m, EXC_SYSTICK, 0xBF00, 0x4770);
		debug_put(m, SCS_SYST_RVR, reload);
		debug_put(m, SCS_SYST_CSR, 7);
		assert_int_equal(run_exactly(m, 300 * MS), MCU_STOP_TIME);
		mcu_free(m);
	}
}

/* A tick every other cycle does not wake a core that is locked up: nor does time
 * have to be walked through by it. */
static void lockup_beside_a_fast_tick(void **state)
{
	struct mcu *m = BOOT(0xDE00);

	(void)state;
	WRITE_HANDLER(m, EXC_HARDFAULT, 0xDE00);
	debug_put(m, SCS_SYST_RVR, 1);
	debug_put(m, SCS_SYST_CSR, 7);
	assert_int_equal(run_exactly(m, 1000000 * MS), MCU_STOP_LOCKUP);
	assert_true(debug_get(m, 0xE000ED04) & 1u << 26); /* ICSR.PENDSTSET */
	mcu_free(m);
}

/* TIM2 updates every second cycle, and interrupts each time. */
static void a_timer_faster_than_its_handler(void **state)
{
	struct mcu *m = BOOT(0xE7FE);

	(void)state;
	debug_put(m, 0x4002101C, 1);
	WRITE_HANDLER(m, EXC_IRQ0 + 28, 0x6125, 0x4770); /* str r5, [r4, #16]: SR */
	mcu_set_reg(m, 4, 0x40000000);
	mcu_set_reg(m, 5, 0);
	debug_put(m, 0x4000002C, 1);
	debug_put(m, 0x4000000C, 1);
	debug_put(m, SCS_NVIC_ISER, 1u << 28);
	debug_put(m, 0x40000000, 1);
	assert_int_equal(run_exactly(m, 300 * MS), MCU_STOP_TIME);
	mcu_free(m);
}

/* Reset asked for by the first instruction, and by a watchdog at its shortest. */
static void resets_without_end(void **state)
{
	struct mcu *m = BOOT(0x4C01, 0x4D02, 0x6025, 0xE7FE, /* ldr r4; ldr r5; str r5, [r4] */
			     0xED0C, 0xE000, 0x0004, 0x05FA);
	struct seen seen;

	(void)state;
	watch(m, &seen);
	run_exactly(m, 500 * MS);
	assert_true(seen.resets > 1000);
	mcu_free(m);
	m = BOOT(0x6020, 0xE7FE);
	watch(m, &seen);
	debug_put(m, 0x40003000, 0x5555);
	debug_put(m, 0x40003008, 0);
	debug_put(m, 0x40003000, 0xCCCC);
	run_exactly(m, 500 * MS);
	assert_int_equal(seen.resets, 1);
	mcu_free(m);
}

/* Sleep with nothing left to wake it. */
static void sleep_without_end(void **state)
{
	static const uint16_t ways[] = {0xBF30, 0xBF20}; /* wfi, wfe */

	(void)state;
	for (unsigned deep = 0; deep < 2; deep++)
		for (size_t i = 0; i < 2; i++) {
			struct mcu *m = BOOT(ways[i], 0xE7FD);
			struct mcu_limits forever = {.until_ns = UINT64_MAX,
						     .instructions = UINT64_MAX};

			debug_put(m, 0xE000ED10, deep << 2);
			assert_int_equal(mcu_run(m, &forever), MCU_STOP_IDLE);
			mcu_free(m);
		}
}

/* DMA that asks itself: memory to memory in a circle, over and over, onto its own
 * registers and into the core's. Time goes on, and the core with it. */
static void dma_without_end(void **state)
{
	static const uint32_t to[] = {0x20000100, 0x40020008, 0x40020000, 0xE000E100, 0x08000000,
				      0x42400100};

	(void)state;
	for (size_t i = 0; i < sizeof to / sizeof to[0]; i++) {
		struct mcu *m = BOOT(0x6026, 0x6025, 0x3001, 0xE7FB); /* CCR: off, on; r0++ */

		debug_put(m, 0x40021014, 3);
		debug_put(m, 0x4002000C, 0xFFFF);
		debug_put(m, 0x40020010, 0x20000000);
		debug_put(m, 0x40020014, to[i]);
		mcu_set_reg(m, 4, 0x40020008);
		mcu_set_reg(m, 5, 0x4AE1); /* MEM2MEM, words, PINC, MINC, CIRC, EN */
		mcu_set_reg(m, 6, 0);
		run_exactly(m, 200 * MS);
		mcu_free(m);
	}
}

/* TIM2 resets TIM3, which resets TIM2, each by the update that its reset is. */
static void timers_that_trigger_each_other(void **state)
{
	struct mcu *m = BOOT(0x6125, 0xE7FD); /* str r5, [r4, #16]: SR */

	(void)state;
	debug_put(m, 0x4002101C, 3);
	debug_put(m, 0x40000008, 2u << 4 | 4);
	debug_put(m, 0x40000408, 1u << 4 | 4);
	for (uint32_t base = 0x40000000; base <= 0x40000400; base += 0x400) {
		debug_put(m, base + 4, 2u << 4);
		debug_put(m, base + 0x2C, 20);
		debug_put(m, base, 1);
	}
	mcu_set_reg(m, 4, 0x40000000);
	mcu_set_reg(m, 5, 0);
	assert_int_equal(run_exactly(m, 100 * MS), MCU_STOP_TIME);
	debug_put(m, 0x40000014, 1);
	mcu_free(m);
}

/* A transmitter's request that nothing ever satisfies, since the bytes go elsewhere. */
static void a_dma_request_that_is_never_served(void **state)
{
	struct mcu *m = BOOT(0x6821, 0x3001, 0xE7FC); /* ldr r1, [r4]: SR; r0++ */

	(void)state;
	debug_put(m, 0x40021014, 1);
	debug_put(m, 0x40021018, 1u << 14);
	debug_put(m, 0x40020048, 0xFFFF);
	debug_put(m, 0x4002004C, 0x20000200);
	debug_put(m, 0x40020050, 0x20000100);
	debug_put(m, 0x40020044, 0xB1); /* channel 4: circular, from memory */
	debug_put(m, 0x40013814, 0x80);
	debug_put(m, 0x4001380C, 0x2008);
	mcu_set_reg(m, 4, 0x40013800);
	mcu_set_reg(m, 0, 0);
	run_exactly(m, 200 * MS);
	assert_true(reg(m, 0) > 100000);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jump_to_nowhere),
		cmocka_unit_test(a_fault_handler_that_jumps_to_nowhere),
		cmocka_unit_test(vectors_to_nowhere),
		cmocka_unit_test(a_stack_in_flash),
		cmocka_unit_test(a_stack_that_runs_out_of_ram),
		cmocka_unit_test(a_stack_in_the_registers),
		cmocka_unit_test(an_endless_fault),
		cmocka_unit_test(code_that_erases_itself),
		cmocka_unit_test(code_that_programs_itself),
		cmocka_unit_test(code_that_walks_through_ram),
		cmocka_unit_test(writes_to_everything),
		cmocka_unit_test(an_interrupt_that_never_ends),
		cmocka_unit_test(a_storm_of_all_interrupts),
		cmocka_unit_test(nmi_that_pends_itself),
		cmocka_unit_test(ticks_faster_than_their_handler),
		cmocka_unit_test(lockup_beside_a_fast_tick),
		cmocka_unit_test(a_timer_faster_than_its_handler),
		cmocka_unit_test(resets_without_end),
		cmocka_unit_test(sleep_without_end),
		cmocka_unit_test(dma_without_end),
		cmocka_unit_test(timers_that_trigger_each_other),
		cmocka_unit_test(a_dma_request_that_is_never_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
