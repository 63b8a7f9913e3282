/*
 * Programs that are busy for as long as they run, one a WAY: what a check must
 * still see under its own limits, and where it may stop early. The line to
 * change carries `blame WAY`.
 */
#include "lib.h"

#define IS(name) (WAY == WAY_##name)
enum { WAY_timer, WAY_polled, WAY_nothing, WAY_early, WAY_again, WAY_both, WAY_stores, WAY_faults };

#define BUSY_MS 8000u

static volatile uint32_t ticks;

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	ticks++;
	if (IS(timer) && ticks == BUSY_MS)
		lib_remap(SWJ_DISABLE, 0); /* blame timer */
}

/* 72 MHz from the crystal, a tick a millisecond. */
static void start(void)
{
	FLASH_ACR = FLASH_ACR_PRFTBE | FLASH_ACR_LATENCY_2;
	RCC_CR |= RCC_CR_HSEON;
	while (!(RCC_CR & RCC_CR_HSERDY))
		;
	RCC_CFGR = RCC_CFGR_PLLSRC_HSE | RCC_CFGR_PLLMUL(9) | RCC_CFGR_PPRE1_DIV2;
	RCC_CR |= RCC_CR_PLLON;
	while (!(RCC_CR & RCC_CR_PLLRDY))
		;
	RCC_CFGR |= RCC_CFGR_SW_PLL;
	while ((RCC_CFGR & RCC_CFGR_SWS_MASK) != RCC_CFGR_SWS_PLL)
		;
	RCC_APB2ENR |= RCC_APB2ENR_AFIOEN | RCC_APB2ENR_IOPCEN;
	SYST_RVR = 72000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
}

/* Work that no two rounds do alike, and that reaches for the bus now and then. */
static void work(void)
{
	static uint32_t seed = 1;

	seed = seed * 1664525u + 1013904223u;
	if (seed >> 27 == 0)
		REG(0x4001100C) = seed;
}

/* Only with a device at 0x3C, and PA0 pulled low once it answered. */
static void both(void)
{
	RCC_APB2ENR |= RCC_APB2ENR_IOPAEN | RCC_APB2ENR_IOPBEN;
	REG(0x4002101C) |= 1u << 21; /* I2C1 */
	REG(0x40005404) = 36;
	REG(0x4000541C) = 180;
	REG(0x40005400) = 1;
	REG(0x40005400) = 1 | 1 << 8; /* START */
	while (!(REG(0x40005414) & 1))
		;
	REG(0x40005410) = 0x3C << 1;
	while (!(REG(0x40005414) & 0x402)) /* ADDR or AF */
		;
	if (REG(0x40005414) & 0x400)
		return;
	REG(0x40010800) = 0x88888888; /* inputs with pulls */
	REG(0x4001080C) = 1;          /* PA0: up */
	while (REG(0x40010808) & 1)
		;
	lib_remap(SWJ_DISABLE, 0); /* blame both */
}

int main(void)
{
	start();
	if (IS(both))
		both();
	if (IS(early) || IS(again))
		lib_remap(SWJ_DISABLE, 0); /* blame early again */
	if (IS(faults)) {
		lib_remap(SWJ_DISABLE, 0); /* blame faults */
		while (ticks < 5)
			work();
		__asm volatile("udf #0");
	}
	if (IS(again))
		lib_remap(SWJ_DISABLE, 1); /* blame again */
	if (IS(stores)) {
		REG(0x40011004) = 0x44344444; /* PC13: output */
		AFIO_MAPR = SWJ_DISABLE;      /* blame stores */
		REG(0x4001100C) = 0;
		/* a constant among the code that reads like a jump to elsewhere */
		__asm volatile("b 1f\n .hword 0xE400\n1:");
	}
	while (!IS(polled) || ticks < BUSY_MS)
		work();
	if (IS(polled))
		lib_remap(SWJ_DISABLE, 0); /* blame polled */
	for (;;)
		work();
}
