/*
 * Flash that does not do what the datasheet says: cells that are worn out,
 * controllers that are slow or never done, clones without a CRC unit; and every
 * error of the controller under the loader itself, which the engine's own checks
 * would keep from it.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flash/f1.h"
#include "flash/port.h"

enum { BASE = 0x08000000, PAGE = 1024, IMAGE = 5 * PAGE + 300 };

static void expect_ok(enum status s, const struct err *err)
{
	if (s != STATUS_OK)
		fail_msg("%s: %s (next: %s)", status_name(s), err->what, err_remedy(err));
}

static enum status write_image(struct board *b, const uint8_t *image, bool no_loader,
			       struct flash_result *r, struct err *err)
{
	const struct flash_options opt = {.no_loader = no_loader};
	const struct flash_piece piece = {BASE, image, IMAGE};
	struct desk d;
	enum status s = desk_connect(&d, b, NULL, err);

	*r = (struct flash_result){0};
	if (s == STATUS_OK)
		s = flash_write(d.target, mcu_chip(board_mcu(b)), &piece, 1, &opt, r, err);
	desk_leave(&d);
	return s;
}

/* One bit that the image wants at 0 stays 1, anywhere in it; then the chip is
 * replaced, as it were, and the same command run again. */
static void one_stuck_bit(uint64_t *seed, bool no_loader)
{
	uint8_t image[IMAGE];
	uint32_t at = desk_random(seed) % (IMAGE / 2) * 2;
	struct board *b = desk_board(NULL);
	struct flash_result r;
	struct err err = ERR_INIT;
	enum status s;

	desk_fill(seed, image, sizeof image);
	image[at] &= 0xEF;
	desk_used_flash(seed, b);
	mcu_flash_stuck(board_mcu(b), at, 0x10);
	s = write_image(b, image, no_loader, &r, &err);
	if (s != STATUS_MISMATCH || (err.address & ~1u) != BASE + at || !err_remedy(&err)[0])
		fail_msg("bit stuck at 0x%X: %s at 0x%08X, \"%s\"", at, status_name(s), err.address,
			 err.what);
	assert_non_null(strstr(err.tried, "not whole"));
	mcu_flash_stuck(board_mcu(b), 0, 0);
	err_clear(&err);
	expect_ok(write_image(b, image, no_loader, &r, &err), &err);
	assert_memory_equal(mcu_flash(board_mcu(b)), image, IMAGE);
	board_free(b);
}

static void test_stuck_bits(void **state)
{
	enum { CASES = 24 };
	uint64_t seed = desk_seed();

	for (unsigned i = 0; i < CASES; i++)
		one_stuck_bit(&seed, i % 4 == 3);
	printf("# %u stuck bits\n", CASES);
}

static void on_silicon(const struct silicon *silicon, bool no_loader, enum status want,
		       const char *text)
{
	struct board_config config = {.silicon = silicon};
	struct board *b = desk_board(&config);
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];
	struct flash_result r;
	struct err err = ERR_INIT;
	enum status s;

	desk_fill(&seed, image, sizeof image);
	desk_used_flash(&seed, b);
	s = write_image(b, image, no_loader, &r, &err);
	if (s != want || (text && !strstr(err.what, text)))
		fail_msg("%s: \"%s\" instead of %s", status_name(s), err.what, status_name(want));
	if (want == STATUS_OK) {
		assert_memory_equal(mcu_flash(board_mcu(b)), image, IMAGE);
		assert_int_equal(r.used_loader, !no_loader);
	} else if (!err_remedy(&err)[0]) {
		fail_msg("no remedy for \"%s\"", err.what);
	}
	board_free(b);
}

static void test_late_busy(void **state)
{
	struct silicon slow = *silicon_by_name("genuine");

	slow.flash_slowdown = 800;
	on_silicon(&slow, false, STATUS_OK, NULL);
	on_silicon(&slow, true, STATUS_OK, NULL);
}

static void test_busy_for_ever(void **state)
{
	struct silicon dead = *silicon_by_name("genuine");

	dead.flash_slowdown = 1000000;
	on_silicon(&dead, false, STATUS_TIMEOUT, "stays busy");
	on_silicon(&dead, true, STATUS_TIMEOUT, "stays busy");
}

static void test_no_crc_unit(void **state)
{
	struct silicon clone = *silicon_by_name("genuine");

	clone.no_crc_unit = true;
	on_silicon(&clone, false, STATUS_OK, NULL);
}

/* ---- the loader itself ----------------------------------------------------------------- */

static struct flash_port *loader_on(struct desk *d, struct board *b)
{
	struct flash_port *port = NULL;
	struct err err = ERR_INIT;

	expect_ok(desk_connect(d, b, NULL, &err), &err);
	expect_ok(f1_quiet(d->target, NULL, NULL, &err), &err);
	expect_ok(flash_loader_open(d->target, mcu_chip(board_mcu(b)), false, NULL, &port, &err), &err);
	expect_ok(port->ops->begin(port, &err), &err);
	return port;
}

