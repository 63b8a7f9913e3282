/*
 * RCC: oscillators, PLL, clock tree, clock gates, reset flags.
 * RM0008 chapter 7 (low, medium and high density).
 *
 * Start-up times: DS5319 tables 22-26. HSE 1 ms (typ 2 ms with the datasheet's
 * load; boards with 8-MHz crystals start sooner: ASSUMED), HSI 2 us, PLL 100 us
 * (max 200), LSI 85 us (max), LSE 2.5 s (typ at 25 degrees).
 *
 * A crystal may stop (mcu_crystal). With CSSON that is noticed at once: 7.2.7.
 * Without, HSERDY stays, for it takes six cycles of HSE to fall (7.3.1), and a
 * core that runs from HSE stands still until the crystal swings again or a
 * reset; that PLL gives nothing without its input is ASSUMED, and that a
 * crystal that was ready before is so again at once.
 * Not modelled: MCO's output, HSI trim, PLLs 2 and 3 (connectivity line only).
 */
#include "mcu/periph/rcc.h"

#include <string.h>

#include "mcu/mcu_internal.h"

#define HSI_HZ 8000000u
#define HSE_START_NS 1000000u
#define HSI_START_NS 2000u
#define PLL_LOCK_NS 100000u
#define LSI_START_NS 85000u
#define LSE_START_NS 2500000000u

#define CR_HSION (1u << 0)
#define CR_HSIRDY (1u << 1)
#define CR_HSEON (1u << 16)
#define CR_HSERDY (1u << 17)
#define CR_HSEBYP (1u << 18)
#define CR_CSSON (1u << 19)
#define CR_PLLON (1u << 24)
#define CR_PLLRDY (1u << 25)
#define CFGR_PLLSRC (1u << 16)
#define CFGR_PLLXTPRE (1u << 17)
#define CFGR_SW 0xFu /* SW and SWS */
#define CIR_CSSF (1u << 7)
#define BDCR_LSEON (1u << 0)
#define BDCR_LSERDY (1u << 1)
#define BDCR_BDRST (1u << 16)
#define CSR_LSION (1u << 0)
#define CSR_LSIRDY (1u << 1)
#define CSR_RMVF (1u << 24)
#define CSR_FLAGS 0xFC000000u

/* What turns a clock on, what says it is ready, and its bit in CIR. */
struct source {
	uint8_t offset;
	uint32_t on, ready;
	uint8_t cir;       /* bit number of xxxRDYF */
	uint32_t start_ns;
	const char *name;
};

/* All share event 0, which is due when the first of them is ready. */
static const struct source sources[] = {
	{RCC_CR, CR_HSION, CR_HSIRDY, 2, HSI_START_NS, "HSI"},
	{RCC_CR, CR_HSEON, CR_HSERDY, 3, HSE_START_NS, "HSE"},
	{RCC_CR, CR_PLLON, CR_PLLRDY, 4, PLL_LOCK_NS, "PLL"},
	{RCC_CSR, CSR_LSION, CSR_LSIRDY, 0, LSI_START_NS, "LSI"},
	{RCC_BDCR, BDCR_LSEON, BDCR_LSERDY, 1, LSE_START_NS, "LSE"},
};
enum { HSI, HSE, PLL, LSI, LSE, SOURCES };

struct rcc_state {
	uint64_t ready_at[SOURCES]; /* UINT64_MAX: not starting */
};

/* ---- the clock tree ------------------------------------------------------------ */

static uint32_t pll_hz(const struct periph *p)
{
	uint32_t cfgr = periph_get(p, RCC_CFGR);
	uint32_t mul = (cfgr >> 18 & 15) + 2;
	uint32_t in = HSI_HZ / 2;

	if (cfgr & CFGR_PLLSRC)
		in = cfgr & CFGR_PLLXTPRE ? p->m->config.hse_hz / 2 : p->m->config.hse_hz;
	return in * (mul > 16 ? 16 : mul);
}

static uint32_t sysclk_hz(const struct periph *p)
{
	switch (periph_get(p, RCC_CFGR) >> 2 & 3) {
	case 1:
		return p->m->config.hse_hz;
	case 2:
		return pll_hz(p);
	default:
		return HSI_HZ;
	}
}

/* HPRE: 0xxx not divided, then 2 4 8 16 64 128 256 512 (32 is left out). */
static unsigned hpre_shift(uint32_t hpre)
{
	static const uint8_t shifts[8] = {1, 2, 3, 4, 6, 7, 8, 9};

	return hpre & 8 ? shifts[hpre & 7] : 0;
}

