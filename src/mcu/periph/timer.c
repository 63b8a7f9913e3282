/*
 * Timers: advanced (TIM1, TIM8), general purpose (TIM2-5), basic (TIM6-7).
 * RM0008 chapters 14, 15, 17.
 *
 * Time is counted in HCLK cycles: a timer tick is a whole number of them, so
 * nothing drifts, and in Stop nothing moves. Counter and flags are brought up
 * to date when somebody looks (timer_count.c); events are scheduled only for what an
 * interrupt, a DMA request or a trigger output wants to know.
 * Centre-aligned counting is counted as an up-counter of twice the period, with
 * updates at both ends. TIM5's channel 4 can capture LSI (AFIO_MAPR bit 16).
 * Timers follow one another by TRGO, save in gated mode.
 * Not modelled: outputs on pins, input capture and slave modes from outside
 * (nothing moves there), gated mode, the break pin (a failing clock does break),
 * dead time, BDTR's lock.
 */
#include "mcu/periph/timer.h"

#include "mcu/periph/periph.h"

#define LSI_NS 25000u
#define MAPR_TIM5CH4_LSI 0x10000u
enum { EVENT_NEXT, EVENT_LSI };

/* ---- what others hear of it ------------------------------------------------------------ */

/* RM0008 tables 78 and 79: DMA channel for UP, CC1-4, TRIG. 0: none. */
static const uint8_t dma_of[9][6] = {
	[1] = {5, 2, 3, 6, 4, 4}, [2] = {2, 5, 7, 1, 7, 0}, [3] = {3, 6, 0, 2, 3, 6},
	[4] = {7, 1, 4, 5, 0, 0}, [5] = {2, 5, 4, 2, 1, 1}, [6] = {3}, [7] = {4},
	[8] = {1, 3, 5, 1, 2, 2},
};

static void ask_dma(struct periph *p, uint32_t flags)
{
	uint32_t wanted = periph_get(p, TIM_DIER) >> 8 & flags;
	unsigned dma = p->index >= 5 ? 2 : 1;
	unsigned burst = (periph_get(p, TIM_DCR) >> 8 & 31) + 1; /* DBL: 1 unless set up */
	struct timer_state *s = p->state;

	for (unsigned i = 0; i < 5; i++)
		if (wanted >> i & 1 && dma_of[p->index][i]) {
			s->burst = 0;
			dma_pulse(p->m, dma, dma_of[p->index][i], burst);
		}
	s->burst = 0;
}

static void update_irq(struct periph *p)
{
	uint32_t active = periph_get(p, TIM_SR) & periph_get(p, TIM_DIER);

	if (p->irq[1] < 0) {
		periph_irq(p, 0, active & 0x5F);
		return;
	}
	periph_irq(p, 0, active & 0x80);   /* break */
	periph_irq(p, 1, active & TIM_SR_UIF); /* update */
	periph_irq(p, 2, active & 0x60);   /* trigger, commutation */
	periph_irq(p, 3, active & 0x1E);   /* capture and compare */
}

/* The flag whose rising is TRGO (RM0008 15.4.2, MMS): update, CC1IF, or OCxREF as
 * far as it is a compare match. 0 and 1 are UG and CEN. */
static uint32_t trgo_flag(uint32_t mms)
{
	return mms < 2 ? 0 : mms == 2 ? TIM_SR_UIF : mms == 3 ? 2u : 2u << (mms - 4);
}

static void announce(struct periph *p, uint32_t flags);
static void arm(struct periph *p);
static void timer_event(struct periph *p, unsigned id);

/* RM0008 table 86: which timer is behind ITR0 to ITR3. */
static const uint8_t masters[9][4] = {
	[1] = {5, 2, 3, 4}, [2] = {1, 8, 3, 4}, [3] = {1, 2, 5, 4},
	[4] = {1, 2, 3, 8}, [5] = {2, 3, 4, 8}, [8] = {1, 2, 4, 5},
};

