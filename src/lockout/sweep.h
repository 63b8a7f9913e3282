/*
 * The static sweep: what no run reached. Recovers the control flow from
 * the vectors (and function pointers found in the image), carries constants
 * across calls bit by bit, and reports stores that switch SWD off on a path
 * that nothing known forbids. Branches whose condition is known are followed
 * one way only, so an arm behind a constant selector stays silent.
 *
 * Beside those: option bytes that are programmed to protect, WFI and WFE that
 * enter Stop or Standby, the start of the IWDG.
 *
 * A store to AFIO_MAPR counts only where AFIO is clocked (RCC_APB2ENR.AFIOEN),
 * as far as that is known: off at reset; in a task or an interrupt as others leave it.
 *
 * RAM variables may hold anything, and one to which SWJ_CFG=100 is stored
 * somewhere (or from which it starts) may hold it anywhere. Where that gives a
 * hit, the image is walked again: then a variable that is given one value
 * only, not zero, by all stores whose address is known, holds that. A hit that
 * goes away is doubtful (the pins of a serial port object, say).
 *
 * Not modelled: values in memory whose address is not known; what a branch that
 * was taken says of what it compared; an event that WFE only takes.
 */
#ifndef REFLASH_LOCKOUT_SWEEP_H
#define REFLASH_LOCKOUT_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "image/image.h"

#define SWEEP_CALLS_MAX 16
#define SWEEP_HITS_MAX 48
#define SWEEP_PERILS_MAX 16 /* of these, others than SWEEP_SWJ */

/* What a path that was not run does. */
enum sweep_kind {
	SWEEP_SWJ,     /* stores SWJ_CFG=100: switches SWD off */
	SWEEP_RDP, SWEEP_WRP, SWEEP_USER, /* programs that option byte, perhaps to protect */
	SWEEP_ERASE,   /* erases the option bytes, and nobody writes RDP back */
	SWEEP_STOP, SWEEP_STANDBY,        /* WFI or WFE with SLEEPDEEP set */
	SWEEP_IWDG,    /* starts the watchdog */
};

/* One such instruction, mostly a store. */
struct sweep_hit {
	enum sweep_kind kind;
	uint32_t store_pc;
	uint32_t target, value; /* value: unknown bits 0 */
	uint32_t known;         /* which bits of value are certain */
	uint32_t origin;        /* where the constant entered; 0: unknown */
	uint32_t table;         /* word of a table that it was read from; 0: none */
	unsigned chosen;        /* who chose it: 0 origin's statement, n calls[n - 1] */
	bool variable;          /* the constant came by way of a variable in RAM */
	bool in_it;             /* in an IT block whose condition is not known */
	bool gate_off;          /* AFIO has no clock there: no effect */
	bool dma;               /* a DMA channel is pointed at the register */
	bool read_back;         /* depends on what AFIO_MAPR[26:24] reads back as */
	bool doubtful;          /* only if a variable holds what nothing seen here gives it */
	uint32_t calls[SWEEP_CALLS_MAX]; /* call instructions, innermost first */
	size_t call_count;
	uint32_t root;          /* entry of the function where the walk began */
	bool root_is_vector;    /* reset or interrupt; else: found as a function pointer */
	uint32_t no_return;     /* bit n: the function n calls below the root never returns */
	uint32_t branch;        /* nearest undecided branch before it; 0: none */
};

struct sweep_result {
	struct sweep_hit hits[SWEEP_HITS_MAX];
	size_t hit_count;
	size_t functions;   /* functions walked */
	size_t steps;       /* instructions interpreted */
	bool complete;      /* false: the step budget ran out */
	bool rdp_programmed, options_programmed; /* by a store whose address is known */
	bool option_mode;   /* FLASH_CR.OPTPG is set somewhere */
};

/* `clocked`: AFIO is known to get its clock some time. `max_steps` bounds the
 * work (about 30 ns each). */
enum status sweep_image(const struct image *img, uint32_t vectors, size_t vector_count,
			bool clocked, size_t max_steps, struct sweep_result *out, struct err *err) MUST_CHECK;

#endif
