/*
 * bxCAN. RM0008 chapter 24.
 *
 * The bus is idle (recessive) and nobody else is on it: initialisation and sleep
 * are acknowledged, a transmission gets no acknowledge (error passive, repeated
 * for ever, or ended at once with NART). In loop-back a message comes back and
 * passes the filters.
 * Not modelled: other nodes, time stamps, silent-mode subtleties, 16-bit scale
 * filters match on the standard identifier only.
 */
#include <string.h>

#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define MCR 0x00
#define MSR 0x04
#define TSR 0x08
#define RF0R 0x0C
#define RF1R 0x10
#define IER 0x14
#define ESR 0x18
#define BTR 0x1C
#define MAILBOX 0x180u
#define FIFO 0x1B0u
#define FMR 0x200
#define FMR_FINIT 1u
#define FM1R 0x204
#define FS1R 0x20C
#define FFA1R 0x214
#define FA1R 0x21C
#define FILTERS 0x240u
#define MCR_INRQ 1u
#define MCR_SLEEP 2u
#define MCR_NART 0x10u
#define MSR_INAK 1u
#define MSR_SLAK 2u
#define BTR_LBKM 0x40000000u
#define ESR_NO_ACK (0x00800000u | 3u << 4 | 2u | 1u) /* TEC 128, LEC ack, passive, warning */
#define TXRQ 1u
#define BANKS 14 /* 28 in connectivity line only, RM0008 24.7.4 */
#define BANK_BITS ((1u << BANKS) - 1)
#define NS_PER_S 1000000000u

struct can_message {
	uint32_t ir, dtr, dlr, dhr; /* identifier, length, data */
};
struct can_state {
	struct can_message box[3];
	struct can_message fifo[2][3];
	uint8_t count[2];
	uint32_t filter[BANKS][2];
};

/* ---- interrupts ---------------------------------------------------------------------- */

static void update_irqs(struct periph *p)
{
	uint32_t ier = periph_get(p, IER), rf0 = periph_get(p, RF0R), rf1 = periph_get(p, RF1R);

	/* Lines: TX 19, RX0 20, RX1 21, SCE 22. */
	periph_irq(p, 0, ier & 1 && periph_get(p, TSR) & 0x00010101u);
	periph_irq(p, 1, (ier & 2 && rf0 & 3) || (ier & 4 && rf0 & 8) || (ier & 8 && rf0 & 16));
	periph_irq(p, 2, (ier & 16 && rf1 & 3) || (ier & 32 && rf1 & 8) || (ier & 64 && rf1 & 16));
	periph_irq(p, 3, periph_get(p, MSR) & 4 && ier & 0x8000);
}

/* ---- receiving (loop-back) ---------------------------------------------------------------- */

static bool bank_matches(const struct periph *p, unsigned bank, uint32_t ir)
{
	const struct can_state *s = p->state;
	const uint32_t *f = s->filter[bank];
	uint32_t id = ir & ~1u; /* TXRQ takes the place of a reserved bit */
	bool list = periph_get(p, FM1R) >> bank & 1, wide = periph_get(p, FS1R) >> bank & 1;

	if (!(periph_get(p, FA1R) >> bank & 1))
		return false;
	if (wide)
		return list ? id == (f[0] & ~1u) || id == (f[1] & ~1u)
			    : (id & f[1] & ~1u) == (f[0] & f[1] & ~1u);
	id >>= 16;
	if (list)
		return id == (f[0] & 0xFFFF) || id == f[0] >> 16 || id == (f[1] & 0xFFFF) ||
		       id == f[1] >> 16;
	return (id & f[0] >> 16) == (f[0] & f[0] >> 16 & 0xFFFF) ||
	       (id & f[1] >> 16) == (f[1] & f[1] >> 16 & 0xFFFF);
}

static void put_in_fifo(struct periph *p, unsigned fifo, const struct can_message *message)
{
	struct can_state *s = p->state;
	uint32_t rfr = RF0R + 4 * fifo, flags;

	if (s->count[fifo] == 3) {
		periph_set(p, rfr, periph_get(p, rfr) | 16);
		return;
	}
	s->fifo[fifo][s->count[fifo]] = *message;
	s->fifo[fifo][s->count[fifo]++].ir &= ~TXRQ;
	flags = s->count[fifo] | (s->count[fifo] == 3 ? 8u : 0);
	periph_set(p, rfr, (periph_get(p, rfr) & ~3u) | flags);
}

