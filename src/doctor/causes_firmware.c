/*
 * Causes that the program in the chip brings about. Patterns of ways in: see
 * ARM IHI 0031 (SW-DP), RM0008 9.4.2 (SWJ_CFG), 5.3 (low power), 19 (IWDG).
 */
#include "doctor/cause.h"

static const struct evidence swj_off[] = {
	{fact_hot_silent, 20, "no answer on SWD while the firmware runs"},
	{fact_reset_helps, 45, "it answers while the probe holds NRST low (%s): not the wiring, the firmware does it"},
	{fact_caught, 35, "it answered right after a reset, before the firmware got far (%s)"},
	{fact_firmware_swj, 70, "the firmware in its flash switches SWD off, proved by running it: %s"},
	{fact_firmware_rmw, 20, "the firmware in its flash may switch SWD off: %s"},
	{fact_last_write_locks, 45, "the file last written through this probe locks out: %s"},
	{fact_worked_before, 12, "a write through this probe worked before (%s)"},
	{fact_hot_ok, -60, "it answers while the firmware runs"},
	{fact_hot_wait, -40, "the debug port itself answers"},
	{fact_hot_fault, -40, "the debug port itself answers"},
	{fact_slow_helps, -40, "it answers at a low SWD clock"},
	{fact_not_caught, -20, "nothing answered right after a reset or power-up, either"},
	{fact_standby_flag, -25, "PWR_CSR says that the chip had been in Standby (%s)"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -45, "the firmware in its flash was run and leaves SWD on"},
	{fact_firmware_standby, -30, "its firmware enters Standby: %s"},
	{fact_voltage_low, -40, "the target's voltage reads %s"},
	{fact_reset_stays, -30, "NRST stays low: no firmware runs at all"},
	{NULL, 0, NULL},
};

static const struct evidence pins_reused[] = {
	{fact_hot_silent, 16, "no answer on SWD while the firmware runs"},
	{fact_reset_helps, 35, "it answers while the probe holds NRST low (%s)"},
	{fact_caught, 25, "it answered right after a reset (%s)"},
	{fact_firmware_swj, 35, "the firmware gives the SWD pins away: %s"},
	{fact_hot_ok, -60, "it answers while the firmware runs"},
	{fact_hot_wait, -40, "the debug port itself answers"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -45, "the firmware in its flash was run and leaves SWD on"},
	{fact_voltage_low, -40, "the target's voltage reads %s"},
	{NULL, 0, NULL},
};

static const struct evidence swj_rmw[] = {
	{fact_hot_silent, 12, "no answer on SWD while the firmware runs"},
	{fact_reset_helps, 30, "it answers while the probe holds NRST low (%s)"},
	{fact_caught, 20, "it answered right after a reset (%s)"},
	{fact_firmware_rmw, 75, "the firmware reads AFIO_MAPR and writes it back; its SWJ bits read as anything: %s"},
	{fact_hot_ok, -60, "it answers while the firmware runs"},
	{fact_firmware_swj, -20, "a plain store of SWJ_CFG=100 was found instead"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -45, "the firmware in its flash was run and leaves SWD on"},
	{NULL, 0, NULL},
};

static const struct evidence sleeping[] = {
	{fact_hot_wait, 40, "the debug port answers, the bus behind it says WAIT: its clock stands still"},
	{fact_hot_sometimes, 20, "it answers now and then (%s)"},
	{fact_asleep, 30, "DHCSR.S_SLEEP: the core was asleep"},
	{fact_reset_ok, 10, "under reset it answers at once"},
	{fact_slow_same, 5, "a lower SWD clock changes nothing"},
	{fact_firmware_sleeps, 50, "the firmware in its flash sleeps: %s"},
	{fact_hot_silent, -15, "the debug port itself is silent"},
	{fact_slow_helps, -40, "it answers at a low SWD clock"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -25, "the firmware in its flash was run and does not stay asleep"},
	{NULL, 0, NULL},
};

static const struct evidence stopped[] = {
	{fact_hot_wait, 36, "the debug port answers, the bus behind it says WAIT and stays so"},
	{fact_hot_silent, 4, "no answer at all: some probes see Stop mode like that"},
	{fact_reset_ok, 10, "under reset it answers at once"},
	{fact_firmware_stops, 75, "the firmware in its flash enters Stop mode: %s"},
	{fact_hot_sometimes, -10, "it answers now and then (%s)"},
	{fact_hot_ok, -40, "it answers while the firmware runs"},
	{fact_slow_helps, -40, "it answers at a low SWD clock"},
	{fact_firmware_swj, -30, "its firmware switches SWD off instead: %s"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -35, "the firmware in its flash was run and does not stop"},
	{NULL, 0, NULL},
};

static const struct evidence standby[] = {
	{fact_hot_silent, 14, "no answer on SWD: in Standby the debug port has no supply"},
	{fact_reset_helps, 25, "NRST wakes it and it answers (%s)"},
	{fact_caught, 20, "it answered right after a reset (%s)"},
	{fact_standby_flag, 70, "PWR_CSR.SBF is set (%s): the chip had been in Standby"},
	{fact_firmware_standby, 60, "the firmware in its flash enters Standby: %s"},
	{fact_firmware_swj, -30, "its firmware switches SWD off instead: %s"},
	{fact_hot_wait, -40, "the debug port itself answers"},
	{fact_hot_ok, -40, "it answers while the firmware runs"},
	{fact_blank, -60, "its flash is blank"},
	{fact_firmware_clear, -35, "the firmware in its flash was run and enters no Standby"},
	{NULL, 0, NULL},
};

