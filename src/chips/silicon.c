/*
 * Genuine STM32F103 and the parts sold in its place, as they look from
 * outside. Every figure is from public measurements; what is inferred only is
 * marked ASSUMED. Missing measurements take the genuine value or the value
 * shared by the other clones, and say so.
 */
#include "chips/chips.h"

#include <strings.h>

#define GENUINE_DPIDR 0x1BA01477u
#define CLONE_DPIDR 0x2BA01477u
#define R1P1 0x411FC231u
#define R2P1 0x412FC231u
#define R2P0 0x412FC230u
#define JEP_ST 0x0020u
#define JEP_ARM 0x043Bu
#define JEP_GIGADEVICE 0x0751u
#define NONE 0xFFFFFFFFu

static const struct silicon rows[] = {
	{.name = "genuine", .maker = "STMicroelectronics", .dpidr = GENUINE_DPIDR,
	 .ap_idr = 0x14770011, .cpuid = R1P1, .idcode_rev = 0x20036000, .rom_designer = JEP_ST,
	 .vtor_mask = 0x3FFFFF80, .idcode_erratum = true, .flash_slowdown = 100,
	 .nvic_prio_bits = 4, .word_1ffff7d0 = NONE, .source = "RM0008; measured dumps, rev Y"},
	{.name = "gd32f103", .maker = "GigaDevice", .dpidr = GENUINE_DPIDR, .ap_idr = 0x24770011,
	 .cpuid = R2P1, .idcode_rev = 0x13030000, .rom_designer = JEP_GIGADEVICE, .rom_part = 0x76F,
	 .vtor_mask = 0xFFFFFF80, .swj_first_write_only = true, .ram_size_in_flash_reg = true,
	 .flash_slowdown = 100, .nvic_prio_bits = 4, .word_1ffff7d0 = NONE,
	 .word_40022100 = 0x42433843, .source = "measured; DPIDR disputed; product word ASSUMED"},
	{.name = "cs32f103", .maker = "China Key Systems", .dpidr = CLONE_DPIDR,
	 .ap_idr = 0x24770011, .cpuid = R2P1, .idcode_rev = 0x20036000, .rom_designer = JEP_ARM,
	 .rom_part = 0x4C3, .vtor_mask = 0xFFFFFF80, .flash_slowdown = 100, .nvic_prio_bits = 4,
	 .word_1ffff7d0 = NONE, .rom_initial_sp = 0x200001FC, .source = "measured"},
	{.name = "apm32f103", .maker = "Geehy", .dpidr = CLONE_DPIDR, .ap_idr = 0x24770011,
	 .cpuid = R2P1, .idcode_rev = 0x20036000, .rom_designer = JEP_ARM, .rom_part = 0x4C3,
	 .vtor_mask = 0xFFFFFF80, .flash_slowdown = 100, .nvic_prio_bits = 4,
	 .word_1ffff7d0 = 0x0CF300FF, .ahbenr_extra = 1u << 3, .source = "measured"},
	{.name = "ch32f103", .maker = "WCH", .dpidr = CLONE_DPIDR, .ap_idr = 0x24770011,
	 .cpuid = R2P1, .idcode_rev = 0x20006000, .rom_designer = JEP_ARM, .rom_part = 0x4C3,
	 .vtor_mask = 0xFFFFFF80, .flash_slowdown = 250, .nvic_prio_bits = 4,
	 .word_1ffff7d0 = NONE, .rom_initial_sp = 0x20000910, .ahbenr_extra = 1u << 12,
	 .source = "measured; slow-down factor ASSUMED (\"10x slower\" reported for byte writes)"},
	{.name = "air32f103", .maker = "LuatOS/Megahunt", .dpidr = CLONE_DPIDR,
	 .ap_idr = 0x24770011, .cpuid = R2P0, .idcode_rev = 0x20030000, .rom_designer = 0xFFFF,
	 .vtor_mask = 0xFFFFFF80, .no_attach_in_reset = true, .swj_nojtag_locks = true,
	 .uid_zero = true, .flash_slowdown = 100, .nvic_prio_bits = 3, .word_1ffff7d0 = NONE,
	 .rom_initial_sp = 0x20002000, .source = "vendor migration guide; one measured board"},
};

const struct silicon *silicon_all(size_t *count)
{
	*count = sizeof rows / sizeof rows[0];
	return rows;
}

const struct silicon *silicon_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcasecmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}
