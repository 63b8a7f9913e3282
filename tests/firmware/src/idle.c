/*
 * Programs that sleep: an RTOS (that of examples/firmware/locked-rtos) whose idle
 * hook is WFI, at 8 or 72 MHz; and, with TICKLESS, one timer that sleeps as long
 * as there is nothing to do, as a tickless kernel does. The LED toggles every
 * half second, a little is computed ten times a second (not for TICKLESS), and a
 * line a second goes to USART1.
 */
#include "f103.h"
#include "rtos.h"

#define HSI_HZ 8000000u

void sys_tick_handler(void);

static void setup(uint32_t clock)
{
	RCC_APB2ENR |= RCC_APB2ENR_IOPCEN;
	gpio_set_mode(GPIOC, GPIO_OUT_2MHZ, GPIO(13));
	usart_setup(clock, 115200);
}

static void say(uint32_t seconds)
{
	usart_print("up ");
	usart_print_number(seconds);
	usart_print(" s\r\n");
}

#ifdef TICKLESS
static volatile uint32_t milliseconds;
static uint32_t asked;

void sys_tick_handler(void)
{
	SYST_CSR = 0;
	milliseconds += asked;
}

static void sleep_for(uint32_t ms)
{
	uint32_t until = milliseconds + ms;

	asked = ms;
	SYST_RVR = ms * (HSI_HZ / 1000) - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
	while (milliseconds != until)
		__asm volatile("wfi");
}

int main(void)
{
	setup(HSI_HZ);
	for (uint32_t second = 1;; second++) {
		sleep_for(500);
		gpio_toggle(GPIOC, GPIO(13));
		sleep_for(500);
		gpio_toggle(GPIOC, GPIO(13));
		say(second);
	}
}
#else
static uint32_t noise = 1;

static void idle_hook(void)
{
	for (;;)
		__asm volatile("wfi");
}

static void blink(void)
{
	for (;;) {
		gpio_toggle(GPIOC, GPIO(13));
		rtos_delay(500);
	}
}

static void compute(void)
{
	for (;;) {
		for (unsigned i = 0; i < 32; i++)
			noise = noise >> 1 ^ (0xEDB88320u & (0u - (noise & 1)));
		rtos_delay(100);
	}
}

static void serial(void)
{
	for (;;) {
		say(rtos_ticks() / 1000);
		rtos_delay(1000);
	}
}

int main(void)
{
#ifdef FAST
	uint32_t clock = rcc_clock_setup();
#else
	uint32_t clock = HSI_HZ;
#endif

	setup(clock);
	rtos_create(idle_hook, "hook", 1); /* never blocks: the IDLE task below it never runs */
	rtos_create(blink, "blink", 2);
	rtos_create(compute, "compute", 3);
	rtos_create(serial, "serial", 4);
	rtos_start(clock);
}
#endif
