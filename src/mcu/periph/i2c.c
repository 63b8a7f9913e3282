/*
 * I2C1-2 as a master. RM0008 chapter 26.
 *
 * The bus has its pull-ups and nobody on it: an address is not acknowledged (AF)
 * unless hooks.i2c_ack says so; a device that acknowledges takes every byte and
 * reads as ones, or as hooks.i2c_data says.
 * Not modelled: slave mode, SMBus, PEC, arbitration loss, 10-bit second byte.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR1 0x00
#define CR2 0x04
#define DR 0x10
#define SR1 0x14
#define SR2 0x18
#define CCR 0x1C
#define CR1_PE 0x01u
#define CR1_START 0x100u
#define CR1_STOP 0x200u
#define CR1_SWRST 0x8000u
#define CR2_ITERREN 0x100u
#define CR2_ITEVTEN 0x200u
#define CR2_ITBUFEN 0x400u
#define CR2_DMAEN 0x800u
#define SR1_SB 0x01u
#define SR1_ADDR 0x02u
#define SR1_BTF 0x04u
#define SR1_RXNE 0x40u
#define SR1_TXE 0x80u
#define SR1_AF 0x400u
#define SR1_ERRORS 0xDF00u
#define SR2_MSL 1u
#define SR2_BUSY 2u
#define SR2_TRA 4u
#define NS_PER_S 1000000000u
/* What the wire is doing, and thus what the event means. */
enum phase { IDLE, STARTING, STARTED, ADDRESSING, SENDING, RECEIVING, STOPPING };

struct i2c_state {
	uint8_t phase;     /* enum phase */
	uint8_t shift, dr; /* byte on the wire; byte waiting */
	bool shifting, dr_full;
	bool sr1_read, reading;
};

static const struct {
	uint8_t tx, rx;
} dma_lines[] = {{0, 0}, {6, 7}, {4, 5}};

static void update(struct periph *p)
{
	uint32_t sr1 = periph_get(p, SR1), cr2 = periph_get(p, CR2);
	uint32_t events = sr1 & 0x1F;

	if (cr2 & CR2_ITBUFEN)
		events |= sr1 & (SR1_TXE | SR1_RXNE);
	periph_irq(p, 0, events && cr2 & CR2_ITEVTEN);
	periph_irq(p, 1, sr1 & SR1_ERRORS && cr2 & CR2_ITERREN);
	dma_request(p->m, 1, dma_lines[p->index].tx, cr2 & CR2_DMAEN && sr1 & SR1_TXE);
	dma_request(p->m, 1, dma_lines[p->index].rx, cr2 & CR2_DMAEN && sr1 & SR1_RXNE);
}

static void set_sr1(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, SR1, (periph_get(p, SR1) & ~clear) | set);
	update(p);
}

static void set_sr2(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, SR2, (periph_get(p, SR2) & ~clear) | set);
}

/* One SCL period (RM0008 26.6.8). */
static uint64_t bit_ns(const struct periph *p)
{
	uint32_t ccr = periph_get(p, CCR);
	uint64_t count = ccr & 0xFFF ? ccr & 0xFFF : 1;
	unsigned factor = !(ccr & 0x8000) ? 2 : ccr & 0x4000 ? 25 : 3;

	return count * factor * NS_PER_S / periph_clock_hz(p);
}

static void enter(struct periph *p, enum phase phase, unsigned bits)
{
	((struct i2c_state *)p->state)->phase = (uint8_t)phase;
	periph_schedule(p, 0, time_now_ns(p->m) + bits * bit_ns(p));
}

static void send(struct periph *p, uint8_t byte, enum phase phase)
{
	struct i2c_state *s = p->state;

	s->shift = byte;
	s->shifting = true;
	enter(p, phase, 9);
}

