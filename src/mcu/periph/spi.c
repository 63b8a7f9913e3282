/*
 * SPI1-3 as a master. RM0008 chapter 25.
 *
 * Nothing is connected unless hooks.spi answers: MISO reads as ones. Frames take
 * their bits at the prescaled clock.
 * Not modelled: slave mode (nobody clocks), hardware CRC, multi-master, I2S
 * (accepts samples at once, plays nothing).
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR1 0x00
#define CR2 0x04
#define SR 0x08
#define DR 0x0C
#define I2SCFGR 0x1C
#define CR1_MSTR 0x04u
#define CR1_SPE 0x40u
#define CR1_SSI 0x100u
#define CR1_SSM 0x200u
#define CR1_RXONLY 0x400u
#define CR1_DFF 0x800u
#define CR1_BIDIOE 0x4000u
#define CR1_BIDIMODE 0x8000u
#define CR2_RXDMAEN 1u
#define CR2_TXDMAEN 2u
#define CR2_ERRIE 0x20u
#define CR2_RXNEIE 0x40u
#define CR2_TXEIE 0x80u
#define SR_RXNE 0x01u
#define SR_TXE 0x02u
#define SR_MODF 0x20u
#define SR_OVR 0x40u
#define SR_BSY 0x80u
#define I2SMOD 0x800u
#define NS_PER_S 1000000000u

struct spi_state {
	uint16_t shift, tdr, rdr;
	bool shifting, tdr_full, dr_read, sr_read;
};

/* RM0008 tables 78 and 79: DMA unit and channels. */
static const struct {
	uint8_t dma, rx, tx;
} dma_lines[] = {{0}, {1, 2, 3}, {1, 4, 5}, {2, 1, 2}};

static void update(struct periph *p)
{
	uint32_t sr = periph_get(p, SR), cr2 = periph_get(p, CR2);
	bool on = periph_get(p, CR1) & CR1_SPE || periph_get(p, I2SCFGR) & 0x400;

	periph_irq(p, 0, (sr & SR_RXNE && cr2 & CR2_RXNEIE) || (sr & SR_TXE && cr2 & CR2_TXEIE) ||
				 (sr & (SR_OVR | SR_MODF) && cr2 & CR2_ERRIE));
	dma_request(p->m, dma_lines[p->index].dma, dma_lines[p->index].rx,
		    on && sr & SR_RXNE && cr2 & CR2_RXDMAEN);
	dma_request(p->m, dma_lines[p->index].dma, dma_lines[p->index].tx,
		    on && sr & SR_TXE && cr2 & CR2_TXDMAEN);
}

static void set_sr(struct periph *p, uint32_t set, uint32_t clear)
{
	periph_set(p, SR, (periph_get(p, SR) & ~clear) | set);
	update(p);
}

static uint64_t frame_ns(const struct periph *p)
{
	uint32_t cr1 = periph_get(p, CR1);
	uint64_t bits = cr1 & CR1_DFF ? 16 : 8;

	return bits * (2u << (cr1 >> 3 & 7)) * NS_PER_S / periph_clock_hz(p);
}

static uint16_t mask(const struct periph *p)
{
	return periph_get(p, CR1) & CR1_DFF ? 0xFFFF : 0xFF;
}

static void shift(struct periph *p, uint16_t value)
{
	struct spi_state *s = p->state;

	s->shift = value & mask(p);
	s->shifting = true;
	periph_schedule(p, 0, time_now_ns(p->m) + frame_ns(p));
}

/* A master that only receives clocks by itself while it is enabled. */
static bool receives_only(const struct periph *p)
{
	uint32_t cr1 = periph_get(p, CR1);

	return cr1 & CR1_MSTR && cr1 & CR1_SPE &&
	       (cr1 & CR1_BIDIMODE ? !(cr1 & CR1_BIDIOE) : cr1 & CR1_RXONLY);
}

static bool is_master(const struct periph *p)
{
	uint32_t want = CR1_MSTR | CR1_SPE;

	return (periph_get(p, CR1) & want) == want;
}

static void transmit(struct periph *p, uint16_t value)
{
	struct spi_state *s = p->state;

	if (periph_get(p, I2SCFGR) & I2SMOD) /* samples go nowhere, at once */
		return;
	if (!is_master(p)) {
		s->tdr = value;
		s->tdr_full = true;
		set_sr(p, 0, SR_TXE);
	} else if (s->shifting) {
		s->tdr = value;
		s->tdr_full = true;
		set_sr(p, SR_BSY, SR_TXE);
	} else {
		shift(p, value);
		set_sr(p, SR_TXE | SR_BSY, 0);
	}
}

