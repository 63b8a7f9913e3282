/*
 * The write engine over the wire to the virtual board: what was asked for is in
 * flash afterwards, everything else is as it was, and no more was done than had
 * to be.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIE = 128 * 1024, SOLD = 64 * 1024, PAGE = 1024 };
#define BASE 0x08000000u

static enum status write_all(struct board *b, const struct flash_piece *pieces, size_t count,
			     const struct flash_options *opt, struct flash_result *r,
			     struct err *err)
{
	static const struct flash_options plain = {0};
	const struct chip *chip = mcu_chip(board_mcu(b));
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	if (s == STATUS_OK)
		s = flash_write(d.target, chip, pieces, count, opt ? opt : &plain, r, err);
	desk_leave(&d);
	return s;
}

static void expect_ok(enum status s, const struct err *err)
{
	if (s != STATUS_OK)
		fail_msg("%s: %s (next: %s)", status_name(s), err->what, err_remedy(err));
}

static void expect_flash(struct board *b, const uint8_t *want)
{
	const uint8_t *now = mcu_flash(board_mcu(b));
	size_t size = mcu_chip(board_mcu(b))->flash_die;

	for (size_t i = 0; i < size; i++)
		if (now[i] != want[i])
			fail_msg("flash+0x%zX holds %02X, wanted %02X", i, now[i], want[i]);
}

static void print_result(const char *what, const struct flash_result *r, uint64_t us)
{
	printf("# %s: %u pages, %u written, %u erased, %u unchanged%s; connect %u compare %u erase "
	       "%u "
	       "program %u verify %u, all %u us\n",
	       what, r->pages_total, r->pages_written, r->pages_erased, r->pages_unchanged,
	       r->mass_erased ? ", mass erase" : "", (unsigned)r->phase_us[0],
	       (unsigned)r->phase_us[1], (unsigned)r->phase_us[2], (unsigned)r->phase_us[3],
	       (unsigned)r->phase_us[4], (unsigned)us);
}

/* Times are the board's own, so they are the same on every machine. */
static void test_times(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed(), start;
	uint8_t *image = malloc(SOLD);
	struct flash_piece piece = {BASE, image, SOLD};
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, SOLD);
	desk_fill(&seed, mcu_flash(board_mcu(b)), SOLD);
	mcu_flash_changed(board_mcu(b));
	start = board_now_ns(b) / 1000;
	expect_ok(write_all(b, &piece, 1, NULL, &r, &err), &err);
	print_result("64 KiB", &r, board_now_ns(b) / 1000 - start);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, SOLD);
	assert_true(r.mass_erased && r.used_loader);
	assert_true(board_now_ns(b) / 1000 - start < 2000000);

	start = board_now_ns(b) / 1000;
	expect_ok(write_all(b, &piece, 1, NULL, &r, &err), &err);
	print_result("nothing changed", &r, board_now_ns(b) / 1000 - start);
	assert_int_equal(r.pages_unchanged, 64);
	assert_true(board_now_ns(b) / 1000 - start < 150000);

	image[33000] ^= 1;
	start = board_now_ns(b) / 1000;
	expect_ok(write_all(b, &piece, 1, NULL, &r, &err), &err);
	print_result("one page changed", &r, board_now_ns(b) / 1000 - start);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, SOLD);
	assert_int_equal(r.pages_written, 2); /* that one, and the key page */
	assert_true(board_now_ns(b) / 1000 - start < 250000);
	board_free(b);
	free(image);
}

