/*
 * A weather display with three tasks, and the fault this project is about: one
 * call in display.c switches the debug port off, so that the next flash tool
 * finds nobody (see README, "The story").
 *
 * Built in variants: SWJ=... replaces the argument of that call, NO_REMAP
 * leaves the one store out (see examples/firmware/meson.build).
 */
#include "f103.h"
#include "rtos.h"
#include "tasks.h"

static uint32_t clock_hz;

void blink_task(void)
{
	RCC_APB2ENR |= RCC_APB2ENR_IOPCEN;
	gpio_set_mode(GPIOC, GPIO_OUT_2MHZ, GPIO(13));
	for (;;) {
		gpio_toggle(GPIOC, GPIO(13));
		rtos_delay(500);
	}
}

int main(void)
{
	clock_hz = rcc_clock_setup();
	usart_setup(clock_hz, 115200);
	usart_print("weather display\r\n");
	rtos_create(blink_task, "blink", 1);
	rtos_create(serial_task, "serial", 2);
	rtos_create(display_task, "display", 3);
	rtos_start(clock_hz);
}
