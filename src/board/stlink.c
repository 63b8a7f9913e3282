/*
 * The virtual ST-LINK: a USB endpoint without a transport. A 16-byte
 * command block arrives on OUT, data may follow on OUT, the reply waits on IN.
 * Source: the protocol as open drivers know it (ST has not published it);
 * which firmware knows what is the `since` column below.
 *
 * Not modelled: SWIM targets, SWO data, JTAG (the dongle has no such pins),
 * V1's mass-storage framing, packets still in an endpoint when the next
 * command comes (they are dropped).
 * ASSUMED: in DFU mode ENTER stalls and settings are taken (pyOCD sets the
 * speed there); mode is DEBUG after ENTER even when the target did not answer (logs
 * show it); firmware before J32 stalls on a command it does not know, and reads
 * a word through the AHB-AP in ENTER (a J29 answered it with DP WAIT; newer ones
 * fail at the first access instead).
 */
#include "arm/scs.h"
#include "board/stlink_internal.h"

#define CMD_VERSION 0xF1
#define CMD_DEBUG 0xF2
#define ENTER_SWD 0xA3
#define VREFINT_MV 1200u
#define ADC_FULL 4095u
#define PROBE_VDD_MV 3300u
#define TARGET_MV 3280u

/* ---- answering ------------------------------------------------------------- */

void reply_buffer(struct stlink *s, size_t len)
{
	s->reply_len = len;
	s->reply_pos = 0;
}

void reply_status(struct stlink *s, enum stlink_status st)
{
	s->buffer[0] = (uint8_t)st;
	s->buffer[1] = 0;
	reply_buffer(s, 2);
}

static bool fails_short(const struct stlink *s)
{
	return s->force_short || (!s->force_stale && s->level >= SHORT_REPLY_FW);
}

void reply_debug(struct stlink *s, enum stlink_status st, size_t len)
{
	if (st == ST_OK || !fails_short(s)) {
		s->buffer[0] = (uint8_t)st;
		s->buffer[1] = 0;
		reply_buffer(s, len);
	} else {
		reply_status(s, st);
	}
}

/* ---- top-level commands ------------------------------------------------------- */

static void cmd_version(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	unsigned firmware = s->jtag_fw << 6 | s->second_fw;

	(void)cmd;
	if (s->model->hardware == STLINK_V3)
		firmware = 0; /* "ask GET_VERSION_EX" */
	put_be16(s->buffer, (uint16_t)(s->model->hardware << 12 | firmware));
	put_le16(s->buffer + 2, s->id.vid);
	put_le16(s->buffer + 4, s->id.pid);
	reply_buffer(s, 6);
}

static void cmd_mode(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	b->probe.buffer[0] = (uint8_t)b->probe.mode;
	b->probe.buffer[1] = 0;
	reply_buffer(&b->probe, 2);
}

static void cmd_dfu(struct board *b, const uint8_t *cmd)
{
	if (cmd[1] == 0x07 && b->probe.mode == STLINK_DFU)
		b->probe.mode = STLINK_MASS;
}

/* SWIM: the mode changes, no STM8 answers. */
static void cmd_swim(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	if (cmd[1] == 0x00)
		s->mode = STLINK_SWIM;
	else if (cmd[1] == 0x01)
		s->mode = STLINK_MASS;
	if (cmd[1] == 0x02 || cmd[1] == 0x09) {
		memset(s->buffer, 0, 8);
		s->buffer[0] = 1; /* nothing there */
		reply_buffer(s, cmd[1] == 0x02 ? 8 : 4);
	}
}

/* What the VTref pin sees, in millivolts. */
static unsigned vtref_mv(const struct board *b)
{
	if (b->config.clone_vtref)
		return PROBE_VDD_MV;
	if (b->wires[WIRE_VTREF] != WIRE_OK || b->wires[WIRE_GND] != WIRE_OK || !b->powered)
		return 0;
	return TARGET_MV;
}

/* Readings of the internal reference and of half the target's voltage. */
static void cmd_voltage(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;

	(void)cmd;
	put_le32(s->buffer, VREFINT_MV * ADC_FULL / PROBE_VDD_MV);
	put_le32(s->buffer + 4, vtref_mv(b) / 2 * ADC_FULL / PROBE_VDD_MV);
	reply_buffer(s, 8);
}

/* ---- connecting and wires --------------------------------------------------------- */

