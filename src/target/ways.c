/*
 * The ways in, as a table: each row is tried through the same call, so that
 * their outcomes can be compared.
 *
 *   plain        hot: line reset, DPIDR, CPUID; whatever runs keeps running
 *   slow         the same at 100 kHz, for long wires
 *   under reset  NRST low, enter, arm the vector catch, release, wait for halt
 *   catch        all of it again and again while a person works RESET or the power
 *
 * Under reset is held to be proven only by S_RESET_ST: where the RST pin of the
 * probe drives nothing, the same steps succeed or fail exactly as plain does.
 */
#include "target/target_internal.h"

enum { DEFAULT_KHZ = 4000, SLOW_KHZ = 100, HALT_US = 100000 };

static const struct target_way_row rows[WAY_COUNT] = {
	[WAY_PLAIN] = {"plain", way_plain},
	[WAY_SLOW] = {"slow", way_slow},
	[WAY_UNDER_RESET] = {"under reset", way_under_reset},
	[WAY_CATCH] = {"catch", way_catch},
};

const char *target_way_name(enum target_way way)
{
	return way < WAY_COUNT ? rows[way].name : "?";
}

const struct target_way_row *target_way_row(enum target_way way)
{
	return &rows[way];
}

/* ---- shared steps ------------------------------------------------------------------- */

enum status way_speed(struct probe *p, unsigned khz, struct err *err)
{
	unsigned set;

	if (khz == 0)
		khz = DEFAULT_KHZ;
	return p->ops->set_speed(p, khz, &set, err);
}

enum status way_enter(struct probe *p, struct target_attempt *a, struct err *err)
{
	enum status s = p->ops->enter_swd(p, err);

	if (s == STATUS_OK)
		s = p->ops->read_dpidr(p, &a->dpidr, err);
	if (s != STATUS_OK)
		return s;
	a->dp_answers = true;
	s = p->ops->read_word(p, REG_CPUID, &a->cpuid, err);
	if (s == STATUS_OK)
		a->ap_answers = true;
	return s;
}

/* An old or confused probe delivers zeros or left-overs for success: CPUID's
 * implementer byte must be an ARM core's. */
static enum status check_cpuid(const struct target_attempt *a, struct err *err)
{
	if (a->cpuid >> 24 == 0x41)
		return STATUS_OK;
	return err_set(err, STATUS_NO_ANSWER, "CPUID reads 0x%08X, which no ARM core has",
		       a->cpuid);
}

enum status wait_dhcsr(struct probe *p, bool want_halt, bool want_reset, uint64_t timeout_us,
		       uint32_t *seen, struct err *err)
{
	uint64_t start = probe_now_us(p);
	uint32_t v = 0;

	do {
		struct err now = ERR_INIT;

		if (p->ops->read_word(p, REG_DHCSR, &v, &now) == STATUS_OK)
			*seen |= v;
		else if (p->lost)
			return err_set(err, now.status, "%s", now.what);
		else
			v = 0;
		/* a core still in reset has S_RESET_ST set again at once */
		if ((!want_halt || (v & DHCSR_S_HALT)) &&
		    (!want_reset || (*seen & DHCSR_S_RESET_ST)))
			return STATUS_OK;
	} while (probe_now_us(p) - start < timeout_us);
	return err_set(err, STATUS_TIMEOUT,
		       "the core did not %s within %u ms (DHCSR bits seen 0x%08X)",
		       want_halt ? "halt" : "reset", (unsigned)(timeout_us / 1000), *seen);
}

enum status way_halt(struct probe *p, struct target_attempt *a, struct err *err)
{
	enum status s = p->ops->write_word(p, REG_DHCSR, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT,
					   err);

	if (s == STATUS_OK)
		s = wait_dhcsr(p, true, false, HALT_US, &a->dhcsr, err);
	a->halted = s == STATUS_OK;
	return s;
}

/* ---- plain and slow ------------------------------------------------------------------- */

/* A run that died may have left NRST low: let go first. A probe that cannot
 * say so is no reason to fail. */
static enum status hot(struct probe *p, unsigned khz, const struct target_options *opt,
		       struct target_attempt *a, struct err *err)
{
	enum status s = way_speed(p, khz, err);

