/*
 * Timers: advanced (TIM1, TIM8), general purpose (TIM2-5), basic (TIM6-7).
 * RM0008 chapters 14, 15, 17.
 *
 * Time is counted in HCLK cycles: a timer tick is a whole number of them, so
 * nothing drifts, and in Stop nothing moves. Counter and flags are brought up
 * to date when somebody looks; events are scheduled only for what an interrupt,
 * a DMA request or a trigger output wants to know.
 * Centre-aligned counting is counted as an up-counter of twice the period, with
 * updates at both ends. TIM5's channel 4 can capture LSI (AFIO_MAPR bit 16).
 * Not modelled: outputs on pins, input capture and slave modes from outside
 * (nothing moves there), the break pin (a failing clock does break), dead time,
 * BDTR's lock.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR1 0x00
#define CR2 0x04
#define SMCR 0x08
#define DIER 0x0C
#define SR 0x10
#define EGR 0x14
#define CCMR1 0x18
#define CCER 0x20
#define CNT 0x24
#define PSC 0x28
#define ARR 0x2C
#define RCR 0x30
#define CCR1 0x34
#define BDTR 0x44
#define DCR 0x48
#define DMAR 0x4C
#define CR1_CEN 0x01u
#define CR1_UDIS 0x02u
#define CR1_URS 0x04u
#define CR1_OPM 0x08u
#define CR1_DIR 0x10u
#define CR1_CMS 0x60u
#define CR1_ARPE 0x80u
#define SR_UIF 0x01u
#define SR_TIF 0x40u
#define SR_BIF 0x80u
#define DIER_UDE 0x100u
#define BDTR_BKE 0x1000u
#define BDTR_MOE 0x8000u
#define LSI_NS 25000u
#define MAPR_TIM5CH4_LSI 0x10000u
enum { EVENT_NEXT, EVENT_LSI };

struct timer_state {
	uint64_t base;     /* HCLK cycle at which CNT (the register) was what it is */
	uint32_t tick;     /* HCLK cycles a tick */
	uint32_t psc, arr; /* shadow registers in force */
	uint16_t repeat;   /* updates still to be left out */
	bool polled;       /* SR was read: the next flag to rise is an event */
	uint8_t captures;  /* LSI edges counted by the channel-4 prescaler */
};

/* ---- counting ---------------------------------------------------------------------- */

static bool counting(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t smcr = periph_get(p, SMCR), sms = smcr & 7;

	/* Encoder, gated and external clock modes count what comes from outside. */
	if (smcr & 0x4000 || (sms >= 1 && sms <= 3) || sms == 5 || sms == 7)
		return false;
	return periph_get(p, CR1) & CR1_CEN && (s->arr || periph_get(p, CNT));
}

static bool centred(const struct periph *p)
{
	return periph_get(p, CR1) & CR1_CMS;
}

static bool down(const struct periph *p)
{
	return periph_get(p, CR1) & CR1_DIR;
}

/* HCLK cycles a tick of the present prescaler and clock tree. */
static uint32_t tick_cycles(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t ratio = p->m->s.time.hclk_hz / periph_timer_hz(p);

	return (ratio ? ratio : 1) * (s->psc + 1);
}

/* Ticks from CNT to the next update event. */
static uint32_t to_update(const struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t cnt = periph_get(p, CNT);

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
	uint32_t cnt = periph_get(p, CNT);

	periph_set(p, CNT, (down(p) ? cnt - ticks : cnt + ticks) & 0xFFFF);
}

/* Flags of the compare channels passed while going `ticks` on from CNT. */
static uint32_t passed(const struct periph *p, uint32_t ticks)
{
	uint32_t cnt = periph_get(p, CNT), flags = 0;

	for (unsigned ch = 0; ch < 4; ch++) {
		uint32_t ccr = periph_get(p, CCR1 + 4 * ch);
		uint32_t mode = periph_get(p, CCMR1 + ch / 2 * 4) >> ch % 2 * 8 & 3;
		uint32_t distance = down(p) ? cnt - ccr : ccr - cnt;

		if (mode == 0 && distance && distance <= ticks)
			flags |= 2u << ch;
	}
	return flags;
}

