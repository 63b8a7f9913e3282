/*
 * Time: core cycles <-> nanoseconds, and the list of scheduled events.
 *
 * Nanoseconds are counted from power-on of the board (mcu_new); core cycles
 * count HCLK. Whenever HCLK changes or stands still a new epoch begins, so that
 * no conversion ever accumulates an error: the same calls give the same run.
 */
#include "mcu/mcu_internal.h"

#define NS_PER_S 1000000000u

uint64_t time_cycles_to_ns(const struct mcu *m, uint64_t cycles)
{
	const struct mcu_time *t = &m->s.time;
	uint64_t d = cycles - t->epoch_cycles;

	/* Two divisions keep the product within 64 bits for any run length. */
	return t->epoch_ns + d / t->hclk_hz * NS_PER_S + d % t->hclk_hz * NS_PER_S / t->hclk_hz;
}

uint64_t time_now_ns(const struct mcu *m)
{
	return time_cycles_to_ns(m, m->s.time.cycles);
}

uint64_t time_ns_to_cycles(const struct mcu *m, uint64_t at_ns)
{
	const struct mcu_time *t = &m->s.time;
	uint64_t d, c;

	if (at_ns == UINT64_MAX)
		return UINT64_MAX;
	if (at_ns <= t->epoch_ns)
		return t->epoch_cycles;
	d = at_ns - t->epoch_ns;
	if (d / NS_PER_S > UINT64_MAX / 2 / t->hclk_hz)
		return UINT64_MAX;
	c = d / NS_PER_S * t->hclk_hz;
	return t->epoch_cycles + c + (d % NS_PER_S * t->hclk_hz + NS_PER_S - 1) / NS_PER_S;
}

void time_rearm(struct mcu *m)
{
	struct mcu_time *t = &m->s.time;
	uint64_t at = t->next_event_ns < m->s.side.limit_ns ? t->next_event_ns : m->s.side.limit_ns;
	uint64_t core = cpu_next_cycle(m);

	t->deadline = m->s.side.sysclk_dead ? t->cycles : time_ns_to_cycles(m, at);
	if (core < t->deadline)
		t->deadline = core;
}

static void begin_epoch(struct mcu *m, uint64_t ns)
{
	m->s.time.epoch_ns = ns;
	m->s.time.epoch_cycles = m->s.time.cycles;
}

void time_set_hclk(struct mcu *m, uint32_t hz)
{
	if (hz == m->s.time.hclk_hz)
		return;
	begin_epoch(m, time_now_ns(m));
	m->s.time.hclk_hz = hz;
	time_rearm(m);
}

void time_skip_stopped(struct mcu *m, uint64_t ns)
{
	if (ns > time_now_ns(m))
		begin_epoch(m, ns);
}

void time_skip_clocked(struct mcu *m, uint64_t ns)
{
	uint64_t cycles = time_ns_to_cycles(m, ns);

	if (cycles > m->s.time.cycles)
		m->s.time.cycles = cycles;
}

/* Does time stand still for this one? */
static bool frozen(const struct periph *p, bool stopped, bool halted)
{
	int bit;

	if (stopped && !p->def->own_clock)
		return true;
	if (!halted || !p->def->debug_stop_bit)
		return false;
	bit = p->def->debug_stop_bit(p);
	return bit >= 0 && dbgmcu_cr(p->m) >> bit & 1;
}

void time_freeze(struct mcu *m, uint64_t ns, uint64_t cycles)
{
	bool stopped = !power_hclk_runs(m), halted = cpu_halted(m);

	for (size_t i = 0; i < m->periph_count; i++) {
		struct periph *p = &m->periphs[i];

		if (!frozen(p, stopped, halted))
			continue;
		for (unsigned id = 0; id < MCU_PERIPH_EVENTS; id++)
			if (m->s.event_at[i][id] != UINT64_MAX)
				m->s.event_at[i][id] += ns;
		if (p->def->frozen)
			p->def->frozen(p, ns, cycles);
	}
}

