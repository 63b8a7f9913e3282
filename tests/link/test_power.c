/*
 * Power fails at every flash operation of a write, and the write is run again:
 * the flash is then as if nothing had happened. In between the chip must not
 * run the old program's torso and must not lock anyone out.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 0x08000000, PAGE = 1024, PAGES = 4, IMAGE = PAGES * PAGE, FLASH = 128 * 1024 };

static enum status run(struct board *b, const uint8_t *image, struct flash_result *r,
		       struct err *err)
{
	const struct flash_options opt = {0};
	const struct flash_piece piece = {BASE, image, IMAGE};
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	*r = (struct flash_result){0};
	if (s == STATUS_OK)
		s = flash_write(d.target, mcu_chip(board_mcu(b)), &piece, 1, &opt, r, err);
	desk_leave(&d);
	return s;
}

/* Few half-words a page, so that every single one can be the last. */
static void sparse_image(uint64_t *seed, uint8_t *image)
{
	memset(image, 0xFF, IMAGE);
	for (unsigned page = 0; page < PAGES; page++)
		for (unsigned i = 0; i < 10; i++)
			desk_fill(seed, image + page * PAGE + 10 * (desk_random(seed) % 100), 2);
	memcpy(image, "\x00\x50\x00\x20\x09\x00\x00\x08\xFE\xE7", 10);
}

static struct board *fresh(const uint8_t *old)
{
	struct board *b = desk_board(NULL);

	memcpy(mcu_flash(board_mcu(b)), old, FLASH);
	mcu_flash_changed(board_mcu(b));
	board_power_cycle(b, 10);
	board_advance(b, 20000000);
	return b;
}

static bool swd_is_on(struct board *b)
{
	struct board_status st;

	board_advance(b, 50000000);
	board_get_status(b, &st);
	return st.swd_on;
}

static void test_power_cut_at_every_operation(void **state)
{
	uint64_t seed = desk_seed(), operations;
	uint8_t image[IMAGE], *old = malloc(FLASH), *want = malloc(FLASH);
	struct flash_result r;
	struct err err = ERR_INIT;
	struct board *b;
	unsigned seen_as_cut = 0;

	desk_fill(&seed, old, FLASH);
	desk_locking_program(old);
	sparse_image(&seed, image);
	memcpy(want, old, FLASH);
	memcpy(want, image, IMAGE);
	b = fresh(old);
	operations = mcu_flash_operations(board_mcu(b));
	assert_int_equal(run(b, image, &r, &err), STATUS_OK);
	operations = mcu_flash_operations(board_mcu(b)) - operations;
	board_free(b);
	for (uint64_t n = 1; n <= operations; n++) {
		b = fresh(old);
		err_clear(&err);
		board_cut_power_at(b, n);
		enum status s = run(b, image, &r, &err);

		if (s == STATUS_OK)
			fail_msg("operation %u: success with the power off", (unsigned)n);
		if (err.what[0] == 0 || !err_remedy(&err)[0])
			fail_msg("operation %u: nothing said", (unsigned)n);
		board_power(b, true);
		/* the first operation is the erase of the key page itself */
		if (n > 1 && !swd_is_on(b))
			fail_msg("operation %u: the half-written chip locks itself", (unsigned)n);
		err_clear(&err);
		s = run(b, image, &r, &err);
		if (s != STATUS_OK)
			fail_msg("operation %u: the next run says: %s", (unsigned)n, err.what);
		seen_as_cut += r.was_cut;
		for (unsigned i = 0; i < FLASH; i++)
			if (mcu_flash(board_mcu(b))[i] != want[i])
				fail_msg("operation %u: flash+0x%X is wrong after the next run",
					 (unsigned)n, i);
		board_free(b);
	}
	printf("# %u operations, %u runs saw that the one before was cut\n", (unsigned)operations,
	       seen_as_cut);
	/* all but the erase of the key page and its four vector half-words */
	assert_in_range(seen_as_cut, operations - 6, operations);
	free(old);
	free(want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut_at_every_operation),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
