/*
 * Inside the target room. The debug registers are named here on purpose and
 * not taken from arm/scs.h: the board's side uses that one, and a mistake made
 * once on each side shows.
 *
 * Source: ARM DDI 0403 C1.6 (debug registers), B3.2 (system control), RM0008
 * 31.16 (DBGMCU).
 */
#ifndef REFLASH_TARGET_INTERNAL_H
#define REFLASH_TARGET_INTERNAL_H

#include "target/target.h"

#define REG_CPUID 0xE000ED00u
#define REG_AIRCR 0xE000ED0Cu
#define AIRCR_SYSRESETREQ 0x05FA0004u /* with its key */
#define REG_DFSR 0xE000ED30u
#define REG_DHCSR 0xE000EDF0u
#define DHCSR_KEY 0xA05F0000u
#define DHCSR_C_DEBUGEN (1u << 0)
#define DHCSR_C_HALT (1u << 1)
#define DHCSR_C_MASKINTS (1u << 3)
#define DHCSR_S_REGRDY (1u << 16)
#define DHCSR_S_HALT (1u << 17)
#define DHCSR_S_SLEEP (1u << 18)
#define DHCSR_S_LOCKUP (1u << 19)
#define DHCSR_S_RESET_ST (1u << 25) /* reset since the last read; reading clears it */
#define REG_DCRSR 0xE000EDF4u
#define DCRSR_WRITE (1u << 16)
#define REG_DCRDR 0xE000EDF8u
#define REG_DEMCR 0xE000EDFCu
#define DEMCR_VC_CORERESET (1u << 0)
#define DEMCR_VC_HARDERR (1u << 10)

struct target {
	struct probe *probe;
	const struct log *log;
	uint32_t cpuid, dpidr; /* as the attach saw them */
	bool leave_no_trace;
	bool debugging;         /* C_DEBUGEN is set: to be cleared when letting go */
	bool catching;          /* so is something in DEMCR */
	bool dbgmcu_changed;    /* we set bits in DBGMCU_CR */
	uint32_t dbgmcu_address, dbgmcu_before;
};

/* One way in: what to do until the core answers (and is halted, where the way
 * or the options say so). Fills the attempt as far as it gets. */
struct target_way_row {
	const char *name;
	enum status (*attach)(struct probe *p, const struct target_options *opt,
			      struct target_attempt *attempt, struct err *err);
};

const struct target_way_row *target_way_row(enum target_way way);

/* Shared steps of the ways. */
enum status way_speed(struct probe *p, unsigned khz, struct err *err) MUST_CHECK;
/* Line reset, DPIDR, CPUID. */
enum status way_enter(struct probe *p, struct target_attempt *attempt,
		      struct err *err) MUST_CHECK;
/* Halt and wait for it. */
enum status way_halt(struct probe *p, struct target_attempt *attempt, struct err *err) MUST_CHECK;
/* {enter, DHCSR, DEMCR, DHCSR} at full rate until the core stops or `until_us`
 * comes. Counts into attempt->polls. */
enum status way_race(struct probe *p, const struct target_options *opt, uint64_t until_us,
		     struct target_attempt *attempt, struct err *err) MUST_CHECK;

enum status way_plain(struct probe *p, const struct target_options *opt,
		      struct target_attempt *attempt, struct err *err) MUST_CHECK;
enum status way_slow(struct probe *p, const struct target_options *opt,
		     struct target_attempt *attempt, struct err *err) MUST_CHECK;
enum status way_under_reset(struct probe *p, const struct target_options *opt,
			    struct target_attempt *attempt, struct err *err) MUST_CHECK;
enum status way_catch(struct probe *p, const struct target_options *opt,
		      struct target_attempt *attempt, struct err *err) MUST_CHECK;

/* Poll DHCSR until S_HALT; `want_reset`: a reset must have been seen too.
 * *seen collects every bit read. STATUS_TIMEOUT. Errors while the chip is in
 * reset are waited out. */
enum status wait_dhcsr(struct probe *p, bool want_halt, bool want_reset, uint64_t timeout_us,
		       uint32_t *seen, struct err *err) MUST_CHECK;
/* SYSRESETREQ and wait for it to be over; `demcr` is put into DEMCR and stays
 * there: with DEMCR_VC_CORERESET the core stops at the reset vector. */
enum status system_reset(struct probe *p, uint32_t demcr, struct err *err) MUST_CHECK;

#endif
