/*
 * ST-LINK commands that deal with the core: registers, run control, reset, and
 * single debug words. Generation 1 commands answer without a useful status;
 * generation 2 ones put it first. All of it is memory accesses to the System
 * Control Space (DDI 0403 C1.6).
 */
#include "arm/scs.h"
#include "board/stlink_internal.h"

#define DHCSR_KEY 0xA05F0000u
#define DHCSR_DEBUGEN 1u
#define DHCSR_HALT 2u
#define DHCSR_STEP 4u
#define DHCSR_REGRDY (1u << 16)
#define DHCSR_HALTED (1u << 17)
#define DCRSR_WRITE (1u << 16)
#define AIRCR_RESET 0x05FA0004u
#define REGRDY_TRIES 16
#define ALL_REGS 21 /* r0-r15, xPSR, MSP, PSP, two words of special registers */
#define FP_CTRL (FPB_BASE + 0)
#define FP_COMP0 (FPB_BASE + 8)
#define FP_ENABLE 3u

#define V1_RUNNING 0x80
#define V1_HALTED 0x81

/* ---- registers ---------------------------------------------------------------- */

static enum stlink_status wait_regrdy(struct board *b)
{
	uint32_t dhcsr = 0;

	for (unsigned i = 0; i < REGRDY_TRIES; i++) {
		enum stlink_status st = swd_word_read(b, SCS_DHCSR, &dhcsr);

		if (st != ST_OK || dhcsr & DHCSR_REGRDY)
			return st;
	}
	return ST_UNKNOWN;
}

static enum stlink_status reg_read(struct board *b, uint8_t reg, uint32_t *value)
{
	enum stlink_status st = swd_word_write(b, SCS_DCRSR, reg);

	if (st == ST_OK)
		st = wait_regrdy(b);
	return st == ST_OK ? swd_word_read(b, SCS_DCRDR, value) : st;
}

static enum stlink_status reg_write(struct board *b, uint8_t reg, uint32_t value)
{
	enum stlink_status st = swd_word_write(b, SCS_DCRDR, value);

	if (st == ST_OK)
		st = swd_word_write(b, SCS_DCRSR, DCRSR_WRITE | reg);
	return st == ST_OK ? wait_regrdy(b) : st;
}

/* The 21 words from `at` on. The 20th is not a register (ASSUMED 0), the last
 * is CONTROL, FAULTMASK, BASEPRI and PRIMASK. */
static enum stlink_status all_regs(struct board *b, uint8_t *at)
{
	enum stlink_status st = ST_OK;

	memset(at, 0, 4 * ALL_REGS);
	for (uint8_t i = 0; i < ALL_REGS && st == ST_OK; i++) {
		uint32_t value = 0;

		if (i == 19)
			continue;
		st = reg_read(b, i, &value);
		put_le32(at + 4 * i, value);
	}
	return st;
}

void cmd_read_reg(struct board *b, const uint8_t *cmd)
{
	uint32_t value = 0;
	enum stlink_status st = reg_read(b, cmd[2], &value);

	put_le32(b->probe.buffer, 0);
	put_le32(b->probe.buffer + 4, value);
	reply_debug(&b->probe, st, 8);
}

void cmd_write_reg(struct board *b, const uint8_t *cmd)
{
	reply_status(&b->probe, reg_write(b, cmd[2], get_le32(cmd + 3)));
}

void cmd_read_all(struct board *b, const uint8_t *cmd)
{
	enum stlink_status st = all_regs(b, b->probe.buffer + 4);

	(void)cmd;
	put_le32(b->probe.buffer, 0);
	reply_debug(&b->probe, st, 4 + 4 * ALL_REGS);
}

void cmd_v1_read_reg(struct board *b, const uint8_t *cmd)
{
	uint32_t value = 0;

	(void)reg_read(b, cmd[2], &value);
	put_le32(b->probe.buffer, value);
	reply_buffer(&b->probe, 4);
}

