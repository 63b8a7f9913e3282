/*
 * The LED of a Blue Pill (PC13, lit when low) at 1 Hz, and a line a second on
 * USART1 (PA9, 115200 8N1). Leaves the debug port alone and never sleeps.
 */
#include "f103.h"

static volatile uint32_t milliseconds;

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	milliseconds++;
}

static void wait_until(uint32_t when)
{
	while ((int32_t)(when - milliseconds) > 0)
		;
}

int main(void)
{
	uint32_t clock = rcc_clock_setup();

	RCC_APB2ENR |= RCC_APB2ENR_IOPCEN;
	gpio_set_mode(GPIOC, GPIO_OUT_2MHZ, GPIO(13));
	usart_setup(clock, 115200);
	SYST_RVR = clock / 1000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
	usart_print("blinky: ");
	usart_print_number(clock / 1000000);
	usart_print(" MHz\r\n");
	for (uint32_t next = 500;; next += 500) {
		wait_until(next);
		gpio_toggle(GPIOC, GPIO(13));
		if (next % 1000 == 0) {
			usart_print_number(next / 1000);
			usart_print(" s\r\n");
		}
	}
}
