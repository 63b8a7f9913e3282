/* A C8 about to execute a few half-words, each vector leading to a handler of its own. */
#ifndef REFLASH_TESTS_UNIT_CPU_FIXTURE_H
#define REFLASH_TESTS_UNIT_CPU_FIXTURE_H

#include "mcu/cpu/cpu_internal.h"
#include "test.h"

#define CODE 0x08000400u
#define STACK 0x20002000u
#define HANDLER(n) (0x08000200u + 8u * (n)) /* each "b ." until a test writes it */
#define CPSID_F 0xB671
#define CPSIE_F 0xB661
#define NOP 0xBF00
#define SPIN 0xE7FE
#define BX_LR 0x4770
#define UDF 0xDE00
#define EQ assert_int_equal
#define DBGKEY 0xA05F0000u
#define HALFWORDS(...) ((const uint16_t[]){__VA_ARGS__})
#define COUNT(...) (sizeof(HALFWORDS(__VA_ARGS__)) / 2)
#define BOOT(...) boot(HALFWORDS(__VA_ARGS__), COUNT(__VA_ARGS__))
#define WRITE_HANDLER(m, n, ...) load(m, HANDLER(n), HALFWORDS(__VA_ARGS__), COUNT(__VA_ARGS__))

static inline void load(struct mcu *m, uint32_t at, const uint16_t *code, size_t n)
{
	assert_int_equal(mcu_load(m, at, code, 2 * n, NULL), STATUS_OK);
}

static inline void load_words(struct mcu *m, uint32_t at, const uint32_t *words, size_t n)
{
	assert_int_equal(mcu_load(m, at, words, 4 * n, NULL), STATUS_OK);
}

static inline void start(struct mcu *m)
{
	mcu_power(m, true);
	for (int i = 0; i < 100 && mcu_mode(m) != MCU_MODE_RUN; i++)
		mcu_step(m);
	while (mcu_reg(m, MCU_PC) != CODE)
		mcu_step(m);
}

/* A chip whose first 64 vectors lead to handlers of their own, about to execute `code`. */
static inline struct mcu *boot_chip(const char *chip, const uint16_t *code, size_t n)
{
	struct mcu_config config = {.chip = chip_by_name(chip), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	uint32_t vectors[64] = {STACK, CODE | 1};
	uint16_t spin = 0xE7FE;

	assert_non_null(m);
	for (unsigned i = 2; i < 64; i++) {
		vectors[i] = HANDLER(i) | 1;
		load(m, HANDLER(i), &spin, 1);
	}
	load_words(m, 0x08000000, vectors, 64);
	load(m, CODE, code, n);
	start(m);
	return m;
}

static inline struct mcu *boot(const uint16_t *code, size_t n)
{
	return boot_chip("STM32F103C8", code, n);
}

/* `n` instructions; the exceptions that are entered before them are not counted. */
static inline void steps(struct mcu *m, unsigned n)
{
	while (n--) {
		uint64_t before = mcu_instructions(m);
		unsigned exception = mcu_exception(m);

		mcu_step(m);
		if (mcu_instructions(m) == before && mcu_exception(m) != exception)
			mcu_step(m);
	}
}

static inline uint32_t reg(struct mcu *m, unsigned r)
{
	return mcu_reg(m, r);
}

static inline uint32_t peek(struct mcu *m, uint32_t address)
{
	uint32_t v = 0;
	assert_true(mcu_peek(m, address, &v, 4));
	return v;
}

static inline uint32_t debug_get(struct mcu *m, uint32_t address)
{
	uint32_t v = 0;
	assert_int_equal(mcu_debug_read(m, address, 4, &v), MCU_ACCESS_OK);
	return v;
}

static inline void debug_put(struct mcu *m, uint32_t address, uint32_t v)
{
	assert_int_equal(mcu_debug_write(m, address, 4, v), MCU_ACCESS_OK);
}

/* By the fast loop: not by the search for idle loops, which would begin at once. */
static inline void run_ns(struct mcu *m, uint64_t ns)
{
	struct mcu_limits l = {.until_ns = mcu_now_ns(m) + ns,
			       .instructions = UINT64_MAX,
			       .no_idle_skip = true};
	mcu_run(m, &l);
}

static inline void halt(struct mcu *m)
{
	debug_put(m, SCS_DHCSR, DBGKEY | 3);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 17);
}

static inline void debug_single_step(struct mcu *m)
{
	debug_put(m, SCS_DHCSR, DBGKEY | 5); /* C_STEP, C_DEBUGEN */
	run_ns(m, 100000);
	assert_true(debug_get(m, SCS_DHCSR) & 1u << 17);
}

static inline uint32_t core_register(struct mcu *m, unsigned r)
{
	debug_put(m, SCS_DCRSR, r);
	return debug_get(m, SCS_DCRDR);
}

static inline void irq_priority(struct mcu *m, unsigned irq, uint8_t priority)
{
	EQ(mcu_debug_write(m, SCS_NVIC_IPR + irq, 1, priority), MCU_ACCESS_OK);
	debug_put(m, SCS_NVIC_ISER + irq / 32 * 4, 1u << irq % 32);
}

static inline void put_word(struct mcu *m, uint32_t at, uint32_t word)
{
	load_words(m, at, &word, 1);
}

/* DBGMCU_CR.DBG_SLEEP: the debugger's way in stays open while the core sleeps. */
static inline void keep_bus_in_sleep(struct mcu *m)
{
	debug_put(m, 0xE0042004, 1);
}

static inline void pend(struct mcu *m, unsigned irq)
{
	debug_put(m, SCS_NVIC_ISPR + irq / 32 * 4, 1u << irq % 32);
}

static inline void irq(struct mcu *m, unsigned n, uint8_t priority)
{
	irq_priority(m, n, priority);
	pend(m, n);
}

#endif
