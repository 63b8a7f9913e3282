/*
 * SW-DP and AHB-AP alone, against a memory of this test's own: acknowledges,
 * sticky flags, posted reads, byte lanes, increments. Expected values are from
 * ARM IHI 0031 and DDI 0337.
 */
#include "test.h"

#include <string.h>

#include "board/dp.h"

/* ---- what stands in for the microcontroller -------------------------------- */

static struct fake {
	uint8_t ram[0x2000];
	bool wait;
	bool debug_power;
	unsigned accesses;
} fake;
static const struct silicon silicon = {.dpidr = 0x1BA01477, .ap_idr = 0x14770011};

static struct mcu *fake_mcu(void)
{
	return (struct mcu *)(void *)&fake;
}

const struct silicon *mcu_silicon(const struct mcu *m)
{
	(void)m;
	return &silicon;
}

void mcu_debug_power(struct mcu *m, bool on)
{
	(void)m;
	fake.debug_power = on;
}

static uint8_t *at(uint32_t address, unsigned size)
{
	return range_inside(address, size, 0x20000000, sizeof fake.ram) ?
		       fake.ram + (address - 0x20000000) :
		       NULL;
}

enum mcu_access mcu_debug_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	(void)m;
	if (fake.wait)
		return MCU_ACCESS_WAIT;
	fake.accesses++;
	if (!at(address, size))
		return MCU_ACCESS_FAULT;
	*value = 0;
	memcpy(value, at(address, size), size);
	return MCU_ACCESS_OK;
}

enum mcu_access mcu_debug_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	(void)m;
	if (fake.wait)
		return MCU_ACCESS_WAIT;
	fake.accesses++;
	if (!at(address, size))
		return MCU_ACCESS_FAULT;
	memcpy(at(address, size), &value, size);
	return MCU_ACCESS_OK;
}

/* ---- helpers ------------------------------------------------------------------ */

static struct dp port(void)
{
	struct dp dp;

	memset(&fake, 0, sizeof fake);
	dp_reset(&dp);
	return dp;
}

static enum swd_ack rd(struct dp *dp, bool ap, uint8_t addr, uint32_t *data)
{
	return dp_transfer(dp, fake_mcu(), ap, true, addr, data);
}

static enum swd_ack wr(struct dp *dp, bool ap, uint8_t addr, uint32_t data)
{
	return dp_transfer(dp, fake_mcu(), ap, false, addr, &data);
}

static uint32_t read_dp(struct dp *dp, uint8_t addr)
{
	uint32_t v = 0xDEAD;

	assert_int_equal(rd(dp, false, addr, &v), SWD_ACK_OK);
	return v;
}

/* Connected, powered, ready for memory accesses of one word with increment. */
static struct dp ready(void)
{
	struct dp dp = port();

	dp_switch_to_swd(&dp);
	assert_int_equal(read_dp(&dp, DP_DPIDR), 0x1BA01477);
	assert_int_equal(wr(&dp, false, DP_CTRL_STAT, CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ),
			 SWD_ACK_OK);
	assert_int_equal(wr(&dp, true, AP_CSW, 0x23000012), SWD_ACK_OK);
	return dp;
}

static void set_tar(struct dp *dp, uint32_t address)
{
	assert_int_equal(wr(dp, true, AP_TAR, address), SWD_ACK_OK);
}

/* ---- tests ------------------------------------------------------------------------ */

static void silent_until_switched_and_dpidr_read(void **state)
{
	struct dp dp = port();
	uint32_t v;

	(void)state;
	dp_line_reset(&dp);
	assert_int_equal(rd(&dp, false, DP_DPIDR, &v), SWD_NO_ACK); /* JTAG after power-on */
	dp_switch_to_swd(&dp);
	assert_int_equal(rd(&dp, false, DP_CTRL_STAT, &v), SWD_NO_ACK);
	assert_int_equal(rd(&dp, false, DP_DPIDR, &v), SWD_ACK_OK);
	assert_int_equal(v, 0x1BA01477);
	assert_int_equal(rd(&dp, false, DP_CTRL_STAT, &v), SWD_ACK_OK);
	dp_line_reset(&dp);
	assert_int_equal(rd(&dp, false, DP_CTRL_STAT, &v), SWD_NO_ACK);
}

static void power_up_requests_are_acknowledged(void **state)
{
	struct dp dp = port();

	(void)state;
	dp_switch_to_swd(&dp);
	read_dp(&dp, DP_DPIDR);
	assert_int_equal(read_dp(&dp, DP_CTRL_STAT), 0);
	wr(&dp, false, DP_CTRL_STAT, CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ);
	assert_int_equal(read_dp(&dp, DP_CTRL_STAT), 0xF0000000);
	assert_true(fake.debug_power);
	wr(&dp, false, DP_CTRL_STAT, 0);
	assert_int_equal(read_dp(&dp, DP_CTRL_STAT), 0);
	assert_false(fake.debug_power);
}

