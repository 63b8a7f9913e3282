/*
 * Compares two results of one case. What the architecture leaves open is left
 * out; what the reference is known to do wrong is told apart, not hidden.
 */
#include <string.h>

#include "isa.h"

#define HFSR_FORCED    0x40000000u
#define HFSR_DEBUGEVT  0x80000000u
#define CFSR_INVSTATE  0x00020000u
#define CFSR_DIVBYZERO 0x02000000u
#define CFSR_UNALIGNED 0x01000000u

static bool differ(char *why, size_t size, const char *what, uint32_t ours, uint32_t theirs)
{
	if (ours == theirs)
		return false;
	snprintf(why, size, "%s: ours %08x, theirs %08x", what, ours, theirs);
	return true;
}

static bool registers_differ(const struct slot_result *a, const struct slot_result *b, char *why,
			     size_t size)
{
	char name[8];

	for (unsigned i = 0; i < 13; i++) {
		snprintf(name, sizeof name, "r%u", i);
		if (differ(why, size, name, a->r[i], b->r[i]))
			return true;
	}
	return differ(why, size, "sp", a->sp, b->sp) || differ(why, size, "lr", a->lr, b->lr) ||
	       differ(why, size, "pc", a->pc, b->pc) || differ(why, size, "xpsr", a->xpsr, b->xpsr);
}

static bool memory_differs(const struct slot_result *a, const struct slot_result *b, char *why,
			   size_t size)
{
	char name[32];

	for (unsigned i = 0; i < SLOT_MEMORY_WORDS; i++) {
		snprintf(name, sizeof name, "memory[%08x]", SLOT_MEMORY + 4 * i);
		if (differ(why, size, name, a->memory[i], b->memory[i]))
			return true;
	}
	return false;
}

/*
 * QEMU 7.2 checks the alignment of a branch target without the Thumb bit as if
 * it were going to fetch ARM code: UNALIGNED where the manual says INVSTATE.
 */
static bool alignment_before_state(const struct slot_result *ours, const struct slot_result *theirs)
{
	return ours->cfsr == CFSR_INVSTATE && theirs->cfsr == CFSR_UNALIGNED &&
	       ours->pc == theirs->pc && (ours->pc & 2);
}

/* QEMU marks a BKPT that nobody handles FORCED; C1.4.1 says DEBUGEVT. */
static bool wrong_debug_event(const struct slot_result *ours, const struct slot_result *theirs)
{
	return ours->hfsr == HFSR_DEBUGEVT && theirs->hfsr == HFSR_FORCED && ours->pc == theirs->pc;
}

/* QEMU drops a write that a trapping division would have overwritten. */
static bool lost_before_division(const struct isa_case *c, const struct slot_result *ours,
				 const struct slot_result *theirs)
{
	return c->count > 1 && ours->cfsr == CFSR_DIVBYZERO && theirs->cfsr == CFSR_DIVBYZERO &&
	       ours->pc == theirs->pc;
}

bool results_agree(const struct isa_case *c, const struct slot_result *ours,
		   const struct slot_result *theirs, bool *theirs_wrong, char *why, size_t size)
{
	*theirs_wrong = alignment_before_state(ours, theirs) || wrong_debug_event(ours, theirs) ||
			lost_before_division(c, ours, theirs);
	return !(differ(why, size, "exception", ours->exception, theirs->exception) ||
		 differ(why, size, "cfsr", ours->cfsr, theirs->cfsr) ||
		 differ(why, size, "hfsr", ours->hfsr, theirs->hfsr) ||
		 differ(why, size, "exc_return", ours->exc_return, theirs->exc_return) ||
		 registers_differ(ours, theirs, why, size) ||
		 differ(why, size, "masks", ours->masks, theirs->masks) ||
		 differ(why, size, "fault address", ours->fault_address, theirs->fault_address) ||
		 memory_differs(ours, theirs, why, size));
}
