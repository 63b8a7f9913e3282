/*
 * What the probe's firmware does on the SWD wires: connect, read and write DP,
 * AP and memory, with its own retries, as status codes of the ST-LINK.
 */
#ifndef REFLASH_BOARD_SWD_H
#define REFLASH_BOARD_SWD_H

#include "board/board_internal.h"

/* First byte of a debug reply. */
enum stlink_status {
	ST_OK = 0x80,
	ST_UNKNOWN = 0x01,
	ST_NO_DEVICE = 0x05,
	ST_COMMAND = 0x08,      /* the command's parameters are wrong */
	ST_NO_IDCODE = 0x09,
	ST_ALIGNMENT = 0x0A,
	ST_NO_POWER_ACK = 0x0B,
	ST_AP_WAIT = 0x10,
	ST_AP_FAULT = 0x11,
	ST_AP_ERROR = 0x12,
	ST_AP_PARITY = 0x13,
	ST_DP_WAIT = 0x14,
	ST_DP_FAULT = 0x15,
	ST_DP_ERROR = 0x16,
	ST_DP_PARITY = 0x17,
	ST_AP_WDATA = 0x18,
	ST_AP_OVERRUN = 0x1A,
	ST_BAD_AP = 0x1D,
	ST_NO_FREQUENCY = 0x41,
	ST_NO_COMMAND = 0x42,
};

/* Line reset, JTAG-to-SWD, DPIDR, debug power up. */
enum stlink_status swd_connect(struct board *b, uint32_t *dpidr);
enum stlink_status swd_read_dpidr(struct board *b, uint32_t *dpidr);
/* One DP register (A[3:2] << 2; `bank`: SELECT.DPBANKSEL/CTRLSEL for 0x4). */
enum stlink_status swd_dp_read(struct board *b, unsigned bank, uint8_t addr, uint32_t *value);
enum stlink_status swd_dp_write(struct board *b, unsigned bank, uint8_t addr, uint32_t value);
/* One AP register, all eight address bits. Writes are not waited for. */
enum stlink_status swd_ap_read(struct board *b, unsigned ap, uint8_t reg, uint32_t *value);
enum stlink_status swd_ap_write(struct board *b, unsigned ap, uint8_t reg, uint32_t value);

/* Memory through an AP. */
struct swd_block {
	unsigned ap;
	uint32_t csw;       /* bits 31:8 to use; 0: the firmware's own */
	uint32_t address;
	unsigned size;      /* of one access: 1, 2, 4 */
	bool fixed_address; /* every access to the same one */
};
/* `len` bytes, a multiple of the size. On failure what came before is in `out`
 * (the rest is zero) and `*fault` is the failing address. */
enum stlink_status swd_mem_read(struct board *b, const struct swd_block *at, uint8_t *out,
				size_t len, uint32_t *fault);
enum stlink_status swd_mem_write(struct board *b, const struct swd_block *at, const uint8_t *data,
				 size_t len, uint32_t *fault);
/* One word through AP 0. */
enum stlink_status swd_word_read(struct board *b, uint32_t address, uint32_t *value);
enum stlink_status swd_word_write(struct board *b, uint32_t address, uint32_t value);

#endif
