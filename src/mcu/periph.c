/*
 * The frame every peripheral hangs in: registers by row, clock gates, the
 * bridges' lanes, interrupt lines.
 *
 * RM0008 3.1: the AHB-APB bridges turn 8- and 16-bit writes into 32-bit ones
 * by repeating the data on every lane. Registers on the AHB itself take narrow
 * writes on their own lane.
 * RM0008 7.3.8: a peripheral without clock reads 0 and ignores writes.
 */
#include <string.h>

#include "mcu/mcu_internal.h"
#include "mcu/periph/rcc.h"

static const struct reg *row_at(const struct periph *p, uint32_t offset)
{
	uint8_t row = p->row_of[offset / 4];

	return row ? &p->def->regs[row - 1] : NULL;
}

void periph_set(struct periph *p, uint32_t offset, uint32_t value)
{
	uint8_t row = p->row_of[offset / 4];

	if (row)
		p->words[row - 1] = value;
}

void periph_store(struct periph *p, const struct reg *r, uint32_t value)
{
	uint32_t *word = &p->words[r - p->def->regs];

	*word = (*word & ~r->wmask) | (value & r->wmask);
}

void periph_reset(struct periph *p, enum mcu_reset why)
{
	bool power = why == MCU_RESET_POWER;

	if (p->def->keep_on_reset && !power)
		return;
	for (size_t i = 0; i < p->def->reg_count; i++)
		if (power || !p->def->regs[i].keep)
			p->words[i] = p->def->regs[i].reset;
	if (power && p->def->state_size)
		memset(p->state, 0, p->def->state_size);
	for (unsigned id = 0; id < MCU_PERIPH_EVENTS && !p->def->own_schedule; id++)
		time_set_event(p, id, UINT64_MAX);
	for (unsigned i = 0; i < 4; i++)
		periph_irq(p, i, false);
	if (p->def->reset)
		p->def->reset(p, why);
}

uint32_t periph_clock_hz(const struct periph *p)
{
	switch (p->bus) {
	case BUS_APB1:
		return rcc_pclk_hz(p->m, 1);
	case BUS_APB2:
		return rcc_pclk_hz(p->m, 2);
	default:
		return p->m->s.time.hclk_hz;
	}
}

uint32_t periph_timer_hz(const struct periph *p)
{
	uint32_t pclk = periph_clock_hz(p);

	return pclk == p->m->s.time.hclk_hz ? pclk : 2 * pclk;
}

void periph_irq(struct periph *p, unsigned line, bool level)
{
	if (p->irq[line] >= 0)
		nvic_line(p->m, (unsigned)p->irq[line], level);
}

void periph_bus_error(struct periph *p)
{
	p->m->bus_error = true;
}

struct periph *periph_find(struct mcu *m, const char *name)
{
	for (size_t i = 0; i < m->periph_count; i++)
		if (strcmp(m->periphs[i].name, name) == 0)
			return &m->periphs[i];
	return NULL;
}

/* ---- access ------------------------------------------------------------------- */

#define PERIPH_BASE 0x40000000u
#define APB_END 0x40018000u

/* Beyond the map there are only a few: FSMC's registers and DBGMCU. */
static struct periph *far_periph(struct mcu *m, uint32_t address)
{
	for (size_t i = 0; i < m->periph_count; i++) {
		struct periph *p = &m->periphs[i];

		if (p->base >= 0x50000000u && address - p->base < p->span)
			return p;
	}
	return NULL;
}

static inline struct periph *periph_at(struct mcu *m, uint32_t address)
{
	uint32_t slot = (address - PERIPH_BASE) / 0x400;

	if (slot < sizeof m->periph_map)
		return m->periph_map[slot] ? &m->periphs[m->periph_map[slot] - 1] : NULL;
	return far_periph(m, address);
}

