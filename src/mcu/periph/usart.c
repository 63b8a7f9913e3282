/*
 * USART1-3, UART4-5. RM0008 chapter 27.
 *
 * Bytes take their time on the wire by BRR; a sender at another baud rate makes
 * framing errors. At most 512 bytes may be on their way to a receiver; what a
 * host gives beyond that is dropped. While the receiver is off, incoming bytes
 * still move the RX pin, so that software may measure the bit length.
 * Not modelled: synchronous clock, IrDA, smartcard, LIN break, hardware flow
 * control (CTS counts as asserted), mute mode, 1.5 stop bits.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define SR 0x00
#define DR 0x04
#define BRR 0x08
#define CR1 0x0C
#define CR2 0x10
#define CR3 0x14
#define SR_PE 0x01u
#define SR_FE 0x02u
#define SR_NE 0x04u
#define SR_ORE 0x08u
#define SR_IDLE 0x10u
#define SR_RXNE 0x20u
#define SR_TC 0x40u
#define SR_TXE 0x80u
#define CR1_RE 0x04u
#define CR1_TE 0x08u
#define CR1_PCE 0x400u
#define CR1_M 0x1000u
#define CR1_UE 0x2000u
#define CR3_EIE 1u
#define CR3_HDSEL 8u
#define CR3_DMAR 0x40u
#define CR3_DMAT 0x80u
#define NS_PER_S 1000000000u
#define QUEUE 512u
enum { EVENT_TX, EVENT_RX, EVENT_IDLE, EVENT_PIN };

struct usart_state {
	uint16_t shift, tdr, rdr;
	bool shifting, tdr_full, sr_read;
	uint8_t pin_bit;        /* bit of the frame on the RX pin, receiver off */
	uint32_t sender_baud;   /* 0: the same as ours */
	uint16_t head, count;   /* of the queue: bytes on the wire to us */
	uint8_t queue[QUEUE];
};

/* RM0008 table 78: DMA channels for transmit and receive. */
static const struct {
	uint8_t dma, tx, rx;
} dma_lines[] = {{0}, {1, 4, 5}, {1, 7, 6}, {1, 2, 3}, {2, 5, 3}, {0}};

/* Default RX pins (port, pin), MAPR remap ignored. */
static const uint8_t rx_pins[][2] = {{0}, {0, 10}, {0, 3}, {1, 11}, {2, 11}, {3, 2}};

static bool enabled(const struct periph *p, uint32_t bits)
{
	uint32_t want = CR1_UE | bits;

	return (periph_get(p, CR1) & want) == want;
}

static void update(struct periph *p)
{
	uint32_t sr = periph_get(p, SR), cr1 = periph_get(p, CR1), cr3 = periph_get(p, CR3);
	bool irq = sr & cr1 & (SR_TXE | SR_TC | SR_RXNE | SR_IDLE);

	irq |= cr1 & SR_RXNE && sr & SR_ORE;
	irq |= cr1 & 0x100 && sr & SR_PE;
	irq |= cr3 & CR3_EIE && cr3 & CR3_DMAR && sr & (SR_FE | SR_NE | SR_ORE);
	periph_irq(p, 0, irq && cr1 & CR1_UE);
	if (!dma_lines[p->index].dma)
		return;
	dma_request(p->m, dma_lines[p->index].dma, dma_lines[p->index].tx,
		    cr3 & CR3_DMAT && sr & SR_TXE && enabled(p, CR1_TE));
	dma_request(p->m, dma_lines[p->index].dma, dma_lines[p->index].rx,
		    cr3 & CR3_DMAR && sr & SR_RXNE);
}

static void set_sr(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, SR, (periph_get(p, SR) & ~clear) | set);
	update(p);
}

static uint64_t bit_ns(const struct periph *p, uint32_t bits)
{
	uint32_t brr = periph_get(p, BRR);

	/* BRR is 16 times the divider of the 16-fold sampling clock. */
	return (uint64_t)bits * (brr < 16 ? 16 : brr) * NS_PER_S / periph_clock_hz(p);
}

static uint32_t frame_bits(const struct periph *p)
{
	uint32_t stop = periph_get(p, CR2) >> 12 & 3;

	return 1 + (periph_get(p, CR1) & CR1_M ? 9 : 8) + (stop >= 2 ? 2 : 1);
}

