/*
 * ADC1-3. RM0008 chapter 11.
 *
 * Inputs: an outside level on the channel's pin is full scale or zero, an open
 * input reads mid-scale (ASSUMED); the temperature sensor reads 25 degrees, the
 * reference 1.20 V at 3.3 V supply. Conversions take their sampling time.
 * In the dual modes ADC2 starts with ADC1, and ADC1's DR carries both results;
 * that interleaved and alternating ones are half a conversion apart is left out.
 * Not modelled: discontinuous injected groups, offset calibration data, noise.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"
#include "mcu/periph/rcc.h"

#define SR 0x00
#define CR1 0x04
#define CR2 0x08
#define SMPR1 0x0C
#define JOFR1 0x14
#define HTR 0x24
#define LTR 0x28
#define SQR1 0x2C
#define SQR3 0x34
#define JSQR 0x38
#define JDR1 0x3C
#define DR 0x4C
#define SR_AWD 1u
#define SR_EOC 2u
#define SR_JEOC 4u
#define SR_JSTRT 8u
#define SR_STRT 0x10u
#define CR1_SCAN 0x100u
#define CR1_JAUTO 0x400u
#define CR1_DISCEN 0x800u
#define CR2_ADON 1u
#define CR2_CONT 2u
#define CR2_CAL 4u
#define CR2_RSTCAL 8u
#define CR2_DMA 0x100u
#define CR2_JEXTTRIG 0x8000u
#define CR2_EXTTRIG 0x100000u
#define CR2_JSWSTART 0x200000u
#define CR2_SWSTART 0x400000u
#define NS_PER_S 1000000000ull
#define AFIO_MAPR 0x04
#define TEMPERATURE 1775 /* 1.43 V */
#define REFERENCE 1489   /* 1.20 V */
#define OPEN_INPUT 2048
enum { EVENT_REGULAR, EVENT_INJECTED, EVENT_CALIBRATED };

struct adc_state {
	uint8_t rank, jrank; /* conversions done of the sequences under way */
	uint8_t left;        /* conversions to the end of the discontinuous part */
	bool regular, injected;
	uint16_t unseen; /* conversions since anyone looked: see pace() */
};

/* RM0008 11.7, tables 68 to 71: what starts a group, by EXTSEL or JEXTSEL: a timer
 * and its source (0 TRGO, else compare channel), or an EXTI line, which AFIO_MAPR
 * replaces by TIM8 on larger parts. */
struct trigger {
	uint8_t tim, source, exti;
};
enum group { REGULAR, INJECTED };

static const struct trigger triggers[2][2][7] = {
	/* ADC1 and ADC2 */
	{{{1, 1, 0}, {1, 2, 0}, {1, 3, 0}, {2, 2, 0}, {3, 0, 0}, {4, 4, 0}, {8, 0, 11}},
	 {{1, 0, 0}, {1, 4, 0}, {2, 0, 0}, {2, 1, 0}, {3, 4, 0}, {4, 0, 0}, {8, 4, 15}}},
	/* ADC3 */
	{{{3, 1, 0}, {2, 3, 0}, {1, 3, 0}, {8, 1, 0}, {8, 0, 0}, {5, 1, 0}, {5, 3, 0}},
	 {{1, 0, 0}, {1, 4, 0}, {4, 3, 0}, {8, 2, 0}, {8, 4, 0}, {5, 0, 0}, {5, 4, 0}}},
};

static uint32_t adc_hz(const struct periph *p)
{
	static const uint8_t dividers[4] = {2, 4, 6, 8};

	return rcc_pclk_hz(p->m, 2) / dividers[periph_get(p->m->rcc, RCC_CFGR) >> 14 & 3];
}

static unsigned regular_channel(const struct periph *p, unsigned rank)
{
	return periph_get(p, SQR3 - 4 * (rank / 6)) >> rank % 6 * 5 & 31;
}

static unsigned injected_channel(const struct periph *p, unsigned rank)
{
	uint32_t jsqr = periph_get(p, JSQR);
	unsigned length = jsqr >> 20 & 3;

	/* The sequence ends at JSQ4, whatever its length. */
	return jsqr >> (rank + 3 - length) * 5 & 31;
}

static uint64_t conversion_ns(const struct periph *p, unsigned channel)
{
	/* Sampling plus 12.5 ADC cycles, in half cycles. */
	static const uint16_t half_cycles[8] = {28, 40, 52, 82, 108, 136, 168, 504};
	uint32_t smp = periph_get(p, channel >= 10 ? SMPR1 : SMPR1 + 4) >> channel % 10 * 3 & 7;
	uint32_t hz = adc_hz(p);

	return half_cycles[smp] * NS_PER_S / 2 / (hz ? hz : 1);
}

