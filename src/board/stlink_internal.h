/*
 * Between the files of the virtual ST-LINK: the row of a command, and what
 * handlers use to answer. stlink.c is the endpoint and the table, stlink_id.c
 * who the probe says it is, stlink_core.c the core, stlink_mem.c memory and DAP,
 * stlink_v3.c what only a V3 knows.
 */
#ifndef REFLASH_BOARD_STLINK_INTERNAL_H
#define REFLASH_BOARD_STLINK_INTERNAL_H

#include "base/bytes.h"
#include "board/swd.h"

#define STLINK_MEMORY_MAX 6144u /* the probe's data buffer */
#define STLINK_BYTE_MAX 64u     /* one full-speed packet */
/* Firmware versions, as V2's Jxx (a V3's Jn counts as J(30 + n)). */
#define SHORT_REPLY_FW 36u      /* from here on a failing reply is its status only */
#define LAST_WRITTEN_FW 28u     /* from here until then the last word written is left over */
#define AP_OPEN_FW 28u          /* INIT_AP exists, and is asked for */
#define DPBANK_FW 32u
#define CSW_FW 32u
#define ENTER_PORT_ONLY_FW 32u  /* older ones touch the AHB-AP in ENTER */
#define BAD_COMMAND_FW 32u      /* older ones stall instead of answering 42 */
#define BIG_BYTES_FW 36u        /* 8-bit transfers as long as a packet */

/* Hardware generations (`hardware` of a model, `only` of a command). */
enum { STLINK_V2 = 2, STLINK_V3 };

struct stlink_command {
	uint8_t code;
	uint8_t since;     /* first Jxx that knows it */
	const char *name;
	/* Bytes of OUT data that follow the command block. NULL: none. */
	size_t (*out_size)(const struct stlink *s, const uint8_t *cmd);
	/* Do it; OUT data is in probe.buffer. Answers with reply_*, or not at all. */
	void (*run)(struct board *b, const uint8_t *cmd);
	uint8_t only; /* the one generation that knows it; 0: all */
};

/* The reply is the first `len` bytes of probe.buffer. */
void reply_buffer(struct stlink *s, size_t len);
/* Two bytes: status, 0. */
void reply_status(struct stlink *s, enum stlink_status st);
/* `len` bytes with the status first, as filled into the buffer; a failing one
 * looks as this firmware's failing ones do. */
void reply_debug(struct stlink *s, enum stlink_status st, size_t len);

/* stlink_core.c */
void cmd_v1_status(struct board *b, const uint8_t *cmd);
void cmd_v1_halt(struct board *b, const uint8_t *cmd);
void cmd_v1_run(struct board *b, const uint8_t *cmd);
void cmd_v1_step(struct board *b, const uint8_t *cmd);
void cmd_v1_read_reg(struct board *b, const uint8_t *cmd);
void cmd_v1_write_reg(struct board *b, const uint8_t *cmd);
void cmd_v1_read_all(struct board *b, const uint8_t *cmd);
void cmd_v1_write_debug(struct board *b, const uint8_t *cmd);
void cmd_v1_core_id(struct board *b, const uint8_t *cmd);
void cmd_v1_set_fp(struct board *b, const uint8_t *cmd);
void cmd_v1_clear_fp(struct board *b, const uint8_t *cmd);
void cmd_reset_sys(struct board *b, const uint8_t *cmd);
void cmd_read_reg(struct board *b, const uint8_t *cmd);
void cmd_write_reg(struct board *b, const uint8_t *cmd);
void cmd_read_all(struct board *b, const uint8_t *cmd);
void cmd_read_debug(struct board *b, const uint8_t *cmd);
void cmd_write_debug(struct board *b, const uint8_t *cmd);

/* stlink_mem.c */
size_t mem_out_size(const struct stlink *s, const uint8_t *cmd);
size_t misc_out_size(const struct stlink *s, const uint8_t *cmd);
void cmd_read_mem8(struct board *b, const uint8_t *cmd);
void cmd_read_mem16(struct board *b, const uint8_t *cmd);
void cmd_read_mem32(struct board *b, const uint8_t *cmd);
void cmd_read_mem32_fixed(struct board *b, const uint8_t *cmd);
void cmd_write_mem8(struct board *b, const uint8_t *cmd);
void cmd_write_mem16(struct board *b, const uint8_t *cmd);
void cmd_write_mem32(struct board *b, const uint8_t *cmd);
void cmd_write_mem32_fixed(struct board *b, const uint8_t *cmd);
void cmd_last_status(struct board *b, const uint8_t *cmd);
void cmd_last_status2(struct board *b, const uint8_t *cmd);
void cmd_read_dap(struct board *b, const uint8_t *cmd);
void cmd_write_dap(struct board *b, const uint8_t *cmd);
void cmd_init_ap(struct board *b, const uint8_t *cmd);
void cmd_close_ap(struct board *b, const uint8_t *cmd);
void cmd_misc_out(struct board *b, const uint8_t *cmd);
void cmd_misc_in(struct board *b, const uint8_t *cmd);
void cmd_misc_max(struct board *b, const uint8_t *cmd);

/* stlink_v3.c */
void cmd_v3_version(struct board *b, const uint8_t *cmd);
void cmd_v3_set_freq(struct board *b, const uint8_t *cmd);
void cmd_v3_get_freq(struct board *b, const uint8_t *cmd);

#endif
