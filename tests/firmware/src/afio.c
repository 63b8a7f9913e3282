/*
 * AFIO_MAPR.SWJ_CFG (RM0008 9.4.2): gated by AFIOEN, narrow stores are
 * repeated over all lanes (3.1), reserved values change nothing. Ends with
 * SWD on; the test program looks at the chip from outside at the marks, which
 * are levels of PC13, PC14, PC15 as outputs.
 */
#include "check.h"

#define MAPR REG(0x40010004)

/* Tells the test program: look now. It compares SWJ_CFG with `expected`. */
static void mark(uint32_t expected)
{
	usart_print("@swj ");
	usart_print_number(expected);
	usart_print("\n");
	while (!(USART1_SR & USART_SR_TC))
		;
	for (volatile uint32_t i = 0; i < 500; i++)
		;
}

int main(void)
{
	check_setup();
	MAPR = 4u << 24;
	mark(0);
	RCC_APB2ENR |= RCC_APB2ENR_AFIOEN;
	check_equal(MAPR & 0xF8FFFFFF, 0, "MAPR unclocked store ignored");
	MAPR = 2u << 24;
	mark(2);
	MAPR = 7u << 24 | 1;
	mark(2);
	check_equal(MAPR & 0xF8FFFFFF, 1, "a reserved SWJ_CFG leaves the other bits working");
	*(volatile uint16_t *)(uintptr_t)0x40010004 = 1;
	mark(0);
	check_equal(MAPR & 0xFFFF, 1, "a half-word store is repeated over the word: 00010001");
	*(volatile uint8_t *)(uintptr_t)0x40010004 = 4;
	mark(4);
	MAPR = 5u << 24;
	mark(4);
	MAPR = 0;
	mark(0);
	RCC_APB2RSTR = 1;
	RCC_APB2RSTR = 0;
	mark(0);
	finish();
}
