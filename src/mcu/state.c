/*
 * Small questions about a chip, hooks, and what analysis watches.
 */
#include <stdlib.h>
#include <string.h>

#include "mcu/mcu_internal.h"

const struct chip *mcu_chip(const struct mcu *m)
{
	return m->chip;
}

const struct silicon *mcu_silicon(const struct mcu *m)
{
	return m->silicon;
}

uint64_t mcu_now_ns(const struct mcu *m)
{
	return time_now_ns(m);
}

uint64_t mcu_instructions(const struct mcu *m)
{
	return m->s.time.instructions;
}

uint64_t mcu_since_reset_ns(const struct mcu *m)
{
	return time_now_ns(m) - m->s.side.reset_ns;
}

uint32_t mcu_hclk_hz(const struct mcu *m)
{
	return m->s.time.hclk_hz;
}

enum mcu_mode mcu_mode(const struct mcu *m)
{
	return m->s.side.mode;
}

unsigned mcu_swj_cfg(const struct mcu *m)
{
	return afio_swj_cfg(m);
}

bool mcu_swd_on(const struct mcu *m)
{
	unsigned cfg = afio_swj_cfg(m);

	return cfg != 4 && !(cfg == 2 && m->silicon->swj_nojtag_locks);
}

bool mcu_rdp_active(const struct mcu *m)
{
	return flash_rdp(m);
}

/* ---- hooks -------------------------------------------------------------------------- */

void mcu_set_hooks(struct mcu *m, const struct mcu_hooks *hooks)
{
	m->hooks = hooks ? *hooks : (struct mcu_hooks){0};
}

void mcu_emit(struct mcu *m, enum mcu_event_kind kind, uint32_t a, uint32_t b)
{
	struct mcu_event e = {.kind = kind, .a = a, .b = b, .store = m->store};

	/* What is told is told every time; but sleeps are counted, and the same
	 * read-back again is no news. */
	if (kind != MCU_EVENT_SLEEP && kind != MCU_EVENT_WAKE && kind != MCU_EVENT_SWJ_READ &&
	    kind != MCU_EVENT_SLEEPS_SKIPPED)
		cpu_idle_disturb(m);
	if (!m->hooks.event)
		return;
	e.pc = cpu_pc(m);
	m->hooks.event(m->hooks.ctx, m, &e);
}

/* ---- side tables -------------------------------------------------------------------- */

/* Allocate or drop a watching table; without memory it stays off. */
static void *table_switch(void *table, bool on, size_t size)
{
	if (on)
		return table ? table : calloc(1, size);
	free(table);
	return NULL;
}

void mcu_coverage_enable(struct mcu *m, bool on)
{
	m->side_tables->coverage =
		table_switch(m->side_tables->coverage, on, m->chip->flash_die / 16);
	cpu_watch_changed(m);
}

const uint8_t *mcu_coverage(const struct mcu *m)
{
	return m->side_tables->coverage;
}

void mcu_provenance_enable(struct mcu *m, bool on)
{
	m->side_tables->writer =
		table_switch(m->side_tables->writer, on, m->chip->ram_size * sizeof(uint32_t));
	cpu_watch_changed(m);
}

uint32_t mcu_last_writer(const struct mcu *m, uint32_t address)
{
	uint32_t at = address - m->chip->ram_base;

	if (!m->side_tables->writer || at >= m->chip->ram_size)
		return 0;
	return m->side_tables->writer[at];
}

/* ---- what is not modelled ------------------------------------------------------------- */

static size_t place_of(const struct mcu_side_tables *t, uint32_t address)
{
	size_t lo = 0, hi = t->unmodelled_count;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (t->unmodelled[mid] < address)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool make_room(struct mcu_side_tables *t)
{
	size_t room = t->unmodelled_room ? 2 * t->unmodelled_room : 16;
	uint32_t *bigger;

	if (t->unmodelled_count < t->unmodelled_room)
		return true;
	bigger = realloc(t->unmodelled, room * sizeof *bigger);
	if (!bigger)
		return false;
	t->unmodelled = bigger;
	t->unmodelled_room = room;
	return true;
}

static const char *owner_of(const struct mcu *m, uint32_t address)
{
	for (size_t i = 0; i < m->periph_count; i++)
		if (address - m->periphs[i].base < m->periphs[i].span)
			return m->periphs[i].name;
	return "";
}

const char *mcu_elsewhere(const struct mcu *m, uint32_t address)
{
	for (size_t i = 0; i < f103_periph_count; i++)
		if (address - f103_periphs[i].base < f103_periphs[i].span)
			return f103_periphs[i].densities >> m->chip->density & 1 ? NULL
										 : f103_periphs[i].name;
	return NULL;
}

void mcu_note_unmodelled(struct mcu *m, uint32_t address)
{
	struct mcu_side_tables *t = m->side_tables;
	size_t at = place_of(t, address);

	if (at < t->unmodelled_count && t->unmodelled[at] == address)
		return;
	if (!make_room(t))
		return;
	memmove(t->unmodelled + at + 1, t->unmodelled + at,
		(t->unmodelled_count - at) * sizeof *t->unmodelled);
	t->unmodelled[at] = address;
	t->unmodelled_count++;
	log_line(m->log, LOG_VERBOSE, "0x%08X (%s) is not modelled", address, owner_of(m, address));
	mcu_emit(m, MCU_EVENT_UNMODELLED, address, 0);
}

void mcu_unmodelled(const struct mcu *m,
		    void (*each)(void *ctx, uint32_t address, const char *periph), void *ctx)
{
	for (size_t i = 0; i < m->side_tables->unmodelled_count; i++)
		each(ctx, m->side_tables->unmodelled[i], owner_of(m, m->side_tables->unmodelled[i]));
}

uint64_t mcu_effort(const struct mcu *m)
{
	return m->s.time.instructions + m->effort;
}