uint32_t rcc_pclk_hz(const struct mcu *m, unsigned apb)
{
	uint32_t ppre = periph_get(m->rcc, RCC_CFGR) >> (apb == 1 ? 8 : 11) & 7;

	return m->s.time.hclk_hz >> (ppre & 4 ? (ppre & 3) + 1 : 0);
}

static bool hse_swings(const struct mcu *m)
{
	return m->config.hse_hz != 0 && !m->s.side.hse_stopped;
}

/* Does SYSCLK come from HSE, by itself or through the PLL? */
static bool hse_drives(uint32_t cfgr)
{
	uint32_t sws = cfgr >> 2 & 3;

	return sws == 1 || (sws == 2 && cfgr & CFGR_PLLSRC);
}

static void set_dead(struct mcu *m, bool dead)
{
	if (m->s.side.sysclk_dead == dead)
		return;
	m->s.side.sysclk_dead = dead;
	time_find_next(m);
	time_rearm(m);
}

static void update_tree(struct periph *p)
{
	uint32_t hz = sysclk_hz(p) >> hpre_shift(periph_get(p, RCC_CFGR) >> 4 & 15);

	set_dead(p->m, hse_drives(periph_get(p, RCC_CFGR)) && !hse_swings(p->m));
	if (hz)
		time_set_hclk(p->m, hz);
	time_clocks_changed(p->m);
}

/* SWS follows SW once the chosen source is ready; RM0008 7.3.2. */
static void update_switch(struct periph *p)
{
	static const uint32_t ready[4] = {CR_HSIRDY, CR_HSERDY, CR_PLLRDY, 0};
	uint32_t cfgr = periph_get(p, RCC_CFGR);
	uint32_t sw = cfgr & 3;

	if (sw != (cfgr >> 2 & 3) && periph_get(p, RCC_CR) & ready[sw])
		periph_set(p, RCC_CFGR, (cfgr & ~0xCu) | sw << 2);
	update_tree(p);
}

/* ---- oscillators ----------------------------------------------------------------- */

static void update_irq(struct periph *p)
{
	uint32_t cir = periph_get(p, RCC_CIR);

	periph_irq(p, 0, cir & cir >> 8 & 0x1F);
	nvic_nmi(p->m, cir & CIR_CSSF);
}

static void reschedule(struct periph *p)
{
	const struct rcc_state *s = p->state;
	uint64_t next = UINT64_MAX;

	for (unsigned i = 0; i < SOURCES; i++)
		if (s->ready_at[i] < next)
			next = s->ready_at[i];
	if (next == UINT64_MAX)
		periph_cancel(p, 0);
	else
		periph_schedule(p, 0, next);
}

static bool can_start(const struct periph *p, unsigned i)
{
	if (i == HSE)
		return hse_swings(p->m);
	return i != LSE || (p->m->config.lse_fitted && !p->m->s.side.lse_stopped);
}

static void set_ready(struct periph *p, unsigned i)
{
	periph_set(p, sources[i].offset, periph_get(p, sources[i].offset) | sources[i].ready);
	periph_set(p, RCC_CIR, periph_get(p, RCC_CIR) | 1u << sources[i].cir);
	update_irq(p);
	if (i <= PLL)
		update_switch(p);
	time_clocks_changed(p->m); /* the RTC may have been waiting for it */
}

/* The ON bits were written: start what is new, stop what is off. */
static void update_sources(struct periph *p)
{
	struct rcc_state *s = p->state;

	for (unsigned i = 0; i < SOURCES; i++) {
		uint32_t word = periph_get(p, sources[i].offset);

		if (!(word & sources[i].on)) {
			periph_set(p, sources[i].offset, word & ~sources[i].ready);
			s->ready_at[i] = UINT64_MAX;
		} else if (!can_start(p, i)) {
			s->ready_at[i] = UINT64_MAX;
		} else if (!(word & sources[i].ready) && s->ready_at[i] == UINT64_MAX) {
			s->ready_at[i] = time_now_ns(p->m) + sources[i].start_ns;
		}
	}
	reschedule(p);
}

/* RM0008 7.2.7: the detector works while HSE is ready. What it finds failing is
 * switched off, with the PLL where SYSCLK came through it, and SYSCLK is HSI. */
