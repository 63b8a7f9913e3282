/* Causes on the desk: power, wires, jumpers, the probe and its computer. */
#include "doctor/cause.h"

static const struct evidence wiring[] = {
	{fact_hot_silent, 16, "no answer on SWD"},
	{fact_reset_silent, 12, "no answer under reset, either"},
	{fact_not_caught, 25, "no answer while somebody worked RESET and the power"},
	{fact_slow_same, 4, "a lower SWD clock changes nothing"},
	{fact_reset_helps, -80, "it answers while NRST is low: the wires work"},
	{fact_caught, -80, "it answered after a reset: the wires work"},
	{fact_hot_ok, -80, "it answers"},
	{fact_hot_wait, -80, "the debug port answers: the wires work"},
	{fact_hot_fault, -60, "the debug port answers: the wires work"},
	{fact_slow_helps, -20, "it answers at a low SWD clock"},
	{fact_last_write_locks, -15, "the wires worked when %s was written"},
	{fact_worked_before, -10, "a write through this probe worked before"},
	{NULL, 0, NULL},
};

static const struct evidence power[] = {
	{fact_voltage_low, 50, "the target's voltage reads %s"},
	{fact_hot_silent, 14, "no answer on SWD"},
	{fact_reset_silent, 10, "no answer under reset, either"},
	{fact_not_caught, 18, "no answer while somebody worked RESET and the power"},
	{fact_voltage_ok, -12, "the probe measures %s (a cheap dongle may be measuring itself)"},
	{fact_reset_helps, -80, "it answers while NRST is low: it has power"},
	{fact_caught, -70, "it answered after a reset: it has power"},
	{fact_hot_ok, -80, "it answers"},
	{fact_hot_wait, -80, "the debug port answers: it has power"},
	{fact_hot_fault, -60, "the debug port answers: it has power"},
	{fact_slow_helps, -60, "it answers at a low SWD clock"},
	{fact_last_write_locks, -10, "it had power when %s was written"},
	{NULL, 0, NULL},
};

static const struct evidence nrst[] = {
	{fact_reset_stays, 70, "the chip is in reset and never leaves it"},
	{fact_nrst_not_driven, 25, "the probe's reset line moves nothing"},
	{fact_caught_only, 20, "a reset by hand let us in, the probe's own reset did not"},
	{fact_reset_helps, -40, "the probe's reset reaches the chip"},
	{fact_caught, -50, "it left reset and was caught"},
	{fact_hot_ok, -30, "it answers"},
	{NULL, 0, NULL},
};

static const struct evidence boot_pins[] = {
	{fact_in_boot_rom, 70, "the core runs the boot ROM (%s): BOOT0 is high"},
	{fact_in_ram, 35, "the core runs in RAM (%s): BOOT0 and BOOT1 may be high"},
	{fact_hot_silent, -40, "no answer; with BOOT0 high it would answer"},
	{fact_blank, -10, "its flash is blank"},
	{NULL, 0, NULL},
};

static const struct evidence speed[] = {
	{fact_slow_helps, 70, "it answers at 100 kHz and not at the usual clock"},
	{fact_hot_fault, 15, "transfers fail in between"},
	{fact_hot_sometimes, 8, "it answers now and then (%s)"},
	{fact_slow_same, -35, "a lower SWD clock changes nothing"},
	{fact_hot_ok, -30, "it answers at the usual clock"},
	{NULL, 0, NULL},
};

static const struct evidence probe[] = {
	{fact_probe_sick, 70, "the probe itself fails: %s"},
	{fact_probe_busy, 80, "the probe is in use: %s"},
	{fact_probe_old, 20, "its firmware %s is very old"},
	{fact_hot_ok, -60, "it answers"},
	{fact_reset_helps, -30, "the probe works under reset"},
	{fact_caught, -30, "the probe works after a reset"},
	{fact_hot_wait, -20, "the probe reaches the debug port"},
	{NULL, 0, NULL},
};

static const struct evidence permission[] = {
	{fact_no_permission, 90, "the probe is there and may not be opened: %s"},
	{NULL, 0, NULL},
};

static const struct evidence no_probe[] = {
	{fact_no_probe, 90, "%s"},
	{NULL, 0, NULL},
};

static const struct evidence clone[] = {
	{fact_dpidr_clone, 35, "DPIDR %s is not ST's for this chip"},
	{fact_reset_raced, 15, "it answers after the probe's reset and not during it, as some clones"},
	{NULL, 0, NULL},
};

