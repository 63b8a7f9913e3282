/*
 * The core: halt, run, registers, reset. Through the debug registers of the
 * SCS (DDI 0403 C1.6) and nothing that is a probe's own.
 */
#include "target/target_internal.h"

enum { WAIT_US = 100000 };

static enum status dhcsr(struct target *t, uint32_t control, struct err *err)
{
	t->debugging = true;
	return target_write32(t, REG_DHCSR, DHCSR_KEY | control, err);
}

enum status target_halt(struct target *t, struct err *err)
{
	uint32_t seen = 0;
	enum status s = dhcsr(t, DHCSR_C_DEBUGEN | DHCSR_C_HALT, err);

	return s == STATUS_OK ? wait_dhcsr(t->probe, true, false, WAIT_US, &seen, err) : s;
}

enum status target_run(struct target *t, struct err *err)
{
	return dhcsr(t, DHCSR_C_DEBUGEN, err);
}

enum status target_run_masked(struct target *t, struct err *err)
{
	/* C_MASKINTS may only change while halted with C_HALT set */
	enum status s = dhcsr(t, DHCSR_C_DEBUGEN | DHCSR_C_HALT | DHCSR_C_MASKINTS, err);

	return s == STATUS_OK ? dhcsr(t, DHCSR_C_DEBUGEN | DHCSR_C_MASKINTS, err) : s;
}

enum status target_catch_faults(struct target *t, struct err *err)
{
	t->catching = true;
	return target_write32(t, REG_DEMCR, DEMCR_VC_CORERESET | DEMCR_VC_HARDERR, err);
}

enum status target_core_state(struct target *t, struct target_core_state *state, struct err *err)
{
	uint32_t v = 0;
	enum status s = target_read32(t, REG_DHCSR, &v, err);

	if (s != STATUS_OK)
		return s;
	*state = (struct target_core_state){
		.halted = v & DHCSR_S_HALT,
		.locked_up = v & DHCSR_S_LOCKUP,
		.was_reset = v & DHCSR_S_RESET_ST,
		.asleep = v & DHCSR_S_SLEEP,
	};
	return STATUS_OK;
}

enum status target_is_halted(struct target *t, bool *halted, struct err *err)
{
	struct target_core_state state;
	enum status s = target_core_state(t, &state, err);

	if (s == STATUS_OK)
		*halted = state.halted;
	return s;
}

enum status target_wait_halt(struct target *t, uint64_t timeout_us, struct err *err)
{
	uint32_t seen = 0;

	return wait_dhcsr(t->probe, true, false, timeout_us, &seen, err);
}

/* A transfer through DCRSR takes a few cycles, far less than one exchange over
 * USB; what is read is waited for all the same. */
static enum status wait_register(struct target *t, struct err *err)
{
	uint64_t start = target_now_us(t);
	uint32_t v = 0;

	do {
		enum status s = target_read32(t, REG_DHCSR, &v, err);

		if (s != STATUS_OK)
			return s;
		if (v & DHCSR_S_REGRDY)
			return STATUS_OK;
	} while (target_now_us(t) - start < WAIT_US);
	return err_set(err, STATUS_TIMEOUT,
		       "the core does not hand out its registers: it is not halted");
}

enum status target_read_reg(struct target *t, unsigned n, uint32_t *v, struct err *err)
{
	enum status s = target_write32(t, REG_DCRSR, n, err);

	if (s == STATUS_OK)
		s = wait_register(t, err);
	return s == STATUS_OK ? target_read32(t, REG_DCRDR, v, err) : s;
}

enum status target_write_reg(struct target *t, unsigned n, uint32_t v, struct err *err)
{
	enum status s = target_write32(t, REG_DCRDR, v, err);

	return s == STATUS_OK ? target_write32(t, REG_DCRSR, DCRSR_WRITE | n, err) : s;
}

/* The write itself may be answered with an error: the bus is reset under it. */
enum status system_reset(struct probe *p, uint32_t demcr, struct err *err)
{
	bool halt = demcr & DEMCR_VC_CORERESET;
	uint32_t seen = 0, v = 0;
	/* clears what earlier resets left in S_RESET_ST */
	enum status s = p->ops->read_word(p, REG_DHCSR, &v, err);

	if (s == STATUS_OK && halt && !(v & DHCSR_S_HALT))
		s = p->ops->write_word(p, REG_DHCSR, DHCSR_KEY | DHCSR_C_DEBUGEN | DHCSR_C_HALT,
				       err);
	if (s == STATUS_OK)
		s = p->ops->write_word(p, REG_DEMCR, demcr, err);
	if (s != STATUS_OK)
		return s;
	(void)!p->ops->write_word(p, REG_AIRCR, AIRCR_SYSRESETREQ, NULL);
	if (p->lost)
		return err_set(err, STATUS_PROBE_LOST,
			       "the probe stopped answering during a reset");
	return wait_dhcsr(p, halt, true, WAIT_US, &seen, err);
}

static enum status reset_with(struct target *t, uint32_t demcr, struct err *err)
{
	struct err detail = ERR_INIT;
	enum status s = system_reset(t->probe, demcr, &detail);

	t->debugging = true;
	t->catching = demcr != 0;
	/* Firmware that is let run may take the port away before it is looked at:
	 * what was asked for is done all the same. */
	if (s == STATUS_TIMEOUT && !(demcr & DEMCR_VC_CORERESET))
		return STATUS_OK;
	if (s != STATUS_OK && err && err->status == STATUS_OK)
		*err = detail;
	return s;
}

enum status target_reset(struct target *t, bool halt, struct err *err)
{
	enum status s = reset_with(t, halt ? DEMCR_VC_CORERESET : 0, err);

	if (s == STATUS_OK && halt)
		return target_write32(t, REG_DEMCR, 0, err);
	/* C_HALT may outlive the reset; the port may be gone by now */
	if (!halt && !t->probe->lost)
		(void)!target_run(t, NULL);
	return s;
}

enum status target_start(struct target *t, struct err *err)
{
	enum status s = reset_with(t, 0, err);

	target_close(t, false);
	return s;
}

enum status target_reset_caught(struct target *t, struct err *err)
{
	return reset_with(t, DEMCR_VC_CORERESET | DEMCR_VC_HARDERR, err);
}