/* Nothing is in the shift register: what comes next? */
static void refill(struct periph *p)
{
	struct i2c_state *s = p->state;

	if (s->reading) {
		if (!(periph_get(p, SR1) & SR1_BTF))
			send(p, 0xFF, RECEIVING);
	} else if (s->dr_full) {
		s->dr_full = false;
		send(p, s->dr, SENDING);
		set_sr1(p, SR1_TXE, SR1_BTF);
	} else {
		s->shifting = false;
		set_sr1(p, SR1_TXE | SR1_BTF, 0);
	}
}

static void addressed(struct periph *p)
{
	struct i2c_state *s = p->state;
	struct mcu *m = p->m;
	bool read = s->shift & 1;
	bool ack = m->hooks.i2c_ack &&
		   m->hooks.i2c_ack(m->hooks.ctx, m, p->index, s->shift >> 1, read);

	s->shifting = false;
	s->reading = read;
	if (!ack) {
		set_sr1(p, SR1_AF, 0);
		return;
	}
	set_sr2(p, read ? 0 : SR2_TRA, read ? SR2_TRA : 0);
	set_sr1(p, SR1_ADDR, 0);
}

/* The hook sees the byte, and may say another. */
static uint8_t told(struct periph *p, bool read, uint8_t byte)
{
	struct mcu *m = p->m;

	if (m->hooks.i2c_data)
		m->hooks.i2c_data(m->hooks.ctx, m, p->index, read, &byte);
	return byte;
}

static void received(struct periph *p)
{
	struct i2c_state *s = p->state;

	s->shifting = false;
	if (periph_get(p, SR1) & SR1_RXNE) { /* the clock is stretched until DR is read */
		set_sr1(p, SR1_BTF, 0);
		return;
	}
	s->dr = told(p, true, 0xFF);
	set_sr1(p, SR1_RXNE, 0);
	if (periph_get(p, CR1) & 0x400 && !(periph_get(p, CR1) & CR1_STOP)) /* ACK: go on */
		refill(p);
}

static void stopped(struct periph *p)
{
	struct i2c_state *s = p->state;

	s->phase = IDLE;
	s->shifting = s->dr_full = false;
	periph_set(p, CR1, periph_get(p, CR1) & ~CR1_STOP);
	set_sr2(p, 0, SR2_MSL | SR2_BUSY | SR2_TRA);
	set_sr1(p, 0, SR1_TXE | SR1_BTF | SR1_SB | SR1_ADDR);
	if (periph_get(p, CR1) & CR1_START)
		enter(p, STARTING, 1);
}

static void i2c_event(struct periph *p, unsigned id)
{
	struct i2c_state *s = p->state;

	switch (s->phase) {
	case STARTING:
		s->phase = STARTED;
		s->shifting = false;
		periph_set(p, CR1, periph_get(p, CR1) & ~CR1_START);
		set_sr2(p, SR2_MSL | SR2_BUSY, 0);
		set_sr1(p, SR1_SB, SR1_TXE | SR1_BTF);
		break;
	case ADDRESSING:
		addressed(p);
		break;
	case SENDING:
		s->shifting = false;
		told(p, false, s->shift);
		refill(p);
		break;
	case RECEIVING:
		received(p);
		break;
	case STOPPING:
		stopped(p);
		break;
	}
	/* A stop asked for in the middle of a byte follows the byte. */
	if (s->phase != STOPPING && s->phase != IDLE && !s->shifting &&
	    periph_get(p, CR1) & CR1_STOP)
		enter(p, STOPPING, 1);
}

/* ---- registers ---------------------------------------------------------------------------- */

static void switch_off(struct periph *p)
{
	*(struct i2c_state *)p->state = (struct i2c_state){0};
	periph_cancel(p, 0);
	periph_set(p, SR1, 0);
	periph_set(p, SR2, 0);
	periph_set(p, CR1, periph_get(p, CR1) & ~(CR1_START | CR1_STOP));
	update(p);
}

