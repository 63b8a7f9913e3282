/*
 * The chip through the virtual ST-LINK, byte by byte: connecting to it over good
 * and bad wires, and every way in which it is locked out and got back.
 */
#include "probe_fixture.h"

/* ---- connecting -------------------------------------------------------------------- */

static void idcodes(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[64];

	(void)state;
	SEND(b, 0xF2, 0x31);
	assert_int_equal(reply(b, r, sizeof r), 12);
	assert_int_equal(r[0], OK);
	assert_int_equal(get_le32(r + 4), 0x1BA01477);
	SEND(b, 0xF2, 0x22);
	assert_int_equal(reply(b, r, sizeof r), 4);
	assert_int_equal(get_le32(r), 0x1BA01477);
	SEND(b, 0xF2, 0x30, 0xA4); /* JTAG: the dongle has no such pins */
	assert_int_equal(status(b), 0x05);
	board_free(b);
}

/* Every part of every maker answers with its own identity. */
static void every_part_answers(void **state)
{
	size_t chip_count, silicon_count;
	const struct chip *chips = chips_all(&chip_count);
	const struct silicon *silicons = silicon_all(&silicon_count);

	(void)state;
	for (size_t i = 0; i < chip_count * silicon_count; i++) {
		const struct chip *chip = &chips[i / silicon_count];
		const struct silicon *silicon = &silicons[i % silicon_count];
		const struct board_config config = {.chip = chip, .silicon = silicon};
		struct board *b = board_new(&config, NULL);
		uint8_t r[64];

		board_advance(b, 10 * MS);
		SEND(b, 0xF3, 0x07);
		assert_int_equal(enter(b), OK);
		SEND(b, 0xF2, 0x31);
		assert_int_equal(reply(b, r, sizeof r), 12);
		assert_int_equal(get_le32(r + 4), silicon->dpidr);
		assert_int_equal(word(b, 0xE000ED00), silicon->cpuid);
		assert_int_equal(word(b, 0xE0042000) & 0xFFF, chip->dev_id);
		assert_int_equal(word(b, 0x1FFFF7E0) & 0xFFFF, chip->flash_size / 1024);
		board_free(b);
	}
}

static void nothing_answers_a_broken_wire(void **state)
{
	static const char *const broken[] = {"swdio=open", "swclk=open", "swdio=swapped", "swapped",
					     "gnd=open", "swclk=low"};

	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		struct board *b = desk(NULL);

		assert_int_equal(board_set_wires_text(b, broken[i], NULL), STATUS_OK);
		SEND(b, 0xF3, 0x07);
		assert_int_equal(enter(b), 0x09);
		assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), 0x16);
		board_free(b);
	}
}

static void no_power_no_answer(void **state)
{
	struct board *b = connected(NULL);
	uint32_t v;

	(void)state;
	board_power(b, false);
	assert_int_equal(read_debug(b, 0xE000ED00, &v), 0x12); /* AP: it was connected */
	assert_int_equal(enter(b), 0x09);
	board_power(b, true);
	assert_int_equal(read_debug(b, 0xE000ED00, &v), 0x16); /* not before ENTER */
	assert_int_equal(enter(b), OK);
	assert_int_equal(word(b, 0xE000ED00), 0x411FC231);
	board_free(b);
}

static void slow_wires_need_a_slow_clock(void **state)
{
	struct board *b = desk(NULL);

	(void)state;
	assert_int_equal(board_set_wires_text(b, "swdio=slow", NULL), STATUS_OK);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), 0x09);
	SEND(b, 0xF2, 0x43, 15, 0); /* 240 kHz */
	assert_int_equal(status(b), OK);
	assert_int_equal(enter(b), OK);
	board_free(b);
}

static unsigned failures_in_1000(unsigned divisor)
{
	struct board *b = desk(NULL);
	unsigned failures = 0;
	uint32_t v;

	SEND(b, 0xF3, 0x07);
	SEND(b, 0xF2, 0x43, (uint8_t)divisor, 0);
	assert_int_equal(board_set_wires_text(b, "swclk=noisy", NULL), STATUS_OK);
	for (unsigned i = 0; i < 1000; i++) {
		if (read_debug(b, 0xE000ED00, &v) != OK) {
			failures++;
			enter(b);
		}
	}
	board_free(b);
	return failures;
}

static void noise_grows_with_speed(void **state)
{
	unsigned fast = failures_in_1000(0), middle = failures_in_1000(2), slow = failures_in_1000(15);

	(void)state;
	assert_in_range(slow, 0, 1); /* the first read, before ENTER */
	assert_true(middle > slow);
	assert_true(fast > middle);
}