static void loop_back(struct periph *p, const struct can_message *message)
{
	for (unsigned bank = 0; bank < BANKS && !(periph_get(p, FMR) & FMR_FINIT); bank++)
		if (bank_matches(p, bank, message->ir)) {
			put_in_fifo(p, periph_get(p, FFA1R) >> bank & 1, message);
			return;
		}
}

/* ---- sending -------------------------------------------------------------------------------- */

static bool normal_mode(const struct periph *p)
{
	return !(periph_get(p, MSR) & (MSR_INAK | MSR_SLAK));
}

static uint64_t frame_ns(const struct periph *p)
{
	uint32_t btr = periph_get(p, BTR);
	uint64_t quanta = 3 + (btr >> 16 & 15) + (btr >> 20 & 7);

	/* About 110 bits for eight data bytes. */
	return 110 * quanta * ((btr & 0x3FF) + 1) * NS_PER_S / periph_clock_hz(p);
}

static void mailbox_done(struct periph *p, unsigned box, uint32_t result)
{
	struct can_state *s = p->state;

	s->box[box].ir &= ~TXRQ;
	periph_set(p, TSR, periph_get(p, TSR) | (result << 8 * box) | 1u << (26 + box));
}

static void send(struct periph *p)
{
	struct can_state *s = p->state;
	bool loop = periph_get(p, BTR) & BTR_LBKM;

	for (unsigned box = 0; box < 3; box++) {
		if (!(s->box[box].ir & TXRQ))
			continue;
		if (loop) {
			loop_back(p, &s->box[box]);
			mailbox_done(p, box, 3); /* RQCP, TXOK */
		} else {
			periph_set(p, ESR, ESR_NO_ACK);
			if (periph_get(p, MCR) & MCR_NART)
				mailbox_done(p, box, 9); /* RQCP, TERR */
		}
	}
	update_irqs(p);
}

static void can_event(struct periph *p, unsigned id)
{
	if (normal_mode(p))
		send(p);
}

static void request(struct periph *p, unsigned box)
{
	periph_set(p, TSR, periph_get(p, TSR) & ~(0xFu << 8 * box | 1u << (26 + box)));
	if (normal_mode(p))
		periph_schedule(p, 0, time_now_ns(p->m) + frame_ns(p));
}

/* ---- registers --------------------------------------------------------------------------------- */

static void write_mcr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct can_state *s = p->state;
	uint32_t msr = periph_get(p, MSR) & ~(MSR_INAK | MSR_SLAK);

	if (value & 0x8000) {
		periph_reset(p, MCU_RESET_SOFTWARE);
		return;
	}
	periph_store(p, r, value);
	if (value & MCR_INRQ)
		msr |= MSR_INAK;
	else if (value & MCR_SLEEP)
		msr |= MSR_SLAK;
	periph_set(p, MSR, msr);
	if (normal_mode(p) && ((s->box[0].ir | s->box[1].ir | s->box[2].ir) & TXRQ))
		periph_schedule(p, 0, time_now_ns(p->m) + frame_ns(p));
}

static void write_msr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, MSR, old & ~(value & 0x1C));
	update_irqs(p);
}

static void write_tsr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	for (unsigned box = 0; box < 3; box++) {
		if (value >> 8 * box & 1) /* RQCP: clears its result too */
			old &= ~(0xFu << 8 * box);
		if (value >> (8 * box + 7) & 1 && ((struct can_state *)p->state)->box[box].ir & TXRQ) {
			periph_set(p, TSR, old);
			mailbox_done(p, box, 1);
			old = periph_get(p, TSR);
		}
	}
	periph_set(p, TSR, old);
	update_irqs(p);
}

