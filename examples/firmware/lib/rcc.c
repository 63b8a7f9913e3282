/* The clock tree: crystal if there is one, else the internal oscillator. */
#include "f103.h"

/* A crystal is up after 2 ms or so; this waits five times as long. */
#define HSE_TRIES 20000u

static bool start_crystal(void)
{
	RCC_CR |= RCC_CR_HSEON;
	for (uint32_t tries = HSE_TRIES; tries > 0; tries--)
		if (RCC_CR & RCC_CR_HSERDY)
			return true;
	RCC_CR &= ~RCC_CR_HSEON;
	return false;
}

uint32_t rcc_clock_setup(void)
{
	bool crystal = start_crystal();

	FLASH_ACR = FLASH_ACR_PRFTBE | FLASH_ACR_LATENCY_2;
	if (crystal)
		RCC_CFGR = RCC_CFGR_PPRE1_DIV2 | RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PLLMUL(9u);
	else
		RCC_CFGR = RCC_CFGR_PPRE1_DIV2 | RCC_CFGR_PLLMUL(16u);
	RCC_CR |= RCC_CR_PLLON;
	while (!(RCC_CR & RCC_CR_PLLRDY))
		;
	RCC_CFGR |= RCC_CFGR_SW_PLL;
	while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != RCC_CFGR_SWS_PLL)
		;
	return crystal ? 72000000u : 64000000u;
}
