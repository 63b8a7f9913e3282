/*
 * The places of a loop's state: registers, RAM words, and what a pass proves
 * about them. See drift.h.
 */
#include "mcu/cpu/drift.h"

#include <string.h>

#include "base/bytes.h"
#include "mcu/cpu/cpu_internal.h"

#define USED_MAX (DRIFT_WORDS * 3 / 4)
#define CYCCNT (DWT_BASE + 4)

static const struct drift steady = {0, 0};

/* ---- RAM words ---------------------------------------------------------------------- */

static uint8_t *ram_word(const struct mcu *m, uint32_t address)
{
	return (uint8_t *)m->s.ram + (address - m->chip->ram_base);
}

static bool in_ram(const struct mcu *m, uint32_t address, unsigned size)
{
	return range_inside(address, size, m->chip->ram_base, m->chip->ram_size);
}

/* The word's entry or the free one where it would go. */
static struct drift_word *find(struct drifts *d, uint32_t address)
{
	uint32_t i = (address >> 2) * 2654435761u >> 23;

	while (d->word[i % DRIFT_WORDS].address && d->word[i % DRIFT_WORDS].address != address)
		i++;
	return &d->word[i % DRIFT_WORDS];
}

static struct drift_word *make(struct mcu *m, struct drifts *d, uint32_t address)
{
	struct drift_word *w = find(d, address);

	if (w->address)
		return w;
	if (d->used_count == USED_MAX) {
		d->failed = true;
		return NULL;
	}
	d->used[d->used_count++] = (uint16_t)(w - d->word);
	w->address = address;
	w->was = get_le32(ram_word(m, address));
	return w;
}

static bool overlaps(unsigned a, unsigned a_size, unsigned b, unsigned b_size)
{
	return a < b + b_size && b < a + a_size;
}

/* A narrow load of a moving cell is straight until it wraps. */
static struct drift narrow(struct drifts *d, struct drift v, uint32_t value, unsigned size,
			   bool is_signed)
{
	int64_t low = is_signed ? -(1ll << (8 * size - 1)) : 0;
	int64_t span = 1ll << 8 * size;
	int64_t step = size == 1 ? (int8_t)v.step : (int16_t)v.step;
	int64_t at = !is_signed ? (int64_t)value : size == 1 ? (int8_t)value : (int16_t)value;

	if (v.doubt || size == 4)
		return v;
	drift_bound_range(d, at, step, low, low + span - 1);
	return (struct drift){(uint32_t)step, 0};
}

static struct drift load_ram(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
			     bool is_signed)
{
	struct drift_word *w = find(d, address & ~3u);
	unsigned lane = address & 3;
	struct drift v = steady;

	if (!w->address)
		return steady;
	for (unsigned i = 0; i < 4; i++) {
		if (!w->width[i] || !overlaps(lane, size, i, w->width[i]) || !drift_moves(w->now[i]))
			continue;
		if (i == lane && w->width[i] == size)
			return narrow(d, w->now[i],
				      get_le32(ram_word(m, address & ~3u)) >> 8 * lane &
					      (size == 4 ? ~0u : (1u << 8 * size) - 1),
				      size, is_signed);
		v.doubt |= DRIFT_LOST | w->now[i].doubt;
	}
	return v;
}

/* SysTick's counter, against which time runs. */
static struct drift counter(const struct mcu *m, struct drifts *d, uint32_t value)
{
	uint32_t scale = m->s.cpu.systick.csr & 4 ? 1 : 8;

	if (d->ticks)
		return steady;
	if (value == 0 || d->cycles % scale)
		return (struct drift){0, DRIFT_LOST};
	return (struct drift){0u - (uint32_t)(d->cycles / scale), 0};
}

/* What lies outside RAM answers the same (mem.c watches that), but for the time. */
static struct drift load_other(struct mcu *m, struct drifts *d, uint32_t address)
{
	bool time = (address & ~3u) == CYCCNT || (address & ~3u) == SCS_SYST_CVR;

	d->changes += time; /* a loop that looks at the time does change */
	if (address >> 25 == 0x22000000u >> 25)
		d->failed = true;
	if ((address & ~3u) == CYCCNT && m->s.cpu.dwt.ctrl & 1 && m->s.cpu.demcr & DEMCR_TRCENA)
		return (struct drift){(uint32_t)d->cycles, address & 3 ? DRIFT_LOST : 0};
	if ((address & ~3u) == SCS_SYST_CVR && m->s.cpu.systick.csr & 1)
		return counter(m, d, (uint32_t)(m->s.cpu.systick.zero_at - m->s.time.cycles));
	return steady;
}

struct drift drift_load(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
			bool is_signed)
{
	if (address & (size - 1)) {
		d->failed = true;
		return steady;
	}
	return in_ram(m, address, size) ? load_ram(m, d, address, size, is_signed)
					: load_other(m, d, address);
}

