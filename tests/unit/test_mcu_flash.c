/* mcu: flash controller, option bytes, protection, SWJ_CFG and DBGMCU. */
#include "mcu_fixture.h"

#define KEYR 0x40022004u
#define OPTKEYR 0x40022008u
#define SR 0x4002200Cu
#define CR 0x40022010u
#define AR 0x40022014u
#define OBR 0x4002201Cu
#define WRPR 0x40022020u
#define BSY 1u
#define PGERR 4u
#define WRPRTERR 0x10u
#define EOP 0x20u
#define MAPR 0x40010004u

static void unlock(struct mcu *m)
{
	wr(m, KEYR, 0x45670123);
	wr(m, KEYR, 0xCDEF89AB);
	assert_int_equal(rd(m, CR) & 0x80, 0);
}

static void unlock_options(struct mcu *m)
{
	unlock(m);
	wr(m, OPTKEYR, 0x45670123);
	wr(m, OPTKEYR, 0xCDEF89AB);
	assert_true(rd(m, CR) & 0x200);
}

static void program(struct mcu *m, uint32_t address, uint16_t value)
{
	wr(m, CR, 1);
	wr16(m, address, value);
	run_for(m, MS);
	wr(m, CR, 0);
}

static void erase_page(struct mcu *m, uint32_t address)
{
	wr(m, CR, 2);
	wr(m, AR, address);
	wr(m, CR, 0x42);
	run_for(m, 50 * MS);
	wr(m, CR, 0);
}

static void press_reset(struct mcu *m)
{
	mcu_nrst(m, true);
	mcu_nrst(m, false);
	run_for(m, MS);
}

static void a_wrong_key_locks_up_until_reset(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(mcu_debug_write(m, KEYR, 4, 0x12345678), MCU_ACCESS_FAULT);
	assert_int_equal(mcu_debug_write(m, KEYR, 4, 0x45670123), MCU_ACCESS_FAULT);
	assert_int_equal(rd(m, CR), 0x80);
	press_reset(m);
	unlock(m);
	mcu_free(m);
}

static void programming_takes_its_time_and_needs_an_erased_place(void **state)
{
	struct mcu *m = fixture();
	uint32_t v;

	(void)state;
	unlock(m);
	wr(m, CR, 1);
	wr16(m, 0x08001000, 0x1234);
	assert_int_equal(rd(m, SR), BSY);
	assert_int_equal(mcu_debug_read(m, 0x08001000, 4, &v), MCU_ACCESS_WAIT);
	run_for(m, 50000);
	assert_int_equal(rd(m, SR), BSY);
	run_for(m, 5000);
	assert_int_equal(rd(m, SR), EOP);
	assert_int_equal(rd(m, 0x08001000), 0xFFFF1234);
	wr16(m, 0x08001000, 0x1200);
	assert_int_equal(rd(m, SR), EOP | PGERR);
	wr(m, SR, EOP | PGERR);
	wr16(m, 0x08001000, 0); /* 0 is always allowed */
	run_for(m, MS);
	assert_int_equal(rd(m, 0x08001000), 0xFFFF0000);
	assert_int_equal(mcu_debug_write(m, 0x08001004, 4, 0), MCU_ACCESS_FAULT);
	assert_int_equal(mcu_flash_operations(m), 2);
	mcu_free(m);
}

static void erase_clears_one_page_only(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	memset(mcu_flash(m) + 0x1000, 0, 0xC00);
	mcu_flash_changed(m);
	unlock(m);
	erase_page(m, 0x08001433);
	assert_int_equal(rd(m, 0x080013FC), 0);
	assert_int_equal(rd(m, 0x08001400), 0xFFFFFFFF);
	assert_int_equal(rd(m, 0x080017FC), 0xFFFFFFFF);
	assert_int_equal(rd(m, 0x08001800), 0);
	mcu_free(m);
}

static void a_locked_controller_does_nothing(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	wr(m, CR, 1);
	wr16(m, 0x08001000, 0x1234);
	run_for(m, MS);
	assert_int_equal(rd(m, 0x08001000), 0xFFFFFFFF);
	assert_int_equal(rd(m, SR), 0);
	mcu_free(m);
}

static void losing_power_tears_the_half_word(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	unlock(m);
	wr(m, CR, 2);
	wr(m, AR, 0x08000000);
	wr(m, CR, 0x42);
	run_for(m, MS);
	mcu_power(m, false);
	mcu_power(m, true);
	run_for(m, 5 * MS);
	assert_int_not_equal(rd(m, 0x08000000), 0x20001000); /* some bits are gone */
	assert_int_not_equal(rd(m, 0x08000000), 0xFFFFFFFF); /* some are left */
	assert_int_equal(rd(m, SR), 0);
	mcu_free(m);
}

