/*
 * What is noted while a firmware runs. Judged by state: SWJ_CFG in force, the
 * mode it sleeps in, the resets it goes through. Hooks see an instruction in
 * its middle, where the count of instructions is not exact; the run stops
 * after it and watch_settle fills the count in.
 */
#include "arm/scs.h"
#include "lockout/lockout_internal.h"

#define FLASH_CR 0x40022010u
#define DMA1 0x40020000u /* DMA2 0x400 behind it */
#define DMA_EN 1u
#define RCC_CR 0x40021000u
#define RCC_CR_HSEON 0x10000u
#define RCC_BDCR 0x40021020u
#define RCC_BDCR_LSEON 1u
#define RCC_APB2ENR 0x40021018u /* bit 0: AFIOEN */

static bool takes_swd(const struct watch *w, unsigned swj)
{
	return swj == SWJ_OFF || (swj == 2 && w->silicon && w->silicon->swj_nojtag_locks);
}

static void note_first(struct watch *w, struct mcu *m, const struct mcu_event *e,
		       struct first_event *first)
{
	if (first->seen)
		return;
	w->news++;
	*first = (struct first_event){
		.seen = true, .ns = mcu_now_ns(m), .since_reset_ns = mcu_since_reset_ns(m),
		.instructions = mcu_instructions(m), .pc = e->pc, .a = e->a, .b = e->b};
	if (e->store)
		first->store = *e->store;
	w->unfinished = first;
	mcu_stop_run(m);
}

/* What DMA writes is all alike: what the core does meanwhile has no part in it. */
static struct store_mark mark_of(const struct mcu *m, const struct mcu_store *store)
{
	if (!store->by_core)
		return (struct store_mark){0};
	return (struct store_mark){store->pc, mcu_reg(m, MCU_SP), mcu_reg(m, MCU_LR)};
}

/* Has the same instruction made the same change before? */
static bool is_repeated(const struct watch *w, size_t at)
{
	const struct swj_change *c = &w->changes[at];

	for (size_t i = 0; i < at; i++)
		if (w->changes[i].mark.pc == c->mark.pc && w->changes[i].to == c->to)
			return true;
	return at == CHANGES_MAX - 1;
}

static void note_swj(struct watch *w, struct mcu *m, const struct mcu_event *e)
{
	uint64_t now = mcu_now_ns(m);
	bool off = takes_swd(w, e->b);
	size_t at = w->change_count < CHANGES_MAX ? w->change_count++ : CHANGES_MAX - 1;
	struct swj_change *c = &w->changes[at];

	*c = (struct swj_change){.ns = now, .since_reset_ns = mcu_since_reset_ns(m),
				 .instructions = mcu_instructions(m), .from = e->a, .to = e->b,
				 .by_store = e->store != NULL};
	if (e->store) {
		c->store = *e->store;
		c->mark = mark_of(m, e->store);
	}
	if (e->store && !e->store->by_core)
		c->dma = w->dma;
	if (w->off && !off)
		w->off_total_ns += now - w->off_since_ns;
	if (!w->off && off)
		w->off_since_ns = now;
	if (e->store && !is_repeated(w, at))
		w->news++;
	w->off = off;
	w->swj = e->b;
	w->change_unfinished = at + 1;
	if (e->b == 2 && e->store)
		note_first(w, m, e, &w->jtag);
	mcu_stop_run(m);
}

static void note_sleep(struct watch *w, struct mcu *m, const struct mcu_event *e)
{
	struct sleep_stats *s;

	if (e->a > MCU_MODE_STANDBY)
		return;
	s = &w->sleep[e->a];
	if (s->count++ == 0) {
		w->news++;
		s->first_ns = mcu_since_reset_ns(m);
		s->first_pc = e->pc;
		s->first_instructions = mcu_instructions(m);
		w->pins |= pins_in_use(m);
	}
	w->asleep = true;
	w->sleep_mode = (enum mcu_mode)e->a;
	w->asleep_since_ns = mcu_now_ns(m);
	w->asleep_pc = e->pc;
}

static void note_wake(struct watch *w, uint64_t now)
{
	struct sleep_stats *s = &w->sleep[w->sleep_mode];
	uint64_t slept = now - w->asleep_since_ns;

	if (!w->asleep)
		return;
	w->asleep = false;
	if (slept > s->longest_ns) {
		s->longest_ns = slept;
		s->longest_pc = w->asleep_pc;
	}
}

