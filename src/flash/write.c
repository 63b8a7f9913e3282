/*
 * Writing: what has to be erased, in which order, and the vector last. See
 * flash.h for why.
 *
 * Order: key page erased; the rest erased; everything but the key page
 * programmed; the key page without its first eight bytes; verified; those
 * eight bytes; verified.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "flash/crc.h"
#include "flash/engine.h"

enum { VECTOR = 8 }; /* initial stack pointer and reset vector */

static bool to_program(const struct plan_page *page)
{
	return page->program || page->erase;
}

/* ---- deciding ---------------------------------------------------------------------------- */

static enum status look_for_a_cut(struct engine *e, struct plan *plan, struct err *err)
{
	const struct plan_page *key = &plan->pages[plan->key];
	uint8_t vector[VECTOR];
	enum status s = e->port->ops->read(e->port, key->address, vector, sizeof vector, err);

	if (s == STATUS_OK)
		e->result.was_cut =
			plan_is_blank(vector, VECTOR) && !plan_is_blank(key->want, VECTOR);
	return s;
}

static void choose(const struct engine *e, struct plan *plan)
{
	uint32_t size = e->chip->page_size;
	bool all = e->opt->erase == ERASE_PAGES || e->opt->erase == ERASE_CHIP || e->result.was_cut;
	bool any = false;

	for (size_t i = 0; i < plan->count; i++) {
		struct plan_page *page = &plan->pages[i];

		page->program = all || page->differs;
		page->erase = all || (page->differs && !page->old_blank);
		any |= page->program;
	}
	if (!any)
		return;
	/* the key page is what tells a finished image from a half-written one */
	struct plan_page *key = &plan->pages[plan->key];

	key->program = true;
	key->erase = key->erase || !key->old_blank;
	for (size_t i = 0; i < plan->count; i++)
		if (plan_is_blank(plan->pages[i].want, size))
			plan->pages[i].program = false;
}

static size_t count_pages(const struct plan *plan, bool (*pick)(const struct plan_page *))
{
	size_t n = 0;

	for (size_t i = 0; i < plan->count; i++)
		n += pick(&plan->pages[i]);
	return n;
}

static bool is_erased(const struct plan_page *page)
{
	return page->erase;
}

static bool is_programmed(const struct plan_page *page)
{
	return page->program;
}

static bool is_kept(const struct plan_page *page)
{
	return !page->program && !page->erase && !page->old_blank;
}

/* Would a mass erase be faster? It costs the pages that could have stayed. */
static bool mass_pays(const struct engine *e, const struct plan *plan)
{
	const struct flash_timing *t = e->chip->timing;
	uint64_t page = t->page_erase_ns.typ;
	uint64_t rewrite = (uint64_t)t->program_ns.typ * (e->chip->page_size / 2);
	size_t erased = count_pages(plan, is_erased), kept = count_pages(plan, is_kept);

	return erased > 2 && t->mass_erase_ns.typ + page + kept * rewrite < erased * page;
}

/* Is flash beyond the size as sold there at all? Where it is not, the bus says so. */
static bool hidden_half(const struct engine *e)
{
	uint8_t v[4];

	return e->chip->flash_die > e->chip->flash_size &&
	       e->port->ops->read(e->port, e->chip->flash_base + e->chip->flash_size, v, sizeof v,
				  NULL) == STATUS_OK;
}

static enum status range_blank(struct engine *e, uint32_t from, uint32_t to, bool *blank,
			       struct err *err)
{
	uint32_t size = e->chip->page_size;
	size_t n = (to - from) / size;
	uint32_t *crc = malloc((n + 1) * sizeof *crc);
	uint8_t page[4096];
	enum status s = crc ? STATUS_OK : err_set(err, STATUS_NO_MEMORY, "out of memory");

	memset(page, 0xFF, sizeof page);
	if (s == STATUS_OK && n > 0)
		s = flash_port_map(e->port, from, size, n, crc, err);
	for (size_t i = 0; s == STATUS_OK && i < n; i++)
		if (crc[i] != flash_crc(page, size))
			*blank = false;
	free(crc);
	return s;
}

