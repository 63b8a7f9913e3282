/* USART1 as a console, transmit by polling. */
#include "f103.h"

void usart_setup(uint32_t clock, uint32_t baud)
{
	RCC_APB2ENR |= RCC_APB2ENR_IOPAEN | RCC_APB2ENR_USART1EN;
	gpio_set_mode(GPIOA, GPIO_ALT_50MHZ, GPIO(9));
	USART1_BRR = (clock + baud / 2) / baud;
	USART1_CR1 = USART_CR1_UE | USART_CR1_TE | USART_CR1_RE;
}

void usart_send(char c)
{
	while (!(USART1_SR & USART_SR_TXE))
		;
	USART1_DR = (uint8_t)c;
}

void usart_print(const char *text)
{
	while (*text)
		usart_send(*text++);
}

void usart_print_number(uint32_t n)
{
	char digits[11];
	unsigned at = sizeof digits;

	digits[--at] = 0;
	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	usart_print(&digits[at]);
}
