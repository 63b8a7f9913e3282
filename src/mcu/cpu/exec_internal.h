/* What the instruction functions share. Inside exec_*.c only. */
#ifndef REFLASH_MCU_CPU_EXEC_INTERNAL_H
#define REFLASH_MCU_CPU_EXEC_INTERNAL_H

#include "mcu/cpu/cpu_internal.h"

/* A register as an operand: PC reads as the instruction's address + 4. */
static inline uint32_t reg(const struct cpu_state *c, unsigned n)
{
	return n == 15 ? c->r[15] + 4 : c->r[n];
}

/* A register as a result: PC is a simple branch, SP keeps its low bits clear. */
static inline void set_reg(struct cpu_state *c, unsigned n, uint32_t v)
{
	if (n == 15)
		c->next = v & ~1u;
	else
		c->r[n] = n == 13 ? v & ~3u : v;
}

static inline bool carry_of(const struct cpu_state *c)
{
	return c->apsr & APSR_C;
}

static inline bool sets_flags(const struct cpu_state *c, const struct arm_insn *in)
{
	return in->flags & ARM_INSN_SETFLAGS || (in->flags & ARM_INSN_SETFLAGS_NOT_IT && !c->it);
}

/* Shift_C, A2.2.1. `*carry` is the carry in, then out. */
uint32_t shift_c(uint32_t v, enum arm_shift type, unsigned n, bool *carry);

#endif
