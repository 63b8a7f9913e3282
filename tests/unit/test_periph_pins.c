/* mcu: ports, external interrupts, and what is neither a bus nor a clock. */
#include "mcu_fixture.h"

/* ---- GPIO and EXTI ---------------------------------------------------------------- */

static void a_pin_reads_what_drives_it(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010C00, 0x44444424); /* PB1 output */
	wr(m, 0x40010C10, 1u << 1);
	assert_true(rd(m, 0x40010C08) & 2);
	assert_int_equal(mcu_pin_output(m, 1, 1), 1);
	wr(m, 0x40010C14, 1u << 1);
	assert_false(rd(m, 0x40010C08) & 2);
	wr(m, 0x40010C00, 0x44444484); /* input with pull */
	wr(m, 0x40010C0C, 2);
	assert_true(rd(m, 0x40010C08) & 2);
	mcu_pin_drive(m, 1, 1, 0); /* outside is stronger */
	assert_false(rd(m, 0x40010C08) & 2);
	assert_true(rd(m, 0x40010808) & 1u << 13); /* SWDIO has its pull-up */
	assert_false(rd(m, 0x40010808) & 1u << 14);
	mcu_free(m);
}

/* PA13 to PA15 and PB4 have their pulls as long as, and again when, SWJ owns them. */
static void pulls_come_and_go_with_the_debug_port(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	assert_int_equal(rd(m, 0x40010808) & 0xE000, 0xA000);
	assert_int_equal(rd(m, 0x40010C08) & 1u << 4, 1u << 4);
	wr(m, 0x40010004, 2u << 24);
	assert_int_equal(rd(m, 0x40010808) & 0xE000, 0x2000);
	assert_int_equal(rd(m, 0x40010C08) & 1u << 4, 0);
	wr(m, 0x40010004, 4u << 24);
	assert_int_equal(rd(m, 0x40010808) & 0xE000, 0);
	wr(m, 0x4002100C, 1); /* AFIORST */
	wr(m, 0x4002100C, 0);
	assert_int_equal(rd(m, 0x40010808) & 0xE000, 0xA000);
	assert_int_equal(rd(m, 0x40010C08) & 1u << 4, 1u << 4);
	mcu_free(m);
}

static void locked_pins_keep_their_configuration(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010C18, 0x10002);
	wr(m, 0x40010C18, 0x00002);
	wr(m, 0x40010C18, 0x10002);
	assert_int_equal(rd(m, 0x40010C18), 0x10002);
	wr(m, 0x40010C00, 0x33333333);
	assert_int_equal(rd(m, 0x40010C00), 0x33333343);
	mcu_free(m);
}

static void edges_pend_the_chosen_ports_line(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010400, 1u << 5);
	wr(m, 0x40010408, 1u << 5);
	wr(m, 0x4001000C, 0x0010); /* EXTICR2: line 5 from port B */
	mcu_pin_drive(m, 0, 5, 1);
	assert_int_equal(rd(m, 0x40010414), 0);
	mcu_pin_drive(m, 1, 5, 1);
	assert_int_equal(rd(m, 0x40010414), 1u << 5);
	assert_true(pending(m, 23));
	wr(m, 0x40010414, 1u << 5);
	assert_int_equal(rd(m, 0x40010414), 0);
	wr(m, 0x40010410, 1u << 5); /* by software */
	assert_int_equal(rd(m, 0x40010414), 1u << 5);
	mcu_free(m);
}

static void a_masked_line_pends_nothing(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010408, 1u << 5); /* rising, but neither interrupt nor event */
	wr(m, 0x4001000C, 0x0010);
	mcu_pin_drive(m, 1, 5, 1);
	assert_int_equal(rd(m, 0x40010414), 0);
	wr(m, 0x40010410, 1u << 5); /* software: stays in SWIER, reaches nobody */
	assert_int_equal(rd(m, 0x40010410), 1u << 5);
	assert_int_equal(rd(m, 0x40010414), 0);
	assert_false(pending(m, 23));
	mcu_free(m);
}

