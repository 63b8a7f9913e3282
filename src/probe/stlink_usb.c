/*
 * ST-LINK: the command layer. One exchange, the status byte and what it means.
 *
 * A wire that failed once is not used again: a reply that comes late would be
 * taken for the next command's. The next open starts it afresh.
 */
#include <stdio.h>
#include <string.h>

#include "probe/stlink.h"

struct meaning {
	uint8_t code;
	enum status status;
	const char *text;
};

static const struct meaning meanings[] = {
	{0x01, STATUS_FAILED, "unknown error in the probe"},
	{0x02, STATUS_FAILED, "SPI error in the probe"},
	{0x03, STATUS_FAILED, "DMA error in the probe"},
	{0x04, STATUS_NO_ANSWER, "unknown JTAG chain"},
	{0x05, STATUS_NO_ANSWER, "no device connected"},
	{0x06, STATUS_FAILED, "internal error in the probe"},
	{0x07, STATUS_FAILED, "the probe is still busy with a command"},
	{0x08, STATUS_FAILED, "the probe refused the command"},
	{0x09, STATUS_NO_ANSWER, "the debug port's IDCODE cannot be read"},
	{0x0A, STATUS_FAILED, "address not aligned"},
	{0x0B, STATUS_NO_ANSWER, "debug power-up was not acknowledged"},
	{0x0C, STATUS_TARGET_FAULT, "write error"},
	{0x0E, STATUS_FAILED, "the probe is open in another mode"},
	{0x10, STATUS_TARGET_WAIT, "the bus answers WAIT"},
	{0x11, STATUS_TARGET_FAULT, "the bus refused the access"},
	{0x12, STATUS_TARGET_FAULT, "access port error"},
	{0x13, STATUS_TARGET_FAULT, "access port parity error"},
	{0x14, STATUS_TARGET_WAIT, "the debug port answers WAIT"},
	{0x15, STATUS_TARGET_FAULT, "debug port fault"},
	{0x16, STATUS_NO_ANSWER, "debug port error"},
	{0x17, STATUS_TARGET_FAULT, "debug port parity error"},
	{0x18, STATUS_TARGET_FAULT, "write data error at the access port"},
	{0x19, STATUS_TARGET_FAULT, "sticky error at the access port"},
	{0x1A, STATUS_TARGET_FAULT, "sticky overrun at the access port"},
	{0x1D, STATUS_TARGET_FAULT, "no such access port"},
	{0x41, STATUS_UNSUPPORTED, "the probe does not have this speed"},
	{0x42, STATUS_UNSUPPORTED, "the probe's firmware does not know this command"},
	{0x81, STATUS_TARGET_FAULT, "fault response on SWD"},
};

enum status stlink_status(uint8_t code, const char *doing, struct err *err)
{
	enum { WRITE_VERIFY = 0x0D };

	/* 0x0D comes for registers that do not read back what was written
	 * (keys, write-1-to-clear bits): the write itself was done. */
	if (code == STLINK_OK || code == WRITE_VERIFY)
		return STATUS_OK;
	for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++) {
		if (meanings[i].code != code)
			continue;
		if (err && err->status == STATUS_OK)
			err->raw = code;
		return err_set(err, meanings[i].status, "%s: %s (ST-LINK status 0x%02X)", doing,
			       meanings[i].text, code);
	}
	if (err && err->status == STATUS_OK)
		err->raw = code;
	return err_set(err, STATUS_FAILED, "%s: the probe answered 0x%02X, which is not known",
		       doing, code);
}

bool stlink_pause(struct probe *p, unsigned n)
{
	enum { TRIES = 8, FIRST_US = 100 }; /* 25 ms in all */

	if (p->hurry || n >= TRIES)
		return false;
	probe_sleep_us(p, (uint64_t)FIRST_US << n);
	return true;
}

enum status stlink_raw(struct probe *p, const uint8_t *command, size_t command_len,
		       enum usb_direction direction, uint8_t *data, size_t len, size_t *got,
		       struct err *err)
{
	uint8_t block[STLINK_BLOCK] = {0};
	struct usb_exchange x = {.command = block, .command_len = sizeof block,
				 .direction = direction, .data = data, .len = len,
				 .timeout_ms = STLINK_TIMEOUT_MS};
	struct err why = ERR_INIT;
	enum status s;

	if (p->lost)
		return err_set(err, STATUS_PROBE_LOST, "%s", p->lost_why);
	memcpy(block, command, command_len);
	s = usb_exchange(p->wire, &x, &why);
	if (s == STATUS_TIMEOUT)
		s = STATUS_PROBE_LOST;
	if (s != STATUS_OK) {
		p->lost = true;
		snprintf(p->lost_why, sizeof p->lost_why, "%s", why.what);
		why.status = s;
		if (err && err->status == STATUS_OK)
			*err = why;
		return s;
	}
	*got = x.got;
	return STATUS_OK;
}

/* What a debug command was for, in error texts. */
static const char *command_name(uint8_t op, char *room, size_t size)
{
	static const struct {
		uint8_t op;
		const char *name;
	} names[] = {
		{0x30, "entering SWD"}, {0x31, "reading DPIDR"}, {0x33, "reading a core register"},
		{0x34, "writing a core register"}, {0x35, "writing a word"},
		{0x36, "reading a word"}, {0x3C, "driving NRST"}, {0x43, "setting the speed"},
		{0x45, "reading a DAP register"}, {0x46, "writing a DAP register"},
		{0x4B, "opening the access port"}, {0x61, "setting the speed"},
		{0x62, "asking for speeds"},
	};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (names[i].op == op)
			return names[i].name;
	snprintf(room, size, "command 0x%02X", op);
	return room;
}

/* A busy bus may answer WAIT once and then FAULT before it answers well (seen
 * on V3): FAULT right after WAIT is one more WAIT. */
static bool worth_retrying(uint8_t code, uint8_t previous)
{
	return stlink_is_wait(code) || (code == STLINK_AP_FAULT && previous == STLINK_AP_WAIT);
}

enum status stlink_debug(struct probe *p, const uint8_t *args, size_t args_len, uint8_t *reply,
			 size_t len, struct err *err)
{
	uint8_t block[STLINK_BLOCK] = {0xF2};
	uint8_t previous = 0;
	char room[24];
	size_t got = 0;

	memcpy(block + 1, args, args_len);
	for (unsigned n = 0;; n++) {
		enum status s = stlink_raw(p, block, 1 + args_len, USB_IN, reply, len, &got, err);

		if (s != STATUS_OK)
			return s;
		if (got == 0 || !worth_retrying(reply[0], previous) || !stlink_pause(p, n))
			break;
		previous = reply[0];
	}
	const char *name = command_name(args[0], room, sizeof room);

	if (got == 0)
		return err_set(err, STATUS_IO, "%s: the probe's reply is empty", name);
	enum status s = stlink_status(reply[0], name, err);

	if (s == STATUS_OK && got < len)
		return err_set(err, STATUS_IO, "%s: the probe's reply has %zu bytes, not %zu", name,
			       got, len);
	return s;
}
