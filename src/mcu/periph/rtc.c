/*
 * RTC: a 32-bit counter behind a 20-bit prescaler, in the backup domain, on LSE,
 * LSI or HSE/128. RM0008 chapter 18.
 *
 * It goes on in Stop and Standby and over resets; its alarm (EXTI line 17) wakes
 * both. CRL.RSF comes back at the next RTC clock edge after it was cleared.
 * Writes are done at once (RTOFF stays 1; three RTC clocks in truth, ASSUMED).
 * Not modelled: what an unselected clock does to a half-finished write.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"
#include "mcu/periph/rcc.h"

#define CRH 0x00
#define CRL 0x04
#define PRLH 0x08
#define PRLL 0x0C
#define DIVH 0x10
#define DIVL 0x14
#define CNTH 0x18
#define CNTL 0x1C
#define ALRH 0x20
#define ALRL 0x24
#define CRL_SECF 1u
#define CRL_ALRF 2u
#define CRL_OWF 4u
#define CRL_RSF 8u
#define CRL_CNF 0x10u
#define CRL_RTOFF 0x20u
#define EXTI_ALARM 17
#define NS_PER_S 1000000000u

struct rtc_state {
	uint64_t base_ns; /* when the counter was `count` and the prescaler full */
	uint32_t count;
	uint32_t hz;      /* of the RTC clock; 0: none */
};

static uint32_t clock_hz(const struct periph *p)
{
	uint32_t bdcr = periph_get(p->m->rcc, RCC_BDCR);

	if (!(bdcr & 0x8000))
		return 0;
	switch (bdcr >> 8 & 3) {
	case 1:
		return rcc_ready(p->m, "LSE") ? 32768 : 0;
	case 2:
		return rcc_ready(p->m, "LSI") ? 40000 : 0;
	case 3:
		return rcc_ready(p->m, "HSE") ? p->m->config.hse_hz / 128 : 0;
	default:
		return 0;
	}
}

static uint32_t pair(const struct periph *p, uint32_t high)
{
	return periph_get(p, high) << 16 | periph_get(p, high + 4);
}

/* Nanoseconds that `clocks` RTC clocks take, rounded up. */
static uint64_t clocks_ns(const struct rtc_state *s, uint64_t clocks)
{
	return clocks / s->hz * NS_PER_S + (clocks % s->hz * NS_PER_S + s->hz - 1) / s->hz;
}

/* RTC clocks since base. */
static uint64_t clocks_since(const struct periph *p)
{
	const struct rtc_state *s = p->state;
	uint64_t ns = time_now_ns(p->m) - s->base_ns;

	return ns / NS_PER_S * s->hz + ns % NS_PER_S * s->hz / NS_PER_S;
}

static uint64_t period(const struct periph *p)
{
	return (uint64_t)(pair(p, PRLH) & 0xFFFFF) + 1;
}

static void update_irqs(struct periph *p)
{
	uint32_t crl = periph_get(p, CRL);

	periph_irq(p, 0, crl & periph_get(p, CRH) & 7);
}

/* Did the counter, going from `from` `ticks` on, pass the value? */
static bool reached(uint32_t from, uint64_t ticks, uint32_t value)
{
	uint32_t distance = value - from;

	return distance != 0 && distance <= ticks;
}

/* Bring the counter to the present and raise the flags passed on the way. */
static void sync(struct periph *p)
{
	struct rtc_state *s = p->state;
	uint64_t ticks;
	uint32_t flags = 0;

	if (!s->hz)
		return;
	ticks = clocks_since(p) / period(p);
	if (!ticks)
		return;
	flags = CRL_SECF;
	if (reached(s->count, ticks, pair(p, ALRH) + 1))
		flags |= CRL_ALRF;
	if (ticks > UINT32_MAX - s->count)
		flags |= CRL_OWF;
	s->base_ns += clocks_ns(s, ticks * period(p));
	s->count += (uint32_t)ticks;
	periph_set(p, CRL, periph_get(p, CRL) | flags);
	update_irqs(p);
	if (flags & CRL_ALRF) {
		exti_line(p->m, EXTI_ALARM, true);
		exti_line(p->m, EXTI_ALARM, false);
		if (p->m->s.side.mode == MCU_MODE_STANDBY)
			power_standby_wake(p->m);
	}
}

/* Ticks to the next flag that somebody may wait for. The alarm always counts:
 * it may wake the chip. */
static uint64_t next_tick(const struct periph *p)
{
	const struct rtc_state *s = p->state;
	uint32_t alarm = pair(p, ALRH) + 1 - s->count;
	uint64_t best = alarm ? alarm : 1ull << 32;
	uint64_t overflow = (1ull << 32) - s->count;

	if (periph_get(p, CRH) & CRL_SECF)
		return 1;
	return overflow < best ? overflow : best;
}

