/*
 * AN3155: every command is a byte and its complement, every frame ends with
 * the XOR of its bytes (one byte: its complement), every step is answered by
 * 0x79 (yes) or 0x1F (no). Line: 8 data bits, even parity.
 *
 * Left out: write and read-out (un)protect, checksums of newer parts.
 */
#include "target/bootrom.h"

#include <string.h>

enum { YES = 0x79, NO = 0x1F, HELLO = 0x7F, BLOCK = 256 };
enum { GET = 0x00, GET_ID = 0x02, READ = 0x11, GO = 0x21, WRITE = 0x31, ERASE = 0x43, EXTENDED_ERASE = 0x44 };
enum { REPLY_MS = 1000, HELLO_MS = 250, ERASE_MS = 5000 };

static enum status read_bytes(struct bootrom *b, uint8_t *data, size_t len, unsigned ms,
			      struct err *err)
{
	size_t got = 0;
	enum status s = b->wire->ops->read(b->wire, data, len, &got, ms, NULL);

	if (s == STATUS_PROBE_LOST)
		return err_set(err, s, "%s vanished", b->wire->path);
	if (s || got < len)
		return err_set(err, STATUS_NO_ANSWER, "the boot ROM stopped answering on %s",
			       b->wire->path);
	return STATUS_OK;
}

/* The yes or no after a step. */
static enum status expect_yes(struct bootrom *b, unsigned ms, const char *step, struct err *err)
{
	uint8_t reply;
	enum status s = read_bytes(b, &reply, 1, ms, err);

	if (s || reply == YES)
		return s;
	if (reply == NO)
		return err_set(err, STATUS_PROTECTED, "the boot ROM refuses to %s: the chip is protected",
			       step);
	return err_set(err, STATUS_TARGET_FAULT, "the boot ROM answered 0x%02X to %s: noise on the line?",
		       reply, step);
}

static enum status send(struct bootrom *b, const uint8_t *data, size_t len, struct err *err)
{
	return b->wire->ops->write(b->wire, data, len, err);
}

static enum status command(struct bootrom *b, uint8_t code, const char *step, struct err *err)
{
	uint8_t frame[2] = {code, (uint8_t)~code};
	enum status s = send(b, frame, sizeof frame, err);

	return s ? s : expect_yes(b, REPLY_MS, step, err);
}

static uint8_t xor_of(const uint8_t *data, size_t len, uint8_t start)
{
	for (size_t i = 0; i < len; i++)
		start ^= data[i];
	return start;
}

static enum status send_address(struct bootrom *b, uint32_t address, const char *step,
				struct err *err)
{
	struct err why = ERR_INIT;
	uint8_t frame[5];
	enum status s;

	put_be32(frame, address);
	frame[4] = xor_of(frame, 4, 0);
	s = send(b, frame, sizeof frame, err);
	if (s)
		return s;
	s = expect_yes(b, REPLY_MS, step, &why);
	/* protection was told at the command: here it is the address */
	if (s != STATUS_PROTECTED)
		return s ? err_set(err, s, "%s", why.what) : s;
	err_at(err, address);
	return err_set(err, STATUS_TARGET_FAULT, "the boot ROM refuses to %s, at 0x%08X", step,
		       (unsigned)address);
}

/* ---- hello ------------------------------------------------------------------------------ */

/* One hello. A boot ROM in the middle of a command takes it for half of one
 * and answers NO to the second: alive all the same. */
static bool hello(struct bootrom *b, enum status *lost)
{
	static const uint8_t byte = HELLO;
	uint8_t reply = 0;
	size_t got = 0;

	*lost = b->wire->ops->write(b->wire, &byte, 1, NULL);
	if (*lost)
		return false;
	if (b->wire->ops->read(b->wire, &reply, 1, &got, HELLO_MS, NULL) == STATUS_PROBE_LOST)
		*lost = STATUS_PROBE_LOST;
	return got == 1 && (reply == YES || reply == NO);
}

/* GET: count, version, commands. GET ID: count, two bytes. */
static enum status who_are_you(struct bootrom *b, struct err *err)
{
	uint8_t n, list[256], id[3];
	enum status s = command(b, GET, "tell its version", err);

	if (s || (s = read_bytes(b, &n, 1, REPLY_MS, err)) ||
	    (s = read_bytes(b, list, (size_t)n + 1, REPLY_MS, err)) ||
	    (s = expect_yes(b, REPLY_MS, "tell its version", err)))
		return s;
	b->version = list[0];
	b->extended_erase = n && memchr(list + 1, EXTENDED_ERASE, n) != NULL;
	if ((s = command(b, GET_ID, "tell its id", err)) ||
	    (s = read_bytes(b, id, sizeof id, REPLY_MS, err)) ||
	    (s = expect_yes(b, REPLY_MS, "tell its id", err)))
		return s;
	b->chip_id = get_be16(id + 1);
	return STATUS_OK;
}

/* A boot ROM that was left in the middle of a command may refuse once more. */
static enum status introduce(struct bootrom *b, struct err *err)
{
	struct err first = ERR_INIT;
	enum status s = who_are_you(b, &first);