/* Which slave mode does that timer's TRGO serve here? 0: none. */
static unsigned follows(const struct periph *p, unsigned master)
{
	uint32_t smcr = periph_get(p, TIM_SMCR);

	if (p->def->event != timer_event || !periph_clocked(p) || (smcr >> 4 & 7) > 3 ||
	    masters[p->index][smcr >> 4 & 3] != master)
		return 0;
	return smcr & 7;
}

/* Modes 4 reset, 6 trigger, 7 external clock; gated (5) wants a level. */
static void serve_slave(struct periph *p, unsigned mode)
{
	struct timer_state *s = p->state;
	uint32_t flags = TIM_SR_TIF;

	if (s->served)
		return;
	s->served = true;
	flags |= timer_catch_up(p);
	if (mode == 4) {
		timer_load_shadows(p);
		periph_set(p, TIM_CNT, 0);
		s->base = p->m->s.time.cycles;
		flags |= periph_get(p, TIM_CR1) & (TIM_CR1_URS | TIM_CR1_UDIS) ? 0 : TIM_SR_UIF;
	} else if (mode == 6 && !(periph_get(p, TIM_CR1) & TIM_CR1_CEN)) {
		periph_set(p, TIM_CR1, periph_get(p, TIM_CR1) | TIM_CR1_CEN);
		s->tick = timer_tick_cycles(p);
		s->base = p->m->s.time.cycles;
	} else if (mode == 7) {
		flags |= timer_pulse(p);
	}
	announce(p, flags);
	s->served = false;
	arm(p);
}

/* The trigger output: ADCs, DACs, and timers that follow this one. */
static void trgo(struct periph *p)
{
	struct mcu *m = p->m;

	adc_trigger(m, p->index, 0);
	dac_trigger(m, p->index);
	for (size_t i = 0; i < m->periph_count; i++) {
		unsigned mode = follows(&m->periphs[i], p->index);

		if (mode == 4 || mode >= 6)
			serve_slave(&m->periphs[i], mode);
	}
}

/* Triggers for the ADCs: TRGO by MMS, and compare events. */
static void trigger_outputs(struct periph *p, uint32_t flags)
{
	uint32_t mms = periph_get(p, TIM_CR2) >> 4 & 7;

	if (flags & trgo_flag(mms))
		trgo(p);
	for (unsigned ch = 1; ch <= 4; ch++)
		if (flags & 1u << ch)
			adc_trigger(p->m, p->index, ch);
}

static void announce(struct periph *p, uint32_t flags)
{
	if (p->def == &basic_timer_def)
		flags &= TIM_SR_UIF;
	if (!flags)
		return;
	periph_set(p, TIM_SR, periph_get(p, TIM_SR) | flags);
	update_irq(p);
	ask_dma(p, flags);
	trigger_outputs(p, flags);
}

static void sync(struct periph *p)
{
	announce(p, timer_catch_up(p));
}

/* Flags whose moment matters to somebody. */
static uint32_t wanted_flags(const struct periph *p)
{
	uint32_t dier = periph_get(p, TIM_DIER), sr = periph_get(p, TIM_SR);
	uint32_t mms = periph_get(p, TIM_CR2) >> 4 & 7;
	uint32_t want = (dier & 0x1F & ~sr) | (dier >> 8 & 0x1F);

	if (((const struct timer_state *)p->state)->polled)
		want |= 0x1F & ~sr;
	return want | trgo_flag(mms) | adc_wants(p->m, p->index);
}

static void arm(struct periph *p)
{
	const struct timer_state *s = p->state;
	uint32_t want = wanted_flags(p);
	uint64_t at;

	if (!timer_counting(p) || !want) {
		periph_cancel(p, EVENT_NEXT);
		return;
	}
	at = s->base + (uint64_t)timer_to_wanted(p, want) * s->tick;
	periph_schedule(p, EVENT_NEXT, time_cycles_to_ns(p->m, at));
}

static bool captures_lsi(const struct periph *p)
{
	return p->index == 5 && periph_get(p->m->afio, 0x04) & MAPR_TIM5CH4_LSI &&
	       periph_get(p, TIM_CCER) >> 12 & 1 && (periph_get(p, TIM_CCMR1 + 4) >> 8 & 3) == 1 &&
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
	unsigned prescaler = 1u << (periph_get(p, TIM_CCMR1 + 4) >> 10 & 3);

	if (++s->captures >= prescaler) {
		s->captures = 0;
		periph_set(p, TIM_CCR1 + 12, periph_get(p, TIM_CNT));
		announce(p, 0x10);
	}
	arm_lsi(p);
}

