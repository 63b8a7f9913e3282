/*
 * What stands in the way of writing: protection, interruption, cells that do
 * not take their value, RAM that is not there, probes that are too old, a
 * watchdog that runs from power-on.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BASE = 0x08000000, IMAGE = 6000 };

static const struct flash_options plain = {0};

static void expect_ok(enum status s, const struct err *err)
{
	if (s != STATUS_OK)
		fail_msg("%s: %s (next: %s)", status_name(s), err->what, err_remedy(err));
}

static enum status write_image(struct board *b, const uint8_t *image, size_t len,
			       const struct flash_options *opt, struct flash_result *r,
			       struct err *err)
{
	const struct flash_piece piece = {BASE, image, len};
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	if (s == STATUS_OK)
		s = flash_write(d.target, chip_by_name("STM32F103C8"), &piece, 1, opt, r, err);
	desk_leave(&d);
	return s;
}

static void set_options(struct board *b, uint8_t rdp, uint8_t user, uint8_t wrp0)
{
	struct flash_options_bytes ob;
	const struct chip *chip = mcu_chip(board_mcu(b));
	struct err err = ERR_INIT;
	struct desk d;

	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	expect_ok(flash_read_option_bytes(d.target, chip, &ob, &err), &err);
	assert_int_equal(ob.rdp, 0xA5);
	assert_int_equal(ob.wrp[3], 0xFF);
	ob.rdp = rdp;
	ob.user = user;
	ob.wrp[0] = wrp0;
	ob.data1 = 0x77;
	expect_ok(flash_write_option_bytes(d.target, chip, &ob, &err), &err);
	desk_leave(&d);
	board_power_cycle(b, 10);
	board_advance(b, 10000000);
}

static void test_write_protection(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed(), before;
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, sizeof image);
	set_options(b, 0xA5, 0xFF, 0xFD); /* pages 4 to 7 */
	before = mcu_flash_operations(board_mcu(b));
	assert_int_equal(write_image(b, image, sizeof image, &plain, &r, &err), STATUS_PROTECTED);
	assert_int_equal(err.address, BASE + 0x1000);
	assert_int_equal(mcu_flash_operations(board_mcu(b)), before); /* before the first erase */
	err_clear(&err);
	expect_ok(write_image(b, image, 4096, &plain, &r, &err),
		  &err); /* the rest may be written */
	board_free(b);
}

static void test_read_protection_and_its_removal(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;
	struct desk d;

	desk_fill(&seed, image, sizeof image);
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	set_options(b, 0x00, 0xFF, 0xFF);
	assert_int_equal(write_image(b, image, sizeof image, &plain, &r, &err), STATUS_PROTECTED);
	assert_non_null(strstr(err_remedy(&err), "unlock"));
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	err_clear(&err);
	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	enum status s = flash_unlock(d.target, mcu_chip(board_mcu(b)), &err);

	desk_leave(&d);
	assert_true(s == STATUS_OK || s == STATUS_NEED_PERSON);
	err_clear(&err);
	board_power_cycle(b, 10);
	assert_int_equal(mcu_flash(board_mcu(b))[0], 0xFF); /* the price of it */
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	board_free(b);
}

static void test_watchdog_from_power_on(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed();
	uint8_t *image = malloc(65536);
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, 65536);
	set_options(b, 0xA5, 0xFE, 0xFF); /* WDG_SW = 0: bites after 0.4 s */
	expect_ok(write_image(b, image, 65536, &plain, &r, &err), &err);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, 65536);
	free(image);
	board_free(b);
}

/* ---- interruption ---------------------------------------------------------------- */

struct patience {
	unsigned calls, limit;
	struct board *spoil; /* put a bit where it does not belong once programming starts */
	struct board *fade;  /* lose a bit at fade_at once everything was given */
	uint32_t fade_at;    /* offset in flash */
};

static bool count_down(void *ctx, enum flash_phase phase, size_t done, size_t total)
{
	struct patience *p = ctx;

	assert_true(done <= total);
	if (p->spoil && phase == FLASH_PROGRAM) {
		mcu_flash(board_mcu(p->spoil))[5 * 1024 + 2] = 0x7F;
		mcu_flash_changed(board_mcu(p->spoil));
		p->spoil = NULL;
	}
	if (p->fade && phase == FLASH_PROGRAM && done == total) {
		mcu_flash(board_mcu(p->fade))[p->fade_at] ^= 0x10;
		mcu_flash_changed(board_mcu(p->fade));
		p->fade = NULL;
	}
	return ++p->calls <= p->limit;
}

static void test_interruption_at_every_safe_point(void **state)
{
	struct patience p = {.limit = UINT32_MAX};
	struct flash_options opt = {.progress = count_down, .ctx = &p};
	uint64_t seed = desk_seed(), old;
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;
	struct board *b = desk_board(NULL);
	unsigned points;

	desk_fill(&seed, image, sizeof image);
	old = seed;
	desk_used_flash(&old, b);
	expect_ok(write_image(b, image, sizeof image, &opt, &r, &err), &err);
	points = p.calls;
	assert_true(points > 10);
	board_free(b);
	for (unsigned i = 0; i < points; i++) {
		b = desk_board(NULL);
		old = seed; /* the same contents each time */
		desk_used_flash(&old, b);
		p = (struct patience){.limit = i};
		uint64_t before = mcu_flash_operations(board_mcu(b));

		/* at the last one everything is written and verified: too late */
		assert_int_equal(write_image(b, image, sizeof image, &opt, &r, &err),
				 i == points - 1 ? STATUS_OK : STATUS_INTERRUPTED);
		if (i < points - 1)
			assert_int_equal(mcu_flash_operations(board_mcu(b)) == before,
					 strstr(err.what, "nothing was changed") != NULL);
		else
			assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
		err_clear(&err);
		expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
		assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
		board_free(b);
		err_clear(&err);
	}
}