static void watch_hse(struct periph *p)
{
	const uint32_t watched = CR_CSSON | CR_HSERDY;
	uint32_t cr = periph_get(p, RCC_CR), cfgr = periph_get(p, RCC_CFGR);

	if ((cr & watched) != watched || hse_swings(p->m))
		return;
	cr &= ~(CR_HSEON | CR_HSERDY);
	if (hse_drives(cfgr)) {
		if ((cfgr >> 2 & 3) == 2)
			cr &= ~(CR_PLLON | CR_PLLRDY);
		cr |= CR_HSION | CR_HSIRDY;
		periph_set(p, RCC_CFGR, cfgr & ~CFGR_SW);
	}
	periph_set(p, RCC_CR, cr);
	periph_set(p, RCC_CIR, periph_get(p, RCC_CIR) | CIR_CSSF);
	update_irq(p);
	timer_break(p->m);
}

void mcu_crystal(struct mcu *m, enum mcu_crystal which, bool swings)
{
	bool *stopped = which == MCU_CRYSTAL_LSE ? &m->s.side.lse_stopped
						 : &m->s.side.hse_stopped;

	*stopped = !swings;
	watch_hse(m->rcc);
	update_sources(m->rcc);
	update_tree(m->rcc);
}

bool mcu_clock_stands(const struct mcu *m)
{
	return m->s.side.sysclk_dead;
}

static void rcc_event(struct periph *p, unsigned id)
{
	struct rcc_state *s = p->state;
	uint64_t now = time_now_ns(p->m);

	for (unsigned i = 0; i < SOURCES; i++)
		if (s->ready_at[i] <= now) {
			s->ready_at[i] = UINT64_MAX;
			set_ready(p, i);
		}
	reschedule(p);
}

bool rcc_ready(const struct mcu *m, const char *clock)
{
	for (unsigned i = 0; i < SOURCES; i++)
		if (strcmp(sources[i].name, clock) == 0)
			return periph_get(m->rcc, sources[i].offset) & sources[i].ready &&
			       can_start(m->rcc, i);
	return false;
}

void rcc_after_stop(struct mcu *m)
{
	struct periph *p = m->rcc;
	uint32_t cr = periph_get(p, RCC_CR);

	periph_set(p, RCC_CR, (cr & ~(CR_HSEON | CR_HSERDY | CR_PLLON | CR_PLLRDY)) | CR_HSION |
				      CR_HSIRDY);
	periph_set(p, RCC_CFGR, periph_get(p, RCC_CFGR) & ~CFGR_SW);
	update_sources(p);
	update_tree(p);
}

/* ---- register writes ---------------------------------------------------------------- */

/* A clock that drives SYSCLK, by itself or through the PLL, cannot be stopped. */
static uint32_t keep_used(const struct periph *p, uint32_t value)
{
	uint32_t cfgr = periph_get(p, RCC_CFGR), sws = cfgr >> 2 & 3;

	if (sws == 0)
		value |= CR_HSION;
	if (hse_drives(cfgr))
		value |= CR_HSEON;
	if (sws == 2)
		value |= CR_PLLON;
	return value;
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	value = keep_used(p, value);
	if (old & CR_HSEON) /* HSEBYP is writable only while HSE is off */
		value = (value & ~CR_HSEBYP) | (old & CR_HSEBYP);
	periph_store(p, r, value);
	watch_hse(p);
	update_sources(p);
}

static void write_cfgr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	const uint32_t pll_bits = 0x003F0000u;

	if (periph_get(p, RCC_CR) & CR_PLLON) /* PLL settings are locked while it is on */
		value = (value & ~pll_bits) | (old & pll_bits);
	periph_store(p, r, value);
	update_switch(p);
}

static void write_cir(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t cleared = value >> 16 & 0x9F;

	periph_set(p, RCC_CIR, (old & 0xFF & ~cleared) | (value & 0x1F00));
	update_irq(p);
}

static void write_enable(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t mask = p->m->gates[r->arg];

	if (r->arg == 0)
		mask |= 0x14 | p->m->silicon->ahbenr_extra; /* SRAM and FLITF in Sleep */
	periph_set(p, r->offset, value & mask);
}

static void write_reset(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t enable = r->offset == RCC_APB2RSTR ? RCC_APB2ENR : RCC_APB1ENR;

	value &= p->m->gates[r->arg];
	periph_set(p, r->offset, value);
	for (size_t i = 0; i < p->m->periph_count; i++) {
		struct periph *other = &p->m->periphs[i];

		if (other->gate >= 0 && (uint32_t)other->gate >> 5 == enable &&
		    value >> (other->gate & 31) & 1)
			periph_reset(other, MCU_RESET_SOFTWARE);
	}
}