static const struct evidence watchdog[] = {
	{fact_watchdog_reset, 40, "RCC_CSR.%s is set: a watchdog has reset the chip"},
	{fact_hardware_watchdog, 30, "the option bytes start the watchdog by hardware (WDG_SW = 0)"},
	{fact_firmware_watchdog, 20, "the firmware starts the watchdog: %s"},
	{fact_hot_sometimes, 15, "it answers now and then (%s)"},
	{fact_hot_silent, -25, "the debug port is silent all the time"},
	{fact_blank, -10, "its flash is blank"},
	{NULL, 0, NULL},
};

static const struct evidence reset_loop[] = {
	{fact_hot_sometimes, 22, "it answers now and then (%s)"},
	{fact_firmware_reset_loop, 55, "the firmware in its flash restarts again and again: %s"},
	{fact_low_power_reset, 25, "RCC_CSR.LPWRRSTF: entering a low-power mode resets the chip"},
	{fact_watchdog_reset, 8, "RCC_CSR.%s is set"},
	{fact_hot_silent, -15, "the debug port is silent all the time"},
	{fact_blank, -40, "its flash is blank"},
	{NULL, 0, NULL},
};

static const struct evidence fault[] = {
	{fact_lockup, 60, "the core is in lockup"},
	{fact_hot_silent, -30, "the debug port is silent; a crash does not do that"},
	{fact_blank, -20, "its flash is blank"},
	{NULL, 0, NULL},
};

static const struct evidence bad_image[] = {
	{fact_blank, 60, "its flash is blank: there is nothing to run"},
	{fact_vectors_bad, 55, "its vector table points nowhere (%s)"},
	{fact_hot_silent, -40, "the debug port is silent; an empty chip answers"},
	{NULL, 0, NULL},
};

#define FLASH_ANEW                                                                                 \
	"`reflash recover` catches it right after a reset and erases page 0; then change the line and write again"

const struct cause_row causes_firmware[] = {
	{CAUSE_SWJ_OFF, 8, "the firmware switches the debug port off (SWJ_CFG = 100)", FLASH_ANEW,
	 "hold RESET down while connecting: an answer then and none without means that the firmware does it; `reflash diagnose` does this, and `reflash check FILE` finds the line",
	 STATUS_NO_ANSWER, swj_off},
	{CAUSE_PINS_REUSED, -8, "the firmware uses PA13 or PA14 for something else", FLASH_ANEW,
	 "hold RESET down while connecting: an answer then and none without means that the firmware does it; look for PA13 and PA14 in the pin set-up",
	 STATUS_NO_ANSWER, pins_reused},
	{CAUSE_SWJ_RMW, -6, "a read-modify-write of AFIO_MAPR writes back undefined SWJ bits",
	 "`reflash recover`; then mask bits 26:24 before the write, or write the SWJ_CFG you want",
	 "`reflash check FILE` finds writes of AFIO_MAPR that carry undefined bits",
	 STATUS_NO_ANSWER, swj_rmw},
	{CAUSE_SLEEP, 0, "the core sleeps (WFI, WFE) and its bus clock stands still",
	 "repeat with --under-reset, or `reflash recover`; once attached, debugging in sleep stays on until power-off",
	 "try several times, and under reset: asleep, it answers at random or with WAIT; `reflash diagnose` tells WAIT from silence",
	 STATUS_NO_ANSWER, sleeping},
	{CAUSE_STOP, -2, "the chip is in Stop mode: all clocks stand still",
	 "`reflash recover` (under reset, or with your finger on RESET)",
	 "connect under reset: it answers at once; `reflash check FILE` finds Stop mode",
	 STATUS_NO_ANSWER, stopped},
	{CAUSE_STANDBY, -4, "the chip is in Standby: its core and debug port are without supply",
	 "`reflash recover`: a reset wakes it and the tool holds it before it sleeps again",
	 "connect under reset, then read PWR_CSR: its SBF bit proves Standby; `reflash diagnose` does this",
	 STATUS_NO_ANSWER, standby},
	{CAUSE_WATCHDOG, -6, "a watchdog keeps resetting the chip",
	 "attach and halt: reflash stops the watchdog while the core is halted; then feed it, or clear the WDG_SW option",
	 "connect under reset and read RCC_CSR: IWDGRSTF says that the watchdog bit; failures come at a constant interval",
	 STATUS_NO_ANSWER, watchdog},
	{CAUSE_RESET_LOOP, -8, "the chip restarts again and again", "`reflash recover`, then repair the firmware",
	 "connect under reset and read RCC_CSR for the kind of reset",
	 STATUS_NO_ANSWER, reset_loop},
	{CAUSE_FAULT, -8, "the program has crashed; the debug port still works",
	 "nothing is locked: write repaired firmware",
	 "halt it: PC 0xFFFFFFFE or a fault handler",
	 STATUS_OK, fault},
	{CAUSE_BAD_IMAGE, -8, "there is no program that could run",
	 "nothing is locked: write firmware",
	 "read the first eight bytes of flash: a RAM address and an odd flash address belong there",
	 STATUS_OK, bad_image},
	{CAUSE_COUNT, 0, NULL, NULL, NULL, STATUS_OK, NULL},
};
