/*
 * The core as a debugger sees it: stepping, breakpoints, watchpoints, vector catch,
 * resets, a core that sleeps. Expected values are DDI 0403's and DDI 0337's.
 */
#include "cpu_fixture.h"

static void debugger_steps_inside_it(void **state)
{
	/* movs r0,#0; itte eq; moveq r1,#1; moveq r2,#2; movne r3,#3; nop */
	struct mcu *m = BOOT(0x2000, 0xBF06, 0x2101, 0x2202, 0x2303, 0xBF00, 0xE7FE);

	mcu_set_reg(m, 3, 0x77);
	halt(m);
	debug_single_step(m);
	debug_single_step(m);
	assert_int_equal(core_register(m, 15), CODE + 4);
	assert_int_equal(core_register(m, 16) & 0x0600FC00, 0x04000000 | 0x06u >> 2 << 10);
	debug_single_step(m);
	assert_int_equal(core_register(m, 1), 1);
	debug_single_step(m);
	debug_single_step(m);
	assert_int_equal(core_register(m, 2), 2);
	assert_int_equal(core_register(m, 3), 0x77);
	assert_int_equal(core_register(m, 15), CODE + 10);
	assert_int_equal(core_register(m, 16) & 0x0600FC00, 0);
	assert_true(core_register(m, 16) & APSR_Z); /* MOV in a block leaves the flags */
	mcu_free(m);
}

static void sticky_bits(void **state)
{
	struct mcu *m = BOOT(0xE7FE);

	assert_true(debug_get(m, SCS_DHCSR) & 1u << 25);  /* S_RESET_ST */
	assert_false(debug_get(m, SCS_DHCSR) & 1u << 25); /* cleared by reading */
	assert_false(debug_get(m, SCS_DHCSR) & 1u << 24);
	run_ns(m, 10000);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 24); /* S_RETIRE_ST */
	mcu_free(m);
}

static void flash_breakpoint(void **state)
{
	struct mcu *m = BOOT(0x3001, 0x3101, 0x3201, 0xE7FB); /* adds r0; adds r1; adds r2; b */

	halt(m);
	debug_put(m, FPB_BASE, 3);
	debug_put(m, FPB_BASE + 8, (CODE & 0x1FFFFFFCu) | 1u | 2u << 30); /* upper half-word */
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	run_ns(m, 100000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), CODE + 2);
	assert_true(debug_get(m, SCS_DFSR) & DFSR_BKPT);
	assert_int_equal(core_register(m, 0), 1);
	assert_int_equal(core_register(m, 1), 0);
	mcu_free(m);
}

static void literal_remap(void **state)
{
	struct mcu *m = BOOT(0x4800, 0xE7FE, 0x1111, 0x1111); /* ldr r0, [pc, #0] */

	halt(m);
	debug_put(m, 0x20000100 + 4 * 6, 0x12345678);
	debug_put(m, FPB_BASE + 4, 0x100);
	debug_put(m, FPB_BASE + 8 + 4 * 6, ((CODE + 4) & 0x1FFFFFFCu) | 1);
	debug_put(m, FPB_BASE, 3);
	debug_single_step(m);
	assert_int_equal(core_register(m, 0), 0x12345678);
	mcu_free(m);
}

static void data_watchpoint(void **state)
{
	struct mcu *m = BOOT(0x6001, 0x6041, 0xBF00, 0xE7FE); /* str r1,[r0]; str r1,[r0,#4] */

	halt(m);
	debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
	debug_put(m, DWT_BASE + 0x20, 0x20000104);
	debug_put(m, DWT_BASE + 0x24, 0);
	debug_put(m, DWT_BASE + 0x28, 6);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	run_ns(m, 100000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), CODE + 4); /* after the store */
	assert_true(debug_get(m, SCS_DFSR) & DFSR_DWTTRAP);
	assert_true(debug_get(m, DWT_BASE + 0x28) & 1u << 24);
	mcu_free(m);
}

