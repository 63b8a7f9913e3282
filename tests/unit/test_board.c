/*
 * The desk: power, button, jumper, serial wires, what a session costs, faults.
 */
#include "test.h"

#include <string.h>

#include "base/bytes.h"
#include "board/board.h"

#define MS 1000000ull

static struct board *desk(const struct board_config *config)
{
	static const struct board_config plain;
	struct board *b = board_new(config ? config : &plain, NULL);

	assert_non_null(b);
	return b;
}

static struct board_status look(const struct board *b)
{
	struct board_status st;

	board_get_status(b, &st);
	return st;
}

/* ---- power, button, time --------------------------------------------------- */

static void time_passes_powered_or_not(void **state)
{
	const struct board_config off = {.power_off = true};
	struct board *b = desk(&off);

	(void)state;
	assert_int_equal(look(b).mode, MCU_MODE_OFF);
	assert_false(board_is_running(b));
	board_advance(b, 7 * MS);
	assert_int_equal(board_now_ns(b), 7 * MS);
	board_power(b, true);
	board_advance(b, 7 * MS);
	assert_in_range(board_now_ns(b), 14 * MS, 14 * MS + 1000);
	assert_int_equal(look(b).mode, MCU_MODE_RUN);
	assert_true(board_is_running(b));
	board_free(b);
}

static void a_press_ends_by_itself(void **state)
{
	struct board *b = desk(NULL);

	(void)state;
	board_advance(b, 10 * MS);
	board_press_reset(b, 50);
	board_advance(b, 40 * MS);
	assert_true(look(b).reset_held);
	assert_int_equal(look(b).mode, MCU_MODE_RESET);
	board_advance(b, 20 * MS);
	assert_false(look(b).reset_held);
	assert_int_equal(look(b).mode, MCU_MODE_RUN);
	assert_in_range(mcu_since_reset_ns(board_mcu(b)), 9 * MS, 11 * MS);
	board_hold_reset(b, true);
	board_advance(b, 1000 * MS);
	assert_int_equal(look(b).mode, MCU_MODE_RESET);
	board_hold_reset(b, false);
	board_advance(b, MS);
	assert_int_equal(look(b).mode, MCU_MODE_RUN);
	board_free(b);
}

static void power_comes_back_by_itself(void **state)
{
	struct board *b = desk(NULL);

	(void)state;
	board_advance(b, 10 * MS);
	board_power_cycle(b, 100);
	board_advance(b, 90 * MS);
	assert_false(look(b).powered);
	board_advance(b, 30 * MS);
	assert_true(look(b).powered);
	assert_int_equal(look(b).mode, MCU_MODE_RUN);
	board_free(b);
}

/* Wait 1 us at a time, or all at once: the same chip afterwards. */
static void small_steps_and_large_ones_agree(void **state)
{
	static const uint16_t counts[] = {0x4802, 0x2100, 0x3101, 0x6001,
					  0xE7FC, 0xBF00, 0x0000, 0x2000};
	uint32_t seen[2];

	(void)state;
	for (unsigned way = 0; way < 2; way++) {
		struct board *b = desk(NULL);
		uint8_t image[64];

		memset(image, 0xFF, sizeof image);
		put_le32(image, 0x20005000);
		put_le32(image + 4, 0x08000011);
		memcpy(image + 16, counts, sizeof counts);
		assert_int_equal(mcu_load(board_mcu(b), 0x08000000, image, sizeof image, NULL),
				 STATUS_OK);
		while (board_now_ns(b) < 5 * MS)
			board_advance(b, way ? 5 * MS : 1000);
		assert_true(mcu_peek(board_mcu(b), 0x20000000, &seen[way], 4));
		board_free(b);
	}
	assert_in_range(seen[0], 1000, 10000);
	assert_in_range(seen[1], seen[0] - 1, seen[0] + 1);
}

/* ---- the boot ROM over the serial wires ------------------------------------------ */

#define ACK 0x79
#define NACK 0x1F

struct talk {
	struct board *b;
	uint8_t got[600];
	size_t count;
};

