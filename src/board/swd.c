/*
 * The probe's SWD engine. It knows the chip only by what comes back over the
 * wires, and every transfer takes the time of its bits plus the firmware's own.
 *
 * ASSUMED (the firmware is not published): WAIT is retried 32 times, then the
 * access is aborted; sticky flags are cleared after every FAULT; a line that
 * stopped answering is not reset before the host says ENTER again; SELECT and
 * CSW are written only when they change.
 */
#include "board/swd.h"

#include "base/bytes.h"

#define CONNECT_BITS 136 /* 50+ clocks high, 16-bit switch, 50+ high, idle (IHI 0031 B5.3) */
#define TRANSFER_BITS 46 /* 8 request, 3 ack, 2 turnaround, 32 data, 1 parity */
#define WAIT_TRIES 32
#define SLOW_LIMIT_NS 2083 /* 480 kHz */
#define NOISE_FREE_NS 2000
#define ABORT_ALL (ABORT_STKCMPCLR | ABORT_STKERRCLR | ABORT_WDERRCLR | ABORT_ORUNERRCLR)
#define POWER_UP (CTRL_CDBGPWRUPREQ | CTRL_CSYSPWRUPREQ)
#define POWER_ACK (CTRL_CDBGPWRUPACK | CTRL_CSYSPWRUPACK)
#define CSW_OWN 0x23000000u /* MasterType debug, HPROT: data, privileged */
#define CSW_INCREMENT (1u << 4)
#define TAR_BLOCK 1024u /* auto-increment is promised within this */

/* ---- the wires ------------------------------------------------------------- */

static bool data_wire_works(const struct board *b, enum wire_state w)
{
	return w == WIRE_OK || w == WIRE_NOISY ||
	       (w == WIRE_SLOW && b->probe.period_ns >= SLOW_LIMIT_NS);
}

/* Do clock and data get to a debug port that listens? */
static bool reaches_dp(const struct board *b)
{
	enum mcu_mode mode = mcu_mode(b->mcu);

	if (!b->powered || b->wires[WIRE_GND] != WIRE_OK ||
	    !data_wire_works(b, b->wires[WIRE_SWDIO]) || !data_wire_works(b, b->wires[WIRE_SWCLK]))
		return false;
	if (b->nrst_low)
		return !mcu_silicon(b->mcu)->no_attach_in_reset;
	if (mode == MCU_MODE_STANDBY && !mcu_ap_clocked(b->mcu))
		return false; /* the 1.8-V domain is off, the port with it */
	return mode != MCU_MODE_OFF && mcu_swd_on(b->mcu);
}

/* Does this transfer get hurt? More often the faster the clock: 1 in 64 at
 * 4 MHz (ASSUMED; any rate that grows with speed serves the purpose). */
static bool noise_hits(struct board *b)
{
	uint32_t period = b->probe.period_ns;
	uint32_t threshold = 65536u / 64 * 250 / period;

	if (b->wires[WIRE_SWDIO] != WIRE_NOISY && b->wires[WIRE_SWCLK] != WIRE_NOISY)
		return false;
	b->noise = b->noise * 1664525u + 1013904223u;
	return period < NOISE_FREE_NS && (b->noise >> 16) < threshold;
}

enum wire_result { WIRE_ACK_OK, WIRE_ACK_WAIT, WIRE_ACK_FAULT, WIRE_SILENT, WIRE_PARITY };

static enum wire_result from_ack(enum swd_ack ack)
{
	switch (ack) {
	case SWD_ACK_OK:
		return WIRE_ACK_OK;
	case SWD_ACK_WAIT:
		return WIRE_ACK_WAIT;
	case SWD_ACK_FAULT:
		return WIRE_ACK_FAULT;
	default:
		return WIRE_SILENT;
	}
}

static void spend_bits(struct board *b, unsigned bits)
{
	board_advance(b, (uint64_t)bits * b->probe.period_ns);
}

static enum wire_result transfer(struct board *b, bool ap, bool read, uint8_t addr, uint32_t *data)
{
	bool hit = noise_hits(b);
	enum swd_ack ack;

	spend_bits(b, TRANSFER_BITS);
	board_advance(b, cost_ns(b->probe.model->overhead));
	if (!reaches_dp(b))
		return WIRE_SILENT;
	if (hit && (b->noise & 0x8000)) { /* the request was garbled: the port shuts up */
		dp_line_reset(&b->dp);
		b->dp.awake = false;
		return WIRE_SILENT;
	}
	if (hit && !read) {
		dp_write_parity_error(&b->dp);
		return WIRE_ACK_OK; /* the write's ack came before its data */
	}
	ack = dp_transfer(&b->dp, b->mcu, ap, read, addr, data);
	return hit && ack == SWD_ACK_OK ? WIRE_PARITY : from_ack(ack);
}