static void reload_value(struct periph *p)
{
	const struct timer_state *s = p->state;

	if (centred(p)) {
		periph_set(p, CNT, down(p) ? 0 : s->arr);
		periph_set(p, CR1, periph_get(p, CR1) ^ CR1_DIR);
	} else {
		periph_set(p, CNT, down(p) ? s->arr : 0);
	}
}

static void load_shadows(struct periph *p)
{
	struct timer_state *s = p->state;

	s->psc = periph_get(p, PSC);
	s->arr = periph_get(p, ARR);
	s->repeat = (uint16_t)periph_get(p, RCR);
	s->tick = tick_cycles(p);
}

/* The counter wrapped. Returns the flags that rise. */
static uint32_t wrap(struct periph *p)
{
	struct timer_state *s = p->state;
	uint32_t flags = 0;

	reload_value(p);
	/* A channel that compares with the value wrapped to matches there. */
	for (unsigned ch = 0; ch < 4; ch++)
		if (periph_get(p, CCR1 + 4 * ch) == periph_get(p, CNT) &&
		    !(periph_get(p, CCMR1 + ch / 2 * 4) >> ch % 2 * 8 & 3))
			flags |= 2u << ch;
	if (periph_get(p, CR1) & CR1_UDIS)
		return flags;
	if (s->repeat) {
		s->repeat--;
		return flags;
	}
	load_shadows(p);
	if (periph_get(p, CR1) & CR1_OPM)
		periph_set(p, CR1, periph_get(p, CR1) & ~CR1_CEN);
	return flags | SR_UIF;
}

/* Whole periods that change nothing but flags can be left out. */
static uint64_t skippable(const struct periph *p, uint64_t ticks)
{
	const struct timer_state *s = p->state;
	bool plain = !centred(p) && periph_get(p, CNT) == (down(p) ? s->arr : 0) && !s->repeat &&
		     !periph_get(p, RCR) && !(periph_get(p, CR1) & (CR1_OPM | CR1_UDIS)) &&
		     s->psc == periph_get(p, PSC) && s->arr == periph_get(p, ARR);

	return plain ? ticks / (s->arr + 1) * (s->arr + 1) : 0;
}

