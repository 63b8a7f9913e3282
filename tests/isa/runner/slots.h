/*
 * The contract between the runner firmware and the programs that feed it: one
 * case in, one result out, in batches, at fixed addresses. The same image runs
 * on QEMU (which reads and writes files by semihosting) and on our core (where
 * the test program fills and empties the mailbox itself).
 */
#ifndef TESTS_ISA_SLOTS_H
#define TESTS_ISA_SLOTS_H

#include <stdint.h>

#define SLOT_CODE_WORDS	  8 /* room for the instructions of a case */
#define SLOT_MEMORY_WORDS 64
#define SLOT_BATCH	  64

/* Code window: filled with UDF #0, so that wherever a case branches to, it
 * traps there and the trap's PC tells. A case starts in its middle. */
#define SLOT_CODE_BASE 0x20001200u
#define SLOT_CODE_SIZE 0xC00u
#define SLOT_CODE      0x20001600u
/* Data window: what a case loads and stores. Its stack is in there too. */
#define SLOT_MEMORY	 0x20002000u
#define SLOT_MEMORY_SIZE (SLOT_MEMORY_WORDS * 4u)
/* Around both lie fixed pseudo-random words, for PC-relative loads. */
#define SLOT_FILL_BASE 0x20000400u
#define SLOT_FILL_END  0x20002800u
#define SLOT_MAILBOX   0x20003000u
#define SLOT_UDF       0xDE00u

struct slot_case {
	uint32_t r[13], sp, lr, pc, xpsr;
	uint32_t seed;	  /* of the data window's contents */
	uint32_t ccr;	  /* SCB->CCR while the case runs */
	uint32_t control; /* bit 0: run unprivileged */
	uint32_t code[SLOT_CODE_WORDS];
};

struct slot_result {
	uint32_t r[13], sp, lr, pc, xpsr; /* as stacked when the case trapped */
	uint32_t exception;		  /* number of the exception that ended the case */
	uint32_t exc_return;
	uint32_t cfsr, hfsr, fault_address; /* 0 unless marked valid in CFSR */
	uint32_t masks; /* PRIMASK | FAULTMASK << 8 | BASEPRI << 16 | CONTROL << 24 */
	uint32_t memory[SLOT_MEMORY_WORDS];
};

enum { MAILBOX_SEMIHOSTED, MAILBOX_DRIVEN };
enum { MAILBOX_WORKING = 1, MAILBOX_READY = 2, MAILBOX_QUIT = 3 };

struct slot_mailbox {
	uint32_t mode;	/* MAILBOX_DRIVEN: written by the test program before it lets go */
	uint32_t state; /* driven: firmware sets READY and spins until WORKING or QUIT */
	uint32_t count; /* cases in the batch */
	uint32_t spare;
	struct slot_case in[SLOT_BATCH];
	struct slot_result out[SLOT_BATCH];
};

/* Contents of the data window: a quarter each odd code addresses, word
 * addresses in the window, and numbers. */
static inline uint32_t slot_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}
static inline uint32_t slot_memory_word(uint32_t *state)
{
	uint32_t n = slot_random(state);

	switch (n & 3) {
	case 0:
		return SLOT_CODE + ((n >> 8) & 0xFE) + 1;
	case 1:
		return SLOT_MEMORY + 0x60 + ((n >> 8) & 0x5C);
	default:
		return n * 0x9E3779B1u;
	}
}

#endif