/* RM0008 14.3.12: the main output is off until software allows it again. */
static void brake(struct periph *p)
{
	periph_set(p, TIM_BDTR, periph_get(p, TIM_BDTR) & ~TIM_BDTR_MOE);
	announce(p, TIM_SR_BIF);
}

void timer_break(struct mcu *m)
{
	for (size_t i = 0; i < m->periph_count; i++) {
		struct periph *p = &m->periphs[i];

		if (p->def == &advanced_timer_def && periph_get(p, TIM_BDTR) & TIM_BDTR_BKE)
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
		if (m->periphs[i].def->event == timer_event && periph_clocked(&m->periphs[i]))
			arm(&m->periphs[i]);
}

static void clock_changed(struct periph *p)
{
	struct timer_state *s = p->state;

	if (!(periph_get(p, TIM_CR1) & TIM_CR1_CEN))
		return;
	timer_catch_up(p);
	s->tick = timer_tick_cycles(p);
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
	return periph_get(p, TIM_SR);
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
	old = periph_get(p, TIM_CR1);
	if (old & TIM_CR1_CMS) /* the direction is read-only when centre-aligned */
		value = (value & ~TIM_CR1_DIR) | (old & TIM_CR1_DIR);
	periph_store(p, r, value);
	if (value & ~old & TIM_CR1_CEN) {
		s->base = p->m->s.time.cycles;
		s->tick = timer_tick_cycles(p);
		if ((periph_get(p, TIM_CR2) >> 4 & 7) == 1) /* MMS: enable */
			trgo(p);
	}
	arm(p);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	sync(p);
	periph_set(p, TIM_SR, periph_get(p, TIM_SR) & value);
	update_irq(p);
	arm(p);
}

static void write_egr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct timer_state *s = p->state;
	uint32_t cr1 = periph_get(p, TIM_CR1), flags = value & r->wmask & 0x5E;

	sync(p);
	if (value & 1 && !(cr1 & TIM_CR1_UDIS)) {
		timer_load_shadows(p);
		s->base = p->m->s.time.cycles;
		periph_set(p, TIM_CNT, cr1 & TIM_CR1_DIR && !(cr1 & TIM_CR1_CMS) ? s->arr : 0);
		flags |= cr1 & TIM_CR1_URS ? 0 : TIM_SR_UIF;
		if (!(periph_get(p, TIM_CR2) >> 4 & 7)) /* MMS: reset */
			trgo(p);
	}
	if (value & r->wmask & TIM_SR_BIF) /* BG */
		brake(p);
	announce(p, flags);
	arm(p);
}

static void write_arr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct timer_state *s = p->state;

	sync(p);
	periph_store(p, r, value);
	if (!(periph_get(p, TIM_CR1) & TIM_CR1_ARPE))
		s->arr = value & 0xFFFF;
	arm(p);
}

/* RM0008 15.4.18: DMAR stands for the register that DCR.DBA points at, and in a
 * burst for one after the other from there. NULL: none, or DCR and DMAR themselves. */
static const struct reg *burst_row(struct periph *p)
{
	struct timer_state *s = p->state;
	uint32_t offset = (periph_get(p, TIM_DCR) & 31) * 4u + 4u * s->burst;
	uint8_t row = offset < TIM_DCR ? p->row_of[offset / 4] : 0;

	if (p->m->by_dma)
		s->burst++;
	return row ? &p->def->regs[row - 1] : NULL;
}

static uint32_t read_dmar(struct periph *p, const struct reg *r)
{
	const struct reg *to = burst_row(p);

	if (!to)
		return 0;
	return (to->read ? to->read(p, to) : periph_get(p, to->offset)) & to->rmask;
}

static void write_dmar(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	const struct reg *to = burst_row(p);

	if (to && to->write)
		to->write(p, to, value, periph_get(p, to->offset));
}

