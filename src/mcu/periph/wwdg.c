/*
 * WWDG: the window watchdog, on PCLK1/4096. RM0008 chapter 20.
 *
 * Counted in HCLK cycles, so that it stands still in Stop. Started, it stays on
 * until a reset; in debug halt it goes on unless DBG_WWDG_STOP.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR 0x00
#define CFR 0x04
#define SR 0x08
#define CR_WDGA 0x80u
#define CFR_EWI 0x200u
#define DBG_WWDG_STOP 9

struct wwdg_state {
	uint64_t base; /* HCLK cycle at which T was as stored */
};

static uint64_t tick_cycles(const struct periph *p)
{
	uint32_t ratio = p->m->s.time.hclk_hz / periph_clock_hz(p);

	return (uint64_t)(ratio ? ratio : 1) * 4096u << (periph_get(p, CFR) >> 7 & 3);
}

static bool running(const struct periph *p)
{
	return periph_get(p, CR) & CR_WDGA;
}

/* T counts down to 0x40 (early warning), then to 0x3F: reset. */
static void sync(struct periph *p)
{
	struct wwdg_state *s = p->state;
	uint64_t ticks = (p->m->s.time.cycles - s->base) / tick_cycles(p);
	uint32_t cr = periph_get(p, CR);

	if (!running(p))
		return;
	periph_set(p, CR, CR_WDGA | ((cr - (uint32_t)ticks) & 0x7F));
	s->base += ticks * tick_cycles(p);
}

static void arm(struct periph *p)
{
	const struct wwdg_state *s = p->state;
	uint32_t t = periph_get(p, CR) & 0x7F;
	uint32_t ticks = t > 0x40 ? t - 0x40 : 1;

	if (running(p))
		periph_schedule(p, 0, time_cycles_to_ns(p->m, s->base + ticks * tick_cycles(p)));
}

static void update_irq(struct periph *p)
{
	periph_irq(p, 0, periph_get(p, SR) & 1 && periph_get(p, CFR) & CFR_EWI);
}

static void wwdg_event(struct periph *p, unsigned id)
{
	sync(p);
	if (!(periph_get(p, CR) & 0x40)) {
		reset_request(p->m, MCU_RESET_WWDG);
		return;
	}
	if ((periph_get(p, CR) & 0x7F) == 0x40) {
		periph_set(p, SR, 1);
		update_irq(p);
	}
	arm(p);
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct wwdg_state *s = p->state;
	bool was = running(p);

	sync(p);
	old = periph_get(p, CR);
	/* Refreshed too early (T above the window) or to a value below 0x40. */
	if (was && (old & 0x7F) > (periph_get(p, CFR) & 0x7F))
		reset_request(p->m, MCU_RESET_WWDG);
	periph_set(p, CR, (value & 0x7F) | ((value | old) & CR_WDGA));
	s->base = p->m->s.time.cycles;
	if (!was && running(p))
		mcu_emit(p->m, MCU_EVENT_WATCHDOG, 1, 0);
	if (running(p) && !(value & 0x40))
		reset_request(p->m, MCU_RESET_WWDG);
	arm(p);
}

static uint32_t read_cr(struct periph *p, const struct reg *r)
{
	sync(p);
	return periph_get(p, CR);
}

static void write_cfr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	sync(p);
	/* EWI is set by software and cleared only by a reset. */
	periph_set(p, CFR, (value & 0x3FF) | (old & CFR_EWI));
	arm(p);
	update_irq(p);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, SR, old & value & 1);
	update_irq(p);
}

static void clock_changed(struct periph *p)
{
	arm(p);
}

static void frozen(struct periph *p, uint64_t ns, uint64_t cycles)
{
	((struct wwdg_state *)p->state)->base += cycles;
}

static int debug_stop_bit(const struct periph *p)
{
	return DBG_WWDG_STOP;
}

static const struct reg regs[] = {
	{CR, "CR", 0x7F, 0xFF, 0xFF, .read = read_cr, .write = write_cr},
	{CFR, "CFR", 0x7F, 0x3FF, 0x3FF, .write = write_cfr},
	{SR, "SR", 0, 1, 1, .write = write_sr},
};

const struct periph_def wwdg_def = {
	.kind = "WWDG",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct wwdg_state),
	.event = wwdg_event,
	.clock_changed = clock_changed,
	.frozen = frozen,
	.debug_stop_bit = debug_stop_bit,
};