/* Bring CNT to the present. Returns the flags that rose meanwhile. */
static uint32_t catch_up(struct periph *p)
{
	struct timer_state *s = p->state;
	uint64_t now = p->m->s.time.cycles;
	uint32_t flags = 0;

	while (counting(p)) {
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

/* ---- what others hear of it ------------------------------------------------------------ */

/* RM0008 tables 78 and 79: DMA channel for UP, CC1-4, TRIG. 0: none. */
static const uint8_t dma_of[9][6] = {
	[1] = {5, 2, 3, 6, 4, 4}, [2] = {2, 5, 7, 1, 7, 0}, [3] = {3, 6, 0, 2, 3, 6},
	[4] = {7, 1, 4, 5, 0, 0}, [5] = {2, 5, 4, 2, 1, 1}, [6] = {3}, [7] = {4},
	[8] = {1, 3, 5, 1, 2, 2},
};

static void ask_dma(struct periph *p, uint32_t flags)
{
	uint32_t wanted = periph_get(p, DIER) >> 8 & flags;
	unsigned dma = p->index >= 5 ? 2 : 1;
	unsigned burst = (periph_get(p, DCR) >> 8 & 31) + 1; /* DBL; 1 unless bursts are set up */

	for (unsigned i = 0; i < 5; i++)
		if (wanted >> i & 1 && dma_of[p->index][i])
			dma_pulse(p->m, dma, dma_of[p->index][i], burst);
}

static void update_irq(struct periph *p)
{
	uint32_t active = periph_get(p, SR) & periph_get(p, DIER);

	if (p->irq[1] < 0) {
		periph_irq(p, 0, active & 0x5F);
		return;
	}
	periph_irq(p, 0, active & 0x80);   /* break */
	periph_irq(p, 1, active & SR_UIF); /* update */
	periph_irq(p, 2, active & 0x60);   /* trigger, commutation */
	periph_irq(p, 3, active & 0x1E);   /* capture and compare */
}

/* Triggers for the ADCs: TRGO by MMS, and compare events. */
static void trigger_outputs(struct periph *p, uint32_t flags)
{
	uint32_t mms = periph_get(p, CR2) >> 4 & 7;

	if (mms == 2 && flags & SR_UIF)
		adc_trigger(p->m, p->index, 0);
	if (mms >= 4 && flags & 2u << (mms - 4))
		adc_trigger(p->m, p->index, 0);
	for (unsigned ch = 1; ch <= 4; ch++)
		if (flags & 1u << ch)
			adc_trigger(p->m, p->index, ch);
}

static void announce(struct periph *p, uint32_t flags)
{
	if (p->def == &basic_timer_def)
		flags &= SR_UIF;
	if (!flags)
		return;
	periph_set(p, SR, periph_get(p, SR) | flags);
	update_irq(p);
	ask_dma(p, flags);
	trigger_outputs(p, flags);
}

static void sync(struct periph *p)
{
	announce(p, catch_up(p));
}

/* Flags whose moment matters to somebody. */
static uint32_t wanted_flags(const struct periph *p)
{
	uint32_t dier = periph_get(p, DIER), mms = periph_get(p, CR2) >> 4 & 7, sr = periph_get(p, SR);
	uint32_t want = (dier & 0x1F & ~sr) | (dier >> 8 & 0x1F);

	if (((const struct timer_state *)p->state)->polled)
		want |= 0x1F & ~sr;
	if (mms == 2)
		want |= SR_UIF;
	else if (mms >= 4)
		want |= 2u << (mms - 4);
	return want | adc_wants(p->m, p->index);
}

/* Ticks to the first wanted flag; only as far as the next wrap, which then
 * looks again. */
static uint32_t to_wanted(const struct periph *p, uint32_t want)
{
	uint32_t best = to_update(p), cnt = periph_get(p, CNT);

	for (unsigned ch = 0; ch < 4; ch++) {
		uint32_t ccr = periph_get(p, CCR1 + 4 * ch);
		uint32_t distance = (down(p) ? cnt - ccr : ccr - cnt);

		if (want & 2u << ch && distance && distance < best)
			best = distance;
	}
	return best;
}

static void arm(struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t want = wanted_flags(p);

	if (!counting(p) || !want) {
		periph_cancel(p, EVENT_NEXT);
		return;
	}
	periph_schedule(p, EVENT_NEXT,
			time_cycles_to_ns(p->m, s->base + (uint64_t)to_wanted(p, want) * s->tick));
}

static bool captures_lsi(const struct periph *p)
{
	return p->index == 5 && periph_get(p->m->afio, 0x04) & MAPR_TIM5CH4_LSI &&
	       periph_get(p, CCER) >> 12 & 1 && (periph_get(p, CCMR1 + 4) >> 8 & 3) == 1 &&
	       rcc_ready(p->m, "LSI");
}

static void arm_lsi(struct periph *p)
{
	if (p->index != 5)
		return;
	if (!captures_lsi(p))
		periph_cancel(p, EVENT_LSI);
	else if (!periph_scheduled(p, EVENT_LSI, NULL))
		periph_schedule(p, EVENT_LSI, time_now_ns(p->m) + LSI_NS);
}

static void lsi_edge(struct periph *p)
{
	struct timer_state *s = p->state;
	unsigned prescaler = 1u << (periph_get(p, CCMR1 + 4) >> 10 & 3);

	if (++s->captures >= prescaler) {
		s->captures = 0;
		periph_set(p, CCR1 + 12, periph_get(p, CNT));
		announce(p, 0x10);
	}
	arm_lsi(p);
}

/* RM0008 14.3.12: the main output is off until software allows it again. */
static void brake(struct periph *p)
{
	periph_set(p, BDTR, periph_get(p, BDTR) & ~BDTR_MOE);
	announce(p, SR_BIF);
}

void timer_break(struct mcu *m)
{
	for (size_t i = 0; i < m->periph_count; i++) {
		struct periph *p = &m->periphs[i];

		/* Only the advanced ones have a break interrupt. */
		if (p->def == &timer_def && p->irq[1] >= 0 && periph_get(p, BDTR) & BDTR_BKE)
			brake(p);
	}
}

static void timer_event(struct periph *p, unsigned id)
{
	((struct timer_state *)p->state)->polled = false;
	sync(p);
	if (id == EVENT_LSI)
		lsi_edge(p);
	arm(p);
}

/* An ADC chose or dropped a timer as its trigger. */
void timer_rearm_all(struct mcu *m)
{
	for (size_t i = 0; i < m->periph_count; i++)
		if (m->periphs[i].def == &timer_def && periph_clocked(&m->periphs[i]))
			arm(&m->periphs[i]);
}

static void clock_changed(struct periph *p)
{
	struct timer_state *s = p->state;

	if (!(periph_get(p, CR1) & CR1_CEN))
		return;
	catch_up(p);
	s->tick = tick_cycles(p);
	arm(p);
}

static void frozen(struct periph *p, uint64_t ns, uint64_t cycles)
{
	((struct timer_state *)p->state)->base += cycles;
}

/* DBG_TIM1..4 are bits 10-13, TIM8 17, TIM5-7 18-20. */
static int debug_stop_bit(const struct periph *p)
{
	return p->index <= 4 ? 9 + p->index : p->index == 8 ? 17 : 13 + p->index;
}

/* ---- registers -------------------------------------------------------------------------- */

static uint32_t read_synced(struct periph *p, const struct reg *r)
{
	sync(p);
	return periph_get(p, r->offset);
}

/* Whoever polls SR need not be run round and round: between the events that
 * this asks for it reads the same. */
static uint32_t read_sr(struct periph *p, const struct reg *r)
{
	struct timer_state *s = p->state;

	sync(p);
	if (!s->polled && !p->m->by_debugger) {
		s->polled = true;
		arm(p);
	}
	return periph_get(p, SR);
}

static void write_synced(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	sync(p);
	periph_store(p, r, value);
	update_irq(p);
	arm(p);
	arm_lsi(p);
}

static void write_cr1(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct timer_state *s = p->state;

	sync(p);
	old = periph_get(p, CR1);
	if (old & CR1_CMS) /* the direction is read-only when centre-aligned */
		value = (value & ~CR1_DIR) | (old & CR1_DIR);
	periph_store(p, r, value);
	if (value & ~old & CR1_CEN) {
		s->base = p->m->s.time.cycles;
		s->tick = tick_cycles(p);
	}
	arm(p);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	sync(p);
	periph_set(p, SR, periph_get(p, SR) & value);
	update_irq(p);
	arm(p);
}

static void write_egr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct timer_state *s = p->state;
	uint32_t cr1 = periph_get(p, CR1), flags = value & 0xDE;

	sync(p);
	if (value & 1 && !(cr1 & CR1_UDIS)) {
		load_shadows(p);
		s->base = p->m->s.time.cycles;
		periph_set(p, CNT, cr1 & CR1_DIR && !(cr1 & CR1_CMS) ? s->arr : 0);
		flags |= cr1 & CR1_URS ? 0 : SR_UIF;
	}
	if (value & SR_BIF) /* BG */
		brake(p);
	announce(p, flags);
	arm(p);
}

static void write_arr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct timer_state *s = p->state;

	sync(p);
	periph_store(p, r, value);
	if (!(periph_get(p, CR1) & CR1_ARPE))
		s->arr = value & 0xFFFF;
	arm(p);
}

