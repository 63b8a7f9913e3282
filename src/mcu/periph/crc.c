/*
 * CRC unit: CRC-32 (polynomial 0x04C11DB7, not reflected), a word at a time.
 * RM0008 chapter 4.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define DR 0x00
#define POLYNOMIAL 0x04C11DB7u

static void write_dr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	uint32_t crc = old ^ value;

	if (p->m->silicon->no_crc_unit)
		return;
	for (unsigned i = 0; i < 32; i++)
		crc = crc & 0x80000000u ? crc << 1 ^ POLYNOMIAL : crc << 1;
	periph_set(p, DR, crc);
}

static void write_cr(struct periph *p, const struct reg *r, uint32_t value, uint32_t old)
{
	if (value & 1)
		periph_set(p, DR, 0xFFFFFFFFu);
}

static const struct reg regs[] = {
	{DR, "DR", 0xFFFFFFFF, ~0u, ~0u, .write = write_dr},
	{0x04, "IDR", 0, 0xFF, 0xFF},
	{0x08, "CR", 0, 0, 1, .write = write_cr},
};

const struct periph_def crc_def = {
	.kind = "CRC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
};
