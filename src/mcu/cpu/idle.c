/*
 * Exact idle skip. A core that comes back to the same instruction with the same
 * registers, flags, exception state and RAM, having read nothing that could
 * answer differently and written nothing but RAM, will go round the same way
 * until an event: whole rounds can be skipped. Output and final time are the
 * same with it and without (mcu_limits.no_idle_skip; a test holds that).
 *
 * Looking for a loop costs some microseconds; when there was none the next look
 * is put off twice as long (and longer loops are looked for), so that busy code pays nothing to speak of.
 */
#include <stdlib.h>
#include <string.h>

#include "mcu/cpu/fast.h"

#define ROUND_MAX 400u         /* instructions of the longest loop looked for */
#define WAIT_MIN 64u
#define WAIT_MAX (1u << 19)
#define WORTH_CYCLES 512u      /* too close to the deadline to bother */

static bool steady(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;

	return !c->attention && !c->halted && !c->sleeping && !c->lockup && c->thumb &&
	       !m->stop_requested && !m->s.side.reset_pending && !cpu_awaits_flash(m) &&
	       m->s.time.cycles < m->s.time.deadline;
}

static bool remember(struct mcu *m)
{
	struct idle *i = &m->cache->idle;

	if (!i->ram)
		i->ram = malloc(m->chip->ram_size);
	if (!i->ram)
		return false;
	memcpy(i->ram, m->s.ram, m->chip->ram_size);
	i->state = m->s.cpu;
	i->disturbed = false;
	return true;
}

/* c->next is left over from the last plainly executed instruction. */
static bool same_state(struct mcu *m)
{
	struct idle *i = &m->cache->idle;

	i->state.next = m->s.cpu.next;
	return memcmp(&i->state, &m->s.cpu, sizeof i->state) == 0 &&
	       memcmp(i->ram, m->s.ram, m->chip->ram_size) == 0;
}

static bool same_registers(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu, *was = &m->cache->idle.state;

	return c->r[15] == was->r[15] && memcmp(c->r, was->r, sizeof c->r) == 0;
}

/* Go once round, if this is a loop of at most `longest` instructions. */
static bool went_round(struct mcu *m, uint64_t longest, uint64_t budget)
{
	uint64_t start = m->s.time.instructions;

	for (uint64_t n = 0; n < longest && n < ROUND_MAX; n++) {
		if (m->s.time.instructions - start >= budget)
			return false;
		fast_run(m, 1);
		if (!steady(m) || m->cache->idle.disturbed)
			return false;
		if (same_registers(m))
			return same_state(m);
	}
	return false;
}

static void skip_rounds(struct mcu *m, uint64_t cycles, uint64_t instructions, uint64_t budget)
{
	uint64_t rounds = (m->s.time.deadline - m->s.time.cycles) / cycles;

	if (rounds > budget / instructions)
		rounds = budget / instructions;
	m->s.time.cycles += rounds * cycles;
	m->s.time.instructions += rounds * instructions;
}

void idle_skip(struct mcu *m, uint64_t budget)
{
	struct idle *i = &m->cache->idle;
	uint64_t cycles = m->s.time.cycles, instructions = m->s.time.instructions, used;

	i->wait = i->wait ? 2 * i->wait : WAIT_MIN;
	if (i->wait > WAIT_MAX)
		i->wait = WAIT_MAX;
	if (m->cache->careful || m->cache->pinned || !m->s.cpu.thumb || !steady(m) ||
	    m->s.time.deadline - cycles < WORTH_CYCLES || !remember(m)) {
		i->next_try = instructions + WAIT_MIN;
		i->wait /= 2;
		return;
	}
	if (went_round(m, i->wait, budget)) {
		used = m->s.time.instructions - instructions;
		skip_rounds(m, m->s.time.cycles - cycles, used, budget - used);
		i->wait = WAIT_MIN;
	}
	i->next_try = m->s.time.instructions + i->wait;
}
