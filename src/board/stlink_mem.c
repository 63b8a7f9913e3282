/*
 * ST-LINK commands that move memory and DAP registers.
 *
 *   F2 op addr0..3 len0 len1 ap csw15:8 csw23:16 csw31:24
 *
 * Memory commands carry no status: the host asks for it afterwards (3B, 3E).
 * ASSUMED: over-long 8-bit transfers move one packet and report a bad command;
 * reads over the buffer's 6144 bytes likewise; AP 0 needs no INIT_AP.
 */
#include "board/stlink_internal.h"

#define DP_PORT 0xFFFFu
#define AP_IDR_REG 0xFC

enum { MISC_ADDRESS = 1, MISC_WRITE = 2, MISC_READ = 3, MISC_APNUM = 5 };

static bool ap_usable(const struct stlink *s, unsigned ap)
{
	return ap < s->model->aps && (s->level < AP_OPEN_FW || ap == 0 || s->ap_open >> ap & 1);
}

/* ---- memory ------------------------------------------------------------------ */

size_t mem_out_size(const struct stlink *s, const uint8_t *cmd)
{
	(void)s;
	return get_le16(cmd + 6);
}

static struct swd_block block_of(const struct stlink *s, const uint8_t *cmd, unsigned size,
				 bool fixed)
{
	struct swd_block at = {.address = get_le32(cmd + 2), .size = size, .fixed_address = fixed};

	if (s->level >= AP_OPEN_FW)
		at.ap = cmd[8];
	if (s->level >= CSW_FW)
		at.csw = get_le32(cmd + 8) & 0xFFFFFF00u;
	return at;
}

static enum stlink_status check_block(const struct stlink *s, const struct swd_block *at,
				      size_t len)
{
	if (!ap_usable(s, at->ap))
		return ST_BAD_AP;
	return at->address % at->size || len % at->size ? ST_ALIGNMENT : ST_OK;
}

/* One packet; a V3's high-speed one only from J6 on. */
static size_t byte_max(const struct stlink *s)
{
	return s->level >= BIG_BYTES_FW ? s->model->packet : STLINK_BYTE_MAX;
}

static void read_mem(struct board *b, const uint8_t *cmd, unsigned size, bool fixed)
{
	struct stlink *s = &b->probe;
	struct swd_block at = block_of(s, cmd, size, fixed);
	size_t asked = get_le16(cmd + 6);
	size_t max = size == 1 ? byte_max(s) : STLINK_MEMORY_MAX;
	size_t len = asked < max ? asked : max;
	enum stlink_status st = check_block(s, &at, len);

	memset(s->buffer, 0, len + 2);
	s->rw_fault = at.address;
	if (st == ST_OK)
		st = swd_mem_read(b, &at, s->buffer, len, &s->rw_fault);
	s->rw_status = (uint8_t)(st == ST_OK && asked > max ? ST_COMMAND : st);
	reply_buffer(s, len == 1 ? 2 : len);
}

static void write_mem(struct board *b, const uint8_t *cmd, unsigned size, bool fixed)
{
	struct stlink *s = &b->probe;
	struct swd_block at = block_of(s, cmd, size, fixed);
	size_t asked = get_le16(cmd + 6);
	size_t len = size == 1 && asked > byte_max(s) ? byte_max(s) : asked;
	enum stlink_status st = check_block(s, &at, len);

	s->rw_fault = at.address;
	if (st == ST_OK)
		st = swd_mem_write(b, &at, s->buffer, len, &s->rw_fault);
	s->rw_status = (uint8_t)(st == ST_OK && asked > len ? ST_COMMAND : st);
}

void cmd_read_mem8(struct board *b, const uint8_t *cmd)
{
	read_mem(b, cmd, 1, false);
}

void cmd_read_mem16(struct board *b, const uint8_t *cmd)
{
	read_mem(b, cmd, 2, false);
}

void cmd_read_mem32(struct board *b, const uint8_t *cmd)
{
	read_mem(b, cmd, 4, false);
}

void cmd_read_mem32_fixed(struct board *b, const uint8_t *cmd)
{
	read_mem(b, cmd, 4, true);
}

void cmd_write_mem8(struct board *b, const uint8_t *cmd)
{
	write_mem(b, cmd, 1, false);
}

void cmd_write_mem16(struct board *b, const uint8_t *cmd)
{
	write_mem(b, cmd, 2, false);
}

void cmd_write_mem32(struct board *b, const uint8_t *cmd)
{
	write_mem(b, cmd, 4, false);
}

void cmd_write_mem32_fixed(struct board *b, const uint8_t *cmd)
{
	write_mem(b, cmd, 4, true);
}

void cmd_last_status(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	reply_status(&b->probe, (enum stlink_status)b->probe.rw_status);
}

void cmd_last_status2(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	(void)cmd;
	memset(s->buffer, 0, 12);
	s->buffer[0] = s->rw_status;
	if (s->rw_status != ST_OK)
		put_le32(s->buffer + 4, s->rw_fault);
	reply_buffer(s, 12);
}

/* ---- DAP registers ------------------------------------------------------------------ */

/* DPBANKSEL travels in the high nibble of the address, from J32 on. */
static bool dp_address_ok(const struct stlink *s, unsigned addr)
{
	return (addr & 0xF0) == 0 || s->level >= DPBANK_FW;
}