static void cycle_counter(void **state)
{
	/* nop; nop; ldr r1,[r0]; mla; b . */
	struct mcu *m = BOOT(0xBF00, 0xBF00, 0x6801, 0xFB01, 0x1101, 0xE7FE);

	halt(m);
	mcu_set_reg(m, MCU_R0, 0x20000100);
	debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
	debug_put(m, DWT_BASE, 1);
	debug_put(m, DWT_BASE + 4, 0);
	for (int i = 0; i < 4; i++)
		debug_single_step(m);
	assert_int_equal(debug_get(m, DWT_BASE + 4), 1 + 1 + 2 + 2);
	mcu_free(m);
}

static void vector_catch_at_hard_fault(void **state)
{
	struct mcu *m = BOOT(0xDE00);

	halt(m);
	debug_put(m, SCS_DEMCR, DEMCR_VC_HARDERR);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	run_ns(m, 100000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), HANDLER(EXC_HARDFAULT));
	assert_true(debug_get(m, SCS_DFSR) & DFSR_VCATCH);
	mcu_free(m);
}

static void reset_lets_a_halted_core_go_unless_caught(void **state)
{
	struct mcu *m = BOOT(0xE7FE);

	halt(m);
	debug_put(m, SCS_AIRCR, 0x05FA0004);
	run_ns(m, 1000000);
	assert_false(cpu_halted(m));
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 25);

	halt(m);
	debug_put(m, SCS_DEMCR, DEMCR_VC_CORERESET);
	debug_put(m, SCS_AIRCR, 0x05FA0004);
	run_ns(m, 1000000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), CODE);

	debug_put(m, SCS_DEMCR, 0); /* C_HALT written while NRST is low: halts at once */
	mcu_nrst(m, true);
	debug_put(m, SCS_DHCSR, DBGKEY | 3);
	mcu_nrst(m, false);
	run_ns(m, 1000000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), CODE);
	mcu_free(m);
}

static void bkpt_with_and_without_debugger(void **state)
{
	struct mcu *m = BOOT(0xBE00, 0xE7FE);

	steps(m, 2);
	assert_int_equal(mcu_exception(m), EXC_HARDFAULT);
	assert_true(debug_get(m, SCS_HFSR) & HFSR_DEBUGEVT);
	mcu_free(m);

	m = BOOT(0xBE00, 0xE7FE);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	run_ns(m, 100000);
	assert_true(cpu_halted(m));
	assert_int_equal(core_register(m, 15), CODE);
	mcu_free(m);
}

/* Runs `code` with one vector catch bit; does the core halt at a handler? */
static bool caught(uint32_t vc, const uint16_t *code, size_t n, uint32_t ccr, uint32_t r0)
{
	struct mcu *m = boot(code, n);
	bool halted;

	for (unsigned i = EXC_HARDFAULT; i <= EXC_USAGEFAULT; i++)
		WRITE_HANDLER(m, i, 0x3701, SPIN); /* adds r7, #1 */
	WRITE_HANDLER(m, EXC_SVCALL, 0x4685, BX_LR); /* mov sp, r0 */
	mcu_set_reg(m, MCU_R0 + 7, 0);
	debug_put(m, SCS_CCR, ccr);
	debug_put(m, SCS_SHCSR, 7u << 16);
	mcu_set_reg(m, MCU_R0, r0);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	debug_put(m, SCS_DEMCR, vc);
	run_ns(m, 20000);
	halted = cpu_halted(m) && debug_get(m, SCS_DFSR) & DFSR_VCATCH;
	EQ(reg(m, 7), !halted); /* caught before the handler's first instruction */
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
		{DEMCR_VC_INTERR, {0xDF00, SPIN}, 0, 0x10000000},   /* the return from it */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++)
		for (size_t k = 0; k < sizeof row / sizeof row[0]; k++) {
			bool halts = caught(row[k].vc, row[i].code, 2, row[i].ccr, row[i].r0);

			if (halts != (row[i].vc == row[k].vc))
				fail_msg("fault %zu, catch %zu: %d", i, k, halts);
		}
}

