/*
 * Idle time skipped or spent: the same registers, flags, RAM, instructions and
 * cycles. Loops as firmware has them, and random ones under random ticks.
 */
#include <stdio.h>
#include <string.h>

#include "mcu/cpu/cpu_internal.h"
#include "test.h"

#define CODE 0x08000400u
#define TICK 0x08000200u /* SysTick's handler */
#define PENDSV 0x08000280u
#define DATA 0x20000100u /* r7 */
#define CYCCNT 0xE0001004u
#define RTC_CRL 0x40002804u
#define MS 1000000ull

struct program {
	const char *name;
	uint32_t r[7];          /* r0..r6; r7 is DATA */
	uint16_t code[24];      /* 0 ends it */
	uint16_t tick[16];      /* NULL-terminated as well: nothing but bx lr */
	uint16_t pendsv[16];
	uint32_t reload;        /* of SysTick; 0: it stands still */
	unsigned ms;
	uint64_t skipped;       /* instructions, at least */
};

#define COUNT_TICKS {0x4B02, 0x681A, 0x3201, 0x601A, 0x4770, 0xBF00, 0x0110, 0x2000}
/* The tick handler's: ldr r3,=DATA+16; ldr r2,[r3]; adds r2,#1; str r2,[r3]; bx lr.
 * (bf00 before the literal keeps it word-aligned; 0 would end the array) */

static const struct program programs[] = {
	{"a register counts down", {3000000}, {0xBF00, 0x3801, 0xD1FC, 0x2101, 0xE7FE}, {0}, {0}, 0,
	 2000, 8000000},
	{"by three, through zero, to a remainder", {10}, {0x3803, 0xD1FD, 0x2101, 0xE7FE}, {0}, {0},
	 0, 3000, 10000000},
	/* ldr r0,[r7]; adds r0,#1; str r0,[r7]; ldr r0,[r7]; cmp r0,r1; blt */
	{"a stack word counts up", {0, 100000},
	 {0x6838, 0x3001, 0x6038, 0x6838, 0x4288, 0xDBF9, 0x2201, 0xE7FE}, {0}, {0}, 0, 500, 500000},
	/* ldrb r0,[r7]; adds r0,#3; strb r0,[r7]; cmp r0,#200; bne */
	{"a byte that wraps", {0, 0}, {0x7838, 0x3003, 0x7038, 0x28C8, 0xD1FA, 0xE7FE}, {0}, {0}, 0,
	 100, 1000},
	/* ldr r0,[r6]; subs r0,r0,r1; cmp r0,r2; bcc; adds r5,#1; ldr r1,[r6]; b */
	{"the cycle counter", {0, 0, 200000, 0, 0, 0, CYCCNT},
	 {0x6830, 0x1A40, 0x4290, 0xD3FB, 0x3501, 0x6831, 0xE7F8}, {0}, {0}, 0, 300, 500000},
	{"SysTick's counter, HCLK", {0, 0, 3000, 0, 0, 0, 0xE000E018u},
	 {0x6830, 0x4290, 0xD8FC, 0x3501, 0x6830, 0x4290, 0xD3FC, 0xE7F7}, {0}, {0}, 99999, 300,
	 500000},
	/* ldr r0,[r7,#16]; subs r0,r0,r1; cmp r0,r2; bcc; adds r5,#1; ldr r1,[r7,#16]; b */
	{"a tick counter", {0, 0, 50, 0, 0, 0, 0},
	 {0x6938, 0x1A40, 0x4290, 0xD3FB, 0x3501, 0x6939, 0xE7F8}, COUNT_TICKS, {0}, 7999, 2000,
	 1500000},
	{"asleep from tick to tick", {0}, {0xBF30, 0xE7FD}, COUNT_TICKS, {0}, 7999, 5000, 20000},
	/* wfi; ldr r0,[r7,#16]; subs r0,r0,r1; cmp r0,r2; bcc; adds r5,#1; ldr r1,..; b */
	{"asleep until a count", {0, 0, 50, 0, 0, 0, 0},
	 {0xBF30, 0x6938, 0x1A40, 0x4290, 0xD3FA, 0x3501, 0x6939, 0xE7F7}, COUNT_TICKS, {0}, 7999,
	 5000, 20000},
	/* str r1,[r6]; dsb; b: PENDSVSET, and the handler pushes and counts */
	{"a task that yields", {0, 1u << 28, 0, 0, 0, 0, 0xE000ED04u},
	 {0x6031, 0xF3BF, 0x8F4F, 0xE7FB}, COUNT_TICKS,
	 {0xB430, 0x68F8, 0x3001, 0x60F8, 0xBC30, 0x4770}, 7999, 1000, 300000},
	{"an idle task that counts", {0}, {0x6838, 0x3001, 0x6038, 0xE7FB}, COUNT_TICKS, {0}, 7999,
	 1000, 1000000},
	/* ldr r0,[r6]; lsls r0,#31; bpl: SECF; str r1,[r6]; adds r5,#1; b */
	{"the RTC's second", {0, 0, 0, 0, 0, 0, RTC_CRL},
	 {0x6830, 0x07C0, 0xD5FC, 0x6031, 0x3501, 0xE7F9}, {0}, {0}, 0, 3000, 8000000},
};

