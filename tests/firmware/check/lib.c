#include "lib.h"

void lib_remap(uint32_t swj, uint32_t maps)
{
	uint32_t others = AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK;

	AFIO_MAPR = others | swj | maps;
}

static void shuffle(int spare, uint32_t swj)
{
	if (spare >= 0)
		lib_remap(swj, (uint32_t)spare);
}

void lib_board_remap(uint32_t swj)
{
	shuffle(1, swj);
	lib_wait(3);
}

void lib_pin_remap(uint32_t packed, int enable)
{
	uint32_t value = packed & 0xFFFFu, now = AFIO_MAPR;

	if ((packed & 0x00300000u) == 0x00300000u) {
		now &= 0xF0FFFFFFu;
		AFIO_MAPR &= 0xF0FFFFFFu;
	} else {
		now &= ~(value << ((packed >> 21) * 16));
		now |= ~0xF0FFFFFFu;
	}
	if (enable)
		now |= value << ((packed >> 21) * 16);
	AFIO_MAPR = now;
}

void lib_pin_mode(unsigned pin, unsigned mode)
{
	volatile uint32_t *cr = &REG(GPIOA + (pin >= 8 ? 4 : 0));

	switch (pin) {
	case 13:
	case 14:
		AFIO_MAPR = (AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK) | SWJ_DISABLE;
		break;
	case 15:
		AFIO_MAPR = (AFIO_MAPR & ~AFIO_MAPR_SWJ_MASK) | SWJ_NOJTAG;
		break;
	default:
		break;
	}
	*cr = (*cr & ~(15u << 4 * (pin & 7))) | mode << 4 * (pin & 7);
}

void lib_apply(const struct lib_row *rows)
{
	for (; rows->address; rows++)
		REG(rows->address) = rows->value;
}

void lib_copy(volatile void *to, const void *from, unsigned len)
{
	volatile uint32_t *t = to;
	const uint32_t *f = from;

	for (; len >= 4; len -= 4)
		*t++ = *f++;
}

uint32_t lib_choice(void)
{
	return SWJ_DISABLE; /* blame returned */
} /* blame returned */

void lib_wait(volatile uint32_t n)
{
	while (n)
		n--;
}
