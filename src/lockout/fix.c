/*
 * What to write instead, in the words of the library that the firmware uses.
 * The library is told by names that its own functions have.
 */
#include <stdio.h>

#include "lockout/lockout_internal.h"

struct vocabulary {
	const char *symbol;    /* a function only this library has */
	const char *jtag_off;  /* how to free the JTAG pins and keep SWD */
	const char *leave_out; /* how not to touch SWJ_CFG at all */
};

/* More specific first: an Arduino core contains HAL. */
static const struct vocabulary libraries[] = {
	{"disableDebugPorts", "afio_cfg_debug_ports(AFIO_DEBUG_SW_ONLY)",
	 "build with -DCONFIG_MAPLE_MINI_NO_DISABLE_DEBUG, or call enableDebugPorts() in setup()"},
	{"afio_cfg_debug_ports", "afio_cfg_debug_ports(AFIO_DEBUG_SW_ONLY)",
	 "leave the call to afio_cfg_debug_ports() out"},
	{"pinF1_DisconnectDebug", "use PA15, PB3 or PB4 but not PA13 and PA14",
	 "do not give PA13 or PA14 to pinMode() or a peripheral"},
	{"gpio_primary_remap",
	 "AFIO_MAPR_SWJ_CFG_JTAG_OFF_SW_ON as gpio_primary_remap()'s first argument",
	 "pass AFIO_MAPR_SWJ_CFG_FULL_SWJ as gpio_primary_remap()'s first argument"},
	{"GPIO_PinRemapConfig", "GPIO_PinRemapConfig(GPIO_Remap_SWJ_JTAGDisable, ENABLE)",
	 "leave GPIO_PinRemapConfig(GPIO_Remap_SWJ_Disable, ENABLE) out"},
	{"HAL_Init",
	 "__HAL_AFIO_REMAP_SWJ_NOJTAG() (CubeMX: System Core, SYS, Debug: Serial Wire)",
	 "leave __HAL_AFIO_REMAP_SWJ_DISABLE() out (CubeMX: SYS, Debug: Serial Wire)"},
	{"LL_Init1msTick", "LL_GPIO_AF_Remap_SWJ_NOJTAG()",
	 "leave LL_GPIO_AF_DisableRemap_SWJ() out"},
	{"chSysInit", "AFIO_MAPR_SWJ_CFG_JTAGDISABLE in AFIO->MAPR", "leave the store out"},
	{"stm32_gpioremap", "CONFIG_STM32_JTAG_SW_ENABLE=y in the board's configuration",
	 "choose CONFIG_STM32_JTAG_FULL_ENABLE"},
};

static const struct vocabulary registers = {
	NULL, "SWJ_CFG = 010: AFIO->MAPR = (AFIO->MAPR & ~(7u << 24)) | 2u << 24",
	"leave the store to SWJ_CFG out"};

static const struct vocabulary *vocabulary_of(const struct image *img)
{
	for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++)
		if (image_symbol_named(img, libraries[i].symbol))
			return &libraries[i];
	return &registers;
}

#define PINS_SWD 3u   /* PA13 PA14 */
#define PINS_JTAG 28u /* PA15 PB3 PB4 */

void fix_swj(const struct image *img, const struct lockout_finding *f, char *out, size_t size)
{
	const struct vocabulary *v = vocabulary_of(img);
	char pins[48];

	pins_text(f->pins_needed, pins, sizeof pins);
	if (f->pins_needed & PINS_SWD)
		snprintf(out, size,
			 "This firmware uses %s. PA13 and PA14 are SWD itself: move what is on them "
			 "to other pins and keep SWD (%s), or wait some seconds after reset before "
			 "taking them, so that a debugger can get in.", pins, v->jtag_off);
	else if (f->pins_needed & PINS_JTAG)
		snprintf(out, size,
			 "This firmware uses %s but never PA13 or PA14, so SWJ_CFG=010 frees every "
			 "pin it uses and keeps SWD: %s.", pins, v->jtag_off);
	else
		snprintf(out, size,
			 "This firmware uses none of PA13, PA14, PA15, PB3 and PB4: %s; or %s.",
			 v->leave_out, v->jtag_off);
}
