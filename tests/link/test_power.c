/*
 * Power fails in the middle of every flash operation of a write, of setting
 * option bytes and of removing read-out protection, and the command is run again:
 * then all is as if nothing had happened. In between the chip must not
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

/* ---- option bytes ---------------------------------------------------------------------- */

static void power_on_again(struct board *b)
{
	board_power_cycle(b, 10);
	board_advance(b, 20000000);
}

static enum status set_options(struct board *b, uint8_t rdp, uint8_t data0, struct err *err)
{
	const struct flash_options_bytes ob = {.rdp = rdp, .user = 0xFF, .data0 = data0, .data1 = 0x5A,
					       .wrp = {0xFF, 0xFF, 0xFF, 0x7F}};
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	if (s == STATUS_OK)
		s = flash_write_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, err);
	desk_leave(&d);
	return s;
}

/* What a person does: once more, and a power cycle where it asks for one. */
static enum status unlock(struct board *b, struct err *err)
{
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	if (s == STATUS_OK)
		s = flash_unlock(d.target, mcu_chip(board_mcu(b)), err);
	desk_leave(&d);
	return s;
}

static struct flash_options_bytes options_of(struct board *b)
{
	struct flash_options_bytes ob = {0};
	struct err err = ERR_INIT;
	struct desk d;

	if (desk_connect(&d, b, NULL, &err) != STATUS_OK ||
	    flash_read_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, &err) != STATUS_OK)
		fail_msg("the option bytes cannot be read: %s", err.what);
	desk_leave(&d);
	return ob;
}

static uint64_t operations_of(enum status (*work)(struct board *b, struct err *err),
			      struct board *b)
{
	uint64_t before = mcu_flash_operations(board_mcu(b));
	struct err err = ERR_INIT;
	enum status s = work(b, &err);

	if (s != STATUS_OK && s != STATUS_NEED_PERSON)
		fail_msg("without a cut: %s", err.what);
	before = mcu_flash_operations(board_mcu(b)) - before;
	board_free(b);
	return before;
}

static enum status set_new(struct board *b, struct err *err)
{
	return set_options(b, 0xA5, 0x77, err);
}

/* A cut may leave the chip read-protected; then unlock is the way out, and says so. */
static void cut_while_setting(const uint8_t *old, uint64_t n, unsigned *protected)
{
	struct board *b = fresh(old);
	struct err err = ERR_INIT;
	struct flash_options_bytes ob;

	board_cut_power_at(b, n);
	if (set_new(b, &err) == STATUS_OK || !err.what[0] || !err_remedy(&err)[0])
		fail_msg("operation %u: \"%s\" with the power off", (unsigned)n, err.what);
	board_power(b, true);
	power_on_again(b);
	ob = options_of(b);
	err_clear(&err);
	if (ob.rdp_active) {
		(*protected)++;
		if (set_new(b, &err) != STATUS_PROTECTED || !strstr(err_remedy(&err), "unlock"))
			fail_msg("operation %u: protected, and said is: %s (%s)", (unsigned)n, err.what,
				 err_remedy(&err));
		err_clear(&err);
		enum status s = unlock(b, &err);

		if (s != STATUS_OK && s != STATUS_NEED_PERSON)
			fail_msg("operation %u: unlock: %s", (unsigned)n, err.what);
		err_clear(&err);
		power_on_again(b);
	} else if (memcmp(mcu_flash(board_mcu(b)), old, FLASH) != 0) {
		fail_msg("operation %u: the flash changed", (unsigned)n);
	}
	if (set_new(b, &err) != STATUS_OK)
		fail_msg("operation %u: the next run says: %s", (unsigned)n, err.what);
	power_on_again(b);
	ob = options_of(b);
	if (ob.rdp != 0xA5 || ob.data0 != 0x77 || ob.data1 != 0x5A || ob.wrp[3] != 0x7F || ob.error)
		fail_msg("operation %u: the option bytes are wrong", (unsigned)n);
	board_free(b);
}

static void test_power_cut_while_options_are_set(void **state)
{
	uint64_t seed = desk_seed(), operations;
	uint8_t *old = malloc(FLASH);
	unsigned protected = 0;

	desk_fill(&seed, old, FLASH);
	memcpy(old, "\x00\x50\x00\x20\x09\x00\x00\x08\xFE\xE7", 10);
	operations = operations_of(set_new, fresh(old));
	assert_int_equal(operations, 9); /* an erase and eight half-words */
	for (uint64_t n = 1; n <= operations; n++)
		cut_while_setting(old, n, &protected);
	printf("# %u operations, %u cuts left the chip read-protected\n", (unsigned)operations,
	       protected);
	free(old);
}

static struct board *locked(const uint8_t *old)
{
	struct board *b = fresh(old);
	struct err err = ERR_INIT;

	if (set_options(b, 0x00, 0xFF, &err) != STATUS_OK)
		fail_msg("no read-out protection: %s", err.what);
	power_on_again(b);
	return b;
}

static void cut_while_unlocking(const uint8_t *old, uint64_t n)
{
	struct board *b = locked(old);
	struct err err = ERR_INIT;
	uint8_t image[IMAGE];
	uint64_t seed = n;
	struct flash_result r;
	enum status s;

	board_cut_power_at(b, n);
	if (unlock(b, &err) == STATUS_OK || !err.what[0] || !err_remedy(&err)[0])
		fail_msg("operation %u: \"%s\" with the power off", (unsigned)n, err.what);
	board_power(b, true);
	power_on_again(b);
	err_clear(&err);
	s = unlock(b, &err);
	if (s != STATUS_OK && s != STATUS_NEED_PERSON)
		fail_msg("operation %u: the next run says: %s", (unsigned)n, err.what);
	power_on_again(b);
	if (options_of(b).rdp_active)
		fail_msg("operation %u: still protected", (unsigned)n);
	sparse_image(&seed, image);
	err_clear(&err);
	if (run(b, image, &r, &err) != STATUS_OK)
		fail_msg("operation %u: writing afterwards: %s", (unsigned)n, err.what);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, IMAGE);
	board_free(b);
}

static void test_power_cut_while_unlocking(void **state)
{
	uint64_t seed = desk_seed(), operations;
	uint8_t *old = malloc(FLASH);

	desk_fill(&seed, old, FLASH);
	memcpy(old, "\x00\x50\x00\x20\x09\x00\x00\x08\xFE\xE7", 10);
	operations = operations_of(unlock, locked(old));
	assert_true(operations >= 2);
	for (uint64_t n = 1; n <= operations; n++)
		cut_while_unlocking(old, n);
	printf("# %u operations\n", (unsigned)operations);
	free(old);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_power_cut_at_every_operation),
		cmocka_unit_test(test_power_cut_while_options_are_set),
		cmocka_unit_test(test_power_cut_while_unlocking),
	};

	return cmocka_run_group_tests_name("power", tests, NULL, NULL);
}
