/* The ways in, on boards that differ in what makes them hard. */
#include "desk.h"

#include <string.h>

static struct board *locked_board(const struct board_config *config)
{
	struct board *b = desk_board(config);
	struct board_status st;

	desk_locking_program(mcu_flash(board_mcu(b)));
	mcu_flash_changed(board_mcu(b));
	board_power_cycle(b, 10);
	board_advance(b, 100000000);
	board_get_status(b, &st);
	assert_false(st.swd_on); /* the program does what it is here for */
	return b;
}

static enum status attach(struct desk *d, struct board *b, enum target_way way,
			  struct target_attempt *a, struct err *err)
{
	struct target_options opt = {.halt = true, .catch_for_us = 500000};
	struct usb_wire *wire = NULL;

	*d = (struct desk){.board = b};
	assert_int_equal(serve_local_wire(b, &wire, NULL), STATUS_OK);
	assert_int_equal(probe_open(wire, NULL, &d->probe, err), STATUS_OK);
	return target_attach(d->probe, way, &opt, a, &d->target, err);
}

static void test_blank_chip_plain(void **state)
{
	struct board *b = desk_board(NULL);
	struct target_identity id;
	struct target_attempt a;
	struct err err = ERR_INIT;
	struct desk d;
	uint32_t v = 0;

	assert_int_equal(attach(&d, b, WAY_PLAIN, &a, &err), STATUS_OK);
	assert_true(a.dp_answers && a.ap_answers && a.halted);
	assert_int_equal(a.dpidr, 0x1BA01477);
	assert_int_equal(target_identify(d.target, &id, &err), STATUS_OK);
	assert_int_equal(id.cpuid, 0x411FC231);
	assert_true(id.idcode_known && id.flash_size_known && id.uid_known);
	assert_int_equal(id.idcode & 0xFFF, 0x410);
	assert_int_equal(id.flash_size_word & 0xFFFF, 64);
	assert_true(id.ap_idr_known);
	assert_int_equal(id.ap_idr, 0x14770011);
	assert_int_equal(target_read32(d.target, 0xE0042004, &v, NULL), STATUS_OK);
	assert_int_equal(v & 0x307, 0x307); /* stays attachable */
	desk_leave(&d);
	board_free(b);
}

static void test_slow_is_slow(void **state)
{
	struct board *b = desk_board(NULL);
	struct target_attempt a;
	struct desk d;

	assert_int_equal(attach(&d, b, WAY_SLOW, &a, NULL), STATUS_OK);
	assert_int_equal(d.probe->speed_khz, 100);
	desk_leave(&d);
	board_free(b);
}

static void test_locked_chip_under_reset(void **state)
{
	struct board *b = locked_board(NULL);
	struct target_attempt a;
	struct err err = ERR_INIT;
	struct desk d;
	uint32_t pc = 0;

	assert_int_equal(attach(&d, b, WAY_PLAIN, &a, &err), STATUS_NO_ANSWER);
	assert_false(a.dp_answers);
	assert_true(a.raw != 0);
	desk_leave(&d);
	err_clear(&err);
	assert_int_equal(attach(&d, b, WAY_UNDER_RESET, &a, &err), STATUS_OK);
	assert_true(a.dp_in_reset && a.reset_seen && a.halted && !a.raced);
	assert_int_equal(target_read_reg(d.target, 15, &pc, &err), STATUS_OK);
	assert_int_equal(pc, 0x08000008); /* before the first instruction */
	desk_leave(&d);
	board_free(b);
}

static void test_nrst_that_drives_nothing(void **state)
{
	static const struct {
		enum wire_state nrst;
		bool locked;
		enum status status;
	} rows[] = {{WIRE_OPEN, false, STATUS_OK}, {WIRE_SWIM, false, STATUS_OK},
		    {WIRE_OPEN, true, STATUS_NO_ANSWER}, {WIRE_SWIM, true, STATUS_NO_ANSWER}};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board_config config = {.wires[WIRE_NRST] = rows[i].nrst};
		struct board *b = rows[i].locked ? locked_board(&config) : desk_board(&config);
		struct target_attempt a;
		struct desk d;

		assert_int_equal(attach(&d, b, WAY_UNDER_RESET, &a, NULL), rows[i].status);
		assert_false(a.reset_seen); /* nothing is claimed */
		desk_leave(&d);
		board_free(b);
	}
}

static void test_slow_nrst(void **state)
{
	struct board_config config = {.wires[WIRE_NRST] = WIRE_SLOW};
	struct board *b = locked_board(&config);
	struct target_attempt a;
	struct desk d;

	assert_int_equal(attach(&d, b, WAY_UNDER_RESET, &a, NULL), STATUS_OK);
	assert_true(a.reset_seen && a.halted);
	desk_leave(&d);
	board_free(b);
}

/* The person's part: RESET held when polling starts, released while it goes on. */
struct finger {
	struct board *board;
	unsigned asked;
};

static bool release_later(void *ctx)
{
	struct finger *f = ctx;

	if (++f->asked == 3)
		board_hold_reset(f->board, false);
	return f->asked < 40;
}

