/*
 * Exact idle skip. A core that goes round a loop, or wakes, works and sleeps at
 * every tick, in a way that only counters tell one round from the next, will go
 * on so until a counter reaches what it is compared with or an event comes:
 * whole rounds are taken at once. Output, state and time are the same with it
 * and without (mcu_limits.no_idle_skip; tests hold that).
 *
 * A search has three parts, between which everything runs as always:
 *   seek   instruction by instruction, until the core comes back to a place with
 *          the same stack and the same exception state;
 *   pass   once round with drift.h's account of what moves by how much, as often
 *          as it takes to learn the steps and then to prove them;
 *   skip   as many rounds as the proof, the next event and the budget allow.
 * A round within a SysTick period ends at the next tick. A round of whole
 * periods (the tick's handler, the scheduler, the idle task, sleep) moves
 * SysTick along; loops inside it that wait for the tick are cut short.
 *
 * Peripheral stores that change something, events and reads that may answer
 * differently next time end a search. Searching costs some microseconds; when there was
 * nothing to skip the next search is put off twice as long (and longer loops are
 * looked for), so that busy code pays next to nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "mcu/cpu/drift.h"
#include "mcu/cpu/fast.h"

#define WAIT_MIN 64u
#define WAIT_MAX (1u << 21)
#define ROUND_MIN 64u      /* instructions of the longest loop looked for at first */
#define ROUND_MAX 8192u
#define TICK_ROUND_MAX 16384u /* instructions executed of a round of whole ticks */
#define PASSES 5u
#define SKIP_MAX (1ull << 40)
#define WORTH_CYCLES 64u   /* too close to the deadline to bother */
#define WORTH 24u          /* an instruction that is looked at costs that many */
#define TICK_HOLD_MAX 1024u
#define LAST_ROUNDS 3u     /* before a tick; rounds of ticks begin in one of them */

static void give_up(struct mcu *m, bool for_long)
{
	struct idle *i = &m->cache->idle;

	if (i->phase == IDLE_PASS)
		i->known = false;
	i->phase = IDLE_OFF;
	if (for_long) {
		i->wait = i->wait < WAIT_MIN ? WAIT_MIN : 2 * i->wait;
		if (i->wait > WAIT_MAX)
			i->wait = WAIT_MAX;
		if (i->longest < i->wait / 256)
			i->longest = i->wait / 256;
	}
	i->next_try = m->s.time.instructions + i->wait;
}

void cpu_idle_forget(struct mcu *m)
{
	m->cache->idle.phase = IDLE_OFF;
}

void cpu_idle_disturb(struct mcu *m)
{
	m->cache->idle.disturbed = true;
}

/* Can the core's way be followed now? */
static bool steady(const struct mcu *m)
{
	const struct cpu_state *c = &m->s.cpu;
	const uint32_t faults = 1u << EXC_HARDFAULT | 1u << EXC_MEMMANAGE | 1u << EXC_BUSFAULT |
				1u << EXC_USAGEFAULT;

	return !c->halted && !c->lockup && c->thumb && !m->stop_requested && !m->cache->careful &&
	       !m->cache->pinned && !m->s.side.reset_pending && !cpu_awaits_flash(m) &&
	       !(c->pending[0] & faults) && !m->cache->idle.disturbed;
}

/* ---- places ---------------------------------------------------------------------------- */

static void set_head(struct mcu *m)
{
	struct idle *i = &m->cache->idle;

	i->head = m->s.cpu;
	i->at = m->s.time;
}

/* Everything but what may drift: low registers, flags, SysTick's phase. What was
 * left by the last plainly executed instruction means nothing here. */
static bool same_core(struct mcu *m)
{
	struct cpu_state *head = &m->cache->idle.head;
	const struct cpu_state *c = &m->s.cpu;
	struct cpu_state now = *c;

	memcpy(now.r, head->r, 13 * sizeof now.r[0]);
	now.apsr = (now.apsr & APSR_Q) | (head->apsr & ~APSR_Q);
	now.next = head->next;
	now.systick.zero_at = head->systick.zero_at;
	return memcmp(&now, head, sizeof now) == 0;
}

