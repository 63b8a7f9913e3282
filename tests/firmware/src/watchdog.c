/* IWDG and WWDG: both bite, and the reset flags say which (RM0008 19, 20). */
#include "check.h"

#define IWDG(offset) REG(0x40003000 + (offset))
#define WWDG_CR	     REG(0x40002C00)
#define WWDG_CFR     REG(0x40002C04)
#define IWDGRSTF     (1u << 29)
#define WWDGRSTF     (1u << 30)
#define SFTRSTF	     (1u << 28)

/* First boot: the independent one. Feeds it twice, then stops. */
static void start_iwdg(void)
{
	IWDG(0) = 0x5555;
	IWDG(4) = 0; /* / 4: 0.1 ms a count */
	IWDG(8) = 300;
	IWDG(0) = 0xAAAA;
	IWDG(0) = 0xCCCC;
	for (unsigned i = 0; i < 4; i++) {
		for (uint32_t start = cycles(); cycles() - start < 160000;)
			;
		IWDG(0) = 0xAAAA;
	}
	note("fed for 80 ms", 0);
	for (;;)
		;
}

static void start_wwdg(void)
{
	RCC_APB1ENR |= 1u << 11;
	WWDG_CFR = 0x7F | 3u << 7;
	WWDG_CR = 0xFF;
	note("window watchdog runs", 0);
	for (;;)
		;
}

int main(void)
{
	uint32_t why = RCC_CSR;

	check_setup();
	note("reset flags", why & 0xFC000000);
	if (why & SFTRSTF) {
		check_equal(why & 0xFC000000, SFTRSTF | WWDGRSTF | IWDGRSTF | 1u << 26,
			    "flags pile up over three resets");
		RCC_CSR |= 1u << 24;
		check_equal(RCC_CSR & 0xFC000000, 0, "RMVF clears them");
		finish();
	}
	while (!(USART1_SR & USART_SR_TC))
		;
	if (why & WWDGRSTF)
		REG(0xE000ED0C) = 0x05FA0004; /* SYSRESETREQ */
	else if (why & IWDGRSTF)
		start_wwdg();
	RCC_CSR |= 1u << 24;
	start_iwdg();
	return 0;
}
