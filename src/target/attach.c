/*
 * Attaching and letting go, whatever the way.
 *
 * On attach DBGMCU_CR's debug bits are set (sleep, stop, standby, both
 * watchdogs frozen while halted): they survive every reset but power-on and
 * keep the chip attachable.
 */
#include <stdlib.h>

#include "target/target_internal.h"

/* DBGMCU_CR by core: where it is, and the bits that keep a debugger in. */
struct dbgmcu_row {
	uint16_t part; /* CPUID[15:4] */
	uint32_t address, bits;
};

static const struct dbgmcu_row dbgmcu_rows[] = {
	{0xC23, 0xE0042004, 0x307}, /* Cortex-M3 (F1): both watchdog freezes are in CR */
	{0xC24, 0xE0042004, 0x007}, /* Cortex-M4 */
	{0xC27, 0xE0042004, 0x007}, /* Cortex-M7 */
	{0xC20, 0x40015804, 0x006}, /* Cortex-M0, clock-gated: may not take */
	{0xC60, 0x40015804, 0x006}, /* Cortex-M0+ */
};

/* Not being able to is no reason to fail: the chip answers now. */
static void set_dbgmcu(struct target *t)
{
	uint32_t before = 0;

	for (size_t i = 0; i < sizeof dbgmcu_rows / sizeof dbgmcu_rows[0]; i++) {
		const struct dbgmcu_row *row = &dbgmcu_rows[i];

		if (row->part != (t->cpuid >> 4 & 0xFFF))
			continue;
		if (t->probe->ops->read_word(t->probe, row->address, &before, NULL) != STATUS_OK)
			return;
		if ((before & row->bits) == row->bits)
			return;
		if (t->probe->ops->write_word(t->probe, row->address, before | row->bits, NULL) !=
		    STATUS_OK)
			return;
		t->dbgmcu_changed = true;
		t->dbgmcu_address = row->address;
		t->dbgmcu_before = before;
	}
}

static enum status finish(struct probe *p, const struct target_options *opt,
			  struct target_attempt *a, struct target **out, struct err *err)
{
	struct target *t = calloc(1, sizeof *t);

	if (!t)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	t->probe = p;
	t->log = opt->log;
	t->cpuid = a->cpuid;
	t->dpidr = a->dpidr;
	t->leave_no_trace = opt->leave_no_trace;
	t->debugging = a->dhcsr & DHCSR_C_DEBUGEN;
	a->locked_up = a->dhcsr & DHCSR_S_LOCKUP;
	set_dbgmcu(t);
	if (a->halted && !opt->halt) {
		enum status s = target_run(t, err);

		if (s != STATUS_OK) {
			free(t);
			return s;
		}
	}
	*out = t;
	return STATUS_OK;
}

/* After a failed attempt nothing stays half-done: NRST is released. */
static void give_up(struct probe *p, enum target_way way)
{
	if (way == WAY_UNDER_RESET && !p->lost)
		(void)!p->ops->drive_nrst(p, false, NULL);
}

enum status target_attach(struct probe *p, enum target_way way, const struct target_options *opt,
			  struct target_attempt *attempt, struct target **out, struct err *err)
{
	struct target_attempt a = {.way = way};
	uint64_t start = probe_now_us(p);
	enum status s = target_way_row(way)->attach(p, opt, &a, &a.err);

	if (s != STATUS_OK)
		give_up(p, way);
	else
		s = finish(p, opt, &a, out, &a.err);
	a.status = s;
	a.raw = a.err.raw;
	a.took_us = probe_now_us(p) - start;
	if (s != STATUS_OK && err && err->status == STATUS_OK)
		*err = a.err;
	log_line(opt->log, LOG_VERBOSE, "attach %s: %s%s%s (%u us)", target_way_name(way),
		 s == STATUS_OK ? "ok" : "failed, ", s == STATUS_OK ? "" : a.err.what,
		 way == WAY_UNDER_RESET && s == STATUS_OK && !a.reset_seen ? ", NRST unproven" : "",
		 (unsigned)a.took_us);
	if (attempt)
		*attempt = a;
	return s;
}

enum status target_attach_any(struct probe *p, const struct target_options *opt,
			      enum target_way *used, struct target **out, struct err *err)
{
	struct target_attempt plain, reset;
	enum target_way way = WAY_PLAIN;
	enum status s = target_attach(p, WAY_PLAIN, opt, &plain, out, NULL);

	if (s != STATUS_OK && !p->lost) {
		way = WAY_UNDER_RESET;
		s = target_attach(p, WAY_UNDER_RESET, opt, &reset, out, NULL);
	}
	if (s == STATUS_OK) {
		if (used)
			*used = way;
		return s;
	}
	if (err && err->status == STATUS_OK) {
		*err = plain.err;
		if (way == WAY_UNDER_RESET)
			err_tried(err, "plain at %u kHz, then under reset (%s)", p->speed_khz,
				  reset.err.what);
		else
			err_tried(err, "plain");
	}
	/* the probe was lost on the second way: that is what the person must mend */
	if (p->lost && way == WAY_UNDER_RESET && err)
		*err = reset.err;
	return p->lost ? s : plain.status;
}

void target_close(struct target *t, bool leave_halted)
{
	struct probe *p;

	if (!t)
		return;
	p = t->probe;
	/* best effort: the probe may be gone, and nobody is left to be told */
	if (!p->lost && t->leave_no_trace && t->dbgmcu_changed)
		(void)!p->ops->write_word(p, t->dbgmcu_address, t->dbgmcu_before, NULL);
	if (!p->lost && !leave_halted && t->catching)
		(void)!p->ops->write_word(p, REG_DEMCR, 0, NULL);
	if (!p->lost && !leave_halted && t->debugging)
		(void)!p->ops->write_word(p, REG_DHCSR, DHCSR_KEY, NULL);
	free(t);
}

struct probe *target_probe(struct target *t)
{
	return t->probe;
}
