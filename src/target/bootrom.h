/*
 * The chip's own boot ROM over its UART: the way in that needs no debug port
 * at all. Source: ST application note AN3155 (USART protocol), AN2606.
 */
#ifndef REFLASH_TARGET_BOOTROM_H
#define REFLASH_TARGET_BOOTROM_H

#include <stddef.h>
#include <stdint.h>

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "wire/wire.h"

struct bootrom {
	struct stream_wire *wire; /* borrowed */
	uint8_t version;          /* 0x22: 2.2 */
	uint16_t chip_id;         /* DEV_ID as DBGMCU tells it */
	bool extended_erase;      /* 0x44 instead of 0x43 */
};

/* Say hello (0x7F) until it answers or `wait_us` is over; `keep_trying` (may be
 * NULL) is asked in between. Then ask who it is. STATUS_NO_ANSWER when nothing
 * came, STATUS_TARGET_FAULT when what came is no boot ROM's answer. */
enum status bootrom_open(struct stream_wire *w, uint64_t wait_us, bool (*keep_trying)(void *ctx),
			 void *ctx, struct bootrom *out, struct err *err) MUST_CHECK;
/* Any length; split to 256 bytes inside. STATUS_PROTECTED when it refuses. */
enum status bootrom_read(struct bootrom *b, uint32_t address, uint8_t *data, size_t len,
			 struct err *err) MUST_CHECK;
/* address a multiple of 4; a last odd word is filled with 0xFF. */
enum status bootrom_write(struct bootrom *b, uint32_t address, const uint8_t *data, size_t len,
			  struct err *err) MUST_CHECK;
enum status bootrom_erase_page(struct bootrom *b, unsigned page, struct err *err) MUST_CHECK;
enum status bootrom_erase_all(struct bootrom *b, struct err *err) MUST_CHECK;
/* Leave the boot ROM for the program whose vector table is at `address`. */
enum status bootrom_go(struct bootrom *b, uint32_t address, struct err *err) MUST_CHECK;

#endif
