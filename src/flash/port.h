/*
 * What the write engine works through: flash memory behind some access. The
 * engine (flash.c) decides what to do; a port does it. There are three: a loader
 * in the chip's RAM (loader.c), plain SWD accesses (direct.c) and the UART boot
 * loader (uart.c).
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
	enum status (*read)(struct flash_port *port, uint32_t address, void *data, size_t len,
			    struct err *err);
	/* Before the first erase: open the controller. */
	enum status (*begin)(struct flash_port *port, struct err *err);
	/* Have the CRC (flash/crc.h) of each of `count` pieces of `size` bytes from
	 * `address` computed, after what was given before. At most FLASH_MAP_MAX
	 * pieces are started before they are taken. */
	enum status (*map_start)(struct flash_port *port, uint32_t address, size_t size,
				 size_t count, struct err *err);
	/* Wait for everything; the CRCs of all that was started, in that order. */
	enum status (*map_take)(struct flash_port *port, uint32_t *crc, struct err *err);
	/* Have those CRCs compared with `want` instead, after what was given before.
	 * Where one differs, nothing given later is done, and this call or a later
	 * one returns STATUS_MISMATCH with the address of the piece. At most
	 * FLASH_MAP_MAX pieces. */
	enum status (*expect)(struct flash_port *port, uint32_t address, size_t size,
			      size_t count, const uint32_t *want, struct err *err);
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
	/* Halts what it runs, locks what begin opened, frees the port. */
	void (*close)(struct flash_port *port);
};
struct flash_port {
	const struct flash_port_ops *ops;
	struct target *target; /* or: */
	struct bootrom *rom;
	const struct chip *chip;
	const struct log *log;
	bool begun;            /* begin was called */
	bool reset_follows;    /* close need neither halt nor lock: a reset does both */
	uint32_t crc[FLASH_MAP_MAX]; /* of ports that compute them here */
	size_t mapped;         /* CRCs started and not taken */
	unsigned given, done; /* operations handed over, and known to be finished */
};

/* The CRCs of any number of pieces, at once. */
enum status flash_port_map(struct flash_port *port, uint32_t address, size_t size, size_t count,
			   uint32_t *crc, struct err *err) MUST_CHECK;

/* map_start, map_take and expect for ports that read back and compute here. */
enum status flash_map_by_reading(struct flash_port *port, uint32_t address, size_t size,
				 size_t count, struct err *err) MUST_CHECK;
enum status flash_map_read(struct flash_port *port, uint32_t *crc, struct err *err) MUST_CHECK;
enum status flash_expect_by_reading(struct flash_port *port, uint32_t address, size_t size,
				    size_t count, const uint32_t *want,
				    struct err *err) MUST_CHECK;
/* STATUS_MISMATCH: the piece at `address` is not as expected. */
enum status flash_unexpected(uint32_t address, struct err *err) MUST_CHECK;
/* read, begin and the end of it through a target. */
enum status flash_swd_read(struct flash_port *port, uint32_t address, void *data, size_t len,
			   struct err *err) MUST_CHECK;
enum status flash_swd_begin(struct flash_port *port, struct err *err) MUST_CHECK;
void flash_swd_end(struct flash_port *port);

/* Put the loader into RAM and start it. STATUS_UNSUPPORTED where RAM cannot be
 * used or the code does not run: use direct then. The chip is quiet (f1_quiet);
 * `fresh`: as a reset left it, so that the loader may set the clock. */
enum status flash_loader_open(struct target *t, const struct chip *chip, bool fresh,
			      const struct log *log, struct flash_port **out, struct err *err) MUST_CHECK;
enum status flash_direct_open(struct target *t, const struct chip *chip, const struct log *log,
			      struct flash_port **out, struct err *err) MUST_CHECK;
/* The boot ROM answers (bootrom_open). STATUS_PROTECTED where it refuses to read. */
enum status flash_uart_open(struct bootrom *rom, const struct chip *chip, const struct log *log,
			    struct flash_port **out, struct err *err) MUST_CHECK;

#endif