static uint32_t random32(uint32_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 17;
	*x ^= *x << 5;
	return *x;
}

static void load(struct mcu *m, uint32_t at, const void *bytes, size_t len)
{
	assert_int_equal(mcu_load(m, at, bytes, len, NULL), STATUS_OK);
}

static void load_handler(struct mcu *m, uint32_t at, const uint16_t code[16])
{
	static const uint16_t back = 0x4770;

	if (code[0])
		load(m, at, code, 32);
	else
		load(m, at, &back, 2);
}

static void put(struct mcu *m, uint32_t address, uint32_t value)
{
	assert_int_equal(mcu_debug_write(m, address, 4, value), MCU_ACCESS_OK);
}

/* The RTC counts the LSI's clocks, 32768 a tick. */
static void start_rtc(struct mcu *m)
{
	put(m, 0x4002101C, 3u << 27);    /* APB1ENR: PWREN, BKPEN */
	put(m, 0x40007000, 1u << 8);     /* PWR_CR.DBP */
	put(m, 0x40021024, 1);           /* CSR.LSION */
	put(m, 0x40021020, 0x8200);      /* BDCR: RTCEN, from the LSI */
}

static struct mcu *start(const struct program *p)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	uint32_t vectors[16] = {0x20002000, CODE | 1};

	assert_non_null(m);
	vectors[14] = PENDSV | 1;
	vectors[15] = TICK | 1;
	load(m, 0x08000000, vectors, sizeof vectors);
	load(m, CODE, p->code, sizeof p->code);
	load_handler(m, TICK, p->tick);
	load_handler(m, PENDSV, p->pendsv);
	mcu_power(m, true);
	while (mcu_mode(m) != MCU_MODE_RUN || mcu_reg(m, MCU_PC) != CODE)
		mcu_step(m);
	for (unsigned i = 0; i < 7; i++)
		mcu_set_reg(m, (enum mcu_reg)i, p->r[i]);
	mcu_set_reg(m, (enum mcu_reg)7, DATA);
	for (unsigned i = 0; i < 16; i++)
		put(m, DATA + 4 * i, 0);
	put(m, SCS_DEMCR, 1u << 24);
	put(m, 0xE0001000, 1);
	if (p->r[6] == RTC_CRL)
		start_rtc(m);
	put(m, SCS_SYST_RVR, p->reload);
	put(m, SCS_SYST_CVR, 0);
	put(m, SCS_SYST_CSR, p->reload ? 7 : 0);
	return m;
}

static bool same(const struct mcu *a, const struct mcu *b)
{
	return memcmp(a->s.cpu.r, b->s.cpu.r, sizeof a->s.cpu.r) == 0 &&
	       cpu_xpsr(&a->s.cpu) == cpu_xpsr(&b->s.cpu) &&
	       a->s.time.cycles == b->s.time.cycles &&
	       a->s.time.instructions == b->s.time.instructions &&
	       a->s.cpu.systick.zero_at == b->s.cpu.systick.zero_at &&
	       memcmp(a->s.ram, b->s.ram, a->chip->ram_size) == 0;
}

/* Run both for a while, in pieces that end anywhere. Returns what was skipped. */
static uint64_t run_both(const struct program *p, uint32_t *seed)
{
	struct mcu *m[2] = {start(p), start(p)};
	uint64_t begin = mcu_now_ns(m[0]), skipped;

	for (unsigned piece = 1; piece <= 4; piece++) {
		uint64_t until = begin + p->ms * MS * piece / 4 + (random32(seed) & 1023);

		for (unsigned i = 0; i < 2; i++) {
			struct mcu_limits l = {.until_ns = until, .instructions = UINT64_MAX,
					       .no_idle_skip = i};
			if (piece == 3)
				l.instructions = mcu_instructions(m[i]) + 12345;
			mcu_run(m[i], &l);
		}
		if (!same(m[0], m[1]))
			fail_msg("%s: another end after piece %u", p->name, piece);
	}
	skipped = m[0]->cache->idle.skipped;
	mcu_free(m[0]);
	mcu_free(m[1]);
	return skipped;
}

