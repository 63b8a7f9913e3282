/*
 * The fast loop against the plain functions of the core, instruction by
 * instruction, on what the loop does by ways of its own: exceptions entered and
 * left, masks, stack pointers, register lists, memories' ends, and accesses that
 * change what it goes by. Flags, registers, RAM, cycles and counts must be equal.
 */
#include <string.h>

#include "mcu/cpu/cpu_internal.h"
#include "mcu/mcu.h"
#include "test.h"

#define FLASH	 0x08000000u
#define CODE	 0x08000100u
#define HANDLER	 0x08000200u
#define SPIN	 0x08000300u
#define PAGE	 0x08001000u
#define RAM	 0x20000000u
#define RAM_CODE 0x20000100u
#define RAM_DATA 0x20000800u
#define STACK	 0x20001000u
#define PENDSVSET (1u << 28)

struct program {
	const char *name;
	uint16_t code[24], handler[8]; /* of PendSV and SysTick */
	uint32_t at;    /* where the code lies */
	uint32_t r[8];
	uint32_t xpsr;  /* 0: as after reset */
	uint32_t fill;  /* every word of RAM, and of what lies behind it in the core's state */
};

static const struct program programs[] = {
	{"an exception between two instructions",
	 {0x3201, 0x6001, /* adds r2, #1; str r1, [r0] */ 0x3201, 0x3201, 0xE7FA},
	 {0x4613, 0xF3EF, 0x8400, 0xF3EF, 0x8505, /* mov r3, r2; mrs r4, apsr; mrs r5, ipsr */
	  0x18B6, 0x4770},
	 CODE,
	 {SCS_ICSR, PENDSVSET}},
	{"masks lowered by MSR and CPS, in an IT block too",
	 {0xF383, 0x8811, /* msr basepri, r3 */ 0x6001, 0xF3EF, 0x8511, /* mrs r5, basepri */
	  0xF384, 0x8811, 0x3201, 0xB672, /* cpsid i */ 0x6001, 0x3201, 0xF3EF, 0x8510, 0xB662,
	  0x3201, 0xF383, 0x8810, /* msr primask, r3 */ 0x6001, 0x4292, 0xBF0C, /* ite eq */
	  0xF384, 0x8810, 0x3201, 0xE7E7},
	 {0xB510, 0x18B6, 0xBD10}, /* push {r4, lr}; adds r6, r6, r2; pop {r4, pc} */
	 CODE,
	 {SCS_ICSR, PENDSVSET, 0, 0x11, 0}},
	{"stack pointers and CONTROL",
	 {0x4668, 0x3007, 0xF380, 0x8809, /* msr psp, r0 */ 0xF3EF, 0x8109, 0xF382, 0x8814,
	  0xF3EF, 0x8314, /* mrs r3, control */ 0x466C, 0x3503, 0x446D, 0x3D40, 0xF385, 0x8808,
	  0xF3EF, 0x8608, /* mrs r6, msp */ 0xF387, 0x8814, 0xE7EA},
	 {0},
	 CODE,
	 {0, 0, 2}},
	{"flash wait states from one instruction to the next",
	 {0x6001, 0x6833, /* str r1, [r0]; ldr r3, [r6] */ 0xE7FF, 0x6833, 0x4051, 0xE7F9},
	 {0},
	 CODE,
	 {0x40022000, 2, 2, 0, 0, 0, PAGE}},
	{"returns by POP at flash wait states",
	 {0x601A, 0x6001, /* str r2, [r3]; str r1, [r0] */ 0x3601, 0x6001, 0xE7FB},
	 {0xB510, 0x18B6, 0xBD10}, /* push {r4, lr}; adds r6, r6, r2; pop {r4, pc} */
	 CODE,
	 {SCS_ICSR, PENDSVSET, 2, 0x40022000}},
	{"wait states of data by way of the alias at 0",
	 {0x6001, 0x6833, /* ldr r3, [r6] */ 0x3201, 0x6833, 0x3201, 0xE7FA},
	 {0},
	 CODE,
	 {0x40022000, 2, 0, 0, 0, 0, PAGE - FLASH}},
	{"literals at flash wait states",
	 {0x6001, 0x4B01, /* ldr r3, [pc, #4] */ 0x3201, 0x4C01, 0xE7FB, 0x3201},
	 {0},
	 CODE,
	 {0x40022000, 2}},
	{"literals in RAM",
	 {0x6001, 0x4B01, 0x3201, 0x4C01, 0xE7FB, 0x3201},
	 {0},
	 RAM_CODE,
	 {0x40022000, 2}},
	{"a deadline brought forward",
	 {0x6001, 0x6042, 0x6083, /* SysTick's CSR, RVR, CVR */ 0x240F, 0x3C01, 0xD1FD, 0xE7F9},
	 {0x3701, 0x4770}, /* adds r7, #1; bx lr */
	 CODE,
	 {SCS_SYST_CSR, 7, 30}},
	{"a reset asked for",
	 {0x6001, 0x3201, 0x3201, 0xE7FE},
	 {0},
	 CODE,
	 {SCS_AIRCR, 0x05FA0004}},
	{"a reset and an exception asked for by one instruction",
	 {0xC00E, /* stm r0!, {r1, r2, r3}: ICSR, VTOR, AIRCR */ 0x3401, 0xE7FE},
	 {0x3501, 0x4770},
	 CODE,
	 {SCS_ICSR, PENDSVSET, FLASH, 0x05FA0004}},
	{"a PC watchpoint from one instruction to the next",
	 {0x6001, 0x6016, 0x6094, /* DEMCR, COMP0, FUNCTION0 */ 0x3701, 0x3701, 0x6893, 0x6095, 0xE7F9},
	 {0},
	 CODE,
	 {SCS_DEMCR, DEMCR_TRCENA, 0xE0001020, 0, 4, 0, CODE + 8}},
	{"a jump to where nothing may be executed",
	 {0x4700}, /* bx r0: 0 when the region's base is added */
	 {0},
	 RAM_CODE,
	 {0xE0000001}},
	{"a fault in an IT block at the beginning of a memory",
	 {0x6801, 0xE7FE}, /* ldr r1, [r0] */
	 {0},
	 RAM,
	 {0x30000000},
	 1u << 24 | 0xE800},
	{"a watchpoint from one instruction to the next",
	 {0x6001, 0x6016, 0x6094, /* DEMCR, COMP0, FUNCTION0 */ 0x6835, 0x6893, 0x6893, 0x8035,
	  0x6893, 0x6097, 0xE7F5},
	 {0},
	 CODE,
	 {SCS_DEMCR, DEMCR_TRCENA, 0xE0001020, 0, 7, 0, RAM_DATA}},
	{"code in RAM beside a flash that is busy",
	 {0x6041, 0x6042, 0x6103, 0x6146, 0x6104, /* unlock; erase a page */ 0x3701, 0x6835, 0x3701,
	  0x68C5, 0x07ED, 0xD4FC, 0x6835, 0x3701, 0xE7FD},
	 {0},
	 RAM_CODE,
	 {0x40022000, 0x45670123, 0xCDEF89AB, 2, 0x42, 0, PAGE}},
};

