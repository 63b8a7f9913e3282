/*
 * What the write engine works through: flash memory behind some access. The
 * engine (flash.c) decides what to do; a port does it. Two are here: a loader
 * in the chip's RAM (loader.c) and plain SWD accesses (direct.c). A UART
 * bootloader can be a third.
 *
 * Operations may be queued: their failure may come back from a later call, and
 * from wait at the latest. After a failure nothing more is done.
 */
#ifndef REFLASH_FLASH_PORT_H
#define REFLASH_FLASH_PORT_H

#include "flash/flash.h"

enum { FLASH_MAP_MAX = 128 };

struct flash_port;
struct flash_port_ops {
	const char *name;
	/* Have the CRC (flash/crc.h) of each of `count` pieces of `size` bytes from
	 * `address` computed, after what was given before. At most FLASH_MAP_MAX
	 * pieces are started before they are taken. */
	enum status (*map_start)(struct flash_port *port, uint32_t address, size_t size,
				 size_t count, struct err *err);
	/* Wait for everything; the CRCs of all that was started, in that order. */
	enum status (*map_take)(struct flash_port *port, uint32_t *crc, struct err *err);
	/* Erase one page. */
	enum status (*erase_page)(struct flash_port *port, uint32_t address, struct err *err);
	/* Erase the whole die. */
	enum status (*erase_all)(struct flash_port *port, struct err *err);
	/* Program erased flash; address and len even. 0xFFFF half-words are left
	 * alone. The data are taken over before it returns. */
	enum status (*program)(struct flash_port *port, uint32_t address, const uint8_t *data,
			       size_t len, struct err *err);
	/* Wait until at most `open` operations are not known to be done and good;
	 * UINT_MAX: only learn how many are. */
	enum status (*wait)(struct flash_port *port, unsigned open, struct err *err);
	void (*close)(struct flash_port *port); /* halts what it runs; frees the port */
};
struct flash_port {
	const struct flash_port_ops *ops;
	struct target *target;
	const struct chip *chip;
	const struct log *log;
	unsigned given, done; /* operations handed over, and known to be finished */
};

/* The CRCs of any number of pieces, at once. */
enum status flash_port_map(struct flash_port *port, uint32_t address, size_t size, size_t count,
			   uint32_t *crc, struct err *err) MUST_CHECK;

/* Put the loader into RAM and start it. STATUS_UNSUPPORTED where RAM cannot be
 * used or the code does not run: use direct then. The chip is quiet (f1_quiet). */
enum status flash_loader_open(struct target *t, const struct chip *chip, const struct log *log,
			      struct flash_port **out, struct err *err) MUST_CHECK;
enum status flash_direct_open(struct target *t, const struct chip *chip, const struct log *log,
			      struct flash_port **out, struct err *err) MUST_CHECK;

#endif
