/*
 * ST-LINK/V2, V2-1 and V3: the driver.
 *
 * Left out: V1 (its commands travel in SCSI blocks), JTAG, SWIM, trace.
 * Sources: the public drivers of this protocol; where they differ, the
 * cautious reading is taken (see stlink_mem.c, stlink_speed.c).
 */
#include <stdio.h>
#include <stdlib.h>

#include "probe/stlink.h"

enum { VID_ST = 0x0483 };

static bool stlink_matches(const struct usb_identity *id)
{
	static const uint16_t pids[] = {0x3744, 0x3748, 0x374A, 0x3742, 0x374B, 0x3752, 0x374D,
					0x374E, 0x374F, 0x3753, 0x3754, 0x3755, 0x3757};

	for (size_t i = 0; i < sizeof pids / sizeof pids[0]; i++)
		if (id->vid == VID_ST && id->pid == pids[i])
			return true;
	return false;
}

/* ---- version and features ------------------------------------------------------- */

/* First JTAG firmware number that has the feature; V3 has all of these. */
static const uint8_t first_firmware[STLINK_FEATURES] = {
	[STLINK_VOLTAGE] = 13, [STLINK_RWSTATUS2] = 15, [STLINK_SWD_FREQ] = 22,
	[STLINK_DAP_REG] = 24, [STLINK_MEM16] = 26,     [STLINK_INIT_AP] = 28,
};

static void set_features(struct probe *p)
{
	for (unsigned f = 0; f < STLINK_FEATURES; f++)
		stlink_of(p)->has[f] =
			p->version.hardware >= 3 || p->version.jtag >= first_firmware[f];
}

static enum status query(struct probe *p, uint8_t op, uint8_t *reply, size_t len, struct err *err)
{
	size_t got = 0;
	enum status s = stlink_raw(p, &op, 1, USB_IN, reply, len, &got, err);

	if (s == STATUS_OK && got < len)
		return err_set(err, STATUS_IO, "the probe's reply to 0x%02X has %zu bytes, not %zu",
			       op, got, len);
	return s;
}

/* V2-1 firmware for STM8 only has its JTAG and SWIM numbers the other way
 * round; it cannot debug an STM32. */
static bool is_swim_only(uint16_t pid, unsigned x, unsigned y)
{
	return (pid == 0x374B || pid == 0x3752) &&
	       ((x <= 22 && y == 7) || (x >= 25 && y >= 7 && y <= 12));
}

/*
 *   15..12     11..6     5..0
 *   hardware   JTAG/SWD  SWIM or mass storage       big-endian
 */
static enum status read_version(struct probe *p, struct err *err)
{
	struct probe_version *v = &p->version;
	bool boards = p->wire->id.pid != 0x3748;
	uint8_t r[12];
	enum status s = query(p, 0xF1, r, 6, err);

	if (s != STATUS_OK)
		return s;
	v->hardware = get_be16(r) >> 12;
	v->jtag = get_be16(r) >> 6 & 0x3F;
	v->swim = get_be16(r) & 0x3F;
	if (v->hardware >= 3) {
		s = query(p, 0xFB, r, 12, err);
		if (s != STATUS_OK)
			return s;
		v->hardware = r[0];
		v->swim = r[1];
		v->jtag = r[2];
		boards = true;
	} else if (is_swim_only(p->wire->id.pid, v->jtag, v->swim)) {
		v->jtag = 0;
	}
	snprintf(v->text, sizeof v->text, "V%uJ%u%c%u", v->hardware, v->jtag, boards ? 'M' : 'S',
		 v->hardware >= 3 ? r[3] : v->swim);
	return STATUS_OK;
}

static enum status check_version(struct probe *p, struct err *err)
{
	if (p->version.hardware < 2) {
		err_set(err, STATUS_UNSUPPORTED, "ST-LINK/V1 is not supported");
		err_next(err, "use an ST-LINK/V2 or later");
		return STATUS_UNSUPPORTED;
	}
	if (p->version.jtag == 0) {
		err_set(err, STATUS_UNSUPPORTED,
			"this ST-LINK's firmware (%s) has no SWD, only SWIM", p->version.text);
		err_next(err, "put a JTAG/SWD firmware on it with ST's update program");
		return STATUS_UNSUPPORTED;
	}
	return STATUS_OK;
}

/* ---- modes ------------------------------------------------------------------------ */

enum { MODE_DFU, MODE_MASS, MODE_DEBUG, MODE_SWIM, MODE_BOOTLOADER };

