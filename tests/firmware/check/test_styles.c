/*
 * check on many ways of writing the same: styles.c and style_cpp.cpp take SWD
 * away, by a run from reset and, BEHIND a condition that nothing opens, by the
 * sweep alone; style_pins.c shows which pins count; style_objects.c what an object
 * may hold; disguises.c never does; perils.c is what else can go wrong; talks.c lies
 * behind what a device says.
 * Usage: test_styles FOLDER-OF-ELFS SOURCE-FOLDER
 */
#include <stdio.h>
#include <string.h>

#include "form_check.h"

/* A plain run shows it, and the sweep finds it behind the condition. */
static const char *const shown_and_found[] = {
	"asm", "exclusive", "pair", "doubleword", "far_base", "indexed", "bitfield", "union",
	"shadow", "init_struct", "precedence", "summed", "shifted", "computed",
	"register_argument", "masked_field", "ops", "ops_ram", "switched", "table_index",
	"offsets", "script", "variadic", "recursive", "jumped", "ram_code", "two_steps", "pend",
	"task", "dma", "hal", "ll", "spl", "maple", "flags", "negated", "global_set", "callback",
	"toggled", "enum_map", "conditional", "from_clear",
	"clamped", "maple_tail",
};

/* A plain run shows it. */
static const struct form_row shown[] = {
	{"svc", "locks-out", "swj-off"},
	{"timer", "locks-out", "swj-off", 3000},
	{"timeout", "locks-out", "swj-off"},
	{"second_boot", "locks-out", "swj-off"},
	{"dma_later", "locks-out", "swj-off", 100},
	{"pin_map", "locks-out", "swj-off"},
	{"tail", "locks-out", "swj-off"},
	{"clock_between", "may-lock-out", "swj-off",
	 .condition = "if the branch at 0x*"},
	{"capture", "locks-out", "swj-off", .pins = 4}, /* PA15 */
	{"slave", "locks-out", "swj-off", .pins = 28},	/* PA15, PB3, PB4 */
	{"cpp_static", "locks-out", "swj-off"},
	{"cpp_virtual", "locks-out", "swj-off"},
	{"cpp_template", "locks-out", "swj-off"},
	{"cpp_field", "locks-out", "swj-off"},
	{"cpp_lambda", "locks-out", "swj-off"},
	{"cpp_member", "locks-out", "swj-off"},
};

/* Neither. */
static const char *const disguised[] = {
	"clock_off", "clock_later", "clock_gone", "all_ones", "odd_values", "pins_as_outputs",
	"pins_analog", "pins_reset", "cleared", "second_map", "event_output", "clock_output",
	"in_ram", "shadow_kept", "enabled_choice", "switch_other", "pin_other", "table_kept",
	"arm_not_taken", "read_only", "compared", "port_bit", "remaps_masked", "field_kept",
	"keeps_swd", "no_ntrst", "after_end", "data_only", "on_at_once",
};

static const struct form_row perils[] = {
	{"stop_loop", "hazard", "stop"},
	{"stop_event", "hazard", "stop"},
	{"stop_with_debug_bits", "hazard", "stop"},
	{"standby_wakes", "hazard", "standby"},
	{"sleep_on_exit", "hazard", "sleep", 400},
	{"sleep_ticking", "clear", "sleep"},
	{"deep_set_only", "clear", ""},
	{"window_bites", "hazard", "watchdog", 300},
	{"window_fed", "clear", "watchdog"},
	{"iwdg_late", "hazard", "watchdog", 5000},
	{"reset_from_fault", "hazard", "reset-loop"},
	{"reset_core", "hazard", "reset-loop"},
	{"reset_once", "clear", ""},
	{"protect_read", "hazard", "rdp", 200},
	{"protect_erase_only", "hazard", "rdp", 200},
	{"protect_until_stuck", "hazard", "rdp", 200},
	{"protect_pages", "hazard", "wrp", 200},
	{"hardware_watchdog", "hazard", "option-bytes", 200},
	{"user_data", "clear", "option-bytes", 200},
	{"options_unlocked", "clear", ""},
	{"undefined", "unknown", "fault"},
	{"unaligned_word", "unknown", "fault"},
	{"stack_gone", "unknown", "fault"},
	{"locked_up", "unknown", "fault"},
	{"divided", "unknown", "fault"},
	{"rdp_kept", "clear", ""},
	{"options_moved", "clear", ""},
	{"shallow_again", "clear", "sleep"},
	{"standby_unused", "clear", ""},
	{"semihosting", "clear", "fault"},
	{"library_stop", "hazard", "stop"},
	{"library_reset", "hazard", "reset-loop"},
	{"library_watchdog", "clear", "watchdog"},
	{"big_part", "locks-out", "swj-off"},
	{"bigger_part", "locks-out", "swj-off"}, {"big_flash", "locks-out", "swj-off"},
	{"big_ram", "locks-out", "swj-off"},
};