static void an_unpowered_ap_faults(void **state)
{
	struct dp dp = port();
	uint32_t v;

	(void)state;
	dp_switch_to_swd(&dp);
	read_dp(&dp, DP_DPIDR);
	assert_int_equal(rd(&dp, true, AP_CSW, &v), SWD_ACK_FAULT);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYERR);
}

static void ap_reads_are_posted(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	memcpy(fake.ram, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	set_tar(&dp, 0x20000000);
	assert_int_equal(rd(&dp, true, AP_DRW, &v), SWD_ACK_OK); /* the read before: nothing */
	assert_int_equal(rd(&dp, true, AP_DRW, &v), SWD_ACK_OK);
	assert_int_equal(v, 0x44332211);
	assert_int_equal(read_dp(&dp, DP_RESEND), 0x44332211);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x88776655);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_READOK);
}

static void identity_registers(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	wr(&dp, false, DP_SELECT, 0xF0);
	rd(&dp, true, AP_IDR & 12, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x14770011);
	rd(&dp, true, AP_BASE & 12, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0xE00FF003);
	wr(&dp, false, DP_SELECT, 0x010000F0); /* AP 1: there is none */
	rd(&dp, true, AP_IDR & 12, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0);
}

static void bytes_travel_on_their_lanes(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	wr(&dp, true, AP_CSW, 0x23000010); /* byte, single increment */
	set_tar(&dp, 0x20000001);
	wr(&dp, true, AP_DRW, 0xAABBCCDD); /* lane 1 */
	wr(&dp, true, AP_DRW, 0xAABBCCDD); /* lane 2 */
	assert_memory_equal(fake.ram, "\x00\xCC\xBB\x00", 4);
	set_tar(&dp, 0x20000002);
	rd(&dp, true, AP_DRW, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x00BB0000);
	wr(&dp, true, AP_CSW, 0x23000011); /* half-word */
	set_tar(&dp, 0x20000006);
	wr(&dp, true, AP_DRW, 0x12345678);
	assert_memory_equal(fake.ram + 4, "\x00\x00\x34\x12", 4);
}

static void packed_transfers_fill_a_word(void **state)
{
	struct dp dp = ready();

	(void)state;
	wr(&dp, true, AP_CSW, 0x23000021); /* half-words, packed */
	set_tar(&dp, 0x20000010);
	fake.accesses = 0;
	wr(&dp, true, AP_DRW, 0x44332211);
	assert_memory_equal(fake.ram + 0x10, "\x11\x22\x33\x44", 4);
	assert_int_equal(fake.accesses, 2);
}

static void tar_wraps_at_4_kib(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	set_tar(&dp, 0x200003FC);
	wr(&dp, true, AP_DRW, 1);
	rd(&dp, true, AP_TAR, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x20000400);
	set_tar(&dp, 0x20000FFC);
	wr(&dp, true, AP_DRW, 1);
	rd(&dp, true, AP_TAR, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x20000000);
}

static void banked_data_leaves_tar_alone(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	set_tar(&dp, 0x20000040);
	wr(&dp, false, DP_SELECT, 0x10);
	wr(&dp, true, 8, 0x0BADF00D); /* BD2 */
	assert_memory_equal(fake.ram + 0x48, "\x0D\xF0\xAD\x0B", 4);
	wr(&dp, false, DP_SELECT, 0);
	rd(&dp, true, AP_TAR, &v);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x20000040);
}

static void a_bus_fault_sticks_until_abort(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	set_tar(&dp, 0x60000000);
	assert_int_equal(rd(&dp, true, AP_DRW, &v), SWD_ACK_OK);
	assert_int_equal(rd(&dp, false, DP_RDBUFF, &v), SWD_ACK_FAULT);
	assert_int_equal(wr(&dp, true, AP_TAR, 0), SWD_ACK_FAULT);
	assert_int_equal(wr(&dp, false, DP_SELECT, 0), SWD_ACK_FAULT);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYERR);
	assert_int_equal(read_dp(&dp, DP_DPIDR), 0x1BA01477);
	assert_int_equal(wr(&dp, false, DP_ABORT, ABORT_STKERRCLR), SWD_ACK_OK);
	assert_false(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYERR);
	assert_int_equal(rd(&dp, true, AP_TAR, &v), SWD_ACK_OK);
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x60000000); /* no increment after a fault */
}