static enum status current_mode(struct probe *p, unsigned *mode, struct err *err)
{
	uint8_t r[2];
	enum status s = query(p, 0xF5, r, sizeof r, err);

	if (s == STATUS_OK)
		*mode = r[0];
	return s;
}

/* None of these has a reply. */
static enum status leave_mode(struct probe *p, unsigned mode, struct err *err)
{
	static const uint8_t leave[][2] = {
		[MODE_DFU] = {0xF3, 0x07}, [MODE_DEBUG] = {0xF2, 0x21}, [MODE_SWIM] = {0xF4, 0x01}};
	size_t got;

	if (mode == MODE_MASS || mode > MODE_SWIM)
		return STATUS_OK;
	return stlink_raw(p, leave[mode], 2, USB_NONE, NULL, 0, &got, err);
}

static enum status to_neutral(struct probe *p, struct err *err)
{
	unsigned mode = 0;
	enum status s = current_mode(p, &mode, err);

	if (s != STATUS_OK)
		return s;
	s = leave_mode(p, mode, err);
	if (s == STATUS_OK && mode == MODE_DFU)
		s = current_mode(p, &mode, err);
	if (s == STATUS_OK && (mode == MODE_DFU || mode == MODE_BOOTLOADER)) {
		err_set(err, STATUS_FAILED, "the probe stays in its firmware updater");
		err_next(err, "unplug the probe and plug it in again");
		return STATUS_FAILED;
	}
	return s;
}

static enum status greet(struct probe *p, struct err *err)
{
	enum status s = read_version(p, err);

	if (s == STATUS_OK)
		s = check_version(p, err);
	if (s != STATUS_OK)
		return s;
	set_features(p);
	return to_neutral(p, err);
}

/* A client that died half-way leaves a reply in the probe, and the first
 * exchange of the next one fails: a USB reset makes it good. */
static enum status greet_again(struct probe *p, struct err *first, struct err *err)
{
	enum { SETTLE_US = 200000 };

	if (!p->wire->ops->reset || p->wire->ops->reset(p->wire, NULL) != STATUS_OK) {
		if (err && err->status == STATUS_OK)
			*err = *first;
		return first->status;
	}
	log_line(p->log, LOG_VERBOSE, "the probe did not answer well (%s): USB reset", first->what);
	probe_sleep_us(p, SETTLE_US);
	p->lost = false;
	return greet(p, err);
}

static enum status stlink_open(struct probe *p, struct err *err)
{
	struct err first = ERR_INIT;
	enum status s;

	p->state = calloc(1, sizeof(struct stlink));
	if (!p->state)
		return err_set(err, STATUS_NO_MEMORY, "out of memory");
	s = greet(p, &first);
	if (s == STATUS_IO || s == STATUS_PROBE_LOST)
		s = greet_again(p, &first, err);
	else if (s != STATUS_OK && err && err->status == STATUS_OK)
		*err = first;
	if (s != STATUS_OK) {
		free(p->state);
		p->state = NULL;
	}
	return s;
}

/* ---- the target's pins ------------------------------------------------------------ */

static enum status stlink_drive_nrst(struct probe *p, bool low, struct err *err)
{
	uint8_t command[] = {0x3C, low ? 0 : 1}, reply[2];
	struct stlink *st = stlink_of(p);
	enum status s;

	if (!low && st->nrst_free)
		return STATUS_OK;
	st->nrst_free = false;
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s != STATUS_OK)
		return s;
	st->nrst_low = low;
	st->nrst_free = !low;
	return s;
}

static enum status stlink_voltage(struct probe *p, unsigned *millivolt, struct err *err)
{
	uint8_t r[8];
	enum status s;

	if (!stlink_of(p)->has[STLINK_VOLTAGE])
		return err_set(err, STATUS_UNSUPPORTED,
			       "probe firmware %s cannot measure the voltage", p->version.text);
	s = query(p, 0xF7, r, sizeof r, err);
	if (s != STATUS_OK)
		return s;
	/* twice the 1.2-V reference, scaled: the pin is seen through a halving divider */
	uint32_t reference = get_le32(r);

	*millivolt = reference ? (unsigned)(2400ull * get_le32(r + 4) / reference) : 0;
	return STATUS_OK;
}

/* ---- SWD --------------------------------------------------------------------------- */

static enum status stlink_enter_swd(struct probe *p, struct err *err)
{
	static const uint8_t command[] = {0x30, 0xA3};
	uint8_t reply[2];

	stlink_of(p)->debug_mode = true;
	stlink_of(p)->open_aps = 0;
	return stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
}