static enum stlink_status enter(struct board *b, uint8_t how)
{
	uint32_t dpidr = 0, cpuid = 0;
	enum stlink_status st;

	b->probe.mode = STLINK_DEBUG;
	b->probe.ap_open = 1;
	if (how != ENTER_SWD)
		return ST_NO_DEVICE;
	st = swd_connect(b, &dpidr);
	if (st == ST_OK && b->probe.level < ENTER_PORT_ONLY_FW)
		st = swd_word_read(b, SCS_CPUID, &cpuid);
	return st;
}

static void cmd_enter_v1(struct board *b, const uint8_t *cmd)
{
	if (b->probe.mode == STLINK_DFU)
		b->probe.stalled = true;
	else
		(void)enter(b, cmd[2]);
}

static void cmd_enter(struct board *b, const uint8_t *cmd)
{
	if (b->probe.mode == STLINK_DFU)
		b->probe.stalled = true;
	else
		reply_status(&b->probe, enter(b, cmd[2]));
}

static void cmd_exit(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	b->probe.mode = STLINK_MASS;
	b->probe.ap_open = 0;
	b->probe.select = SELECT_UNKNOWN;
	b->probe.csw = CSW_UNKNOWN;
}

static void cmd_idcodes(struct board *b, const uint8_t *cmd)
{
	struct stlink *s = &b->probe;
	uint32_t dpidr = 0;
	enum stlink_status st = swd_read_dpidr(b, &dpidr);

	(void)cmd;
	memset(s->buffer, 0, 12);
	put_le32(s->buffer + 4, dpidr);
	reply_debug(s, st, 12);
}

static void cmd_nrst(struct board *b, const uint8_t *cmd)
{
	enum { NRST_LOW, NRST_HIGH, NRST_PULSE };

	if (cmd[2] > NRST_PULSE) {
		reply_status(&b->probe, ST_COMMAND);
		return;
	}
	board_probe_nrst(b, cmd[2] != NRST_HIGH);
	if (cmd[2] == NRST_PULSE) {
		board_advance(b, cost_ns(COST_NRST_PULSE));
		board_probe_nrst(b, false);
	}
	reply_status(&b->probe, ST_OK);
}

static void cmd_swd_freq(struct board *b, const uint8_t *cmd)
{
	b->probe.period_ns = swd_period_ns(get_le16(cmd + 2));
	reply_status(&b->probe, ST_OK);
}

/* Takes effect in JTAG mode only, which has no pins here. */
static void cmd_jtag_freq(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	reply_status(&b->probe, ST_OK);
}

/* ---- trace: the receiver runs, nothing is wired to it -------------------------------- */

static void cmd_trace_start(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	b->probe.trace_on = true;
	reply_status(&b->probe, ST_OK);
}

static void cmd_trace_stop(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	b->probe.trace_on = false;
	reply_status(&b->probe, ST_OK);
}

static void cmd_trace_count(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	put_le16(b->probe.buffer, 0);
	reply_buffer(&b->probe, 2);
}

static void cmd_blink(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	reply_status(&b->probe, ST_OK);
}

static void cmd_board_id(struct board *b, const uint8_t *cmd)
{
	(void)cmd;
	memset(b->probe.buffer, 0, 128);
	b->probe.buffer[0] = ST_OK;
	reply_buffer(&b->probe, 128);
}

/* ---- the tables: byte 0, and byte 1 of F2 ---------------------------------------------- */

static const struct stlink_command top_commands[] = {
	{CMD_VERSION, 0, "GET_VERSION", NULL, cmd_version},
	{0xF3, 0, "DFU", NULL, cmd_dfu},
	{0xF4, 0, "SWIM", NULL, cmd_swim},
	{0xF5, 0, "GET_CURRENT_MODE", NULL, cmd_mode},
	{0xF7, 13, "GET_TARGET_VOLTAGE", NULL, cmd_voltage},
	{0xFB, 0, "GET_VERSION_EX", NULL, cmd_v3_version, STLINK_V3},
};