static void write_cr1(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct i2c_state *s = p->state;

	periph_store(p, r, value);
	if (value & CR1_SWRST) {
		periph_reset(p, MCU_RESET_SOFTWARE);
		periph_set(p, CR1, CR1_SWRST);
		return;
	}
	if (!(value & CR1_PE)) {
		switch_off(p);
		return;
	}
	if (value & CR1_STOP && s->phase != IDLE && s->phase != STOPPING && !s->shifting)
		enter(p, STOPPING, 1);
	else if (value & CR1_STOP && s->phase == IDLE)
		periph_set(p, CR1, value & ~CR1_STOP);
	else if (value & ~old & CR1_START && s->phase != STOPPING && !s->shifting)
		enter(p, STARTING, 1);
}

static void write_cr2(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	update(p);
}

static void write_dr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct i2c_state *s = p->state;

	if (s->phase == STARTED && periph_get(p, SR1) & SR1_SB) {
		set_sr1(p, 0, SR1_SB);
		send(p, (uint8_t)value, ADDRESSING);
	} else if (periph_get(p, SR2) & SR2_TRA) {
		s->dr = (uint8_t)value;
		s->dr_full = true;
		set_sr1(p, 0, SR1_TXE | SR1_BTF);
		if (!s->shifting && !(periph_get(p, SR1) & SR1_ADDR))
			refill(p);
	}
}

static uint32_t read_dr(struct periph *p, const struct reg *r)
{
	struct i2c_state *s = p->state;
	bool stretched = periph_get(p, SR1) & SR1_BTF && s->reading;

	set_sr1(p, 0, SR1_RXNE | SR1_BTF);
	if (stretched) {
		set_sr1(p, SR1_RXNE, 0);
		if (!(periph_get(p, CR1) & CR1_STOP))
			refill(p);
	}
	return s->dr;
}

static uint32_t read_sr1(struct periph *p, const struct reg *r)
{
	((struct i2c_state *)p->state)->sr1_read = true;
	return periph_get(p, SR1);
}

/* Reading SR1 and then SR2 ends the address phase. */
static uint32_t read_sr2(struct periph *p, const struct reg *r)
{
	struct i2c_state *s = p->state;
	uint32_t sr2 = periph_get(p, SR2);

	if (s->sr1_read && periph_get(p, SR1) & SR1_ADDR) {
		set_sr1(p, s->reading ? 0 : SR1_TXE, SR1_ADDR);
		if (s->reading)
			refill(p);
		else if (s->dr_full)
			refill(p);
	}
	s->sr1_read = false;
	return sr2;
}

static void write_sr1(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_sr1(p, 0, ~value & SR1_ERRORS);
}

static void i2c_reset(struct periph *p, enum mcu_reset why)
{
	*(struct i2c_state *)p->state = (struct i2c_state){0};
	update(p);
}

static const struct reg regs[] = {
	{CR1, "CR1", 0, 0xBFFB, 0xBFFB, .write = write_cr1},
	{CR2, "CR2", 0, 0x1F3F, 0x1F3F, .write = write_cr2},
	{0x08, "OAR1", 0, 0xC3FF, 0xC3FF},
	{0x0C, "OAR2", 0, 0xFF, 0xFF},
	{DR, "DR", 0, 0xFF, 0xFF, .read = read_dr, .write = write_dr},
	{SR1, "SR1", 0, 0xDFDF, 0xDF00, .read = read_sr1, .stable = true, .write = write_sr1},
	{SR2, "SR2", 0, 0xFFF7, 0, .read = read_sr2, .stable = true},
	{CCR, "CCR", 0, 0xCFFF, 0xCFFF},
	{0x20, "TRISE", 2, 0x3F, 0x3F},
};

const struct periph_def i2c_def = {
	.kind = "I2C",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct i2c_state),
	.reset = i2c_reset,
	.event = i2c_event,
	.not_modelled = "slave mode, SMBus, PEC, arbitration; devices' data (reads as ones)",
};