/* ---- one register ----------------------------------------------------------- */

/* What a FAULT was about; clears it. */
static enum stlink_status after_fault(struct board *b)
{
	uint32_t stat = 0, clear = ABORT_ALL;

	if (transfer(b, false, true, DP_CTRL_STAT, &stat) != WIRE_ACK_OK)
		return ST_DP_ERROR;
	(void)transfer(b, false, false, DP_ABORT, &clear);
	if (stat & CTRL_WDATAERR)
		return ST_AP_WDATA;
	if (stat & CTRL_STICKYERR)
		return ST_AP_FAULT;
	return stat & CTRL_STICKYORUN ? ST_AP_OVERRUN : ST_DP_FAULT;
}

static enum stlink_status give_up_waiting(struct board *b, bool ap)
{
	uint32_t clear = ABORT_DAPABORT | ABORT_ALL;

	(void)transfer(b, false, false, DP_ABORT, &clear);
	return ap ? ST_AP_WAIT : ST_DP_WAIT;
}

static enum stlink_status exchange(struct board *b, bool ap, bool read, uint8_t addr,
				   uint32_t *data)
{
	for (unsigned tries = 0; tries < WAIT_TRIES; tries++) {
		switch (transfer(b, ap, read, addr, data)) {
		case WIRE_ACK_OK:
			return ST_OK;
		case WIRE_ACK_FAULT:
			return after_fault(b);
		case WIRE_SILENT:
			return ap ? ST_AP_ERROR : ST_DP_ERROR;
		case WIRE_PARITY:
			return ap ? ST_AP_PARITY : ST_DP_PARITY;
		case WIRE_ACK_WAIT:
			board_advance(b, cost_ns(COST_WAIT_RETRY));
			break;
		}
	}
	return give_up_waiting(b, ap);
}

static enum stlink_status set_select(struct board *b, uint32_t select)
{
	enum stlink_status st;

	if (b->probe.select == select)
		return ST_OK;
	if (b->probe.select >> 24 != select >> 24)
		b->probe.csw = CSW_UNKNOWN;
	st = exchange(b, false, false, DP_SELECT, &select);
	b->probe.select = st == ST_OK ? select : SELECT_UNKNOWN;
	return st;
}

enum stlink_status swd_dp_read(struct board *b, unsigned bank, uint8_t addr, uint32_t *value)
{
	uint32_t select = b->probe.select == SELECT_UNKNOWN ? 0 : b->probe.select;
	enum stlink_status st = ST_OK;

	if (addr == DP_CTRL_STAT)
		st = set_select(b, (select & ~15u) | bank);
	return st != ST_OK ? st : exchange(b, false, true, addr, value);
}

enum stlink_status swd_dp_write(struct board *b, unsigned bank, uint8_t addr, uint32_t value)
{
	uint32_t select = b->probe.select == SELECT_UNKNOWN ? 0 : b->probe.select;
	enum stlink_status st = ST_OK;

	if (addr == DP_SELECT)
		return set_select(b, value);
	if (addr == DP_CTRL_STAT)
		st = set_select(b, (select & ~15u) | bank);
	return st != ST_OK ? st : exchange(b, false, false, addr, &value);
}

static enum stlink_status select_ap(struct board *b, unsigned ap, uint8_t reg)
{
	return set_select(b, (uint32_t)ap << 24 | (reg & 0xF0u));
}

enum stlink_status swd_ap_read(struct board *b, unsigned ap, uint8_t reg, uint32_t *value)
{
	enum stlink_status st = select_ap(b, ap, reg);
	uint32_t posted = 0;

	if (st == ST_OK)
		st = exchange(b, true, true, reg & 12, &posted);
	return st != ST_OK ? st : exchange(b, false, true, DP_RDBUFF, value);
}

enum stlink_status swd_ap_write(struct board *b, unsigned ap, uint8_t reg, uint32_t value)
{
	enum stlink_status st = select_ap(b, ap, reg);

	if (reg == AP_CSW)
		b->probe.csw = CSW_UNKNOWN;
	return st != ST_OK ? st : exchange(b, true, false, reg & 12, &value);
}

/* ---- connecting ----------------------------------------------------------------- */

enum stlink_status swd_read_dpidr(struct board *b, uint32_t *dpidr)
{
	return exchange(b, false, true, DP_DPIDR, dpidr) == ST_OK ? ST_OK : ST_NO_IDCODE;
}

enum stlink_status swd_connect(struct board *b, uint32_t *dpidr)
{
	uint32_t stat = 0;