/* A mass erase takes what the image does not: only where that is blank, the
 * undocumented upper half of the die included. */
static enum status outside_blank(struct engine *e, const struct plan *plan, bool *blank,
				 struct err *err)
{
	uint32_t from = e->chip->flash_base;
	uint32_t end = from + (hidden_half(e) ? e->chip->flash_die : e->chip->flash_size);
	enum status s = STATUS_OK;

	*blank = true;
	for (size_t i = 0; s == STATUS_OK && *blank && i < plan->count; i++) {
		s = range_blank(e, from, plan->pages[i].address, blank, err);
		from = plan->pages[i].address + e->chip->page_size;
	}
	return s == STATUS_OK && *blank ? range_blank(e, from, end, blank, err) : s;
}

static enum status choose_mass(struct engine *e, struct plan *plan, struct err *err)
{
	bool mass = e->opt->erase == ERASE_CHIP, any_wrp = e->protection.wrpr != UINT32_MAX;
	enum status s = STATUS_OK;

	if (e->opt->erase == ERASE_AUTO && !any_wrp && mass_pays(e, plan) && e->result.used_loader)
		s = outside_blank(e, plan, &mass, err);
	if (s != STATUS_OK || !mass)
		return s;
	if (any_wrp)
		return engine_refuse_wrp(0, err);
	e->result.mass_erased = true;
	for (size_t i = 0; i < plan->count; i++) {
		struct plan_page *page = &plan->pages[i];

		page->erase = true;
		page->program = !plan_is_blank(page->want, e->chip->page_size);
	}
	return STATUS_OK;
}

/* Before the first erase, or not at all. */
static enum status refuse_wrp(const struct engine *e, const struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->count; i++) {
		uint32_t address = plan->pages[i].address;

		if (!to_program(&plan->pages[i]) ||
		    !f1_page_protected(e->chip, &e->protection, address))
			continue;
		return engine_refuse_wrp(address, err);
	}
	return STATUS_OK;
}

/* ---- doing ---------------------------------------------------------------------------------- */

/* The erase phase ends when the last erase is done, although programs are
 * queued behind it by then. */
static enum status note(struct engine *e, size_t done, size_t total, struct err *err)
{
	if (e->phase == FLASH_ERASE) {
		enum status s = e->port->ops->wait(e->port, UINT_MAX, err);

		if (s != STATUS_OK)
			return s;
		if (e->port->done >= e->erases_given)
			engine_phase(e, FLASH_PROGRAM);
	}
	return engine_progress(e, e->phase == FLASH_ERASE ? FLASH_ERASE : FLASH_PROGRAM, done,
			       total, err);
}

static enum status erase_key(struct engine *e, struct plan *plan, struct err *err)
{
	struct plan_page *key = &plan->pages[plan->key];
	enum status s = STATUS_OK;

	if (!key->erase)
		return s;
	e->touched = true;
	s = e->port->ops->erase_page(e->port, key->address, err);
	e->result.pages_erased++;
	return s;
}

static enum status erase_rest(struct engine *e, struct plan *plan, struct err *err)
{
	size_t total = count_pages(plan, is_erased) * e->chip->page_size, done = 0;
	enum status s = STATUS_OK;

	if (e->result.mass_erased) {
		e->result.pages_erased = (unsigned)plan->count;
		return e->port->ops->erase_all(e->port, err);
	}
	for (size_t i = 0; s == STATUS_OK && i < plan->count; i++) {
		if (!plan->pages[i].erase || i == plan->key)
			continue;
		e->touched = true;
		s = e->port->ops->erase_page(e->port, plan->pages[i].address, err);
		e->result.pages_erased++;
		done += e->chip->page_size;
		if (s == STATUS_OK)
			s = engine_progress(e, FLASH_ERASE, done, total, err);
	}
	return s;
}

