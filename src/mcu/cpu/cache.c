/*
 * Pre-decoded code: regions, and what makes it stale.
 *
 * A store into RAM tests one byte a 64-byte granule (ram_watch); flash changes
 * by way of cpu_code_changed. Both forget whole granules, and the operation
 * before the granule, which may reach into it. Arrays stay in place while the
 * core lives, so that the loop may be inside one that is being forgotten.
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "mcu/cpu/fast.h"

#define PLAIN_MAX 65536u

/* ---- making regions ------------------------------------------------------------------ */

static bool region_place(const struct mcu *m, unsigned which, uint32_t *base, uint32_t *size)
{
	const struct chip *c = m->chip;
	uint32_t target = m->s.side.boot_alias;

	*base = which == REGION_FLASH	 ? c->flash_base
		: which == REGION_SYSTEM ? c->system_base
		: which == REGION_RAM	 ? c->ram_base
					 : 0;
	*size = which == REGION_FLASH	 ? c->flash_die
		: which == REGION_SYSTEM ? c->system_size
		: which == REGION_RAM	 ? c->ram_size
		: target == c->ram_base	 ? c->ram_size
		: target == c->flash_base ? c->flash_die
					  : c->system_size;
	return true;
}

static void forget_ops(struct mcu *m, struct region *r, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		r->ops[i].handler = m->cache->handlers[FAST_DECODE];
	memset(r->it_of + from, 0, to - from);
}

static void region_free(struct region *r)
{
	free(r->ops);
	free(r->it_of);
	*r = (struct region){0};
}

static bool region_make(struct mcu *m, struct region *r, uint32_t base, uint32_t size)
{
	uint32_t n = size / 2 + 2;

	r->ops = calloc(2 * (size_t)n, sizeof *r->ops);
	r->it_of = calloc(n + (size >> GRANULE_SHIFT) + 1, 1);
	if (!r->ops || !r->it_of) {
		region_free(r);
		return false;
	}
	r->it_ops = r->ops + n;
	r->used = r->it_of + n;
	r->base = base;
	r->size = size;
	r->mem = bus_memory(m, base, 2, NULL);
	forget_ops(m, r, 0, n);
	for (uint32_t i = size / 2; i < n; i++)
		r->ops[i].handler = m->cache->handlers[FAST_EDGE];
	return true;
}

struct region *cache_region(struct mcu *m, uint32_t address)
{
	/* Regions that exist are right: a change of the alias frees its region. */
	for (unsigned i = 0; i < REGION_COUNT; i++)
		if (address - m->cache->region[i].base < m->cache->region[i].size)
			return &m->cache->region[i];
	for (unsigned i = 0; i < REGION_COUNT; i++) {
		struct region *r = &m->cache->region[i];
		uint32_t base, size;

		region_place(m, i, &base, &size);
		if (address - base >= size)
			continue;
		if (r->size == size || region_make(m, r, base, size))
			return r;
	}
	return NULL;
}

/* ---- decoding --------------------------------------------------------------------------- */

static uint32_t remember_plain(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_cache *k = m->cache;

	if (k->plain_count == k->plain_room) {
		uint32_t room = k->plain_room ? 2 * k->plain_room : 256;
		struct arm_insn *more = realloc(k->plain, room * sizeof *more);
		if (!more)
			abort(); /* nothing sensible is left to do without memory */
		k->plain = more;
		k->plain_room = room;
	}
	k->plain[k->plain_count] = *in;
	return k->plain_count++;
}

static void mark(struct mcu *m, struct region *r, uint32_t index)
{
	uint32_t granule = 2 * index >> GRANULE_SHIFT;

	r->used[granule] = 1;
	if (r->mem == m->s.ram)
		m->cache->ram_watch[granule] |= WATCH_CODE;
	if (m->side_tables->coverage && r->mem == m->flash)
		m->side_tables->coverage[index / 8] |= (uint8_t)(1u << index % 8);
}

void cache_decode(struct mcu *m, struct region *r, uint32_t index, uint8_t it)
{
	struct op *op = it ? &r->it_ops[index] : &r->ops[index];
	uint32_t address = r->base + 2 * index;
	enum fast_op h = FAST_SINGLE;
	struct arm_insn in;
	bool last = 2 * index + 4 > r->size;
	uint16_t hw1 = get_le16(r->mem + 2 * index);

	mark(m, r, index);
	op->size = arm_is_32bit(hw1) ? 2 : 1;
	if (!fpb_touches(m, address) && !(last && op->size == 2)) {
		arm_decode(hw1, last ? 0 : get_le16(r->mem + 2 * index + 2), &in);
		h = in.kind == ARM_KIND_BKPT ? FAST_SINGLE
					     : fast_choose(m, &in, address, it, r, op);
		if (h == FAST_GENERIC)
			op->imm = remember_plain(m, &in);
		h += op->size - 1u;
		if (op->size == 2)
			mark(m, r, index + 1);
	}
	op->handler = m->cache->handlers[h];
	if (it)
		r->it_of[index] = it;
}

/* ---- forgetting ---------------------------------------------------------------------------- */