static void say(struct talk *t, const uint8_t *data, size_t len)
{
	t->count = 0;
	assert_int_equal(board_uart_send(t->b, data, len), len);
}
#define SAY(t, ...) say(t, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* Wait until `want` bytes came, 2 s at most. */
static void hear(struct talk *t, size_t want)
{
	for (unsigned ms = 0; ms < 2000 && t->count < want; ms++) {
		board_advance(t->b, MS);
		t->count += board_uart_receive(t->b, t->got + t->count, sizeof t->got - t->count);
	}
	assert_int_equal(t->count, want);
}

static void expect(struct talk *t, uint8_t byte)
{
	hear(t, 1);
	assert_int_equal(t->got[0], byte);
}

static struct talk boot_rom(const struct board_config *more, uint32_t baud)
{
	struct board_config config = more ? *more : (struct board_config){0};
	struct talk t = {0};

	config.boot0 = true;
	t.b = desk(&config);
	board_uart_config(t.b, baud, true);
	board_advance(t.b, 10 * MS);
	SAY(&t, 0x7F);
	expect(&t, ACK);
	return t;
}

static void say_command(struct talk *t, uint8_t code)
{
	SAY(t, code, (uint8_t)~code);
}

static void say_address(struct talk *t, uint32_t a)
{
	uint8_t f[5];

	put_be32(f, a);
	f[4] = f[0] ^ f[1] ^ f[2] ^ f[3];
	say(t, f, 5);
}

static void read_rom(struct talk *t, uint32_t address, uint8_t len)
{
	say_command(t, 0x11);
	expect(t, ACK);
	say_address(t, address);
	expect(t, ACK);
	say_command(t, len - 1);
	hear(t, 1u + len);
	assert_int_equal(t->got[0], ACK);
}

static void write_rom(struct talk *t, uint32_t address, const uint8_t *data, uint8_t len)
{
	uint8_t f[258] = {(uint8_t)(len - 1)}, x = f[0];

	say_command(t, 0x31);
	expect(t, ACK);
	say_address(t, address);
	expect(t, ACK);
	memcpy(f + 1, data, len);
	for (unsigned i = 0; i < len; i++)
		x ^= data[i];
	f[len + 1] = x;
	say(t, f, len + 2u);
}

static void rom_says_who_it_is(void **state)
{
	static const uint32_t bauds[] = {9600, 57600, 115200, 230400};

	(void)state;
	for (size_t i = 0; i < sizeof bauds / sizeof bauds[0]; i++) {
		struct talk t = boot_rom(NULL, bauds[i]);

		say_command(&t, 0x00);
		hear(&t, 15);
		assert_memory_equal(t.got, "\x79\x0B\x22\x00\x01\x02\x11\x21\x31\x43\x63\x73\x82\x92\x79",
				    15);
		say_command(&t, 0x01);
		hear(&t, 5);
		assert_memory_equal(t.got, "\x79\x22\x00\x00\x79", 5);
		say_command(&t, 0x02);
		hear(&t, 5);
		assert_memory_equal(t.got, "\x79\x01\x04\x10\x79", 5);
		board_free(t.b);
	}
}

static void rom_knows_its_density(void **state)
{
	const struct board_config config = {.chip = chip_by_name("STM32F103RC")};
	struct talk t = boot_rom(&config, 115200);

	(void)state;
	say_command(&t, 0x02);
	hear(&t, 5);
	assert_memory_equal(t.got, "\x79\x01\x04\x14\x79", 5);
	board_free(t.b);
}