static void write_protection_comes_with_the_next_reset(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	unlock_options(m);
	wr(m, CR, 0x220);
	wr(m, CR, 0x260);
	run_for(m, 50 * MS);
	wr(m, CR, 0x210);
	wr16(m, 0x1FFFF800, 0xA5);
	run_for(m, MS);
	wr16(m, 0x1FFFF808, 0xFD); /* pages 4-7 */
	run_for(m, MS);
	assert_int_equal(rd(m, 0x1FFFF800), 0xFFFF5AA5); /* the complement by itself */
	assert_int_equal(rd(m, WRPR), 0xFFFFFFFF);
	press_reset(m);
	assert_int_equal(rd(m, WRPR), 0xFFFFFFFD);
	unlock(m);
	program(m, 0x08001000, 1);
	assert_int_equal(rd(m, SR), WRPRTERR);
	wr(m, SR, WRPRTERR);
	erase_page(m, 0x08001C00);
	assert_int_equal(rd(m, SR), WRPRTERR);
	wr(m, SR, WRPRTERR);
	program(m, 0x08002000, 1);
	assert_int_equal(rd(m, SR), EOP);
	mcu_free(m);
}

static void erased_options_protect_and_the_key_erases_all(void **state)
{
	struct mcu *m = fixture();
	struct event_log log;
	uint32_t v;

	(void)state;
	watch_events(m, &log);
	unlock_options(m);
	wr(m, CR, 0x260);
	run_for(m, 50 * MS);
	assert_int_equal(log.last[MCU_EVENT_OPTION_BYTES].a, 0);
	assert_false(mcu_rdp_active(m));
	press_reset(m);
	assert_true(mcu_rdp_active(m));
	assert_int_equal(rd(m, OBR) & 3, 2); /* erased is no option error */
	assert_int_equal(mcu_debug_read(m, 0x08000000, 4, &v), MCU_ACCESS_FAULT);
	assert_int_equal(mcu_debug_read(m, 0, 4, &v), MCU_ACCESS_FAULT);
	assert_int_equal(rd(m, 0xE000ED00), 0x411FC231);
	unlock_options(m);
	wr(m, CR, 0x210);
	wr16(m, 0x1FFFF800, 0xA5);
	run_for(m, 50 * MS);
	press_reset(m);
	assert_false(mcu_rdp_active(m));
	assert_int_equal(rd(m, 0x08000000), 0xFFFFFFFF);
	mcu_free(m);
}

static void the_core_reads_flash_that_the_debugger_may_not(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(mcu_load(m, 0x1FFFF800, "\x00\xFF", 2, NULL), STATUS_OK);
	press_reset(m);
	assert_true(mcu_rdp_active(m));
	assert_int_equal(mcu_mode(m), MCU_MODE_RUN);
	assert_int_equal(mcu_reg(m, MCU_PC), 0x08000008);
	mcu_free(m);
}

static void a_broken_complement_is_an_option_error(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(mcu_load(m, 0x1FFFF802, "\xFE\xFE", 2, NULL), STATUS_OK);
	press_reset(m);
	assert_int_equal(rd(m, OBR) & 1, 1);
	mcu_free(m);
}

/* ---- SWJ_CFG ------------------------------------------------------------------------- */

static void without_afio_clock_the_store_is_lost(void **state)
{
	struct mcu *m = fixture();
	struct event_log log;

	(void)state;
	watch_events(m, &log);
	wr(m, MAPR, 4u << 24);
	assert_true(mcu_swd_on(m));
	assert_int_equal(log.last[MCU_EVENT_SWJ_IGNORED].b, 1);
	mcu_free(m);
}

static void reserved_values_change_nothing(void **state)
{
	static const unsigned reserved[] = {3, 5, 6, 7};
	struct mcu *m = fixture();
	struct event_log log;

	(void)state;
	clocks_on(m);
	wr(m, MAPR, 4u << 24);
	watch_events(m, &log);
	for (size_t i = 0; i < 4; i++) {
		wr(m, MAPR, reserved[i] << 24 | 1);
		assert_int_equal(mcu_swj_cfg(m), 4);
		assert_int_equal(log.last[MCU_EVENT_SWJ_IGNORED].b, 2);
	}
	assert_int_equal(rd(m, MAPR), 1); /* the remap bit arrived; SWJ_CFG reads 0 */
	wr(m, MAPR, 2u << 24);
	assert_int_equal(log.last[MCU_EVENT_SWJ].a, 4);
	assert_int_equal(log.last[MCU_EVENT_SWJ].b, 2);
	mcu_free(m);
}