static uint16_t input_voltage(const struct periph *p, unsigned channel)
{
	/* Channels 0-7 PA0-7, 8-9 PB0-1, 10-15 PC0-5. */
	unsigned port = channel < 8 ? 0 : channel < 10 ? 1 : 2;
	unsigned pin = channel < 8 ? channel : channel < 10 ? channel - 8 : channel - 10;
	int level;

	if (channel == 16)
		return TEMPERATURE;
	if (channel == 17)
		return REFERENCE;
	if (channel > 17)
		return 0;
	level = p->m->s.side.pin_drive[port][pin];
	return level < 0 ? OPEN_INPUT : level ? 4095 : 0;
}

static uint16_t voltage(const struct periph *p, unsigned channel)
{
	struct mcu *m = p->m;
	uint16_t value = input_voltage(p, channel);

	if (m->hooks.adc)
		m->hooks.adc(m->hooks.ctx, m, p->index, channel, &value);
	return value & 0xFFF;
}

/* ADC1 and ADC2 share an interrupt. */
static bool wants_irq(const struct periph *p)
{
	uint32_t sr = periph_get(p, SR), cr1 = periph_get(p, CR1);

	return (sr & SR_EOC && cr1 & 0x20) || (sr & SR_AWD && cr1 & 0x40) ||
	       (sr & SR_JEOC && cr1 & 0x80);
}

static void update(struct periph *p)
{
	bool level = wants_irq(p);

	for (unsigned i = 0; i < 2; i++)
		if (p->index <= 2 && p->m->adc[i])
			level |= wants_irq(p->m->adc[i]);
	periph_irq(p, 0, level);
}

static void set_sr(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, SR, (periph_get(p, SR) & ~clear) | set);
	update(p);
}

static void watch_voltage(struct periph *p, uint16_t value)
{
	if (periph_get(p, CR1) & 0xC00000u &&
	    (value > periph_get(p, HTR) || value < periph_get(p, LTR)))
		set_sr(p, SR_AWD, 0);
}

static uint16_t aligned(const struct periph *p, uint16_t value)
{
	return periph_get(p, CR2) & 0x800 ? (uint16_t)(value << 4) : value;
}

/* Continuous conversions that nobody looks at, with unchanging inputs, happen
 * only now and then: the results are the same and it saves a million events a
 * second. ASSUMED: nobody counts them. */
#define UNSEEN_LIMIT 4096u
#define UNSEEN_FACTOR 64u

static uint64_t pace(const struct periph *p)
{
	const struct adc_state *s = p->state;
	bool listened = wants_irq(p) || periph_get(p, CR1) & 0xE0 ||
			(periph_get(p, CR2) & CR2_DMA && dma_listened(p->m, p->index == 1 ? 1 : 2,
								      p->index == 1 ? 1 : 5));

	return s->unseen < UNSEEN_LIMIT || listened ? 1 : UNSEEN_FACTOR;
}

/* CR1[19:16] of ADC1: does ADC2 convert that group with it? 11.9 */
static struct periph *slave(const struct periph *p, enum group group)
{
	static const uint16_t modes[] = {
		[REGULAR] = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 6 | 1u << 7 | 1u << 8,
		[INJECTED] = 1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 9,
	};
	struct periph *other = p->m->adc[1];

	if (p->index != 1 || !other || !(modes[group] >> (periph_get(p, CR1) >> 16 & 15) & 1) ||
	    !periph_clocked(other) || !(periph_get(other, CR2) & CR2_ADON))
		return NULL;
	return other;
}

static unsigned regular_length(const struct periph *p)
{
	return periph_get(p, CR1) & CR1_SCAN ? (periph_get(p, SQR1) >> 20 & 15) + 1 : 1;
}

static void start_regular(struct periph *p)
{
	struct adc_state *s = p->state;
	uint32_t cr1 = periph_get(p, CR1);
	struct periph *second = slave(p, REGULAR);
	uint64_t ns;

	if (!(cr1 & CR1_DISCEN) || s->rank >= regular_length(p))
		s->rank = 0;
	s->left = cr1 & CR1_DISCEN ? (cr1 >> 13 & 7) + 1 : 16;
	s->regular = true;
	if (second)
		start_regular(second);
	set_sr(p, SR_STRT, 0);
	ns = pace(p) * conversion_ns(p, regular_channel(p, s->rank));
	periph_schedule(p, EVENT_REGULAR, time_now_ns(p->m) + ns);
}

static void start_injected(struct periph *p)
{
	struct adc_state *s = p->state;
	struct periph *second = slave(p, INJECTED);

	s->jrank = 0;
	s->injected = true;
	if (second)
		start_injected(second);
	set_sr(p, SR_JSTRT, 0);
	periph_schedule(p, EVENT_INJECTED,
			time_now_ns(p->m) + conversion_ns(p, injected_channel(p, 0)));
}

