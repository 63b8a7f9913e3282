/*
 * Inside the board: the debug port as the wires see it. A SWD transfer either
 * gets an ACK or nothing. SW-DP (ADIv5, DP architecture 1 as on STM32F103) and
 * its one AHB-AP. Source: ARM IHI 0031 (ADIv5), DDI 0337 ch. 11 (AHB-AP).
 *
 * Not modelled: the JTAG-DP, multi-drop, turnaround other than one cycle, the
 * transaction counter (TRNCNT), the dormant state.
 */
#ifndef REFLASH_BOARD_DP_H
#define REFLASH_BOARD_DP_H

#include <stdbool.h>
#include <stdint.h>

#include "mcu/mcu.h"

enum swd_ack { SWD_ACK_OK = 1, SWD_ACK_WAIT = 2, SWD_ACK_FAULT = 4, SWD_NO_ACK = 7 };

/* DP registers by A[3:2] << 2. */
enum { DP_DPIDR = 0x0, DP_ABORT = 0x0, DP_CTRL_STAT = 0x4, DP_RESEND = 0x8, DP_SELECT = 0x8,
       DP_RDBUFF = 0xC };

/* ABORT (write only): what to cancel and which sticky flags to clear. */
#define ABORT_DAPABORT (1u << 0)
#define ABORT_STKCMPCLR (1u << 1)
#define ABORT_STKERRCLR (1u << 2)
#define ABORT_WDERRCLR (1u << 3)
#define ABORT_ORUNERRCLR (1u << 4)

/* CTRL/STAT. */
#define CTRL_ORUNDETECT (1u << 0)
#define CTRL_STICKYORUN (1u << 1)
#define CTRL_TRNMODE (3u << 2)
#define CTRL_STICKYCMP (1u << 4)
#define CTRL_STICKYERR (1u << 5)
#define CTRL_READOK (1u << 6)
#define CTRL_WDATAERR (1u << 7)
#define CTRL_MASKLANE (15u << 8)
#define CTRL_TRNCNT (0xFFFu << 12)
#define CTRL_CDBGRSTREQ (1u << 26)
#define CTRL_CDBGPWRUPREQ (1u << 28)
#define CTRL_CDBGPWRUPACK (1u << 29)
#define CTRL_CSYSPWRUPREQ (1u << 30)
#define CTRL_CSYSPWRUPACK (1u << 31)

/* AP registers by bank and A[3:2]. */
enum { AP_CSW = 0x00, AP_TAR = 0x04, AP_DRW = 0x0C, AP_BD0 = 0x10, AP_CFG = 0xF4, AP_BASE = 0xF8,
       AP_IDR = 0xFC };

/* An AP access that the bus has not answered yet. */
struct ap_access {
	bool active;
	bool read;
	uint8_t reg; /* whole AP register address, bank included */
	uint32_t data;
};

struct dp {
	uint32_t ctrl_stat;  /* request bits and sticky flags; the ACK bits follow the requests */
	uint32_t select, rdbuff;
	uint32_t resend;     /* data of the last AP or RDBUFF read */
	uint32_t csw, tar;
	bool swd;            /* the JTAG-to-SWD sequence was seen since power-on */
	bool selected;       /* a line reset and a DPIDR read have happened */
	bool awake;          /* line reset seen; DPIDR must be read next */
	struct ap_access pending;
};

/* Power-on: JTAG selected, everything cleared. */
void dp_reset(struct dp *dp);
/* At least 50 clocks with SWDIO high. Cancels nothing; DPIDR must be read next. */
void dp_line_reset(struct dp *dp);
/* The 16-bit sequence 0xE79E that turns the SWJ-DP from JTAG to SWD. */
void dp_switch_to_swd(struct dp *dp);
/* One transfer. `ap`: APnDP. addr: A[3:2] << 2. Returns the acknowledge; on
 * SWD_ACK_OK a read's data (AP reads are posted, as on the wire). */
enum swd_ack dp_transfer(struct dp *dp, struct mcu *m, bool ap, bool read, uint8_t addr,
			 uint32_t *data);
/* The bus clock may have come back: finish a pending AP access if it has. */
void dp_poll(struct dp *dp, struct mcu *m);
/* The data phase of a write arrived with a wrong parity bit: WDATAERR. */
void dp_write_parity_error(struct dp *dp);

/* One access to a register of the AHB-AP (ap.c). Reads give `*data`. */
enum mcu_access ap_access(struct dp *dp, struct mcu *m, bool read, uint8_t reg, uint32_t *data);

#endif