static const struct stlink_command debug_commands[] = {
	{0x01, 0, "GETSTATUS", NULL, cmd_v1_status},
	{0x02, 0, "FORCEDEBUG", NULL, cmd_v1_halt},
	{0x03, 0, "APIV1_RESETSYS", NULL, cmd_reset_sys},
	{0x04, 0, "APIV1_READALLREGS", NULL, cmd_v1_read_all},
	{0x05, 0, "APIV1_READREG", NULL, cmd_v1_read_reg},
	{0x06, 0, "APIV1_WRITEREG", NULL, cmd_v1_write_reg},
	{0x07, 0, "READMEM_32BIT", NULL, cmd_read_mem32},
	{0x08, 0, "WRITEMEM_32BIT", mem_out_size, cmd_write_mem32},
	{0x09, 0, "RUNCORE", NULL, cmd_v1_run},
	{0x0A, 0, "STEPCORE", NULL, cmd_v1_step},
	{0x0B, 0, "APIV1_SETFP", NULL, cmd_v1_set_fp},
	{0x0C, 0, "READMEM_8BIT", NULL, cmd_read_mem8},
	{0x0D, 0, "WRITEMEM_8BIT", mem_out_size, cmd_write_mem8},
	{0x0E, 0, "APIV1_CLEARFP", NULL, cmd_v1_clear_fp},
	{0x0F, 0, "APIV1_WRITEDEBUGREG", NULL, cmd_v1_write_debug},
	{0x20, 0, "APIV1_ENTER", NULL, cmd_enter_v1},
	{0x21, 0, "EXIT", NULL, cmd_exit},
	{0x22, 0, "READCOREID", NULL, cmd_v1_core_id},
	{0x30, 0, "APIV2_ENTER", NULL, cmd_enter},
	{0x31, 0, "APIV2_READ_IDCODES", NULL, cmd_idcodes},
	{0x32, 0, "APIV2_RESETSYS", NULL, cmd_reset_sys},
	{0x33, 0, "APIV2_READREG", NULL, cmd_read_reg},
	{0x34, 0, "APIV2_WRITEREG", NULL, cmd_write_reg},
	{0x35, 0, "APIV2_WRITEDEBUGREG", NULL, cmd_write_debug},
	{0x36, 0, "APIV2_READDEBUGREG", NULL, cmd_read_debug},
	{0x3A, 0, "APIV2_READALLREGS", NULL, cmd_read_all},
	{0x3B, 0, "GETLASTRWSTATUS", NULL, cmd_last_status},
	{0x3C, 0, "DRIVE_NRST", NULL, cmd_nrst},
	{0x3E, 15, "GETLASTRWSTATUS2", NULL, cmd_last_status2},
	{0x40, 13, "START_TRACE_RX", NULL, cmd_trace_start},
	{0x41, 13, "STOP_TRACE_RX", NULL, cmd_trace_stop},
	{0x42, 13, "GET_TRACE_NB", NULL, cmd_trace_count},
	{0x43, 22, "SWD_SET_FREQ", NULL, cmd_swd_freq, STLINK_V2},
	{0x44, 24, "JTAG_SET_FREQ", NULL, cmd_jtag_freq, STLINK_V2},
	{0x45, 24, "READ_DAP_REG", NULL, cmd_read_dap},
	{0x46, 24, "WRITE_DAP_REG", NULL, cmd_write_dap},
	{0x47, 26, "READMEM_16BIT", NULL, cmd_read_mem16},
	{0x48, 26, "WRITEMEM_16BIT", mem_out_size, cmd_write_mem16},
	{0x49, 28, "BLINK_LED", NULL, cmd_blink},
	{0x4B, 28, "INIT_AP", NULL, cmd_init_ap},
	{0x4C, 28, "CLOSE_AP_DBG", NULL, cmd_close_ap},
	{0x50, 26, "WRITEMEM_32BIT_NO_ADDR_INC", mem_out_size, cmd_write_mem32_fixed},
	{0x51, 32, "RW_MISC_OUT", misc_out_size, cmd_misc_out},
	{0x52, 32, "RW_MISC_IN", NULL, cmd_misc_in},
	{0x53, 32, "RW_MISC_GET_MAX", NULL, cmd_misc_max},
	{0x54, 32, "READMEM_32BIT_NO_ADDR_INC", NULL, cmd_read_mem32_fixed},
	{0x56, 36, "GET_BOARD_IDENTIFIERS", NULL, cmd_board_id},
	{0x61, 0, "SET_COM_FREQ", NULL, cmd_v3_set_freq, STLINK_V3},
	{0x62, 0, "GET_COM_FREQ", NULL, cmd_v3_get_freq, STLINK_V3},
};