/* As much of it as there is memory. */
static void load_code(struct mcu *m, const struct program *p)
{
	const struct chip *chip = m->chip;
	uint32_t end = p->at < RAM ? FLASH + chip->flash_die : RAM + chip->ram_size;
	size_t room = end - p->at;

	assert_int_equal(mcu_load(m, p->at, p->code, room < sizeof p->code ? room : sizeof p->code,
				  NULL),
			 STATUS_OK);
}

static struct mcu *boot(const struct program *p, bool plain)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	uint32_t vectors[16] = {STACK, p->at | 1, SPIN | 1, SPIN | 1, [14] = HANDLER | 1, HANDLER | 1};
	uint16_t spin = 0xE7FE;

	assert_non_null(m);
	assert_int_equal(mcu_load(m, FLASH, vectors, sizeof vectors, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, HANDLER, p->handler, sizeof p->handler, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, SPIN, &spin, 2, NULL), STATUS_OK);
	if (p->at < RAM)
		load_code(m, p);
	mcu_power(m, true);
	while (mcu_mode(m) != MCU_MODE_RUN)
		mcu_step(m);
	for (size_t i = 0; i < sizeof m->s.ram; i += 4) /* noise at power-on */
		memcpy(m->s.ram + i, &p->fill, 4);
	if (p->at >= RAM)
		load_code(m, p);
	if (p->xpsr)
		mcu_set_reg(m, MCU_XPSR, p->xpsr);
	for (unsigned i = 0; i < 13; i++)
		mcu_set_reg(m, (enum mcu_reg)i, i < 8 ? p->r[i] : 0x1000u * i);
	/* a tick without interrupt: deadlines are near, and not moved by what comes later */
	assert_true(bus_write(m, SCS_SYST_RVR, 4, 299) && bus_write(m, SCS_SYST_CVR, 4, 0) &&
		    bus_write(m, SCS_SYST_CSR, 4, 5));
	cpu_plain_only(m, plain);
	return m;
}