/* A cell of which the rest stays: single bytes, unless it moves as one. */
static bool split(struct drift_word *w, unsigned at)
{
	unsigned width = w->width[at];

	if (drift_moves(w->now[at]))
		return false;
	for (unsigned i = at; i < at + width; i++) {
		w->width[i] = 1;
		w->now[i] = steady;
	}
	return true;
}

/* Cells that the new one covers are gone. */
static bool make_room(struct drift_word *w, unsigned lane, unsigned size)
{
	for (unsigned i = 0; i < 4; i++) {
		if (!w->width[i] || !overlaps(lane, size, i, w->width[i]))
			continue;
		if ((i < lane || i + w->width[i] > lane + size) && !split(w, i))
			return false;
		if (i < lane)
			continue;
		w->width[i] = 0;
		w->now[i] = steady;
	}
	return true;
}

static bool changes(const struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	uint32_t old = get_le32(ram_word(m, address & ~3u)) >> 8 * (address & 3);
	uint32_t mask = size == 4 ? ~0u : (1u << 8 * size) - 1;

	return (old ^ value) & mask;
}

static void store_ram(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
		      struct drift v, uint32_t value)
{
	struct drift_word *w = make(m, d, address & ~3u);
	unsigned lane = address & 3;

	if (!w)
		return;
	d->changes += changes(m, address, size, value);
	for (unsigned i = 0; i < DRIFT_FRAMES; i++)
		if (d->frame[i].psr_at == (address & ~3u))
			d->frame[i].psr_at = 0;
	if (m->cache->ram_watch[(address - m->chip->ram_base) >> GRANULE_SHIFT] & WATCH_CODE ||
	    !make_room(w, lane, size)) {
		d->failed = true;
		return;
	}
	w->width[lane] = (uint8_t)size;
	w->now[lane] = v;
}

/* The System Control Space is part of the core's state, which is compared;
 * stores to peripherals end a search (mem.c). */
void drift_store(struct mcu *m, struct drifts *d, uint32_t address, unsigned size,
		 struct drift v, uint32_t value)
{
	if (address & (size - 1))
		d->failed = true;
	else if (in_ram(m, address, size))
		store_ram(m, d, address, size, v, value);
	else if (drift_moves(v))
		d->failed = true;
}

/* ---- exception frames ------------------------------------------------------------------ */

static const uint8_t framed[6] = {0, 1, 2, 3, 12, 14};

void drift_stack(struct mcu *m, struct drifts *d, uint32_t sp)
{
	const struct cpu_state *c = &m->s.cpu;
	struct drift psr = {0, (uint8_t)(d->flags.nz.doubt | d->flags.cv.doubt)};

	if (d->flags.nz.step || d->flags.cv.step)
		psr.doubt |= DRIFT_LOST;
	for (unsigned i = 0; i < 6; i++)
		drift_store(m, d, sp + 4 * i, 4, d->reg[framed[i]], c->r[framed[i]]);
	drift_store(m, d, sp + 24, 4, steady, c->r[15]);
	drift_store(m, d, sp + 28, 4, psr, cpu_xpsr(c));
	d->frame[d->next_frame] = (struct drift_frame){sp + 28, d->flags};
	d->next_frame = (d->next_frame + 1) % DRIFT_FRAMES;
	d->changes++; /* the padding bit is not told here */
	d->reg[14] = steady;
}

void drift_unstack(struct mcu *m, struct drifts *d, uint32_t sp)
{
	struct drift v;

	for (unsigned i = 0; i < 6; i++)
		d->reg[framed[i]] = drift_load(m, d, sp + 4 * i, 4, false);
	if (drift_moves(drift_load(m, d, sp + 24, 4, false)))
		d->failed = true;
	v = drift_load(m, d, sp + 28, 4, false);
	if (v.step)
		d->failed = true;
	d->flags = (struct drift_flags){.nz = {0, v.doubt}, .cv = {0, v.doubt}};
	for (unsigned i = 0; i < DRIFT_FRAMES; i++)
		if (d->frame[i].psr_at == sp + 28)
			d->flags = d->frame[i].flags;
}

/* ---- passes --------------------------------------------------------------------------------- */

void drift_begin(struct mcu *m, struct drifts *d, bool ticks)
{
	for (unsigned i = 0; i < d->used_count; i++)
		d->word[d->used[i]] = (struct drift_word){0};
	d->used_count = 0;
	d->ticks = ticks;
	memset(d->start, 0, sizeof d->start);
	d->flags_start = 0;
	drift_pass(m, d, 0);
}

void drift_pass(struct mcu *m, struct drifts *d, uint64_t cycles)
{
	const struct cpu_state *c = &m->s.cpu;

	for (unsigned i = 0; i < d->used_count; i++) {
		struct drift_word *w = &d->word[d->used[i]];

		w->was = get_le32(ram_word(m, w->address));
		memcpy(w->now, w->start, sizeof w->now);
		memcpy(w->width, w->start_width, sizeof w->width);
	}
	memset(d->frame, 0, sizeof d->frame);
	memcpy(d->reg, d->start, sizeof d->reg);
	memcpy(d->was, c->r, sizeof d->was);
	d->apsr_was = c->apsr;
	d->flags = (struct drift_flags){.nz = {0, d->flags_start}, .cv = {0, d->flags_start}};
	d->cycles = cycles;
	d->rounds = UINT64_MAX;
	d->failed = false;
}

