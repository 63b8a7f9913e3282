/*
 * STM32F103: low, medium and high density.
 *
 * Sources: RM0008 (memory map, embedded flash), DS5319 (x8/xB: table 28 flash
 * timing), DS6876 (x4/x6), DS5792 (xC/xD/xE), PM0075 (flash programming).
 * The die behind a C8 usually carries 128 KiB of working flash; the row says
 * so because a mass erase wipes all of it.
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
};
const size_t stm32f1_chip_count = sizeof stm32f1_chips / sizeof stm32f1_chips[0];
