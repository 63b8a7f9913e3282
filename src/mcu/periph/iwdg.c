/*
 * IWDG: the independent watchdog, on the 40-kHz LSI. RM0008 chapter 19.
 *
 * Once started it cannot be stopped but by a reset; it goes on in Stop, Standby
 * and debug halt (unless DBG_IWDG_STOP). The hardware option (WDG_SW = 0) starts
 * it at every reset. Starting it starts LSI.
 * Not modelled: LSI's spread (30-60 kHz; 40 kHz is taken) and its start-up here.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define KR 0x00
#define PR 0x04
#define RLR 0x08
#define SR 0x0C
#define LSI_HZ 40000u
#define DBG_IWDG_STOP 8
/* RM0008 19.4.4: a new PR or RLR takes up to 5 LSI periods to arrive. */
#define UPDATE_NS (5u * 1000000000u / LSI_HZ)
enum { EVENT_EXPIRE, EVENT_UPDATED };

struct iwdg_state {
	bool running, unlocked;
};

static uint64_t timeout_ns(const struct periph *p)
{
	uint32_t pr = periph_get(p, PR);
	uint64_t divider = 4u << (pr < 6 ? pr : 6);

	return (periph_get(p, RLR) + 1) * divider * 1000000000u / LSI_HZ;
}

static void reload(struct periph *p)
{
	periph_schedule(p, EVENT_EXPIRE, time_now_ns(p->m) + timeout_ns(p));
}

void iwdg_start(struct mcu *m)
{
	struct iwdg_state *s = m->iwdg->state;

	if (s->running)
		return;
	s->running = true;
	reload(m->iwdg);
	mcu_emit(m, MCU_EVENT_WATCHDOG, 0, 0);
}

static void write_kr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct iwdg_state *s = p->state;

	value &= 0xFFFF;
	s->unlocked = value == 0x5555;
	if (value == 0xCCCC)
		iwdg_start(p->m);
	else if (value == 0xAAAA && s->running)
		reload(p);
}

static void write_setting(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	const struct iwdg_state *s = p->state;
	uint32_t sr = periph_get(p, SR);

	if (!s->unlocked || sr & 1u << r->arg)
		return;
	periph_store(p, r, value);
	periph_set(p, SR, sr | 1u << r->arg);
	periph_schedule(p, EVENT_UPDATED, time_now_ns(p->m) + UPDATE_NS);
}

static void iwdg_event(struct periph *p, unsigned id)
{
	if (id == EVENT_UPDATED)
		periph_set(p, SR, 0);
	else
		reset_request(p->m, MCU_RESET_IWDG);
}

static void iwdg_reset(struct periph *p, enum mcu_reset why)
{
	struct iwdg_state *s = p->state;

	s->running = s->unlocked = false;
}

static int debug_stop_bit(const struct periph *p)
{
	return DBG_IWDG_STOP;
}

static const struct reg regs[] = {
	{KR, "KR", 0, 0, 0xFFFF, .write = write_kr},
	{PR, "PR", 0, 7, 7, .write = write_setting, .arg = 0},
	{RLR, "RLR", 0xFFF, 0xFFF, 0xFFF, .write = write_setting, .arg = 1},
	{SR, "SR", 0, 3, 0},
};

const struct periph_def iwdg_def = {
	.kind = "IWDG",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct iwdg_state),
	.own_clock = true,
	.reset = iwdg_reset,
	.event = iwdg_event,
	.debug_stop_bit = debug_stop_bit,
};