	b->probe.select = SELECT_UNKNOWN;
	b->probe.csw = CSW_UNKNOWN;
	spend_bits(b, CONNECT_BITS);
	if (reaches_dp(b)) {
		dp_switch_to_swd(&b->dp);
		dp_line_reset(&b->dp);
	}
	if (swd_read_dpidr(b, dpidr) != ST_OK)
		return ST_NO_IDCODE;
	if (swd_dp_write(b, 0, DP_ABORT, ABORT_DAPABORT | ABORT_ALL) != ST_OK ||
	    swd_dp_write(b, 0, DP_CTRL_STAT, POWER_UP) != ST_OK ||
	    swd_dp_read(b, 0, DP_CTRL_STAT, &stat) != ST_OK)
		return ST_DP_ERROR;
	return (stat & POWER_ACK) == POWER_ACK ? ST_OK : ST_NO_POWER_ACK;
}

/* ---- memory ------------------------------------------------------------------------ */

static enum stlink_status prepare(struct board *b, const struct swd_block *at)
{
	static const uint32_t sizes[] = {[1] = 0, [2] = 1, [4] = 2};
	uint32_t csw = (at->csw ? at->csw : CSW_OWN) & ~0x37u;
	enum stlink_status st = select_ap(b, at->ap, AP_CSW);

	csw |= sizes[at->size] | (at->fixed_address ? 0 : CSW_INCREMENT);
	if (st != ST_OK || csw == b->probe.csw)
		return st;
	st = exchange(b, true, false, AP_CSW, &csw);
	b->probe.csw = st == ST_OK ? csw : CSW_UNKNOWN;
	return st;
}

static bool needs_tar(const struct swd_block *at, size_t pos)
{
	return pos == 0 || (!at->fixed_address && (at->address + pos) % TAR_BLOCK == 0);
}

static enum stlink_status write_tar(struct board *b, uint32_t address)
{
	return exchange(b, true, false, AP_TAR, &address);
}

enum stlink_status swd_mem_read(struct board *b, const struct swd_block *at, uint8_t *out,
				size_t len, uint32_t *fault)
{
	enum stlink_status st = prepare(b, at);
	uint32_t address = at->address, word = 0;

	memset(out, 0, len);
	for (size_t pos = 0; pos < len && st == ST_OK; pos += at->size) {
		address = at->fixed_address ? at->address : at->address + (uint32_t)pos;
		if (needs_tar(at, pos))
			st = write_tar(b, address);
		if (st == ST_OK)
			st = exchange(b, true, true, AP_DRW, &word);
		if (st == ST_OK)
			st = exchange(b, false, true, DP_RDBUFF, &word);
		for (unsigned i = 0; i < at->size && st == ST_OK; i++)
			out[pos + i] = (uint8_t)(word >> (8 * ((address + i) & 3)));
	}
	if (st != ST_OK)
		*fault = address;
	return st;
}

enum stlink_status swd_mem_write(struct board *b, const struct swd_block *at, const uint8_t *data,
				 size_t len, uint32_t *fault)
{
	enum stlink_status st = prepare(b, at);
	uint32_t address = at->address, word;

	for (size_t pos = 0; pos < len && st == ST_OK; pos += at->size) {
		address = at->fixed_address ? at->address : at->address + (uint32_t)pos;
		if (needs_tar(at, pos))
			st = write_tar(b, address);
		word = 0;
		for (unsigned i = 0; i < at->size; i++)
			word |= (uint32_t)data[pos + i] << (8 * ((address + i) & 3));
		if (st == ST_OK)
			st = exchange(b, true, false, AP_DRW, &word);
		if (st == ST_AP_FAULT && pos > 0 && !at->fixed_address)
			address -= at->size; /* posted: it was the write before */
	}
	if (st == ST_OK) /* the last write is posted too: ask how it went */
		st = exchange(b, false, true, DP_RDBUFF, &word);
	if (st != ST_OK)
		*fault = address;
	return st;
}

enum stlink_status swd_word_read(struct board *b, uint32_t address, uint32_t *value)
{
	const struct swd_block at = {.address = address, .size = 4};
	uint8_t bytes[4];
	uint32_t fault;
	enum stlink_status st = swd_mem_read(b, &at, bytes, 4, &fault);

	if (st == ST_OK)
		*value = get_le32(bytes);
	return st;
}

enum stlink_status swd_word_write(struct board *b, uint32_t address, uint32_t value)
{
	const struct swd_block at = {.address = address, .size = 4};
	uint8_t bytes[4];
	uint32_t fault;

	put_le32(bytes, value);
	return swd_mem_write(b, &at, bytes, 4, &fault);
}
