/*
 * What the virtual ST-LINK does, byte by byte: memory, DAP registers, the core,
 * and what failing replies look like. Expected bytes are written out here from
 * the protocol's description; nothing is shared with the host driver.
 */
#include "probe_fixture.h"

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
		cmocka_unit_test(failing_replies_carry_left_overs),
		cmocka_unit_test(nonsense_does_no_harm),
		cmocka_unit_test(left_overs_of_the_session_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