/* Where the helper is a function of its own, its caller gave the value. */
static const struct form_row called_perils[] = {
	{"protect_read", "hazard", "rdp", 200, .marked = "behind_protect_read"},
	{"protect_pages", "hazard", "wrp", 200, .marked = "behind_protect_pages"},
	{"hardware_watchdog", "hazard", "option-bytes", 200, .marked = "behind_hardware_watchdog"},
};

/* The same where only the sweep sees them. */
static const struct form_row swept_perils[] = {
	{"stop_loop_behind", "hazard", "stop", .marked = "stop_loop"},
	{"stop_event_behind", "hazard", "stop", .marked = "behind_stop_event"},
	{"standby_wakes_behind", "hazard", "standby", .marked = "standby_wakes",
	 .condition = "if the branch at 0x*"},
	{"deep_set_only_behind", "clear", ""},
	{"sleep_ticking_behind", "clear", ""},
	{"iwdg_late_behind", "clear", "watchdog", .marked = "iwdg_late"},
	{"protect_read_behind", "hazard", "rdp", .marked = "behind_protect_read",
	 .condition = "if the branch at 0x*"},
	{"protect_erase_only_behind", "hazard", "rdp", .marked = "behind_protect_erase_only"},
	{"protect_until_stuck_behind", "hazard", "rdp", .marked = "behind_protect_until_stuck"},
	{"protect_pages_behind", "hazard", "wrp", .marked = "behind_protect_pages"},
	{"hardware_watchdog_behind", "hazard", "option-bytes", .marked = "behind_hardware_watchdog"},
	{"user_data_behind", "clear", ""},
	{"options_unlocked_behind", "clear", ""},
	{"rdp_kept_behind", "clear", ""},
	{"options_moved_behind", "clear", ""},
	{"shallow_again_behind", "clear", ""},
	{"standby_unused_behind", "clear", ""},
	{"library_stop_behind", "hazard", "stop", .marked = "library_stop"},
	{"library_watchdog_behind", "clear", "watchdog", .marked = "library_watchdog"},
	{"gives_up_behind", "clear", "standby", .marked = "gives_up"},
};