/* Random pieces over random old contents. */
static void one_random_write(uint64_t *seed, struct board *b, const struct flash_options *opt)
{
	const struct chip *chip = mcu_chip(board_mcu(b));
	uint32_t at = desk_random(seed) % 4 ? 0 : desk_random(seed) % (chip->flash_size / 2);
	uint8_t *want = malloc(chip->flash_die), *data = malloc(chip->flash_size);
	struct flash_piece pieces[3];
	size_t count = 1 + desk_random(seed) % 3, n = 0;
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_used_flash(seed, b);
	memcpy(want, mcu_flash(board_mcu(b)), chip->flash_die);
	desk_fill(seed, data, chip->flash_size);
	for (; n < count && at < chip->flash_size; n++) {
		uint32_t room = chip->flash_size - at;
		uint32_t len = 1 + desk_random(seed) % (room < 9000 ? room : 9000);

		if (desk_random(seed) % 3 == 0) /* a stretch that is there already */
			memcpy(data + at, want + at, len);
		pieces[n] = (struct flash_piece){BASE + at, data + at, len};
		memcpy(want + at, data + at, len);
		at += len + desk_random(seed) % 3000;
	}
	expect_ok(write_all(b, pieces, n, opt, &r, &err), &err);
	expect_flash(b, want);
	free(want);
	free(data);
}

static void test_random_images(void **state)
{
	uint64_t seed = desk_seed();
	struct board *b = desk_board(NULL);
	unsigned cases = 40;

	for (unsigned i = 0; i < cases; i++)
		one_random_write(&seed, b, NULL);
	printf("# %u random images\n", cases);
	board_free(b);
}

static void test_random_images_without_loader(void **state)
{
	struct flash_options opt = {.no_loader = true};
	uint64_t seed = desk_seed() + 1;
	struct board *b = desk_board(NULL);

	for (unsigned i = 0; i < 4; i++)
		one_random_write(&seed, b, &opt);
	board_free(b);
}

static void test_every_density_and_silicon(void **state)
{
	static const char *const chips[] = {"STM32F103C6", "STM32F103CB", "STM32F103RC",
					    "STM32F103ZE"};
	uint64_t seed = desk_seed() + 2;
	size_t count;
	const struct silicon *all = silicon_all(&count);

	for (size_t i = 0; i < sizeof chips / sizeof chips[0]; i++) {
		struct board_config config = {.chip = chip_by_name(chips[i])};
		struct board *b = desk_board(&config);

		one_random_write(&seed, b, NULL);
		board_free(b);
	}
	for (size_t i = 0; i < count; i++) {
		struct board_config config = {.silicon = &all[i]};
		struct board *b = desk_board(&config);

		one_random_write(&seed, b, NULL);
		board_free(b);
	}
}

/* A mass erase would take the upper half of the die with it. */
static void test_upper_half_is_not_lost(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed() + 3;
	uint8_t *image = malloc(SOLD), *upper = mcu_flash(board_mcu(b)) + SOLD;
	struct flash_piece piece = {BASE, image, SOLD};
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, SOLD);
	memset(mcu_flash(board_mcu(b)), 0, SOLD);
	upper[SOLD - 3] = 0x42;
	mcu_flash_changed(board_mcu(b));
	expect_ok(write_all(b, &piece, 1, NULL, &r, &err), &err);
	assert_false(r.mass_erased);
	assert_int_equal(r.pages_erased, 64);
	assert_int_equal(upper[SOLD - 3], 0x42);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, SOLD);
	board_free(b);
	free(image);
}

static void test_blank_pages_are_not_erased(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed() + 4;
	uint8_t image[4 * PAGE];
	struct flash_piece piece = {BASE, image, sizeof image};
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, sizeof image);
	memset(image + 2 * PAGE, 0xFF, PAGE);
	memcpy(mcu_flash(board_mcu(b)), image, PAGE);     /* page 0 is there already */
	mcu_flash(board_mcu(b))[100 * PAGE] = 0;          /* no mass erase */
	mcu_flash_changed(board_mcu(b));
	expect_ok(write_all(b, &piece, 1, NULL, &r, &err), &err);
	assert_int_equal(r.pages_erased, 1); /* the key page: 1 and 3 were blank, 2 stays so */
	assert_int_equal(r.pages_written, 3);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, sizeof image);
	board_free(b);
}