/* What a place begins the next pass with, by what it did in this one. */
static struct drift next_start(struct drift end, uint32_t change)
{
	if (end.doubt)
		return (struct drift){0, DRIFT_CARRIED};
	return (struct drift){change, 0};
}

static bool same(struct drift a, struct drift b)
{
	return a.step == b.step && a.doubt == b.doubt;
}

/* One place: is its next start the one it had? Carried over, it proves nothing. */
static enum drift_verdict settle(struct drift *start, struct drift end, uint32_t change)
{
	struct drift next = next_start(end, change);
	bool settled = same(next, *start) && (end.doubt || same(end, *start));
	bool carried = start->doubt && end.doubt & DRIFT_CARRIED;

	if (!start->doubt || end.doubt)
		*start = next;
	else
		settled = true; /* begun lost, ended known: it stays a place not to be read */
	return carried ? DRIFT_NO : settled ? DRIFT_PROVED : DRIFT_AGAIN;
}

static uint32_t cell_change(const struct drift_word *w, uint32_t now, unsigned lane)
{
	uint32_t mask = w->width[lane] == 4 ? ~0u : (1u << 8 * w->width[lane]) - 1;

	return ((now >> 8 * lane) - (w->was >> 8 * lane)) & mask;
}

static struct drift cut(struct drift v, unsigned width)
{
	if (width < 4)
		v.step &= (1u << 8 * width) - 1;
	return v;
}

static enum drift_verdict worse(enum drift_verdict a, enum drift_verdict b)
{
	if (a == DRIFT_NO || b == DRIFT_NO)
		return DRIFT_NO;
	return a == DRIFT_AGAIN ? a : b;
}

/* A lane without a cell was not stored to, and stands as it stood. */
static enum drift_verdict settle_word(const struct mcu *m, struct drift_word *w)
{
	uint32_t now = get_le32(ram_word(m, w->address));
	enum drift_verdict v = DRIFT_PROVED;

	for (unsigned i = 0; i < 4; i++) {
		if (w->width[i] != w->start_width[i]) {
			/* A cell that begins to be told about stood still before. */
			if (!w->start_width[i])
				w->start[i] = steady;
			else
				v = worse(v, DRIFT_AGAIN);
			w->start_width[i] = w->width[i];
		}
		if (w->width[i])
			v = worse(v, settle(&w->start[i], cut(w->now[i], w->width[i]),
					    cell_change(w, now, i)));
	}
	return v;
}

static enum drift_verdict settle_flags(const struct mcu *m, struct drifts *d)
{
	uint8_t doubt = d->flags.nz.doubt | d->flags.cv.doubt;
	bool moved = doubt || d->flags.nz.step || d->flags.cv.step ||
		     m->s.cpu.apsr != d->apsr_was;

	if (d->flags_start)
		return doubt & DRIFT_CARRIED ? DRIFT_NO : DRIFT_PROVED;
	d->flags_start = moved ? DRIFT_CARRIED : 0;
	return moved ? DRIFT_AGAIN : DRIFT_PROVED;
}

enum drift_verdict drift_judge(const struct mcu *m, struct drifts *d)
{
	enum drift_verdict v = settle_flags(m, d);

	if (d->failed)
		return DRIFT_NO;
	for (unsigned i = 0; i < 15; i++)
		v = worse(v, settle(&d->start[i], d->reg[i], m->s.cpu.r[i] - d->was[i]));
	for (unsigned i = 0; i < d->used_count; i++)
		v = worse(v, settle_word(m, &d->word[d->used[i]]));
	return v;
}

/* ---- the skip ------------------------------------------------------------------------------- */

static void apply_word(struct mcu *m, const struct drift_word *w, uint32_t rounds)
{
	uint8_t *p = ram_word(m, w->address);
	uint32_t v = get_le32(p);

	for (unsigned i = 0; i < 4; i++) {
		uint32_t mask = w->width[i] == 4 ? ~0u : (1u << 8 * w->width[i]) - 1;

		if (!w->width[i] || w->start[i].doubt || !w->start[i].step)
			continue;
		mask <<= 8 * i;
		v = (v & ~mask) | ((v + (w->start[i].step * rounds << 8 * i)) & mask);
	}
	put_le32(p, v);
}

void drift_apply(struct mcu *m, const struct drifts *d, uint64_t rounds)
{
	for (unsigned i = 0; i < 13; i++)
		if (!d->start[i].doubt)
			m->s.cpu.r[i] += d->start[i].step * (uint32_t)rounds;
	for (unsigned i = 0; i < d->used_count; i++)
		apply_word(m, &d->word[d->used[i]], (uint32_t)rounds);
}