const struct cause_row causes_desk[] = {
	{CAUSE_WIRING, 2, "a wire is missing, swapped or in the wrong hole",
	 "check SWDIO, SWCLK and GND by hand: pin names on dongles differ from their cables",
	 "BOOT0 high and reset, then connect: if even that is silent, it is wires or power, not firmware",
	 STATUS_NEED_PERSON, wiring},
	{CAUSE_POWER, 0, "the chip has no proper supply",
	 "measure VDD and VDDA at the chip; both must be connected",
	 "measure VDD and VDDA at the chip's own pins, and NRST: it must be near VDD",
	 STATUS_NEED_PERSON, power},
	{CAUSE_NRST, -6, "the reset line is held low, or the probe cannot move it",
	 "find what holds NRST (a button, a second programmer, a capacitor); cheap dongles need the RESET button instead of their RST pin",
	 "measure NRST while the tool pulls it; short it to GND by hand for a second while connecting",
	 STATUS_NEED_PERSON, nrst},
	{CAUSE_BOOT_PINS, -8, "BOOT0 (or BOOT1) is at the wrong level: something else starts than what should",
	 "move the BOOT0 jumper to 0 and reset",
	 "halt it and look at PC: 0x1FFFF... is the boot ROM; `reflash diagnose` does this",
	 STATUS_NEED_PERSON, boot_pins},
	{CAUSE_SPEED, -4, "the SWD clock is too fast for the wires or for the chip's own clock",
	 "use --speed 240k, shorter wires, a ground wire beside SWCLK",
	 "try 100 kHz: `--speed 100`",
	 STATUS_NO_ANSWER, speed},
	{CAUSE_PROBE, -8, "the probe is stuck, in use, or too old",
	 "close other programs, unplug the probe and plug it in again",
	 "unplug and plug in the probe, close other programs, try another board",
	 STATUS_PROBE_LOST, probe},
	{CAUSE_PERMISSION, -20, "this user may not open the probe",
	 "install the udev rule (README), then unplug and plug in again",
	 "`reflash list` shows probes that may not be opened",
	 STATUS_NO_PERMISSION,
	 permission},
	{CAUSE_NO_PROBE, -20, "no probe is plugged in",
	 "plug one in, or start a virtual one with `reflash board start`",
	 "`reflash list`; lsusb must show 0483:37xx",
	 STATUS_NO_PROBE, no_probe},
	{CAUSE_CLONE, -10, "the chip is not ST's, and behaves differently",
	 "`reflash info` says whose it is and how it wants to be treated",
	 "`reflash info` compares the identity registers with ST's",
	 STATUS_NO_ANSWER, clone},
	{CAUSE_COUNT, 0, NULL, NULL, NULL, STATUS_OK, NULL},
};

/* Known from other tools' messages only: nothing that a probe sees on an
 * STM32F1 speaks for them. */
static const struct evidence none[] = {{NULL, 0, NULL}};

const struct cause_row causes_elsewhere[] = {
	{CAUSE_SUPPLY_CONFIG, -10, "the firmware set up the core's supply wrongly (H7: LDO or SMPS), until power-off",
	 "hold BOOT0 high while switching the power on, connect, erase; then repair the supply set-up",
	 "power-cycle with BOOT0 high: an answer then and none after a mere reset means this",
	 STATUS_NEED_PERSON, none},
	{CAUSE_BUS_HANG, -8, "an access to external memory never ends and holds the bus",
	 "keep BOOT0 high while connecting and erase; then repair the memory set-up",
	 "connect with BOOT0 high: it answers, because that firmware does not run",
	 STATUS_NO_ANSWER, none},
	{CAUSE_UART, -4, "the serial link to the boot ROM does not work",
	 "BOOT0 to 1 and reset, TX to RX and RX to TX (PA9, PA10), GND, 8 data bits, even parity",
	 "with BOOT0 at 1, press RESET and send 0x7F: 0x79 must come back; unplug every other supply of the chip first",
	 STATUS_NEED_PERSON, none},
	{CAUSE_TOOL, -6, "the tool is too old, or was used for what it does not do",
	 "use a newer version, or write with reflash",
	 "`reflash info`: does the chip tell its id there?",
	 STATUS_FAILED, none},
	{CAUSE_JTAG_OFF, -20, "JTAG is off and SWD is on", "nothing is locked: use SWD instead of JTAG",
	 "connect with SWD", STATUS_OK, none},
	{CAUSE_COUNT, 0, NULL, NULL, NULL, STATUS_OK, NULL},
};