static void on_pin(void *ctx, struct mcu *m, unsigned port, unsigned pin, int level)
{
	int *seen = ctx;

	(void)m;
	seen[0]++;
	seen[1] = (int)(port * 16 + pin) * 10 + level;
}

/* Whoever listens to a pin hears the port's own output, push-pull or open-drain. */
static void an_output_moves_its_own_line(void **state)
{
	static const uint32_t configs[] = {0x44344444, 0x44744444}; /* PB5 */

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct mcu *m = clocked();
		int seen[2] = {0};
		struct mcu_hooks hooks = {.ctx = seen, .pin = on_pin};

		wr(m, 0x40010C00, configs[i]);
		wr(m, 0x40010C14, 1u << 5);
		wr(m, 0x40010400, 1u << 5);
		wr(m, 0x40010408, 1u << 5);
		wr(m, 0x4001000C, 0x0010); /* EXTICR2: line 5 from port B */
		mcu_set_hooks(m, &hooks);
		wr(m, 0x40010C10, 1u << 5 | 1u << 6); /* PB6 is an input */
		assert_int_equal(seen[0], 1);
		assert_int_equal(seen[1], 21 * 10 + (i ? -1 : 1));
		assert_int_equal(rd(m, 0x40010414), 1u << 5);
		assert_int_equal(rd(m, 0x40010C08) & 1u << 5, 1u << 5);
		assert_int_equal(mcu_pin_output(m, 1, 5), i ? -1 : 1);
		wr(m, 0x40010C14, 1u << 5);
		assert_int_equal(seen[0], 2);
		assert_int_equal(seen[1], 21 * 10);
		assert_int_equal(rd(m, 0x40010C08) & 1u << 5, 0);
		mcu_set_hooks(m, NULL);
		mcu_free(m);
	}
}

/* RM0008 tables 61 and 63: lines 0 to 4 have one each, then 5 to 9 and 10 to 15. */
static void each_line_has_its_interrupt(void **state)
{
	static const uint8_t irqs[16] = {6,  7,  8,  9,  10, 23, 23, 23,
					 23, 23, 40, 40, 40, 40, 40, 40};

	(void)state;
	for (unsigned line = 0; line < 16; line++) {
		struct mcu *m = clocked();

		wr(m, 0x40010400, 1u << line);
		wr(m, 0x4001040C, 1u << line); /* falling */
		wr(m, 0x40010008 + line / 4 * 4, 0x1111); /* port B */
		mcu_pin_drive(m, 1, line, 1);
		assert_false(pending(m, irqs[line]));
		mcu_pin_drive(m, 1, line, 0);
		assert_true(pending(m, irqs[line]));
		mcu_free(m);
	}
}

static void a_wrong_sequence_does_not_lock(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40010C18, 0x10002);
	wr(m, 0x40010C18, 0x00004); /* other pins */
	wr(m, 0x40010C18, 0x10002);
	assert_int_equal(rd(m, 0x40010C18) & 0x10000, 0);
	wr(m, 0x40010C00, 0x33333333);
	assert_int_equal(rd(m, 0x40010C00), 0x33333333);
	mcu_free(m);
}

static void crc_of_a_known_word(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, 0x40023008, 1);
	wr(m, 0x40023000, 0x12345678);
	assert_int_equal(rd(m, 0x40023000), 0xDF8A8A2B);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pin_reads_what_drives_it),
		cmocka_unit_test(pulls_come_and_go_with_the_debug_port),
		cmocka_unit_test(locked_pins_keep_their_configuration),
		cmocka_unit_test(edges_pend_the_chosen_ports_line),
		cmocka_unit_test(an_output_moves_its_own_line),
		cmocka_unit_test(a_masked_line_pends_nothing),
		cmocka_unit_test(each_line_has_its_interrupt),
		cmocka_unit_test(a_wrong_sequence_does_not_lock),
		cmocka_unit_test(crc_of_a_known_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
