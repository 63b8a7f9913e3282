/*
 * The write engine over the boot ROM's UART: the same promises as over SWD.
 * The line is this process's: bytes go to the board's serial wires, and may be
 * lost, spoilt or cut off.
 */
#include "desk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target/bootrom.h"

enum { BASE = 0x08000000, PAGE = 1024, IMAGE = 3000, DIE = 128 * 1024, BAUD = 115200 };

enum fault { NONE, LOST, SILENT, SPOILT };

struct line {
	struct stream_wire wire;
	struct board *board;
	unsigned reads, fail_at;
	enum fault fault;
};

static struct line *line_of(struct stream_wire *w)
{
	return (struct line *)w;
}

static void let_run(struct board *b, uint64_t us)
{
	board_advance(b, us * 1000);
}

static enum status line_write(struct stream_wire *w, const uint8_t *data, size_t len,
			      struct err *err)
{
	struct board *b = line_of(w)->board;

	while (len > 0) {
		size_t n = board_uart_send(b, data, len);

		data += n;
		len -= n;
		let_run(b, 100);
	}
	return STATUS_OK;
}

static enum status line_read(struct stream_wire *w, uint8_t *data, size_t len, size_t *got,
			     unsigned timeout_ms, struct err *err)
{
	struct line *l = line_of(w);
	bool now = ++l->reads == l->fail_at;

	*got = 0;
	if (now && l->fault == LOST)
		return err_set(err, STATUS_PROBE_LOST, "the serial port is gone");
	for (unsigned us = 0; *got < len && us < timeout_ms * 1000; us += 50) {
		let_run(l->board, 50);
		*got += board_uart_receive(l->board, data + *got, len - *got);
	}
	if (now && l->fault == SILENT)
		*got = 0;
	if (now && l->fault == SPOILT && *got > 0)
		data[*got / 2] ^= 0x10;
	return *got == len ? STATUS_OK : err_set(err, STATUS_TIMEOUT, "nothing more came");
}

static enum status line_set(struct stream_wire *w, unsigned baud, bool even, struct err *err)
{
	board_uart_config(line_of(w)->board, baud, even);
	return STATUS_OK;
}

static uint64_t line_now(struct stream_wire *w)
{
	return board_now_ns(line_of(w)->board) / 1000;
}

static void line_sleep(struct stream_wire *w, uint64_t us)
{
	let_run(line_of(w)->board, us);
}

static void line_close(struct stream_wire *w)
{
}

static const struct stream_wire_ops line_ops = {
	.write = line_write, .read = line_read, .set_line = line_set, .now_us = line_now,
	.sleep_us = line_sleep, .close = line_close,
};

/* A person has put BOOT0 to 1 and pressed RESET, after what was on its way. */
static void boot_rom(struct board *b)
{
	let_run(b, 100000);
	board_boot0(b, true);
	board_power_cycle(b, 10);
	let_run(b, 20000);
}

static enum status connect(struct line *l, struct board *b, struct bootrom *rom, struct err *err)
{
	uint8_t rest[256];

	l->wire.ops = &line_ops;
	snprintf(l->wire.path, sizeof l->wire.path, "the test's line");
	l->board = b;
	boot_rom(b);
	while (board_uart_receive(b, rest, sizeof rest) > 0)
		continue;
	board_uart_config(b, BAUD, true);
	return bootrom_open(&l->wire, 2000000, NULL, NULL, rom, err);
}

static enum status write_image(struct board *b, struct line *l, const uint8_t *image, size_t len,
			       struct flash_result *r, struct err *err)
{
	const struct flash_options opt = {0};
	const struct flash_piece piece = {BASE, image, len};
	struct bootrom rom;
	struct flash_link link = {.rom = &rom};
	enum status s = connect(l, b, &rom, err);

	*r = (struct flash_result){0};
	return s ? s : flash_write_over(&link, mcu_chip(board_mcu(b)), &piece, 1, &opt, r, err);
}

