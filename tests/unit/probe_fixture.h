/* A virtual ST-LINK on a desk, byte by byte: programs for the chip, commands and
 * their replies. */
#ifndef REFLASH_TESTS_UNIT_PROBE_FIXTURE_H
#define REFLASH_TESTS_UNIT_PROBE_FIXTURE_H

#include "test.h"

#include <string.h>

#include "base/bytes.h"
#include "board/board.h"

#define OUT 0x02
#define IN 0x81
#define MS 1000000ull
#define OK 0x80

/* ---- the desk -------------------------------------------------------------- */

static inline struct board *desk(const char *firmware)
{
	const struct board_config config = {.probe_firmware = firmware};
	struct board *b = board_new(&config, NULL);

	assert_non_null(b);
	return b;
}

/* Vectors and code (half-words) at the start of flash, then a power cycle. */
static inline void flash_program(struct board *b, const uint16_t *code, size_t halves)
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

static inline void command(struct board *b, const uint8_t *cmd, size_t len)
{
	uint8_t block[16] = {0};

	memcpy(block, cmd, len);
	assert_int_equal(board_usb_out(b, OUT, block, sizeof block), STLINK_OK);
}
#define SEND(b, ...)                                                                               \
	command(b, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static inline size_t reply(struct board *b, uint8_t *data, size_t room)
{
	size_t got = 0;

	assert_int_equal(board_usb_in(b, IN, data, room, &got), STLINK_OK);
	return got;
}

/* A two-byte reply's status. */
static inline uint8_t status(struct board *b)
{
	uint8_t r[64];

	assert_int_equal(reply(b, r, sizeof r), 2);
	return r[0];
}

static inline uint8_t enter(struct board *b)
{
	SEND(b, 0xF2, 0x30, 0xA3);
	return status(b);
}

static inline struct board *connected(const char *firmware)
{
	struct board *b = desk(firmware);

	board_advance(b, 10 * MS); /* out of the power-on reset */
	SEND(b, 0xF3, 0x07);
	assert_int_equal(enter(b), OK);
	return b;
}

#define LE32(v) (uint8_t)(v), (uint8_t)((v) >> 8), (uint8_t)((v) >> 16), (uint8_t)((v) >> 24)

static inline uint8_t write_debug(struct board *b, uint32_t address, uint32_t value)
{
	SEND(b, 0xF2, 0x35, LE32(address), LE32(value));
	return status(b);
}

static inline uint8_t read_debug(struct board *b, uint32_t address, uint32_t *value)
{
	uint8_t r[64] = {0};

	SEND(b, 0xF2, 0x36, LE32(address));
	reply(b, r, sizeof r);
	*value = get_le32(r + 4);
	return r[0];
}

static inline uint32_t word(struct board *b, uint32_t address)
{
	uint32_t v;

	assert_int_equal(read_debug(b, address, &v), OK);
	return v;
}

static inline void halt(struct board *b)
{
	assert_int_equal(write_debug(b, 0xE000EDF0, 0xA05F0003), OK);
	assert_true(word(b, 0xE000EDF0) & 1u << 17);
}

static inline uint32_t reg(struct board *b, uint8_t n)
{
	uint8_t r[64];

	SEND(b, 0xF2, 0x33, n);
	assert_int_equal(reply(b, r, sizeof r), 8);
	assert_int_equal(r[0], OK);
	return get_le32(r + 4);
}

static inline uint8_t last_status(struct board *b)
{
	SEND(b, 0xF2, 0x3B);
	return status(b);
}

static inline void send_memory(struct board *b, uint8_t op, uint32_t address, const void *data, size_t len)
{
	SEND(b, 0xF2, op, LE32(address), (uint8_t)len, (uint8_t)(len >> 8));
	assert_int_equal(board_usb_out(b, OUT, data, len), STLINK_OK);
}

static inline size_t read_memory(struct board *b, uint8_t op, uint32_t address, size_t len, uint8_t *out,
			  size_t room)
{
	SEND(b, 0xF2, op, LE32(address), (uint8_t)len, (uint8_t)(len >> 8));
	return reply(b, out, room);
}

static inline uint8_t mode(struct board *b)
{
	uint8_t r[64];

	SEND(b, 0xF5);
	assert_int_equal(reply(b, r, sizeof r), 2);
	return r[0];
}

#endif