/* Cells that were erased or programmed half-way may read right and not last:
 * what reads right after a cut is not believed. */
static void test_after_a_cut_all_is_written_again(void **state)
{
	enum { PAGES = (IMAGE + 1023) / 1024, VECTORS = 8 };
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, sizeof image);
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	memset(mcu_flash(board_mcu(b)), 0xFF, VECTORS);
	mcu_flash_changed(board_mcu(b));
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	assert_true(r.was_cut);
	assert_int_equal(r.pages_erased, PAGES);
	assert_int_equal(r.pages_written, PAGES);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	assert_false(r.was_cut);
	assert_int_equal(r.pages_written, 0);
	board_free(b);
}

/* ---- cells, RAM, old probes --------------------------------------------------------- */

/* Read right after it was programmed, and otherwise when the page is checked:
 * the byte is named, and the vector is not given. */
static void test_cell_that_does_not_last(void **state)
{
	/* more than the loader's ring takes: when all is given, it is past these pages,
	 * and not yet at page 0 */
	enum { LONG_IMAGE = 24 * 1024 };
	static const struct {
		uint32_t at;
		bool no_loader;
	} rows[] = {{1024, false}, {3 * 1024 + 1023, false}, {1024, true}, {0x64, true}};
	struct patience p;
	struct flash_options opt = {.progress = count_down, .ctx = &p};
	uint64_t seed = desk_seed();
	uint8_t image[LONG_IMAGE];
	struct flash_result r;

	desk_fill(&seed, image, sizeof image);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board *b = desk_board(NULL);
		struct err err = ERR_INIT;

		p = (struct patience){.limit = UINT32_MAX, .fade = b, .fade_at = rows[i].at};
		opt.no_loader = rows[i].no_loader;
		mcu_flash(board_mcu(b))[LONG_IMAGE] = 0; /* no mass erase */
		assert_int_equal(write_image(b, image, sizeof image, &opt, &r, &err),
				 STATUS_MISMATCH);
		assert_int_equal(err.address, BASE + rows[i].at);
		assert_non_null(strstr(err.what, "the image has"));
		for (unsigned k = 0; k < 8; k++)
			assert_int_equal(mcu_flash(board_mcu(b))[k], 0xFF);
		err_clear(&err);
		expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
		assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
		board_free(b);
	}
}

static void test_cell_that_is_not_erased(void **state)
{
	struct board *b = desk_board(NULL);
	struct patience p = {.limit = UINT32_MAX, .spoil = b};
	struct flash_options opt = {.progress = count_down, .ctx = &p};
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, sizeof image);
	assert_int_equal(write_image(b, image, sizeof image, &opt, &r, &err), STATUS_FAILED);
	assert_int_equal(err.address, BASE + 5 * 1024 + 2);
	assert_non_null(strstr(err.what, "PGERR"));
	/* the vector is not there: nothing starts by half */
	assert_int_equal(mcu_flash(board_mcu(b))[7], 0xFF);
	err_clear(&err);
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	assert_true(r.was_cut);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	board_free(b);
}

static void test_less_ram_than_the_row_says(void **state)
{
	static const uint32_t sizes[] = {10 * 1024, 6 * 1024, 4 * 1024, 1024};
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];

	desk_fill(&seed, image, sizeof image);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct chip small = *chip_by_name("STM32F103C8");
		struct board_config config = {.chip = &small};
		struct flash_result r;
		struct err err = ERR_INIT;
		struct board *b;

		small.ram_size = sizes[i];
		b = desk_board(&config);
		expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
		assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
		assert_int_equal(r.used_loader, sizes[i] >= 4096);
		board_free(b);
	}
}

static void test_old_probe_firmware(void **state)
{
	struct flash_options direct = {.no_loader = true};
	struct board_config config = {.probe_firmware = "V2J17S4"};
	struct board *b = desk_board(&config);
	struct flash_options_bytes ob = {.rdp = 0xA5};
	uint64_t seed = desk_seed(), before;
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;
	struct desk d;

	desk_fill(&seed, image, sizeof image);
	expect_ok(write_image(b, image, sizeof image, &plain, &r, &err), &err);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	/* what needs half-word accesses is refused before anything is erased */
	before = mcu_flash_operations(board_mcu(b));
	image[0] ^= 0xFF;
	assert_int_equal(write_image(b, image, sizeof image, &direct, &r, &err),
			 STATUS_UNSUPPORTED);
	assert_int_equal(mcu_flash_operations(board_mcu(b)), before);
	err_clear(&err);
	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	assert_int_equal(flash_write_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, &err),
			 STATUS_UNSUPPORTED);
	err_clear(&err);
	expect_ok(flash_read_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, &err), &err);
	assert_int_equal(ob.rdp, 0xA5);
	desk_leave(&d);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write_protection),
		cmocka_unit_test(test_read_protection_and_its_removal),
		cmocka_unit_test(test_watchdog_from_power_on),
		cmocka_unit_test(test_interruption_at_every_safe_point),
		cmocka_unit_test(test_after_a_cut_all_is_written_again),
		cmocka_unit_test(test_cell_that_is_not_erased),
		cmocka_unit_test(test_cell_that_does_not_last),
		cmocka_unit_test(test_less_ram_than_the_row_says),
		cmocka_unit_test(test_old_probe_firmware),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