static void rom_serves_xl_density(void **state)
{
	const struct board_config config = {.chip = chip_by_name("STM32F103ZG")};
	struct talk t = boot_rom(&config, 115200);
	uint8_t data[4] = {1, 2, 3, 4};

	(void)state;
	say_command(&t, 0x02);
	hear(&t, 5);
	assert_memory_equal(t.got, "\x79\x01\x04\x30\x79", 5);
	read_rom(&t, 0x1FFFE000, 8); /* system memory begins with the vectors */
	assert_int_equal(get_le32(t.got + 1), 0x20000200);
	assert_int_equal(get_le32(t.got + 5) >> 12, 0x1FFFF);
	write_rom(&t, 0x08000000, data, sizeof data);
	expect(&t, ACK);
	read_rom(&t, 0x08000000, 4);
	assert_memory_equal(t.got + 1, data, 4);
	write_rom(&t, 0x20017FFC, data, sizeof data); /* the last of 96 KiB of RAM */
	expect(&t, ACK);
	say_command(&t, 0x31);
	expect(&t, ACK);
	say_address(&t, 0x200007FC); /* the ROM keeps 2 KiB here */
	expect(&t, NACK);
	read_rom(&t, 0x080FFFFC, 4); /* bank 2 can be read ... */
	assert_int_equal(get_le32(t.got + 1), 0xFFFFFFFF);
	say_command(&t, 0x31);
	expect(&t, ACK);
	say_address(&t, 0x080FFFFC); /* ... and not written */
	expect(&t, NACK);
	board_free(t.b);
}

static void rom_refuses_nonsense(void **state)
{
	struct talk t = boot_rom(NULL, 115200);

	(void)state;
	SAY(&t, 0x02, 0x02);
	expect(&t, NACK);
	SAY(&t, 0x7F, 0x7F); /* as a host does that does not know */
	expect(&t, NACK);
	say_command(&t, 0x11);
	expect(&t, ACK);
	SAY(&t, 0x08, 0, 0, 0, 0x09); /* wrong sum */
	expect(&t, NACK);
	say_command(&t, 0x11);
	expect(&t, ACK);
	say_address(&t, 0x40021000); /* peripherals are not for reading */
	expect(&t, NACK);
	say_command(&t, 0x31);
	expect(&t, ACK);
	say_address(&t, 0x20000100); /* the ROM's own RAM */
	expect(&t, NACK);
	say_command(&t, 0x02);
	hear(&t, 5);
	board_free(t.b);
}

static void rom_erases_writes_reads_and_goes(void **state)
{
	/* reset vector 0x08000011; loop counting at 0x20000300 */
	static const uint8_t image[32] = {0x00, 0x50, 0, 0x20, 0x11, 0, 0, 0x08, 0xFF, 0xFF, 0xFF,
					  0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02, 0x48, 0, 0x21, 0x01,
					  0x31, 0x01, 0x60, 0xFC, 0xE7, 0x00, 0xBF, 0x00, 0x03, 0,
					  0x20};
	struct talk t = boot_rom(NULL, 115200);
	uint32_t count = 0;

	(void)state;
	say_command(&t, 0x43);
	expect(&t, ACK);
	SAY(&t, 0x01, 0x00, 0x01, 0x00); /* pages 0 and 1 */
	expect(&t, ACK);
	write_rom(&t, 0x08000000, image, sizeof image);
	expect(&t, ACK);
	read_rom(&t, 0x08000000, sizeof image);
	assert_memory_equal(t.got + 1, image, sizeof image);
	write_rom(&t, 0x20000200, image, 16);
	expect(&t, ACK);
	read_rom(&t, 0x20000200, 16);
	assert_memory_equal(t.got + 1, image, 16);
	say_command(&t, 0x21);
	expect(&t, ACK);
	say_address(&t, 0x08000000);
	expect(&t, ACK);
	board_advance(t.b, 5 * MS);
	assert_true(mcu_peek(board_mcu(t.b), 0x20000300, &count, 4));
	assert_in_range(count, 1000, 10000);
	say_command(&t, 0x00); /* the ROM is gone */
	board_advance(t.b, 100 * MS);
	assert_int_equal(board_uart_receive(t.b, t.got, sizeof t.got), 0);
	board_free(t.b);
}

static void synchronise(struct talk *t)
{
	board_advance(t->b, 50 * MS);
	SAY(t, 0x7F);
	expect(t, ACK);
}

