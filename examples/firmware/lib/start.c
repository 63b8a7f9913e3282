/*
 * Start-up: vector table, .data and .bss, main(). A handler that a program does
 * not define stops in blocking_handler.
 */
#include "f103.h"

extern uint32_t _stack, _data_load, _data, _edata, _bss, _ebss;
int main(void);

void reset_handler(void) __attribute__((noreturn));
void blocking_handler(void);
void blocking_handler(void)
{
	for (;;)
		;
}

void reset_handler(void)
{
	const uint32_t *from = &_data_load;

	for (uint32_t *to = &_data; to < &_edata; to++)
		*to = *from++;
	for (uint32_t *to = &_bss; to < &_ebss; to++)
		*to = 0;
	main();
	blocking_handler();
	__builtin_unreachable();
}

#define WEAK_HANDLER(name) void name(void) __attribute__((weak, alias("blocking_handler")))

WEAK_HANDLER(nmi_handler);
WEAK_HANDLER(hard_fault_handler);
WEAK_HANDLER(mem_manage_handler);
WEAK_HANDLER(bus_fault_handler);
WEAK_HANDLER(usage_fault_handler);
WEAK_HANDLER(sv_call_handler);
WEAK_HANDLER(debug_monitor_handler);
WEAK_HANDLER(pend_sv_handler);
WEAK_HANDLER(sys_tick_handler);
WEAK_HANDLER(irq_handler);

#define EIGHT(f) f, f, f, f, f, f, f, f

/* The 43 interrupts of a medium-density part share one handler. */
__attribute__((section(".vectors"), used)) void (*const vector_table[16 + 48])(void) = {
	(void (*)(void)) & _stack,
	reset_handler,
	nmi_handler,
	hard_fault_handler,
	mem_manage_handler,
	bus_fault_handler,
	usage_fault_handler,
	0,
	0,
	0,
	0,
	sv_call_handler,
	debug_monitor_handler,
	0,
	pend_sv_handler,
	sys_tick_handler,
	EIGHT(irq_handler),
	EIGHT(irq_handler),
	EIGHT(irq_handler),
	EIGHT(irq_handler),
	EIGHT(irq_handler),
	EIGHT(irq_handler),
};
