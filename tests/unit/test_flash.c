/* The write engine's own arithmetic: the CRC, and which pages hold what. */
#include "test.h"

#include <string.h>

#include "flash/crc.h"
#include "flash/f1.h"
#include "flash/plan.h"

static void test_crc_is_the_chips(void **state)
{
	/* What the CRC unit gives for one word: published by many, and easy to
	 * work out by hand for zero. */
	static const uint8_t zero[4] = {0}, number[4] = {0x78, 0x56, 0x34, 0x12};
	static const uint8_t two[8] = {0x78, 0x56, 0x34, 0x12, 0x78, 0x56, 0x34, 0x12};

	assert_int_equal(flash_crc(zero, 4), 0xC704DD7B);
	assert_int_equal(flash_crc(number, 4), 0xDF8A8A2B);
	assert_int_not_equal(flash_crc(two, 8), flash_crc(number, 4));
}

static void test_pages_of_pieces(void **state)
{
	const struct chip *chip = chip_by_name("STM32F103C8");
	uint8_t data[3000], old[1024];
	struct flash_piece pieces[] = {{0x08000010, data, 2500}, {0x08002000, data, 1024}};
	struct plan plan;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 31 + 1);
	memset(old, 0x5A, sizeof old);
	assert_int_equal(plan_new(chip, pieces, 2, &plan, NULL), STATUS_OK);
	assert_int_equal(plan.count, 4);
	assert_int_equal(plan.key, 0);
	assert_int_equal(plan.pages[3].address, 0x08002000);
	assert_true(plan.pages[0].partial && !plan.pages[1].partial && plan.pages[2].partial);
	assert_false(plan.pages[3].partial);
	assert_int_equal(plan_run(&plan, 0, NULL), 3);
	assert_int_equal(plan_run(&plan, 3, NULL), 1);
	plan_fill(&plan, 0, old);
	assert_int_equal(plan.pages[0].want[15], 0x5A);
	assert_int_equal(plan.pages[0].want[16], data[0]);
	plan_fill(&plan, 2, old);
	assert_int_equal(plan.pages[2].want[16 + 2500 - 2048 - 1], data[2499]);
	assert_int_equal(plan.pages[2].want[16 + 2500 - 2048], 0x5A);
	plan_free(&plan);
}

static void test_bad_pieces_are_refused(void **state)
{
	const struct chip *chip = chip_by_name("STM32F103C8");
	static const uint8_t data[64];
	const struct flash_piece bad[][2] = {
		{{0x20000000, data, 64}, {0x20000100, data, 4}},
		{{0x0800FFF0, data, 17}, {0x08010100, data, 4}},
		{{0x08000000, data, 64}, {0x08000020, data, 4}},
		{{0x08000400, data, 64}, {0x08000000, data, 4}},
		{{0xFFFFFFF0, data, 64}, {0x08000000, data, 4}},
	};
	struct plan plan;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err err = ERR_INIT;

		assert_int_equal(plan_new(chip, bad[i], 2, &plan, &err), STATUS_BAD_FILE);
		assert_true(err.what[0] != 0);
	}
}

static void test_which_pages_wrp_protects(void **state)
{
	const struct chip *medium = chip_by_name("STM32F103CB"),
			  *high = chip_by_name("STM32F103ZE");
	struct f1_protection p = {.wrpr = ~(1u << 1)};

	assert_false(f1_page_protected(medium, &p, 0x08000C00));
	assert_true(f1_page_protected(medium, &p, 0x08001000));
	assert_true(f1_page_protected(medium, &p, 0x08001C00));
	assert_false(f1_page_protected(medium, &p, 0x08002000));
	assert_true(f1_page_protected(high, &p, 0x08001000));
	assert_false(f1_page_protected(high, &p, 0x08002000));
	p.wrpr = 0x7FFFFFFF; /* the last bit: all the rest */
	assert_false(f1_page_protected(high, &p, 0x0801E800));
	assert_true(f1_page_protected(high, &p, 0x0801F000));
	assert_true(f1_page_protected(high, &p, 0x0807F800));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc_is_the_chips),
		cmocka_unit_test(test_pages_of_pieces),
		cmocka_unit_test(test_bad_pieces_are_refused),
		cmocka_unit_test(test_which_pages_wrp_protects),
	};

	return cmocka_run_group_tests_name("flash", tests, NULL, NULL);
}
