/* Sleep, Stop with an EXTI wake-up, Standby with the RTC alarm (RM0008 5.3). */
#include "check.h"

#define PWR_CR	     REG(0x40007000)
#define PWR_CSR	     REG(0x40007004)
#define SCB_SCR	     REG(0xE000ED10)
#define EXTI(offset) REG(0x40010400 + (offset))
#define RTC(offset)  REG(0x40002800 + (offset))

static volatile uint32_t ticks, alarms;

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	ticks++;
}
void irq_handler(void);
void irq_handler(void)
{
	EXTI(0x14) = 1u << 17;
	RTC(4) = 0;
	alarms++;
	__asm volatile("dsb");
}

static void wait_rtc(void)
{
	wait_for(&RTC(4), 0x20, 0x20);
}

/* RTC at 10 Hz from LSI, alarm after `tenths`. */
static void start_alarm(uint32_t tenths)
{
	RCC_CSR |= 1;
	wait_for(&RCC_CSR, 2, 2);
	RCC_BDCR = 2u << 8 | 1u << 15;
	wait_rtc();
	RTC(4) = 0x10;
	RTC(0x08) = 0;
	RTC(0x0C) = 3999;
	RTC(0x18) = 0;
	RTC(0x1C) = 0;
	RTC(0x20) = 0;
	RTC(0x24) = tenths;
	RTC(4) = 0;
	wait_rtc();
	RTC(0) = 2; /* ALRIE */
	wait_rtc();
}

static void test_sleep(void)
{
	SYST_RVR = 79999;
	SYST_CVR = 0;
	SYST_CSR = 7;
	for (unsigned i = 0; i < 5; i++)
		__asm volatile("wfi");
	check_equal(ticks, 5, "WFI sleeps until the next tick, five times");
	SYST_CSR = 0;
}

static void test_stop(void)
{
	EXTI(0x00) = 1u << 17;
	EXTI(0x08) = 1u << 17;
	NVIC_ISER(1) = 1u << (41 - 32);
	start_alarm(3);
	RCC_CR |= RCC_CR_HSEON;
	wait_for(&RCC_CR, RCC_CR_HSERDY, RCC_CR_HSERDY);
	SCB_SCR = 4;
	PWR_CR = (PWR_CR & ~2u) | 1u << 8;
	while (!(USART1_SR & USART_SR_TC))
		;
	__asm volatile("wfi");
	SCB_SCR = 0;
	check_equal(alarms, 1, "Stop: the RTC alarm wakes it");
	check_equal(RCC_CR & RCC_CR_HSERDY, 0, "Stop: HSE is off afterwards");
}

int main(void)
{
	check_setup();
	RCC_APB1ENR |= 3u << 27;
	PWR_CR |= 1u << 8;
	if (PWR_CSR & 2) {
		check(true, "Standby: the alarm restarts the program, SBF says why");
		PWR_CR |= 8;
		check_equal(PWR_CSR & 2, 0, "CSBF clears it");
		check_equal(RTC(0x1C) >= 3, 1, "the RTC went on counting");
		test_sleep();
		test_stop();
		finish();
	}
	note("going to Standby", PWR_CSR);
	start_alarm(3);
	while (!(USART1_SR & USART_SR_TC))
		;
	PWR_CR |= 4; /* CWUF */
	PWR_CR |= 2; /* PDDS */
	SCB_SCR = 4;
	__asm volatile("wfi");
	note("not reached", 0);
	for (;;)
		;
}