static uint32_t read_word(struct periph *p, uint32_t offset)
{
	const struct reg *r = row_at(p, offset);

	if (r)
		return (r->read ? r->read(p, r) : p->words[r - p->def->regs]) & r->rmask;
	if (p->def->read_other)
		return p->def->read_other(p, offset);
	mcu_note_unmodelled(p->m, p->base + offset);
	return 0;
}

static void write_word(struct periph *p, uint32_t offset, uint32_t value)
{
	const struct reg *r = row_at(p, offset);

	if (!r) {
		if (p->def->write_other)
			p->def->write_other(p, offset, value);
		else
			mcu_note_unmodelled(p->m, p->base + offset);
	} else if (r->write) {
		r->write(p, r, value, p->words[r - p->def->regs]);
	} else {
		periph_store(p, r, value);
	}
}

/* The word that reaches the register when `size` bytes are written. */
static uint32_t widen(struct periph *p, uint32_t address, unsigned size, uint32_t value)
{
	unsigned shift = address % 4 * 8;
	uint32_t lane = size == 1 ? 0xFFu : 0xFFFFu;

	if (size == 4)
		return value;
	value &= lane;
	if (p->bus == BUS_APB1 || p->bus == BUS_APB2)
		return size == 1 ? value * 0x01010101u : value * 0x00010001u;
	return (periph_get(p, (address - p->base) & ~3u) & ~(lane << shift)) | value << shift;
}

bool periph_bus_read(struct mcu *m, uint32_t address, unsigned size, uint32_t *value)
{
	struct periph *p = periph_at(m, address);
	uint32_t word = 0;

	if (!p) {
		/* A bridge answers for its whole range; beyond it the matrix refuses. */
		if (address < PERIPH_BASE || address >= APB_END)
			return false;
		mcu_note_unmodelled(m, address & ~3u);
	} else if (periph_clocked(p)) {
		word = read_word(p, (address - p->base) & ~3u);
	}
	word >>= address % 4 * 8;
	if (size < 4)
		word &= size == 1 ? 0xFFu : 0xFFFFu;
	if (m->bus_error) {
		m->bus_error = false;
		return false;
	}
	if (m->hooks.load && !m->by_debugger && !m->by_dma)
		m->hooks.load(m->hooks.ctx, m, cpu_pc(m), address, size, &word);
	*value = word;
	return true;
}

bool periph_read_is_stable(struct mcu *m, uint32_t address)
{
	struct periph *p = periph_at(m, address);
	const struct reg *r = p ? row_at(p, (address - p->base) & ~3u) : NULL;

	return (!r || !r->read || r->stable) && !m->hooks.load;
}

static void deliver(struct periph *p, uint32_t offset, uint32_t value)
{
	const struct reg *r = row_at(p, offset);

	if (periph_clocked(p))
		write_word(p, offset, value);
	else if (r && p->def->gated_write)
		p->def->gated_write(p, r, value);
}

/* The store as hooks and events see it, then its effect. */
static void store_watched(struct periph *p, struct mcu_store *store)
{
	struct mcu *m = p->m;
	const struct mcu_store *outer = m->store;

	m->store = store;
	if (m->hooks.store && !m->by_debugger)
		m->hooks.store(m->hooks.ctx, m, store);
	deliver(p, store->target - p->base, store->value);
	m->store = outer;
}

bool periph_store_as(struct mcu *m, uint32_t as_written, uint32_t address, unsigned size,
		     uint32_t value)
{
	struct periph *p = periph_at(m, address);
	struct mcu_store store;
	bool ok;

	if (!p) {
		if (address < PERIPH_BASE || address >= APB_END)
			return false;
		mcu_note_unmodelled(m, address & ~3u);
		return true;
	}
	store = (struct mcu_store){
		.pc = cpu_pc(m), .address = as_written, .target = address & ~3u,
		.value = widen(p, address, size, value), .size = (uint8_t)size,
		.by_core = !m->by_debugger && !m->by_dma,
	};
	store_watched(p, &store);
	ok = !m->bus_error;
	m->bus_error = false;
	return ok;
}

bool periph_bus_write(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	return periph_store_as(m, address, address, size, value);
}