static void a_stopped_bus_says_wait_and_answers_later(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	memcpy(fake.ram, "\x78\x56\x34\x12", 4);
	set_tar(&dp, 0x20000000);
	fake.wait = true;
	assert_int_equal(rd(&dp, true, AP_DRW, &v), SWD_ACK_OK); /* accepted, not answered */
	assert_int_equal(rd(&dp, false, DP_RDBUFF, &v), SWD_ACK_WAIT);
	assert_int_equal(wr(&dp, true, AP_TAR, 0), SWD_ACK_WAIT);
	assert_int_equal(rd(&dp, false, DP_CTRL_STAT, &v), SWD_ACK_OK);
	fake.wait = false;
	dp_poll(&dp, fake_mcu()); /* the clock was there for a moment */
	fake.wait = true;
	assert_int_equal(read_dp(&dp, DP_RDBUFF), 0x12345678);
}

static void abort_cancels_what_waits(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	set_tar(&dp, 0x20000000);
	fake.wait = true;
	wr(&dp, true, AP_DRW, 7);
	assert_int_equal(rd(&dp, false, DP_RDBUFF, &v), SWD_ACK_WAIT);
	assert_int_equal(wr(&dp, false, DP_ABORT, ABORT_DAPABORT), SWD_ACK_OK);
	assert_int_equal(rd(&dp, false, DP_RDBUFF, &v), SWD_ACK_OK);
	fake.wait = false;
	dp_poll(&dp, fake_mcu());
	assert_int_equal(fake.ram[0], 0);
}

static void overrun_is_noticed_when_asked_for(void **state)
{
	struct dp dp = ready();
	uint32_t v;

	(void)state;
	set_tar(&dp, 0x20000000);
	fake.wait = true;
	rd(&dp, true, AP_DRW, &v);
	rd(&dp, true, AP_DRW, &v);
	assert_false(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYORUN);
	wr(&dp, false, DP_ABORT, ABORT_DAPABORT);
	wr(&dp, false, DP_CTRL_STAT, CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ | CTRL_ORUNDETECT);
	rd(&dp, true, AP_DRW, &v);
	assert_int_equal(rd(&dp, true, AP_DRW, &v), SWD_ACK_WAIT);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYORUN);
	wr(&dp, false, DP_ABORT, ABORT_DAPABORT | ABORT_ORUNERRCLR);
	assert_false(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYORUN);
}

static void a_parity_error_blocks_like_the_other_flags(void **state)
{
	struct dp dp = ready();

	(void)state;
	dp_write_parity_error(&dp);
	assert_int_equal(wr(&dp, true, AP_TAR, 0), SWD_ACK_FAULT);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_WDATAERR);
	wr(&dp, false, DP_ABORT, ABORT_WDERRCLR);
	assert_int_equal(wr(&dp, true, AP_TAR, 0), SWD_ACK_OK);
}

static void pushed_compare_and_verify(void **state)
{
	struct dp dp = ready();
	const uint32_t power = CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ;

	(void)state;
	memcpy(fake.ram, "\x01\x02\x03\x04", 4);
	set_tar(&dp, 0x20000000);
	wr(&dp, false, DP_CTRL_STAT, power | 1u << 2 | 15u << 8); /* verify, all lanes */
	wr(&dp, true, AP_DRW, 0x04030201);
	assert_false(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYCMP);
	set_tar(&dp, 0x20000000);
	wr(&dp, true, AP_DRW, 0x04030200);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYCMP);
	wr(&dp, false, DP_ABORT, ABORT_STKCMPCLR);
	wr(&dp, false, DP_CTRL_STAT, power | 2u << 2 | 1u << 11); /* compare, lane 3 */
	set_tar(&dp, 0x20000000);
	wr(&dp, true, AP_DRW, 0x04FFFFFF);
	assert_true(read_dp(&dp, DP_CTRL_STAT) & CTRL_STICKYCMP);
	assert_memory_equal(fake.ram, "\x01\x02\x03\x04", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_until_switched_and_dpidr_read),
		cmocka_unit_test(power_up_requests_are_acknowledged),
		cmocka_unit_test(an_unpowered_ap_faults),
		cmocka_unit_test(ap_reads_are_posted),
		cmocka_unit_test(identity_registers),
		cmocka_unit_test(bytes_travel_on_their_lanes),
		cmocka_unit_test(packed_transfers_fill_a_word),
		cmocka_unit_test(tar_wraps_at_4_kib),
		cmocka_unit_test(banked_data_leaves_tar_alone),
		cmocka_unit_test(a_bus_fault_sticks_until_abort),
		cmocka_unit_test(a_stopped_bus_says_wait_and_answers_later),
		cmocka_unit_test(abort_cancels_what_waits),
		cmocka_unit_test(overrun_is_noticed_when_asked_for),
		cmocka_unit_test(a_parity_error_blocks_like_the_other_flags),
		cmocka_unit_test(pushed_compare_and_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
