/*
 * STM32F103: low, medium, high and XL density.
 *
 * Sources: RM0008 (memory map, embedded flash), DS5319 (x8/xB: table 28 flash
 * timing), DS6876 (x4/x6), DS5792 (xC/xD/xE), Doc ID 16554 (xF/xG), PM0075 (flash
 * programming), PM0068 (the same for XL).
 * The die behind a C8 usually carries 128 KiB of working flash; the row says
 * so because a mass erase wipes all of it.
 * XL parts have their flash in two banks with a register set each (PM0068);
 * writing them is not supported: bank 2 is not modelled.
 */
#include "chips/chips_internal.h"

static const struct flash_timing f1_timing = {
	.program_ns = {40000, 52500, 70000},
	.page_erase_ns = {20000000, 30000000, 40000000}, /* typ: ASSUMED middle of min and max */
	.mass_erase_ns = {20000000, 30000000, 40000000}, /* typ: ASSUMED middle of min and max */
	.source = "DS5319 table 28 (min/max); page and mass erase typ ASSUMED",
};

#define KIB(n) ((n) * 1024u)

#define F103(part, id, dens, sold, die, page, wrp, ram, ports, uarts, pins, nirq)                  \
	{                                                                                          \
		.name = "STM32F103" part, .family = "STM32F1", .dev_id = id, .density = dens,      \
		.flash_base = 0x08000000, .flash_size = KIB(sold), .flash_die = KIB(die),          \
		.page_size = page, .wrp_pages = wrp, .ram_base = 0x20000000, .ram_size = KIB(ram), \
		.system_base = 0x1FFFF000, .system_size = 0x800, .option_base = 0x1FFFF800,        \
		.flash_size_reg = 0x1FFFF7E0, .uid_reg = 0x1FFFF7E8, .algorithm = FLASH_STM32F1,   \
		.timing = &f1_timing, .gpio_ports = ports, .usarts = uarts, .package_pins = pins,  \
		.irqs = nirq,                                                                      \
	}

/* RM0008 3.3.3, table 8 (XL memory map: 6 KiB of system memory), 31.6.1 (id 0x430). */
#define XL(part, sold, pins)                                                                       \
	{                                                                                          \
		.name = "STM32F103" part, .family = "STM32F1", .dev_id = 0x430,                    \
		.density = DENSITY_XL, .flash_base = 0x08000000, .flash_size = KIB(sold),          \
		.flash_die = KIB(1024), .page_size = 2048, .wrp_pages = 2,                         \
		.ram_base = 0x20000000, .ram_size = KIB(96), .system_base = 0x1FFFE000,            \
		.system_size = 0x1800, .option_base = 0x1FFFF800, .flash_size_reg = 0x1FFFF7E0,    \
		.uid_reg = 0x1FFFF7E8, .algorithm = FLASH_NONE, .timing = &f1_timing,              \
		.gpio_ports = 7, .usarts = 5, .package_pins = pins, .irqs = 60,                    \
	}

const struct chip stm32f1_chips[] = {
	/*   part  id     density         sold die  page wrp ram ports uarts pins irqs */
	F103("C6", 0x412, DENSITY_LOW, 32, 32, 1024, 4, 10, 4, 2, 48, 43),
	F103("C8", 0x410, DENSITY_MEDIUM, 64, 128, 1024, 4, 20, 5, 3, 48, 43),
	F103("CB", 0x410, DENSITY_MEDIUM, 128, 128, 1024, 4, 20, 5, 3, 48, 43),
	F103("R8", 0x410, DENSITY_MEDIUM, 64, 128, 1024, 4, 20, 5, 3, 64, 43),
	F103("RB", 0x410, DENSITY_MEDIUM, 128, 128, 1024, 4, 20, 5, 3, 64, 43),
	F103("RC", 0x414, DENSITY_HIGH, 256, 256, 2048, 2, 48, 7, 5, 64, 60),
	F103("RE", 0x414, DENSITY_HIGH, 512, 512, 2048, 2, 64, 7, 5, 64, 60),
	F103("VE", 0x414, DENSITY_HIGH, 512, 512, 2048, 2, 64, 7, 5, 100, 60),
	F103("ZE", 0x414, DENSITY_HIGH, 512, 512, 2048, 2, 64, 7, 5, 144, 60),
	XL("RF", 768, 64),
	XL("RG", 1024, 64),
	XL("VG", 1024, 100),
	XL("ZG", 1024, 144),
};
const size_t stm32f1_chip_count = sizeof stm32f1_chips / sizeof stm32f1_chips[0];
