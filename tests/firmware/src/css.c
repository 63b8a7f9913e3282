/*
 * The crystal stops while the core runs from it (RM0008 7.2.7): the non-maskable
 * interrupt comes, again and again until CSSC, with SYSCLK back on HSI, HSE and
 * PLL off and the advanced timer's break taken. "@hse 0" asks for the stop,
 * "@hse 1" for the end of it.
 */
#include "check.h"

#define RCC_CR_CSSON  (1u << 19)
#define RCC_CIR_CSSF  (1u << 7)
#define RCC_CIR_CSSC  (1u << 23)
#define TIM1_SR	      REG(0x40012C10)
#define TIM1_BDTR     REG(0x40012C44)
#define BDTR_BKE_MOE  0x9000u
#define BRR_8MHZ      ((8000000 + 57600) / 115200)
#define BRR_72MHZ     ((72000000 + 57600) / 115200)

static volatile uint32_t entries;

void nmi_handler(void);
void nmi_handler(void)
{
	if (entries++ == 0)
		return; /* not cleared: it must come again */
	USART1_BRR = BRR_8MHZ;
	check_equal(entries, 2, "NMI comes again while CSSF is set");
	check_equal(RCC_CIR & RCC_CIR_CSSF, RCC_CIR_CSSF, "CSSF is set");
	check_equal(RCC_CFGR & 0xF, 0, "SYSCLK is HSI");
	check_equal(RCC_CR & 0x03030003, 3, "HSE and PLL are off, HSI is on");
	RCC_CIR = RCC_CIR_CSSC;
	check_equal(RCC_CIR & RCC_CIR_CSSF, 0, "CSSC clears CSSF");
}

static void drain(void)
{
	while (!(USART1_SR & USART_SR_TC))
		;
}

static void to_72_mhz(void)
{
	RCC_CR |= RCC_CR_HSEON | RCC_CR_CSSON;
	check(wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY), "HSE gets ready");
	FLASH_ACR = 0x12;
	RCC_CFGR = RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PLLMUL(9) | RCC_CFGR_PPRE1_DIV2;
	RCC_CR |= RCC_CR_PLLON;
	check(wait_for(&RCC_CR, RCC_CR_PLLRDY, RCC_CR_PLLRDY), "PLL locks");
	drain();
	RCC_CFGR |= RCC_CFGR_SW_PLL;
	check(wait_for(&RCC_CFGR, RCC_CFGR_SWS_MASK, RCC_CFGR_SWS_PLL), "SYSCLK is the PLL");
	USART1_BRR = BRR_72MHZ;
}

int main(void)
{
	check_setup();
	RCC_APB2ENR |= 1u << 11;
	TIM1_BDTR = BDTR_BKE_MOE;
	to_72_mhz();
	check_equal(entries, 0, "no NMI while HSE runs");
	usart_print("@hse 0\n");
	drain();
	for (uint32_t i = 0; i < 1000 && entries < 2; i++)
		__asm volatile("nop");
	drain();
	check_equal(entries, 2, "no further NMI once CSSF is clear");
	check_equal(TIM1_SR & 0x80, 0x80, "TIM1 sees a break");
	check_equal(TIM1_BDTR, 0x1000, "its main output is off");
	RCC_CR |= RCC_CR_HSEON;
	check(!wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY), "HSERDY never comes");
	check_equal(entries, 2, "what was never ready does not fail");
	usart_print("@hse 1\n");
	drain();
	check(wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY), "HSERDY comes when it swings");
	finish();
}