	if (s != STATUS_OK)
		return s;
	(void)!p->ops->drive_nrst(p, false, NULL);
	s = way_enter(p, a, err);
	if (s == STATUS_OK)
		s = check_cpuid(a, err);
	if (s != STATUS_OK)
		return s;
	if (opt->halt)
		return way_halt(p, a, err);
	s = p->ops->read_word(p, REG_DHCSR, &a->dhcsr, err);
	a->halted = s == STATUS_OK && (a->dhcsr & DHCSR_S_HALT);
	return s;
}

enum status way_plain(struct probe *p, const struct target_options *opt, struct target_attempt *a,
		      struct err *err)
{
	return hot(p, opt->speed_khz, opt, a, err);
}

enum status way_slow(struct probe *p, const struct target_options *opt, struct target_attempt *a,
		     struct err *err)
{
	return hot(p, SLOW_KHZ, opt, a, err);
}

/* ---- racing ------------------------------------------------------------------------------ */

/* One round. Halt comes before the vector catch: after a release it is the halt
 * that must win, while the button is held either order will do. */
static enum status race_once(struct probe *p, struct target_attempt *a)
{
	enum status s = p->ops->enter_swd(p, NULL);

	if (s != STATUS_OK)
		return s;
	a->dp_answers = true;
	s = p->ops->write_word(p, REG_DHCSR, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT, NULL);
	if (s == STATUS_OK)
		s = p->ops->write_word(p, REG_DEMCR, DEMCR_VC_CORERESET, NULL);
	return s;
}

static bool asked_to_stop(const struct target_options *opt, struct probe *p, uint64_t *asked_us)
{
	enum { ASK_EVERY_US = 50000 };
	uint64_t now = probe_now_us(p);

	if (!opt->keep_trying || now - *asked_us < ASK_EVERY_US)
		return false;
	*asked_us = now;
	return !opt->keep_trying(opt->ctx);
}

/* Armed: the core stops as soon as it leaves reset. Ends when it did, when it
 * is lost again, or when time is up. */
static enum status watch_armed(struct probe *p, const struct target_options *opt, uint64_t until_us,
			       uint64_t *asked_us, struct target_attempt *a)
{
	uint32_t v = 0;
	enum status s;

	do {
		s = p->ops->read_word(p, REG_DHCSR, &v, NULL);
		if (s != STATUS_OK)
			return s;
		a->dhcsr |= v;
		if (v & DHCSR_S_RESET_ST)
			a->reset_seen = true;
		if (v & DHCSR_S_HALT) {
			a->halted = true;
			return STATUS_OK;
		}
		/* power was cut in between and C_DEBUGEN with it: arm again */
		if (!(v & DHCSR_C_DEBUGEN))
			return STATUS_NO_ANSWER;
	} while (probe_now_us(p) < until_us && !asked_to_stop(opt, p, asked_us));
	return STATUS_TIMEOUT;
}

static enum status race(struct probe *p, const struct target_options *opt, uint64_t until_us,
			struct target_attempt *a, struct err *err)
{
	uint64_t asked_us = probe_now_us(p);
	enum status s;

	do {
		a->polls++;
		s = race_once(p, a);
		if (s == STATUS_OK)
			s = watch_armed(p, opt, until_us, &asked_us, a);
		if (s == STATUS_OK)
			return STATUS_OK;
		if (p->lost)
			return err_set(err, STATUS_PROBE_LOST, "the probe stopped answering");
		if (asked_to_stop(opt, p, &asked_us))
			return err_set(err, STATUS_INTERRUPTED, "stopped after %u attempts; nothing was changed",
				       a->polls);
	} while (probe_now_us(p) < until_us);
	return err_set(err, STATUS_NO_ANSWER, "the chip was not caught in %u attempts", a->polls);
}

enum status way_race(struct probe *p, const struct target_options *opt, uint64_t until_us,
		     struct target_attempt *a, struct err *err)
{
	enum status s;

	p->hurry = true;
	s = race(p, opt, until_us, a, err);
	p->hurry = false;
	if (s != STATUS_OK)
		return s;
	a->ap_answers = true;
	s = p->ops->read_dpidr(p, &a->dpidr, err);
	if (s == STATUS_OK)
		s = p->ops->read_word(p, REG_CPUID, &a->cpuid, err);
	return s == STATUS_OK ? check_cpuid(a, err) : s;
}

enum status way_catch(struct probe *p, const struct target_options *opt, struct target_attempt *a,
		      struct err *err)
{
	enum status s = way_speed(p, opt->speed_khz, err);