static void expect_ok(enum status s, const struct err *err)
{
	if (s != STATUS_OK)
		fail_msg("%s: %s (next: %s)", status_name(s), err->what, err_remedy(err));
}

static void put_flash(struct board *b, const uint8_t *flash)
{
	memcpy(mcu_flash(board_mcu(b)), flash, DIE);
	mcu_flash_changed(board_mcu(b));
}

static void test_only_what_changed(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE], *want = malloc(DIE);
	struct line line = {0};
	struct flash_result r;
	struct err err = ERR_INIT;

	desk_used_flash(&seed, b);
	memcpy(want, mcu_flash(board_mcu(b)), DIE);
	desk_fill(&seed, image, sizeof image);
	memcpy(want, image, sizeof image);
	expect_ok(write_image(b, &line, image, sizeof image, &r, &err), &err);
	assert_memory_equal(mcu_flash(board_mcu(b)), want, DIE);
	assert_int_equal(r.pages_written, 3);
	expect_ok(write_image(b, &line, image, sizeof image, &r, &err), &err);
	assert_int_equal(r.pages_unchanged, 3);
	image[PAGE + 5] ^= 1;
	want[PAGE + 5] ^= 1;
	expect_ok(write_image(b, &line, image, sizeof image, &r, &err), &err);
	assert_int_equal(r.pages_written, 2); /* that one, and the key page */
	assert_memory_equal(mcu_flash(board_mcu(b)), want, DIE);
	free(want);
	board_free(b);
}

/* The program in flash is started where BOOT0 would not have let it. */
static void test_go(void **state)
{
	struct board *b = desk_board(NULL);
	struct line line = {0};
	struct bootrom rom;
	struct board_status st;
	struct err err = ERR_INIT;

	desk_locking_program(mcu_flash(board_mcu(b)));
	mcu_flash_changed(board_mcu(b));
	expect_ok(connect(&line, b, &rom, &err), &err);
	board_get_status(b, &st);
	assert_true(st.swd_on);
	expect_ok(bootrom_go(&rom, BASE, &err), &err);
	let_run(b, 5000);
	board_get_status(b, &st);
	assert_false(st.swd_on);
	board_free(b);
}

static void test_erase(void **state)
{
	struct board *b = desk_board(NULL);
	uint64_t seed = desk_seed();
	struct flash_options opt = {0};
	struct flash_result r;
	struct line line = {0};
	struct bootrom rom;
	struct flash_link link = {.rom = &rom};
	struct err err = ERR_INIT;
	uint8_t *flash = mcu_flash(board_mcu(b));
	uint8_t after[2];

	desk_fill(&seed, flash, DIE);
	flash[PAGE - 1] = flash[4 * PAGE] = 0x11;
	mcu_flash_changed(board_mcu(b));
	expect_ok(connect(&line, b, &rom, &err), &err);
	expect_ok(flash_erase_over(&link, mcu_chip(board_mcu(b)), BASE + PAGE, 3 * PAGE, &opt, &r,
				   &err), &err);
	memcpy(after, (uint8_t[]){flash[PAGE - 1], flash[4 * PAGE]}, 2);
	assert_int_equal(after[0], 0x11);
	assert_int_equal(after[1], 0x11);
	for (unsigned i = PAGE; i < 4 * PAGE; i++)
		assert_int_equal(flash[i], 0xFF);
	board_free(b);
}

/* Where nothing is, is not where protection is. */
static void test_reading_nowhere_is_no_protection(void **state)
{
	struct board *b = desk_board(NULL);
	struct line line = {0};
	struct bootrom rom;
	struct err err = ERR_INIT;
	uint8_t byte;

	expect_ok(connect(&line, b, &rom, &err), &err);
	assert_int_equal(bootrom_read(&rom, BASE + DIE, &byte, 1, &err), STATUS_TARGET_FAULT);
	assert_true(err.has_address);
	assert_int_equal(err.address, BASE + DIE);
	err_clear(&err);
	expect_ok(bootrom_read(&rom, BASE, &byte, 1, &err), &err);
	board_free(b);
}

