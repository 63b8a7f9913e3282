/*
 * The write engine: compare, decide, erase, program, verify. What it works
 * through is a port (port.h); what each page is to hold is the plan (plan.h).
 */
#include <stdlib.h>
#include <string.h>

#include "flash/crc.h"
#include "flash/engine.h"

const char *flash_phase_name(enum flash_phase p)
{
	static const char *const names[FLASH_PHASES] = {"connect", "compare", "erase", "program",
							"verify"};

	return p < FLASH_PHASES ? names[p] : "?";
}

/* ---- phases, progress, interruption --------------------------------------------------- */

static uint64_t now_us(const struct flash_link *l)
{
	return l->target ? target_now_us(l->target) : l->rom->wire->ops->now_us(l->rom->wire);
}

void engine_phase(struct engine *e, enum flash_phase phase)
{
	uint64_t now = now_us(&e->link);

	e->result.phase_us[e->phase] += now - e->phase_start;
	e->phase = phase;
	e->phase_start = now;
}

enum status engine_progress(struct engine *e, enum flash_phase phase, size_t done, size_t total,
			    struct err *err)
{
	if (!e->opt->progress || e->opt->progress(e->opt->ctx, phase, done, total))
		return STATUS_OK;
	/* what is under way is finished, so that no cell is left half-way */
	if (e->port)
		(void)!e->port->ops->wait(e->port, 0, NULL);
	err_set(err, STATUS_INTERRUPTED, "interrupted while %s: %s",
		phase == FLASH_COMPARE ? "comparing" : phase == FLASH_ERASE ? "erasing"
		: phase == FLASH_PROGRAM ? "programming" : "verifying",
		e->touched ? "the image is not whole" : "nothing was changed");
	if (e->touched)
		err_next(err,
			 "write it again; until then the chip starts nothing and stays attachable");
	return STATUS_INTERRUPTED;
}

/* ---- opening ------------------------------------------------------------------------------ */

static enum status open_port(struct engine *e, struct err *err)
{
	struct err why = ERR_INIT;
	enum status s = STATUS_UNSUPPORTED;

	if (!e->opt->no_loader)
		s = flash_loader_open(e->link.target, e->chip, e->fresh, e->opt->log, &e->port,
				      &why);
	e->result.used_loader = s == STATUS_OK;
	if (s == STATUS_UNSUPPORTED) {
		if (!e->opt->no_loader)
			log_line(e->opt->log, LOG_NORMAL, "%s: writing through SWD instead",
				 why.what);
		return flash_direct_open(e->link.target, e->chip, e->opt->log, &e->port, err);
	}
	return s == STATUS_OK ? s : err_set(err, s, "%s", why.what);
}

static enum status refuse_rdp(struct err *err)
{
	err_set(err, STATUS_PROTECTED,
		"read-out protection is on: flash can neither be read nor written");
	err_next(err, "`reflash options unlock` removes it and erases the chip");
	return STATUS_PROTECTED;
}

enum status engine_refuse_wrp(uint32_t address, struct err *err)
{
	if (address) {
		err_at(err, address);
		err_set(err, STATUS_PROTECTED, "the page at 0x%08X is write-protected (WRP)",
			address);
	} else {
		err_set(err, STATUS_PROTECTED, "pages are write-protected (WRP): no mass erase");
	}
	err_next(err,
		 "`reflash options wrp=none` removes write protection; nothing was changed");
	return STATUS_PROTECTED;
}

static enum status open_swd(struct engine *e, struct err *err)
{
	struct target *t = e->link.target;
	enum status s = f1_quiet(t, &e->fresh, e->opt->log, err);

	if (s == STATUS_OK)
		s = f1_protection(t, &e->protection, err);
	if (s == STATUS_OK && e->protection.rdp)
		s = refuse_rdp(err);
	return s == STATUS_OK ? open_port(e, err) : s;
}

/* Option bytes are loaded at reset, and BOOT0 needs one: they are in force. */
static enum status open_uart(struct engine *e, struct err *err)
{
	enum { WRP = 8, RDP_OFF = 0xA5 };
	uint8_t raw[16];
	enum status s = bootrom_read(e->link.rom, e->chip->option_base, raw, sizeof raw, err);

