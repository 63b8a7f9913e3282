/* Something to debug: calls to step into, a variable to watch, an interrupt to
 * look back from. */
#include "f103.h"

volatile uint32_t rounds, ticks, doubled;

uint32_t twice(uint32_t value);
void on_tick(void);
void sys_tick_handler(void);

__attribute__((noinline)) uint32_t twice(uint32_t value)
{
	return value * 2;
}

__attribute__((noinline)) void on_tick(void)
{
	ticks++;
}

void sys_tick_handler(void)
{
	on_tick();
}

/* AN3155, Go: the program that is started sets the vector table itself. With
 * BOOT0 high, address 0 is still the boot ROM. */
int main(void)
{
	SCB_VTOR = 0x08000000u;
	SYST_RVR = 8000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
	for (;;) {
		doubled = twice(rounds);
		rounds++;
	}
}
