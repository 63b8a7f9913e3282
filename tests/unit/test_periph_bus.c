/* mcu: USB, CAN, SDIO and the rest of a high-density part. */
#include "mcu_fixture.h"

#define CAN 0x40006400u
#define USB 0x40005C00u

/* ---- USB, CAN, and what only larger parts have ----------------------------------------- */

static void usb_endpoint_bits_toggle_and_the_bus_is_idle(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, USB + 0x40, 0);
	wr(m, USB + 0x44, 0);
	wr(m, USB + 4, 0x3200 | 1);
	assert_int_equal(rd(m, USB + 4), 0x3201);
	wr(m, USB + 4, 0x1201); /* STAT_RX bit 12 toggles */
	assert_int_equal(rd(m, USB + 4), 0x2201);
	run_for(m, 10 * MS);
	assert_int_equal(rd(m, USB + 0x44), 0x0900); /* SUSP, ESOF */
	wr(m, 0x40006004, 0xABCD1234);
	assert_int_equal(rd(m, 0x40006004), 0x1234);
	mcu_free(m);
}

static void can_initialises_and_talks_to_itself(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	assert_int_equal(rd(m, CAN + 4) & 3, 2);
	wr(m, CAN, 1);
	assert_int_equal(rd(m, CAN + 4) & 3, 1);
	wr(m, CAN + 0x1C, 0x40230000 | 7);
	wr(m, CAN + 0x204, ~0u);
	assert_int_equal(rd(m, CAN + 0x204), 0x3FFF); /* fourteen banks */
	wr(m, CAN + 0x204, 0);
	wr(m, CAN + 0x20C, 1);
	wr(m, CAN + 0x240, 0);
	wr(m, CAN + 0x244, 0);
	wr(m, CAN + 0x21C, 1);
	wr(m, CAN + 0x200, 0x2A1C0E00);
	wr(m, CAN, 0);
	assert_int_equal(rd(m, CAN + 4) & 3, 0);
	wr(m, CAN + 0x184, 2);
	wr(m, CAN + 0x188, 0xBEEF);
	wr(m, CAN + 0x180, 0x123u << 21 | 1);
	assert_false(rd(m, CAN + 8) & 1u << 26);
	run_for(m, 10 * MS);
	assert_int_equal(rd(m, CAN + 8) & 3, 3);
	assert_int_equal(rd(m, CAN + 0xC) & 3, 1);
	assert_int_equal(rd(m, CAN + 0x1B8), 0xBEEF);
	wr(m, CAN + 0xC, 0x20);
	assert_int_equal(rd(m, CAN + 0xC) & 3, 0);
	mcu_free(m);
}

static void high_density_has_more(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	assert_int_equal(rd(m, 0xA0000000), 0x30DB);
	assert_int_equal(rd(m, 0x60000000), 0xFFFFFFFF);
	wr(m, 0x40018008, 0);
	wr(m, 0x4001800C, 0x440); /* expects a response */
	run_for(m, MS);
	assert_int_equal(rd(m, 0x40018034), 4);
	wr(m, 0x40007408, 0x123);
	assert_int_equal(rd(m, 0x4000742C), 0x123);
	mcu_free(m);
}

static void usb_interrupts_when_the_bus_is_quiet(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, USB + 0x40, 0x0800); /* out of reset and power-down; SUSPM */
	run_for(m, 2 * MS);
	assert_false(pending(m, 20));
	run_for(m, 3 * MS);
	assert_true(pending(m, 20));
	wr(m, USB + 0x44, 0);
	assert_int_equal(rd(m, USB + 0x44), 0);
	wr(m, USB + 4, 0x0800); /* SETUP and CTR are not software's to set */
	wr(m, USB + 4, 0x8080);
	assert_int_equal(rd(m, USB + 4), 0);
	wr(m, USB + 4, 0x0041);
	wr(m, USB + 0x40, 1); /* FRES forgets endpoints and sets RESET */
	assert_int_equal(rd(m, USB + 4), 0);
	assert_int_equal(rd(m, USB + 0x44), 0x400);
	mcu_free(m);
}

/* Initialisation, loop-back, one filter that takes everything; then normal. */
static void can_on(struct mcu *m, uint32_t btr, uint32_t mcr)
{
	wr(m, CAN, 1);
	wr(m, CAN + 0x1C, btr);
	wr(m, CAN + 0x20C, 1);
	wr(m, CAN + 0x240, 0);
	wr(m, CAN + 0x244, 0);
	wr(m, CAN + 0x21C, 1);
	wr(m, CAN + 0x200, 0x2A1C0E00);
	wr(m, CAN, mcr);
}

static void can_send(struct mcu *m, uint32_t id)
{
	wr(m, CAN + 0x184, 2);
	wr(m, CAN + 0x180, id << 21 | 1);
	run_for(m, 10 * MS);
}

