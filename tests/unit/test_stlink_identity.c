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
		{"V3J7M3", 3 << 12, 0x374E}, /* the rest is in its long version */
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
	static const char *const bad[] = {"",        "V3J7S3",   "V2J37",       "V2J37X7",
					"V2J64S7", "V2J37S7x", "V2J37S7B4S1", "V3J7M3B4",
					"V4J3M1"};

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

/* ---- V3 ---------------------------------------------------------------------------- */

static void v3_command(struct board *b, const uint8_t *cmd, size_t len)
{
	uint8_t block[16] = {0};

	memcpy(block, cmd, len);
	assert_int_equal(board_usb_out(b, 0x01, block, sizeof block), STLINK_OK);
}
#define V3_SEND(b, ...)                                                                            \
	v3_command(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static uint8_t v3_enter(struct board *b)
{
	board_advance(b, 10 * MS);
	V3_SEND(b, 0xF2, 0x30, 0xA3);
	return status(b);
}

static void a_v3_has_a_long_version(void **state)
{
	static const uint8_t expected[12] = {3, 1, 7, 2, 4, 0, 0, 0, 0x83, 0x04, 0x4E, 0x37};
	struct board *b = desk("V3J7M2B4S1");
	uint8_t r[64];

	(void)state;
	V3_SEND(b, 0xFB, 0x80);
	assert_int_equal(reply(b, r, sizeof r), 12);
	assert_memory_equal(r, expected, 12);
	board_free(b);
	b = desk("V2J37S7");
	SEND(b, 0xFB, 0x80); /* V2 does not know it */
	assert_int_equal(status(b), 0x42);
	board_free(b);
}

static uint32_t v3_speed(struct board *b, uint32_t khz)
{
	uint8_t r[64];

	V3_SEND(b, 0xF2, 0x61, 0, 0, LE32(khz));
	assert_int_equal(reply(b, r, sizeof r), 8);
	assert_int_equal(r[0], OK);
	return get_le32(r + 4);
}

static uint64_t ns_of_a_read(struct board *b)
{
	uint8_t data[1024];
	uint64_t begin = board_now_ns(b);

	V3_SEND(b, 0xF2, 0x07, LE32(0x08000000u), 0x00, 0x04);
	assert_int_equal(reply(b, data, sizeof data), 1024);
	return board_now_ns(b) - begin;
}

static void a_v3_names_its_speeds(void **state)
{
	struct board *b = desk("V3J7M3");
	uint8_t r[64];
	uint64_t slow, fast;

	(void)state;
	assert_int_equal(v3_enter(b), OK); /* no DFU mode to leave */
	V3_SEND(b, 0xF2, 0x62, 0);
	assert_int_equal(reply(b, r, sizeof r), 52);
	assert_int_equal(r[0], OK);
	assert_in_range(get_le32(r + 8), 2, 10);
	assert_int_equal(get_le32(r + 12), 24000);
	assert_true(get_le32(r + 16) < 24000);
	assert_int_equal(v3_speed(b, 4000), 3300);
	assert_int_equal(v3_speed(b, 1), 5);
	assert_int_equal(v3_speed(b, 100000), 24000);
	fast = ns_of_a_read(b);
	assert_int_equal(v3_speed(b, 1000), 1000);
	V3_SEND(b, 0xF2, 0x62, 0);
	reply(b, r, sizeof r);
	assert_int_equal(get_le32(r + 4), 1000); /* in force */
	slow = ns_of_a_read(b);
	assert_true(slow > 5 * fast);
	V3_SEND(b, 0xF2, 0x61, 2, 0, LE32(1000u)); /* neither SWD nor JTAG */
	reply(b, r, sizeof r);
	assert_int_equal(r[0], 0x41);
	V3_SEND(b, 0xF2, 0x43, 1, 0); /* divisors are V2's */
	assert_int_equal(status(b), 0x42);
	board_free(b);
}

static void v3_write8(struct board *b, uint32_t address, const uint8_t *data, size_t len)
{
	V3_SEND(b, 0xF2, 0x0D, LE32(address), (uint8_t)len, (uint8_t)(len >> 8));
	assert_int_equal(board_usb_out(b, 0x01, data, len), STLINK_OK);
	V3_SEND(b, 0xF2, 0x3B);
}

static void a_v3_moves_more_at_once(void **state)
{
	static uint8_t data[512], batch[8 * 1227], back[8 * 1227 + 1];
	struct board *b = desk("V3J7M3");
	size_t items = 1227;

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7);
	assert_int_equal(v3_enter(b), OK);
	v3_write8(b, 0x20000001, data, 512);
	assert_int_equal(status(b), OK);
	V3_SEND(b, 0xF2, 0x0C, LE32(0x20000001u), 0x00, 0x02);
	assert_int_equal(reply(b, back, sizeof back), 512);
	assert_memory_equal(back, data, 512);
	memset(batch, 3, 1228); /* READ, an item each */
	for (size_t i = 0; i < items; i++)
		put_le32(batch + 1228 + 4 * i, 0x20000000u + 4 * (i % 128));
	V3_SEND(b, 0xF2, 0x51, LE32(items));
	assert_int_equal(board_usb_out(b, 0x01, batch, 1228 + 4 * items), STLINK_OK);
	V3_SEND(b, 0xF2, 0x52);
	assert_int_equal(reply(b, back, sizeof back), 8 * items);
	assert_memory_equal(back + 4, data + 3, 4);
	assert_int_equal(get_le32(back + 4 * (2 * items - 1)), OK);
	V3_SEND(b, 0xF2, 0x4B, 9); /* it can address nine */
	assert_int_equal(status(b), 0x1D);
	board_free(b);
	b = desk("V3J5M3"); /* before J6: one full-speed packet */
	assert_int_equal(v3_enter(b), OK);
	v3_write8(b, 0x20000000, data, 128);
	assert_int_equal(status(b), 0x08);
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
		cmocka_unit_test(a_v3_has_a_long_version),
		cmocka_unit_test(a_v3_names_its_speeds),
		cmocka_unit_test(a_v3_moves_more_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
