/*
 * How a timer counts. RM0008 14.3.2, 15.3.2, 17.3.2: up, down, centre-aligned,
 * repetition, one pulse. Nothing is done tick by tick: CNT and the flags are
 * what they would be, worked out when somebody looks.
 */
#include "mcu/periph/timer.h"

bool timer_counting(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t smcr = periph_get(p, TIM_SMCR), sms = smcr & 7;

	/* Encoder, gated and external clock modes count what comes from outside. */
	if (smcr & 0x4000 || (sms >= 1 && sms <= 3) || sms == 5 || sms == 7)
		return false;
	return periph_get(p, TIM_CR1) & TIM_CR1_CEN && (s->arr || periph_get(p, TIM_CNT));
}

static bool centred(const struct periph *p)
{
	return periph_get(p, TIM_CR1) & TIM_CR1_CMS;
}

static bool down(const struct periph *p)
{
	return periph_get(p, TIM_CR1) & TIM_CR1_DIR;
}

uint32_t timer_tick_cycles(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t ratio = p->m->s.time.hclk_hz / periph_timer_hz(p);

	return (ratio ? ratio : 1) * (s->psc + 1);
}

/* Ticks from CNT to the next update event. */
static uint32_t to_update(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t cnt = periph_get(p, TIM_CNT);

	if (centred(p))
		return down(p) ? (cnt ? cnt : s->arr) : cnt < s->arr ? s->arr - cnt : 1;
	if (down(p))
		return cnt + 1;
	/* Beyond ARR the counter runs on to 0xFFFF. */
	return cnt <= s->arr ? s->arr - cnt + 1 : 0x10000 - cnt;
}

/* CNT after `ticks` more, fewer than to_update. */
static void step(struct periph *p, uint32_t ticks)
{
	uint32_t cnt = periph_get(p, TIM_CNT);

	periph_set(p, TIM_CNT, (down(p) ? cnt - ticks : cnt + ticks) & 0xFFFF);
}

/* CCR1 to CCR4, which are rows one after the other; NULL: it has no channels. */
static const uint32_t *compares(const struct periph *p)
{
	uint8_t row = p->row_of[TIM_CCR1 / 4];

	return row ? &p->words[row - 1] : NULL;
}

static bool is_output(const struct periph *p, unsigned ch)
{
	return !(periph_get(p, TIM_CCMR1 + ch / 2 * 4) >> ch % 2 * 8 & 3);
}

/* Flags of the compare channels passed while going `ticks` on from CNT. */
static uint32_t passed(const struct periph *p, uint32_t ticks)
{
	uint32_t cnt = periph_get(p, TIM_CNT), flags = 0;
	const uint32_t *ccr = compares(p);
	bool downwards = down(p);

	for (unsigned ch = 0; ticks && ccr && ch < 4; ch++) {
		uint32_t distance = downwards ? cnt - ccr[ch] : ccr[ch] - cnt;

		if (distance && distance <= ticks && is_output(p, ch))
			flags |= 2u << ch;
	}
	return flags;
}

static void reload_value(struct periph *p)
{
	const struct timer_state *s = p->state;

	if (centred(p)) {
		periph_set(p, TIM_CNT, down(p) ? 0 : s->arr);
		periph_set(p, TIM_CR1, periph_get(p, TIM_CR1) ^ TIM_CR1_DIR);
	} else {
		periph_set(p, TIM_CNT, down(p) ? s->arr : 0);
	}
}

void timer_load_shadows(struct periph *p)
{
	struct timer_state *s = p->state;

	s->psc = periph_get(p, TIM_PSC);
	s->arr = periph_get(p, TIM_ARR);
	s->repeat = (uint16_t)periph_get(p, TIM_RCR);
	s->tick = timer_tick_cycles(p);
}

/* The counter wrapped. Returns the flags that rise. */
static uint32_t wrap(struct periph *p)
{
	struct timer_state *s = p->state;
	const uint32_t *ccr = compares(p);
	uint32_t flags = 0;

	reload_value(p);
	/* A channel that compares with the value wrapped to matches there. */
	for (unsigned ch = 0; ccr && ch < 4; ch++)
		if (ccr[ch] == periph_get(p, TIM_CNT) && is_output(p, ch))
			flags |= 2u << ch;
	if (periph_get(p, TIM_CR1) & TIM_CR1_UDIS)
		return flags;
	if (s->repeat) {
		s->repeat--;
		return flags;
	}
	timer_load_shadows(p);
	if (periph_get(p, TIM_CR1) & TIM_CR1_OPM)
		periph_set(p, TIM_CR1, periph_get(p, TIM_CR1) & ~TIM_CR1_CEN);
	return flags | TIM_SR_UIF;
}

/* Whole periods that change nothing but flags can be left out. */
static uint64_t skippable(const struct periph *p, uint64_t ticks)
{
	const struct timer_state *s = p->state;
	uint32_t cr1 = periph_get(p, TIM_CR1);
	bool plain = !centred(p) && periph_get(p, TIM_CNT) == (down(p) ? s->arr : 0) &&
		     !s->repeat && !periph_get(p, TIM_RCR) &&
		     !(cr1 & (TIM_CR1_OPM | TIM_CR1_UDIS)) && s->psc == periph_get(p, TIM_PSC) && s->arr == periph_get(p, TIM_ARR);

	return plain ? ticks / (s->arr + 1) * (s->arr + 1) : 0;
}

uint32_t timer_catch_up(struct periph *p)
{
	struct timer_state *s = p->state;
	uint64_t now = p->m->s.time.cycles;
	uint32_t flags = 0;

	while (timer_counting(p)) {
		uint64_t ticks = (now - s->base) / s->tick;
		uint32_t n = to_update(p);

		if (ticks < n) {
			flags |= passed(p, (uint32_t)ticks);
			step(p, (uint32_t)ticks);
			s->base += ticks * s->tick;
			return flags;
		}
		flags |= passed(p, n - 1);
		s->base += (uint64_t)n * s->tick;
		flags |= wrap(p);
		ticks = skippable(p, (now - s->base) / s->tick);
		if (ticks)
			flags |= passed(p, s->arr);
		s->base += ticks * s->tick;
	}
	s->base = now;
	return flags;
}

uint32_t timer_pulse(struct periph *p)
{
	struct timer_state *s = p->state;
	uint32_t flags;

	if (!(periph_get(p, TIM_CR1) & TIM_CR1_CEN) || ++s->pulses <= s->psc)
		return 0;
	s->pulses = 0;
	if (to_update(p) <= 1)
		return wrap(p);
	flags = passed(p, 1);
	step(p, 1);
	return flags;
}

uint32_t timer_to_wanted(const struct periph *p, uint32_t want)
{
	uint32_t best = to_update(p), cnt = periph_get(p, TIM_CNT);
	const uint32_t *ccr = compares(p);

	for (unsigned ch = 0; want & 0x1E && ccr && ch < 4; ch++) {
		uint32_t distance = down(p) ? cnt - ccr[ch] : ccr[ch] - cnt;

		if (want & 2u << ch && distance && distance < best)
			best = distance;
	}
	return best;
}
