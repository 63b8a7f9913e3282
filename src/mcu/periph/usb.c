/*
 * USB full-speed device and its packet memory. RM0008 chapter 23.
 *
 * No host is attached: the bus is idle, so that ESOF comes every millisecond and
 * SUSP after three of them. Endpoint registers have their toggle and clear-only
 * bits. The 512 bytes of packet memory are 256 half-words, one in each word of
 * the address space; CAN's use of the same memory is not modelled.
 * Not modelled: a host (no reset, no transactions).
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CNTR 0x40
#define ISTR 0x44
#define CNTR_FRES 0x01u
#define CNTR_PDWN 0x02u
#define CNTR_FSUSP 0x08u
#define ISTR_RESET 0x0400u
#define ISTR_SUSP 0x0800u
#define ISTR_ESOF 0x0100u
#define FRAME_NS 1000000u
#define EP_TOGGLE 0x7070u /* DTOG and STAT, both directions: written 1 toggles */
#define EP_CLEAR 0x8080u  /* CTR_RX, CTR_TX: written 0 clears */
#define EP_SETUP 0x0800u  /* read-only */

struct usb_state {
	uint8_t idle_frames;
};

static bool on_bus(const struct periph *p)
{
	return !(periph_get(p, CNTR) & (CNTR_FRES | CNTR_PDWN));
}

static void update_irq(struct periph *p)
{
	/* Line 0: low priority (20); correct transfers of isochronous and double-
	 * buffered endpoints would use line 1 (19). */
	periph_irq(p, 0, periph_get(p, ISTR) & periph_get(p, CNTR) & 0xFF00);
}

static void set_istr(struct periph *p, uint32_t set)
{
	periph_set(p, ISTR, periph_get(p, ISTR) | set);
	update_irq(p);
}

static void arm(struct periph *p)
{
	struct usb_state *s = p->state;

	if (!on_bus(p) || s->idle_frames >= 3)
		periph_cancel(p, 0);
	else if (!periph_scheduled(p, 0, NULL))
		periph_schedule(p, 0, time_now_ns(p->m) + FRAME_NS);
}

static void usb_event(struct periph *p, unsigned id)
{
	struct usb_state *s = p->state;

	set_istr(p, ++s->idle_frames < 3 ? ISTR_ESOF : ISTR_ESOF | ISTR_SUSP);
	arm(p);
}

/* FRES set by software is a reset of the bus as far as we see it. */
static void write_cntr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct usb_state *s = p->state;

	periph_store(p, r, value);
	if (value & CNTR_FRES) {
		for (uint32_t ep = 0; ep < 8; ep++)
			periph_set(p, 4 * ep, 0);
		periph_set(p, ISTR, ISTR_RESET);
	}
	if (old & ~value & (CNTR_FRES | CNTR_PDWN))
		s->idle_frames = 0;
	update_irq(p);
	arm(p);
}

static void write_istr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_set(p, ISTR, old & (value | 0x80FF)); /* written 0 clears; CTR is read-only */
	update_irq(p);
}

static void write_ep(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t plain = 0x070F; /* type, kind, address */

	periph_set(p, r->offset, (value & plain) | ((old ^ value) & EP_TOGGLE) |
					 (old & value & EP_CLEAR) | (old & EP_SETUP));
}

static void usb_reset(struct periph *p, enum mcu_reset why)
{
	((struct usb_state *)p->state)->idle_frames = 0;
}

#define ENDPOINT(n) {4 * (n), "EP" #n "R", 0, 0xFFFF, 0xFFFF, .write = write_ep}
static const struct reg regs[] = {
	ENDPOINT(0), ENDPOINT(1), ENDPOINT(2), ENDPOINT(3),
	ENDPOINT(4), ENDPOINT(5), ENDPOINT(6), ENDPOINT(7),
	{CNTR, "CNTR", 3, 0xFF1F, 0xFF1F, .write = write_cntr},
	{ISTR, "ISTR", 0, 0xFF1F, 0xFF00, .write = write_istr},
	{0x48, "FNR", 0, 0xFFFF, 0},
	{0x4C, "DADDR", 0, 0xFF, 0xFF},
	{0x50, "BTABLE", 0, 0xFFF8, 0xFFF8},
};

const struct periph_def usb_def = {
	.kind = "USB",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct usb_state),
	.reset = usb_reset,
	.event = usb_event,
	.not_modelled = "a host: no enumeration, no transactions",
};

/* ---- packet memory ------------------------------------------------------------------ */

static uint32_t ram_read(struct periph *p, uint32_t offset)
{
	return ((const uint16_t *)p->state)[offset / 4];
}

static void ram_write(struct periph *p, uint32_t offset, uint32_t value)
{
	((uint16_t *)p->state)[offset / 4] = (uint16_t)value;
}

const struct periph_def usb_ram_def = {
	.kind = "USB packet memory",
	.state_size = 512,
	.keep_on_reset = true,
	.read_other = ram_read,
	.write_other = ram_write,
};