	if (s == STATUS_OK || s == STATUS_PROBE_LOST)
		return s == STATUS_OK ? s : err_set(err, s, "%s", first.what);
	s = who_are_you(b, &first);
	if (s == STATUS_OK)
		return s;
	err_set(err, STATUS_NO_ANSWER, "the boot ROM on %s does not tell who it is: %s", b->wire->path,
		first.what);
	err_next(err, "press RESET with BOOT0 at 1 and run this again");
	return STATUS_NO_ANSWER;
}

enum status bootrom_open(struct stream_wire *w, uint64_t wait_us, bool (*keep_trying)(void *ctx),
			 void *ctx, struct bootrom *out, struct err *err)
{
	struct bootrom b = {.wire = w};
	uint64_t start = w->ops->now_us(w);
	enum status lost;

	while (!hello(&b, &lost)) {
		if (lost)
			return err_set(err, lost, "%s vanished", w->path);
		if (w->ops->now_us(w) - start >= wait_us || (keep_trying && !keep_trying(ctx))) {
			err_set(err, STATUS_NO_ANSWER, "no boot ROM answers on %s", w->path);
			err_next(err, "BOOT0 to 1 and press RESET; TX to PA10, RX to PA9, GND; even parity");
			return STATUS_NO_ANSWER;
		}
	}
	*out = b;
	return introduce(out, err);
}

/* ---- memory -------------------------------------------------------------------------------- */

static enum status read_block(struct bootrom *b, uint32_t address, uint8_t *data, size_t len,
			      struct err *err)
{
	uint8_t count[2] = {(uint8_t)(len - 1), (uint8_t)~(len - 1)};
	enum status s = command(b, READ, "read", err);

	if (s || (s = send_address(b, address, "read there", err)) ||
	    (s = send(b, count, sizeof count, err)) ||
	    (s = expect_yes(b, REPLY_MS, "read that much", err)))
		return s;
	return read_bytes(b, data, len, REPLY_MS, err);
}

enum status bootrom_read(struct bootrom *b, uint32_t address, uint8_t *data, size_t len,
			 struct err *err)
{
	for (size_t at = 0; at < len; at += BLOCK) {
		size_t n = len - at < BLOCK ? len - at : BLOCK;
		enum status s = read_block(b, address + (uint32_t)at, data + at, n, err);

		if (s)
			return s;
	}
	return STATUS_OK;
}

static enum status write_block(struct bootrom *b, uint32_t address, const uint8_t *data, size_t len,
			       struct err *err)
{
	uint8_t frame[1 + BLOCK + 1];
	size_t padded = (len + 3) & ~(size_t)3;
	enum status s;

	memset(frame, 0xFF, sizeof frame);
	frame[0] = (uint8_t)(padded - 1);
	memcpy(frame + 1, data, len);
	frame[1 + padded] = xor_of(frame, 1 + padded, 0);
	if ((s = command(b, WRITE, "write", err)) ||
	    (s = send_address(b, address, "write there", err)) ||
	    (s = send(b, frame, padded + 2, err)))
		return s;
	return expect_yes(b, REPLY_MS, "write that", err);
}

enum status bootrom_write(struct bootrom *b, uint32_t address, const uint8_t *data, size_t len,
			  struct err *err)
{
	for (size_t at = 0; at < len; at += BLOCK) {
		size_t n = len - at < BLOCK ? len - at : BLOCK;
		enum status s = write_block(b, address + (uint32_t)at, data + at, n, err);

		if (s)
			return s;
	}
	return STATUS_OK;
}

enum status bootrom_erase_page(struct bootrom *b, unsigned page, struct err *err)
{
	uint8_t small[3] = {0, (uint8_t)page, (uint8_t)page};
	uint8_t large[5] = {0, 0, (uint8_t)(page >> 8), (uint8_t)page,
			    (uint8_t)(page >> 8 ^ (page & 0xFF))};
	enum status s = command(b, b->extended_erase ? EXTENDED_ERASE : ERASE, "erase", err);

	if (!s)
		s = b->extended_erase ? send(b, large, sizeof large, err)
				      : send(b, small, sizeof small, err);
	return s ? s : expect_yes(b, ERASE_MS, "erase that page", err);
}

enum status bootrom_erase_all(struct bootrom *b, struct err *err)
{
	static const uint8_t small[] = {0xFF, 0x00}, large[] = {0xFF, 0xFF, 0x00};
	enum status s = command(b, b->extended_erase ? EXTENDED_ERASE : ERASE, "erase", err);

	if (!s)
		s = b->extended_erase ? send(b, large, sizeof large, err)
				      : send(b, small, sizeof small, err);
	return s ? s : expect_yes(b, ERASE_MS, "erase everything", err);
}

enum status bootrom_go(struct bootrom *b, uint32_t address, struct err *err)
{
	enum status s = command(b, GO, "start a program", err);

	return s ? s : send_address(b, address, "start the program there", err);
}