static void loops_of_firmware(void **state)
{
	uint32_t seed = 3;

	for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
		uint64_t skipped = run_both(&programs[i], &seed);

		if (skipped < programs[i].skipped)
			fail_msg("%s: skipped %llu instructions", programs[i].name,
				 (unsigned long long)skipped);
	}
}

/* ---- random loops ---------------------------------------------------------------------- */

static uint16_t data_insn(uint32_t v)
{
	static const uint16_t two[] = {0x4000, 0x4040, 0x4140, 0x4180, 0x4240, 0x4280, 0x42C0,
				       0x4300, 0x4340, 0x43C0, 0xB2C0, 0xB280, 0xB240, 0xB200};
	unsigned rd = v % 6, rm = v / 8 % 6;
	uint32_t imm = v >> 20;

	switch (v >> 8 & 7) {
	case 0: return (uint16_t)(0x3000 | rd << 8 | (imm & 15));
	case 1: return (uint16_t)(0x3800 | rd << 8 | (imm & 15));
	case 2: return (uint16_t)(0x2800 | rd << 8 | (imm & 255));
	case 3: return (uint16_t)(0x1800 | (imm & 0x200) | v / 64 % 6 << 6 | rm << 3 | rd);
	case 4: return (uint16_t)(imm & 1 ? 0x2000 | rd << 8 | (imm >> 1 & 255)
					  : (imm & 2) << 10 | (imm >> 3 & 7) << 6 | rm << 3 | rd);
	case 5: return (uint16_t)(two[imm % 14] | rm << 3 | rd);
	case 6: return (uint16_t)(0x4288 | rm << 3 | rd);
	default: return 0xBF00;
	}
}

/* Loads and stores of three widths around [r7], or the time by [r6]. */
static uint16_t memory_insn(uint32_t v)
{
	static const uint16_t ops[] = {0x6800, 0x6000, 0x6800, 0x6000, 0x7800, 0x7000, 0x8800, 0x8000};

	if ((v >> 8 & 15) == 0)
		return (uint16_t)(0x6830 | v % 6);
	return (uint16_t)(ops[v >> 12 & 7] | (v >> 16 & 7) % 5 << 6 | 7 << 3 | v % 6);
}

static void random_program(struct program *p, uint32_t *seed)
{
	unsigned n = 1 + random32(seed) % 7, at = 0;

	memset(p, 0, sizeof *p);
	for (unsigned i = 0; i < 6; i++)
		p->r[i] = random32(seed) >> random32(seed) % 32;
	p->r[6] = random32(seed) & 1 ? CYCCNT : 0xE000E018u;
	for (unsigned i = 0; i < n; i++) {
		uint32_t v = random32(seed);

		if (v >> 29 == 7)
			p->code[at++] = (uint16_t)(0xBF08 | (v & 0xE) << 4); /* IT */
		p->code[at++] = v >> 28 & 1 ? memory_insn(random32(seed))
					     : data_insn(random32(seed));
	}
	p->code[at] = (uint16_t)(0xD000 | random32(seed) % 14 << 8 | (0x100 - at - 2)); /* back */
	at++;
	p->code[at++] = 0x3501; /* adds r5, #1; ldr r1, [r7, #16]; again */
	p->code[at++] = 0x6939;
	p->code[at] = (uint16_t)(0xE000 | (0x800 - at - 2));
	if (random32(seed) & 1)
		memcpy(p->tick, (const uint16_t[16])COUNT_TICKS, sizeof p->tick);
	p->reload = random32(seed) & 3 ? 200 + random32(seed) % 20000 : 0;
	p->ms = 30;
}

static void random_loops(void **state)
{
	uint32_t seed = 11;
	uint64_t skipped = 0;
	unsigned some = 0;

	for (unsigned round = 0; round < 500; round++) {
		uint32_t was = seed;
		char name[32];
		struct program p;
		uint64_t n;

		random_program(&p, &seed);
		snprintf(name, sizeof name, "seed %u", was);
		p.name = name;
		n = run_both(&p, &seed);
		skipped += n;
		some += n > 1000;
	}
	print_message("# %u of 500 loops skipped, %llu instructions\n", some,
		      (unsigned long long)skipped);
	assert_true(some > 250);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loops_of_firmware),
		cmocka_unit_test(random_loops),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