static void reset_backup(struct periph *p)
{
	static const char *const domain[] = {"BKP", "RTC"};

	for (unsigned i = 0; i < 2; i++) {
		struct periph *other = periph_find(p->m, domain[i]);

		if (other)
			periph_reset(other, MCU_RESET_POWER);
	}
}

/* BDCR: LSEON, LSEBYP, RTCSEL and RTCEN need PWR_CR.DBP; RTCSEL is set once
 * until the backup domain is reset. */
static void write_bdcr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (!pwr_backup_writable(p->m))
		return;
	if (value & BDCR_BDRST) {
		periph_set(p, RCC_BDCR, BDCR_BDRST);
		reset_backup(p);
	} else {
		if (old & 0x300)
			value = (value & ~0x300u) | (old & 0x300);
		periph_store(p, r, value);
	}
	update_sources(p);
	time_clocks_changed(p->m);
}

static void write_csr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (value & CSR_RMVF)
		old &= ~CSR_FLAGS;
	periph_set(p, RCC_CSR, (old & ~CSR_LSION) | (value & CSR_LSION));
	update_sources(p);
	time_clocks_changed(p->m);
}

void rcc_set_reset_flag(struct mcu *m, enum mcu_reset why)
{
	static const uint32_t flags[] = {
		[MCU_RESET_POWER] = 1u << 27,    [MCU_RESET_PIN] = 0,
		[MCU_RESET_SOFTWARE] = 1u << 28, [MCU_RESET_IWDG] = 1u << 29,
		[MCU_RESET_WWDG] = 1u << 30,     [MCU_RESET_LOW_POWER] = 1u << 31,
	};
	uint32_t csr = periph_get(m->rcc, RCC_CSR);

	if (why == MCU_RESET_STANDBY)
		return;
	if (why == MCU_RESET_POWER)
		csr &= ~CSR_FLAGS;
	/* An internal reset pulls NRST low: PINRSTF is always set with it. */
	csr |= 1u << 26;
	if ((size_t)why < sizeof flags / sizeof flags[0])
		csr |= flags[why];
	periph_set(m->rcc, RCC_CSR, csr);
}

static void rcc_reset(struct periph *p, enum mcu_reset why)
{
	struct rcc_state *s = p->state;

	for (unsigned i = 0; i < SOURCES; i++)
		if (why == MCU_RESET_POWER || i != LSE)
			s->ready_at[i] = UINT64_MAX;
	/* LSI is stopped by a system reset like the rest of CSR's low half. */
	periph_set(p, RCC_CSR, periph_get(p, RCC_CSR) & CSR_FLAGS);
	update_irq(p);
	reschedule(p);
	update_tree(p);
}

static const struct reg regs[] = {
	{RCC_CR, "CR", 0x00000083, 0x030FFFFB, 0x010D00F9, .write = write_cr},
	{RCC_CFGR, "CFGR", 0, 0x077FFFFF, 0x077FFFF3, .write = write_cfgr},
	{RCC_CIR, "CIR", 0, 0x00001F9F, 0x009F1F00, .write = write_cir},
	{RCC_APB2RSTR, "APB2RSTR", 0, ~0u, ~0u, .write = write_reset, .arg = 1},
	{RCC_APB1RSTR, "APB1RSTR", 0, ~0u, ~0u, .write = write_reset, .arg = 2},
	{RCC_AHBENR, "AHBENR", 0x14, ~0u, ~0u, .write = write_enable, .arg = 0},
	{RCC_APB2ENR, "APB2ENR", 0, ~0u, ~0u, .write = write_enable, .arg = 1},
	{RCC_APB1ENR, "APB1ENR", 0, ~0u, ~0u, .write = write_enable, .arg = 2},
	{RCC_BDCR, "BDCR", 0, 0x00018307, 0x00018305, .write = write_bdcr, .keep = true},
	{RCC_CSR, "CSR", 0x0C000000, 0xFC000003, 0x01000001, .write = write_csr, .keep = true},
};

const struct periph_def rcc_def = {
	.kind = "RCC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct rcc_state),
	.own_schedule = true,
	.own_clock = true,
	.reset = rcc_reset,
	.event = rcc_event,
	.not_modelled = "MCO output, HSI calibration",
};