static void wire_names(void **state)
{
	struct board *b = desk(NULL);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(board_set_wires_text(b, "nrst=swim,VTREF=open", &err), STATUS_OK);
	assert_int_equal(board_set_wires_text(b, "nrst=noisy", &err), STATUS_USAGE);
	assert_non_null(strstr(err.what, "ok, open, swim, low, slow"));
	err_clear(&err);
	assert_int_equal(board_set_wires_text(b, "reset=open", &err), STATUS_USAGE);
	assert_non_null(strstr(err.what, "nrst"));
	err_clear(&err);
	assert_int_equal(board_set_wires_text(b, "nrst=loose", &err), STATUS_USAGE);
	assert_string_equal(wire_state_name(WIRE_SWIM), "swim");
	assert_string_equal(wire_state_name(WIRE_OK), "ok");
	assert_string_equal(board_wire_name(WIRE_NRST), "nrst");
	board_free(b);
}

/* ---- locked out, and back -------------------------------------------------------------------- */

static void swj_off_takes_the_port_away(void **state)
{
	struct board *b = desk(NULL);
	struct board_status st;

	(void)state;
	PROGRAM(b, takes_swd_away);
	SEND(b, 0xF3, 0x07);
	board_get_status(b, &st);
	assert_int_equal(st.swj_cfg, 4);
	assert_false(st.swd_on);
	assert_int_equal(enter(b), 0x09);
	assert_int_equal(mode(b), 2);
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), 0x16);
	board_free(b);
}

static uint8_t drive_nrst(struct board *b, uint8_t how)
{
	SEND(b, 0xF2, 0x3C, how);
	return status(b);
}

/* With NRST low already: catch the core at its first instruction. */
static void arm_the_catch(struct board *b)
{
	assert_int_equal(enter(b), OK);
	assert_int_equal(write_debug(b, 0xE000EDFC, 0x01000001), OK);
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), OK);
}

static void assert_caught(struct board *b)
{
	struct board_status st;

	assert_true(word(b, 0xE000EDF0) & 1u << 17);
	assert_int_equal(reg(b, 15), 0x08000010);
	board_get_status(b, &st);
	assert_int_equal(st.swj_cfg, 0);
	assert_true(st.swd_on);
	assert_true(st.halted);
}

static void under_reset_halts_before_the_first_instruction(void **state)
{
	struct board *b = desk(NULL);

	(void)state;
	PROGRAM(b, takes_swd_away);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(drive_nrst(b, 0), OK);
	arm_the_catch(b);
	assert_int_equal(drive_nrst(b, 1), OK);
	board_advance(b, 5 * MS);
	assert_caught(b);
	board_free(b);
}

static void the_button_does_it_too(void **state)
{
	struct board *b = desk(NULL);

	(void)state;
	PROGRAM(b, takes_swd_away);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(board_set_wires_text(b, "nrst=open", NULL), STATUS_OK);
	assert_int_equal(drive_nrst(b, 0), OK);
	assert_int_equal(enter(b), 0x09); /* the probe's pin drives nothing */
	assert_int_equal(drive_nrst(b, 1), OK);
	board_press_reset(b, 100);
	arm_the_catch(b);
	board_advance(b, 200 * MS);
	assert_caught(b);
	board_free(b);
}

static void a_swim_dongle_resets_nothing(void **state)
{
	struct board *b = connected(NULL);

	(void)state;
	PROGRAM(b, counts);
	assert_int_equal(enter(b), OK);
	halt(b);
	(void)word(b, 0xE000EDF0);
	assert_int_equal(board_set_wires_text(b, "nrst=swim", NULL), STATUS_OK);
	assert_int_equal(drive_nrst(b, 2), OK);
	assert_false(word(b, 0xE000EDF0) & 1u << 25);
	assert_int_equal(board_set_wires_text(b, "nrst=wired", NULL), STATUS_OK);
	assert_int_equal(drive_nrst(b, 2), OK);
	assert_true(word(b, 0xE000EDF0) & 1u << 25);
	board_free(b);
}

static void a_slow_nrst_rises_late(void **state)
{
	struct board *b = connected(NULL);
	struct board_status st;

	(void)state;
	assert_int_equal(board_set_wires_text(b, "nrst=slow", NULL), STATUS_OK);
	drive_nrst(b, 0);
	drive_nrst(b, 1);
	board_advance(b, 10 * MS);
	board_get_status(b, &st);
	assert_int_equal(st.mode, MCU_MODE_RESET);
	board_advance(b, 15 * MS);
	board_get_status(b, &st);
	assert_int_equal(st.mode, MCU_MODE_RUN);
	assert_int_equal(board_set_wires_text(b, "nrst=low", NULL), STATUS_OK);
	board_advance(b, 50 * MS);
	board_get_status(b, &st);
	assert_int_equal(st.mode, MCU_MODE_RESET);
	board_free(b);
}

