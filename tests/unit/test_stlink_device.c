/*
 * The virtual ST-LINK byte by byte: what goes out and what comes back for every
 * command, with the chip answering and not. Expected bytes are written out
 * here from the protocol's description; nothing is shared with the host driver.
 */
#include "test.h"

#include <string.h>

#include "base/bytes.h"
#include "board/board.h"

#define OUT 0x02
#define IN 0x81
#define MS 1000000ull
#define OK 0x80

/* ---- the desk -------------------------------------------------------------- */

static struct board *desk(const char *firmware)
{
	const struct board_config config = {.probe_firmware = firmware};
	struct board *b = board_new(&config, NULL);

	assert_non_null(b);
	return b;
}

/* Vectors and code (half-words) at the start of flash, then a power cycle. */
static void flash_program(struct board *b, const uint16_t *code, size_t halves)
{
	uint8_t image[512];

	assert_true(2 * halves <= sizeof image - 16);
	memset(image, 0xFF, sizeof image);
	put_le32(image, 0x20005000);
	put_le32(image + 4, 0x08000011);
	for (size_t i = 0; i < halves; i++)
		put_le16(image + 16 + 2 * i, code[i]);
	assert_int_equal(mcu_load(board_mcu(b), 0x08000000, image, sizeof image, NULL), STATUS_OK);
	board_power(b, false);
	board_power(b, true);
	board_advance(b, 10 * MS);
}

/* AFIOEN, then MAPR = 0x04000000, then a loop. */
static const uint16_t takes_swd_away[] = {0x4803, 0x2101, 0x6001, 0x4803, 0x4903, 0x6001, 0xE7FE,
					  0xBF00, 0x1018, 0x4002, 0x0004, 0x4001, 0x0000, 0x0400};
/* Count up at 0x20000000 for ever. */
static const uint16_t counts[] = {0x4802, 0x2100, 0x3101, 0x6001, 0xE7FC, 0xBF00, 0x0000, 0x2000};
/* WFI in a loop. */
static const uint16_t sleeps[] = {0xBF30, 0xE7FD};
/* SysTick every millisecond, WFI in a loop; its handler returns at once. */
static const uint16_t naps[] = {0x4803, 0x4A04, 0x2107, 0x6042, 0x6001, 0xBF30, 0xE7FD, 0xBF00,
				0xE010, 0xE000, 0x1F3F, 0x0000, [22] = 0x0041, 0x0800, 0x4770};
/* PWREN, PDDS, SLEEPDEEP, WFI. */
static const uint16_t stands_by[] = {0x4805, 0x4906, 0x6001, 0x4806, 0x2102, 0x6001, 0x4805,
				     0x2104, 0x6001, 0xBF30, 0xE7FE, 0xBF00, 0x101C, 0x4002,
				     0x0000, 0x1000, 0x7000, 0x4000, 0xED10, 0xE000};
#define PROGRAM(b, code) flash_program(b, code, sizeof(code) / sizeof((code)[0]))

/* ---- exchanges ---------------------------------------------------------------- */

static void command(struct board *b, const uint8_t *cmd, size_t len)
{
	uint8_t block[16] = {0};

	memcpy(block, cmd, len);
	assert_int_equal(board_usb_out(b, OUT, block, sizeof block), STLINK_OK);
}
#define SEND(b, ...)                                                                               \
	command(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static size_t reply(struct board *b, uint8_t *data, size_t room)
{
	size_t got = 0;

	assert_int_equal(board_usb_in(b, IN, data, room, &got), STLINK_OK);
	return got;
}

/* A two-byte reply's status. */
static uint8_t status(struct board *b)
{
	uint8_t r[64];

	assert_int_equal(reply(b, r, sizeof r), 2);
	return r[0];
}

static uint8_t enter(struct board *b)
{
	SEND(b, 0xF2, 0x30, 0xA3);
	return status(b);
}

static struct board *connected(const char *firmware)
{
	struct board *b = desk(firmware);

	board_advance(b, 10 * MS); /* out of the power-on reset */
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK);
	return b;
}