static void write_rfr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct can_state *s = p->state;
	unsigned fifo = r->arg;

	old &= ~(value & 0x18);
	if (value & 0x20 && s->count[fifo]) {
		memmove(&s->fifo[fifo][0], &s->fifo[fifo][1], 2 * sizeof s->fifo[fifo][0]);
		s->count[fifo]--;
		old &= ~8u;
	}
	periph_set(p, r->offset, (old & ~0x23u) | s->count[fifo]);
	update_irqs(p);
}

static void write_ier(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	update_irqs(p);
}

/* BTR is writable in initialisation mode only. */
static void write_btr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (periph_get(p, MSR) & MSR_INAK)
		periph_store(p, r, value);
}

/* Mode, scale and FIFO of the banks are set up while FINIT is on (24.9.4). */
static void write_filter_mode(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (periph_get(p, FMR) & FMR_FINIT)
		periph_store(p, r, value);
}

/* Mailboxes, FIFO outputs and filter banks are arrays. NULL: nothing there. */
static uint32_t *cell(struct periph *p, uint32_t offset, int *box)
{
	struct can_state *s = p->state;
	uint32_t field = offset / 4 % 4;
	struct can_message *m = NULL;

	*box = -1;
	if (offset >= FILTERS && offset < FILTERS + BANKS * 8)
		return &s->filter[(offset - FILTERS) / 8][offset / 4 % 2];
	if (offset >= MAILBOX && offset < FIFO) {
		*box = (int)(offset - MAILBOX) / 16;
		m = &s->box[*box];
	} else if (offset >= FIFO && offset < FIFO + 32) {
		m = &s->fifo[(offset - FIFO) / 16][0];
	}
	if (!m)
		return NULL;
	return field == 0 ? &m->ir : field == 1 ? &m->dtr : field == 2 ? &m->dlr : &m->dhr;
}

static uint32_t read_other(struct periph *p, uint32_t offset)
{
	int box;
	const uint32_t *c = cell(p, offset, &box);

	return c ? *c : 0;
}

static void write_other(struct periph *p, uint32_t offset, uint32_t value)
{
	int box;
	uint32_t *c = cell(p, offset, &box);

	if (!c || (offset >= FIFO && offset < FILTERS))
		return;
	*c = value;
	if (box >= 0 && offset % 16 == 0 && value & TXRQ)
		request(p, (unsigned)box);
}

static void can_reset(struct periph *p, enum mcu_reset why)
{
	memset(p->state, 0, sizeof(struct can_state));
	update_irqs(p);
}

static const struct reg regs[] = {
	{MCR, "MCR", 0x00010002, 0x000100FF, 0x000180FF, .write = write_mcr},
	{MSR, "MSR", 0x00000C02, 0x00000F1F, 0x1C, .write = write_msr},
	{TSR, "TSR", 0x1C000000, 0xFF0F0F0F, 0x008F8F8F, .write = write_tsr},
	{RF0R, "RF0R", 0, 0x1B, 0x38, .write = write_rfr, .arg = 0},
	{RF1R, "RF1R", 0, 0x1B, 0x38, .write = write_rfr, .arg = 1},
	{IER, "IER", 0, 0x38F7F, 0x38F7F, .write = write_ier},
	{ESR, "ESR", 0, 0xFFFF0077, 0x70},
	{BTR, "BTR", 0x01230000, 0xC37F03FF, 0xC37F03FF, .write = write_btr},
	{FMR, "FMR", 0x2A1C0E01, ~0u, FMR_FINIT}, /* CAN2SB: connectivity line only */
	{FM1R, "FM1R", 0, BANK_BITS, BANK_BITS, .write = write_filter_mode},
	{FS1R, "FS1R", 0, BANK_BITS, BANK_BITS, .write = write_filter_mode},
	{FFA1R, "FFA1R", 0, BANK_BITS, BANK_BITS, .write = write_filter_mode},
	{FA1R, "FA1R", 0, BANK_BITS, BANK_BITS},
};

const struct periph_def can_def = {
	.kind = "CAN",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct can_state),
	.reset = can_reset,
	.event = can_event,
	.read_other = read_other,
	.write_other = write_other,
	.not_modelled = "other nodes, time stamps, 16-bit filters on extended identifiers",
};
