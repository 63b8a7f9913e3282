/*
 * The virtual board: an STM32F103 with what is around it on a desk: power,
 * crystal, BOOT0 jumper, RESET button, wires that may be open or swapped, the
 * SW-DP and AHB-AP, a boot ROM of our own, and a virtual ST-LINK at the other
 * end of the wires. Knows nothing of the host side.
 *
 * Time: `board_now_ns` is virtual. Every command of the probe costs what SWD
 * bits and USB transactions cost (board/costs.c, each figure with its source),
 * and the microcontroller runs meanwhile. Waiting is `board_advance`.
 */
#ifndef REFLASH_BOARD_H
#define REFLASH_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "chips/chips.h"
#include "mcu/mcu.h"

struct board;

/* Wires between probe and chip, each a setting of its own; TX and RX are the
 * serial adapter's, named from the chip's side. HSE and LSE are the crystals'
 * joints on the chip's board: open, the crystal does not swing. */
enum board_wire { WIRE_SWDIO, WIRE_SWCLK, WIRE_NRST, WIRE_GND, WIRE_VTREF, WIRE_TX, WIRE_RX,
		  WIRE_HSE, WIRE_LSE, WIRE_COUNT };
enum wire_state {
	WIRE_OK,    /* as it should be ("ok", "wired") */
	WIRE_OPEN,  /* not connected */
	WIRE_SWAPPED, /* SWDIO and SWCLK exchanged (set on either) */
	WIRE_SWIM,  /* NRST only: the dongle's RST pin is SWIM reset: it drives nothing */
	WIRE_LOW,   /* shorted to ground (NRST: held low by something else) */
	WIRE_SLOW,  /* NRST: a big capacitor or supervisor, 20 ms to rise; SWD: only <= 480 kHz works */
	WIRE_NOISY, /* SWD: errors grow with speed */
};

struct board_config {
	const struct chip *chip;       /* NULL: STM32F103C8 */
	const struct silicon *silicon; /* NULL: genuine */
	enum wire_state wires[WIRE_COUNT];
	bool boot0;
	bool power_off;
	bool clone_vtref;        /* the dongle's VTref senses its own 3.3 V */
	const char *probe_firmware; /* "V2J37S7" (default), "V2J17S4", "V3J7M3" ... */
	bool short_replies;      /* failing replies are their 2 status bytes ... */
	bool stale_replies;      /* ... or full length with left-overs; neither: as the firmware
				    version does (2 bytes from J36 on) */
	const uint8_t *boot_rom; /* a user's own dump; NULL: ours */
	size_t boot_rom_size;
	uint8_t swj_readback;
	uint32_t hse_hz;         /* 0: 8000000; UINT32_MAX: no crystal */
	const char *serial;      /* probe's serial; NULL: a default, 24 hex digits */
	const struct log *log;
};

struct board *board_new(const struct board_config *config, struct err *err);
void board_free(struct board *b);
struct mcu *board_mcu(struct board *b); /* owned by the board */

/* ---- the finger and the jumper ------------------------------------------ */

void board_hold_reset(struct board *b, bool held);  /* the RESET button */
void board_press_reset(struct board *b, unsigned ms); /* hold, and release after `ms` of board time */
void board_power(struct board *b, bool on);
void board_power_cycle(struct board *b, unsigned ms_off);
void board_boot0(struct board *b, bool high);
void board_boot1(struct board *b, bool high);
enum status board_set_wire(struct board *b, enum board_wire wire, enum wire_state state,
			   struct err *err) MUST_CHECK;
/* "nrst=open", "swdio=ok" ... several separated by commas. STATUS_USAGE names
 * the choices. */
enum status board_set_wires_text(struct board *b, const char *text, struct err *err) MUST_CHECK;

/* Do something to the board, `delay_ns` of board time from now, in words:
 *   pin PA0=0|1|float    a level on a pin, ports A to G
 *   uart TEXT            bytes to USART1, at most 256; \r \n \t \\ \xHH
 *   wire NAME=STATE,...  as board_set_wires_text
 *   boot0 0|1, boot1 0|1, power on|off, hold-reset, release-reset
 * STATUS_USAGE, and nothing planned, when it can't be understood. What is
 * planned for one moment happens in the order given. */
enum status board_stimulate(struct board *b, uint64_t delay_ns, const char *what,
			    struct err *err) MUST_CHECK;

/* ---- time ------------------------------------------------------------------- */

uint64_t board_now_ns(const struct board *b);
/* Let the board run for that long (the chip runs, sleeps or stays off). */
void board_advance(struct board *b, uint64_t ns);
/* Next time at which the board must be looked at again even if nobody talks to
 * it; UINT64_MAX when never (chip halted or off). */
bool board_is_running(const struct board *b);

/* ---- the virtual ST-LINK: a transport-free USB endpoint ------------------------ */

enum stlink_result { STLINK_OK, STLINK_STALL, STLINK_UNPLUGGED };
struct stlink_usb_id {
	uint16_t vid, pid;
	const char *serial, *manufacturer, *product;
	uint8_t ep_out, ep_in, ep_swo;
};
const struct stlink_usb_id *board_usb_id(const struct board *b);
/* A bulk OUT packet (command block or data). Runs the command when complete;
 * time advances by its cost. */
enum stlink_result board_usb_out(struct board *b, uint8_t ep, const uint8_t *data, size_t len);
/* A bulk IN: takes up to `room` bytes of the pending reply. got 0: nothing
 * pending (the host would wait: a timeout). */
enum stlink_result board_usb_in(struct board *b, uint8_t ep, uint8_t *data, size_t room,
				size_t *got);
/* USB bus reset / re-enumeration: probe state back to power-on. */
void board_usb_reset(struct board *b);

/* ---- the serial adapter on USART1 (PA9/PA10) ------------------------------------ */

/* How the adapter is set; 115200 baud, 8E1 at first. */
void board_uart_config(struct board *b, uint32_t baud, bool even_parity);
/* Queue bytes towards the chip; they leave one after another as time passes.
 * Returns how many were taken (the queue holds 4096). */
size_t board_uart_send(struct board *b, const uint8_t *data, size_t len);
/* Take bytes that the chip has sent. */
size_t board_uart_receive(struct board *b, uint8_t *data, size_t room);

/* ---- faults for tests -------------------------------------------------------- */

/* Cut power at the nth flash operation from now (0: never). */
void board_cut_power_at(struct board *b, uint64_t flash_operation);

/* ---- looking at it (control socket, tests) -------------------------------------- */

struct board_status {
	bool powered, reset_held, boot0;
	enum mcu_mode mode;
	bool halted;
	unsigned swj_cfg;
	bool swd_on;
	bool rdp;
	uint32_t pc;
	uint64_t now_ns, instructions, commands; /* ST-LINK commands served */
	enum wire_state wires[WIRE_COUNT];
};
void board_get_status(const struct board *b, struct board_status *out);
const char *wire_state_name(enum wire_state s);
const char *board_wire_name(enum board_wire w);

#endif
