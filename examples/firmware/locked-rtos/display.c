/*
 * A small SPI display on SPI1's second set of pins: PB3 clock, PB5 data, PA15
 * chip select. Those pins belong to JTAG after reset, so they must be taken
 * from it; the fault is how much more the call takes.
 */
#include "f103.h"
#include "rtos.h"
#include "tasks.h"

#ifndef SWJ
#define SWJ AFIO_MAPR_SWJ_CFG_JTAG_OFF_SW_OFF
#endif

static void display_select(void)
{
	gpio_clear(GPIOA, GPIO(15));
}

static void display_release(void)
{
	while (SPI1_SR & SPI_SR_BSY)
		;
	gpio_set(GPIOA, GPIO(15));
}

static void display_send(uint8_t byte)
{
	while (!(SPI1_SR & SPI_SR_TXE))
		;
	SPI1_DR = byte;
}

static void display_init(void)
{
	static const uint8_t sequence[] = {0xAE, 0xD5, 0x80, 0xA8, 0x3F, 0x8D, 0x14, 0xAF};

	RCC_APB2ENR |=
		RCC_APB2ENR_IOPAEN | RCC_APB2ENR_IOPBEN | RCC_APB2ENR_AFIOEN | RCC_APB2ENR_SPI1EN;
	gpio_set_mode(GPIOB, GPIO_ALT_50MHZ, GPIO(3) | GPIO(5));
	gpio_set_mode(GPIOA, GPIO_OUT_50MHZ, GPIO(15));
	board_remap(SWJ);
	SPI1_CR1 = SPI_CR1_MSTR | SPI_CR1_BR_DIV8 | SPI_CR1_SSM | SPI_CR1_SSI | SPI_CR1_SPE;
	display_select();
	for (size_t i = 0; i < sizeof sequence; i++)
		display_send(sequence[i]);
	display_release();
}

void display_task(void)
{
	uint8_t picture = 0;

	rtos_delay(2);
	display_init();
	for (;;) {
		display_select();
		for (unsigned i = 0; i < 64; i++)
			display_send((uint8_t)(picture + i));
		display_release();
		picture++;
		rtos_delay(50);
	}
}
