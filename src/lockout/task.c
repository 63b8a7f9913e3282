/*
 * The RTOS task that is running. FreeRTOS keeps the running task's control
 * block in pxCurrentTCB; its name lies behind list items whose size depends on
 * the configuration, so the debug information is asked for the offset, and
 * without it the first printable string in the block is taken. ChibiOS and
 * RIOT hold a pointer to the name.
 *
 * A name is given only while the core runs on the process stack: before the
 * scheduler starts and in interrupts it is nobody's task.
 */
#include <stdio.h>

#include "lockout/lockout_internal.h"

#define CONTROL_SPSEL 2u
#define TCB_SEARCH 160u

static bool on_process_stack(const struct mcu *m)
{
	return mcu_exception(m) == 0 &&
	       (mcu_reg(m, MCU_SPECIAL) >> 24 & CONTROL_SPSEL) != 0;
}

static bool name_at(const struct mcu *m, uint32_t address, char *out, size_t size)
{
	size_t n = 0;
	char c;

	while (n + 1 < size && mcu_peek(m, address + (uint32_t)n, &c, 1) && c >= ' ' && c <= '~')
		out[n++] = c;
	out[n] = '\0';
	return n > 0 && mcu_peek(m, address + (uint32_t)n, &c, 1) && c == '\0';
}

static bool search_name(const struct mcu *m, uint32_t tcb, char *out, size_t size)
{
	for (uint32_t at = 4; at < TCB_SEARCH; at += 4)
		if (name_at(m, tcb + at, out, size) && strlen(out) >= 2)
			return true;
	out[0] = '\0';
	return false;
}

static bool member_named(const struct image *img, const char *member, uint32_t *offset)
{
	static const char *const structures[] = {"tskTaskControlBlock", "tskTCB", "tcb"};

	for (size_t i = 0; i < sizeof structures / sizeof structures[0]; i++)
		if (image_member_offset(img, structures[i], member, offset))
			return true;
	return false;
}

static bool freertos_name(const struct image *img, const struct mcu *m, char *out, size_t size)
{
	const struct image_symbol *current = image_symbol_named(img, "pxCurrentTCB");
	uint32_t tcb, offset;

	if (!current || !mcu_peek(m, current->address, &tcb, 4) || tcb == 0)
		return false;
	if (member_named(img, "pcTaskName", &offset) && name_at(m, tcb + offset, out, size))
		return true;
	return search_name(m, tcb, out, size);
}

/* A global that points to a thread, which holds a pointer to its name. */
static bool pointer_name(const struct image *img, const struct mcu *m, const char *symbol,
			 const char *structure, char *out, size_t size)
{
	const struct image_symbol *current = image_symbol_named(img, symbol);
	uint32_t thread, offset, name;

	return current && mcu_peek(m, current->address, &thread, 4) && thread &&
	       image_member_offset(img, structure, "name", &offset) &&
	       mcu_peek(m, thread + offset, &name, 4) && name_at(m, name, out, size);
}

void task_name(const struct image *img, const struct mcu *m, char *out, size_t size)
{
	out[0] = '\0';
	if (!on_process_stack(m) || freertos_name(img, m, out, size) ||
	    pointer_name(img, m, "sched_active_thread", "_thread", out, size))
		return;
	out[0] = '\0';
}