/* Software may halt the core when a debugger has enabled that (C1.6.2); a watchpoint on
 * the store that pends an exception comes before the exception. */
static void a_store_halts_at_once(void **state)
{
	struct mcu *m = BOOT(0x6001, 0x3201, SPIN); /* str r1, [r0]; adds r2, #1 */

	mcu_set_reg(m, MCU_R0, SCS_DHCSR);
	mcu_set_reg(m, 1, DBGKEY | 3);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	run_ns(m, 20000);
	assert_true(cpu_halted(m));
	EQ(core_register(m, 15), CODE + 2);
	mcu_free(m);

	m = BOOT(0x6001, 0x3201, SPIN);
	mcu_set_reg(m, MCU_R0, SCS_ICSR);
	mcu_set_reg(m, 1, 1u << 28); /* PENDSVSET */
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
	debug_put(m, DWT_BASE + 0x20, SCS_ICSR);
	debug_put(m, DWT_BASE + 0x28, 6); /* writes */
	run_ns(m, 20000);
	assert_true(cpu_halted(m));
	EQ(core_register(m, 15), CODE + 2);
	EQ(mcu_exception(m), 0);
	mcu_free(m);

	m = BOOT(0x6001, 0x3201, SPIN); /* a priority, which is looked at anew */
	mcu_set_reg(m, MCU_R0, SCS_NVIC_IPR);
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
	debug_put(m, DWT_BASE + 0x20, SCS_NVIC_IPR);
	debug_put(m, DWT_BASE + 0x28, 6);
	run_ns(m, 20000);
	assert_true(cpu_halted(m));
	EQ(core_register(m, 15), CODE + 2);
	mcu_free(m);

	m = BOOT(0xE9C0, 0x1200, 0x3201, SPIN); /* strd r1, r2, [r0]: the first is watched */
	mcu_set_reg(m, MCU_R0, SCS_CPUID);
	mcu_set_reg(m, 2, 0); /* to ICSR: nothing is pended */
	debug_put(m, SCS_DHCSR, DBGKEY | 1);
	debug_put(m, SCS_DEMCR, DEMCR_TRCENA);
	debug_put(m, DWT_BASE + 0x20, SCS_CPUID);
	debug_put(m, DWT_BASE + 0x28, 6);
	run_ns(m, 20000);
	assert_true(cpu_halted(m));
	EQ(core_register(m, 15), CODE + 4);
	mcu_free(m);
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

	m = BOOT(NOP, NOP, NOP, SPIN); /* PendSV is hidden, too, NMI is not */
	halt(m);
	debug_put(m, SCS_DHCSR, DBGKEY | 11);
	debug_put(m, SCS_ICSR, 1u << 28);
	debug_put(m, SCS_DHCSR, DBGKEY | 13);
	run_ns(m, 20000);
	EQ(core_register(m, 15), CODE + 2);
	debug_put(m, SCS_ICSR, 1u << 31);
	debug_put(m, SCS_DHCSR, DBGKEY | 13);
	run_ns(m, 20000);
	EQ(core_register(m, 15), HANDLER(EXC_NMI));
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
		cmocka_unit_test(debugger_steps_inside_it),
		cmocka_unit_test(sticky_bits),
		cmocka_unit_test(flash_breakpoint),
		cmocka_unit_test(literal_remap),
		cmocka_unit_test(data_watchpoint),
		cmocka_unit_test(cycle_counter),
		cmocka_unit_test(vector_catch_at_hard_fault),
		cmocka_unit_test(reset_lets_a_halted_core_go_unless_caught),
		cmocka_unit_test(bkpt_with_and_without_debugger),
		cmocka_unit_test(each_fault_has_its_vector_catch),
		cmocka_unit_test(a_store_halts_at_once),
		cmocka_unit_test(the_debugger_sees_a_sleeping_core),
		cmocka_unit_test(maskints_steps_past_interrupts),
		cmocka_unit_test(vectreset_resets_the_core_alone),
		cmocka_unit_test(all_comparators_work),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
