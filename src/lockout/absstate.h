/*
 * The sweep's machine state: registers, what the flags came from, and the
 * stack frame, all as far as known.
 */
#ifndef REFLASH_LOCKOUT_ABSSTATE_H
#define REFLASH_LOCKOUT_ABSSTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arm/arm.h"
#include "lockout/absval.h"

#define ABS_SLOTS 40
#define ABS_RAM 12

/* A known piece of stack: `size` bytes at an offset from the root's entry SP. */
struct abs_slot {
	int32_t offset;
	uint8_t size;
	struct absval v;
};

/* What the flags tell: a comparison a - b, or the N and Z of one result. */
enum abs_flags { FLAGS_UNKNOWN, FLAGS_COMPARED, FLAGS_RESULT };

/* Is a bit set? Of AFIO's clock (RCC_APB2ENR.AFIOEN): without, AFIO takes no store. */
enum abs_gate { GATE_UNKNOWN, GATE_OFF, GATE_ON };

struct abs_state {
	struct absval r[16];
	enum abs_flags flags;
	struct absval a, b;   /* FLAGS_COMPARED: both; FLAGS_RESULT: a */
	uint8_t assumed;      /* a condition taken for true, + 1; 0: none */
	enum abs_gate gate;
	enum abs_gate deep, standby; /* SCR.SLEEPDEEP, PWR_CR.PDDS */
	uint8_t slot_count;
	struct abs_slot slots[ABS_SLOTS];
	/* Variables as this way left them; their addresses are their offsets. */
	uint8_t ram_count;
	struct abs_slot ram[ABS_RAM];
};

/* Nothing known but SP = the given offset. */
void abs_state_init(struct abs_state *s, int32_t sp);
/* Join `from` into `into`; true when that changed anything. */
bool abs_state_join(struct abs_state *into, const struct abs_state *from);
/* The stack slot of a store or load; both take sizes 1, 2, 4. */
void abs_stack_store(struct abs_state *s, int32_t offset, unsigned size, struct absval v);
struct absval abs_stack_load(const struct abs_state *s, int32_t offset, unsigned size);
/* The same for a variable in RAM; joining forgets them, and so does a call. */
void abs_ram_store(struct abs_state *s, uint32_t address, unsigned size, struct absval v);
struct absval abs_ram_load(const struct abs_state *s, uint32_t address, unsigned size);
/* Forget everything below `sp`: a returned function's frame. */
void abs_stack_trim(struct abs_state *s, int32_t sp);
/* Is a condition true: 1, false: 0, not known: -1? */
int abs_condition(const struct abs_state *s, enum arm_cond cond);

#endif