static void set_options(struct board *b, uint8_t rdp, uint8_t wrp0)
{
	const struct chip *chip = mcu_chip(board_mcu(b));
	struct flash_options_bytes ob = {.rdp = rdp, .user = 0xFF, .wrp = {wrp0, 0xFF, 0xFF, 0xFF}};
	struct err err = ERR_INIT;
	struct desk d;

	expect_ok(desk_connect(&d, b, NULL, &err), &err);
	expect_ok(flash_write_option_bytes(d.target, chip, &ob, &err), &err);
	desk_leave(&d);
}

static void test_protection_is_refused_before_the_first_erase(void **state)
{
	static const uint8_t kinds[][2] = {{0xA5, 0xFE}, {0x00, 0xFF}};
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE];

	desk_fill(&seed, image, sizeof image);
	for (unsigned i = 0; i < 2; i++) {
		struct board *b = desk_board(NULL);
		struct line line = {0};
		struct flash_result r;
		struct err err = ERR_INIT;
		uint64_t before;

		set_options(b, kinds[i][0], kinds[i][1]);
		before = mcu_flash_operations(board_mcu(b));
		assert_int_equal(write_image(b, &line, image, sizeof image, &r, &err),
				 STATUS_PROTECTED);
		assert_non_null(strstr(err_remedy(&err), "reflash options"));
		assert_int_equal(mcu_flash_operations(board_mcu(b)), before);
		board_free(b);
	}
}

/* Every answer fails once, in every way; RESET is pressed and the command is run
 * again. */
static void test_every_answer_fails_once(void **state)
{
	static const char *const kinds[] = {"", "lost", "silent", "spoilt"};
	uint64_t seed = desk_seed();
	uint8_t image[IMAGE], *old = malloc(DIE);
	struct line line = {0};
	struct flash_result r;
	struct err err = ERR_INIT;
	struct board *b = desk_board(NULL);
	unsigned reads, cases = 0, failed = 0;

	desk_fill(&seed, image, sizeof image);
	desk_fill(&seed, old, DIE);
	put_flash(b, old);
	expect_ok(write_image(b, &line, image, sizeof image, &r, &err), &err);
	reads = line.reads;
	for (enum fault fault = LOST; fault <= SPOILT; fault++)
		for (unsigned n = 1 + fault; n <= reads; n += 13) {
			put_flash(b, old);
			err_clear(&err);
			line = (struct line){.fail_at = n, .fault = fault};
			enum status s = write_image(b, &line, image, sizeof image, &r, &err);

			cases++;
			failed += s != STATUS_OK;
			if (s == STATUS_OK && memcmp(mcu_flash(board_mcu(b)), image, IMAGE) != 0)
				fail_msg("answer %u %s: success claimed", n, kinds[fault]);
			if (s != STATUS_OK && (!err.what[0] || !err_remedy(&err)[0]))
				fail_msg("answer %u %s: nothing said", n, kinds[fault]);
			line = (struct line){0};
			err_clear(&err);
			s = write_image(b, &line, image, sizeof image, &r, &err);
			if (s != STATUS_OK)
				fail_msg("answer %u %s: the next run says: %s", n, kinds[fault],
					 err.what);
			assert_memory_equal(mcu_flash(board_mcu(b)), image, IMAGE);
			assert_memory_equal(mcu_flash(board_mcu(b)) + 3 * PAGE, old + 3 * PAGE,
					    DIE - 3 * PAGE);
		}
	printf("# %u answers, %u faults, %u of them failed the command\n", reads, cases, failed);
	assert_true(failed > cases / 2);
	free(old);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_changed),
		cmocka_unit_test(test_go),
		cmocka_unit_test(test_erase),
		cmocka_unit_test(test_reading_nowhere_is_no_protection),
		cmocka_unit_test(test_protection_is_refused_before_the_first_erase),
		cmocka_unit_test(test_every_answer_fails_once),
	};

	return cmocka_run_group_tests_name("uart", tests, NULL, NULL);
}