static void assert_same(const char *name, struct mcu *fast, struct mcu *plain)
{
	uint64_t at = fast->s.time.instructions;

	if (memcmp(fast->s.cpu.r, plain->s.cpu.r, sizeof fast->s.cpu.r) ||
	    fast->s.cpu.sp_other != plain->s.cpu.sp_other ||
	    cpu_xpsr(&fast->s.cpu) != cpu_xpsr(&plain->s.cpu) ||
	    mcu_reg(fast, MCU_SPECIAL) != mcu_reg(plain, MCU_SPECIAL) ||
	    fast->s.time.cycles != plain->s.time.cycles || at != plain->s.time.instructions ||
	    memcmp(fast->s.ram, plain->s.ram, fast->chip->ram_size))
		fail_msg("%s: different at instruction %d, pc %08x and %08x", name, (int)at,
			 mcu_reg(fast, MCU_PC), mcu_reg(plain, MCU_PC));
}

/* Both in steps of 1 to 7 instructions, so that the loop is left and entered
 * everywhere; every eighth time far. `first` step of that row. */
static void run_both(const struct program *p, unsigned instructions, unsigned first)
{
	struct mcu *fast = boot(p, false), *plain = boot(p, true);
	/* the search for idle loops would run the plain one in the loop, too */
	struct mcu_limits l = {.until_ns = UINT64_MAX, .no_idle_skip = true};

	for (unsigned done = 0, n = first; done < instructions; n++) {
		unsigned step = n % 8 == 7 ? 60 : 1 + n % 7;
		l.instructions = mcu_instructions(fast) + step;
		assert_int_equal(mcu_run(fast, &l), mcu_run(plain, &l));
		assert_same(p->name, fast, plain);
		done += step;
	}
	mcu_free(fast);
	mcu_free(plain);
}

static void ways_of_its_own(void **state)
{
	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
		for (unsigned first = 0; first < 8; first++)
			run_both(&programs[i], 500, first);
}

/* What both ways share: APSR shows no IPSR, IPSR does, MSP keeps bits 1:0 clear. */
static void special_registers(void **state)
{
	struct mcu_limits l = {.until_ns = UINT64_MAX, .no_idle_skip = true};

	for (unsigned plain = 0; plain < 2; plain++) {
		struct mcu *m = boot(&programs[0], plain);

		l.instructions = mcu_instructions(m) + 40;
		mcu_run(m, &l);
		assert_int_equal(mcu_reg(m, MCU_R0 + 4) & 0x07FFFFFF, 0);
		assert_int_equal(mcu_reg(m, MCU_R0 + 5), EXC_PENDSV);
		mcu_free(m);
		m = boot(&programs[2], plain);
		l.instructions = mcu_instructions(m) + 12;
		mcu_run(m, &l);
		assert_int_equal(mcu_reg(m, MCU_R0 + 5) & 3, 3);
		assert_int_equal(mcu_reg(m, MCU_R0 + 6), mcu_reg(m, MCU_R0 + 5) & ~3u);
		mcu_free(m);
	}
}

/* Stores the list below and above r7 and loads it again, registers changed over. */
static void register_lists(void **state)
{
	static const uint16_t lists[] = {0x0003, 0x5F7F, 0x4055, 0x0155, 0x0055, 0x1555, 0x4030,
					 0x407F, 0x1F00, 0x4001, 0x0F70, 0x4F77, 0x100F, 0x0C03};

	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		struct program p = {"a register list",
				    {0xE927, lists[i], /* stmdb r7!, list */
				     0xEB00, 0x0001,   /* add.w r0, r0, r1 */
				     0xE8B7, lists[i], /* ldmia r7!, list */
				     0xE8A7, lists[i], 0xE917, lists[i], /* ldmdb r7, list */
				     0xE897, lists[i], 0xE927, lists[i], 0xE8B7, lists[i],
				     0xF1A7, 0x0740, /* sub.w r7, r7, #64 */
				     0xE7FE},
				    {0}, CODE,
				    {11, 22, 33, 44, 55, 66, 77, RAM_DATA}};
		run_both(&p, 40, 0);
		run_both(&p, 80, 7);
	}
}

/* A store whose list holds the base: what is stored is the same either way. */
static void lists_with_their_base(void **state)
{
	static const struct program p = {"a list with its base",
					 {0xC003, /* stm r0!, {r0, r1} */ 0xE887, 0x00C0, 0xE907, 0x0180,
					  0xE7FE},
					 {0}, CODE, {RAM_DATA, 2, 3, 4, 5, 6, 7, RAM_DATA + 64}};

	run_both(&p, 20, 0);
}