static void timer_reset(struct periph *p, enum mcu_reset why)
{
	struct timer_state *s = p->state;

	*s = (struct timer_state){.arr = 0xFFFF, .tick = 1};
	update_irq(p);
}

#define PLAIN(off, nm, mask) {off, nm, 0, mask, mask, .write = write_synced}
#define ABSENT(off, nm) {off, nm, 0, 0, 0} /* the advanced ones have it: reads 0 */
#define COUNTER                                                                                    \
	{TIM_CNT, "CNT", 0, 0xFFFF, 0xFFFF, .read = read_synced, .write = write_synced},           \
	PLAIN(TIM_PSC, "PSC", 0xFFFF),                                                             \
	{TIM_ARR, "ARR", 0xFFFF, 0xFFFF, 0xFFFF, .write = write_arr}
#define CONTROL(cr1, cr2) {TIM_CR1, "CR1", 0, cr1, cr1, .read = read_synced, .write = write_cr1},  \
	PLAIN(TIM_CR2, "CR2", cr2)
#define EVENTS(sr, egr)                                                                            \
	{TIM_SR, "SR", 0, sr, sr, .read = read_sr, .stable = true, .write = write_sr},             \
	{TIM_EGR, "EGR", 0, 0, egr, .write = write_egr}
#define CHANNELS                                                                                   \
	PLAIN(TIM_CCR1, "CCR1", 0xFFFF), PLAIN(0x38, "CCR2", 0xFFFF),                              \
	PLAIN(0x3C, "CCR3", 0xFFFF), PLAIN(0x40, "CCR4", 0xFFFF)
#define MODES(ccer) PLAIN(TIM_CCMR1, "CCMR1", 0xFFFF), PLAIN(0x1C, "CCMR2", 0xFFFF),               \
	PLAIN(TIM_CCER, "CCER", ccer)
#define BURST                                                                                      \
	PLAIN(TIM_DCR, "DCR", 0x1F1F),                                                             \
	{TIM_DMAR, "DMAR", 0, 0xFFFF, 0xFFFF, .read = read_dmar, .write = write_dmar}

static const struct reg advanced_regs[] = {
	CONTROL(0x3FF, 0x7FFD), PLAIN(TIM_SMCR, "SMCR", 0xFFF7), PLAIN(TIM_DIER, "DIER", 0x7FFF),
	EVENTS(0x1EFF, 0xFF), MODES(0x3FFF), COUNTER, PLAIN(TIM_RCR, "RCR", 0xFF), CHANNELS,
	PLAIN(TIM_BDTR, "BDTR", 0xFFFF), BURST,
};

static const struct reg regs[] = {
	CONTROL(0x3FF, 0xF8), PLAIN(TIM_SMCR, "SMCR", 0xFFF7), PLAIN(TIM_DIER, "DIER", 0x5F5F),
	EVENTS(0x1E5F, 0x5F), MODES(0x3333), COUNTER, ABSENT(TIM_RCR, "RCR"), CHANNELS,
	ABSENT(TIM_BDTR, "BDTR"), BURST,
};

/* A counter and nothing else. */
static const struct reg basic_regs[] = {
	CONTROL(0x8F, 0x70), PLAIN(TIM_DIER, "DIER", 0x101), EVENTS(1, 1), COUNTER,
};

#define NOT_MODELLED                                                                               \
	"pins, input capture and slave modes from outside, gated mode, break pin, dead time"
#define TIMER(rows, what)                                                                          \
	{                                                                                          \
		.kind = "TIM", .regs = rows, .reg_count = sizeof rows / sizeof rows[0],            \
		.state_size = sizeof(struct timer_state), .reset = timer_reset,                    \
		.event = timer_event, .clock_changed = clock_changed, .frozen = frozen,            \
		.debug_stop_bit = debug_stop_bit, .not_modelled = what,                            \
	}
const struct periph_def advanced_timer_def = TIMER(advanced_regs, NOT_MODELLED);
const struct periph_def timer_def = TIMER(regs, NOT_MODELLED);
const struct periph_def basic_timer_def = TIMER(basic_regs, NULL);
