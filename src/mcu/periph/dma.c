/*
 * DMA1 (7 channels) and DMA2 (5). RM0008 chapter 13.
 *
 * A request line moves one item while it is high and the channel is enabled;
 * which peripheral holds which line is RM0008 tables 78 and 79, known to the
 * peripherals. A few items take no time; who wants many gets them in bursts, an
 * item each ITEM_CYCLES of HCLK over all channels (ASSUMED; a read, a write and
 * arbitration in truth), so that no request, however wrong, stops the clock.
 * Not modelled: arbitration between channels, bus bandwidth taken from the core.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define ISR 0x00
#define IFCR 0x04
#define CCR(ch) (0x08u + 20u * ((ch) - 1))
#define CNDTR(ch) (CCR(ch) + 4)
#define CPAR(ch) (CCR(ch) + 8)
#define CMAR(ch) (CCR(ch) + 12)
#define CCR_EN 1u
#define CCR_TCIE 2u
#define CCR_DIR 0x10u
#define CCR_CIRC 0x20u
#define CCR_PINC 0x40u
#define CCR_MINC 0x80u
#define CCR_MEM2MEM 0x4000u
#define FLAG_GIF 1u
#define FLAG_TCIF 2u
#define FLAG_HTIF 4u
#define FLAG_TEIF 8u

#define BURST 64u
#define ITEM_CYCLES 5u
#define NS_PER_S 1000000000u

struct dma_channel {
	uint32_t par, mar; /* where the next item goes */
	uint16_t left, total;
	uint8_t pulse;     /* items that an event still asks for; then the request ends */
	bool request, busy;
	bool resting;      /* had its burst: event 0 goes on */
};
struct dma_state {
	struct dma_channel ch[8]; /* [0] unused */
};

static void update_irq(struct periph *p, unsigned ch)
{
	uint32_t isr = periph_get(p, ISR);
	unsigned irq = (p->index == 1 ? 10 : 55) + ch;
	bool level = isr >> 4 * (ch - 1) & periph_get(p, CCR(ch)) & 0xE;

	if (p->index == 2 && ch >= 4) { /* channels 4 and 5 share one */
		irq = 59;
		level = (isr >> 12 & periph_get(p, CCR(4)) & 0xE) ||
			(isr >> 16 & periph_get(p, CCR(5)) & 0xE);
	}
	nvic_line(p->m, irq, level);
}

static void raise_flags(struct periph *p, unsigned ch, uint32_t flags)
{
	periph_set(p, ISR, periph_get(p, ISR) | (flags | FLAG_GIF) << 4 * (ch - 1));
	update_irq(p, ch);
}

/* One item from one side to the other. False: the bus refused. */
static bool move(struct mcu *m, uint32_t ccr, struct dma_channel *c)
{
	unsigned psize = 1u << (ccr >> 8 & 3), msize = 1u << (ccr >> 10 & 3);
	bool to_periph = ccr & CCR_DIR, was = m->by_dma;
	uint32_t v = 0;
	bool ok;

	m->by_dma = true;
	/* Narrower than the source: the upper bytes are dropped; wider: zeros. */
	ok = to_periph ? bus_read(m, c->mar & ~(msize - 1), msize, &v) &&
				 bus_write(m, c->par & ~(psize - 1), psize, v)
		       : bus_read(m, c->par & ~(psize - 1), psize, &v) &&
				 bus_write(m, c->mar & ~(msize - 1), msize, v);
	m->by_dma = was;
	if (ccr & CCR_PINC)
		c->par += psize;
	if (ccr & CCR_MINC)
		c->mar += msize;
	return ok;
}

static void load(struct periph *p, unsigned ch, struct dma_channel *c)
{
	c->par = periph_get(p, CPAR(ch));
	c->mar = periph_get(p, CMAR(ch));
	c->left = c->total = (uint16_t)periph_get(p, CNDTR(ch));
}

static void item_done(struct periph *p, unsigned ch, struct dma_channel *c)
{
	uint32_t flags = 0;

	c->left--;
	if (c->left == c->total / 2)
		flags |= FLAG_HTIF;
	if (c->left == 0)
		flags |= FLAG_TCIF;
	if (c->left == 0 && periph_get(p, CCR(ch)) & CCR_CIRC)
		load(p, ch, c);
	if (flags)
		raise_flags(p, ch, flags);
}

static bool wants(const struct periph *p, unsigned ch)
{
	const struct dma_channel *c = &((const struct dma_state *)p->state)->ch[ch];
	uint32_t ccr = periph_get(p, CCR(ch));

	return ccr & CCR_EN && c->left && (c->request || ccr & CCR_MEM2MEM);
}

/* The bus is others' for as long as `items` took. */
static void rest(struct periph *p, unsigned items)
{
	uint64_t ns = (uint64_t)items * ITEM_CYCLES * NS_PER_S / p->m->s.time.hclk_hz;

	if (!periph_scheduled(p, 0, NULL))
		periph_schedule(p, 0, time_now_ns(p->m) + ns + 1);
}

/* Serve a channel as long as it is asked, a burst at most. Moving an item may
 * change requests: nested calls only note them. Returns the items moved. */