static void rom_obeys_read_out_protection(void **state)
{
	static const uint8_t word[4] = {1, 2, 3, 4};
	static const uint8_t closed[] = {0x11, 0x21, 0x31, 0x43, 0x63, 0x73, 0x82};
	struct talk t = boot_rom(NULL, 115200);

	(void)state;
	write_rom(&t, 0x08000000, word, 4);
	expect(&t, ACK);
	say_command(&t, 0x82);
	hear(&t, 2);
	assert_memory_equal(t.got, "\x79\x79", 2);
	synchronise(&t);
	assert_true(look(t.b).rdp);
	for (size_t i = 0; i < sizeof closed; i++) {
		say_command(&t, closed[i]);
		expect(&t, NACK);
	}
	say_command(&t, 0x02);
	hear(&t, 5);
	say_command(&t, 0x92);
	hear(&t, 2);
	assert_memory_equal(t.got, "\x79\x79", 2);
	synchronise(&t);
	assert_false(look(t.b).rdp);
	read_rom(&t, 0x08000000, 4);
	assert_memory_equal(t.got + 1, "\xFF\xFF\xFF\xFF", 4); /* erased on the way */
	board_free(t.b);
}

static void rom_protects_sectors(void **state)
{
	static const uint8_t word[4] = {1, 2, 3, 4};
	struct talk t = boot_rom(NULL, 115200);

	(void)state;
	say_command(&t, 0x63);
	expect(&t, ACK);
	SAY(&t, 0x00, 0x01, 0x01); /* sector 1: pages 4 to 7 */
	expect(&t, ACK);
	synchronise(&t);
	write_rom(&t, 0x08000000, word, 4);
	expect(&t, ACK);
	write_rom(&t, 0x08001000, word, 4);
	expect(&t, NACK);
	say_command(&t, 0x73);
	hear(&t, 2);
	synchronise(&t);
	write_rom(&t, 0x08001000, word, 4);
	expect(&t, ACK);
	board_free(t.b);
}

static void rom_needs_its_wires_and_boot1_low(void **state)
{
	const struct board_config config = {.boot0 = true};
	struct board *b = desk(&config);
	uint8_t sync = 0x7F, got[4];

	(void)state;
	assert_int_equal(board_set_wires_text(b, "rx=swapped", NULL), STATUS_OK);
	board_advance(b, 10 * MS);
	board_uart_send(b, &sync, 1);
	board_advance(b, 100 * MS);
	assert_int_equal(board_uart_receive(b, got, sizeof got), 0);
	assert_int_equal(board_set_wires_text(b, "rx=ok", NULL), STATUS_OK);
	board_boot1(b, true);
	board_press_reset(b, 10);
	board_advance(b, 50 * MS);
	board_uart_send(b, &sync, 1);
	board_advance(b, 100 * MS);
	assert_int_equal(board_uart_receive(b, got, sizeof got), 0);
	board_boot1(b, false);
	board_press_reset(b, 10);
	board_advance(b, 50 * MS);
	board_uart_send(b, &sync, 1);
	board_advance(b, 100 * MS);
	assert_int_equal(board_uart_receive(b, got, sizeof got), 1);
	assert_int_equal(got[0], ACK);
	board_free(b);
}

/* HSEON; the flag after some milliseconds. */
static bool crystal_starts(struct board *b)
{
	uint32_t cr = 0;

	assert_int_equal(mcu_debug_write(board_mcu(b), 0x40021000, 4, 0x10083), MCU_ACCESS_OK);
	board_advance(b, 5 * MS);
	assert_int_equal(mcu_debug_read(board_mcu(b), 0x40021000, 4, &cr), MCU_ACCESS_OK);
	return cr >> 17 & 1;
}

static void a_crystal_may_come_loose(void **state)
{
	struct board_config config = {.wires[WIRE_HSE] = WIRE_OPEN};
	struct board *b = desk(&config);

	(void)state;
	board_advance(b, 10 * MS);
	assert_false(crystal_starts(b));
	assert_int_equal(board_set_wires_text(b, "hse=ok", NULL), STATUS_OK);
	assert_true(crystal_starts(b));
	assert_int_equal(board_set_wires_text(b, "lse=low", NULL), STATUS_USAGE);
	board_free(b);
}

static void rom_feeds_a_hardware_watchdog(void **state)
{
	struct talk t = boot_rom(NULL, 115200);

	(void)state;
	assert_int_equal(mcu_load(board_mcu(t.b), 0x1FFFF802, "\xFE\x01", 2, NULL), STATUS_OK);
	board_power_cycle(t.b, 10);
	board_advance(t.b, 1000 * MS);
	SAY(&t, 0x7F);
	expect(&t, ACK);
	board_advance(t.b, 1000 * MS);
	say_command(&t, 0x02); /* no reset in between, or this would be half a sync */
	hear(&t, 5);
	board_free(t.b);
}