static void regular_done(struct periph *p)
{
	struct adc_state *s = p->state;
	uint16_t value = voltage(p, regular_channel(p, s->rank));
	const struct periph *second = slave(p, REGULAR);
	uint32_t both = aligned(p, value);

	if (second)
		both |= (uint32_t)aligned(second, voltage(second, regular_channel(second, s->rank)))
			<< 16;
	periph_set(p, DR, both);
	watch_voltage(p, value);
	s->rank++;
	s->left--;
	if (s->unseen < UNSEEN_LIMIT)
		s->unseen++;
	if (periph_get(p, CR2) & CR2_DMA && p->index != 2) {
		unsigned dma = p->index == 1 ? 1 : 2, ch = p->index == 1 ? 1 : 5;

		dma_pulse(p->m, dma, ch, 1);
	}
	if (s->rank < regular_length(p) && s->left) {
		periph_schedule(p, EVENT_REGULAR,
				time_now_ns(p->m) + conversion_ns(p, regular_channel(p, s->rank)));
		return;
	}
	s->regular = false;
	set_sr(p, SR_EOC, 0);
	if (periph_get(p, CR1) & CR1_JAUTO)
		start_injected(p);
	if (periph_get(p, CR2) & CR2_CONT)
		start_regular(p);
}

static void injected_done(struct periph *p)
{
	struct adc_state *s = p->state;
	unsigned length = (periph_get(p, JSQR) >> 20 & 3) + 1;
	uint16_t value = voltage(p, injected_channel(p, s->jrank));
	uint32_t offset = periph_get(p, JOFR1 + 4u * s->jrank);

	periph_set(p, JDR1 + 4u * s->jrank, (uint16_t)(aligned(p, value) - offset));
	watch_voltage(p, value);
	if (++s->jrank < length) {
		periph_schedule(p, EVENT_INJECTED,
				time_now_ns(p->m) + conversion_ns(p, injected_channel(p, s->jrank)));
		return;
	}
	s->injected = false;
	set_sr(p, SR_JEOC, 0);
}

static void adc_event(struct periph *p, unsigned id)
{
	if (id == EVENT_REGULAR)
		regular_done(p);
	else if (id == EVENT_INJECTED)
		injected_done(p);
	else
		periph_set(p, CR2, periph_get(p, CR2) & ~(CR2_CAL | CR2_RSTCAL));
}

/* ---- triggers ------------------------------------------------------------------------------ */

/* MAPR bits 17 to 20: injected and regular of ADC1, then of ADC2. */
static bool tim8_replaces_exti(const struct periph *p, enum group group)
{
	unsigned bit = 17u + 2u * (p->index - 1u) + (group == REGULAR);

	return periph_get(p->m->afio, AFIO_MAPR) >> bit & 1;
}

/* What starts the group from outside the ADC; NULL: software, or nothing. */
static const struct trigger *trigger_of(const struct periph *p, enum group group)
{
	uint32_t cr2 = periph_get(p, CR2);
	uint32_t want = CR2_ADON | (group == REGULAR ? CR2_EXTTRIG : CR2_JEXTTRIG);
	unsigned sel = cr2 >> (group == REGULAR ? 17 : 12) & 7;

	if ((cr2 & want) != want || sel == 7)
		return NULL;
	return &triggers[p->index == 3][group][sel];
}

static bool hears_timer(const struct periph *p, enum group group, unsigned tim, unsigned *source)
{
	const struct trigger *t = trigger_of(p, group);

	if (!t || t->tim != tim || (t->exti && !tim8_replaces_exti(p, group)))
		return false;
	*source = t->source;
	return true;
}

static void start(struct periph *p, enum group group)
{
	if (group == REGULAR)
		start_regular(p);
	else
		start_injected(p);
}

/* The ADC of the i-th of six groups; NULL: there is none, or it is off. */
static struct periph *awake(const struct mcu *m, unsigned i)
{
	struct periph *p = m->adc[i / 2];

	return p && periph_get(p, CR2) & CR2_ADON && periph_clocked(p) ? p : NULL;
}

void adc_trigger(struct mcu *m, unsigned tim, unsigned source)
{
	for (unsigned i = 0; i < 6; i++) {
		struct periph *p = awake(m, i);
		unsigned heard;

		if (p && hears_timer(p, i % 2, tim, &heard) && heard == source)
			start(p, i % 2);
	}
}

void adc_exti(struct mcu *m, unsigned line)
{
	for (unsigned i = 0; i < 6; i++) {
		struct periph *p = awake(m, i);
		const struct trigger *t = p ? trigger_of(p, i % 2) : NULL;

		if (t && t->exti == line && !tim8_replaces_exti(p, i % 2))
			start(p, i % 2);
	}
}

