/*
 * FSMC: registers of the external memory controller. RM0008 chapter 21.
 * No memory is fitted: bus.c answers reads of its banks with ones.
 * Not modelled: timing, NAND and PC card operation, ECC.
 */
#include "mcu/mcu_internal.h"
#include "mcu/periph/periph.h"

#define BANK(n, offset, bcr)                                                                       \
	{offset, "BCR" #n, bcr, 0x000FFFFF, 0x000FFF7F},                                           \
	{(offset) + 4, "BTR" #n, 0x0FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF}
#define CARD(n, offset)                                                                            \
	{offset, "PCR" #n, 0x18, 0x000FFE7E, 0x000FFE7E},                                          \
	{(offset) + 4, "SR" #n, 0x40, 0x7F, 0x3F},                                                 \
	{(offset) + 8, "PMEM" #n, 0xFCFCFCFC, ~0u, ~0u},                                           \
	{(offset) + 12, "PATT" #n, 0xFCFCFCFC, ~0u, ~0u}
#define WRITE_TIMING(n, offset) {offset, "BWTR" #n, 0x0FFFFFFF, 0x3FFFFFFF, 0x3FFFFFFF}

static const struct reg regs[] = {
	BANK(1, 0x00, 0x30DB), BANK(2, 0x08, 0x30D2), BANK(3, 0x10, 0x30D2), BANK(4, 0x18, 0x30D2),
	CARD(2, 0x60),
	{0x74, "ECCR2", 0, ~0u, 0},
	CARD(3, 0x80),
	{0x94, "ECCR3", 0, ~0u, 0},
	CARD(4, 0xA0),
	{0xB0, "PIO4", 0xFCFCFCFC, ~0u, ~0u},
	WRITE_TIMING(1, 0x104), WRITE_TIMING(2, 0x10C), WRITE_TIMING(3, 0x114), WRITE_TIMING(4, 0x11C),
};

const struct periph_def fsmc_def = {
	.kind = "FSMC",
	.regs = regs,
	.reg_count = sizeof regs / sizeof regs[0],
	.not_modelled = "external memories (reads give ones), timing, NAND, ECC",
};