/* ---- what a probe's session costs -------------------------------------------------- */

static void exchange(struct board *b, const uint8_t *cmd, size_t len, const uint8_t *out,
		     size_t out_len, size_t in_len)
{
	static uint8_t in[8192];
	uint8_t block[16] = {0};
	size_t got;

	memcpy(block, cmd, len);
	assert_int_equal(board_usb_out(b, 0x02, block, 16), STLINK_OK);
	if (out_len)
		assert_int_equal(board_usb_out(b, 0x02, out, out_len), STLINK_OK);
	if (!in_len)
		return;
	assert_int_equal(board_usb_in(b, 0x81, in, sizeof in, &got), STLINK_OK);
	assert_int_equal(got, in_len);
}

/* OpenOCD's dump of 64 KiB in 1-KiB blocks at 1.8 MHz took 1.28 s on a desk. */
static void reading_64_kib_takes_what_was_measured(void **state)
{
	struct board *b = desk(NULL);
	uint64_t from;

	(void)state;
	exchange(b, (const uint8_t[]){0xF3, 7}, 2, NULL, 0, 0);
	exchange(b, (const uint8_t[]){0xF2, 0x30, 0xA3}, 3, NULL, 0, 2);
	from = board_now_ns(b);
	for (uint32_t a = 0; a < 0x10000; a += 1024) {
		const uint8_t cmd[] = {0xF2, 0x07, 0, (uint8_t)(a >> 8), 0, 0x08, 0, 4};

		exchange(b, cmd, sizeof cmd, NULL, 0, 1024);
		exchange(b, (const uint8_t[]){0xF2, 0x3E}, 2, NULL, 0, 12);
	}
	assert_in_range(board_now_ns(b) - from, 1150 * MS, 1400 * MS);
	board_free(b);
}

/* ---- faults ------------------------------------------------------------------------------ */

static void power_goes_away_in_the_middle_of_programming(void **state)
{
	static const uint8_t unlock[2][10] = {
		{0xF2, 0x35, 0x04, 0x20, 0x02, 0x40, 0x23, 0x01, 0x67, 0x45},
		{0xF2, 0x35, 0x04, 0x20, 0x02, 0x40, 0xAB, 0x89, 0xEF, 0xCD},
	};
	static const uint8_t pg[10] = {0xF2, 0x35, 0x10, 0x20, 0x02, 0x40, 0x01};
	static const uint8_t halt[10] = {0xF2, 0x35, 0xF0, 0xED, 0x00, 0xE0, 3, 0, 0x5F, 0xA0};
	static const uint8_t write[12] = {0xF2, 0x48, 0x00, 0x00, 0x00, 0x08, 8, 0};
	struct board *b = desk(NULL);
	uint8_t flash[8];

	(void)state;
	board_advance(b, 10 * MS);
	exchange(b, (const uint8_t[]){0xF3, 7}, 2, NULL, 0, 0);
	exchange(b, (const uint8_t[]){0xF2, 0x30, 0xA3}, 3, NULL, 0, 2);
	exchange(b, halt, 10, NULL, 0, 2);
	exchange(b, unlock[0], 10, NULL, 0, 2);
	exchange(b, unlock[1], 10, NULL, 0, 2);
	exchange(b, pg, 10, NULL, 0, 2);
	board_cut_power_at(b, 3);
	exchange(b, write, 12, (const uint8_t *)"\1\1\2\2\3\3\4\4", 8, 0);
	assert_false(look(b).powered);
	assert_true(mcu_peek(board_mcu(b), 0x08000000, flash, 8));
	assert_memory_equal(flash, "\1\1\2\2", 4);
	assert_memory_equal(flash + 6, "\xFF\xFF", 2);
	board_free(b);
}

/* ---- what is done from outside ---------------------------------------------- */