static void air32_is_deaf_under_reset(void **state)
{
	const struct board_config config = {.silicon = silicon_by_name("air32f103")};
	struct board *b = board_new(&config, NULL);
	uint8_t r[64];

	(void)state;
	SEND(b, 0xF3, 0x07);
	drive_nrst(b, 0);
	assert_int_equal(enter(b), 0x09);
	drive_nrst(b, 1);
	assert_int_equal(enter(b), OK);
	SEND(b, 0xF2, 0x31);
	reply(b, r, sizeof r);
	assert_int_equal(get_le32(r + 4), 0x2BA01477);
	board_free(b);
}

static void a_sleeping_chip_says_wait(void **state)
{
	struct board *b = desk(NULL);
	uint32_t v;

	(void)state;
	PROGRAM(b, sleeps);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK); /* the port itself is awake */
	assert_int_equal(read_debug(b, 0xE000ED00, &v), 0x14);
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), 0x14);
	drive_nrst(b, 0);
	assert_int_equal(write_debug(b, 0xE0042004, 7), OK);
	drive_nrst(b, 1);
	board_advance(b, MS);
	assert_int_equal(word(b, 0xE000ED00), 0x411FC231);
	board_free(b);
}

static void old_firmware_notices_sleep_when_it_enters(void **state)
{
	struct board *b = desk("V2J29S7");

	(void)state;
	PROGRAM(b, sleeps);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), 0x14);
	assert_int_equal(mode(b), 2);
	board_free(b);
}

/* How long twenty reads take. */
static uint64_t twenty_reads(struct board *b)
{
	uint64_t before = board_now_ns(b);

	for (unsigned i = 0; i < 20; i++) {
		assert_int_equal(word(b, 0xE000ED00), 0x411FC231);
		board_advance(b, 137000);
	}
	return board_now_ns(b) - before;
}

/* A tick wakes the clock for a moment: the access that waits is answered then. */
static void a_napping_chip_answers_at_its_next_tick(void **state)
{
	struct board *b = desk(NULL);
	uint64_t napping;

	(void)state;
	PROGRAM(b, naps);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK);
	napping = twenty_reads(b);
	halt(b);
	assert_true(napping > twenty_reads(b) + MS); /* it had to wait */
	board_free(b);
}

static void standby_does_not_answer_at_all(void **state)
{
	struct board *b = desk(NULL);
	struct board_status st;

	(void)state;
	PROGRAM(b, stands_by);
	SEND(b, 0xF3, 0x07);
	board_get_status(b, &st);
	assert_int_equal(st.mode, MCU_MODE_STANDBY);
	assert_int_equal(enter(b), 0x09);
	drive_nrst(b, 0);
	assert_int_equal(write_debug(b, 0xE0042004, 7), 0x16); /* the port forgot us */
	arm_the_catch(b);
	drive_nrst(b, 1);
	board_advance(b, MS);
	assert_caught(b);
	assert_int_equal(write_debug(b, 0xE0042004, 7), OK); /* DBG_STANDBY among them */
	assert_int_equal(write_debug(b, 0xE000EDFC, 0), OK);
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0000), OK);
	board_advance(b, MS);
	board_get_status(b, &st);
	assert_int_equal(st.mode, MCU_MODE_STANDBY);
	assert_int_equal(word(b, 0xE000ED00), 0x411FC231);
	board_free(b);
}

static void read_out_protection_faults_flash_reads(void **state)
{
	struct board *b = desk(NULL);
	uint32_t v;

	(void)state;
	PROGRAM(b, counts);
	assert_int_equal(mcu_load(board_mcu(b), 0x1FFFF800, "\xFF\xFF", 2, NULL), STATUS_OK);
	board_power(b, false);
	board_power(b, true);
	board_advance(b, 5 * MS);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK);
	halt(b);
	assert_int_equal(read_debug(b, 0x08000000, &v), 0x11);
	(void)word(b, 0x20000000);
	assert_true(word(b, 0x4002201C) & 2);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(idcodes),
		cmocka_unit_test(every_part_answers),
		cmocka_unit_test(nothing_answers_a_broken_wire),
		cmocka_unit_test(no_power_no_answer),
		cmocka_unit_test(slow_wires_need_a_slow_clock),
		cmocka_unit_test(noise_grows_with_speed),
		cmocka_unit_test(wire_names),
		cmocka_unit_test(swj_off_takes_the_port_away),
		cmocka_unit_test(under_reset_halts_before_the_first_instruction),
		cmocka_unit_test(the_button_does_it_too),
		cmocka_unit_test(a_swim_dongle_resets_nothing),
		cmocka_unit_test(a_slow_nrst_rises_late),
		cmocka_unit_test(air32_is_deaf_under_reset),
		cmocka_unit_test(a_sleeping_chip_says_wait),
		cmocka_unit_test(old_firmware_notices_sleep_when_it_enters),
		cmocka_unit_test(a_napping_chip_answers_at_its_next_tick),
		cmocka_unit_test(standby_does_not_answer_at_all),
		cmocka_unit_test(read_out_protection_faults_flash_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
