/*
 * Inside the board: the debug port as the wires see it. A SWD transfer either
 * gets an ACK or nothing. SW-DP (ADIv5.0, DPv0/1 as on STM32F103) and its one
 * AHB-AP. Source: ARM IHI 0031; DDI 0337 ch. 11.
 */
#ifndef REFLASH_BOARD_DP_H
#define REFLASH_BOARD_DP_H

#include <stdbool.h>
#include <stdint.h>

#include "mcu/mcu.h"

enum swd_ack { SWD_ACK_OK = 1, SWD_ACK_WAIT = 2, SWD_ACK_FAULT = 4, SWD_NO_ACK = 7 };

struct dp {
	uint32_t ctrl_stat, select, rdbuff;
	uint32_t csw, tar;
	bool selected;       /* a line reset and DPIDR read have happened */
	bool powered;        /* CxxPWRUPACK */
};

void dp_reset(struct dp *dp); /* power-on */
void dp_line_reset(struct dp *dp);
/* One transfer. `ap`: APnDP. addr: A[3:2] << 2. Returns the acknowledge; on
 * SWD_ACK_OK a read's data (AP reads are posted, as on the wire). */
enum swd_ack dp_transfer(struct dp *dp, struct mcu *m, bool ap, bool read, uint8_t addr,
			 uint32_t *data);

#endif