#define LE32(v) (uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16), (uint8_t)((v) >> 24)

static uint8_t write_debug(struct board *b, uint32_t address, uint32_t value)
{
	SEND(b, 0xF2, 0x35, LE32(address), LE32(value));
	return status(b);
}

static uint8_t read_debug(struct board *b, uint32_t address, uint32_t *value)
{
	uint8_t r[64] = {0};

	SEND(b, 0xF2, 0x36, LE32(address));
	reply(b, r, sizeof r);
	*value = get_le32(r + 4);
	return r[0];
}

static uint32_t word(struct board *b, uint32_t address)
{
	uint32_t v;

	assert_int_equal(read_debug(b, address, &v), OK);
	return v;
}

static void halt(struct board *b)
{
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), OK);
	assert_true(word(b, 0xE000EDF0) & 1u << 17);
}

static uint32_t reg(struct board *b, uint8_t n)
{
	uint8_t r[64];

	SEND(b, 0xF2, 0x33, n);
	assert_int_equal(reply(b, r, sizeof r), 8);
	assert_int_equal(r[0], OK);
	return get_le32(r + 4);
}

static uint8_t last_status(struct board *b)
{
	SEND(b, 0xF2, 0x3B);
	return status(b);
}

static void send_memory(struct board *b, uint8_t op, uint32_t address, const void *data, size_t len)
{
	SEND(b, 0xF2, op, LE32(address), (uint8_t)len, (uint8_t)(len >> 8));
	assert_int_equal(board_usb_out(b, OUT, data, len), STLINK_OK);
}

static size_t read_memory(struct board *b, uint8_t op, uint32_t address, size_t len, uint8_t *out,
			  size_t room)
{
	SEND(b, 0xF2, op, LE32(address), (uint8_t)len, (uint8_t)(len >> 8));
	return reply(b, out, room);
}

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