	if (s != STATUS_OK)
		return s;
	(void)!p->ops->drive_nrst(p, false, NULL);
	s = way_race(p, opt, probe_now_us(p) + opt->catch_for_us, a, err);
	if (s == STATUS_NO_ANSWER)
		err_next(err, "hold RESET, start again, and release it when told; or re-plug the "
			      "board's power while this runs");
	return s;
}

/* ---- under reset --------------------------------------------------------------------------- */

/* NRST low. Sent again after ENTER: until then the probe's firmware may not
 * know yet which of its pins to use. */
static enum status enter_in_reset(struct probe *p, struct target_attempt *a, struct err *err)
{
	enum { SETTLE_US = 1000 };
	enum status s = p->ops->drive_nrst(p, true, err);

	if (s != STATUS_OK)
		return s;
	s = p->ops->enter_swd(p, err);
	if (!p->lost)
		(void)!p->ops->drive_nrst(p, true, NULL);
	probe_sleep_us(p, SETTLE_US);
	if (s == STATUS_OK)
		s = p->ops->read_dpidr(p, &a->dpidr, err);
	if (s == STATUS_OK)
		a->dp_answers = a->dp_in_reset = true;
	return s;
}

/* Vector catch and halt, with the core in reset. DHCSR is read twice: the first
 * read clears what an earlier reset left, the second shows this one. */
static enum status arm_in_reset(struct probe *p, struct target_attempt *a, struct err *err)
{
	enum status s = p->ops->write_word(p, REG_DHCSR, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT,
					   err);
	uint32_t v = 0;

	if (s == STATUS_OK)
		s = p->ops->write_word(p, REG_DEMCR, DEMCR_VC_CORERESET, err);
	if (s == STATUS_OK)
		s = p->ops->read_word(p, REG_DHCSR, &v, err);
	if (s == STATUS_OK)
		s = p->ops->read_word(p, REG_DHCSR, &v, err);
	if (s != STATUS_OK)
		return s;
	a->ap_answers = true;
	a->reset_seen = v & DHCSR_S_RESET_ST;
	return STATUS_OK;
}

static enum status release_and_wait(struct probe *p, struct target_attempt *a, struct err *err)
{
	enum status s = p->ops->drive_nrst(p, false, err);

	if (s == STATUS_OK)
		s = wait_dhcsr(p, true, false, HALT_US, &a->dhcsr, err);
	if (s != STATUS_OK)
		return s;
	if (a->dhcsr & DHCSR_S_RESET_ST)
		a->reset_seen = true;
	a->halted = true;
	return p->ops->read_word(p, REG_CPUID, &a->cpuid, err);
}

/* Some parts keep SWD dead while NRST is low, others their AHB-AP: pulse NRST
 * and try to be first after the release. */
static enum status race_release(struct probe *p, const struct target_options *opt,
				struct target_attempt *a, struct err *err)
{
	enum { RACE_US = 60000 };
	enum status s = p->ops->drive_nrst(p, false, err);

	if (s != STATUS_OK)
		return s;
	s = way_race(p, opt, probe_now_us(p) + RACE_US, a, err);
	a->raced = s == STATUS_OK;
	return s;
}

/* Nothing of what was seen proves a reset: the RST wire drives nothing. What
 * was asked for (stopped before the first instruction) can still be had. */
static enum status reset_by_software(struct probe *p, struct err *err)
{
	log_line(p->log, LOG_NORMAL, "NRST does not reach the chip: reset by software instead");
	return system_reset(p, DEMCR_VC_CORERESET, err);
}

enum status way_under_reset(struct probe *p, const struct target_options *opt,
			    struct target_attempt *a, struct err *err)
{
	struct err first = ERR_INIT;
	enum status s = way_speed(p, opt->speed_khz, err);

	if (s != STATUS_OK)
		return s;
	s = enter_in_reset(p, a, &first);
	if (s == STATUS_OK)
		s = arm_in_reset(p, a, &first);
	if (s == STATUS_OK)
		s = release_and_wait(p, a, &first);
	if (s != STATUS_OK && !p->lost) {
		enum status raced = race_release(p, opt, a, NULL);

		if (raced == STATUS_OK || raced == STATUS_INTERRUPTED)
			s = raced;
	}
	if (s != STATUS_OK)
		return err_set(err, s, "%s", first.what[0] ? first.what : "interrupted");
	s = check_cpuid(a, err);
	if (s == STATUS_OK && !a->reset_seen)
		s = reset_by_software(p, err);
	if (s == STATUS_OK)
		s = p->ops->write_word(p, REG_DEMCR, 0, err);
	return s;
}