static const struct stlink_command *find(const struct stlink *s, const struct stlink_command *rows,
					 size_t count, uint8_t code)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i].code == code && rows[i].since <= s->level &&
		    (!rows[i].only || rows[i].only == s->model->hardware))
			return &rows[i];
	return NULL;
}

static const struct stlink_command *lookup(const struct stlink *s, const uint8_t *cmd)
{
	if (cmd[0] != CMD_DEBUG)
		return find(s, top_commands, sizeof top_commands / sizeof top_commands[0], cmd[0]);
	return find(s, debug_commands, sizeof debug_commands / sizeof debug_commands[0], cmd[1]);
}

/* ---- the endpoint ------------------------------------------------------------------------- */

void stlink_init(struct stlink *s)
{
	const struct stlink keep = {.model = s->model, .id = s->id, .jtag_fw = s->jtag_fw,
				    .second_fw = s->second_fw, .bridge_fw = s->bridge_fw,
				    .swim_fw = s->swim_fw, .level = s->level, .force_short = s->force_short,
				    .force_stale = s->force_stale, .commands = s->commands};
	char serial[sizeof s->serial];

	memcpy(serial, s->serial, sizeof serial);
	*s = keep;
	memcpy(s->serial, serial, sizeof serial);
	s->mode = (enum stlink_mode)s->model->starts_in;
	s->period_ns = s->model->period_ns;
	s->select = SELECT_UNKNOWN;
	s->csw = CSW_UNKNOWN;
	s->rw_status = ST_OK;
}

void board_usb_reset(struct board *b)
{
	stlink_init(&b->probe);
	board_update_nrst(b);
}

static void spend_packets(struct board *b, size_t len, bool begins)
{
	const struct stlink_model *m = b->probe.model;
	size_t packets = len ? (len + m->packet - 1) / m->packet : 1;

	board_advance(b, (begins ? cost_ns(m->transfer) : 0) +
			 (packets - begins) * cost_ns(m->further_packet));
}

static void unknown_command(struct stlink *s)
{
	if (s->level >= BAD_COMMAND_FW)
		reply_status(s, ST_NO_COMMAND);
	else
		s->stalled = true;
}

static void take_command(struct board *b, const uint8_t *data, size_t len)
{
	struct stlink *s = &b->probe;

	memset(s->command, 0, sizeof s->command);
	memcpy(s->command, data, len < sizeof s->command ? len : sizeof s->command);
	s->commands++;
	s->reply_len = s->reply_pos = 0;
	s->stalled = false;
	board_advance(b, cost_ns(COST_COMMAND));
	s->row = lookup(s, s->command);
	if (!s->row) {
		unknown_command(s);
		return;
	}
	s->out_have = 0;
	s->out_need = s->row->out_size ? s->row->out_size(s, s->command) : 0;
	if (s->out_need == 0) {
		s->row->run(b, s->command);
		s->row = NULL;
	}
}

static void take_data(struct board *b, const uint8_t *data, size_t len)
{
	struct stlink *s = &b->probe;
	size_t want = s->out_need - s->out_have;

	if (len > want)
		len = want;
	memcpy(s->buffer + s->out_have, data, len);
	s->out_have += len;
	if (s->out_have == s->out_need) {
		s->row->run(b, s->command);
		s->row = NULL;
	}
}

enum stlink_result board_usb_out(struct board *b, uint8_t ep, const uint8_t *data, size_t len)
{
	struct stlink *s = &b->probe;

	if (ep != s->id.ep_out)
		return STLINK_STALL;
	spend_packets(b, len, !s->row || s->out_have == 0);
	if (s->row)
		take_data(b, data, len);
	else if (len > 0)
		take_command(b, data, len);
	return STLINK_OK;
}

enum stlink_result board_usb_in(struct board *b, uint8_t ep, uint8_t *data, size_t room,
				size_t *got)
{
	struct stlink *s = &b->probe;
	size_t left = s->reply_len - s->reply_pos;

	*got = 0;
	if (ep == s->id.ep_swo)
		return STLINK_OK;
	if (ep != s->id.ep_in || s->stalled) {
		s->stalled = false;
		return STLINK_STALL;
	}
	if (left == 0)
		return STLINK_OK;
	*got = left < room ? left : room;
	spend_packets(b, *got, s->reply_pos == 0);
	memcpy(data, s->buffer + s->reply_pos, *got);
	s->reply_pos += *got;
	return STLINK_OK;
}
