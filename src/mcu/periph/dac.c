/*
 * DAC. RM0008 chapter 12. Registers; the output follows at once.
 * A timer's trigger asks DMA for the next value; that the output follows only then
 * is left out.
 * Not modelled: waves, the voltage on PA4 and PA5.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define CR 0x00
#define CR_WANTED 0x1005u /* EN, TEN, DMAEN */
#define DOR1 0x2C

/* The holding registers come in three alignments: 12 bits right, 12 left, 8. */
static uint32_t twelve_bits(unsigned shape, uint32_t value)
{
	return shape == 0 ? value & 0xFFF : shape == 1 ? value >> 4 & 0xFFF : (value & 0xFF) << 4;
}

static void write_hold(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	unsigned channel = r->arg & 1;

	periph_store(p, r, value);
	periph_set(p, DOR1 + 4 * channel, twelve_bits(r->arg >> 1, value));
}

/* Both channels at once: the second one's value is above the first one's. */
static void write_both(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t low = r->arg == 2 ? value & 0xFF : value & 0xFFFF;
	uint32_t high = r->arg == 2 ? value >> 8 & 0xFF : value >> 16;

	periph_store(p, r, value);
	periph_set(p, DOR1, twelve_bits(r->arg, low));
	periph_set(p, DOR1 + 4, twelve_bits(r->arg, high));
}

/* RM0008 12.5.1: TSEL 0 to 5; DMA2 channels 3 and 4 (table 79). */
void dac_trigger(struct mcu *m, unsigned tim)
{
	static const uint8_t timers[8] = {6, 8, 7, 5, 2, 4};
	const struct periph *p = m->dac;

	for (unsigned ch = 0; p && periph_clocked(p) && ch < 2; ch++) {
		uint32_t cr = periph_get(p, CR) >> 16 * ch;

		if ((cr & CR_WANTED) == CR_WANTED && timers[cr >> 3 & 7] == tim)
			dma_pulse(m, 2, 3 + ch, 1);
	}
}

static const struct reg regs[] = {
	{CR, "CR", 0, 0x1FFF1FFF, 0x1FFF1FFF},
	{0x04, "SWTRIGR", 0, 0, 3},
	{0x08, "DHR12R1", 0, 0xFFF, 0xFFF, .write = write_hold, .arg = 0},
	{0x0C, "DHR12L1", 0, 0xFFF0, 0xFFF0, .write = write_hold, .arg = 2},
	{0x10, "DHR8R1", 0, 0xFF, 0xFF, .write = write_hold, .arg = 4},
	{0x14, "DHR12R2", 0, 0xFFF, 0xFFF, .write = write_hold, .arg = 1},
	{0x18, "DHR12L2", 0, 0xFFF0, 0xFFF0, .write = write_hold, .arg = 3},
	{0x1C, "DHR8R2", 0, 0xFF, 0xFF, .write = write_hold, .arg = 5},
	{0x20, "DHR12RD", 0, 0x0FFF0FFF, 0x0FFF0FFF, .write = write_both, .arg = 0},
	{0x24, "DHR12LD", 0, 0xFFF0FFF0, 0xFFF0FFF0, .write = write_both, .arg = 1},
	{0x28, "DHR8RD", 0, 0xFFFF, 0xFFFF, .write = write_both, .arg = 2},
	{DOR1, "DOR1", 0, 0xFFF, 0},
	{0x30, "DOR2", 0, 0xFFF, 0},
};

const struct periph_def dac_def = {
	.kind = "DAC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.not_modelled = "waves, the analogue output; the output does not wait for its trigger",
};