static void expect_stop(struct flash_port *port, enum status want, const char *text,
			uint32_t address)
{
	struct err err = ERR_INIT;
	enum status s = port->ops->wait(port, 0, &err);

	if (s != want || err.address != address || !strstr(err.what, text))
		fail_msg("%s at 0x%08X: %s", status_name(s), err.address, err.what);
	port->ops->close(port);
}

static void test_pgerr_under_the_loader(void **state)
{
	static const uint8_t data[8] = {1, 2, 3, 4, 5, 6, 7, 8};
	struct board *b = desk_board(NULL);
	struct err err = ERR_INIT;
	struct desk d;

	memset(mcu_flash(board_mcu(b)) + PAGE + 4, 0x5A, 2);
	mcu_flash_changed(board_mcu(b));
	struct flash_port *port = loader_on(&d, b);

	expect_ok(port->ops->program(port, BASE + PAGE, data, sizeof data, &err), &err);
	expect_stop(port, STATUS_FAILED, "PGERR", BASE + PAGE + 4);
	assert_memory_equal(mcu_flash(board_mcu(b)) + PAGE, "\1\2\3\4\x5A\x5A\xFF\xFF", 8);
	desk_leave(&d);
	board_free(b);
}

/* A wrong key locks the controller until the next reset. */
static void test_locked_under_the_loader(void **state)
{
	static const uint8_t data[4] = {1, 2, 3, 4};
	struct board *b = desk_board(NULL);
	struct err err = ERR_INIT;
	struct desk d;
	struct flash_port *port = loader_on(&d, b);

	/* the first key is right, the second is not; the debugger's write gets a bus error */
	expect_ok(target_write32(d.target, F1_KEYR, 0x45670123, &err), &err);
	(void)!target_write32(d.target, F1_KEYR, 0x12345678, NULL);
	expect_ok(port->ops->program(port, BASE + PAGE, data, sizeof data, &err), &err);
	expect_stop(port, STATUS_FAILED, "does not unlock", 0);
	assert_memory_equal(mcu_flash(board_mcu(b)) + PAGE, "\xFF\xFF\xFF\xFF", 4);
	desk_leave(&d);
	board_free(b);
}

/* After a reset the loader runs at 48 MHz: HSI / 2 * 12. */
static void test_clock_of_the_loader(void **state)
{
	struct board *b = desk_board(NULL);
	struct flash_port *port = NULL;
	struct err err = ERR_INIT;
	uint32_t cfgr = 0, acr = 0;
	bool fresh = false;
	struct desk d;

	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	expect_ok(f1_quiet(d.target, &fresh, NULL, &err), &err);
	assert_true(fresh);
	expect_ok(flash_loader_open(d.target, mcu_chip(board_mcu(b)), fresh, NULL, &port, &err), &err);
	expect_ok(target_read32(d.target, 0x40021004, &cfgr, &err), &err);
	expect_ok(target_read32(d.target, 0x40022000, &acr, &err), &err);
	assert_int_equal(cfgr, 0x0028040A); /* x12, PCLK1 / 2, SW = SWS = PLL */
	assert_int_equal(acr & 7, 1);       /* wait states */
	port->ops->close(port);
	desk_leave(&d);
	board_free(b);
}

static void test_wrprterr_under_the_loader(void **state)
{
	static const uint8_t data[4] = {1, 2, 3, 4};
	struct flash_options_bytes ob = {.rdp = 0xA5, .user = 0xFF, .wrp = {0xFE, 0xFF, 0xFF, 0xFF}};
	struct err err = ERR_INIT;
	struct desk d;

	for (unsigned erasing = 0; erasing < 2; erasing++) {
		struct board *b = desk_board(NULL);

		expect_ok(desk_connect(&d, b, NULL, &err), &err);
		expect_ok(flash_write_option_bytes(d.target, mcu_chip(board_mcu(b)), &ob, &err), &err);
		desk_leave(&d);
		board_power_cycle(b, 10);
		board_advance(b, 20000000);
		struct flash_port *port = loader_on(&d, b);

		if (erasing)
			expect_ok(port->ops->erase_page(port, BASE + PAGE, &err), &err);
		else
			expect_ok(port->ops->program(port, BASE + PAGE, data, sizeof data, &err), &err);
		expect_stop(port, STATUS_PROTECTED, "write-protected", BASE + PAGE);
		desk_leave(&d);
		board_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stuck_bits),
		cmocka_unit_test(test_late_busy),
		cmocka_unit_test(test_busy_for_ever),
		cmocka_unit_test(test_no_crc_unit),
		cmocka_unit_test(test_pgerr_under_the_loader),
		cmocka_unit_test(test_wrprterr_under_the_loader),
		cmocka_unit_test(test_locked_under_the_loader),
		cmocka_unit_test(test_clock_of_the_loader),
	};

	return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