/* DMA burst: DMAR stands for the register DCR.DBA points at. */
static uint32_t burst_offset(const struct periph *p)
{
	return (periph_get(p, DCR) & 31) * 4;
}

static uint32_t read_dmar(struct periph *p, const struct reg *r)
{
	return periph_get(p, burst_offset(p));
}

static void write_dmar(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	sync(p);
	periph_set(p, burst_offset(p), value & 0xFFFF);
	arm(p);
}

static void timer_reset(struct periph *p, enum mcu_reset why)
{
	struct timer_state *s = p->state;

	*s = (struct timer_state){.arr = 0xFFFF, .tick = 1};
	update_irq(p);
}

#define PLAIN(off, nm, mask) {off, nm, 0, mask, mask, .write = write_synced}
static const struct reg regs[] = {
	{CR1, "CR1", 0, 0x3FF, 0x3FF, .read = read_synced, .write = write_cr1},
	PLAIN(CR2, "CR2", 0x7FFD),
	PLAIN(SMCR, "SMCR", 0xFFF7),
	PLAIN(DIER, "DIER", 0x7FFF),
	{SR, "SR", 0, 0x1EFF, 0x1EFF, .read = read_sr, .stable = true, .write = write_sr},
	{EGR, "EGR", 0, 0, 0xFF, .write = write_egr},
	PLAIN(CCMR1, "CCMR1", 0xFFFF),
	PLAIN(0x1C, "CCMR2", 0xFFFF),
	PLAIN(CCER, "CCER", 0x3FFF),
	{CNT, "CNT", 0, 0xFFFF, 0xFFFF, .read = read_synced, .write = write_synced},
	PLAIN(PSC, "PSC", 0xFFFF),
	{ARR, "ARR", 0xFFFF, 0xFFFF, 0xFFFF, .write = write_arr},
	PLAIN(RCR, "RCR", 0xFF),
	PLAIN(CCR1, "CCR1", 0xFFFF),
	PLAIN(0x38, "CCR2", 0xFFFF),
	PLAIN(0x3C, "CCR3", 0xFFFF),
	PLAIN(0x40, "CCR4", 0xFFFF),
	PLAIN(BDTR, "BDTR", 0xFFFF),
	PLAIN(DCR, "DCR", 0x1F1F),
	{DMAR, "DMAR", 0, 0xFFFF, 0xFFFF, .read = read_dmar, .write = write_dmar},
};

