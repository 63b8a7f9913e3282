/* Erasing pages, or everything. */
#include <stdlib.h>
#include <string.h>

#include "flash/crc.h"
#include "flash/engine.h"

static enum status check_range(const struct chip *chip, uint32_t address, size_t len,
			       struct err *err)
{
	if (len == 0 || range_inside(address, len, chip->flash_base, chip->flash_size))
		return STATUS_OK;
	return err_set(err, STATUS_USAGE, "0x%08X, %zu bytes, is not within the flash of the %s",
		       address, len, chip->name);
}

static enum status refuse_wrp(const struct engine *e, uint32_t from, uint32_t to, struct err *err)
{
	for (uint32_t a = from; a < to; a += e->chip->page_size)
		if (f1_page_protected(e->chip, &e->protection, a))
			return engine_refuse_wrp(a, err);
	return STATUS_OK;
}

static enum status erase_pages(struct engine *e, uint32_t from, uint32_t to, struct err *err)
{
	enum status s = STATUS_OK;

	for (uint32_t a = from; s == STATUS_OK && a < to; a += e->chip->page_size) {
		e->touched = true;
		s = e->port->ops->erase_page(e->port, a, err);
		e->result.pages_erased++;
		if (s == STATUS_OK)
			s = engine_progress(e, FLASH_ERASE, a + e->chip->page_size - from,
					    to - from, err);
	}
	return s == STATUS_OK ? e->port->ops->wait(e->port, 0, err) : s;
}

static enum status erase_all(struct engine *e, struct err *err)
{
	enum status s = e->port->ops->erase_all(e->port, err);

	e->touched = true;
	e->result.mass_erased = true;
	e->result.pages_erased = e->chip->flash_size / e->chip->page_size;
	return s == STATUS_OK ? e->port->ops->wait(e->port, 0, err) : s;
}

static enum status check_blank(struct engine *e, uint32_t from, uint32_t to, struct err *err)
{
	uint32_t size = e->chip->page_size;
	size_t n = (to - from) / size;
	uint32_t *crc = malloc(n * sizeof *crc);
	uint8_t page[4096];
	enum status s = crc ? flash_port_map(e->port, from, size, n, crc, err)
			    : err_set(err, STATUS_NO_MEMORY, "out of memory");

	memset(page, 0xFF, sizeof page);
	for (size_t i = 0; s == STATUS_OK && i < n; i++) {
		if (crc[i] == flash_crc(page, size))
			continue;
		err_at(err, from + (uint32_t)(i * size));
		s = err_set(err, STATUS_MISMATCH, "the page at 0x%08X is not blank after its erase",
			    from + (uint32_t)(i * size));
	}
	free(crc);
	return s;
}

static enum status erase_range(struct engine *e, uint32_t from, uint32_t to, bool everything,
			       struct err *err)
{
	enum status s = refuse_wrp(e, from, to, err);

	e->result.pages_total = (to - from) / e->chip->page_size;
	if (s == STATUS_OK && e->opt->dry_run) {
		e->result.pages_erased = e->result.pages_total;
		e->result.mass_erased = everything;
	}
	if (s != STATUS_OK || e->opt->dry_run)
		return s;
	s = e->port->ops->begin(e->port, err);
	if (s != STATUS_OK)
		return s;
	engine_phase(e, FLASH_ERASE);
	s = everything ? erase_all(e, err) : erase_pages(e, from, to, err);
	if (s != STATUS_OK)
		return s;
	engine_phase(e, FLASH_VERIFY);
	return check_blank(e, from, to, err);
}

enum status flash_erase_over(const struct flash_link *link, const struct chip *chip,
			     uint32_t address, size_t len, const struct flash_options *opt,
			     struct flash_result *result, struct err *err)
{
	uint32_t size = chip->page_size, from = chip->flash_base, to = from + chip->flash_size;
	struct engine e = {0};
	enum status s = check_range(chip, address, len, err);

	if (s != STATUS_OK)
		return s;
	if (len > 0) {
		to = (uint32_t)(address + len + size - 1) / size * size;
		from = address / size * size;
	}
	s = engine_open(&e, link, chip, opt, err);
	if (s == STATUS_OK)
		s = erase_range(&e, from, to, len == 0, err);
	engine_close(&e, result);
	return s;
}

enum status flash_erase(struct target *t, const struct chip *chip, uint32_t address, size_t len,
			const struct flash_options *opt, struct flash_result *result,
			struct err *err)
{
	struct flash_link link = {.target = t};

	return flash_erase_over(&link, chip, address, len, opt, result, err);
}