static void arm(struct periph *p)
{
	const struct rtc_state *s = p->state;

	if (s->hz)
		periph_schedule(p, 0, s->base_ns + clocks_ns(s, next_tick(p) * period(p)));
	else
		periph_cancel(p, 0);
}

static void rtc_event(struct periph *p, unsigned id)
{
	sync(p);
	arm(p);
}

static void clock_changed(struct periph *p)
{
	struct rtc_state *s = p->state;
	uint32_t hz = clock_hz(p);

	if (hz == s->hz)
		return;
	sync(p);
	s->hz = hz;
	s->base_ns = time_now_ns(p->m);
	arm(p);
}

/* ---- registers -------------------------------------------------------------------- */

static uint32_t read_crl(struct periph *p, const struct reg *r)
{
	const struct rtc_state *s = p->state;

	sync(p);
	/* Who polls the flags is told of the next tick, so that what is read stays true
	 * until an event. */
	if (s->hz)
		periph_schedule(p, 0, s->base_ns + clocks_ns(s, period(p)));
	/* The shadow registers are filled at the next RTC clock: soon, if there is one. */
	if (s->hz)
		periph_set(p, CRL, periph_get(p, CRL) | CRL_RSF);
	return periph_get(p, CRL) | CRL_RTOFF;
}

static void write_crl(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t flags;

	if (!pwr_backup_writable(p->m))
		return;
	sync(p);
	flags = periph_get(p, CRL) & value & (CRL_SECF | CRL_ALRF | CRL_OWF | CRL_RSF);
	periph_set(p, CRL, flags | (value & CRL_CNF));
	update_irqs(p);
}

static void write_crh(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (!pwr_backup_writable(p->m))
		return;
	sync(p);
	periph_store(p, r, value);
	update_irqs(p);
	arm(p);
}

/* PRL, CNT and ALR: only in configuration mode. */
static void write_setting(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct rtc_state *s = p->state;

	if (!pwr_backup_writable(p->m) || !(periph_get(p, CRL) & CRL_CNF))
		return;
	sync(p);
	periph_store(p, r, value);
	if (r->offset == CNTH)
		s->count = (s->count & 0xFFFF) | value << 16;
	else if (r->offset == CNTL)
		s->count = (s->count & 0xFFFF0000u) | (value & 0xFFFF);
	s->base_ns = time_now_ns(p->m);
	arm(p);
}

static uint32_t read_cnt(struct periph *p, const struct reg *r)
{
	const struct rtc_state *s = p->state;

	sync(p);
	return r->offset == CNTH ? s->count >> 16 : s->count & 0xFFFF;
}

static uint32_t read_div(struct periph *p, const struct reg *r)
{
	const struct rtc_state *s = p->state;
	uint64_t left = period(p) - 1;

	sync(p);
	if (s->hz)
		left -= clocks_since(p) % period(p);
	return r->offset == DIVH ? (uint32_t)(left >> 16) : (uint32_t)left & 0xFFFF;
}

static void rtc_reset(struct periph *p, enum mcu_reset why)
{
	struct rtc_state *s = p->state;

	*s = (struct rtc_state){.base_ns = time_now_ns(p->m)};
	periph_cancel(p, 0);
}

static const struct reg regs[] = {
	{CRH, "CRH", 0, 7, 7, .write = write_crh},
	{CRL, "CRL", 0x20, 0x3F, 0x1F, .read = read_crl, .stable = true, .write = write_crl},
	{PRLH, "PRLH", 0, 0, 0xF, .write = write_setting},
	{PRLL, "PRLL", 0x8000, 0, 0xFFFF, .write = write_setting},
	{DIVH, "DIVH", 0, 0xF, 0, .read = read_div},
	{DIVL, "DIVL", 0x8000, 0xFFFF, 0, .read = read_div},
	{CNTH, "CNTH", 0, 0xFFFF, 0xFFFF, .read = read_cnt, .write = write_setting},
	{CNTL, "CNTL", 0, 0xFFFF, 0xFFFF, .read = read_cnt, .write = write_setting},
	{ALRH, "ALRH", 0xFFFF, 0, 0xFFFF, .write = write_setting},
	{ALRL, "ALRL", 0xFFFF, 0, 0xFFFF, .write = write_setting},
};

const struct periph_def rtc_def = {
	.kind = "RTC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct rtc_state),
	.keep_on_reset = true,
	.own_schedule = true,
	.own_clock = true,
	.reset = rtc_reset,
	.event = rtc_event,
	.clock_changed = clock_changed,
	.not_modelled = "the three RTC clocks a write takes",
};
