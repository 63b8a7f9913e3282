/* Ports: modes, set and reset, pulls, open drain, the lock (RM0008 9.2). */
#include "check.h"

int main(void)
{
	check_setup();
	check_equal(GPIO_CRL(GPIOB), 0, "an unclocked port reads 0");
	GPIO_CRL(GPIOB) = 0x33333333;
	RCC_APB2ENR |= RCC_APB2ENR_IOPAEN | RCC_APB2ENR_IOPBEN | RCC_APB2ENR_IOPCEN;
	check_equal(GPIO_CRL(GPIOB), 0x44444444, "CRL after reset, unclocked write ignored");
	check_equal(GPIO_CRH(GPIOC), 0x44444444, "CRH after reset");
	GPIO_CRL(GPIOB) = 0x33333333;
	GPIO_ODR(GPIOB) = 0x00A5;
	check_equal(GPIO_IDR(GPIOB) & 0xE7, 0xA5, /* PB3, PB4: JTAG has them */
		    "IDR follows ODR on push-pull outputs");
	GPIO_BSRR(GPIOB) = 0x00F00005;
	check_equal(GPIO_ODR(GPIOB) & 0xFF, 0x05, "BSRR sets and resets");
	GPIO_BSRR(GPIOB) = 0x00010001;
	check_equal(GPIO_ODR(GPIOB) & 0xFF, 0x05, "BSRR: set wins over reset");
	GPIO_BRR(GPIOB) = 0x0004;
	check_equal(GPIO_ODR(GPIOB) & 0xFF, 0x01, "BRR resets");
	gpio_set_mode(GPIOC, GPIO_INPUT_PULL, GPIO(14));
	gpio_set(GPIOC, GPIO(14));
	check_equal(GPIO_IDR(GPIOC) & GPIO(14), GPIO(14), "pull-up reads 1");
	gpio_clear(GPIOC, GPIO(14));
	check_equal(GPIO_IDR(GPIOC) & GPIO(14), 0, "pull-down reads 0");
	gpio_set_mode(GPIOB, GPIO_OUT_OD_2MHZ, GPIO(6));
	gpio_clear(GPIOB, GPIO(6));
	check_equal(GPIO_IDR(GPIOB) & GPIO(6), 0, "open drain pulls low");
	*(volatile uint16_t *)(uintptr_t)(GPIOB + 0x0C) = 0x00C3;
	check_equal(GPIO_ODR(GPIOB), 0x00C3, "half-word store to ODR");
	BITBAND(GPIOB + 0x0C, 2) = 1;
	check_equal(GPIO_ODR(GPIOB), 0x00C7, "bit-band store to ODR");
	check_equal(BITBAND(GPIOB + 0x0C, 7), 1, "bit-band load");
	GPIO_LCKR(GPIOA) = 0x10001;
	GPIO_LCKR(GPIOA) = 0x00001;
	GPIO_LCKR(GPIOA) = 0x10001;
	(void)GPIO_LCKR(GPIOA);
	check_equal(GPIO_LCKR(GPIOA), 0x10001, "lock sequence sets LCKK");
	GPIO_CRL(GPIOA) = 0x44444433;
	check_equal(GPIO_CRL(GPIOA) & 0xFF, 0x34,
		    "a locked pin keeps its mode, its neighbour changes");
	finish();
}