static void test_catch_while_reset_is_worked(void **state)
{
	struct board_config config = {.wires[WIRE_NRST] = WIRE_OPEN};
	struct board *b = locked_board(&config);
	struct finger finger = {.board = b};
	struct target_options opt = {.halt = true, .catch_for_us = 5000000,
				     .keep_trying = release_later, .ctx = &finger};
	struct target_attempt a;
	struct desk d = {.board = b};
	struct usb_wire *wire = NULL;
	uint32_t pc = 0;

	board_hold_reset(b, true);
	assert_int_equal(serve_local_wire(b, &wire, NULL), STATUS_OK);
	assert_int_equal(probe_open(wire, NULL, &d.probe, NULL), STATUS_OK);
	assert_int_equal(target_attach(d.probe, WAY_CATCH, &opt, &a, &d.target, NULL), STATUS_OK);
	assert_true(a.reset_seen && a.halted);
	assert_int_equal(target_read_reg(d.target, 15, &pc, NULL), STATUS_OK);
	assert_int_equal(pc, 0x08000008);
	desk_leave(&d);
	board_free(b);
}

static void test_catch_gives_up_when_told(void **state)
{
	struct board *b = locked_board(NULL);
	struct finger finger = {.board = b};
	struct target_options opt = {.halt = true, .catch_for_us = 60000000,
				     .keep_trying = release_later, .ctx = &finger};
	struct target_attempt a;
	struct desk d = {.board = b};
	struct usb_wire *wire = NULL;

	assert_int_equal(serve_local_wire(b, &wire, NULL), STATUS_OK);
	assert_int_equal(probe_open(wire, NULL, &d.probe, NULL), STATUS_OK);
	assert_int_equal(target_attach(d.probe, WAY_CATCH, &opt, &a, &d.target, NULL),
			 STATUS_INTERRUPTED);
	assert_int_equal(finger.asked, 40);
	assert_true(a.polls > 400);
	desk_leave(&d);
	board_free(b);
}

static void test_any_takes_the_way_that_works(void **state)
{
	struct board *b = locked_board(NULL);
	enum target_way used = WAY_COUNT;
	struct target_options opt = {.halt = true};
	struct err err = ERR_INIT;
	struct desk d = {.board = b};
	struct usb_wire *wire = NULL;

	assert_int_equal(serve_local_wire(b, &wire, NULL), STATUS_OK);
	assert_int_equal(probe_open(wire, NULL, &d.probe, NULL), STATUS_OK);
	assert_int_equal(target_attach_any(d.probe, &opt, &used, &d.target, &err), STATUS_OK);
	assert_int_equal(used, WAY_UNDER_RESET);
	assert_int_equal(err.status, STATUS_OK);
	desk_leave(&d);
	assert_int_equal(board_set_wires_text(b, "swdio=open", NULL), STATUS_OK);
	assert_int_equal(desk_connect(&d, b, NULL, &err), STATUS_NO_ANSWER);
	assert_non_null(strstr(err.tried, "under reset"));
	desk_leave(&d);
	board_free(b);
}

static void test_silicon_that_is_dead_in_reset(void **state)
{
	struct board_config config = {.silicon = silicon_by_name("air32f103")};
	struct board *b = desk_board(&config);
	struct target_attempt a;
	struct desk d;

	assert_int_equal(attach(&d, b, WAY_UNDER_RESET, &a, NULL), STATUS_OK);
	assert_true(a.raced && !a.dp_in_reset);
	assert_int_equal(a.dpidr, 0x2BA01477);
	desk_leave(&d);
	board_free(b);
}

static void test_reset_and_run(void **state)
{
	struct board *b = desk_board(NULL);
	struct target_attempt a;
	struct desk d;
	bool halted = true;

	desk_locking_program(mcu_flash(board_mcu(b)));
	mcu_flash(board_mcu(b))[8] = 0xFE; /* b . : attachable */
	mcu_flash(board_mcu(b))[9] = 0xE7;
	mcu_flash_changed(board_mcu(b));
	assert_int_equal(attach(&d, b, WAY_PLAIN, &a, NULL), STATUS_OK);
	assert_int_equal(target_reset(d.target, true, NULL), STATUS_OK);
	assert_int_equal(target_is_halted(d.target, &halted, NULL), STATUS_OK);
	assert_true(halted);
	assert_int_equal(target_reset(d.target, false, NULL), STATUS_OK);
	assert_int_equal(target_is_halted(d.target, &halted, NULL), STATUS_OK);
	assert_false(halted);
	desk_leave(&d);
	board_free(b);
}

static void test_memory_at_any_alignment(void **state)
{
	struct board *b = desk_board(NULL);
	struct target_attempt a;
	struct desk d;
	uint8_t want[200], got[200];

	assert_int_equal(attach(&d, b, WAY_PLAIN, &a, NULL), STATUS_OK);
	for (unsigned i = 0; i < 200; i++)
		want[i] = (uint8_t)(i * 11 + 5);
	for (unsigned offset = 0; offset < 5; offset++)
		for (size_t len = 0; len < 75; len += 1 + len / 9) {
			uint32_t at = 0x20000100 + offset;

			assert_int_equal(target_write(d.target, at, want + offset, len, NULL),
					 STATUS_OK);
			memset(got, 0, sizeof got);
			assert_int_equal(target_read(d.target, at, got, len, NULL), STATUS_OK);
			assert_memory_equal(got, want + offset, len);
		}
	desk_leave(&d);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blank_chip_plain),
		cmocka_unit_test(test_slow_is_slow),
		cmocka_unit_test(test_locked_chip_under_reset),
		cmocka_unit_test(test_nrst_that_drives_nothing),
		cmocka_unit_test(test_slow_nrst),
		cmocka_unit_test(test_catch_while_reset_is_worked),
		cmocka_unit_test(test_catch_gives_up_when_told),
		cmocka_unit_test(test_any_takes_the_way_that_works),
		cmocka_unit_test(test_silicon_that_is_dead_in_reset),
		cmocka_unit_test(test_reset_and_run),
		cmocka_unit_test(test_memory_at_any_alignment),
	};

	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