void time_clocks_changed(struct mcu *m)
{
	for (size_t i = 0; i < m->periph_count; i++)
		if (m->periphs[i].def->clock_changed)
			m->periphs[i].def->clock_changed(&m->periphs[i]);
}

void time_set_event(struct periph *p, unsigned id, uint64_t at_ns)
{
	uint64_t *slots = p->m->s.event_at[p->id], all = UINT64_MAX;

	slots[id] = at_ns;
	for (unsigned i = 0; i < MCU_PERIPH_EVENTS; i++)
		all &= slots[i];
	if (all == UINT64_MAX)
		p->m->s.armed &= ~(1ull << p->id);
	else
		p->m->s.armed |= 1ull << p->id;
}

void time_find_next(struct mcu *m)
{
	uint64_t next = UINT64_MAX;
	bool stopped = !power_hclk_runs(m), halted = cpu_halted(m);

	for (uint64_t left = m->s.armed; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		for (unsigned id = 0; id < MCU_PERIPH_EVENTS; id++)
			if (m->s.event_at[i][id] < next &&
			    !frozen(&m->periphs[i], stopped, halted))
				next = m->s.event_at[i][id];
	}
	m->s.time.next_event_ns = next;
}

/* Take the earliest event due by `now` off the list. Ties go to the lower row. */
static struct periph *take_due(struct mcu *m, uint64_t now, unsigned *id)
{
	struct periph *found = NULL;
	uint64_t best = UINT64_MAX;
	bool stopped = !power_hclk_runs(m), halted = cpu_halted(m);

	for (uint64_t left = m->s.armed; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);

		for (unsigned k = 0; k < MCU_PERIPH_EVENTS; k++)
			if (m->s.event_at[i][k] <= now && m->s.event_at[i][k] < best &&
			    !frozen(&m->periphs[i], stopped, halted)) {
				best = m->s.event_at[i][k];
				found = &m->periphs[i];
				*id = k;
			}
	}
	if (found)
		time_set_event(found, *id, UINT64_MAX);
	return found;
}

void time_fire(struct mcu *m)
{
	uint64_t now = time_now_ns(m);
	struct periph *p;
	unsigned id;

	if (m->s.time.next_event_ns > now)
		return;
	/* A reset throws the schedule away; what is left is looked at afterwards. */
	while (!m->s.side.reset_pending && (p = take_due(m, now, &id)) != NULL) {
		cpu_idle_disturb(m);
		m->effort += MCU_EFFORT_EVENT;
		p->def->event(p, id);
	}
	time_find_next(m);
	time_rearm(m);
}

void periph_schedule(struct periph *p, unsigned id, uint64_t at_ns)
{
	struct mcu *m = p->m;
	uint64_t slot = m->s.event_at[p->id][id];
	bool was_next = slot == m->s.time.next_event_ns;

	if (slot == at_ns)
		return;
	time_set_event(p, id, at_ns);
	if (at_ns < m->s.time.next_event_ns)
		m->s.time.next_event_ns = at_ns;
	else if (was_next)
		time_find_next(m);
	time_rearm(m);
}

void periph_cancel(struct periph *p, unsigned id)
{
	struct mcu *m = p->m;
	uint64_t slot = m->s.event_at[p->id][id];
	bool was_next = slot == m->s.time.next_event_ns;

	if (slot == UINT64_MAX)
		return;
	time_set_event(p, id, UINT64_MAX);
	if (!was_next)
		return;
	time_find_next(m);
	time_rearm(m);
}

bool periph_scheduled(const struct periph *p, unsigned id, uint64_t *at_ns)
{
	uint64_t at = p->m->s.event_at[p->id][id];

	if (at == UINT64_MAX)
		return false;
	if (at_ns)
		*at_ns = at;
	return true;
}
