/* Pins and their remapping. */
#include "f103.h"

void gpio_set_mode(uint32_t port, uint32_t mode, uint32_t pins)
{
	uint32_t low = GPIO_CRL(port), high = GPIO_CRH(port);

	for (unsigned pin = 0; pin < 8; pin++) {
		unsigned shift = 4 * pin;

		if (pins & GPIO(pin))
			low = (low & ~(0xFu << shift)) | mode << shift;
		if (pins & GPIO(pin + 8))
			high = (high & ~(0xFu << shift)) | mode << shift;
	}
	GPIO_CRL(port) = low;
	GPIO_CRH(port) = high;
}

void gpio_set(uint32_t port, uint32_t pins)
{
	GPIO_BSRR(port) = pins;
}

void gpio_clear(uint32_t port, uint32_t pins)
{
	GPIO_BSRR(port) = pins << 16;
}

void gpio_toggle(uint32_t port, uint32_t pins)
{
	uint32_t now = GPIO_ODR(port);

	GPIO_BSRR(port) = (now & pins) << 16 | (~now & pins);
}

void gpio_primary_remap(uint32_t swj, uint32_t maps)
{
	uint32_t others = AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK;

	AFIO_MAPR = others | swj | maps;
}