static size_t programmed_bytes(const uint8_t *data, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i += 2)
		n += get_le16(data + i) == 0xFFFF ? 0 : 2;
	return n;
}

static enum status program(struct engine *e, uint32_t address, const uint8_t *data, size_t len,
			   struct err *err)
{
	e->touched = true;
	e->result.bytes_programmed += programmed_bytes(data, len);
	return e->port->ops->program(e->port, address, data, len, err);
}

static enum status program_all(struct engine *e, struct plan *plan, struct err *err)
{
	uint32_t size = e->chip->page_size;
	size_t total = count_pages(plan, is_programmed) * size, done = 0;
	const struct plan_page *key = &plan->pages[plan->key];
	enum status s = STATUS_OK;

	for (size_t i = 0; s == STATUS_OK && i < plan->count; i++) {
		if (!plan->pages[i].program || i == plan->key)
			continue;
		s = program(e, plan->pages[i].address, plan->pages[i].want, size, err);
		done += size;
		if (s == STATUS_OK)
			s = note(e, done, total, err);
	}
	if (s == STATUS_OK && key->program)
		s = program(e, key->address + VECTOR, key->want + VECTOR, size - VECTOR, err);
	if (s == STATUS_OK && e->phase == FLASH_ERASE)
		s = e->port->ops->wait(e->port, e->port->given - e->erases_given, err);
	return s == STATUS_OK ? note(e, total, total, err) : s;
}

static bool is_key(const struct plan_page *page)
{
	return page->key;
}

/* Pages are checked behind their programs, and the vector is programmed behind
 * that: what is not as it should be stops the queue before it. */
static enum status queue_the_end(struct engine *e, struct plan *plan, struct err *err)
{
	struct plan_page *key = &plan->pages[plan->key];
	uint8_t vector[VECTOR];
	enum status s;

	memcpy(vector, key->want, VECTOR);
	if (key->program)
		memset(key->want, 0xFF, VECTOR);
	s = engine_expect(e, plan, to_program, err);
	memcpy(key->want, vector, VECTOR);
	if (s == STATUS_OK && key->program)
		s = program(e, key->address, vector, VECTOR, err);
	return s == STATUS_OK && key->program ? engine_expect(e, plan, is_key, err) : s;
}

/* Where a page is not as expected: which byte is it? The key page may not have
 * its vector yet. */
static void name_mismatch(struct engine *e, struct plan *plan, struct err *why)
{
	struct plan_page *key = &plan->pages[plan->key];
	struct err byte = ERR_INIT;
	uint8_t vector[VECTOR];

	if (e->port->ops->read(e->port, key->address, vector, sizeof vector, NULL) == STATUS_OK &&
	    key->program && plan_is_blank(vector, VECTOR))
		memset(key->want, 0xFF, VECTOR);
	for (size_t i = 0; i < plan->count; i++)
		if (plan->pages[i].address == why->address &&
		    engine_name_byte(e, &plan->pages[i], &byte) != STATUS_OK)
			*why = byte;
}

static enum status finish(struct engine *e, struct plan *plan, struct err *err)
{
	size_t total = plan->count * e->chip->page_size;
	struct err why = ERR_INIT;
	unsigned programs = e->port->given;
	enum status s;

	if (e->port->given == e->port->done) /* nothing under way */
		engine_phase(e, FLASH_VERIFY);
	s = queue_the_end(e, plan, &why);
	if (s == STATUS_OK)
		s = e->port->ops->wait(e->port, e->port->given - programs, &why);
	engine_phase(e, FLASH_VERIFY);
	if (s == STATUS_OK)
		s = e->port->ops->wait(e->port, 0, &why);
	if (s == STATUS_MISMATCH)
		name_mismatch(e, plan, &why);
	if (s != STATUS_OK && err)
		*err = why;
	if (s == STATUS_OK) /* whole by now: too late to be interrupted */
		(void)!engine_progress(e, FLASH_VERIFY, total, total, NULL);
	return s == STATUS_OK && e->opt->full_verify ? engine_verify(e, plan, err) : s;
}

