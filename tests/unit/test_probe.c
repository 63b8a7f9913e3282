/*
 * The ST-LINK driver against a scripted probe: command blocks are checked byte
 * by byte, replies are what firmware of several ages sends. The chip behind it
 * is 256 KiB of memory; the virtual board is tested elsewhere (tests/link).
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "probe/probe.h"

enum { MEMORY = 0x40000, BASE = 0x20000000 };

struct fake {
	uint8_t memory[MEMORY];
	uint8_t reply[6200];
	size_t pending;
	uint16_t version;        /* of GET_VERSION */
	uint8_t fail_with;       /* status of the next failing debug commands */
	unsigned fail_times;
	bool short_replies;      /* failing replies are two bytes */
	uint8_t block_status;
	size_t expect_out;       /* data phase that is due */
	uint32_t out_address;
	bool mute;               /* answers nothing until reset */
	unsigned resets, commands, largest_block;
	unsigned blocks, nrst_low, nrst_high;
	uint16_t divisor;
	uint8_t mode;
	uint64_t now;
};

static void answer(struct fake *f, const void *data, size_t len)
{
	if (len)
		memcpy(f->reply, data, len);
	f->pending = len;
}

static void debug_reply(struct fake *f, uint32_t value, size_t len)
{
	memset(f->reply, 0, sizeof f->reply);
	f->reply[0] = 0x80;
	if (len >= 8)
		put_le32(f->reply + 4, value);
	f->pending = len;
	if (f->fail_times > 0) {
		f->fail_times--;
		f->reply[0] = f->fail_with;
		put_le32(f->reply + 4, 0xDEADBEEF); /* left-overs */
		if (f->short_replies)
			f->pending = 2;
	}
}

static void block_command(struct fake *f, const uint8_t *c, bool write, unsigned width)
{
	uint32_t offset = get_le32(c + 2) - BASE, len = get_le16(c + 6);

	f->blocks++;
	if (len > f->largest_block)
		f->largest_block = len;
	assert_true(offset + len <= MEMORY);
	assert_int_equal(offset % width, 0);
	assert_int_equal(offset / 4096, (offset + len - 1) / 4096);
	if (write) {
		f->expect_out = len;
		f->out_address = offset;
	} else {
		answer(f, f->memory + offset, len == 1 ? 2 : len);
	}
}

static void debug_command(struct fake *f, const uint8_t *c)
{
	switch (c[1]) {
	case 0x07: block_command(f, c, false, 4); break;
	case 0x08: block_command(f, c, true, 4); break;
	case 0x0C: block_command(f, c, false, 1); break;
	case 0x0D: block_command(f, c, true, 1); break;
	case 0x47: block_command(f, c, false, 2); break;
	case 0x48: block_command(f, c, true, 2); break;
	case 0x21: f->mode = 1; f->pending = 0; break;
	case 0x30:
		assert_int_equal(c[2], 0xA3);
		f->mode = 2;
		debug_reply(f, 0, 2);
		break;
	case 0x31: debug_reply(f, 0x1BA01477, 12); break;
	case 0x35:
		put_le32(f->memory + get_le32(c + 2) - BASE, get_le32(c + 6));
		debug_reply(f, 0, 2);
		break;
	case 0x36: debug_reply(f, get_le32(f->memory + get_le32(c + 2) - BASE), 8); break;
	case 0x3C:
		f->nrst_low += c[2] == 0;
		f->nrst_high += c[2] == 1;
		debug_reply(f, 0, 2);
		break;
	case 0x3B:
	case 0x3E:
		debug_reply(f, 0x20000010, c[1] == 0x3E ? 12 : 2);
		if (f->block_status)
			f->reply[0] = f->block_status;
		break;
	case 0x43: f->divisor = get_le16(c + 2); debug_reply(f, 0, 2); break;
	default: fail_msg("debug command %02x", c[1]);
	}
}

static enum status bulk_out(void *ctx, uint8_t ep, const uint8_t *data, size_t len)
{
	struct fake *f = ctx;

	assert_int_equal(ep, 2);
	if (f->expect_out) {
		assert_int_equal(len, f->expect_out);
		memcpy(f->memory + f->out_address, data, len);
		f->expect_out = 0;
		return STATUS_OK;
	}
	assert_int_equal(len, 16);
	f->commands++;
	f->pending = 0;
	if (f->mute)
		return STATUS_OK;
	if (data[0] == 0xF1) {
		uint8_t r[6] = {
			(uint8_t)(f->version >> 8), (uint8_t)f->version, 0x83, 0x04, 0x48, 0x37};

		answer(f, r, sizeof r);
	} else if (data[0] == 0xF5) {
		uint8_t r[2] = {f->mode, 0};

		answer(f, r, sizeof r);
	} else if (data[0] == 0xF3) {
		assert_int_equal(data[1], 7);
		f->mode = 1;
	} else if (data[0] == 0xF7) {
		uint8_t r[8];

		put_le32(r, 1490);
		put_le32(r + 4, 2048);
		answer(f, r, sizeof r);
	} else {
		assert_int_equal(data[0], 0xF2);
		debug_command(f, data);
	}
	return STATUS_OK;
}

