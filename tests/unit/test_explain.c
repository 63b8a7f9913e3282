/*
 * explain: short quotes of tools' own messages from cases whose cause was found
 * out. One message seldom decides; the true cause must be among those named,
 * and high.
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "doctor/doctor.h"

struct known_case {
	const char *log;
	enum cause cause;
	unsigned at_most; /* its place */
	const char *tool; /* NULL: not looked at */
};

static const struct known_case cases[] = {
	{"unknown chip id! 0x3748\nFailed to connect to target\n", CAUSE_SWJ_OFF, 1, "st-flash"},
	{"chipid: 0x0748\ncore_id = 0x00003748\nunknown chip id! 0x374b", CAUSE_SWJ_OFF, 1, "st-flash"},
	{"flash: 0\nsram: 0\nchipid: 0x0748", CAUSE_POWER, 3, "st-flash"},
	{"unknown chip id! 0xe0042000", CAUSE_PINS_REUSED, 8, "st-flash"},
	{"unknown chip id! 0xe0042000\nCore ID is  00000000\nunknown chip id! 0\nCore ID is  0bb11477",
	 CAUSE_PINS_REUSED, 1, "st-flash"},
	{"unknown chip id! 0", CAUSE_SLEEP, 1, "st-flash"},
	{"unknown chip id! 0x10006463", CAUSE_TOOL, 1, "st-flash"},
	{"Failed to enter SWD mode", CAUSE_WIRING, 1, "st-flash"},
	{"st-flash 1.7.0\nCan not connect to target. Please use 'connect under reset' and try again",
	 CAUSE_SWJ_OFF, 1, "st-flash"},
	{"unknown coreid, not sure what flash loader to use", CAUSE_CLONE, 1, "st-flash"},
	{"Error: init mode failed (unable to connect to the target)", CAUSE_SWJ_OFF, 1, "OpenOCD"},
	{"Warn : UNEXPECTED idcode: 0x2ba01477\nError: expected 1 of 1: 0x1ba01477", CAUSE_CLONE, 1,
	 "OpenOCD"},
	{"Error: UNEXPECTED idcode: 0x1ba01477\nexpected 1 of 1: 0x2ba01477", CAUSE_TOOL, 1, "OpenOCD"},
	{"Info : Target voltage: 0.011\nError: init mode failed", CAUSE_POWER, 2, "OpenOCD"},
	{"Error: jtag status contains invalid mode value - communication failure", CAUSE_SLEEP, 1,
	 "OpenOCD"},
	{"ProbeError: STLink error (20): DP wait", CAUSE_SLEEP, 1, "pyOCD"},
	{"Memory transfer fault (read) @ 0x08000000-0x0800003f", CAUSE_RDP, 1, "pyOCD"},
	{"Error: Command failed with status SwdDpWait", CAUSE_SLEEP, 1, "probe-rs"},
	{"Error: No STM32 target found!", CAUSE_STANDBY, 7, "STM32CubeProgrammer"},
	{"Download verified successfully\nTarget is not responding, retrying...", CAUSE_SWJ_OFF, 1,
	 "STM32CubeIDE"},
	{"ST-LINK error (DEV_TARGET_NOT_HALTED)", CAUSE_BUS_HANG, 1, "STM32CubeProgrammer"},
	{"ST-LINK error (DEV_TARGET_HELD_UNDER_RESET)", CAUSE_NRST, 1, "STM32CubeProgrammer"},
	{"ST-LINK error (DEV_TARGET_CMD_ERR)", CAUSE_SLEEP, 1, "STM32CubeProgrammer"},
	{"ST-LINK error (DEV_CONNECT_ERR)", CAUSE_NRST, 4, "STM32CubeProgrammer"},
	{"Error: failed to erase memory", CAUSE_RDP, 2, "STM32CubeProgrammer"},
	{"ST-LINK: Could not verify ST device! Abort connection.\nReason (18)", CAUSE_CLONE, 1,
	 "STM32CubeIDE"},
	{"Connecting to target...ERROR...Could not connect to target\nTarget connection failed",
	 CAUSE_STOP, 5, "J-Link"},
	{"Failed to init device, timeout", CAUSE_UART, 1, "stm32flash"},
	{"libusb_open() failed with LIBUSB_ERROR_ACCESS", CAUSE_PERMISSION, 1, NULL},
	{"Error: unable to claim interface: LIBUSB_ERROR_BUSY", CAUSE_PROBE, 1, NULL},
	{"WARN common.c: NRST is not connected", CAUSE_NRST, 1, "st-flash"},
};

static unsigned place_of(enum cause c, const struct explanation *x)
{
	for (size_t i = 0; i < x->cause_count; i++)
		if (x->causes[i].cause == c)
			return (unsigned)i + 1;
	return 0;
}

static void every_case_names_its_cause(void **state)
{
	static struct explanation x;
	unsigned failed = 0;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct known_case *c = &cases[i];
		unsigned place;

		doctor_explain(c->log, strlen(c->log), &x);
		place = place_of(c->cause, &x);
		if (place == 0 || place > c->at_most ||
		    (c->tool && (!x.tool || strcmp(x.tool, c->tool) != 0))) {
			print_message("# \"%.60s\": %s at place %u, tool %s\n", c->log,
				      cause_name(c->cause), place, x.tool ? x.tool : "none");
			failed++;
		}
	}
	assert_int_equal(failed, 0);
}

static void the_version_is_found(void **state)
{
	static struct explanation x;
	const char *log = "Open On-Chip Debugger 0.12.0\nError: init mode failed";

	(void)state;
	doctor_explain(log, strlen(log), &x);
	assert_string_equal(x.tool, "OpenOCD");
	assert_string_equal(x.version, "0.12.0");
}

static void colours_and_carriage_returns_do_not_matter(void **state)
{
	static struct explanation x;
	const char *log = "\033[31mError:\033[0m init mode failed\r\n";

	(void)state;
	doctor_explain(log, strlen(log), &x);
	assert_int_equal(x.line_count, 1);
	assert_string_equal(x.lines[0].text, "Error: init mode failed");
}

/* The same line a hundred times is one piece of evidence. */
static void repeating_a_message_proves_nothing(void **state)
{
	static struct explanation once, often;
	static char log[4000];
	const char *line = "Failed to enter SWD mode\n";

	(void)state;
	for (int i = 0; i < 100; i++)
		strcat(log, line);
	doctor_explain(line, strlen(line), &once);
	doctor_explain(log, strlen(log), &often);
	assert_true(once.causes[0].confidence == often.causes[0].confidence);
	assert_int_equal(often.line_count, 1);
}

static void what_nobody_knows_is_not_guessed(void **state)
{
	static struct explanation x;
	static const char noise[] = "\0\xff\xfe all is well \n\n\n0x12345678\n";

	(void)state;
	doctor_explain(noise, sizeof noise, &x);
	assert_int_equal(x.line_count, 0);
	assert_int_equal(x.cause_count, 0);
	doctor_explain("", 0, &x);
	assert_int_equal(x.line_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_names_its_cause),
		cmocka_unit_test(the_version_is_found),
		cmocka_unit_test(colours_and_carriage_returns_do_not_matter),
		cmocka_unit_test(repeating_a_message_proves_nothing),
		cmocka_unit_test(what_nobody_knows_is_not_guessed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