/* The last bytes of RAM and flash, one behind them, and across. */
static void ends_of_memories(void **state)
{
	static const uint16_t accesses[] = {0x7001, 0x7802, 0x8001, 0x8802, 0x6001, 0x6802};
	uint32_t ends[2] = {RAM, FLASH};

	ends[0] += chip_by_name("STM32F103C8")->ram_size;
	ends[1] += chip_by_name("STM32F103C8")->flash_die;
	for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++)
		for (uint32_t back = 0; back <= 8; back++)
			for (unsigned e = 0; e < 2; e++) {
				struct program p = {"the end of a memory",
						    {accesses[i], 0xE7FE}, {0}, CODE,
						    {ends[e] + 2 - back, 0x55AA}};
				if (e == 0 || accesses[i] & 0x0800)
					run_both(&p, 12, 0);
			}
}

/* The code goes on behind the last half-word of RAM and flash: by one that is
 * executed, and by one that is only the first of two. */
static void off_the_end(void **state)
{
	static const uint16_t last[] = {0x3201, 0xF102};
	const struct chip *chip = chip_by_name("STM32F103C8");
	uint32_t ends[2] = {RAM + chip->ram_size, FLASH + chip->flash_die};

	for (size_t i = 0; i < 8; i++) {
		struct program p = {"off the end of a memory", {0xBF00, last[i & 1]}, {0},
				    ends[i >> 1 & 1] - 4, {0}};
		if (i >= 4)
			p.xpsr = 1u << 24 | 1u << 25 | 0xE000; /* four instructions under IT */
		run_both(&p, 20, 0);
		run_both(&p, 80, 7);
	}
}

/* Where accesses may look as if they were inside a memory and are not, or only half: at
 * its borders, and so far away that the distance, cut to 32 bits and shifted or taken
 * the wrong way round, is a small one. */
static size_t doubtful_places(uint32_t *at)
{
	const struct chip *chip = chip_by_name("STM32F103C8");
	const uint32_t from[2] = {RAM, FLASH}, size[2] = {chip->ram_size, chip->flash_die};
	size_t n = 0;

	for (unsigned i = 0; i < 2; i++) {
		for (unsigned k = 0; k < 3; k++)
			at[n++] = 4 * k - from[i];
		for (unsigned k = 1; k < 4; k++)
			at[n++] = from[i] + (k << 30);
		for (unsigned k = 0; k < 7; k++) {
			at[n++] = from[i] - 12 + 4 * k;
			at[n++] = from[i] + size[i] - 12 + 4 * k;
		}
		at[n++] = from[i] + 6;
		at[n++] = from[i] + 9;
	}
	return n;
}

static void doubtful_accesses(void **state)
{
	static const uint16_t accesses[][2] = {
		{0x7001, 0xE7FE}, /* strb r1, [r0] */ {0x7802, 0xE7FE}, {0x8001, 0xE7FE},
		{0x8802, 0xE7FE}, {0x6001, 0xE7FE}, {0x6802, 0xE7FE},
		{0xE9D0, 0x2300}, /* ldrd r2, r3, [r0] */ {0xE9C0, 0x2300},
		{0xC80C, 0xE7FE}, /* ldm r0!, {r2, r3} */ {0xC00C, 0xE7FE},
		{0xE910, 0x000C}, /* ldmdb r0, {r2, r3} */ {0xE900, 0x000C},
		{0xE890, 0x8004}, /* ldm r0, {r2, pc} */ {0xE8D0, 0xF004}, /* tbb [r0, r4] */
	};
	uint32_t places[64];
	size_t n = doubtful_places(places);

	for (size_t i = 0; i < sizeof accesses / sizeof accesses[0]; i++)
		for (size_t k = 0; k < n; k++) {
			struct program p = {"a doubtful access",
					    {accesses[i][0], accesses[i][1], 0xE7FE}, {0}, CODE,
					    {places[k], 0x55AA, 0x12345678, 0x9ABCDEF1},
					    .fill = SPIN | 1};
			run_both(&p, 12, 0);
			run_both(&p, 60, 7);
		}
}

