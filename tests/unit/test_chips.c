/* chips: looking parts up, and rows that agree with themselves. */
#include "test.h"

#include <string.h>

#include "chips/chips.h"

static void parts_are_found_by_the_names_people_use(void **state)
{
	static const char *const names[] = {"STM32F103C8", "stm32f103c8t6", "f103c8", "c8", "C8T6"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_string_equal(chip_by_name(names[i])->name, "STM32F103C8");
	assert_null(chip_by_name("stm32f407"));
	assert_null(chip_by_name(""));
	assert_null(chip_by_name("c8t66"));
}

static void ids_find_the_smallest_part_that_fits(void **state)
{
	(void)state;
	assert_string_equal(chip_by_id(0x410, 0)->name, "STM32F103C8");
	assert_string_equal(chip_by_id(0x410, 128)->name, "STM32F103CB");
	assert_string_equal(chip_by_id(0x414, 256)->name, "STM32F103RC");
	assert_string_equal(chip_by_id(0x430, 1024)->name, "STM32F103RG");
	assert_null(chip_by_id(0x999, 0));
	assert_null(chip_by_id(0x410, 1024));
}

static void every_row_agrees_with_itself(void **state)
{
	size_t n;
	const struct chip *c = chips_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(c[i].flash_size % c[i].page_size, 0);
		assert_true(c[i].flash_die >= c[i].flash_size);
		assert_int_equal(c[i].page_size, c[i].density >= DENSITY_HIGH ? 2048 : 1024);
		assert_ptr_equal(chip_by_name(c[i].name), &c[i]);
	}
}

static void only_the_genuine_part_is_r1p1(void **state)
{
	size_t n;
	const struct silicon *s = silicon_all(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		assert_int_equal(s[i].cpuid == 0x411FC231, strcmp(s[i].name, "genuine") == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parts_are_found_by_the_names_people_use),
		cmocka_unit_test(ids_find_the_smallest_part_that_fits),
		cmocka_unit_test(every_row_agrees_with_itself),
		cmocka_unit_test(only_the_genuine_part_is_r1p1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