static void forget_granule(struct mcu *m, struct region *r, uint32_t g)
{
	uint32_t from = g * GRANULE_OPS, to = from + GRANULE_OPS;

	if (!r->used[g])
		return;
	r->used[g] = 0;
	if (to > r->size / 2)
		to = r->size / 2;
	forget_ops(m, r, from ? from - 1 : 0, to);
	if (r->mem == m->s.ram)
		m->cache->ram_watch[g] &= (uint8_t)~WATCH_CODE;
}

static void region_forget(struct mcu *m, struct region *r, uint32_t at, uint32_t len)
{
	uint32_t last = at + len - 1 < r->size ? at + len - 1 : r->size - 1;

	for (uint32_t g = at >> GRANULE_SHIFT; g <= last >> GRANULE_SHIFT; g++)
		forget_granule(m, r, g);
}

/* RAM in which nothing was decoded, by far the most: one or two bytes tell. */
static bool holds_no_code(const struct mcu *m, uint32_t address, uint32_t len)
{
	const uint8_t *watch = m->cache->ram_watch;
	uint32_t at = address - m->chip->ram_base;

	return len <= 1u << GRANULE_SHIFT &&
	       range_inside(address, len, m->chip->ram_base, m->chip->ram_size) &&
	       !((watch[at >> GRANULE_SHIFT] | watch[(at + len - 1) >> GRANULE_SHIFT]) & WATCH_CODE);
}

void cache_forget(struct mcu *m, uint32_t address, uint32_t len)
{
	if (len == 0 || holds_no_code(m, address, len))
		return;
	const uint8_t *p = bus_memory(m, address, 1, NULL);

	if (!p)
		return;
	for (unsigned i = 0; i < REGION_COUNT; i++) {
		struct region *r = &m->cache->region[i];
		if (r->size && p >= r->mem && p < r->mem + r->size)
			region_forget(m, r, (uint32_t)(p - r->mem), len);
	}
}

static void forget_everything(struct mcu *m)
{
	for (unsigned i = 0; i < REGION_COUNT; i++)
		if (m->cache->region[i].size)
			region_forget(m, &m->cache->region[i], 0, m->cache->region[i].size);
}

void cache_trim(struct mcu *m)
{
	if (m->cache->plain_count < PLAIN_MAX)
		return;
	forget_everything(m);
	m->cache->plain_count = 0;
}

/* A change of breakpoints, watchpoints, what is recorded. */
void cache_forget_all(struct mcu *m)
{
	struct cpu_cache *k = m->cache;
	uint8_t watch = m->side_tables->writer ? WATCH_PROVENANCE : 0;

	forget_everything(m);
	memset(k->ram_watch, watch, sizeof k->ram_watch);
	k->pinned = dwt_watches_data(m) || fpb_remaps_literals(m);
	k->careful = dwt_watches_pc(m);
}

/* ---- what others call ------------------------------------------------------------------------- */

bool cpu_new(struct mcu *m)
{
	m->cache = calloc(1, sizeof *m->cache);
	m->s.cpu.thumb = true;
	systick_reset(&m->s.cpu.systick);
	if (m->cache)
		fast_run(m, 0);
	return m->cache != NULL;
}

void cpu_free(struct mcu *m)
{
	if (!m->cache)
		return;
	for (unsigned i = 0; i < REGION_COUNT; i++)
		region_free(&m->cache->region[i]);
	free(m->cache->plain);
	free(m->cache->idle.drifts);
	free(m->cache->idle.before);
	free(m->cache);
	m->cache = NULL;
}

/* The alias at 0 may show another memory now: it is made anew. Only resets and
 * restored snapshots change it, never a running core. */
void cpu_code_changed(struct mcu *m, uint32_t address, uint32_t len)
{
	if (address == 0)
		region_free(&m->cache->region[REGION_ALIAS]);
	cache_forget(m, address, len);
}

/* RAM is another one: compare nothing, forget the code that ran from it. */
void cpu_restored(struct mcu *m)
{
	struct region *r = &m->cache->region[REGION_RAM];
	struct region *alias = &m->cache->region[REGION_ALIAS];

	cpu_idle_forget(m);
	m->cache->idle.next_try = m->s.time.instructions;
	if (r->size)
		region_forget(m, r, 0, r->size);
	if (alias->size && alias->mem == m->s.ram)
		region_forget(m, alias, 0, alias->size);
	if (m->s.cpu.fpb.enabled || m->cache->pinned || m->cache->careful ||
	    dwt_watches_data(m) || dwt_watches_pc(m))
		cache_forget_all(m);
}

/* Data reads of flash and fetches from it wait until the operation ends: the
 * fast loop is left, and enters flash again only when it is free. */
void cpu_flash_busy(struct mcu *m, bool busy)
{
	/* Nothing to keep: the loop looks at side.flash_busy after every slow access. */
}

void cpu_watch_changed(struct mcu *m)
{
	cache_forget_all(m);
}

void cpu_plain_only(struct mcu *m, bool on)
{
	m->cache->plain_only = on;
}
