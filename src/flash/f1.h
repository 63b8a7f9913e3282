/*
 * The flash controller of the STM32F1, as the host sees it over a debug port.
 * Register names of our own: the board's side has others on purpose.
 * Source: PM0075 (flash programming), RM0008 4 (CRC), 7.3 (RCC), 13 (DMA).
 */
#ifndef REFLASH_FLASH_F1_H
#define REFLASH_FLASH_F1_H

#include "flash/flash.h"

#define F1_KEYR 0x40022004u
#define F1_OPTKEYR 0x40022008u
#define F1_SR 0x4002200Cu
#define F1_SR_BSY (1u << 0)
#define F1_SR_PGERR (1u << 2)
#define F1_SR_WRPRTERR (1u << 4)
#define F1_SR_EOP (1u << 5)
#define F1_CR 0x40022010u
#define F1_CR_PG (1u << 0)
#define F1_CR_PER (1u << 1)
#define F1_CR_MER (1u << 2)
#define F1_CR_OPTPG (1u << 4)
#define F1_CR_OPTER (1u << 5)
#define F1_CR_STRT (1u << 6)
#define F1_CR_LOCK (1u << 7)
#define F1_CR_OPTWRE (1u << 9)
#define F1_AR 0x40022014u
#define F1_OBR 0x4002201Cu
#define F1_OBR_OPTERR (1u << 0)
#define F1_OBR_RDPRT (1u << 1)
#define F1_WRPR 0x40022020u
#define F1_RCC_AHBENR 0x40021014u
#define F1_RCC_AHBENR_QUIET 0x54u /* CRC, FLITF, SRAM clocked; both DMAs not */

/*
 * Halt the chip in a state in which its RAM and flash can be worked on: reset
 * and stopped before the first instruction, DMA off; *fresh is set (NULL: not
 * asked). Where a reset does not come through, halted with DMA's clock off.
 */
enum status f1_quiet(struct target *t, bool *fresh, const struct log *log,
		     struct err *err) MUST_CHECK;
/* The same without a reset: what runs is halted. */
enum status f1_quiet_as_it_is(struct target *t, struct err *err) MUST_CHECK;
/* STATUS_UNSUPPORTED where the probe has no half-word accesses, before anything
 * is erased that could then not be programmed. Writes to the first bytes of RAM. */
enum status f1_need_halfwords(struct target *t, const struct chip *chip,
			      struct err *err) MUST_CHECK;
/* The error of a controller that takes the keys and stays locked. */
enum status f1_stays_locked(struct err *err) MUST_CHECK;
enum status f1_unlock(struct target *t, struct err *err) MUST_CHECK;
/* Also opens the option bytes (OPTWRE). */
enum status f1_unlock_options(struct target *t, struct err *err) MUST_CHECK;
enum status f1_lock(struct target *t, struct err *err) MUST_CHECK;
/* Wait for BSY to go, whatever errors earlier work left. */
enum status f1_wait_idle(struct target *t, uint32_t address, uint64_t timeout_us,
			 struct err *err) MUST_CHECK;
/* The same; translate SR's errors and clear them. */
enum status f1_wait(struct target *t, uint32_t address, uint64_t timeout_us,
		    struct err *err) MUST_CHECK;
/* One erase by register writes: `bits` PER, MER or OPTER | OPTWRE. */
enum status f1_erase(struct target *t, uint32_t bits, uint32_t address, struct err *err) MUST_CHECK;
/* What a set of SR error bits means. */
enum status f1_error(uint32_t sr, uint32_t address, struct err *err) MUST_CHECK;

struct f1_protection {
	bool rdp, option_error;
	uint32_t wrpr; /* bit n 0: its pages are protected */
	uint8_t user, data0, data1; /* option bytes in force */
};
enum status f1_protection(struct target *t, struct f1_protection *out, struct err *err) MUST_CHECK;
/* Is the page at `address` write-protected? */
bool f1_page_protected(const struct chip *chip, const struct f1_protection *p, uint32_t address);

#endif