	if (s == STATUS_PROTECTED) {
		err_clear(err);
		return refuse_rdp(err);
	}
	if (s != STATUS_OK)
		return s;
	for (unsigned i = 0; i < 4; i++)
		e->protection.wrpr |= (uint32_t)raw[WRP + 2 * i] << 8 * i;
	if (raw[0] != RDP_OFF)
		return refuse_rdp(err);
	return flash_uart_open(e->link.rom, e->chip, e->opt->log, &e->port, err);
}

enum status engine_open(struct engine *e, const struct flash_link *link, const struct chip *chip,
			const struct flash_options *opt, struct err *err)
{
	enum status s;

	*e = (struct engine){.link = *link, .chip = chip, .opt = opt, .phase = FLASH_CONNECT,
			     .phase_start = now_us(link)};
	if (chip->algorithm != FLASH_STM32F1)
		return err_set(err, STATUS_UNSUPPORTED,
			       "writing the flash of a %s is not supported", chip->name);
	s = link->target ? open_swd(e, err) : open_uart(e, err);
	engine_phase(e, FLASH_COMPARE);
	return s;
}

/* Also after failures: lock the controller, halt, let go of the port. */
void engine_close(struct engine *e, struct flash_result *result)
{
	engine_phase(e, e->phase);
	if (e->port)
		e->port->ops->close(e->port);
	if (result)
		*result = e->result;
}

/* ---- comparing ------------------------------------------------------------------------------ */

enum status engine_fill(struct engine *e, struct plan *plan, struct err *err)
{
	uint8_t *old = malloc(e->chip->page_size);
	enum status s = old ? STATUS_OK : err_set(err, STATUS_NO_MEMORY, "out of memory");

	e->result.pages_total = (unsigned)plan->count;
	for (size_t i = 0; s == STATUS_OK && i < plan->count; i++) {
		if (!plan->pages[i].partial)
			continue;
		s = e->port->ops->read(e->port, plan->pages[i].address, old, e->chip->page_size,
				       err);
		if (s == STATUS_OK)
			plan_fill(plan, i, old);
	}
	free(old);
	return s;
}

static uint32_t blank_crc(const struct engine *e)
{
	uint8_t page[4096];

	memset(page, 0xFF, sizeof page);
	return flash_crc(page, e->chip->page_size);
}

static enum status start_batch(struct engine *e, struct plan *plan, struct err *err)
{
	struct compare_batch *b = &e->batch;
	enum status s = STATUS_OK;

	b->count = b->commands = 0;
	while (s == STATUS_OK && b->next < plan->count && b->count < FLASH_MAP_MAX) {
		size_t n = plan_run(plan, b->next, b->pick);

		if (n == 0) {
			b->next++;
			continue;
		}
		if (n > FLASH_MAP_MAX - b->count)
			n = FLASH_MAP_MAX - b->count;
		s = e->port->ops->map_start(e->port, plan->pages[b->next].address,
					    e->chip->page_size, n, err);
		for (size_t i = 0; i < n; i++)
			b->page[b->count++] = b->next++;
		b->commands++;
	}
	return s;
}

static enum status take_batch(struct engine *e, struct plan *plan, struct err *err)
{
	struct compare_batch *b = &e->batch;
	uint32_t crc[FLASH_MAP_MAX], blank = blank_crc(e);
	enum status s = e->port->ops->map_take(e->port, crc, err);

	for (size_t i = 0; s == STATUS_OK && i < b->count; i++) {
		struct plan_page *page = &plan->pages[b->page[i]];

		page->old_blank = crc[i] == blank;
		page->differs = crc[i] != flash_crc(page->want, e->chip->page_size);
	}
	return s;
}

enum status engine_compare_start(struct engine *e, struct plan *plan,
				 bool (*pick)(const struct plan_page *), struct err *err)
{
	e->batch.pick = pick;
	e->batch.next = 0;
	return start_batch(e, plan, err);
}

enum status engine_compare_finish(struct engine *e, struct plan *plan, enum flash_phase phase,
				  struct err *err)
{
	uint32_t size = e->chip->page_size;
	/* what was given before belongs to the phase before */
	enum status s = e->port->ops->wait(e->port, e->batch.commands, err);

	engine_phase(e, phase);
	while (s == STATUS_OK && e->batch.count > 0) {
		s = take_batch(e, plan, err);
		if (s == STATUS_OK)
			s = engine_progress(e, phase, e->batch.next * size, plan->count * size,
					    err);
		if (s == STATUS_OK)
			s = start_batch(e, plan, err);
	}
	return s;
}

