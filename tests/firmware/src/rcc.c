/* Clock tree and its flags (RM0008 7.3), the bit-band way HAL uses included. */
#include "check.h"

int main(void)
{
	check_setup();
	check_equal(RCC_CR & 0xFFFF0003, 3, "HSI on and ready after reset, HSE and PLL off");
	check_equal(RCC_CFGR, 0, "CFGR after reset");
	check_equal(RCC_AHBENR, 0x14, "AHBENR after reset");
	check_equal(RCC_CSR & 0xFC000000, 0x0C000000, "power-on and pin reset flags");
	RCC_CSR |= 1u << 24;
	check_equal(RCC_CSR & 0xFC000000, 0, "RMVF clears them");
	BITBAND(0x40021000, 16) = 1;
	check(wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY),
	      "HSE gets ready (HSEON by bit-band)");
	FLASH_ACR = 0x12;
	RCC_CFGR = 0x00110000 | 7u << 18 | 4u << 8;
	check_equal(RCC_CR & RCC_CR_PLLRDY, 0, "PLL is not ready before it is on");
	BITBAND(0x40021000, 24) = 1;
	check(wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY), "PLL locks");
	while (!(USART1_SR & USART_SR_TC))
		;
	RCC_CFGR |= 2;
	check(wait_for(&RCC_CFGR, 0xC, 8), "SWS follows SW");
	USART1_BRR = (72000000 + 57600) / 115200;
	RCC_CFGR = RCC_CFGR & ~(0xFu << 18);
	check_equal(RCC_CFGR >> 18 & 15, 7, "PLLMUL cannot change while the PLL runs");
	RCC_CR &= ~RCC_CR_PLLON;
	check_equal(RCC_CR & RCC_CR_PLLON, RCC_CR_PLLON, "the PLL in use cannot be switched off");
	RCC_CSR |= 1;
	check(wait_for(&RCC_CSR, 2, 2), "LSI gets ready");
	RCC_APB1ENR |= 1u << 28 | 1u << 27;
	RCC_BDCR |= 1;
	check_equal(RCC_BDCR & 1, 0, "BDCR is protected until PWR_CR.DBP");
	REG(0x40007000) |= 1u << 8;
	RCC_BDCR |= 1;
	check_equal(RCC_BDCR & 1, 1, "LSEON takes once DBP is set");
	finish();
}
