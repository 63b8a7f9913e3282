/*
 * check on firmware whose truth is known: every form of forms.c against the
 * verdict, cause and line expected of it. The line is the one that carries
 * `blame FORM` in the sources. Usage: test_forms FOLDER-OF-ELFS SOURCE-FOLDER
 */
#include <stdio.h>

#include "form_check.h"

/* What takes SWD away in a plain run, and must be blamed on the line, at every
 * optimisation. */
static const struct form_row locking[] = {
	{"word", "locks-out", "swj-off"}, {"half", "locks-out", "swj-off"},
	{"byte", "locks-out", "swj-off"}, {"bitband", "locks-out", "swj-off"},
	{"copied", "locks-out", "swj-off"}, {"helper", "locks-out", "swj-off"},
	{"chain", "locks-out", "swj-off"}, {"packed", "locks-out", "swj-off"},
	{"pointer", "locks-out", "swj-off"},
	{"table", "locks-out", "swj-off", .table = "rows_const+0xC"},
	{"table_here", "locks-out", "swj-off"}, {"constructor", "locks-out", "swj-off"},
	{"isr", "locks-out", "swj-off"}, {"macro", "locks-out", "swj-off"},
	{"inlined", "locks-out", "swj-off"}, {"variable", "locks-out", "swj-off"},
	{"global", "locks-out", "swj-off"}, {"returned", "locks-out", "swj-off"},
	{"pin", "locks-out", "swj-off"}, {"twice", "locks-out", "swj-off"},
	{"rmw_or", "locks-out", "swj-off"}, {"descent", "locks-out", "swj-off"},
	/* only with input, or later than the run */
	{"uart", "may-lock-out", "swj-off", .condition = "if USART1 receives 'x'"},
	{"button", "may-lock-out", "swj-off", .condition = "if PA0 reads 0"},
	{"floating", "may-lock-out", "swj-off", .condition = "if PA3 reads 0"},
	{"i2c", "may-lock-out", "swj-off", .condition = "if I2C1 device 0x27 acknowledges"},
	{"late", "may-lock-out", "swj-off"},
	{"command", "may-lock-out", "swj-off",
	 .condition = "if USART1 receives \"lock\" and a line end"},
	{"interrupt_pin", "may-lock-out", "swj-off", .condition = "if PB7 reads 1"},
	{"strap", "may-lock-out", "swj-off", .condition = "if PC13 reads 1"},
	{"sensor", "may-lock-out", "swj-off",
	 .condition = "if the device on SPI1 answers 0x00"},
	{"bus_flag", "may-lock-out", "swj-off",
	 .condition = "if bit 12 of 0x40005C44 (USB) reads 1"},
	{"no_interrupt", "may-lock-out", "swj-off",
	 .condition = "if an interrupt without a handler of its own comes"},
	{"no_exception", "may-lock-out", "swj-off", .condition = "if exception 2 is taken"},
	{"behind_call", "may-lock-out", "swj-off", .condition = "if the program comes to 0x*"},
	{"rmw_spi", "may-lock-out", "swj-rmw",
	 .condition = "if AFIO_MAPR bits 26:24 read back as 100"},
};

/* Look-alikes and hazards. */
static const struct form_row others[] = {
	{"gate_off", "clear", "swj-off"}, {"reserved", "clear", ""}, {"nojtag", "clear", ""},
	{"unused", "clear", ""}, {"decoy", "clear", ""}, {"selector", "clear", ""},
	{"back_on", "clear", ""}, {"masked", "clear", ""},
	{"stop", "hazard", "stop"}, {"standby", "hazard", "standby"},
	{"sleep", "hazard", "sleep", 400}, {"iwdg", "clear", "watchdog"},
	{"iwdg_bites", "hazard", "watchdog", 2000}, {"rdp", "hazard", "rdp"},
	{"fault", "unknown", "fault"},
	{"late", "locks-out", "swj-off", 301000},
};

int main(int argc, char **argv)
{
	static const char *const flags[] = {"O0", "Os", "O2", "O3", "O2flto"};
	struct form_test t = {0};

	if (argc != 3)
		return 2;
	t.folder = argv[1];
	t.sources = argv[2];
	for (size_t i = 0; i < sizeof locking / sizeof locking[0]; i++)
		for (size_t k = 0; k < sizeof flags / sizeof flags[0]; k++)
			form_check(&t, &locking[i], flags[k]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		form_check(&t, &others[i], "Os");
	printf("1..%u\n", t.number);
	return t.failures != 0;
}