static void receive(struct periph *p, uint16_t value)
{
	struct spi_state *s = p->state;
	uint32_t cr1 = periph_get(p, CR1);

	if (cr1 & CR1_BIDIMODE && cr1 & CR1_BIDIOE)
		return; /* one line, and we are driving it */
	if (periph_get(p, SR) & SR_RXNE) {
		set_sr(p, SR_OVR, 0);
		return;
	}
	s->rdr = value & mask(p);
	set_sr(p, SR_RXNE, 0);
}

static void spi_event(struct periph *p, unsigned id)
{
	struct spi_state *s = p->state;
	struct mcu *m = p->m;
	uint16_t in = 0xFFFF;

	if (m->hooks.spi)
		in = m->hooks.spi(m->hooks.ctx, m, p->index, s->shift);
	s->shifting = false;
	if (s->tdr_full) {
		s->tdr_full = false;
		shift(p, s->tdr);
		receive(p, in);
		set_sr(p, SR_TXE, 0);
		return;
	}
	set_sr(p, 0, SR_BSY);
	receive(p, in);
	if (receives_only(p) && !(periph_get(p, SR) & SR_OVR))
		shift(p, 0xFFFF);
}

/* ---- registers ------------------------------------------------------------------------ */

static void write_cr1(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	struct spi_state *s = p->state;

	periph_store(p, r, value);
	/* Master with NSS low by software: mode fault, and the master is off. */
	if (value & CR1_MSTR && value & CR1_SSM && !(value & CR1_SSI)) {
		periph_set(p, CR1, value & ~(CR1_MSTR | CR1_SPE));
		set_sr(p, SR_MODF, 0);
	}
	if (!(periph_get(p, CR1) & CR1_SPE)) {
		s->shifting = s->tdr_full = false;
		periph_cancel(p, 0);
		set_sr(p, SR_TXE, SR_BSY);
	} else if (is_master(p) && s->tdr_full && !s->shifting) {
		s->tdr_full = false;
		transmit(p, s->tdr);
	} else if (receives_only(p) && !s->shifting) {
		shift(p, 0xFFFF);
	}
	update(p);
}

static void write_cr2(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	periph_store(p, r, value);
	update(p);
}

static uint32_t read_sr(struct periph *p, const struct reg *r)
{
	struct spi_state *s = p->state;

	/* OVR goes by reading DR, then SR. */
	if (s->dr_read && periph_get(p, SR) & SR_OVR) {
		uint32_t seen = periph_get(p, SR);

		s->dr_read = false;
		set_sr(p, 0, SR_OVR);
		return seen;
	}
	return periph_get(p, SR);
}

static uint32_t read_dr(struct periph *p, const struct reg *r)
{
	struct spi_state *s = p->state;
	uint16_t value = s->rdr;

	s->dr_read = true;
	set_sr(p, 0, SR_RXNE);
	if (receives_only(p) && !s->shifting)
		shift(p, 0xFFFF);
	return value;
}

static void write_dr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	transmit(p, (uint16_t)value);
}

static void write_sr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	set_sr(p, 0, ~value & 0x10); /* CRCERR */
}

static void spi_reset(struct periph *p, enum mcu_reset why)
{
	*(struct spi_state *)p->state = (struct spi_state){0};
	update(p);
}

static const struct reg regs[] = {
	{CR1, "CR1", 0, 0xFFFF, 0xFFFF, .write = write_cr1},
	{CR2, "CR2", 0, 0xE7, 0xE7, .write = write_cr2},
	{SR, "SR", 2, 0xFF, 0x10, .read = read_sr, .stable = true, .write = write_sr},
	{DR, "DR", 0, 0xFFFF, 0xFFFF, .read = read_dr, .write = write_dr},
	{0x10, "CRCPR", 7, 0xFFFF, 0xFFFF},
	{0x14, "RXCRCR", 0, 0xFFFF, 0},
	{0x18, "TXCRCR", 0, 0xFFFF, 0},
	{I2SCFGR, "I2SCFGR", 0, 0xFBF, 0xFBF, .write = write_cr2},
	{0x20, "I2SPR", 2, 0x3FF, 0x3FF},
};

const struct periph_def spi_def = {
	.kind = "SPI",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.state_size = sizeof(struct spi_state),
	.reset = spi_reset,
	.event = spi_event,
	.not_modelled = "slave mode, hardware CRC, I2S playback",
};
