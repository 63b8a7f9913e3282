/*
 * The scheduler. Switching follows ARM's convention for the Cortex-M3
 * (DDI 0403 B1.5): hardware stacks r0-r3, r12, lr, pc, xPSR on the process
 * stack, PendSV adds r4-r11 below them.
 */
#include "rtos.h"

#include "f103.h"

static struct tcb tasks[RTOS_MAX_TASKS];
static uint32_t stacks[RTOS_MAX_TASKS][RTOS_STACK_WORDS] __attribute__((aligned(8)));
static uint32_t task_count;
static volatile uint32_t tick_count;

struct tcb *volatile pxCurrentTCB __attribute__((used));

static void task_returned(void)
{
	for (;;)
		;
}

void rtos_create(void (*body)(void), const char *name, uint32_t priority)
{
	struct tcb *task = &tasks[task_count];
	uint32_t *frame = stacks[task_count] + RTOS_STACK_WORDS - 16;
	uint32_t i;

	task_count++;
	for (i = 0; i < 16; i++)
		frame[i] = 0;
	frame[13] = (uint32_t)(uintptr_t)task_returned;
	frame[14] = (uint32_t)(uintptr_t)body;
	frame[15] = 1u << 24; /* xPSR: Thumb */
	task->pxTopOfStack = frame;
	task->pxStack = frame + 16 - RTOS_STACK_WORDS;
	task->priority = priority;
	for (i = 0; i + 1 < RTOS_NAME_LENGTH && name[i]; i++)
		task->pcTaskName[i] = name[i];
}

/* The ready task with the highest priority, after the present one among
 * equals. The idle task is always ready. */
void rtos_switch(void);
void rtos_switch(void)
{
	uint32_t current = (uint32_t)(pxCurrentTCB - tasks);
	struct tcb *best = 0;

	for (uint32_t i = 1; i <= task_count; i++) {
		struct tcb *task = &tasks[(current + i) % task_count];

		if ((int32_t)(tick_count - task->wake_tick) < 0)
			continue;
		if (!best || task->priority > best->priority)
			best = task;
	}
	pxCurrentTCB = best;
}

void sys_tick_handler(void);
void sys_tick_handler(void)
{
	tick_count++;
	SCB_ICSR = SCB_ICSR_PENDSVSET;
}

__attribute__((naked)) void sv_call_handler(void);
void sv_call_handler(void)
{
	__asm volatile("ldr r3, =pxCurrentTCB\n"
		       "ldr r1, [r3]\n"
		       "ldr r0, [r1]\n"
		       "ldmia r0!, {r4-r11}\n"
		       "msr psp, r0\n"
		       "isb\n"
		       "orr lr, lr, #13\n" /* thread mode, process stack */
		       "bx lr\n");
}

__attribute__((naked)) void pend_sv_handler(void);
void pend_sv_handler(void)
{
	__asm volatile("mrs r0, psp\n"
		       "isb\n"
		       "ldr r3, =pxCurrentTCB\n"
		       "ldr r2, [r3]\n"
		       "stmdb r0!, {r4-r11}\n"
		       "str r0, [r2]\n"
		       "push {r3, lr}\n"
		       "mov r0, #16\n"
		       "msr basepri, r0\n"
		       "bl rtos_switch\n"
		       "mov r0, #0\n"
		       "msr basepri, r0\n"
		       "pop {r3, lr}\n"
		       "ldr r1, [r3]\n"
		       "ldr r0, [r1]\n"
		       "ldmia r0!, {r4-r11}\n"
		       "msr psp, r0\n"
		       "isb\n"
		       "bx lr\n");
}

static void idle_task(void)
{
	for (;;)
		;
}

void rtos_start(uint32_t clock)
{
	rtos_create(idle_task, "IDLE", 0);
	pxCurrentTCB = &tasks[0];
	SCB_SHPR3 = 0xF0F00000u; /* SysTick and PendSV lowest */
	SYST_RVR = clock / 1000 - 1;
	SYST_CVR = 0;
	SYST_CSR = SYST_CSR_RUN;
	__asm volatile("ldr r0, =0xE000ED08\n" /* main stack back to its top */
		       "ldr r0, [r0]\n"
		       "ldr r0, [r0]\n"
		       "msr msp, r0\n"
		       "cpsie i\n"
		       "dsb\n"
		       "isb\n"
		       "svc 0\n"
		       "nop\n" ::
			       : "r0", "memory");
	__builtin_unreachable();
}

void rtos_delay(uint32_t milliseconds)
{
	pxCurrentTCB->wake_tick = tick_count + milliseconds;
	SCB_ICSR = SCB_ICSR_PENDSVSET;
	__asm volatile("dsb\nisb" ::: "memory");
}

uint32_t rtos_ticks(void)
{
	return tick_count;
}