void cmd_v1_write_reg(struct board *b, const uint8_t *cmd)
{
	(void)reg_write(b, cmd[2], get_le32(cmd + 3));
	reply_status(&b->probe, ST_OK);
}

void cmd_v1_read_all(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	(void)all_regs(b, b->probe.buffer);
	reply_buffer(&b->probe, 4 * ALL_REGS);
}

/* ---- single debug words ---------------------------------------------------------- */

/* What firmware that always sends eight bytes leaves in the data word. */
static uint32_t left_over(const struct stlink *s)
{
	return s->level >= LAST_WRITTEN_FW ? s->last_written : s->last_address;
}

void cmd_read_debug(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	uint32_t value = 0;
	enum stlink_status st;

	s->last_address = get_le32(cmd + 2);
	st = swd_word_read(b, s->last_address, &value);
	put_le32(s->buffer, 0);
	put_le32(s->buffer + 4, st == ST_OK ? value : left_over(s));
	reply_debug(s, st, 8);
}

static enum stlink_status write_debug(struct board *b, const uint8_t *cmd)
{
	b->probe.last_address = get_le32(cmd + 2);
	b->probe.last_written = get_le32(cmd + 6);
	return swd_word_write(b, b->probe.last_address, b->probe.last_written);
}

void cmd_write_debug(struct board *b, const uint8_t *cmd)
{
	reply_status(&b->probe, write_debug(b, cmd));
}

void cmd_v1_write_debug(struct board *b, const uint8_t *cmd)
{
	(void)write_debug(b, cmd);
	reply_status(&b->probe, ST_OK);
}

/* ---- run control -------------------------------------------------------------------- */

static void set_dhcsr(struct board *b, uint32_t bits)
{
	(void)swd_word_write(b, SCS_DHCSR, DHCSR_KEY | DHCSR_DEBUGEN | bits);
	reply_status(&b->probe, ST_OK);
}

void cmd_v1_halt(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	set_dhcsr(b, DHCSR_HALT);
}

void cmd_v1_run(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	set_dhcsr(b, 0);
}

void cmd_v1_step(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	set_dhcsr(b, DHCSR_STEP);
}

void cmd_v1_status(struct board *b, const uint8_t *cmd)
{
	uint32_t dhcsr = 0;

	(void)cmd;
	(void)swd_word_read(b, SCS_DHCSR, &dhcsr);
	b->probe.buffer[0] = dhcsr & DHCSR_HALTED ? V1_HALTED : V1_RUNNING;
	b->probe.buffer[1] = 0;
	reply_buffer(&b->probe, 2);
}

void cmd_v1_core_id(struct board *b, const uint8_t *cmd)
{
	uint32_t dpidr = 0;

	(void)cmd;
	(void)swd_read_dpidr(b, &dpidr);
	put_le32(b->probe.buffer, dpidr);
	reply_buffer(&b->probe, 4);
}

/* A system reset; the local one, not NRST. */
void cmd_reset_sys(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	(void)cmd;
	s->last_address = SCS_AIRCR;
	s->last_written = AIRCR_RESET;
	reply_status(s, swd_word_write(b, SCS_AIRCR, AIRCR_RESET));
}

/* A flash-patch comparator on an address: index @2, address @3. */
void cmd_v1_set_fp(struct board *b, const uint8_t *cmd)
{
	uint32_t address = get_le32(cmd + 3);
	uint32_t half = address & 2 ? 0x80000000u : 0x40000000u;

	(void)swd_word_write(b, FP_CTRL, FP_ENABLE);
	(void)swd_word_write(b, FP_COMP0 + 4u * cmd[2], half | (address & 0x1FFFFFFCu) | 1u);
	reply_status(&b->probe, ST_OK);
}

void cmd_v1_clear_fp(struct board *b, const uint8_t *cmd)
{
	(void)swd_word_write(b, FP_COMP0 + 4u * cmd[2], 0);
	reply_status(&b->probe, ST_OK);
}
