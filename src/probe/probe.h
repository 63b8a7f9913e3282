/*
 * Debug probes, as the host drives them: memory and debug access over a wire.
 * Every call can fail and says so. A driver is one file that ends in its ops
 * plus one row in probe/table.c.
 *
 * Statuses: STATUS_NO_ANSWER (no acknowledge / IDCODE error), STATUS_TARGET_WAIT
 * (bus asleep), STATUS_TARGET_FAULT (bus refused; err->address), wire statuses
 * pass through. err->raw holds the probe's own code.
 */
#ifndef REFLASH_PROBE_H
#define REFLASH_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "wire/wire.h"

struct probe;

struct probe_version {
	unsigned hardware; /* 2, 3 */
	unsigned jtag;     /* the J of V2J37S7 */
	unsigned swim;     /* the S or M */
	char text[24];     /* "V2J37S7" */
};

struct probe_ops {
	const char *name; /* "ST-LINK" */
	bool (*matches)(const struct usb_identity *id);
	/* Take over an open wire: version, leave DFU/other modes. Does not touch
	 * the target. */
	enum status (*open)(struct probe *p, struct err *err);
	void (*close)(struct probe *p); /* leaves debug mode so that the next client finds it clean */
	enum status (*voltage)(struct probe *p, unsigned *millivolt, struct err *err);
	/* Nearest speed not above `khz`; reports what was set. */
	enum status (*set_speed)(struct probe *p, unsigned khz, unsigned *set, struct err *err);
	/* Enter SWD: line reset and read of DPIDR. */
	enum status (*enter_swd)(struct probe *p, struct err *err);
	enum status (*leave)(struct probe *p, struct err *err);
	enum status (*read_dpidr)(struct probe *p, uint32_t *dpidr, struct err *err);
	/* NRST as the probe drives it (true: low). That it reaches the chip is
	 * another matter. */
	enum status (*drive_nrst)(struct probe *p, bool low, struct err *err);
	/* One aligned word through the AHB-AP, cheapest way. */
	enum status (*read_word)(struct probe *p, uint32_t address, uint32_t *value,
				 struct err *err);
	enum status (*write_word)(struct probe *p, uint32_t address, uint32_t value,
				  struct err *err);
	/* Blocks, any alignment and length; split to the probe's limits inside.
	 * `width` 1, 2 or 4: access size on the bus; address and len multiples. */
	enum status (*read)(struct probe *p, uint32_t address, unsigned width, uint8_t *data,
			    size_t len, struct err *err);
	enum status (*write)(struct probe *p, uint32_t address, unsigned width,
			     const uint8_t *data, size_t len, struct err *err);
	/* Raw DP/AP access; NULL when the probe has none (ap 0xFFFF = DP). */
	enum status (*dap_read)(struct probe *p, uint16_t ap, uint8_t reg, uint32_t *value,
				struct err *err);
	enum status (*dap_write)(struct probe *p, uint16_t ap, uint8_t reg, uint32_t value,
				 struct err *err);
};

struct probe {
	const struct probe_ops *ops;
	struct usb_wire *wire;      /* owned */
	struct probe_version version;
	const struct log *log;
	unsigned speed_khz;         /* 0: not set yet */
	bool hurry;                 /* the caller polls: do not retry what answers WAIT */
	bool lost;                  /* the wire failed: every call fails at once until reopened, */
	char lost_why[320];         /* and says this */
	void *state;                /* the driver's own, freed by close */
};

/* Find the driver for the wire's identity and open it. Takes the wire in any
 * case (closes it on failure). */
enum status probe_open(struct usb_wire *wire, const struct log *log, struct probe **out,
		       struct err *err) MUST_CHECK;
void probe_close(struct probe *p); /* NULL is fine */

static inline uint64_t probe_now_us(struct probe *p)
{
	return usb_now_us(p->wire);
}
static inline void probe_sleep_us(struct probe *p, uint64_t us)
{
	usb_sleep_us(p->wire, us);
}

#endif
