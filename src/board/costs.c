/*
 * What things take on the desk. The board uses the `typ` column; min and max
 * say how far real ones are spread.
 *
 * Calibration, published logs of ST-LINK/V2 with OpenOCD reading in 1-KiB
 * blocks: 131072 bytes in 2.539 s and 2560 bytes in 0.048 s at 1.8 MHz
 * (50-52 KiB/s), 65536 bytes in 1.281 s. A word costs 75-78 us there. Two SWD
 * transfers a word (DRW, RDBUFF) are 51 us of bits; 2 ms a KiB of USB (command,
 * 16 packets, status exchange) are 8 us a word; what is left is 16-18 us, i.e.
 * 8 us of firmware a transfer. Against it: 64 KiB written while the chip was
 * programming in 1.361 s at 950 kHz (83 us a word): one transfer a word gives
 * 48 + 8 + 8 = 64 us, hidden behind programming as observed.
 */
#include "board/board_internal.h"

static const struct cost_row rows[COST_COUNT] = {
	[COST_USB_TRANSFER] = {"USB bulk transfer", {60000, 250000, 1000000},
		"MEASURED by others: 0.3-1 ms an exchange of two; typ from the calibration above"},
	[COST_USB_PACKET] = {"USB 64-byte packet", {52632, 52632, 71429},
		"USB 2.0 table 5-9: at most 19 bulk packets of 64 bytes a 1-ms frame"},
	[COST_USB_HS_TRANSFER] = {"USB bulk transfer, high speed", {30000, 125000, 500000},
		"ASSUMED: one microframe each way, against one frame at full speed"},
	[COST_USB_HS_PACKET] = {"USB 512-byte packet", {9616, 9616, 12500},
		"USB 2.0 table 5-10: at most 13 bulk packets of 512 bytes a microframe"},
	[COST_SWD_OVERHEAD_V3] = {"SWD transfer, V3's firmware", {200, 1000, 4000}, "ASSUMED"},
	[COST_SWD_OVERHEAD] = {"SWD transfer, probe firmware", {2000, 8000, 18000},
		"from the calibration above"},
	[COST_COMMAND] = {"ST-LINK command decoding", {5000, 20000, 50000}, "ASSUMED"},
	[COST_NRST_PULSE] = {"ST-LINK NRST pulse", {100000, 1000000, 20000000}, "ASSUMED"},
	[COST_NRST_SLOW_RISE] = {"slow NRST rise", {1000000, 20000000, 200000000},
		"ASSUMED: 2.2 uF on the 40-kOhm pull-up, or a supervisor's hold time"},
	[COST_WAIT_RETRY] = {"pause after WAIT", {1000, 10000, 100000}, "ASSUMED"},
};

const struct cost_row *cost_row(enum cost c)
{
	return &rows[c];
}

uint64_t cost_ns(enum cost c)
{
	return rows[c].ns.typ;
}

/* The frequencies that hosts name for the divisors (1: 1800, 3: 950, 31: 125,
 * 798: 5 kHz) lie within 3 % of 305 ns + 250 ns a step; 0 is 4 MHz. */
uint32_t swd_period_ns(unsigned divisor)
{
	return divisor == 0 ? 250 : 305 + 250 * divisor;
}
