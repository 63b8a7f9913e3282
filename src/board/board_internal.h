/*
 * Inside the board: what it is made of. board.c owns power, pins and time;
 * wires.c the names of wires and their states; swd.c what the probe's SWD
 * engine does on the wires; stlink*.c the commands of the virtual ST-LINK;
 * uart.c the serial wires; stimulus.c what is done from outside; costs.c what everything takes.
 */
#ifndef REFLASH_BOARD_BOARD_INTERNAL_H
#define REFLASH_BOARD_BOARD_INTERNAL_H

#include "board/board.h"
#include "board/dp.h"

#define NEVER UINT64_MAX
#define STLINK_COMMAND_SIZE 16u
#define STLINK_BUFFER (64u * 1024u)
#define STLINK_MISC_MAX 1227u /* of the largest model */

/* ---- costs (costs.c) ------------------------------------------------------ */

enum cost {
	COST_USB_TRANSFER,   /* one bulk transfer: host scheduling and the probe's turn */
	COST_USB_PACKET,     /* one further 64-byte packet of it */
	COST_USB_HS_TRANSFER, /* the same at high speed, in packets of 512 bytes */
	COST_USB_HS_PACKET,
	COST_SWD_OVERHEAD,   /* probe firmware's time for one SWD transfer, beside the bits */
	COST_SWD_OVERHEAD_V3,
	COST_COMMAND,        /* decoding one command */
	COST_NRST_PULSE,     /* DRIVE_NRST 02: how long it is low */
	COST_NRST_SLOW_RISE, /* WIRE_SLOW: until NRST reads high */
	COST_WAIT_RETRY,     /* pause before a transfer is tried again after WAIT */
	COST_COUNT
};
struct cost_row {
	const char *name;
	struct span ns; /* the board uses typ */
	const char *source;
};
const struct cost_row *cost_row(enum cost c);
uint64_t cost_ns(enum cost c);
/* Nanoseconds of one SWCLK period for a SWD_SET_FREQ divisor. */
uint32_t swd_period_ns(unsigned divisor);

/* ---- the virtual ST-LINK --------------------------------------------------- */

enum stlink_mode { STLINK_DFU, STLINK_MASS, STLINK_DEBUG, STLINK_SWIM };

/* Who the probe is: a row an adapter generation (stlink_id.c). */
struct stlink_model {
	const char *prefix;    /* of the firmware version: "V2" */
	bool mass_storage;     /* "M" in the version: V2-1, V3 */
	uint8_t hardware;      /* major version in GET_VERSION */
	uint8_t ahead;         /* its firmware Jn knows what V2's J(n + ahead) knows */
	uint8_t aps;           /* access ports it can address */
	uint8_t starts_in;     /* mode after it was plugged in (enum stlink_mode) */
	uint16_t packet;       /* bytes of a USB packet */
	uint16_t misc_max;     /* items of one RW_MISC batch */
	uint32_t period_ns;    /* of SWCLK until a speed is set */
	enum cost transfer, further_packet, overhead;
	struct stlink_usb_id id; /* serial filled in by the board */
};

struct stlink {
	const struct stlink_model *model;
	struct stlink_usb_id id;
	char serial[33];
	unsigned jtag_fw, second_fw; /* Jxx, and Sxx or Mxx */
	unsigned bridge_fw, swim_fw; /* Bxx and Sxx of a V3 */
	unsigned level;              /* Jxx of the V2 firmware that knows the same commands */
	bool force_short, force_stale;
	enum stlink_mode mode;
	uint64_t commands;

	/* the exchange under way */
	uint8_t command[STLINK_COMMAND_SIZE];
	const struct stlink_command *row; /* waiting for its OUT data; NULL: for a command */
	size_t out_need, out_have;
	size_t reply_len, reply_pos;
	bool stalled;           /* the next IN is answered with STALL */

	/* the debug side */
	bool nrst_low;
	uint32_t period_ns;     /* of SWCLK */
	uint32_t select;        /* as the firmware last wrote it; SELECT_UNKNOWN: write it */
	uint32_t csw;           /* likewise; CSW_UNKNOWN */
	uint32_t ap_open;       /* bit n: INIT_AP n was done */
	uint8_t rw_status;      /* of the last memory command */
	uint32_t rw_fault;      /* its failing address */
	uint32_t last_address, last_written; /* left-overs that old firmware answers with */
	bool trace_on;
	size_t misc_items;
	uint32_t misc_value[STLINK_MISC_MAX];
	uint32_t misc_status[STLINK_MISC_MAX];
	uint8_t buffer[STLINK_BUFFER]; /* OUT data, then the reply */
};
#define SELECT_UNKNOWN 0xFFFFFFFFu
#define CSW_UNKNOWN 0xFFFFFFFFu

void stlink_init(struct stlink *s);  /* power-on state; identity kept */
enum status stlink_identify(struct stlink *s, const struct board_config *config, struct err *err)
	MUST_CHECK;

/* ---- the serial wires ------------------------------------------------------- */

#define UART_QUEUE 4096u
struct uart {
	uint8_t to_chip[UART_QUEUE], from_chip[UART_QUEUE];
	size_t to_head, to_count, from_head, from_count;
	uint32_t baud;
	bool even_parity;
	bool plugged;       /* an adapter is there: its line idles high */
	uint64_t next_ns;   /* when the frame on the wire towards the chip ends; NEVER */
};

/* ---- the board ---------------------------------------------------------------- */

struct board {
	struct board_config config;
	struct mcu *mcu;
	enum wire_state wires[WIRE_COUNT];
	bool powered, button, boot0;
	bool core_halted;        /* as mcu_run last said */
	bool nrst_low;           /* level at the chip */
	uint64_t button_until;   /* release the button then; NEVER */
	uint64_t power_until;    /* power comes back then; NEVER */
	uint64_t nrst_rise;      /* a slow NRST reads high then; NEVER */
	uint64_t cut_at;         /* flash operation at which power goes away; 0: none */
	uint32_t noise;          /* state of the noisy wire's generator */
	struct dp dp;
	struct stlink probe;
	struct uart uart;
	struct stimulus *stimuli; /* by time */
	size_t stimulus_count;
};

/* The probe drives its RST pin. */
void board_probe_nrst(struct board *b, bool low);
/* Put the level on NRST that button, probe and faults make together. */
void board_update_nrst(struct board *b);

/* uart.c */
void uart_init(struct board *b);
void uart_wires_changed(struct board *b);
void uart_tick(struct board *b); /* called when uart.next_ns is due */
void uart_from_chip(void *ctx, struct mcu *m, unsigned n, uint8_t byte);

/* stimulus.c */
uint64_t stimulus_due(const struct board *b); /* NEVER: none */
void stimulus_tick(struct board *b);          /* the first one is due: do it */
void stimulus_free(struct board *b);

/* wires.c */
enum status wires_check_text(const char *text, struct err *err) MUST_CHECK;

#endif