static uint8_t mode(struct board *b)
{
	uint8_t r[64];

	SEND(b, 0xF5);
	assert_int_equal(reply(b, r, sizeof r), 2);
	return r[0];
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

/* ---- memory ------------------------------------------------------------------------- */

static void memory_in_all_widths(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[64];

	(void)state;
	send_memory(b, 0x08, 0x20000100, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	assert_int_equal(last_status(b), OK);
	assert_int_equal(read_memory(b, 0x07, 0x20000100, 8, r, sizeof r), 8);
	assert_memory_equal(r, "\x01\x02\x03\x04\x05\x06\x07\x08", 8);
	send_memory(b, 0x0D, 0x20000101, "\xAA\xBB\xCC", 3);
	send_memory(b, 0x48, 0x20000106, "\x11\x22", 2);
	assert_int_equal(read_memory(b, 0x0C, 0x20000100, 8, r, sizeof r), 8);
	assert_memory_equal(r, "\x01\xAA\xBB\xCC\x05\x06\x11\x22", 8);
	assert_int_equal(read_memory(b, 0x47, 0x20000102, 4, r, sizeof r), 4);
	assert_memory_equal(r, "\xBB\xCC\x05\x06", 4);
	assert_int_equal(read_memory(b, 0x0C, 0x20000107, 1, r, sizeof r), 2); /* never one byte */
	assert_int_equal(r[0], 0x22);
	assert_int_equal(last_status(b), OK);
	board_free(b);
}

static void big_blocks_cross_every_boundary(void **state)
{
	struct board *b = connected(NULL);
	uint8_t data[6144], back[6144];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	send_memory(b, 0x08, 0x20000384, data, sizeof data);
	assert_int_equal(last_status(b), OK);
	assert_int_equal(read_memory(b, 0x07, 0x20000384, sizeof back, back, sizeof back),
			 sizeof back);
	assert_memory_equal(data, back, sizeof data);
	board_free(b);
}

static void data_may_come_in_packets(void **state)
{
	struct board *b = connected(NULL);
	uint8_t data[160], back[160];

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)i;
	SEND(b, 0xF2, 0x08, LE32(0x20000000), 160, 0);
	board_usb_out(b, OUT, data, 64);
	board_usb_out(b, OUT, data + 64, 64);
	board_usb_out(b, OUT, data + 128, 32);
	SEND(b, 0xF2, 0x07, LE32(0x20000000), 160, 0);
	assert_int_equal(reply(b, back, 64), 64);
	assert_int_equal(reply(b, back + 64, 64), 64);
	assert_int_equal(reply(b, back + 128, 64), 32);
	assert_memory_equal(data, back, sizeof data);
	assert_int_equal(reply(b, back, 64), 0); /* nothing left: the host would wait */
	board_free(b);
}

static void one_address_again_and_again(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[64];

	(void)state;
	send_memory(b, 0x08, 0x20000000, "\0\0\0\0\0\0\0\0", 8);
	send_memory(b, 0x50, 0x20000000, "\x01\x01\x01\x01\x02\x02\x02\x02", 8);
	assert_int_equal(read_memory(b, 0x07, 0x20000000, 8, r, sizeof r), 8);
	assert_memory_equal(r, "\x02\x02\x02\x02\0\0\0\0", 8);
	assert_int_equal(read_memory(b, 0x54, 0x20000000, 8, r, sizeof r), 8);
	assert_memory_equal(r, "\x02\x02\x02\x02\x02\x02\x02\x02", 8);
	board_free(b);
}

static void limits_are_reported(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[8192];

	(void)state;
	read_memory(b, 0x07, 0x20000002, 4, r, sizeof r);
	assert_int_equal(last_status(b), 0x0A);
	read_memory(b, 0x07, 0x20000000, 6, r, sizeof r);
	assert_int_equal(last_status(b), 0x0A);
	assert_int_equal(read_memory(b, 0x0C, 0x20000000, 65, r, sizeof r), 64);
	assert_int_equal(last_status(b), 0x08);
	assert_int_equal(read_memory(b, 0x07, 0x20000000, 6148, r, sizeof r), 6144);
	assert_int_equal(last_status(b), 0x08);
	board_free(b);
}

static void a_bad_address_is_named(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[64];
	uint32_t v;

	(void)state;
	assert_int_equal(read_memory(b, 0x07, 0x20004FFC, 8, r, sizeof r), 8);
	SEND(b, 0xF2, 0x3E);
	assert_int_equal(reply(b, r, sizeof r), 12);
	assert_int_equal(r[0], 0x11);
	assert_int_equal(get_le32(r + 4), 0x20005000);
	send_memory(b, 0x08, 0x20004FFC, "\0\0\0\0\0\0\0\0", 8);
	SEND(b, 0xF2, 0x3E);
	reply(b, r, sizeof r);
	assert_int_equal(r[0], 0x11);
	assert_int_equal(get_le32(r + 4), 0x20005000);
	assert_int_equal(read_debug(b, 0x60000000, &v), 0x11);
	assert_int_equal(word(b, 0xE000ED00), 0x411FC231); /* the flag was cleared */
	board_free(b);
}

/* ---- DAP registers and batches ----------------------------------------------------------- */

static uint8_t dap(struct board *b, unsigned port, unsigned addr, uint32_t *value)
{
	uint8_t r[64] = {0};

	SEND(b, 0xF2, 0x45, (uint8_t)port, (uint8_t)(port >> 8), (uint8_t)addr,
	     (uint8_t)(addr >> 8));
	reply(b, r, sizeof r);
	*value = get_le32(r + 4);
	return r[0];
}

static void dap_registers(void **state)
{
	struct board *b = connected(NULL);
	uint32_t v;

	(void)state;
	SEND(b, 0xF2, 0x4B, 0);
	assert_int_equal(status(b), OK);
	SEND(b, 0xF2, 0x4B, 1); /* there is no AP 1 */
	assert_int_equal(status(b), 0x1D);
	assert_int_equal(dap(b, 1, 0xFC, &v), 0x1D);
	assert_int_equal(dap(b, 0, 0xFC, &v), OK);
	assert_int_equal(v, 0x14770011);
	assert_int_equal(dap(b, 0, 0xF8, &v), OK);
	assert_int_equal(v, 0xE00FF003);
	assert_int_equal(dap(b, 0xFFFF, 0, &v), OK);
	assert_int_equal(v, 0x1BA01477);
	assert_int_equal(dap(b, 0xFFFF, 4, &v), OK);
	assert_int_equal(v & 0xF0000000, 0xF0000000);
	SEND(b, 0xF2, 0x46, 0, 0, 0x00, 0, LE32(0x23000012));
	assert_int_equal(status(b), OK);
	SEND(b, 0xF2, 0x46, 0, 0, 0x04, 0, LE32(0xE000ED00));
	assert_int_equal(status(b), OK);
	assert_int_equal(dap(b, 0, 0x0C, &v), OK);
	assert_int_equal(v, 0x411FC231);
	assert_int_equal(word(b, 0xE000EDFC) & 1, 0); /* memory commands set CSW again */
	SEND(b, 0xF2, 0x4C, 0);
	assert_int_equal(status(b), OK);
	board_free(b);
}

static void dp_banks_need_j32(void **state)
{
	struct board *b = connected("V2J29S7");
	uint32_t v;

	(void)state;
	assert_int_equal(dap(b, 0xFFFF, 0x14, &v), 0x08);
	board_free(b);
	b = connected(NULL);
	assert_int_equal(dap(b, 0xFFFF, 0x14, &v), OK);
	board_free(b);
}

static void batches_give_values_then_statuses(void **state)
{
	struct board *b = connected(NULL);
	uint8_t out[8 + 5 * 4] = {5, 1, 2, 3, 3, 0, 0, 0}, r[64];

	(void)state;
	put_le32(out + 8, 0);
	put_le32(out + 12, 0x20000010);
	put_le32(out + 16, 0xCAFEBABE);
	put_le32(out + 20, 0x20000010);
	put_le32(out + 24, 0x60000000);
	SEND(b, 0xF2, 0x51, 5, 0, 0, 0);
	assert_int_equal(board_usb_out(b, OUT, out, sizeof out), STLINK_OK);
	SEND(b, 0xF2, 0x52);
	assert_int_equal(reply(b, r, sizeof r), 40);
	assert_int_equal(get_le32(r + 12), 0xCAFEBABE);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(get_le32(r + 20 + 4 * i), 0x80);
	assert_int_equal(get_le32(r + 36), 0x11);
	board_free(b);
}

/* ---- the core ----------------------------------------------------------------------------- */

static void registers(void **state)
{
	struct board *b = connected(NULL);
	uint8_t r[128];

	(void)state;
	PROGRAM(b, counts);
	assert_int_equal(enter(b), OK);
	halt(b);
	assert_in_range(reg(b, 15), 0x08000010, 0x0800001A);
	assert_int_equal(reg(b, 0), 0x20000000);
	assert_int_equal(reg(b, 13), 0x20005000);
	assert_int_equal(reg(b, 16) & 1u << 24, 1u << 24);
	SEND(b, 0xF2, 0x34, 5, LE32(0x12345678));
	assert_int_equal(status(b), OK);
	assert_int_equal(reg(b, 5), 0x12345678);
	SEND(b, 0xF2, 0x3A);
	assert_int_equal(reply(b, r, sizeof r), 88);
	assert_int_equal(r[0], OK);
	assert_int_equal(get_le32(r + 4 + 4 * 5), 0x12345678);
	assert_int_equal(get_le32(r + 4 + 4 * 17), 0x20005000);
	board_free(b);
}

static void generation_one_commands(void **state)
{
	struct board *b = desk(NULL);
	uint8_t r[128];
	uint32_t count;

	(void)state;
	PROGRAM(b, counts);
	SEND(b, 0xF3, 0x07);
	SEND(b, 0xF2, 0x20, 0xA3);
	assert_int_equal(reply(b, r, sizeof r), 0);
	SEND(b, 0xF2, 0x02);
	status(b);
	SEND(b, 0xF2, 0x01);
	assert_int_equal(status(b), 0x81);
	SEND(b, 0xF2, 0x06, 4, LE32(0xABCD));
	status(b);
	SEND(b, 0xF2, 0x05, 4);
	assert_int_equal(reply(b, r, sizeof r), 4);
	assert_int_equal(get_le32(r), 0xABCD);
	SEND(b, 0xF2, 0x04);
	assert_int_equal(reply(b, r, sizeof r), 84);
	assert_int_equal(get_le32(r + 16), 0xABCD);
	SEND(b, 0xF2, 0x0F, LE32(0x20000040), LE32(0x55));
	status(b);
	assert_int_equal(word(b, 0x20000040), 0x55);
	count = get_le32(r + 4 * 15);
	SEND(b, 0xF2, 0x0A);
	status(b);
	assert_int_not_equal(reg(b, 15), count); /* one instruction further */
	SEND(b, 0xF2, 0x0B, 0, LE32(0x08000014));
	status(b);
	SEND(b, 0xF2, 0x09);
	status(b);
	board_advance(b, MS);
	SEND(b, 0xF2, 0x01);
	assert_int_equal(status(b), 0x81); /* the comparator stopped it */
	assert_int_equal(reg(b, 15), 0x08000014);
	SEND(b, 0xF2, 0x0E, 0);
	status(b);
	SEND(b, 0xF2, 0x09);
	status(b);
	SEND(b, 0xF2, 0x01);
	assert_int_equal(status(b), 0x80);
	board_free(b);
}

static void firmware_makes_progress_while_it_is_polled(void **state)
{
	struct board *b = connected(NULL);
	uint32_t first, second;

	(void)state;
	PROGRAM(b, counts);
	assert_int_equal(enter(b), OK);
	first = word(b, 0x20000000);
	second = word(b, 0x20000000);
	assert_in_range(second - first, 100, 2000); /* 8 MHz, about 0.8 ms, 5 to 8 cycles a turn */
	halt(b);
	first = word(b, 0x20000000);
	assert_int_equal(word(b, 0x20000000), first);
	board_free(b);
}

static void reset_sys_restarts_the_core(void **state)
{
	struct board *b = connected(NULL);

	(void)state;
	PROGRAM(b, counts);
	assert_int_equal(enter(b), OK);
	halt(b);
	(void)word(b, 0xE000EDF0); /* S_RESET_ST clears on read */
	assert_false(word(b, 0xE000EDF0) & 1u << 25);
	SEND(b, 0xF2, 0x32);
	assert_int_equal(status(b), OK);
	board_advance(b, MS);
	assert_true(word(b, 0xE000EDF0) & 1u << 25);
	assert_false(word(b, 0xE000EDF0) & 1u << 25);
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

/* ---- what failing replies look like ------------------------------------------------------------ */

/* The reply to READDEBUGREG of DBGMCU_IDCODE when nothing answers. */
static size_t failing_read(const char *firmware, bool reset_first, uint8_t *r, size_t room)
{
	struct board_config config = {.probe_firmware = firmware};
	struct board *b = board_new(&config, NULL);
	size_t got;

	assert_int_equal(board_set_wires_text(b, "swdio=open", NULL), STATUS_OK);
	SEND(b, 0xF3, 0x07);
	enter(b);
	if (reset_first)
		write_debug(b, 0xE000ED0C, 0x05FA0004);
	SEND(b, 0xF2, 0x36, LE32(0xE0042000));
	got = reply(b, r, room);
	board_free(b);
	return got;
}

static void failing_replies_carry_left_overs(void **state)
{
	uint8_t r[64];

	(void)state;
	assert_int_equal(failing_read("V2J37S7", true, r, sizeof r), 2);
	assert_int_equal(r[0], 0x16);
	assert_int_equal(failing_read("V2J31S7", true, r, sizeof r), 8);
	assert_int_equal(get_le32(r + 4), 0x05FA0004);
	assert_int_equal(failing_read("V2J31S7", false, r, sizeof r), 8);
	assert_int_equal(get_le32(r + 4), 0);
	assert_int_equal(failing_read("V2J17S4", true, r, sizeof r), 8);
	assert_int_equal(get_le32(r + 4), 0xE0042000);
}

static void left_overs_of_the_session_before(void **state)
{
	struct board_config config = {.stale_replies = true};
	struct board *b = board_new(&config, NULL);
	uint8_t r[64];

	(void)state;
	SEND(b, 0xF3, 0x07);
	enter(b);
	write_debug(b, 0xE000EDF0, 0xA05F0000); /* a client's last word on leaving */
	SEND(b, 0xF2, 0x21);
	board_power(b, false);
	enter(b);
	SEND(b, 0xF2, 0x36, LE32(0xE0042000));
	assert_int_equal(reply(b, r, sizeof r), 8);
	assert_int_equal(get_le32(r + 4), 0xA05F0000);
	SEND(b, 0xF2, 0x31);
	assert_int_equal(reply(b, r, sizeof r), 12);
	assert_int_equal(r[0], 0x09);
	board_free(b);
	config = (struct board_config){.probe_firmware = "V2J29S7", .short_replies = true};
	b = board_new(&config, NULL);
	board_power(b, false);
	SEND(b, 0xF3, 0x07);
	enter(b);
	SEND(b, 0xF2, 0x31);
	assert_int_equal(reply(b, r, sizeof r), 2);
	board_free(b);
}

/* Any bytes at all: a reply is never longer than the buffer, and the probe goes
 * on answering. */
static void nonsense_does_no_harm(void **state)
{
	static uint8_t data[65536];
	struct board *b = connected(NULL);
	uint32_t x = 7;
	size_t got;

	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t cmd[16];

		for (unsigned k = 0; k < sizeof cmd; k++) {
			x = x * 1664525u + 1013904223u;
			cmd[k] = (uint8_t)(x >> 24);
		}
		if (i % 4)
			cmd[0] = 0xF2;
		if (i % 3 == 0)
			cmd[7] &= 1; /* mostly moderate lengths */
		board_usb_out(b, OUT, cmd, 1 + (x >> 8) % 16);
		board_usb_out(b, OUT, data, (x >> 12) % 2048);
		board_usb_in(b, (x >> 4) & 1 ? IN : 0x83, data, sizeof data, &got);
		assert_in_range(got, 0, 6144);
		board_usb_reset(b);
	}
	board_power(b, false);
	board_power(b, true);
	board_advance(b, 10 * MS);
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK);
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
		cmocka_unit_test(idcodes),
		cmocka_unit_test(every_part_answers),
		cmocka_unit_test(nothing_answers_a_broken_wire),
		cmocka_unit_test(no_power_no_answer),
		cmocka_unit_test(slow_wires_need_a_slow_clock),
		cmocka_unit_test(noise_grows_with_speed),
		cmocka_unit_test(wire_names),
		cmocka_unit_test(memory_in_all_widths),
		cmocka_unit_test(big_blocks_cross_every_boundary),
		cmocka_unit_test(data_may_come_in_packets),
		cmocka_unit_test(one_address_again_and_again),
		cmocka_unit_test(limits_are_reported),
		cmocka_unit_test(a_bad_address_is_named),
		cmocka_unit_test(dap_registers),
		cmocka_unit_test(dp_banks_need_j32),
		cmocka_unit_test(batches_give_values_then_statuses),
		cmocka_unit_test(registers),
		cmocka_unit_test(generation_one_commands),
		cmocka_unit_test(firmware_makes_progress_while_it_is_polled),
		cmocka_unit_test(reset_sys_restarts_the_core),
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
		cmocka_unit_test(failing_replies_carry_left_overs),
		cmocka_unit_test(nonsense_does_no_harm),
		cmocka_unit_test(left_overs_of_the_session_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