const struct periph_def timer_def = {
	.kind = "TIM",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct timer_state),
	.reset = timer_reset,
	.event = timer_event,
	.clock_changed = clock_changed,
	.frozen = frozen,
	.debug_stop_bit = debug_stop_bit,
	.not_modelled = "pins, input capture and slave modes from outside, break pin, dead time",
};

/* TIM6 and TIM7: a counter and nothing else. */
static const struct reg basic_regs[] = {
	{CR1, "CR1", 0, 0x8F, 0x8F, .read = read_synced, .write = write_cr1},
	PLAIN(CR2, "CR2", 0x70),
	PLAIN(DIER, "DIER", 0x101),
	{SR, "SR", 0, 1, 1, .read = read_sr, .stable = true, .write = write_sr},
	{EGR, "EGR", 0, 0, 1, .write = write_egr},
	{CNT, "CNT", 0, 0xFFFF, 0xFFFF, .read = read_synced, .write = write_synced},
	PLAIN(PSC, "PSC", 0xFFFF),
	{ARR, "ARR", 0xFFFF, 0xFFFF, 0xFFFF, .write = write_arr},
};

const struct periph_def basic_timer_def = {
	.kind = "TIM",
	.regs = basic_regs,
	.reg_count = sizeof basic_regs / sizeof basic_regs[0],
	.state_size = sizeof(struct timer_state),
	.reset = timer_reset,
	.event = timer_event,
	.clock_changed = clock_changed,
	.frozen = frozen,
	.debug_stop_bit = debug_stop_bit,
};
