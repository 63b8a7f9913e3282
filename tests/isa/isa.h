/*
 * The pieces of the differential tests: cases are made from the instruction
 * table's rows, run by several machines, and compared.
 */
#ifndef TESTS_ISA_ISA_H
#define TESTS_ISA_ISA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "arm/arm.h"
#include "runner/slots.h"

/* ---- random numbers (splitmix64: equal everywhere) ---- */
static inline uint64_t rng_next(uint64_t *state)
{
	uint64_t z = (*state += 0x9E3779B97F4A7C15u);

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}
static inline uint32_t rng_below(uint64_t *state, uint32_t n)
{
	return (uint32_t)(((rng_next(state) >> 32) * n) >> 32);
}

/* ---- gen.c: cases ---- */
#define CASE_MAX_INSNS 6

struct isa_case {
	struct slot_case slot;
	unsigned count; /* instructions */
	struct arm_insn insn[CASE_MAX_INSNS];
	uint16_t rows[CASE_MAX_INSNS]; /* their rows' numbers */
};
/* Case number `index` of the series `seed`; the same for ever. Rows take
 * turns. False when this row is left to other tests (gen_left_out says why). */
bool gen_case(uint64_t seed, uint64_t index, struct isa_case *out);
/* Why a row is not compared here; NULL when it is. */
const char *gen_left_out(const struct arm_row *row);
void case_print(FILE *to, const struct isa_case *c);

/* ---- machines: results in the order of the cases; false: it died or hung ---- */
bool own_run(const char *runner_bin, const struct isa_case *cases, size_t count,
	     struct slot_result *out);
/* The same without the fast loop: every instruction by its plain function, as
 * when a debugger steps. */
bool own_run_plainly(const char *runner_bin, const struct isa_case *cases, size_t count,
		     struct slot_result *out);
bool qemu_run(const char *runner_elf, const struct isa_case *cases, size_t count,
	      struct slot_result *out);

/* ---- compare.c ---- */
/* First difference as text in `why`; true when there is none. `theirs_wrong`
 * is set when the difference is one the reference is known to get wrong. */
bool results_agree(const struct isa_case *c, const struct slot_result *ours,
		   const struct slot_result *theirs, bool *theirs_wrong, char *why, size_t size);

#endif
