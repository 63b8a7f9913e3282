/*
 * The static sweep: stores that no run reached. Recovers the control flow from
 * the vectors (and function pointers found in the image), carries constants
 * across calls bit by bit, and reports stores that switch SWD off on a path
 * that nothing known forbids. Branches whose condition is known are followed
 * one way only, so an arm behind a constant selector stays silent.
 *
 * Not modelled: RAM variables (unknown), values returned through memory other
 * than the stack, code copied to RAM.
 */
#ifndef REFLASH_LOCKOUT_SWEEP_H
#define REFLASH_LOCKOUT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"

#define SWEEP_CALLS_MAX 16
#define SWEEP_HITS_MAX 32

/* One store that may switch SWD off. */
struct sweep_hit {
	uint32_t store_pc;
	uint32_t target, value; /* value: unknown bits 0 */
	uint32_t known;         /* which bits of value are certain */
	uint32_t origin;        /* where the constant entered; 0: unknown */
	bool read_back;         /* depends on what AFIO_MAPR[26:24] reads back as */
	uint32_t calls[SWEEP_CALLS_MAX]; /* call instructions, innermost first */
	size_t call_count;
	uint32_t root;          /* entry of the function where the walk began */
	bool root_is_vector;    /* reset or interrupt; else: found as a function pointer */
	uint32_t branch;        /* nearest undecided branch before it; 0: none */
};

struct sweep_result {
	struct sweep_hit hits[SWEEP_HITS_MAX];
	size_t hit_count;
	size_t functions;   /* functions walked */
	size_t steps;       /* instructions interpreted */
	bool complete;      /* false: the step budget ran out */
};

/* `max_steps` bounds the work (about 30 ns each). */
enum status sweep_image(const struct image *img, uint32_t vectors, size_t vector_count,
			size_t max_steps, struct sweep_result *out, struct err *err) MUST_CHECK;

#endif