uint32_t adc_wants(const struct mcu *m, unsigned tim)
{
	uint32_t want = 0;
	unsigned source;

	for (unsigned i = 0; i < 6; i++)
		if (awake(m, i) && hears_timer(m->adc[i / 2], i % 2, tim, &source) && source)
			want |= 1u << source;
	return want;
}

/* ---- registers ------------------------------------------------------------------------------ */

static void begin_calibration(struct periph *p)
{
	uint32_t hz = adc_hz(p);

	/* t_CAL: 83 ADC cycles (DS5319 table 46). */
	periph_schedule(p, EVENT_CALIBRATED, time_now_ns(p->m) + 83 * NS_PER_S / (hz ? hz : 1));
}

static void stop(struct periph *p)
{
	struct adc_state *s = p->state;

	s->regular = s->injected = false;
	s->rank = 0;
	periph_cancel(p, EVENT_REGULAR);
	periph_cancel(p, EVENT_INJECTED);
}

static void write_cr2(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	const uint32_t calibration = CR2_CAL | CR2_RSTCAL;
	uint32_t kept = (value & ~calibration) | ((value | old) & calibration);
	bool on = value & old & CR2_ADON;

	periph_store(p, r, kept & ~(CR2_SWSTART | CR2_JSWSTART));
	if (kept & ~old & calibration)
		begin_calibration(p);
	if (!(value & CR2_ADON))
		stop(p);
	/* Writing ADON = 1 again, and nothing else new, starts a conversion (11.3.1). */
	else if (on && (value | calibration) == (old | calibration) && !(value & calibration))
		start_regular(p);
	if (value & CR2_SWSTART && value & CR2_EXTTRIG && value & CR2_ADON)
		start_regular(p);
	if (value & CR2_JSWSTART && value & CR2_JEXTTRIG && value & CR2_ADON)
		start_injected(p);
	if ((value ^ old) & (CR2_EXTTRIG | 0xE0000u | CR2_JEXTTRIG | 0x7000u | CR2_ADON))
		timer_rearm_all(p->m);
}

static void write_cr1(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	update(p);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_sr(p, 0, ~value & 0x1F);
}

static uint32_t read_sr(struct periph *p, const struct reg *r)
{
	((struct adc_state *)p->state)->unseen = 0;
	return periph_get(p, SR);
}

static uint32_t read_dr(struct periph *p, const struct reg *r)
{
	uint32_t value = periph_get(p, DR);

	((struct adc_state *)p->state)->unseen = 0;
	set_sr(p, 0, SR_EOC);
	return value;
}

static void adc_reset(struct periph *p, enum mcu_reset why)
{
	*(struct adc_state *)p->state = (struct adc_state){0};
	update(p);
}

#define PLAIN(off, nm, mask) {off, nm, 0, mask, mask}
static const struct reg regs[] = {
	{SR, "SR", 0, 0x1F, 0x1F, .read = read_sr, .stable = true, .write = write_sr},
	{CR1, "CR1", 0, 0xCFFFFF, 0xCFFFFF, .write = write_cr1},
	{CR2, "CR2", 0, 0xFEF90F, 0xFEF90F, .write = write_cr2},
	PLAIN(SMPR1, "SMPR1", 0xFFFFFF),
	PLAIN(0x10, "SMPR2", 0x3FFFFFFF),
	PLAIN(JOFR1, "JOFR1", 0xFFF),
	PLAIN(0x18, "JOFR2", 0xFFF),
	PLAIN(0x1C, "JOFR3", 0xFFF),
	PLAIN(0x20, "JOFR4", 0xFFF),
	{HTR, "HTR", 0xFFF, 0xFFF, 0xFFF},
	PLAIN(LTR, "LTR", 0xFFF),
	PLAIN(SQR1, "SQR1", 0xFFFFFF),
	PLAIN(0x30, "SQR2", 0x3FFFFFFF),
	PLAIN(SQR3, "SQR3", 0x3FFFFFFF),
	PLAIN(JSQR, "JSQR", 0x3FFFFF),
	{JDR1, "JDR1", 0, 0xFFFF, 0},
	{0x40, "JDR2", 0, 0xFFFF, 0},
	{0x44, "JDR3", 0, 0xFFFF, 0},
	{0x48, "JDR4", 0, 0xFFFF, 0},
	{DR, "DR", 0, ~0u, 0, .read = read_dr},
};

const struct periph_def adc_def = {
	.kind = "ADC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct adc_state),
	.reset = adc_reset,
	.event = adc_event,
	.not_modelled = "analogue values, discontinuous injected groups, interleaved timing",
};