static void note_reset(struct watch *w, struct mcu *m, const struct mcu_event *e)
{
	if (e->a <= MCU_RESET_OPTION_BYTES) {
		if (w->resets[e->a]++ == 0)
			w->reset_instructions[e->a] = mcu_instructions(m);
		w->reset_pc[e->a] = e->pc;
	}
	note_wake(w, mcu_now_ns(m));
	w->last_reset_ns = mcu_now_ns(m);
}

/* Told when the programming has ended: the store is the newest to that word. */
static void note_option_word(struct watch *w, struct mcu *m, const struct mcu_event *e)
{
	unsigned word = (e->b & 0xF) / 2;
	struct first_event *event = &w->options.event[word];
	uint16_t v = 0;

	event->seen = false;
	note_first(w, m, e, event);
	(void)mcu_peek(m, e->b, &v, 2);
	w->options.word[word] = v;
}

/* An erase is told when it ends; the store that began it is the one to name. */
static void note_options(struct watch *w, struct mcu *m, const struct mcu_event *e)
{
	struct first_event *first = e->a ? &w->option_program : &w->option_erase;
	bool seen = first->seen;

	if (e->a)
		note_option_word(w, m, e);
	else
		memset(&w->options, 0xFF, sizeof w->options.word);
	note_first(w, m, e, first);
	if (!seen && !e->a && w->flash_cr.pc) {
		first->pc = w->flash_cr.pc;
		first->store = w->flash_cr;
	}
}

/* Firmware that uses what this part has not is for another one. */
static void note_missing(struct watch *w, const struct mcu *m, uint32_t address)
{
	const char *name = w->missing ? NULL : mcu_elsewhere(m, address);

	if (!name)
		return;
	w->missing = name;
	w->missing_address = address;
}

static void note_bus_fault(struct watch *w, struct mcu *m, uint32_t cfsr)
{
	w->bus_fault = (cfsr & CFSR_BFARVALID) &&
		       mcu_debug_read(m, SCS_BFAR, 4, &w->fault_address) == MCU_ACCESS_OK;
	if (w->bus_fault)
		note_missing(w, m, w->fault_address);
}

static void on_event(void *ctx, struct mcu *m, const struct mcu_event *e)
{
	struct watch *w = ctx;

	switch (e->kind) {
	case MCU_EVENT_SWJ:
		note_swj(w, m, e);
		break;
	case MCU_EVENT_SWJ_IGNORED:
		if (e->a == SWJ_OFF)
			note_first(w, m, e, &w->ignored);
		break;
	case MCU_EVENT_SWJ_READ:
		w->mapr_loads++;
		break;
	case MCU_EVENT_RESET:
		note_reset(w, m, e);
		break;
	case MCU_EVENT_SLEEP:
		note_sleep(w, m, e);
		break;
	case MCU_EVENT_WAKE:
		note_wake(w, mcu_now_ns(m));
		break;
	case MCU_EVENT_SLEEPS_SKIPPED:
		w->sleep[MCU_MODE_SLEEP].count += e->a;
		break;
	case MCU_EVENT_FAULT:
		if (w->faults++ == 0)
			note_bus_fault(w, m, e->b);
		note_first(w, m, e, &w->fault);
		break;
	case MCU_EVENT_LOCKUP:
		note_first(w, m, e, &w->lockup);
		break;
	case MCU_EVENT_OPTION_BYTES:
		note_options(w, m, e);
		break;
	case MCU_EVENT_WATCHDOG:
		note_first(w, m, e, &w->watchdog[e->a & 1]);
		break;
	case MCU_EVENT_FLASH:
		note_first(w, m, e, &w->flash);
		break;
	case MCU_EVENT_UNMODELLED:
		note_missing(w, m, e->a);
		break;
	}
}

static bool is_fixed(const struct plan *plan, struct store_mark mark)
{
	for (size_t i = 0; i < plan->fix_count; i++)
		if (plan->fixes[i].pc == mark.pc && plan->fixes[i].sp == mark.sp &&
		    plan->fixes[i].lr == mark.lr)
			return true;
	return false;
}

