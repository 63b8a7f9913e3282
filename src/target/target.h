/*
 * The target over a probe: ADIv5 and Cortex-M, and the ways in. Attaching is a
 * table of ways (target/ways.c), each tried through the same ops, so that
 * diagnose can compare their outcomes and recover can climb them.
 */
#ifndef REFLASH_TARGET_H
#define REFLASH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "probe/probe.h"

struct target; /* an attached target */

/* WAY_UNDER_RESET on a board whose NRST wire drives nothing attaches like
 * WAY_PLAIN; the core is then reset by software instead, and reset_seen in the
 * attempt is false. */
enum target_way {
	WAY_PLAIN,       /* hot: whatever runs keeps running until halted */
	WAY_SLOW,        /* the same at 100 kHz */
	WAY_UNDER_RESET, /* NRST driven by the probe, vector catch, release */
	WAY_CATCH,       /* poll at full rate while a person works RESET or the power */
	WAY_COUNT
};
const char *target_way_name(enum target_way way);

/* What one attempt saw; unknown where a step was not reached. */
struct target_attempt {
	enum target_way way;
	enum status status;
	int raw;             /* probe's code of the failing step */
	bool dp_answers;
	uint32_t dpidr;
	bool ap_answers;
	uint32_t cpuid, dhcsr;
	bool halted;
	bool locked_up;      /* S_LOCKUP: nothing that could run was found */
	bool reset_seen;     /* S_RESET_ST: NRST (or the person's button) reached the chip */
	bool dp_in_reset;    /* WAY_UNDER_RESET: the DP answered while NRST was held low */
	bool raced;          /* WAY_UNDER_RESET: won only after NRST was released */
	uint64_t took_us;
	unsigned polls;      /* WAY_CATCH: attempts made */
	struct err err;
};

struct target_options {
	unsigned speed_khz;        /* 0: 4000 */
	bool halt;                 /* leave the core halted */
	bool leave_no_trace;       /* restore DBGMCU_CR on close */
	uint64_t catch_for_us;     /* WAY_CATCH: how long to poll */
	/* WAY_CATCH: called now and then; false ends the polling. */
	bool (*keep_trying)(void *ctx);
	void *ctx;
	const struct log *log;
};

/* One way in. The attempt is filled on success and failure alike. On success
 * `*out` owns nothing of the probe (probe outlives it); free with target_close. */
enum status target_attach(struct probe *p, enum target_way way, const struct target_options *opt,
			  struct target_attempt *attempt, struct target **out,
			  struct err *err) MUST_CHECK;
/* Plain, then under reset: what write, info, erase ... use. `used` may be NULL. */
enum status target_attach_any(struct probe *p, const struct target_options *opt,
			      enum target_way *used, struct target **out,
			      struct err *err) MUST_CHECK;
/* Let go: the core runs on (unless halted on purpose with `leave_halted`). */
void target_close(struct target *t, bool leave_halted);
struct probe *target_probe(struct target *t);

/* ---- core ------------------------------------------------------------------- */

enum status target_halt(struct target *t, struct err *err) MUST_CHECK;
enum status target_run(struct target *t, struct err *err) MUST_CHECK;
enum status target_is_halted(struct target *t, bool *halted, struct err *err) MUST_CHECK;
/* The same with interrupts masked; the core must be halted. */
enum status target_run_masked(struct target *t, struct err *err) MUST_CHECK;
/* Stop the core on a reset or a hard fault instead of letting it run on. */
enum status target_catch_faults(struct target *t, struct err *err) MUST_CHECK;
struct target_core_state {
	bool halted, locked_up, asleep;
	bool was_reset; /* since the last look */
};
enum status target_core_state(struct target *t, struct target_core_state *state,
			      struct err *err) MUST_CHECK;
/* Wait for halt; STATUS_TIMEOUT after timeout_us. */
enum status target_wait_halt(struct target *t, uint64_t timeout_us, struct err *err) MUST_CHECK;
/* n: 0-15 r0-pc, 16 xPSR, 17 MSP, 18 PSP, 20 CONTROL/FAULTMASK/BASEPRI/PRIMASK. */
enum status target_read_reg(struct target *t, unsigned n, uint32_t *v, struct err *err) MUST_CHECK;
enum status target_write_reg(struct target *t, unsigned n, uint32_t v, struct err *err) MUST_CHECK;
/* SYSRESETREQ; with `halt`, stopped at the reset vector by vector catch. */
enum status target_reset(struct target *t, bool halt, struct err *err) MUST_CHECK;
/* SYSRESETREQ and let go (target_close) at once: the firmware runs undisturbed.
 * Takes t, also on failure. */
enum status target_start(struct target *t, struct err *err) MUST_CHECK;
/* Reset and stopped at the reset vector, with faults caught (target_catch_faults)
 * from then on. */
enum status target_reset_caught(struct target *t, struct err *err) MUST_CHECK;

/* ---- memory -------------------------------------------------------------------- */

enum status target_read32(struct target *t, uint32_t a, uint32_t *v, struct err *err) MUST_CHECK;
enum status target_write32(struct target *t, uint32_t a, uint32_t v, struct err *err) MUST_CHECK;
enum status target_write16(struct target *t, uint32_t a, uint16_t v, struct err *err) MUST_CHECK;
/* Half-word accesses, as flash programming needs; a and len even.
 * STATUS_UNSUPPORTED where the probe has none (ST-LINK firmware before J26). */
enum status target_write_halfwords(struct target *t, uint32_t a, const void *data, size_t len,
				   struct err *err) MUST_CHECK;
/* Any alignment and length. */
enum status target_read(struct target *t, uint32_t a, void *data, size_t len,
			struct err *err) MUST_CHECK;
enum status target_write(struct target *t, uint32_t a, const void *data, size_t len,
			 struct err *err) MUST_CHECK;

static inline uint64_t target_now_us(struct target *t)
{
	return probe_now_us(target_probe(t));
}
static inline void target_sleep_us(struct target *t, uint64_t us)
{
	probe_sleep_us(target_probe(t), us);
}

/* ---- who is it ---------------------------------------------------------------------- */

/* Identity registers as read (0 and `known` false where a read failed). */
struct target_identity {
	uint32_t dpidr, cpuid, idcode, flash_size_word, uid[3];
	uint32_t ap_idr;
	uint8_t rom_pid[8]; /* PIDR0..3, then PIDR4..7 */
	bool idcode_known, flash_size_known, uid_known, rom_known, ap_idr_known;
};
/* What chip it is and which one: DPIDR, CPUID, IDCODE, flash size, UID. The
 * rest stays unknown. */
enum status target_signature(struct target *t, struct target_identity *id,
			     struct err *err) MUST_CHECK;
/* The same and what tells clones: ROM table, AP IDR. */
enum status target_identify(struct target *t, struct target_identity *id,
			    struct err *err) MUST_CHECK;

#endif