static enum status carry_out(struct engine *e, struct plan *plan, struct err *err)
{
	enum status s = e->port->ops->begin(e->port, err);

	if (s != STATUS_OK)
		return s;
	engine_phase(e, FLASH_ERASE);
	s = engine_progress(e, FLASH_ERASE, 0, plan->count * e->chip->page_size, err);
	if (s == STATUS_OK)
		s = erase_key(e, plan, err);
	if (s == STATUS_OK)
		s = erase_rest(e, plan, err);
	e->erases_given = e->port->given;
	if (s == STATUS_OK)
		s = note(e, 0, count_pages(plan, is_programmed) * e->chip->page_size, err);
	if (s == STATUS_OK)
		s = program_all(e, plan, err);
	return s == STATUS_OK ? finish(e, plan, err) : s;
}

static enum status decide(struct engine *e, struct plan *plan, struct err *err)
{
	enum status s = engine_compare_start(e, plan, NULL, err);

	if (s == STATUS_OK)
		s = look_for_a_cut(e, plan, err);
	if (s == STATUS_OK)
		s = engine_compare_finish(e, plan, FLASH_COMPARE, err);
	if (s != STATUS_OK)
		return s;
	choose(e, plan);
	if (count_pages(plan, to_program) > 0)
		s = choose_mass(e, plan, err);
	if (s == STATUS_OK)
		s = refuse_wrp(e, plan, err);
	if (e->opt->dry_run)
		e->result.pages_erased = (unsigned)count_pages(plan, is_erased);
	e->result.pages_written = (unsigned)count_pages(plan, is_programmed);
	e->result.pages_unchanged = (unsigned)(plan->count - count_pages(plan, to_program));
	return s;
}

static bool loses_neighbours(const struct plan_page *page)
{
	return page->partial && page->erase;
}

/* A failure after the first erase leaves an image that is not whole: said, with
 * what it means for the chip. */
static void say_half_done(const struct engine *e, const struct plan *plan, enum status s,
			  struct err *err)
{
	if (s == STATUS_OK || !e->touched || !err || err->tried[0] || s == STATUS_INTERRUPTED)
		return;
	err_tried(err, "writing; the image in the chip is not whole%s",
		  count_pages(plan, loses_neighbours) == 0
			  ? ""
			  : ", and what shared its first or last page may be lost");
	if (!err->next[0])
		err_next(err,
			 "run the same write again: it starts over; until then the chip starts "
			 "nothing and stays attachable");
}

enum status flash_write_over(const struct flash_link *link, const struct chip *chip,
			     const struct flash_piece *pieces, size_t count,
			     const struct flash_options *opt, struct flash_result *result,
			     struct err *err)
{
	struct plan plan = {0};
	struct engine e = {0};
	/* what no chip of this kind can take is refused before the target is halted */
	enum status s = plan_new(chip, pieces, count, &plan, err);

	if (s != STATUS_OK)
		return s;
	s = engine_open(&e, link, chip, opt, err);
	if (s == STATUS_OK)
		s = engine_fill(&e, &plan, err);
	if (s == STATUS_OK && plan.count > 0)
		s = decide(&e, &plan, err);
	if (s == STATUS_OK && !opt->dry_run && count_pages(&plan, to_program) > 0)
		s = carry_out(&e, &plan, err);
	else if (s == STATUS_OK && opt->full_verify && !opt->dry_run)
		s = engine_verify(&e, &plan, err);
	say_half_done(&e, &plan, s, err);
	if (e.port)
		e.port->reset_follows = opt->reset_follows && s == STATUS_OK;
	engine_close(&e, result);
	plan_free(&plan);
	return s;
}

enum status flash_write(struct target *t, const struct chip *chip, const struct flash_piece *pieces,
			size_t count, const struct flash_options *opt, struct flash_result *result,
			struct err *err)
{
	struct flash_link link = {.target = t};

	return flash_write_over(&link, chip, pieces, count, opt, result, err);
}