/* GPIOx_ODR, BSRR, BRR */
static bool is_port_output(uint32_t target)
{
	uint32_t at = target - 0x40010800u;

	return at < 7 * 0x400 && (at & 0x3FF) >= 0xC && (at & 0x3FF) <= 0x14;
}

/* DMA channels (RM0008 13.4): CCR at 8 + 20 * channel, CPAR and CMAR 8 and 12 behind. */
static void note_dma(struct watch *w, struct mcu *m, const struct mcu_store *store)
{
	uint32_t at = store->target - DMA1, unit = at / 0x400, channel = (at % 0x400 - 8) / 20;
	uint32_t bit = 1u << (7 * unit + channel);

	if (unit > 1 || at % 0x400 < 8 || channel > 6)
		return;
	switch ((at % 0x400 - 8) % 20) {
	case 0:
		if (!(store->value & DMA_EN) || !(w->dma_channels & bit))
			break;
		w->dma = (struct dma_start){.seen = true, .store = *store};
		w->dma_unfinished = true;
		mcu_stop_run(m);
		break;
	case 8:
	case 12:
		if (AFIO_MAPR_ADDRESS - (store->value & ~3u) <= 4)
			w->dma_channels |= bit;
		else if ((at % 0x400 - 8) % 20 == 8)
			w->dma_channels &= ~bit;
		break;
	default:
		break;
	}
}

static void on_store(void *ctx, struct mcu *m, struct mcu_store *store)
{
	struct watch *w = ctx;

	if (store->target - DMA1 < 0x800)
		note_dma(w, m, store);
	if (store->target == FLASH_CR)
		w->flash_cr = *store;
	if (store->target == RCC_APB2ENR && store->value & 1)
		w->afio_clocked = true;
	if (store->target == RCC_CR && store->value & RCC_CR_HSEON)
		w->crystals |= 1u << MCU_CRYSTAL_HSE;
	if (store->target == RCC_BDCR && store->value & RCC_BDCR_LSEON)
		w->crystals |= 1u << MCU_CRYSTAL_LSE;
	if (is_port_output(store->target))
		inputs_port_written(w);
	if (store->target != AFIO_MAPR_ADDRESS)
		return;
	if (w->mapr_stores++ < CHECKPOINTS_MAX)
		mcu_stop_run(m);
	w->last_mapr_ns = mcu_now_ns(m);
	if (!takes_swd(w, store->value >> SWJ_SHIFT & 7) ||
	    !is_fixed(w->plan, mark_of(m, store)))
		return;
	store->value = (store->value & ~(7u << SWJ_SHIFT)) | w->plan->fix_value << SWJ_SHIFT;
	w->fixed_stores++;
}

void watch_hooks(struct watch *w, struct mcu_hooks *hooks)
{
	*hooks = (struct mcu_hooks){.ctx = w, .event = on_event, .store = on_store};
	answers_hooks(w->plan, hooks);
}

void watch_attach(struct watch *w, struct mcu *m, const struct plan *plan)
{
	struct mcu_hooks hooks;

	*w = (struct watch){.plan = plan, .silicon = mcu_silicon(m)};
	watch_hooks(w, &hooks);
	mcu_set_hooks(m, &hooks);
}

void watch_settle(struct watch *w, const struct mcu *m)
{
	if (w->unfinished)
		w->unfinished->instructions = mcu_instructions(m);
	if (w->change_unfinished)
		w->changes[w->change_unfinished - 1].instructions = mcu_instructions(m);
	if (w->dma_unfinished)
		w->dma.instructions = mcu_instructions(m);
	if (w->dma_unfinished && w->change_unfinished) /* the transfer came at once */
		w->changes[w->change_unfinished - 1].dma.instructions = w->dma.instructions;
	w->dma_unfinished = false;
	w->unfinished = NULL;
	w->change_unfinished = 0;
}

void watch_end(struct watch *w, struct mcu *m)
{
	uint64_t now = mcu_now_ns(m);

	watch_settle(w, m);
	if (w->asleep)
		note_wake(w, now);
	if (w->off)
		w->off_total_ns += now - w->off_since_ns;
	w->pins |= pins_in_use(m);
}

/* The newest change to off before which it was on. */
const struct swj_change *watch_offender(const struct watch *w)
{
	for (size_t i = w->change_count; i-- > 0;)
		if (takes_swd(w, w->changes[i].to) && w->changes[i].by_store)
			return &w->changes[i];
	return NULL;
}
