/*
 * Who the virtual ST-LINK says it is: versions, modes, voltage, and which
 * commands its firmware knows. Expected bytes are written out here from the
 * protocol's description; nothing is shared with the host driver.
 */
#include "probe_fixture.h"

/* ---- identity, modes, voltage ----------------------------------------------------- */

static void version_words(void **state)
{
	static const struct {
		const char *firmware;
		uint16_t version, pid;
	} rows[] = {
		{"V2J37S7", 2 << 12 | 37 << 6 | 7, 0x3748},
		{"V2J17S4", 2 << 12 | 17 << 6 | 4, 0x3748},
		{"V2J29S7", 2 << 12 | 29 << 6 | 7, 0x3748},
		{"V2J37M27", 2 << 12 | 37 << 6 | 27, 0x374B},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct board *b = desk(rows[i].firmware);
		const struct stlink_usb_id *id = board_usb_id(b);
		uint8_t cmd[16] = {0xF1, 0x80}, r[64];
		size_t got;

		assert_int_equal(board_usb_out(b, id->ep_out, cmd, 16), STLINK_OK);
		assert_int_equal(board_usb_in(b, IN, r, sizeof r, &got), STLINK_OK);
		assert_int_equal(got, 6);
		assert_int_equal(get_be16(r), rows[i].version);
		assert_int_equal(get_le16(r + 2), 0x0483);
		assert_int_equal(get_le16(r + 4), rows[i].pid);
		assert_int_equal(id->pid, rows[i].pid);
		assert_int_equal(strlen(id->serial), 24);
		board_free(b);
	}
}

static void firmware_names_are_checked(void **state)
{
	static const char *const bad[] = {"", "V3J7M3", "V2J37", "V2J37X7", "V2J64S7", "V2J37S7x"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		const struct board_config config = {.probe_firmware = bad[i]};
		struct err err = ERR_INIT;

		assert_null(board_new(&config, &err));
		assert_int_equal(err.status, STATUS_USAGE);
	}
}

static void modes(void **state)
{
	struct board *b = desk(NULL);
	uint8_t r[64];
	size_t got;

	(void)state;
	assert_int_equal(mode(b), 0);
	SEND(b, 0xF2, 0x43, 1, 0); /* the speed may be set in any mode */
	assert_int_equal(status(b), OK);
	SEND(b, 0xF2, 0x30, 0xA3);
	assert_int_equal(board_usb_in(b, IN, r, sizeof r, &got), STLINK_STALL);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(mode(b), 1);
	assert_int_equal(enter(b), OK);
	assert_int_equal(mode(b), 2);
	SEND(b, 0xF2, 0x21);
	assert_int_equal(mode(b), 1);
	SEND(b, 0xF4, 0x00);
	assert_int_equal(mode(b), 3);
	SEND(b, 0xF4, 0x01);
	assert_int_equal(mode(b), 1);
	board_usb_reset(b);
	assert_int_equal(mode(b), 0);
	board_free(b);
}

static unsigned millivolts(struct board *b)
{
	uint8_t r[64];

	SEND(b, 0xF7);
	assert_int_equal(reply(b, r, sizeof r), 8);
	return (unsigned)(2 * 1200ull * get_le32(r + 4) / get_le32(r));
}

static void voltage_follows_the_target_or_the_clone(void **state)
{
	struct board_config clone = {.clone_vtref = true, .power_off = true};
	struct board *b = desk(NULL);

	(void)state;
	assert_in_range(millivolts(b), 3200, 3350);
	board_power(b, false);
	assert_in_range(millivolts(b), 0, 100);
	board_power(b, true);
	assert_int_equal(board_set_wire(b, WIRE_VTREF, WIRE_OPEN, NULL), STATUS_OK);
	assert_in_range(millivolts(b), 0, 100);
	board_free(b);
	b = board_new(&clone, NULL);
	assert_in_range(millivolts(b), 3200, 3400);
	board_free(b);
}

static void commands_appear_with_their_firmware(void **state)
{
	struct board *b = connected("V2J17S4");
	uint8_t r[64];
	size_t got;

	(void)state;
	SEND(b, 0xF2, 0x45, 0xFF, 0xFF, 0, 0); /* READ_DAP_REG: J24 */
	assert_int_equal(board_usb_in(b, IN, r, sizeof r, &got), STLINK_STALL);
	SEND(b, 0xF2, 0x3E); /* J15 */
	assert_int_equal(reply(b, r, sizeof r), 12);
	board_free(b);
	b = connected("V2J29S7");
	SEND(b, 0xF2, 0x45, 0xFF, 0xFF, 0, 0);
	assert_int_equal(reply(b, r, sizeof r), 8);
	assert_int_equal(get_le32(r + 4), 0x1BA01477);
	SEND(b, 0xF2, 0x51, 0); /* RW_MISC_OUT: J32 */
	assert_int_equal(board_usb_in(b, IN, r, sizeof r, &got), STLINK_STALL);
	board_free(b);
	b = connected("V2J37S7");
	SEND(b, 0xF2, 0x7E);
	assert_int_equal(status(b), 0x42);
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(version_words),
		cmocka_unit_test(firmware_names_are_checked),
		cmocka_unit_test(modes),
		cmocka_unit_test(voltage_follows_the_target_or_the_clone),
		cmocka_unit_test(commands_appear_with_their_firmware),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
