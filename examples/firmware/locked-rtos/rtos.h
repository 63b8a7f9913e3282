/*
 * A small pre-emptive scheduler in the shape of FreeRTOS on a Cortex-M3: SVC
 * starts the first task, PendSV switches, SysTick ticks at 1 kHz, every task
 * runs on the process stack.
 */
#ifndef RTOS_H
#define RTOS_H

#include <stdint.h>

#define RTOS_NAME_LENGTH 16
#define RTOS_STACK_WORDS 128
#define RTOS_MAX_TASKS	 6

struct tcb {
	uint32_t *pxTopOfStack; /* first: the switch code stores here */
	uint32_t wake_tick;	/* ready when the tick count has reached it */
	uint32_t priority;	/* higher runs first */
	uint32_t *pxStack;
	char pcTaskName[RTOS_NAME_LENGTH];
};

/* Add a task before rtos_start. A task function must not return. */
void rtos_create(void (*body)(void), const char *name, uint32_t priority);
/* Start the first task; does not return. `clock` is the core clock in Hz. */
void rtos_start(uint32_t clock) __attribute__((noreturn));
/* Sleep for that many milliseconds (1: until the next tick). */
void rtos_delay(uint32_t milliseconds);
/* Milliseconds since rtos_start. */
uint32_t rtos_ticks(void);

#endif