static void can_interrupts_for_sent_and_received(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	can_on(m, 0x40230007, 0);
	wr(m, CAN + 0x14, 0xB); /* TMEIE, FMPIE0, FOVIE0 */
	can_send(m, 0x123);
	assert_true(pending(m, 19));
	assert_true(pending(m, 20));
	assert_int_equal(rd(m, CAN + 0xC) & 0x1B, 1);
	for (unsigned i = 0; i < 3; i++)
		can_send(m, 0x100 + i);
	assert_int_equal(rd(m, CAN + 0xC) & 0x1B, 0x1B); /* three, full, overrun */
	wr(m, CAN + 0xC, 0x38);                          /* FULL, FOVR, release */
	assert_int_equal(rd(m, CAN + 0xC) & 0x1B, 2);
	assert_int_equal(rd(m, CAN + 0x1B0) >> 21, 0x100);
	mcu_free(m);
}

static void can_without_partner_gets_no_acknowledge(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	can_on(m, 0x00230007, 0x10); /* NART: once only */
	wr(m, CAN + 0x1C, 0x00010001); /* out of initialisation: protected */
	assert_int_equal(rd(m, CAN + 0x1C), 0x00230007);
	can_send(m, 0x123);
	assert_int_equal(rd(m, CAN + 8) & 0xF, 9); /* RQCP, TERR */
	assert_int_equal(rd(m, CAN + 0x18) & 0x73, 0x33); /* LEC: acknowledge; passive, warning */
	wr(m, CAN + 8, 1);
	assert_int_equal(rd(m, CAN + 8) & 0xF, 0);
	mcu_free(m);
	m = clocked();
	can_on(m, 0x00230007, 0);
	can_send(m, 0x123);
	assert_int_equal(rd(m, CAN + 8) & 0xF, 0); /* it tries for ever */
	wr(m, CAN + 8, 0x80);                      /* ABRQ */
	assert_int_equal(rd(m, CAN + 8) & 0x4000001, 0x4000001);
	mcu_free(m);
}

static void can_filters_by_list_and_mask(void **state)
{
	struct mcu *m = clocked();

	(void)state;
	wr(m, CAN, 1);
	wr(m, CAN + 0x1C, 0x40230007);
	wr(m, CAN + 0x204, 1); /* bank 0: list of two; bank 1: mask */
	wr(m, CAN + 0x20C, 3);
	wr(m, CAN + 0x214, 2); /* to FIFO 1 */
	wr(m, CAN + 0x240, 0x111u << 21);
	wr(m, CAN + 0x244, 0x222u << 21);
	wr(m, CAN + 0x248, 0x300u << 21);
	wr(m, CAN + 0x24C, 0x700u << 21);
	wr(m, CAN + 0x21C, 3);
	wr(m, CAN + 0x200, 0x2A1C0E00);
	wr(m, CAN, 0);
	wr(m, CAN + 0x204, 0); /* FINIT is off: the modes stand */
	assert_int_equal(rd(m, CAN + 0x204), 1);
	can_send(m, 0x222);
	can_send(m, 0x333);
	can_send(m, 0x444);
	assert_int_equal(rd(m, CAN + 0xC) & 3, 1);
	assert_int_equal(rd(m, CAN + 0x10) & 3, 1);
	assert_int_equal(rd(m, CAN + 0x1C0) >> 21, 0x333);
	mcu_free(m);
}

static void sdio_interrupts_when_no_card_answers(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, 0x4001803C, 4); /* CTIMEOUTIE */
	wr(m, 0x4001800C, 0x400);
	run_for(m, MS);
	assert_int_equal(rd(m, 0x40018034), 0x80); /* sent, nothing expected */
	assert_false(pending(m, 49));
	wr(m, 0x4001800C, 0x440);
	run_for(m, MS);
	assert_true(pending(m, 49));
	wr(m, 0x40018038, 0x84);
	assert_int_equal(rd(m, 0x40018034), 0);
	mcu_free(m);
}

static void backup_has_42_registers(void **state)
{
	struct mcu_config config = fixture_config("ze");
	struct mcu *m = fixture_from(&config);

	(void)state;
	clocks_on(m);
	wr(m, 0x40006C40, 0x1234);
	assert_int_equal(rd(m, 0x40006C40), 0);
	wr(m, 0x40007000, 0x100);
	wr(m, 0x40006C40, 0x11234); /* DR11: 16 bits */
	wr(m, 0x40006CBC, 0x5678);  /* DR42 */
	wr(m, 0x40006CC0, 0x9999);  /* nothing */
	assert_int_equal(rd(m, 0x40006C40), 0x1234);
	assert_int_equal(rd(m, 0x40006CBC), 0x5678);
	assert_int_equal(rd(m, 0x40006CC0), 0);
	mcu_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usb_endpoint_bits_toggle_and_the_bus_is_idle),
		cmocka_unit_test(can_initialises_and_talks_to_itself),
		cmocka_unit_test(high_density_has_more),
		cmocka_unit_test(usb_interrupts_when_the_bus_is_quiet),
		cmocka_unit_test(can_interrupts_for_sent_and_received),
		cmocka_unit_test(can_without_partner_gets_no_acknowledge),
		cmocka_unit_test(can_filters_by_list_and_mask),
		cmocka_unit_test(sdio_interrupts_when_no_card_answers),
		cmocka_unit_test(backup_has_42_registers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
