/*
 * Functions of the common libraries that do for their caller what a finding is
 * about: sleep, start a watchdog, reset, write option bytes, switch SWD off. Nobody
 * changes those; the statement to change is the call. (Where SWJ_CFG is told to the
 * library, the value's way says who did, blame.c, which needs no names.)
 *
 * Known by name only: without symbols the store itself is blamed.
 */
#include <string.h>

#include "lockout/lockout_internal.h"

/* "*" stands for any end. */
static const char *const helpers[] = {
	/* CMSIS */
	"__WFI", "__WFE", "NVIC_SystemReset", "__NVIC_SystemReset",
	/* Standard Peripheral Library */
	"PWR_Enter*", "IWDG_Enable", "WWDG_Enable", "FLASH_ReadOutProtection",
	"FLASH_EnableWriteProtection", "FLASH_UserOptionByteConfig", "FLASH_ProgramOptionByteData",
	"FLASH_EraseOptionBytes",
	/* HAL and LL */
	"HAL_PWR_Enter*", "HAL_IWDG_Init", "HAL_IWDG_Start", "HAL_WWDG_Init", "HAL_WWDG_Start",
	"HAL_NVIC_SystemReset", "HAL_FLASHEx_OB*", "HAL_FLASH_OB_Launch", "FLASH_OB_*",
	"LL_LPM_Enable*", "LL_IWDG_Enable", "LL_WWDG_Enable",
	/* libopencm3 */
	"iwdg_start", "iwdg_set_period_ms", "scb_reset_system", "scb_reset_core",
	"pwr_set_standby_mode", "flash_program_option_bytes", "_flash_program_option_bytes",
	"flash_erase_option_bytes",
	/* Maple and the Arduino cores */
	"iwdg_init", "nvic_sys_reset", "LowPower_*", "IWatchdogClass::begin",
	"_ZN14IWatchdogClass5begin*",
	/* SWJ_CFG, and nothing to be told: LL, Maple and the Arduino cores */
	"LL_GPIO_AF_DisableRemap_SWJ", "LL_GPIO_AF_Remap_SWJ_*", "disableDebugPorts",
	"_Z17disableDebugPortsv",
};

bool is_library_helper(const char *function)
{
	for (size_t i = 0; i < sizeof helpers / sizeof helpers[0]; i++) {
		size_t n = strcspn(helpers[i], "*");

		if (strncmp(function, helpers[i], n) == 0 && (helpers[i][n] || !function[n]))
			return true;
	}
	return false;
}

void helpers_caller(const struct lockout_place *stack, size_t len, struct lockout_place *blame)
{
	size_t i = 0;

	if (!is_library_helper(blame->function))
		return;
	while (i < len && !is_library_helper(stack[i].function))
		i++; /* what it calls itself */
	while (i < len && is_library_helper(stack[i].function))
		i++;
	if (i < len)
		*blame = stack[i];
}

void blame_helpers_caller(struct lockout_finding *f)
{
	helpers_caller(f->stack, f->stack_len, &f->blame);
}
