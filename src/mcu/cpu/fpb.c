/*
 * Flash patch and breakpoint unit: six instruction and two literal comparators.
 * DDI 0403 C1.11. Comparators match in the Code region (below 0x20000000) only.
 * Not modelled: the remap table's read failing (it lies in SRAM).
 */
#include "mcu/cpu/cpu_internal.h"

#define FP_CTRL (FPB_BASE + 0)
#define FP_REMAP (FPB_BASE + 4)
#define FP_COMP (FPB_BASE + 8)
#define CTRL_COUNTS 0x260u /* 2 literal, 6 code comparators */
#define CTRL_KEY 2u
#define CODE_COMPARATORS 6
#define COMP_MASK 0xDFFFFFFDu
#define REMAP_SPACE 0x20000000u

uint32_t fpb_read(struct mcu *m, uint32_t address)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;

	if (address == FP_CTRL)
		return CTRL_COUNTS | f->enabled;
	if (address == FP_REMAP)
		return REMAP_SPACE | f->remap; /* RMPSPT: remapping is supported */
	if (address - FP_COMP < 4 * FPB_COMPARATORS)
		return f->comp[(address - FP_COMP) / 4];
	return component_id(m, address);
}

void fpb_write(struct mcu *m, uint32_t address, uint32_t value)
{
	struct cpu_fpb *f = &m->s.cpu.fpb;

	if (address == FP_CTRL) {
		if (value & CTRL_KEY)
			f->enabled = value & 1;
	} else if (address == FP_REMAP) {
		f->remap = value & 0x1FFFFFE0u;
	} else if (address - FP_COMP < 4 * FPB_COMPARATORS) {
		f->comp[(address - FP_COMP) / 4] = value & COMP_MASK;
	}
	/* What was decoded may hold a breakpoint or lack one. */
	cache_forget_all(m);
}

static bool matches(const struct cpu_fpb *f, unsigned i, uint32_t address)
{
	return f->comp[i] & 1 && (f->comp[i] & 0x1FFFFFFCu) == (address & ~3u);
}

bool fpb_breaks(const struct mcu *m, uint32_t address)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;
	unsigned half = address & 2 ? 2 : 1; /* REPLACE: 01 lower, 10 upper, 11 both */

	if (!f->enabled)
		return false;
	for (unsigned i = 0; i < CODE_COMPARATORS; i++)
		if (matches(f, i, address) && f->comp[i] >> 30 & half)
			return true;
	return false;
}

static uint32_t slot(const struct cpu_fpb *f, unsigned i)
{
	return (REMAP_SPACE | f->remap) + 4 * i;
}

bool fpb_remap_code(struct mcu *m, uint32_t address, uint16_t *hw)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;
	uint32_t word;

	if (!f->enabled)
		return false;
	for (unsigned i = 0; i < CODE_COMPARATORS; i++)
		if (matches(f, i, address) && f->comp[i] >> 30 == 0 &&
		    bus_read(m, slot(f, i), 4, &word)) {
			*hw = (uint16_t)(word >> (address & 2 ? 16 : 0));
			return true;
		}
	return false;
}

uint32_t fpb_remap_literal(const struct mcu *m, uint32_t address)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;

	if (!f->enabled)
		return address;
	for (unsigned i = CODE_COMPARATORS; i < FPB_COMPARATORS; i++)
		if (matches(f, i, address))
			return slot(f, i) | (address & 3);
	return address;
}

bool fpb_remaps_literals(const struct mcu *m)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;

	return f->enabled && (f->comp[6] & 1 || f->comp[7] & 1);
}

bool fpb_touches(const struct mcu *m, uint32_t address)
{
	const struct cpu_fpb *f = &m->s.cpu.fpb;

	for (unsigned i = 0; f->enabled && i < CODE_COMPARATORS; i++)
		if (matches(f, i, address) || matches(f, i, address + 2))
			return true;
	return false;
}