/* Data bits that reach software: the parity bit takes the top one's place. */
static uint16_t data_mask(const struct periph *p)
{
	uint32_t cr1 = periph_get(p, CR1);
	unsigned bits = (cr1 & CR1_M ? 9 : 8) - (cr1 & CR1_PCE ? 1 : 0);

	return (uint16_t)((1u << bits) - 1);
}

/* ---- transmitter ------------------------------------------------------------------------ */

static void shift_out(struct periph *p, uint16_t value)
{
	struct usart_state *s = p->state;

	s->shift = value & data_mask(p);
	s->shifting = true;
	periph_schedule(p, EVENT_TX, time_now_ns(p->m) + bit_ns(p, frame_bits(p)));
}

static void transmit(struct periph *p, uint16_t value)
{
	struct usart_state *s = p->state;

	if (!enabled(p, CR1_TE))
		return;
	if (s->shifting) {
		s->tdr = value;
		s->tdr_full = true;
		set_sr(p, 0, SR_TXE | SR_TC);
	} else {
		shift_out(p, value);
		set_sr(p, SR_TXE, SR_TC);
	}
}

static void transmitted(struct periph *p)
{
	struct usart_state *s = p->state;
	struct mcu *m = p->m;
	uint8_t byte = (uint8_t)s->shift;

	s->shifting = false;
	if (s->tdr_full) {
		s->tdr_full = false;
		shift_out(p, s->tdr);
		set_sr(p, SR_TXE, 0);
	} else {
		set_sr(p, SR_TC | SR_TXE, 0);
	}
	if (m->hooks.uart_tx)
		m->hooks.uart_tx(m->hooks.ctx, m, p->index, byte);
}

/* ---- receiver ----------------------------------------------------------------------------- */

/* How long the sender's frame lasts. */
static uint64_t sender_ns(const struct periph *p, uint32_t bits)
{
	const struct usart_state *s = p->state;

	return s->sender_baud ? (uint64_t)bits * NS_PER_S / s->sender_baud : bit_ns(p, bits);
}

static uint8_t pop(struct usart_state *s)
{
	uint8_t byte = s->queue[s->head];

	s->head = (uint16_t)((s->head + 1) % QUEUE);
	s->count--;
	return byte;
}

/* Is the sender's rate near enough to be sampled right (RM0008 27.3.5: ~3 %)? */
static bool rate_fits(const struct periph *p)
{
	uint64_t ours = bit_ns(p, 1000), theirs = sender_ns(p, 1000);

	return theirs * 100 > ours * 97 && theirs * 100 < ours * 103;
}

static void receive(struct periph *p, uint8_t byte)
{
	struct usart_state *s = p->state;

	if (periph_get(p, SR) & SR_RXNE) {
		set_sr(p, SR_ORE, 0); /* the new byte is lost, the old one stays */
		return;
	}
	if (rate_fits(p)) {
		s->rdr = byte & data_mask(p);
		set_sr(p, SR_RXNE, 0);
	} else {
		s->rdr = (uint16_t)(byte ^ 0x5A) & data_mask(p);
		set_sr(p, SR_RXNE | SR_FE | SR_NE, 0);
	}
}

static void set_rx_pin(struct periph *p, int level)
{
	const uint8_t *pin = rx_pins[p->index];

	mcu_pin_drive(p->m, pin[0], pin[1], level);
}

/* The next byte begins: as a whole when somebody listens, else bit by bit. */
static void next_frame(struct periph *p)
{
	struct usart_state *s = p->state;
	uint64_t now = time_now_ns(p->m);

	if (!s->count)
		return;
	if (periph_clocked(p) && enabled(p, CR1_RE)) {
		periph_schedule(p, EVENT_RX, now + sender_ns(p, frame_bits(p)));
	} else {
		s->pin_bit = 0;
		periph_schedule(p, EVENT_PIN, now);
	}
}

/* 8E1, which is what boot loaders are spoken to in: start, 8 data, parity, stop. */
static void pin_bit(struct periph *p)
{
	struct usart_state *s = p->state;
	uint8_t byte = s->queue[s->head];
	unsigned bit = s->pin_bit++;
	int level = 1;

	if (bit == 0)
		level = 0;
	else if (bit <= 8)
		level = byte >> (bit - 1) & 1;
	else if (bit == 9)
		level = __builtin_parity(byte);
	set_rx_pin(p, level);
	if (bit < 10) {
		uint32_t baud = s->sender_baud ? s->sender_baud : 115200;

		periph_schedule(p, EVENT_PIN, time_now_ns(p->m) + NS_PER_S / baud);
		return;
	}
	pop(s);
	if (s->count)
		periph_schedule(p, EVENT_PIN, time_now_ns(p->m) + NS_PER_S / 9600);
}

