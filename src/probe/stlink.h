/*
 * Inside the ST-LINK driver: the command layer (stlink_usb.c), memory blocks
 * (stlink_mem.c) and the driver itself (stlink.c).
 *
 * A command block is 16 bytes, zero-padded:
 *   F2 op  argument bytes ...
 * and a "debug" (F2) reply begins with a status byte, 0x80 for success. A
 * failing reply may be cut to two bytes (V2J36 and later) or carry left-overs
 * behind the status byte (older), so nothing behind a bad status is looked at.
 *
 * Source: the public drivers of this protocol (it was never published).
 */
#ifndef REFLASH_PROBE_STLINK_H
#define REFLASH_PROBE_STLINK_H

#include "base/bytes.h"
#include "probe/probe_internal.h"

/* What this firmware can do, from its version. */
enum stlink_feature {
	STLINK_VOLTAGE,   /* F7 */
	STLINK_RWSTATUS2, /* 3E: status of a block, with the failing address */
	STLINK_SWD_FREQ,  /* 43 */
	STLINK_DAP_REG,   /* 45, 46 */
	STLINK_MEM16,     /* 47, 48 */
	STLINK_INIT_AP,   /* 4B, needed before DAP access to an AP from then on */
	STLINK_FEATURES
};

struct stlink {
	bool has[STLINK_FEATURES];
	bool debug_mode;  /* ENTER was sent: leave at close */
	bool nrst_low;    /* we hold NRST */
	bool nrst_free;   /* we let go of it, and did not leave since */
	unsigned asked_khz; /* the SWD clock that was last asked for */
	uint32_t open_aps; /* bit n: INIT_AP was done for AP n */
	unsigned speeds[12], speed_count; /* V3: what it offers, kHz */
};

static inline struct stlink *stlink_of(struct probe *p)
{
	return p->state;
}

enum {
	STLINK_BLOCK = 16,     /* bytes of a command */
	STLINK_TIMEOUT_MS = 1000,
	STLINK_OK = 0x80,
	STLINK_AP_WAIT = 0x10,
	STLINK_AP_FAULT = 0x11,
	STLINK_DP_WAIT = 0x14,
};

/* One exchange, status byte not looked at. `len` is what a full reply has;
 * *got what came. A wire failure marks the probe lost. */
enum status stlink_raw(struct probe *p, const uint8_t *command, size_t command_len,
		       enum usb_direction direction, uint8_t *data, size_t len, size_t *got,
		       struct err *err) MUST_CHECK;
/* A debug command (F2 is put in front) whose reply begins with a status byte.
 * WAIT is retried with growing pauses. Fails with the status's meaning; a
 * reply that is good but short is STATUS_IO. */
enum status stlink_debug(struct probe *p, const uint8_t *args, size_t args_len, uint8_t *reply,
			 size_t len, struct err *err) MUST_CHECK;
/* Pause before retry `n` (from 0) of something that answered WAIT; false when
 * it was tried often enough. */
bool stlink_pause(struct probe *p, unsigned n);
/* Translate a status byte. `doing` is what was asked for. */
enum status stlink_status(uint8_t code, const char *doing, struct err *err) MUST_CHECK;
static inline bool stlink_is_wait(uint8_t code)
{
	return code == STLINK_AP_WAIT || code == STLINK_DP_WAIT;
}

enum status stlink_read(struct probe *p, uint32_t address, unsigned width, uint8_t *data,
			size_t len, struct err *err) MUST_CHECK;
enum status stlink_write(struct probe *p, uint32_t address, unsigned width, const uint8_t *data,
			 size_t len, struct err *err) MUST_CHECK;

/* Nearest SWD clock not above `khz` that this probe has. */
enum status stlink_set_speed(struct probe *p, unsigned khz, unsigned *set,
			     struct err *err) MUST_CHECK;

#endif
