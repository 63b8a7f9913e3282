/* Says once a second that it is alive. */
#include "f103.h"
#include "rtos.h"
#include "tasks.h"

void serial_task(void)
{
	for (;;) {
		usart_print("up ");
		usart_print_number(rtos_ticks() / 1000);
		usart_print(" s\r\n");
		rtos_delay(1000);
	}
}
