/* See f1.h. */
#include "flash/f1.h"

enum {
	KEY_1 = 0x45670123,
	BUSY_US = 2000000, /* longest mass erase is 40 ms; clones take several times that */
	POLL_US = 500,
};
#define KEY_2 0xCDEF89ABu

static enum status stop_dma(struct target *t, struct err *err)
{
	return target_write32(t, F1_RCC_AHBENR, F1_RCC_AHBENR_QUIET, err);
}

enum status f1_quiet_as_it_is(struct target *t, struct err *err)
{
	enum status s = target_halt(t, err);

	if (s == STATUS_OK)
		s = target_catch_faults(t, err);
	return s == STATUS_OK ? stop_dma(t, err) : s;
}

enum status f1_quiet(struct target *t, bool *fresh, const struct log *log, struct err *err)
{
	enum status s = target_reset_caught(t, NULL);

	if (fresh)
		*fresh = s == STATUS_OK;
	if (s != STATUS_OK) {
		log_line(log, LOG_VERBOSE, "no reset (%s): halting what runs", status_sentence(s));
		return f1_quiet_as_it_is(t, err);
	}
	return STATUS_OK; /* a reset stops DMA's clock, too */
}

enum status f1_need_halfwords(struct target *t, const struct chip *chip, struct err *err)
{
	struct err detail = ERR_INIT;
	enum status s = target_write16(t, chip->ram_base, 0, &detail);

	/* RAM that does not answer is another matter */
	if (s != STATUS_UNSUPPORTED && !target_probe(t)->lost)
		return STATUS_OK;
	if (err && err->status == STATUS_OK)
		*err = detail;
	return s;
}

enum status f1_error(uint32_t sr, uint32_t address, struct err *err)
{
	err_at(err, address);
	if (sr & F1_SR_WRPRTERR)
		return err_set(err, STATUS_PROTECTED, "flash at 0x%08X is write-protected",
			       address);
	if (sr & F1_SR_PGERR)
		return err_set(err, STATUS_FAILED,
			       "flash at 0x%08X was not erased and takes no new value (PGERR)",
			       address);
	return STATUS_OK;
}

/* *sr: as it was when BSY went. */
static enum status wait_idle(struct target *t, uint32_t address, uint64_t timeout_us, uint32_t *sr,
			     struct err *err)
{
	uint64_t start = target_now_us(t);

	for (;;) {
		enum status s = target_read32(t, F1_SR, sr, err);

		if (s != STATUS_OK || !(*sr & F1_SR_BSY))
			return s;
		if (target_now_us(t) - start > timeout_us)
			return err_set(err, STATUS_TIMEOUT,
				       "the flash controller stays busy at 0x%08X", address);
		target_sleep_us(t, POLL_US);
	}
}

enum status f1_wait_idle(struct target *t, uint32_t address, uint64_t timeout_us, struct err *err)
{
	uint32_t sr = 0;

	return wait_idle(t, address, timeout_us, &sr, err);
}

enum status f1_wait(struct target *t, uint32_t address, uint64_t timeout_us, struct err *err)
{
	uint32_t sr = 0;
	enum status s = wait_idle(t, address, timeout_us, &sr, err);

	if (s == STATUS_OK && (sr & (F1_SR_PGERR | F1_SR_WRPRTERR))) {
		s = f1_error(sr, address, err);
		/* written as ones to clear them; the first error is what counts */
		(void)!target_write32(t, F1_SR, F1_SR_PGERR | F1_SR_WRPRTERR | F1_SR_EOP, NULL);
	}
	return s;
}

enum status f1_stays_locked(struct err *err)
{
	err_set(err, STATUS_FAILED, "the flash controller does not unlock");
	err_next(err, "reset the board and try again: a wrong key locks it until then");
	return STATUS_FAILED;
}

enum status f1_unlock(struct target *t, struct err *err)
{
	uint32_t cr = 0;
	enum status s = f1_wait(t, F1_CR, BUSY_US, err);

	if (s == STATUS_OK)
		s = target_read32(t, F1_CR, &cr, err);
	if (s != STATUS_OK || !(cr & F1_CR_LOCK))
		return s;
	s = target_write32(t, F1_KEYR, KEY_1, err);
	if (s == STATUS_OK)
		s = target_write32(t, F1_KEYR, KEY_2, err);
	if (s == STATUS_OK)
		s = target_read32(t, F1_CR, &cr, err);
	return s == STATUS_OK && (cr & F1_CR_LOCK) ? f1_stays_locked(err) : s;
}

enum status f1_unlock_options(struct target *t, struct err *err)
{
	uint32_t cr = 0;
	enum status s = f1_unlock(t, err);

	if (s == STATUS_OK)
		s = target_write32(t, F1_OPTKEYR, KEY_1, err);
	if (s == STATUS_OK)
		s = target_write32(t, F1_OPTKEYR, KEY_2, err);
	if (s == STATUS_OK)
		s = target_read32(t, F1_CR, &cr, err);
	if (s == STATUS_OK && !(cr & F1_CR_OPTWRE))
		return err_set(err, STATUS_FAILED, "the option bytes do not unlock");
	return s;
}

enum status f1_lock(struct target *t, struct err *err)
{
	return target_write32(t, F1_CR, F1_CR_LOCK, err);
}

enum status f1_erase(struct target *t, uint32_t bits, uint32_t address, struct err *err)
{
	enum status s = target_write32(t, F1_CR, bits, err);

	if (s == STATUS_OK)
		s = target_write32(t, F1_AR, address, err);
	if (s == STATUS_OK)
		s = target_write32(t, F1_CR, bits | F1_CR_STRT, err);
	if (s == STATUS_OK)
		s = f1_wait(t, address, BUSY_US, err);
	return s;
}

enum status f1_protection(struct target *t, struct f1_protection *out, struct err *err)
{
	uint32_t obr = 0, wrpr = 0;
	enum status s = target_read32(t, F1_OBR, &obr, err);

	if (s == STATUS_OK)
		s = target_read32(t, F1_WRPR, &wrpr, err);
	if (s == STATUS_OK)
		*out = (struct f1_protection){.rdp = obr & F1_OBR_RDPRT,
					      .option_error = obr & F1_OBR_OPTERR, .wrpr = wrpr,
					      .user = (uint8_t)(obr >> 2 | 0xF8),
					      .data0 = (uint8_t)(obr >> 10),
					      .data1 = (uint8_t)(obr >> 18)};
	return s;
}

bool f1_page_protected(const struct chip *chip, const struct f1_protection *p, uint32_t address)
{
	uint32_t bit = (address - chip->flash_base) / chip->page_size / chip->wrp_pages;

	return !(p->wrpr >> (bit > 31 ? 31 : bit) & 1);
}
