/*
 * Debug pins that are inputs of a peripheral which AFIO_MAPR moved there: their
 * mode is the reset state, and yet they are used.
 */
#include "styles.h"

#define IS(name) (FORM == FORM_##name)
enum { FORM_capture = 1, FORM_slave };

static volatile uint32_t sink;

int main(void)
{
	AFIO_ON();
	if (IS(capture)) { /* TIM2 channel 1 on PA15 */
		REG(0x4002101C) |= 1;
		REG(0x40000018) = 1;
		REG(0x40000020) = 1;
		AFIO_MAPR = SWJ_DISABLE | 1u << 8; /* blame capture */
	}
	if (IS(slave)) { /* SPI1 on PA15, PB3 and PB4 */
		RCC_APB2ENR |= RCC_APB2ENR_SPI1EN;
		AFIO_MAPR = SWJ_DISABLE | AFIO_MAPR_SPI1_REMAP; /* blame slave */
		SPI1_CR1 = SPI_CR1_SPE;
	}
	for (;;)
		sink++;
}