static enum status stlink_leave(struct probe *p, struct err *err)
{
	stlink_of(p)->debug_mode = stlink_of(p)->nrst_free = false;
	stlink_of(p)->open_aps = 0;
	return leave_mode(p, MODE_DEBUG, err);
}

static enum status stlink_read_dpidr(struct probe *p, uint32_t *dpidr, struct err *err)
{
	static const uint8_t command[] = {0x31};
	uint8_t reply[12];
	enum status s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);

	if (s == STATUS_OK)
		*dpidr = get_le32(reply + 4);
	return s;
}

static enum status stlink_read_word(struct probe *p, uint32_t address, uint32_t *value,
				    struct err *err)
{
	uint8_t command[5] = {0x36}, reply[8];
	enum status s;

	put_le32(command + 1, address);
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_OK)
		*value = get_le32(reply + 4);
	else if (s == STATUS_TARGET_FAULT)
		err_at(err, address);
	return s;
}

static enum status stlink_write_word(struct probe *p, uint32_t address, uint32_t value,
				     struct err *err)
{
	uint8_t command[9] = {0x35}, reply[2];
	enum status s;

	put_le32(command + 1, address);
	put_le32(command + 5, value);
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_TARGET_FAULT)
		err_at(err, address);
	return s;
}

/* ---- DAP registers ------------------------------------------------------------------ */

enum { DP_PORT = 0xFFFF };

static enum status open_ap(struct probe *p, uint16_t ap, struct err *err)
{
	struct stlink *st = stlink_of(p);
	uint8_t command[] = {0x4B, (uint8_t)ap, 0}, reply[2];
	enum status s;

	if (!st->has[STLINK_DAP_REG])
		return err_set(err, STATUS_UNSUPPORTED,
			       "probe firmware %s has no access to DAP registers", p->version.text);
	if (ap == DP_PORT || !st->has[STLINK_INIT_AP] || (ap < 32 && st->open_aps >> ap & 1))
		return STATUS_OK;
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_OK && ap < 32)
		st->open_aps |= 1u << ap;
	return s;
}

static enum status stlink_dap_read(struct probe *p, uint16_t ap, uint8_t reg, uint32_t *value,
				   struct err *err)
{
	uint8_t command[5] = {0x45}, reply[8];
	enum status s = open_ap(p, ap, err);

	if (s != STATUS_OK)
		return s;
	put_le16(command + 1, ap);
	put_le16(command + 3, reg);
	s = stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
	if (s == STATUS_OK)
		*value = get_le32(reply + 4);
	return s;
}

static enum status stlink_dap_write(struct probe *p, uint16_t ap, uint8_t reg, uint32_t value,
				    struct err *err)
{
	uint8_t command[9] = {0x46}, reply[2];
	enum status s = open_ap(p, ap, err);

	if (s != STATUS_OK)
		return s;
	put_le16(command + 1, ap);
	put_le16(command + 3, reg);
	put_le32(command + 5, value);
	return stlink_debug(p, command, sizeof command, reply, sizeof reply, err);
}

/* ---- letting go ---------------------------------------------------------------------- */

/* A probe that failed may still hold NRST low: start it afresh and let go. */
static void revive(struct probe *p)
{
	if (!p->wire->ops->reset || p->wire->ops->reset(p->wire, NULL) != STATUS_OK)
		return;
	p->lost = false;
	if (to_neutral(p, NULL) != STATUS_OK)
		p->lost = true;
}

static void stlink_close(struct probe *p)
{
	struct stlink *st = stlink_of(p);

	if (p->lost)
		revive(p);
	/* best effort: nobody is left to be told */
	if (!p->lost && st->nrst_low)
		(void)!stlink_drive_nrst(p, false, NULL);
	if (!p->lost && st->debug_mode)
		(void)!stlink_leave(p, NULL);
	free(st);
	p->state = NULL;
}

const struct probe_ops stlink_ops = {
	.name = "ST-LINK",
	.matches = stlink_matches,
	.open = stlink_open,
	.close = stlink_close,
	.voltage = stlink_voltage,
	.set_speed = stlink_set_speed,
	.enter_swd = stlink_enter_swd,
	.leave = stlink_leave,
	.read_dpidr = stlink_read_dpidr,
	.drive_nrst = stlink_drive_nrst,
	.read_word = stlink_read_word,
	.write_word = stlink_write_word,
	.read = stlink_read,
	.write = stlink_write,
	.dap_read = stlink_dap_read,
	.dap_write = stlink_dap_write,
};
