/*
 * The write engine. Speaks to an ops struct (struct flash_port), so that SWD
 * memory access and the UART bootloader (AN3155) are both its backends. One
 * algorithm a family (flash/f1.c), the RAM loader with its source
 * (flash/loader/).
 */
#ifndef REFLASH_FLASH_H
#define REFLASH_FLASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "chips/chips.h"
#include "target/bootrom.h"
#include "target/target.h"

enum flash_phase { FLASH_CONNECT, FLASH_COMPARE, FLASH_ERASE, FLASH_PROGRAM, FLASH_VERIFY,
		   FLASH_PHASES };
const char *flash_phase_name(enum flash_phase p);

enum flash_erase_mode { ERASE_AUTO, ERASE_CHANGED, ERASE_PAGES, ERASE_CHIP };

struct flash_options {
	enum flash_erase_mode erase;
	bool dry_run;
	bool full_verify;    /* read back instead of the CRC map */
	bool no_loader;      /* write through SWD half-words only */
	bool reset_follows;  /* the caller resets at once: a good end is not halted first */
	/* done/total in bytes of the phase; may be NULL. Return false to interrupt
	 * (STATUS_INTERRUPTED at the next safe point). */
	bool (*progress)(void *ctx, enum flash_phase phase, size_t done, size_t total);
	void *ctx;
	const struct log *log;
};

/* With dry_run: what would be done. */
struct flash_result {
	unsigned pages_total, pages_written, pages_erased, pages_unchanged;
	bool mass_erased;
	bool was_cut;           /* the chip was found half-written by an earlier run */
	bool used_loader;       /* false: through SWD half-words */
	size_t bytes_programmed;
	uint64_t phase_us[FLASH_PHASES];
};

struct flash_piece {
	uint32_t address;
	const uint8_t *data;
	size_t len;
};

/*
 * How an interrupted write is told from a finished one, and why a chip left in
 * between stays attachable: the key page (page 0, or the lowest page of an
 * image that leaves page 0 alone) is erased first and written last, its stack
 * pointer and reset vector after everything else was verified. Found blank
 * there, the last run was cut: every page of the image is erased again, because
 * cells erased or programmed half-way can read right and not last.
 *
 * Write pieces (ascending, not overlapping) and verify them. Refuses before
 * the first erase: addresses outside flash (STATUS_BAD_FILE), RDP/WRP
 * (STATUS_PROTECTED). The target is reset, halted and left halted, its RAM and
 * clocks as the loader had them: reset it to let it run. The same holds for
 * flash_verify and flash_erase. With reset_follows a good end leaves the loader
 * waiting in RAM and the controller open: only a reset may follow.
 */
enum status flash_write(struct target *t, const struct chip *chip, const struct flash_piece *pieces,
			size_t count, const struct flash_options *opt, struct flash_result *result,
			struct err *err) MUST_CHECK;
enum status flash_verify(struct target *t, const struct chip *chip,
			 const struct flash_piece *pieces, size_t count,
			 const struct flash_options *opt, struct flash_result *result,
			 struct err *err) MUST_CHECK;
/* Erase whole pages that touch [address, address+len); len 0: everything. */
enum status flash_erase(struct target *t, const struct chip *chip, uint32_t address, size_t len,
			const struct flash_options *opt, struct flash_result *result,
			struct err *err) MUST_CHECK;

/* What the chip is reached through; exactly one is set. Over a boot ROM nothing
 * is reset or halted: start the program with bootrom_go. */
struct flash_link {
	struct target *target;
	struct bootrom *rom;
};
/* The same three over either. */
enum status flash_write_over(const struct flash_link *link, const struct chip *chip,
			     const struct flash_piece *pieces, size_t count,
			     const struct flash_options *opt, struct flash_result *result,
			     struct err *err) MUST_CHECK;
enum status flash_verify_over(const struct flash_link *link, const struct chip *chip,
			      const struct flash_piece *pieces, size_t count,
			      const struct flash_options *opt, struct flash_result *result,
			      struct err *err) MUST_CHECK;
enum status flash_erase_over(const struct flash_link *link, const struct chip *chip,
			     uint32_t address, size_t len, const struct flash_options *opt,
			     struct flash_result *result, struct err *err) MUST_CHECK;

/* ---- protection and option bytes (STM32F1) -------------------------------------- */

struct flash_options_bytes {
	uint8_t rdp, user, data0, data1;
	uint8_t wrp[4];
	bool rdp_active, error; /* FLASH_OBR.RDPRT, OPTERR */
};
enum status flash_read_option_bytes(struct target *t, const struct chip *chip,
				    struct flash_options_bytes *ob, struct err *err) MUST_CHECK;
/* Erase and program the option bytes (they load at the next reset). */
enum status flash_write_option_bytes(struct target *t, const struct chip *chip,
				     const struct flash_options_bytes *ob,
				     struct err *err) MUST_CHECK;
/* Remove read-out protection: mass-erases the chip. */
enum status flash_unlock(struct target *t, const struct chip *chip, struct err *err) MUST_CHECK;

#endif