static unsigned serve(struct periph *p, unsigned ch)
{
	struct dma_channel *c = &((struct dma_state *)p->state)->ch[ch];
	unsigned moved = 0;

	if (c->busy || c->resting)
		return 0;
	c->busy = true;
	for (; wants(p, ch) && moved < BURST; moved++) {
		uint32_t ccr = periph_get(p, CCR(ch));

		if (!move(p->m, ccr, c)) {
			periph_set(p, CCR(ch), ccr & ~CCR_EN);
			raise_flags(p, ch, FLAG_TEIF);
			break;
		}
		item_done(p, ch, c);
		if (c->pulse && --c->pulse == 0)
			c->request = false;
	}
	c->busy = false;
	c->resting = moved == BURST && wants(p, ch);
	if (c->resting)
		rest(p, moved);
	return moved;
}

static void dma_event(struct periph *p, unsigned id)
{
	struct dma_state *s = p->state;
	unsigned moved = 0;

	for (unsigned ch = 1; ch <= 7; ch++) {
		bool rested = s->ch[ch].resting;

		s->ch[ch].resting = false;
		if (rested)
			moved += serve(p, ch);
	}
	if (periph_scheduled(p, 0, NULL)) { /* for all that was moved, not the first burst */
		periph_cancel(p, 0);
		rest(p, moved);
	}
}

void dma_request(struct mcu *m, unsigned dma, unsigned channel, bool level)
{
	struct periph *p = dma >= 1 && dma <= 2 ? m->dma[dma - 1] : NULL;

	if (!p)
		return;
	((struct dma_state *)p->state)->ch[channel].request = level;
	if (level && periph_clocked(p))
		serve(p, channel);
}

void dma_pulse(struct mcu *m, unsigned dma, unsigned channel, unsigned items)
{
	struct periph *p = dma >= 1 && dma <= 2 ? m->dma[dma - 1] : NULL;
	struct dma_channel *c = p ? &((struct dma_state *)p->state)->ch[channel] : NULL;

	if (!c)
		return;
	c->pulse = (uint8_t)items;
	dma_request(m, dma, channel, true);
	c->pulse = 0;
	c->request = false;
}

bool dma_listened(const struct mcu *m, unsigned dma, unsigned channel)
{
	const struct periph *p = m->dma[dma - 1];

	return p && periph_get(p, CCR(channel)) & 0xE;
}

/* ---- registers ----------------------------------------------------------------------- */

static void write_ifcr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t isr = periph_get(p, ISR);

	for (unsigned ch = 1; ch <= 7; ch++) {
		unsigned at = 4 * (ch - 1);
		uint32_t clear = value >> at & 0xF;

		if (clear & FLAG_GIF) /* CGIF clears all four */
			clear = 0xF;
		isr &= ~(clear << at);
		if (!(isr >> at & 0xE))
			isr &= ~(FLAG_GIF << at);
		periph_set(p, ISR, isr);
		if (clear)
			update_irq(p, ch);
	}
}

/* DMA2 has five channels: the rows of the others read 0 for ever. */
static bool fitted(const struct periph *p, unsigned ch)
{
	return p->index == 1 || ch <= 5;
}

static void write_ccr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct dma_channel *c = &((struct dma_state *)p->state)->ch[r->arg];

	if (!fitted(p, r->arg))
		return;
	periph_store(p, r, value);
	update_irq(p, r->arg);
	if (value & ~old & CCR_EN)
		load(p, r->arg, c);
	if (value & CCR_EN)
		serve(p, r->arg);
}

/* CNDTR, CPAR and CMAR take no write while the channel is enabled. */
static void write_setup(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (fitted(p, r->arg) && !(periph_get(p, CCR(r->arg)) & CCR_EN))
		periph_store(p, r, value);
}

static void write_cndtr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct dma_channel *c = &((struct dma_state *)p->state)->ch[r->arg];

	if (!fitted(p, r->arg) || periph_get(p, CCR(r->arg)) & CCR_EN)
		return;
	periph_store(p, r, value);
	c->left = (uint16_t)value;
}

static uint32_t read_cndtr(struct periph *p, const struct reg *r)
{
	return ((struct dma_state *)p->state)->ch[r->arg].left;
}

static void dma_reset(struct periph *p, enum mcu_reset why)
{
	struct dma_state *s = p->state;

	*s = (struct dma_state){0};
	for (unsigned ch = 1; ch <= (p->index == 1 ? 7 : 5); ch++)
		update_irq(p, ch);
}

#define CHANNEL(n)                                                                                 \
	{CCR(n), "CCR" #n, 0, 0x7FFF, 0x7FFF, .write = write_ccr, .arg = n},                       \
	{CNDTR(n), "CNDTR" #n, 0, 0xFFFF, 0xFFFF, .read = read_cndtr, .stable = true,              \
	 .write = write_cndtr, .arg = n},                                                          \
	{CPAR(n), "CPAR" #n, 0, ~0u, ~0u, .write = write_setup, .arg = n},                         \
	{CMAR(n), "CMAR" #n, 0, ~0u, ~0u, .write = write_setup, .arg = n}

static const struct reg regs[] = {
	{ISR, "ISR", 0, 0x0FFFFFFF, 0},
	{IFCR, "IFCR", 0, 0, 0x0FFFFFFF, .write = write_ifcr},
	CHANNEL(1), CHANNEL(2), CHANNEL(3), CHANNEL(4), CHANNEL(5), CHANNEL(6), CHANNEL(7),
};

const struct periph_def dma_def = {
	.kind = "DMA",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct dma_state),
	.reset = dma_reset,
	.event = dma_event,
	.not_modelled = "arbitration and bus time",
};
