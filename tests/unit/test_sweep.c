/* The static sweep: known bits, and stores found without running anything. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "image/image.h"
#include "lockout/absval.h"
#include "lockout/sweep.h"

static void known_bits_survive_masking(void **state)
{
	struct absval mapr = {.read_back = 7u << 24};
	struct absval swj = abs_const(4u << 24, 0x100, 1);
	struct absval v = abs_or(abs_and(mapr, abs_const(~(7u << 24), 0, 0)), swj);

	(void)state;
	assert_int_equal(v.known & 7u << 24, 7u << 24);
	assert_int_equal(v.value, 4u << 24);
	assert_int_equal(v.origin, 0x100);
	assert_int_equal(v.read_back, 0); /* masked away */
}

static void sums_are_exact_below_the_first_unknown_bit(void **state)
{
	struct absval a = {.value = 0x30, .known = 0xFF};
	struct absval v = abs_add(a, abs_const(0x11, 0, 0), 0);

	(void)state;
	assert_int_equal(v.known, 0xFF);
	assert_int_equal(v.value, 0x41);
}

static void joining_keeps_only_what_both_say(void **state)
{
	struct absval v = abs_join(abs_const(0x0F, 1, 0), abs_const(0x0D, 2, 0));

	(void)state;
	assert_int_equal(v.known, ~2u);
	assert_int_equal(v.value, 0x0D);
	struct absval sp = abs_const(8, 0, 0);

	sp.stack = true;
	v = abs_join(sp, abs_const(8, 0, 0));
	assert_int_equal(v.known, 0);
}

static struct image *load_example(const char *name)
{
	char path[512];
	uint8_t *bytes = malloc(1 << 20);
	struct image *img = NULL;
	struct err err = ERR_INIT;

	snprintf(path, sizeof path, "%s/examples/firmware/%s", getenv("REFLASH_BUILD"), name);
	FILE *f = fopen(path, "rb");

	if (!f) {
		free(bytes);
		return NULL;
	}
	size_t n = fread(bytes, 1, 1 << 20, f);

	fclose(f);
	assert_int_equal(image_parse(name, bytes, n, IMAGE_NO_ADDRESS, &img, &err), STATUS_OK);
	free(bytes);
	return img;
}

static void sweep(const char *name, struct sweep_result *r, struct image **img)
{
	struct err err = ERR_INIT;
	uint32_t vectors;

	*img = load_example(name);
	if (!*img)
		skip(); /* no cross-compiler: no example firmware */
	assert_true(image_vectors(*img, &vectors, &err));
	assert_int_equal(sweep_image(*img, vectors, 59, false, 1000000, r, &err), STATUS_OK);
	assert_true(r->complete);
}

static void the_callers_argument_is_to_blame(void **state)
{
	static const char *const names[] = {"locked-rtos.elf", "locked-rtos-O0.elf",
					    "locked-rtos-O2.elf"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sweep_result r;
		struct image *img;
		struct image_line line;

		sweep(names[i], &r, &img);
		assert_int_equal(r.hit_count, 1);
		assert_false(r.hits[0].read_back);
		assert_string_equal(image_symbol_at(img, r.hits[0].store_pc)->name,
				    "gpio_primary_remap");
		assert_true(image_line_at(img, r.hits[0].origin, &line));
		assert_non_null(strstr(line.file, "display.c"));
		image_free(img);
	}
}

static void constant_selectors_stay_silent(void **state)
{
	static const char *const names[] = {"locked-rtos-fixed.elf", "locked-rtos-no-remap.elf",
					    "blinky.elf"};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct sweep_result r;
		struct image *img;

		sweep(names[i], &r, &img);
		assert_int_equal(r.hit_count, 0);
		image_free(img);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_bits_survive_masking),
		cmocka_unit_test(sums_are_exact_below_the_first_unknown_bit),
		cmocka_unit_test(joining_keeps_only_what_both_say),
		cmocka_unit_test(the_callers_argument_is_to_blame),
		cmocka_unit_test(constant_selectors_stay_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