/* Behind the right answer; the same with DECOY keeps SWD. */
static const struct form_row talks[] = {
	{"identity", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x68 answers register 0x75 with 0x71"},
	{"late_identity", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x68 answers register 0x75 with 0x71"},
	{"three_answers", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x76 answers register 0xD0 with 0x58, register 0xF3 with *"},
	{"field", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x1D answers register 0x0D with 0x50"},
	{"two_ids", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x29 answers register 0xC0 with 0xEE"},
	{"flash_id", "may-lock-out", "swj-off",
	 .condition = "if the device on SPI1 answers 0x9F with 0xEF 0x40 0x18"},
	{"register_read", "may-lock-out", "swj-off",
	 .condition = "if the device on SPI1 answers 0x8F with 0xD4 and *"},
	{"window", "may-lock-out", "swj-off", .condition = "if ADC1 channel 3 reads 1*"},
	{"id_then_button", "may-lock-out", "swj-off",
	 .condition = "if I2C1 device 0x68 answers register 0x75 with 0x68 and PA0 reads 0"},
	{"three_presses", "may-lock-out", "swj-off",
	 .condition = "if PA0 reads 0 for a moment, 3 times"},
	{"no_hse", "may-lock-out", "swj-off", .condition = "if the HSE crystal does not start"},
	{"no_lse", "may-lock-out", "swj-off", .condition = "if the LSE crystal does not start"},
};

/* Behind a fault: what lies there is not run in full, so the decoy is no "clear". */
static const struct form_row absent[] = {
	{"external_memory", "may-lock-out", "swj-off",
	 .condition = "if external memory answers at 0x68000000"},
	{"two_absent", "may-lock-out", "swj-off",
	 .condition = "if something answers at 0x50000000 and external memory answers at 0x60000000"},
};

/* Only the sweep comes there; what the object holds decides. */
static const struct form_row objects[] = {
	{"object", "clear", "swj-off"},
	{"object_moved", "may-lock-out", "swj-off"},
	{"object_received", "may-lock-out", "swj-off"},
};

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void check_both(struct form_test *t, const char *form)
{
	static const char *const run_flags[] = {"O0", "Os", "O3", "O2flto"};
	struct form_row row = {form, "locks-out", "swj-off"};
	char behind[64];

	for (size_t k = 0; k < COUNT(run_flags); k++)
		form_check(t, &row, run_flags[k]);
	snprintf(behind, sizeof behind, "%s_behind", form);
	row = (struct form_row){behind, "may-lock-out", "swj-off", .marked = form};
	form_check(t, &row, "O0");
	form_check(t, &row, "O2");
}

/* Without AFIO's clock a store is noted, with its line. */
static void check_disguised(struct form_test *t, const char *form)
{
	struct form_row row = {form, "clear", strncmp(form, "clock_", 6) ? "" : "swj-off"};
	char behind[64];

	if (strcmp(form, "clock_output") == 0)
		row.cause = "";
	form_check(t, &row, "Os");
	row.cause = "";
	snprintf(behind, sizeof behind, "%s_behind", form);
	row.form = behind;
	form_check(t, &row, "O0");
	form_check(t, &row, "O2");
}

static void check_talk(struct form_test *t, const struct form_row *row, const char *without)
{
	struct form_row decoy = {.verdict = without, .cause = ""};
	char name[64];

	form_check(t, row, "O0");
	form_check(t, row, "Os");
	form_check(t, row, "O2flto");
	snprintf(name, sizeof name, "%s_decoy", row->form);
	decoy.form = name;
	form_check(t, &decoy, "Os");
}

int main(int argc, char **argv)
{
	struct form_test t = {0};

	if (argc != 3)
		return 2;
	t.folder = argv[1];
	t.sources = argv[2];
	for (size_t i = 0; i < COUNT(shown_and_found); i++)
		check_both(&t, shown_and_found[i]);
	for (size_t i = 0; i < COUNT(shown); i++)
		form_check(&t, &shown[i], "Os");
	for (size_t i = 0; i < COUNT(disguised); i++)
		check_disguised(&t, disguised[i]);
	for (size_t i = 0; i < COUNT(perils); i++)
		form_check(&t, &perils[i], "Os");
	for (size_t i = 0; i < 2 * COUNT(objects); i++)
		form_check(&t, &objects[i / 2], i % 2 ? "Os" : "O0");
	for (size_t i = 0; i < COUNT(called_perils); i++)
		form_check(&t, &called_perils[i], "O0");
	for (size_t i = 0; i < COUNT(swept_perils); i++) {
		form_check(&t, &swept_perils[i], "O0");
		form_check(&t, &swept_perils[i], "O2");
	}
	for (size_t i = 0; i < COUNT(talks); i++)
		check_talk(&t, &talks[i], "clear");
	for (size_t i = 0; i < COUNT(absent); i++)
		check_talk(&t, &absent[i], "unknown");
	printf("1..%u\n", t.number);
	return t.failures != 0;
}