static void test_dry_run_changes_nothing(void **state)
{
	struct flash_options opt = {.dry_run = true};
	struct board *b = desk_board(NULL);
	uint64_t before, seed = desk_seed();
	uint8_t image[5000];
	struct flash_piece piece = {BASE, image, sizeof image};
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_fill(&seed, image, sizeof image);
	before = mcu_flash_operations(board_mcu(b));
	expect_ok(write_all(b, &piece, 1, &opt, &r, &err), &err);
	assert_int_equal(r.pages_written, 5);
	assert_int_equal(r.pages_erased, 5); /* a blank key page: they would all be erased again */
	assert_int_equal(mcu_flash_operations(board_mcu(b)), before);
	board_free(b);
}

static void test_outside_flash_is_refused(void **state)
{
	struct board *b = desk_board(NULL);
	uint8_t image[64] = {0};
	struct flash_piece piece = {BASE + SOLD - 32, image, sizeof image};
	struct flash_result r;
	struct err err = ERR_INIT;

	assert_int_equal(write_all(b, &piece, 1, NULL, &r, &err), STATUS_BAD_FILE);
	assert_int_equal(mcu_flash_operations(board_mcu(b)), 0);
	board_free(b);
}

static void test_erase(void **state)
{
	struct flash_options opt = {0};
	struct board *b = desk_board(NULL);
	const struct chip *chip = mcu_chip(board_mcu(b));
	uint8_t *flash = mcu_flash(board_mcu(b));
	struct flash_result r;
	struct err err = ERR_INIT;
	struct desk d;

	memset(flash, 0x11, DIE);
	mcu_flash_changed(board_mcu(b));
	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	expect_ok(flash_erase(d.target, chip, BASE + 1500, 600, &opt, &r, &err), &err);
	assert_int_equal(r.pages_erased, 2);
	assert_int_equal(flash[1023], 0x11);
	assert_int_equal(flash[1024], 0xFF);
	assert_int_equal(flash[3071], 0xFF);
	assert_int_equal(flash[3072], 0x11);
	expect_ok(flash_erase(d.target, chip, BASE, 0, &opt, &r, &err), &err);
	assert_true(r.mass_erased);
	for (unsigned i = 0; i < DIE; i++)
		assert_int_equal(flash[i], 0xFF);
	desk_leave(&d);
	board_free(b);
}

static void test_verify_names_the_byte(void **state)
{
	struct board *b = desk_board(NULL);
	struct flash_options opt = {0};
	uint8_t image[3000];
	struct flash_piece piece = {BASE, image, sizeof image};
	struct flash_result r;
	struct err err = ERR_INIT;
	uint64_t seed = desk_seed();
	struct desk d;

	desk_fill(&seed, image, sizeof image);
	memcpy(mcu_flash(board_mcu(b)), image, sizeof image);
	mcu_flash_changed(board_mcu(b));
	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	expect_ok(flash_verify(d.target, mcu_chip(board_mcu(b)), &piece, 1, &opt, &r, &err), &err);
	for (unsigned full = 0; full < 2; full++) {
		image[2222] ^= 0x10;
		opt.full_verify = full;
		assert_int_equal(
			flash_verify(d.target, mcu_chip(board_mcu(b)), &piece, 1, &opt, &r, &err),
			STATUS_MISMATCH);
		assert_int_equal(err.address, BASE + 2222);
		image[2222] ^= 0x10;
		err_clear(&err);
	}
	desk_leave(&d);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_random_images),
		cmocka_unit_test(test_random_images_without_loader),
		cmocka_unit_test(test_every_density_and_silicon),
		cmocka_unit_test(test_upper_half_is_not_lost),
		cmocka_unit_test(test_blank_pages_are_not_erased),
		cmocka_unit_test(test_dry_run_changes_nothing),
		cmocka_unit_test(test_outside_flash_is_refused),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_verify_names_the_byte),
	};

	return cmocka_run_group_tests_name("write", tests, NULL, NULL);
}
