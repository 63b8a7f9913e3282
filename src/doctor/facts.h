/*
 * Facts: yes-or-no readings of the observations that causes weigh. Each may
 * write a detail that stands for "%s" in the evidence's text.
 */
#ifndef REFLASH_DOCTOR_FACTS_H
#define REFLASH_DOCTOR_FACTS_H

#include "doctor/doctor.h"

#define DETAIL_MAX 160
typedef bool (*fact_fn)(const struct observations *o, char detail[DETAIL_MAX]);

/* the probe */
bool fact_no_probe(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_no_permission(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_probe_busy(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_probe_sick(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_probe_old(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_voltage_low(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_voltage_ok(const struct observations *o, char detail[DETAIL_MAX]);
/* the ways in */
bool fact_hot_ok(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_hot_silent(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_hot_wait(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_hot_fault(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_hot_sometimes(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_slow_helps(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_slow_same(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_reset_ok(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_reset_helps(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_reset_silent(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_reset_stays(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_caught(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_caught_only(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_not_caught(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_nrst_not_driven(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_reset_raced(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_dpidr_clone(const struct observations *o, char detail[DETAIL_MAX]);
/* inside */
bool fact_standby_flag(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_watchdog_reset(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_low_power_reset(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_hardware_watchdog(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_rdp(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_wrp(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_option_error(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_flash_unreadable(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_flash_busy(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_blank(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_vectors_bad(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_lockup(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_asleep(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_in_boot_rom(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_in_ram(const struct observations *o, char detail[DETAIL_MAX]);
/* the firmware in its flash: what check says of it */
bool fact_firmware_swj(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_rmw(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_sleeps(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_stops(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_standby(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_watchdog(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_reset_loop(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_options(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_firmware_clear(const struct observations *o, char detail[DETAIL_MAX]);
/* history */
bool fact_last_write_locks(const struct observations *o, char detail[DETAIL_MAX]);
bool fact_worked_before(const struct observations *o, char detail[DETAIL_MAX]);

#endif