static enum status bulk_in(void *ctx, uint8_t ep, uint8_t *data, size_t len, size_t *got)
{
	struct fake *f = ctx;

	assert_int_equal(ep, 0x81);
	*got = f->pending < len ? f->pending : len;
	memcpy(data, f->reply, *got);
	f->pending = 0;
	return STATUS_OK;
}

static uint64_t now_us(void *ctx)
{
	return ((struct fake *)ctx)->now += 100;
}

static void sleep_us(void *ctx, uint64_t us)
{
	((struct fake *)ctx)->now += us;
}

static void reset(void *ctx)
{
	((struct fake *)ctx)->mute = false;
	((struct fake *)ctx)->resets++;
}

static const struct usb_local_ops ops = {bulk_out, bulk_in, now_us, sleep_us, reset};

#define FIRMWARE(j) ((uint16_t)(2 << 12 | (j) << 6 | 7))

static enum status start(struct fake *f, struct probe **p, struct err *err)
{
	struct usb_identity id = {.vid = 0x0483, .pid = 0x3748};
	struct usb_wire *wire = NULL;

	assert_int_equal(usb_local_open(&ops, f, &id, &wire, err), STATUS_OK);
	return probe_open(wire, NULL, p, err);
}

static int setup(void **state)
{
	struct fake *f = calloc(1, sizeof *f);

	f->version = FIRMWARE(37);
	for (size_t i = 0; i < MEMORY; i++)
		f->memory[i] = (uint8_t)(i * 7 + (i >> 8));
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static void test_version_and_modes(void **state)
{
	struct fake *f = *state;
	struct probe *p = NULL;
	unsigned mv = 0;

	f->mode = 0; /* freshly plugged: DFU */
	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	assert_int_equal(f->mode, 1);
	assert_string_equal(p->version.text, "V2J37S7");
	assert_int_equal(p->ops->voltage(p, &mv, NULL), STATUS_OK);
	assert_in_range(mv, 3290, 3310);
	assert_int_equal(p->ops->enter_swd(p, NULL), STATUS_OK);
	probe_close(p);
	assert_int_equal(f->mode, 1); /* the next client finds it clean */
}

static void test_old_hardware_is_refused(void **state)
{
	struct fake *f = *state;
	struct err err = ERR_INIT;
	struct probe *p = NULL;

	f->version = 1 << 12 | 11 << 6 | 4;
	assert_int_equal(start(f, &p, &err), STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.what, "V1"));
}

static void test_speed_is_not_above(void **state)
{
	static const struct {
		unsigned ask, set;
		uint16_t divisor;
	} rows[] = {{4000, 4000, 0}, {3999, 1800, 1}, {1000, 950, 3}, {100, 100, 40}, {1, 5, 798}};
	struct fake *f = *state;
	struct probe *p = NULL;

	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		unsigned set = 0;

		assert_int_equal(p->ops->set_speed(p, rows[i].ask, &set, NULL), STATUS_OK);
		assert_int_equal(set, rows[i].set);
		assert_int_equal(f->divisor, rows[i].divisor);
	}
	probe_close(p);
}

static void test_failing_replies(void **state)
{
	static const struct {
		uint8_t code;
		enum status status;
	} rows[] = {{0x09, STATUS_NO_ANSWER}, {0x05, STATUS_NO_ANSWER}, {0x0B, STATUS_NO_ANSWER},
		    {0x10, STATUS_TARGET_WAIT}, {0x14, STATUS_TARGET_WAIT},
		    {0x11, STATUS_TARGET_FAULT}, {0x12, STATUS_TARGET_FAULT},
		    {0x42, STATUS_UNSUPPORTED}, {0x77, STATUS_FAILED}};
	struct fake *f = *state;
	struct probe *p = NULL;

	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	for (size_t i = 0; i < 2 * (sizeof rows / sizeof rows[0]); i++) {
		struct err err = ERR_INIT;
		uint32_t v = 0x11223344;

		f->short_replies = i & 1;
		f->fail_with = rows[i / 2].code;
		f->fail_times = 100;
		assert_int_equal(p->ops->read_word(p, BASE, &v, &err), rows[i / 2].status);
		assert_int_equal(err.status, rows[i / 2].status);
		assert_int_equal(err.raw, rows[i / 2].code);
		assert_int_equal(v, 0x11223344); /* left-overs are not values */
	}
	f->fail_times = 0;
	probe_close(p);
}