static void usart_event(struct periph *p, unsigned id)
{
	struct usart_state *s = p->state;

	switch (id) {
	case EVENT_TX:
		transmitted(p);
		break;
	case EVENT_RX:
		if (periph_clocked(p) && enabled(p, CR1_RE))
			receive(p, pop(s));
		else
			pop(s);
		next_frame(p);
		if (!s->count)
			periph_schedule(p, EVENT_IDLE, time_now_ns(p->m) + bit_ns(p, frame_bits(p)));
		break;
	case EVENT_IDLE:
		set_sr(p, SR_IDLE, 0);
		break;
	case EVENT_PIN:
		pin_bit(p);
		break;
	}
}

void mcu_uart_rx_at(struct mcu *m, unsigned n, const uint8_t *data, size_t len, uint32_t baud)
{
	struct periph *p = n >= 1 && n <= 5 ? m->usart[n - 1] : NULL;
	struct usart_state *s;
	bool idle;

	if (!p || !len)
		return;
	s = p->state;
	idle = s->count == 0;
	s->sender_baud = baud;
	for (size_t i = 0; i < len && s->count < QUEUE; i++)
		s->queue[(s->head + s->count++) % QUEUE] = data[i];
	periph_cancel(p, EVENT_IDLE);
	if (idle)
		next_frame(p);
}

void mcu_uart_rx(struct mcu *m, unsigned n, const uint8_t *data, size_t len)
{
	mcu_uart_rx_at(m, n, data, len, 0);
}

/* ---- registers ------------------------------------------------------------------------------ */

static uint32_t read_sr(struct periph *p, const struct reg *r)
{
	if (!p->m->by_debugger)
		((struct usart_state *)p->state)->sr_read = true;
	return periph_get(p, SR);
}

static uint32_t read_dr(struct periph *p, const struct reg *r)
{
	struct usart_state *s = p->state;
	uint32_t clear = SR_RXNE;

	/* Errors and IDLE go by reading SR, then DR. */
	if (s->sr_read)
		clear |= SR_PE | SR_FE | SR_NE | SR_ORE | SR_IDLE;
	s->sr_read = false;
	set_sr(p, 0, clear);
	return s->rdr;
}

static void write_dr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	transmit(p, (uint16_t)value);
}

/* TC, RXNE, LBD and CTS are cleared by writing 0. */
static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_sr(p, 0, ~value & (SR_TC | SR_RXNE | 0x300));
}

static void write_control(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct usart_state *s = p->state;
	bool listened = enabled(p, CR1_RE);

	periph_store(p, r, value);
	if (r->offset == CR1 && !(value & CR1_UE)) {
		s->shifting = s->tdr_full = false;
		periph_cancel(p, EVENT_TX);
		periph_set(p, SR, SR_TXE | SR_TC);
	}
	/* A byte half on the pin is lost to a receiver that starts in its middle. */
	if (!listened && enabled(p, CR1_RE) && periph_scheduled(p, EVENT_PIN, NULL) &&
	    s->pin_bit == 0) {
		periph_cancel(p, EVENT_PIN);
		next_frame(p);
	}
	update(p);
}

static void usart_reset(struct periph *p, enum mcu_reset why)
{
	struct usart_state *s = p->state;

	*s = (struct usart_state){.sender_baud = 0};
	update(p);
}

static const struct reg regs[] = {
	{SR, "SR", 0xC0, 0x3FF, 0x360, .read = read_sr, .stable = true, .write = write_sr},
	{DR, "DR", 0, 0x1FF, 0x1FF, .read = read_dr, .write = write_dr},
	{BRR, "BRR", 0, 0xFFFF, 0xFFFF},
	{CR1, "CR1", 0, 0x3FFF, 0x3FFF, .write = write_control},
	{CR2, "CR2", 0, 0x7F6F, 0x7F6F, .write = write_control},
	{CR3, "CR3", 0, 0x7FF, 0x7FF, .write = write_control},
	{0x18, "GTPR", 0, 0xFFFF, 0xFFFF},
};

const struct periph_def usart_def = {
	.kind = "USART",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct usart_state),
	.reset = usart_reset,
	.event = usart_event,
	.not_modelled = "synchronous, IrDA, smartcard, LIN, flow control, mute mode, remapped RX pins",
};
