/*
 * Which of the five debug pins a firmware really uses: those whose mode is
 * neither the reset state (floating input) nor analog, which saves power and
 * uses nothing. RM0008 9.2.1, 9.2.2: four bits a pin, CNF[1:0] MODE[1:0]. An
 * input of a peripheral that AFIO_MAPR moved there keeps the reset state: it is
 * used when the peripheral is on (RM0008 9.3.7 timers, 9.3.10 SPI1).
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

/* ---- inputs of remapped peripherals --------------------------------------------- */

#define PIN_PA15 4u
#define PIN_PB3 8u
#define PIN_PB4 16u

/* With these bits in AFIO_MAPR, a bit set (or clear) in a register of the
 * peripheral makes a pin its own. */
struct remapped {
	uint32_t mask, value;   /* of AFIO_MAPR */
	uint32_t address, on, off;
	uint16_t pin;
};

#define SPI1_CR1 0x40013000u
#define SPE (1u << 6)
#define SSM (1u << 9)
#define BIDIMODE (1u << 15)
#define TIM2_CCER 0x40000020u
#define TIM3_CCER 0x40000420u
#define CC1E (1u << 0)
#define CC2E (1u << 4)

static const struct remapped remapped[] = {
	{1u << 0, 1u << 0, SPI1_CR1, SPE, 0, PIN_PB3},
	{1u << 0, 1u << 0, SPI1_CR1, SPE, BIDIMODE, PIN_PB4},
	{1u << 0, 1u << 0, SPI1_CR1, SPE, SSM, PIN_PA15},
	{1u << 8, 1u << 8, TIM2_CCER, CC1E, 0, PIN_PA15}, /* TIM2_REMAP 01 and 11 */
	{1u << 8, 1u << 8, TIM2_CCER, CC2E, 0, PIN_PB3},
	{3u << 10, 2u << 10, TIM3_CCER, CC1E, 0, PIN_PB4},
};

static uint16_t remapped_pins(struct mcu *m)
{
	uint32_t mapr = 0, v = 0;
	uint16_t pins = 0;

	if (mcu_debug_read(m, AFIO_MAPR_ADDRESS, 4, &mapr) != MCU_ACCESS_OK)
		return 0;
	for (size_t i = 0; i < sizeof remapped / sizeof remapped[0]; i++) {
		const struct remapped *r = &remapped[i];

		if ((mapr & r->mask) == r->value &&
		    mcu_debug_read(m, r->address, 4, &v) == MCU_ACCESS_OK &&
		    (v & r->on) == r->on && !(v & r->off))
			pins |= r->pin;
	}
	return pins;
}

uint16_t pins_in_use(struct mcu *m)
{
	uint32_t a = 0x44444444, b = 0x44444444;
	uint16_t pins = remapped_pins(m);

	if (mcu_debug_read(m, GPIOA_CRH, 4, &a) != MCU_ACCESS_OK ||
	    mcu_debug_read(m, GPIOB_CRL, 4, &b) != MCU_ACCESS_OK)
		return pins;
	for (unsigned pin = 13; pin < 16; pin++)
		if (in_use(nibble(a, pin)))
			pins |= (uint16_t)(1u << (pin - 13));
	for (unsigned pin = 3; pin < 5; pin++)
		if (in_use(nibble(b, pin)))
			pins |= (uint16_t)(1u << pin);
	return pins;
}
