/*
 * Stores of a loop that is looked at by idle.c. Many loops write what is there
 * already: a pin's level, a flag that is clear. A store that leaves the whole
 * chip as it was, to the last private word and the last scheduled event, does
 * so in every round that begins in the same state, and moves no pin.
 */
#include <stdlib.h>
#include <string.h>

#include "mcu/cpu/cpu_internal.h"

struct idle_before {
	struct cpu_state cpu;
	struct mcu_time time;
	struct mcu_board_side side;
	uint8_t option_bytes[16];
	uint64_t event_at[MCU_MAX_PERIPHS][MCU_PERIPH_EVENTS];
	uint8_t pool[MCU_PERIPH_POOL];
};

static void take(const struct mcu *m, struct idle_before *b)
{
	b->cpu = m->s.cpu;
	b->time = m->s.time;
	b->side = m->s.side;
	memcpy(b->option_bytes, m->s.option_bytes, sizeof b->option_bytes);
	memcpy(b->event_at, m->s.event_at, m->periph_count * sizeof b->event_at[0]);
	memcpy(b->pool, m->s.pool, m->pool_used);
}

static bool nothing_changed(const struct mcu *m, const struct idle_before *b)
{
	return memcmp(b->pool, m->s.pool, m->pool_used) == 0 &&
	       memcmp(b->event_at, m->s.event_at, m->periph_count * sizeof b->event_at[0]) == 0 &&
	       memcmp(&b->cpu, &m->s.cpu, sizeof b->cpu) == 0 &&
	       memcmp(&b->time, &m->s.time, sizeof b->time) == 0 &&
	       memcmp(&b->side, &m->s.side, sizeof b->side) == 0 &&
	       memcmp(b->option_bytes, m->s.option_bytes, sizeof b->option_bytes) == 0;
}

bool idle_watches_store(struct mcu *m, uint32_t address, unsigned size, uint32_t value)
{
	struct idle *i = &m->cache->idle;
	bool peripheral = address >> 28 == 4, ok;

	if (!i->before)
		i->before = calloc(1, sizeof *i->before);
	if (i->phase == IDLE_OFF || i->disturbed || !peripheral || !i->before) {
		i->disturbed = true;
		return bus_write(m, address, size, value);
	}
	take(m, i->before);
	ok = bus_write(m, address, size, value);
	if (!ok || !nothing_changed(m, i->before))
		i->disturbed = true;
	return ok;
}