static bool same_clock(const struct mcu *m)
{
	const struct mcu_time *t = &m->s.time, *was = &m->cache->idle.at;

	return t->epoch_cycles == was->epoch_cycles && t->epoch_ns == was->epoch_ns &&
	       t->hclk_hz == was->hclk_hz;
}

static bool ticked(const struct mcu *m)
{
	return m->s.cpu.systick.zero_at != m->cache->idle.head.systick.zero_at;
}

/* The same distance to the next tick as at the head. */
static bool same_phase(const struct mcu *m)
{
	const struct idle *i = &m->cache->idle;

	return m->s.cpu.systick.zero_at - m->s.time.cycles ==
	       i->head.systick.zero_at - i->at.cycles;
}

static bool back_at_head(struct mcu *m)
{
	struct idle *i = &m->cache->idle;
	const struct cpu_state *c = &m->s.cpu;

	if (c->r[15] != i->head.r[15] || c->r[13] != i->head.r[13] || c->r[14] != i->head.r[14] ||
	    c->ipsr != i->head.ipsr || c->sleeping)
		return false;
	if (i->ticks ? !ticked(m) || !same_phase(m) : ticked(m))
		return false;
	return same_core(m) && same_clock(m);
}

/* ---- passes ------------------------------------------------------------------------------ */

/* The steps last proved may still hold: then one pass proves them again. */
static bool known_place(const struct mcu *m, bool ticks)
{
	const struct idle *i = &m->cache->idle;

	return i->known && i->drifts->ticks == ticks && i->known_pc == m->s.cpu.r[15] &&
	       i->known_sp == m->s.cpu.r[13];
}

static void begin_passes(struct mcu *m, bool ticks)
{
	struct idle *i = &m->cache->idle;

	if (!i->drifts)
		i->drifts = calloc(1, sizeof *i->drifts);
	if (!i->drifts) {
		give_up(m, true);
		return;
	}
	i->phase = IDLE_PASS;
	i->ticks = ticks;
	i->passes = 0;
	i->steps = 0;
	i->sleeps = 0;
	set_head(m);
	if (known_place(m, ticks)) {
		drift_pass(m, i->drifts, i->known_cycles);
	} else {
		i->known = false;
		drift_begin(m, i->drifts, ticks);
	}
	i->mark = m->s.cpu;
	i->mark_at = m->s.time;
	i->mark_changes = i->drifts->changes;
	i->mark_jumps = 0;
	i->next_mark = 1;
}