static void test_wait_is_retried(void **state)
{
	struct fake *f = *state;
	struct probe *p = NULL;
	uint32_t v = 0;

	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	f->fail_with = 0x14;
	f->fail_times = 3;
	assert_int_equal(p->ops->read_word(p, BASE + 4, &v, NULL), STATUS_OK);
	assert_int_equal(v, get_le32(f->memory + 4));
	f->fail_times = 3;
	p->hurry = true;
	assert_int_equal(p->ops->read_word(p, BASE + 4, &v, NULL), STATUS_TARGET_WAIT);
	assert_int_equal(f->fail_times, 2);
	probe_close(p);
}

static void test_blocks(void **state)
{
	struct fake *f = *state;
	struct probe *p = NULL;
	uint8_t *copy = malloc(20000), *data = malloc(20000);

	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	assert_int_equal(p->ops->read(p, BASE + 0x404, 4, copy, 20000, NULL), STATUS_OK);
	assert_memory_equal(copy, f->memory + 0x404, 20000);
	assert_in_range(f->largest_block, 1024, 6144);
	f->largest_block = 0;
	assert_int_equal(p->ops->read(p, BASE + 3, 1, copy, 130, NULL), STATUS_OK);
	assert_memory_equal(copy, f->memory + 3, 130);
	assert_int_equal(f->largest_block, 64);
	assert_int_equal(p->ops->read(p, BASE + 5, 1, copy, 1, NULL), STATUS_OK);
	assert_int_equal(copy[0], f->memory[5]);
	for (size_t i = 0; i < 20000; i++)
		data[i] = (uint8_t)(i * 13);
	assert_int_equal(p->ops->write(p, BASE + 0x1002, 2, data, 5000, NULL), STATUS_OK);
	assert_memory_equal(f->memory + 0x1002, data, 5000);
	probe_close(p);
	free(copy);
	free(data);
}

static void test_block_errors(void **state)
{
	struct fake *f = *state;
	struct err err = ERR_INIT;
	struct probe *p = NULL;
	uint8_t room[64];

	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	f->block_status = 0x11;
	assert_int_equal(p->ops->read(p, BASE, 4, room, sizeof room, &err), STATUS_TARGET_FAULT);
	assert_true(err.has_address);
	assert_int_equal(err.address, 0x20000010); /* as the probe reported it */
	f->block_status = 0x10;
	unsigned before = f->blocks;
	assert_int_equal(p->ops->write(p, BASE, 2, room, 2, NULL), STATUS_TARGET_WAIT);
	assert_int_equal(f->blocks, before + 1); /* flash cells are not programmed twice */
	assert_int_equal(p->ops->write(p, BASE, 4, room, 4, NULL), STATUS_TARGET_WAIT);
	assert_true(f->blocks > before + 2);
	f->block_status = 0;
	probe_close(p);
}

static void test_old_firmware_has_no_halfwords(void **state)
{
	struct fake *f = *state;
	struct err err = ERR_INIT;
	struct probe *p = NULL;
	uint8_t room[2] = {0};

	f->version = FIRMWARE(17);
	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	assert_int_equal(p->ops->write(p, BASE, 2, room, 2, &err), STATUS_UNSUPPORTED);
	assert_non_null(strstr(err.next, "J26"));
	assert_int_equal(p->ops->write(p, BASE, 4, f->memory, 64, NULL), STATUS_OK);
	probe_close(p);
}

static void test_a_stuck_probe_is_reset_once(void **state)
{
	struct fake *f = *state;
	struct probe *p = NULL;

	f->mute = true;
	assert_int_equal(start(f, &p, NULL), STATUS_OK);
	assert_int_equal(f->resets, 1);
	assert_int_equal(p->ops->drive_nrst(p, true, NULL), STATUS_OK);
	f->mute = true; /* dies with NRST low */
	assert_int_equal(p->ops->enter_swd(p, NULL), STATUS_PROBE_LOST);
	assert_true(p->lost);
	unsigned commands = f->commands;
	assert_int_equal(p->ops->enter_swd(p, NULL), STATUS_PROBE_LOST);
	assert_int_equal(f->commands, commands); /* not asked again */
	probe_close(p);
	assert_int_equal(f->resets, 2);
	assert_int_equal(f->nrst_high, 1); /* let go all the same */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_version_and_modes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_hardware_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_speed_is_not_above, setup, teardown),
		cmocka_unit_test_setup_teardown(test_failing_replies, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wait_is_retried, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_block_errors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_firmware_has_no_halfwords, setup,
						teardown),
		cmocka_unit_test_setup_teardown(test_a_stuck_probe_is_reset_once, setup, teardown),
	};

	return cmocka_run_group_tests_name("probe", tests, NULL, NULL);
}