/* GPIOC's bit 13 follows GPIOA's bit 0. */
static const uint32_t follower[] = {
	0x20001000, 0x08000009, 0x21144805, 0x48056001, 0x60414905, 0x68934A05,
	0x60C3035B, 0x0000E7FB, 0x40021018, 0x40011000, 0x44344444, 0x40010800,
};

static void pins_follow_a_script(void **state)
{
	struct board *b = desk(NULL);
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(mcu_load(board_mcu(b), 0x08000000, follower, sizeof follower, &err), STATUS_OK);
	board_power_cycle(b, 1);
	assert_int_equal(board_stimulate(b, 30 * MS, "pin PA0=0", &err), STATUS_OK);
	assert_int_equal(board_stimulate(b, 20 * MS, "pin PA0=1", &err), STATUS_OK);
	board_advance(b, 15 * MS);
	assert_int_equal(mcu_pin_output(board_mcu(b), 2, 13), 0);
	board_advance(b, 6 * MS);
	assert_int_equal(mcu_pin_output(board_mcu(b), 2, 13), 1);
	assert_int_equal(board_stimulate(b, 0, "pin PA0=float", &err), STATUS_OK);
	board_advance(b, MS);
	assert_int_equal(mcu_pin_output(board_mcu(b), 2, 13), 0);
	assert_int_equal(board_stimulate(b, 0, "pin PA0=1", &err), STATUS_OK);
	board_advance(b, MS);
	assert_int_equal(mcu_pin_output(board_mcu(b), 2, 13), 1);
	board_advance(b, 10 * MS);
	assert_int_equal(mcu_pin_output(board_mcu(b), 2, 13), 0);
	board_free(b);
}

static void a_script_meets_the_boot_rom(void **state)
{
	static const char *const steps[] = {"power off", "boot0 1", "power on", "uart \\x7F"};
	struct board *b = desk(NULL);
	struct err err = ERR_INIT;
	uint8_t answer = 0;

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(board_stimulate(b, (10 + 20 * i) * MS, steps[i], &err), STATUS_OK);
	board_advance(b, 60 * MS);
	assert_int_equal(board_uart_receive(b, &answer, 1), 0);
	board_advance(b, 60 * MS);
	assert_int_equal(board_uart_receive(b, &answer, 1), 1);
	assert_int_equal(answer, 0x79); /* ACK of AN3155 */
	board_free(b);
}

static void what_cannot_be_done_is_not_planned(void **state)
{
	static const char *const wrong[] = {"", "pin", "pin PH0=1", "pin PA16=1", "pin PA0=2", "pin PA0=1 x",
					    "uart", "uart \\q", "wire nrst=fish", "boot0 2", "power", "dance",
					    "hold-reset 5"};
	struct board *b = desk(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct err err = ERR_INIT;

		if (board_stimulate(b, MS, wrong[i], &err) != STATUS_USAGE || !err.what[0])
			fail_msg("\"%s\" was taken", wrong[i]);
	}
	board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_passes_powered_or_not),
		cmocka_unit_test(a_press_ends_by_itself),
		cmocka_unit_test(power_comes_back_by_itself),
		cmocka_unit_test(small_steps_and_large_ones_agree),
		cmocka_unit_test(rom_says_who_it_is),
		cmocka_unit_test(rom_knows_its_density),
		cmocka_unit_test(rom_serves_xl_density),
		cmocka_unit_test(rom_refuses_nonsense),
		cmocka_unit_test(rom_erases_writes_reads_and_goes),
		cmocka_unit_test(rom_obeys_read_out_protection),
		cmocka_unit_test(rom_protects_sectors),
		cmocka_unit_test(rom_needs_its_wires_and_boot1_low),
		cmocka_unit_test(a_crystal_may_come_loose),
		cmocka_unit_test(rom_feeds_a_hardware_watchdog),
		cmocka_unit_test(reading_64_kib_takes_what_was_measured),
		cmocka_unit_test(power_goes_away_in_the_middle_of_programming),
		cmocka_unit_test(pins_follow_a_script),
		cmocka_unit_test(a_script_meets_the_boot_rom),
		cmocka_unit_test(what_cannot_be_done_is_not_planned),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