static enum stlink_status dap_read(struct board *b, unsigned port, unsigned addr, uint32_t *value)
{
	if (port == DP_PORT)
		return dp_address_ok(&b->probe, addr) ?
			       swd_dp_read(b, addr >> 4 & 15, addr & 12, value) :
			       ST_COMMAND;
	if (!ap_usable(&b->probe, port))
		return ST_BAD_AP;
	return swd_ap_read(b, port, (uint8_t)addr, value);
}

static enum stlink_status dap_write(struct board *b, unsigned port, unsigned addr, uint32_t value)
{
	if (port == DP_PORT)
		return dp_address_ok(&b->probe, addr) ?
			       swd_dp_write(b, addr >> 4 & 15, addr & 12, value) :
			       ST_COMMAND;
	if (!ap_usable(&b->probe, port))
		return ST_BAD_AP;
	return swd_ap_write(b, port, (uint8_t)addr, value);
}

void cmd_read_dap(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	uint32_t value = 0;
	enum stlink_status st = dap_read(b, get_le16(cmd + 2), get_le16(cmd + 4), &value);

	put_le32(s->buffer, 0);
	put_le32(s->buffer + 4, value);
	reply_debug(s, st, 8);
}

void cmd_write_dap(struct board *b, const uint8_t *cmd)
{
	reply_status(&b->probe,
		     dap_write(b, get_le16(cmd + 2), get_le16(cmd + 4), get_le32(cmd + 6)));
}

void cmd_init_ap(struct board *b, const uint8_t *cmd)
{
	uint32_t idr = 0;
	enum stlink_status st = ST_BAD_AP;

	if (cmd[2] < b->probe.model->aps)
		st = swd_ap_read(b, cmd[2], AP_IDR_REG, &idr);
	if (st == ST_OK && idr == 0)
		st = ST_BAD_AP;
	if (st == ST_OK)
		b->probe.ap_open |= 1u << cmd[2];
	reply_status(&b->probe, st);
}

void cmd_close_ap(struct board *b, const uint8_t *cmd)
{
	if (cmd[2] < 32)
		b->probe.ap_open &= ~(1u << cmd[2]);
	/* before J29 the status of this one meant nothing */
	reply_status(&b->probe, b->probe.level >= 29 ? ST_OK : ST_UNKNOWN);
}

/* ---- batches: RW_MISC ----------------------------------------------------------------- */

static size_t misc_words_at(size_t items)
{
	return (items + 3) & ~(size_t)3;
}

static size_t misc_items(const struct stlink *s, const uint8_t *cmd)
{
	uint32_t items = get_le32(cmd + 2);

	return items < s->model->misc_max ? items : s->model->misc_max;
}

size_t misc_out_size(const struct stlink *s, const uint8_t *cmd)
{
	size_t items = misc_items(s, cmd);

	return misc_words_at(items) + 4 * items;
}

struct misc_state {
	unsigned ap;
	uint32_t address;
};

static enum stlink_status misc_access(struct board *b, const struct misc_state *m, bool read,
				      uint32_t *value)
{
	const struct swd_block at = {.ap = m->ap, .address = m->address, .size = 4};
	enum stlink_status st = check_block(&b->probe, &at, 4);
	uint32_t fault;
	uint8_t bytes[4];

	if (st != ST_OK)
		return st;
	put_le32(bytes, *value);
	if (!read)
		return swd_mem_write(b, &at, bytes, 4, &fault);
	st = swd_mem_read(b, &at, bytes, 4, &fault);
	*value = get_le32(bytes);
	return st;
}

static enum stlink_status misc_item(struct board *b, struct misc_state *m, uint8_t op,
				    uint32_t *value)
{
	switch (op) {
	case MISC_ADDRESS:
		m->address = *value;
		return ST_OK;
	case MISC_WRITE:
		return misc_access(b, m, false, value);
	case MISC_READ:
		m->address = *value;
		return misc_access(b, m, true, value);
	case MISC_APNUM:
		m->ap = *value;
		return ST_OK;
	default:
		return ST_COMMAND;
	}
}

void cmd_misc_out(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	struct misc_state m = {0};
	size_t items = misc_items(s, cmd);
	const uint8_t *words = s->buffer + misc_words_at(items);

	s->misc_items = items;
	for (size_t i = 0; i < items; i++) {
		s->misc_value[i] = get_le32(words + 4 * i);
		s->misc_status[i] = misc_item(b, &m, s->buffer[i], &s->misc_value[i]);
	}
}

void cmd_misc_in(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	(void)cmd;
	for (size_t i = 0; i < s->misc_items; i++) {
		put_le32(s->buffer + 4 * i, s->misc_value[i]);
		put_le32(s->buffer + 4 * (s->misc_items + i), s->misc_status[i]);
	}
	reply_buffer(s, 8 * s->misc_items);
	s->misc_items = 0;
}

/* The layout of this answer is not publicly known (ASSUMED: as READDEBUGREG). */
void cmd_misc_max(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	memset(b->probe.buffer, 0, 8);
	b->probe.buffer[0] = ST_OK;
	put_le32(b->probe.buffer + 4, b->probe.model->misc_max);
	reply_buffer(&b->probe, 8);
}