/* Conditional branches by flags that no instruction of the loop made. */
static void branches_by_flags(void **state)
{
	for (unsigned i = 0; i < 14 * 16; i++) {
		uint16_t branch = (uint16_t)(0xD000 | (i >> 4) << 8); /* to CODE + 4 */
		struct program p = {"a branch by flags", {branch, 0x3201, 0x3401, 0xE7FE}, {0}, CODE,
				    {0}, .xpsr = 1u << 24 | i << 28};
		struct mcu *m = boot(&p, false);
		struct mcu_limits l = {.until_ns = UINT64_MAX, .no_idle_skip = true,
				       .instructions = mcu_instructions(m) + 10};

		mcu_run(m, &l);
		assert_int_equal(mcu_reg(m, 4), 1);
		assert_int_equal(mcu_reg(m, 2), !arm_condition_holds(i >> 4, i & 15));
		mcu_free(m);
	}
}

/* As A2.2.1 has it, bit by bit. */
static uint32_t shifted(enum arm_shift type, uint32_t v, unsigned n, bool *carry)
{
	while (n--) {
		*carry = type == ARM_LSL ? v >> 31 : v & 1;
		if (type == ARM_LSL)
			v <<= 1;
		else
			v = v >> 1 | (type == ARM_ASR ? v & 0x80000000u
				      : type == ARM_ROR ? (uint32_t)*carry << 31
							: 0);
	}
	return v;
}

static void assert_shift(struct mcu *m, enum arm_shift type, uint32_t v, uint32_t by, bool flags)
{
	bool carry = by & 0x100; /* as it was */
	uint32_t result;

	mcu_set_reg(m, MCU_XPSR, 1u << 24 | (carry ? APSR_C : 0));
	mcu_set_reg(m, MCU_PC, CODE);
	mcu_set_reg(m, 1, v);
	mcu_set_reg(m, 2, by);
	mcu_step(m);
	result = shifted(type, v, by & 0xFF, &carry);
	if (mcu_reg(m, MCU_R0) != result || (flags && !!(mcu_reg(m, MCU_XPSR) & APSR_C) != carry))
		fail_msg("%08x shifted (%d) by %x: %08x", v, type, by, mcu_reg(m, MCU_R0));
}

/* By 32 and a little more or less; only the lowest byte counts. */
static void shifts_by_registers(void **state)
{
	static const uint32_t values[] = {0x80000001, 0x7FFFFFFE, 0x5A5A5A5A},
			      by[] = {0,  1,  2,    30,	   31,	  32,	 33,	34,    63,
				      64, 65, 0xFF, 0x100, 0x101, 0x11F, 0x120, 0x121, 0x1FF};

	for (unsigned kind = 0; kind < 16; kind++) {
		enum arm_shift type = (enum arm_shift)(kind & 3);
		bool flags = kind & 4;
		struct program p = {"a shift", {0xFA01 | (kind & 3) << 5 | flags << 4, 0xF002, 0xE7FE},
				    {0}, CODE, {0}};
		struct mcu *m = boot(&p, kind & 8);

		for (size_t v = 0; v < sizeof values / sizeof values[0]; v++)
			for (size_t n = 0; n < sizeof by / sizeof by[0]; n++)
				assert_shift(m, type, values[v], by[n], flags);
		mcu_free(m);
	}
}

/* A core that is stepped goes on behind WFE as behind WFI (C_STEP). */
static void stepping_does_not_sleep(void **state)
{
	static const struct program p = {"waiting", {0xBF20, 0xBF20, 0xBF30, 0x3201, 0xE7FE}, {0},
					 CODE, {0}};
	struct mcu *m = boot(&p, false);

	m->s.side.debug_powered = true;
	assert_int_equal(mcu_debug_write(m, SCS_DHCSR, 4, 0xA05F0003), MCU_ACCESS_OK);
	m->s.cpu.event = false;
	for (unsigned i = 1; i <= 4; i++) {
		assert_int_equal(mcu_debug_write(m, SCS_DHCSR, 4, 0xA05F0005), MCU_ACCESS_OK);
		mcu_step(m);
		assert_int_equal(mcu_reg(m, MCU_PC), CODE + 2 * i);
		assert_true(mcu_mode(m) == MCU_MODE_RUN);
	}
	assert_int_equal(mcu_reg(m, MCU_R0 + 2), 1);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_of_its_own),	 cmocka_unit_test(special_registers),
		cmocka_unit_test(register_lists),
		cmocka_unit_test(lists_with_their_base), cmocka_unit_test(ends_of_memories),
		cmocka_unit_test(off_the_end),		 cmocka_unit_test(doubtful_accesses),
		cmocka_unit_test(branches_by_flags),
		cmocka_unit_test(shifts_by_registers),	 cmocka_unit_test(stepping_does_not_sleep),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