/* When the rounds end at the latest. */
static uint64_t horizon(const struct mcu *m)
{
	const struct mcu_time *t = &m->s.time;
	uint64_t at = t->next_event_ns < m->s.side.limit_ns ? t->next_event_ns : m->s.side.limit_ns;

	return m->cache->idle.ticks ? time_ns_to_cycles(m, at) : t->deadline;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* How many rounds may be taken at once; one more is left to be executed. */
static uint64_t rounds_ahead(const struct mcu *m, uint64_t cycles, uint64_t instructions,
			     uint64_t budget)
{
	uint64_t end = horizon(m), n = m->cache->idle.drifts->rounds;

	if (end <= m->s.time.cycles)
		return 0;
	n = least(n, (end - m->s.time.cycles) / cycles);
	n = least(least(n, budget / instructions), SKIP_MAX);
	return n ? n - 1 : 0;
}

/* That many rounds have been; none of it was executed. */
static void count_rounds(struct mcu *m, uint64_t rounds, uint64_t cycles, uint64_t instructions)
{
	m->s.time.cycles += rounds * cycles;
	m->s.time.instructions += rounds * instructions;
	m->cache->idle.skipped += rounds * instructions;
	m->effort -= rounds * instructions;
}

static void skip(struct mcu *m, uint64_t rounds, uint64_t cycles, uint64_t instructions)
{
	struct idle *i = &m->cache->idle;
	struct cpu_systick *t = &m->s.cpu.systick;

	drift_apply(m, i->drifts, rounds);
	count_rounds(m, rounds, cycles, instructions);
	if (i->ticks && t->zero_at != UINT64_MAX)
		t->zero_at += rounds * cycles;
	time_rearm(m);
	if (i->sleeps)
		mcu_emit(m, MCU_EVENT_SLEEPS_SKIPPED, (uint32_t)least(i->sleeps * rounds, UINT32_MAX), 0);
}

/* Hold rounds of ticks back after one that came to nothing. */
static void tick_outcome(struct idle *i, bool good)
{
	if (!i->ticks)
		return;
	i->tick_penalty = good ? 0 : i->tick_penalty ? least(2 * i->tick_penalty, TICK_HOLD_MAX) : 1;
	i->tick_hold = i->tick_penalty;
}

static bool wants_ticks(struct mcu *m)
{
	struct idle *i = &m->cache->idle;

	if (!(m->s.cpu.systick.csr & 1) || m->s.cpu.systick.zero_at == UINT64_MAX)
		return false;
	if (i->tick_hold) {
		i->tick_hold--;
		return false;
	}
	return true;
}

static void proved(struct mcu *m, uint64_t budget)
{
	struct idle *i = &m->cache->idle;
	uint64_t cycles = m->s.time.cycles - i->at.cycles;
	uint64_t instructions = m->s.time.instructions - i->at.instructions;
	uint64_t rounds = rounds_ahead(m, cycles, instructions, budget);
	bool good = rounds * instructions >= WORTH * i->steps ||
		    rounds * cycles >= 8 * (uint64_t)WORTH * i->steps;

	if (rounds)
		skip(m, rounds, cycles, instructions);
	tick_outcome(i, good);
	if (!good) {
		give_up(m, true);
		return;
	}
	i->known = true;
	i->known_pc = i->head.r[15];
	i->known_sp = i->head.r[13];
	i->known_cycles = cycles;
	i->phase = IDLE_OFF;
	i->wait = WAIT_MIN;
	/* the last round of ticks before something else happens is not worth a look */
	i->next_try = m->s.time.instructions + (i->ticks ? instructions + 1 : 0);
	if (!i->ticks && m->s.time.deadline - m->s.time.cycles < LAST_ROUNDS * cycles &&
	    m->s.time.deadline == m->s.cpu.systick.zero_at && wants_ticks(m))
		begin_passes(m, true);
}

static void end_pass(struct mcu *m, uint64_t budget)
{
	struct idle *i = &m->cache->idle;
	uint64_t cycles = m->s.time.cycles - i->at.cycles;
	enum drift_verdict v = drift_judge(m, i->drifts);

	i->passes++;
	if (v == DRIFT_PROVED && cycles == i->drifts->cycles) {
		proved(m, budget);
		return;
	}
	if (v == DRIFT_NO || i->passes == PASSES) {
		tick_outcome(i, false);
		give_up(m, true);
		return;
	}
	i->sleeps = 0;
	set_head(m);
	drift_pass(m, i->drifts, cycles);
}

/* A loop within a round of ticks that comes round with nothing changed waits for
 * the tick: the time till then is taken at once. */
static void cut_short(struct mcu *m, uint64_t budget)
{
	struct idle *i = &m->cache->idle;
	uint64_t cycles, instructions, rounds;

	if (m->s.cpu.r[15] == i->mark.r[15] && i->mark_changes == i->drifts->changes &&
	    m->s.time.deadline > m->s.time.cycles) {
		i->mark.next = m->s.cpu.next;
		if (memcmp(&i->mark, &m->s.cpu, sizeof i->mark) == 0 && !i->disturbed) {
			cycles = m->s.time.cycles - i->mark_at.cycles;
			instructions = m->s.time.instructions - i->mark_at.instructions;
			rounds = (m->s.time.deadline - m->s.time.cycles) / cycles;
			rounds = least(rounds, budget / instructions);
			/* not past the head, which lies within the last rounds */
			rounds = rounds > LAST_ROUNDS ? rounds - LAST_ROUNDS : 0;
			count_rounds(m, rounds, cycles, instructions);
		}
	}
	if (i->mark_changes != i->drifts->changes || ++i->mark_jumps >= i->next_mark) {
		if (i->mark_changes != i->drifts->changes || i->next_mark >= 64)
			i->next_mark = 1;
		else
			i->next_mark *= 2;
		i->mark_jumps = 0;
		i->mark = m->s.cpu;
		i->mark_at = m->s.time;
		i->mark_changes = i->drifts->changes;
	}
}

static void step_in_pass(struct mcu *m, uint64_t budget)
{
	struct idle *i = &m->cache->idle;
	uint32_t from = m->s.cpu.r[15];
	struct arm_insn in;

	if (++i->steps > (i->ticks ? TICK_ROUND_MAX : (PASSES + 1) * i->period) ||
	    !cpu_peek(m, &in)) {
		tick_outcome(i, false);
		give_up(m, true);
		return;
	}
	drift_insn(m, i->drifts, &in);
	cpu_single_decoded(m, &in);
	m->effort += MCU_EFFORT_PROOF;
	i->sleeps += m->s.cpu.sleeping;
	if (!i->ticks && ticked(m) && steady(m) && wants_ticks(m)) {
		begin_passes(m, true);
		return;
	}
	if (!steady(m) || i->drifts->failed || (!i->ticks && ticked(m))) {
		tick_outcome(i, false);
		give_up(m, i->drifts->failed || i->disturbed);
		return;
	}
	if (back_at_head(m))
		end_pass(m, budget - 1);
	else if (i->ticks && m->s.cpu.r[15] <= from && !m->s.cpu.sleeping)
		cut_short(m, budget - 1);
}

/* ---- seeking ------------------------------------------------------------------------------- */

static void begin(struct mcu *m)
{
	struct idle *i = &m->cache->idle;

	i->disturbed = false;
	if (!steady(m) || m->s.time.deadline - m->s.time.cycles < WORTH_CYCLES) {
		i->next_try = m->s.time.instructions + WAIT_MIN;
		return;
	}
	if (i->longest < ROUND_MIN)
		i->longest = ROUND_MIN;
	if (i->longest > ROUND_MAX)
		i->longest = ROUND_MAX;
	i->phase = IDLE_SEEK;
	i->ticks = false;
	i->steps = 0;
	i->next_mark = 0;
	set_head(m);
}

/* Loops are entered by jumping back. */
static void step_in_seek(struct mcu *m)
{
	struct idle *i = &m->cache->idle;
	uint32_t from = m->s.cpu.r[15];

	fast_run(m, 1);
	m->effort += MCU_EFFORT_SEEK;
	if (i->disturbed || !steady(m) || ++i->steps > 2 * i->longest) {
		give_up(m, steady(m) || i->disturbed);
		return;
	}
	if (ticked(m)) {
		if (wants_ticks(m))
			begin_passes(m, true);
		else
			set_head(m);
		return;
	}
	if (back_at_head(m)) {
		i->period = m->s.time.instructions - i->at.instructions;
		begin_passes(m, false);
		return;
	}
	if (m->s.cpu.r[15] <= from && !m->s.cpu.it && i->steps >= i->next_mark) {
		i->next_mark = 2 * i->steps;
		set_head(m);
	}
}

void idle_step(struct mcu *m, uint64_t budget)
{
	switch (m->cache->idle.phase) {
	case IDLE_SEEK: step_in_seek(m); break;
	case IDLE_PASS: step_in_pass(m, budget); break;
	default: begin(m); break;
	}
}

/* ---- exceptions on the way ------------------------------------------------------------------- */

void idle_stacks(struct mcu *m, uint32_t sp)
{
	if (m->cache->idle.phase == IDLE_PASS)
		drift_stack(m, m->cache->idle.drifts, sp);
}

void idle_unstacks(struct mcu *m, uint32_t sp)
{
	if (m->cache->idle.phase == IDLE_PASS)
		drift_unstack(m, m->cache->idle.drifts, sp);
}