static void resetting_afio_by_rcc_gives_swd_back(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	clocks_on(m);
	wr(m, MAPR, 4u << 24);
	wr(m, 0x4002100C, 1);
	assert_true(mcu_swd_on(m));
	mcu_free(m);
}

static void read_back_is_what_was_configured(void **state)
{
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	(void)state;
	config.swj_readback = MCU_SWJ_READBACK_IN_FORCE;
	m = fixture_from(&config);
	clocks_on(m);
	wr(m, MAPR, 2u << 24);
	assert_int_equal(rd(m, MAPR), 2u << 24);
	mcu_free(m);
}

static struct mcu *clone(const char *name)
{
	struct mcu_config config = fixture_config("c8");
	struct mcu *m;

	config.silicon = silicon_by_name(name);
	m = fixture_from(&config);
	clocks_on(m);
	return m;
}

static void gd32_takes_the_first_change_only(void **state)
{
	struct mcu *m = clone("gd32f103");

	(void)state;
	wr(m, MAPR, 2u << 24);
	wr(m, MAPR, 4u << 24);
	assert_int_equal(mcu_swj_cfg(m), 2);
	assert_int_equal(rd(m, 0x1FFFF7E0), 20u << 16 | 64);
	mcu_free(m);
}

static void air32_loses_swd_with_jtag(void **state)
{
	struct mcu *m = clone("air32f103");

	(void)state;
	wr(m, MAPR, 2u << 24);
	assert_false(mcu_swd_on(m));
	assert_int_equal(rd(m, 0x1FFFF7E8), 0);
	mcu_free(m);
}

static void a_slow_clone_is_slow(void **state)
{
	struct mcu *m = clone("ch32f103");

	(void)state;
	unlock(m);
	wr(m, CR, 1);
	wr16(m, 0x08001000, 0x1234);
	run_for(m, 100000);
	assert_int_equal(rd(m, SR), BSY);
	run_for(m, 100000);
	assert_int_equal(rd(m, SR), EOP);
	mcu_free(m);
}

/* ---- DBGMCU ---------------------------------------------------------------------------- */

/* ldr r0,=IDCODE; ldr r1,[r0]; ldr r2,=0x20000000; str r1,[r2]; b . */
static const uint8_t reads_idcode[] = {0x00, 0x10, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08,
				       0x02, 0x48, 0x01, 0x68, 0x02, 0x4A, 0x11, 0x60,
				       0xFE, 0xE7, 0x00, 0xBF, 0x00, 0x20, 0x04, 0xE0,
				       0x00, 0x00, 0x00, 0x20};

static void software_sees_dbgmcu_only_after_a_debugger(void **state)
{
	struct mcu *m = fixture();

	(void)state;
	assert_int_equal(mcu_load(m, 0x08000000, reads_idcode, sizeof reads_idcode, NULL),
			 STATUS_OK);
	wr(m, 0x20000000, 0xFFFFFFFF);
	press_reset(m);
	assert_int_equal(rd(m, 0x20000000), 0);
	mcu_debug_power(m, true);
	press_reset(m);
	assert_int_equal(rd(m, 0x20000000), 0x20036410);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wrong_key_locks_up_until_reset),
		cmocka_unit_test(programming_takes_its_time_and_needs_an_erased_place),
		cmocka_unit_test(erase_clears_one_page_only),
		cmocka_unit_test(a_locked_controller_does_nothing),
		cmocka_unit_test(losing_power_tears_the_half_word),
		cmocka_unit_test(write_protection_comes_with_the_next_reset),
		cmocka_unit_test(erased_options_protect_and_the_key_erases_all),
		cmocka_unit_test(the_core_reads_flash_that_the_debugger_may_not),
		cmocka_unit_test(a_broken_complement_is_an_option_error),
		cmocka_unit_test(without_afio_clock_the_store_is_lost),
		cmocka_unit_test(reserved_values_change_nothing),
		cmocka_unit_test(resetting_afio_by_rcc_gives_swd_back),
		cmocka_unit_test(read_back_is_what_was_configured),
		cmocka_unit_test(gd32_takes_the_first_change_only),
		cmocka_unit_test(air32_loses_swd_with_jtag),
		cmocka_unit_test(a_slow_clone_is_slow),
		cmocka_unit_test(software_sees_dbgmcu_only_after_a_debugger),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
