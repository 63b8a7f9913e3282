/*
 * A desk for tests: a virtual board in this process and the shipping drivers
 * at the other end of its wire. Time is driven: nothing waits for real.
 */
#ifndef REFLASH_TESTS_LINK_DESK_H
#define REFLASH_TESTS_LINK_DESK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "board/board.h"
#include "flash/flash.h"
#include "probe/probe.h"
#include "serve/serve.h"
#include "target/target.h"

struct desk {
	struct board *board;
	struct usb_wire *wire; /* the faulty wrapper, for its count; owned by the probe */
	struct probe *probe;
	struct target *target;
};

/* What may go wrong on the wire of the next desk_connect. */
struct desk_fault {
	uint64_t at; /* 0: never */
	enum usb_fault kind;
	bool permanent;
};

struct board *desk_board(const struct board_config *config);
/* Everything up to an attached, halted target; the first failure is returned. */
enum status desk_connect(struct desk *d, struct board *b, const struct desk_fault *fault,
			 struct err *err);
/* Lets go of target and probe; the board stays. */
void desk_leave(struct desk *d);

/* Random numbers whose seed is printed, so that a failure can be repeated.
 * Environment: REFLASH_SEED. */
uint64_t desk_seed(void);
uint32_t desk_random(uint64_t *seed);
void desk_fill(uint64_t *seed, uint8_t *data, size_t len);
/* Contents of flash as a long-used chip has them: random, blank and zero pages. */
void desk_used_flash(uint64_t *seed, struct board *b);
/* Puts a program at the start of flash that takes SWD away at once:
 * RCC_APB2ENR.AFIOEN, then AFIO_MAPR with SWJ_CFG = 100, then a loop. Returns
 * its length. */
size_t desk_locking_program(uint8_t *flash);

#endif
