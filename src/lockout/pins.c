/*
 * Which of the five debug pins a firmware really uses: those whose mode is
 * neither the reset state (floating input) nor analog, which saves power and
 * uses nothing. RM0008 9.2.1, 9.2.2: four bits a pin, CNF[1:0] MODE[1:0].
 */
#include "lockout/lockout_internal.h"

#define GPIOA_CRH 0x40010804u
#define GPIOB_CRL 0x40010C00u

static unsigned nibble(uint32_t word, unsigned pin)
{
	return word >> 4 * (pin & 7) & 15;
}

static bool in_use(unsigned mode)
{
	return mode != 4 && mode != 0;
}

uint16_t pins_in_use(struct mcu *m)
{
	uint32_t a = 0x44444444, b = 0x44444444;
	uint16_t pins = 0;

	if (mcu_debug_read(m, GPIOA_CRH, 4, &a) != MCU_ACCESS_OK ||
	    mcu_debug_read(m, GPIOB_CRL, 4, &b) != MCU_ACCESS_OK)
		return 0;
	for (unsigned pin = 13; pin < 16; pin++)
		if (in_use(nibble(a, pin)))
			pins |= (uint16_t)(1u << (pin - 13));
	for (unsigned pin = 3; pin < 5; pin++)
		if (in_use(nibble(b, pin)))
			pins |= (uint16_t)(1u << pin);
	return pins;
}
