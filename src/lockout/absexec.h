/* One instruction on the sweep's abstract state. */
#ifndef REFLASH_LOCKOUT_ABSEXEC_H
#define REFLASH_LOCKOUT_ABSEXEC_H

#include "lockout/absstate.h"

struct abs_memory {
	void *ctx;
	/* A load from a known address outside the stack. */
	struct absval (*load)(void *ctx, uint32_t address, unsigned size);
	/* A store whose address is known and outside the stack. */
	void (*store)(void *ctx, uint32_t pc, uint32_t address, unsigned size, struct absval v);
	/* A constant entered the program: a literal or immediate at `pc`. */
	void (*constant)(void *ctx, uint32_t pc, uint32_t value);
};

/* Apply an instruction that does not branch, call or return (control flow is
 * the walker's): registers, flags, stack. `in_it`: inside an IT block. `depth`
 * marks where constants enter. */
void abs_execute(struct abs_state *s, const struct arm_insn *insn, uint32_t pc, bool in_it,
		 uint8_t depth, const struct abs_memory *mem);

#endif