/* Byte for byte, for who asks for it and to name the first byte that differs. */
enum status engine_read_back(struct engine *e, const struct plan_page *page, struct err *err)
{
	uint32_t size = e->chip->page_size;
	uint8_t *now = malloc(size);
	enum status s = now ? e->port->ops->read(e->port, page->address, now, size, err)
			    : err_set(err, STATUS_NO_MEMORY, "out of memory");

	for (uint32_t i = 0; s == STATUS_OK && i < size; i++) {
		if (now[i] == page->want[i])
			continue;
		err_at(err, page->address + i);
		s = err_set(err, STATUS_MISMATCH, "0x%08X holds 0x%02X, the image has 0x%02X",
			    page->address + i, now[i], page->want[i]);
	}
	free(now);
	return s;
}

static enum status read_back_all(struct engine *e, const struct plan *plan, struct err *err)
{
	uint32_t size = e->chip->page_size;
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < plan->count; i++) {
		s = engine_read_back(e, &plan->pages[i], err);
		if (s == STATUS_OK)
			s = engine_progress(e, FLASH_VERIFY, (i + 1) * size, plan->count * size,
					    err);
	}
	return s;
}

enum status engine_name_byte(struct engine *e, const struct plan_page *page, struct err *err)
{
	enum status s = engine_read_back(e, page, err);

	return s != STATUS_OK ? s
			      : err_set(err, STATUS_MISMATCH,
					"the page at 0x%08X reads differently each time",
					page->address);
}

enum status engine_expect(struct engine *e, const struct plan *plan,
			  bool (*pick)(const struct plan_page *), struct err *err)
{
	uint32_t want[FLASH_MAP_MAX];
	enum status s = STATUS_OK;

	for (size_t at = 0, n; s == STATUS_OK && at < plan->count; at += n ? n : 1) {
		n = plan_run(plan, at, pick);
		if (n > FLASH_MAP_MAX)
			n = FLASH_MAP_MAX;
		for (size_t i = 0; i < n; i++)
			want[i] = flash_crc(plan->pages[at + i].want, e->chip->page_size);
		if (n > 0)
			s = e->port->ops->expect(e->port, plan->pages[at].address,
						 e->chip->page_size, n, want, err);
	}
	return s;
}

/* The map says which pages differ; the first of them is read to name the byte. */
enum status engine_verify(struct engine *e, struct plan *plan, struct err *err)
{
	enum status s;

	if (e->opt->full_verify) {
		s = e->port->ops->wait(e->port, 0, err);
		engine_phase(e, FLASH_VERIFY);
		return s == STATUS_OK ? read_back_all(e, plan, err) : s;
	}
	if (e->port->given == e->port->done) /* nothing under way */
		engine_phase(e, FLASH_VERIFY);
	s = engine_compare_start(e, plan, NULL, err);
	if (s == STATUS_OK)
		s = engine_compare_finish(e, plan, FLASH_VERIFY, err);
	for (size_t i = 0; s == STATUS_OK && i < plan->count; i++)
		if (plan->pages[i].differs)
			s = engine_name_byte(e, &plan->pages[i], err);
	return s;
}

enum status flash_verify_over(const struct flash_link *link, const struct chip *chip,
			      const struct flash_piece *pieces, size_t count,
			      const struct flash_options *opt, struct flash_result *result,
			      struct err *err)
{
	struct plan plan = {0};
	struct engine e = {0};
	enum status s = plan_new(chip, pieces, count, &plan, err);

	if (s != STATUS_OK)
		return s;
	s = engine_open(&e, link, chip, opt, err);
	if (s == STATUS_OK)
		s = engine_fill(&e, &plan, err);
	if (s == STATUS_OK)
		s = engine_verify(&e, &plan, err);
	if (s == STATUS_OK)
		e.result.pages_unchanged = e.result.pages_total;
	engine_close(&e, result);
	plan_free(&plan);
	return s;
}

enum status flash_verify(struct target *t, const struct chip *chip,
			 const struct flash_piece *pieces, size_t count,
			 const struct flash_options *opt, struct flash_result *result,
			 struct err *err)
{
	struct flash_link link = {.target = t};

	return flash_verify_over(&link, chip, pieces, count, opt, result, err);
}
