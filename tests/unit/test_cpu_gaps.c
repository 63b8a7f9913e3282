/*
 * What the differential tests can't reach, found by putting mistakes into the
 * core (tests/isa/mutate): stores of several words over code that has been run,
 * and masks that would lock the reference up.
 */
#include <string.h>

#include "mcu/mcu.h"
#include "test.h"

#define FLASH	 0x08000000u
#define CODE	 0x08000010u
#define SPIN	 0x08000100u
#define RAM_LAST 0x20004FFCu
#define BOUNDARY 0x20000040u /* a 64-byte border: two marks in the core's map of code */
#define MOVS_R5(n) (0x2500u | (n) | 0x4770u << 16) /* movs r5, #n; bx lr */

static struct mcu *boot(const uint16_t *code, size_t n)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);
	uint32_t vectors[4] = {0x20001000, CODE | 1, SPIN | 1, SPIN | 1};
	uint16_t spin = 0xE7FE;

	assert_non_null(m);
	assert_int_equal(mcu_load(m, FLASH, vectors, sizeof vectors, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, CODE, code, 2 * n, NULL), STATUS_OK);
	assert_int_equal(mcu_load(m, SPIN, &spin, 2, NULL), STATUS_OK);
	mcu_power(m, true);
	while (mcu_mode(m) != MCU_MODE_RUN)
		mcu_step(m);
	return m;
}

static void run(struct mcu *m, unsigned instructions)
{
	struct mcu_limits limits = {.until_ns = UINT64_MAX,
				    .instructions = mcu_instructions(m) + instructions};

	assert_int_equal(mcu_run(m, &limits), MCU_STOP_INSTRUCTIONS);
}

/* Calls a routine in RAM, stores two words over or beside it, calls it again. */
static uint32_t second_answer(const uint16_t store[2], uint32_t base, uint32_t routine)
{
	const uint16_t code[] = {0x47B0, store[0], store[1], 0x47B0, 0xE7FE};
	struct mcu *m = boot(code, sizeof code / 2);
	uint32_t old = MOVS_R5(1), answer;

	assert_int_equal(mcu_load(m, routine, &old, 4, NULL), STATUS_OK);
	mcu_set_reg(m, MCU_R0, base);
	mcu_set_reg(m, MCU_R0 + 1, MOVS_R5(2));
	mcu_set_reg(m, MCU_R0 + 2, MOVS_R5(3));
	mcu_set_reg(m, MCU_R0 + 6, routine | 1);
	run(m, 3);
	assert_int_equal(mcu_reg(m, MCU_R0 + 5), 1);
	run(m, 10);
	answer = mcu_reg(m, MCU_R0 + 5);
	mcu_free(m);
	return answer;
}

static void stores_over_code(void **state)
{
	/* Each stores r1 at BOUNDARY - 4 and r2 at BOUNDARY. */
	static const struct {
		uint16_t code[2];
		uint32_t base;
	} row[] = {
		{{0xC006, 0xBF00}, BOUNDARY - 4}, /* stm r0!, {r1, r2} */
		{{0xE900, 0x0006}, BOUNDARY + 4}, /* stmdb r0, {r1, r2} */
		{{0xE9C0, 0x1200}, BOUNDARY - 4}, /* strd r1, r2, [r0] */
		{{0xE940, 0x1201}, BOUNDARY},	  /* strd r1, r2, [r0, #-4] */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		assert_int_equal(second_answer(row[i].code, row[i].base, BOUNDARY - 4), 2);
		assert_int_equal(second_answer(row[i].code, row[i].base, BOUNDARY), 3);
	}
}

/* Two words of which the second lies behind the end of RAM: a bus fault. */
static void across_the_end_of_ram(void **state)
{
	static const uint16_t row[][2] = {
		{0xE9C0, 0x1200}, /* strd r1, r2, [r0] */
		{0xE9D0, 0x1200}, /* ldrd r1, r2, [r0] */
		{0xC006, 0xBF00}, /* stm r0!, {r1, r2} */
		{0xC806, 0xBF00}, /* ldm r0!, {r1, r2} */
	};

	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		const uint16_t code[] = {row[i][0], row[i][1], 0xE7FE};
		struct mcu *m = boot(code, sizeof code / 2);

		mcu_set_reg(m, MCU_R0, RAM_LAST);
		run(m, 10);
		assert_int_equal(mcu_exception(m), 3);
		mcu_free(m);
	}
}

/* CPSID f leaves PRIMASK alone, CPSID i FAULTMASK; CPSIE likewise (B5.2.1). */
static void cps_masks(void **state)
{
	static const uint16_t code[] = {0xB671, 0xB672, 0xB661, 0xB673, 0xB662, 0xB661, 0xE7FE};
	static const uint32_t special[] = {0x00010000, 0x00010001, 1, 0x00010001, 0x00010000, 0};
	struct mcu *m = boot(code, sizeof code / 2);

	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++) {
		run(m, 1);
		assert_int_equal(mcu_reg(m, MCU_SPECIAL), special[i]);
	}
	mcu_free(m);
}

/* Rm stands twice in these; where the two differ the second one counts
 * (docs/unpredictable.md). */
static void twice_named_registers(void **state)
{
	static const struct {
		uint16_t code[2];
		uint32_t result; /* of 0x00012380 in r2 */
	} rows[] = {
		{{0xFA91, 0xF082}, 0x80230100}, /* rev */
		{{0xFA91, 0xF092}, 0x01008023}, /* rev16 */
		{{0xFA91, 0xF0A2}, 0x01C48000}, /* rbit */
		{{0xFA91, 0xF0B2}, 0xFFFF8023}, /* revsh */
		{{0xFAB1, 0xF082}, 15},		/* clz */
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const uint16_t code[] = {rows[i].code[0], rows[i].code[1], 0xE7FE};
		struct mcu *m = boot(code, sizeof code / 2);

		mcu_set_reg(m, MCU_R0 + 1, 0x7FFF0002);
		mcu_set_reg(m, MCU_R0 + 2, 0x00012380);
		run(m, 1);
		assert_int_equal(mcu_reg(m, MCU_R0), rows[i].result);
		mcu_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stores_over_code),
		cmocka_unit_test(across_the_end_of_ram),
		cmocka_unit_test(cps_masks),
		cmocka_unit_test(twice_named_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
