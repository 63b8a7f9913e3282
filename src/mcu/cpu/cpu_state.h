/*
 * The core's state, as far as a snapshot must copy it. Registers follow the
 * architecture's names. Source: DDI 0403 B1.4, B3.2, C1.
 */
#ifndef REFLASH_MCU_CPU_STATE_H
#define REFLASH_MCU_CPU_STATE_H

#include <stdbool.h>
#include <stdint.h>

#define CPU_EXCEPTIONS 96 /* 16 of the system, up to 80 interrupts; three words of bits */
#define CPU_EXC_WORDS 3
#define FPB_COMPARATORS 8 /* 6 for instructions, 2 for literals */
#define DWT_COMPARATORS 4

struct cpu_systick {
	uint32_t csr;      /* ENABLE, TICKINT, CLKSOURCE */
	uint32_t rvr;
	bool countflag;
	uint32_t left;     /* counter value while it stands still */
	uint32_t reload;   /* ticks of the period under way; 0 before the first wrap */
	uint64_t zero_at;  /* core cycle at which the counter reaches 0 next; while it runs */
};

struct cpu_fpb {
	bool enabled;
	uint32_t remap;
	uint32_t comp[FPB_COMPARATORS];
};

struct cpu_dwt {
	uint32_t ctrl;
	uint64_t cyccnt_base; /* CYCCNT = cycles - base while it counts */
	uint32_t cyccnt;      /* its value while it stands still */
	struct {
		uint32_t comp, mask, function;
		bool matched;
	} unit[DWT_COMPARATORS];
};

struct cpu_state {
	uint32_t r[16];      /* r13: the active stack pointer; r15: the instruction under way */
	uint32_t sp_other;   /* the inactive one of MSP and PSP */
	uint32_t next;       /* where execution goes on after the instruction under way */
	uint32_t exc_return; /* the instruction under way loaded this EXC_RETURN into PC; 0: none */
	uint32_t apsr;       /* N Z C V Q in bits 31..27 */
	uint16_t ipsr;
	uint8_t it;          /* ITSTATE of the instruction under way */
	bool thumb;          /* EPSR.T */
	uint8_t primask, faultmask, basepri, control;

	/* Exceptions, by number. */
	uint32_t pending[CPU_EXC_WORDS], enabled[CPU_EXC_WORDS], active[CPU_EXC_WORDS];
	uint32_t level[CPU_EXC_WORDS]; /* lines from outside */
	uint8_t priority[CPU_EXCEPTIONS];
	int16_t execution_priority;    /* 256 in thread mode, -1 HardFault, -2 NMI */
	int16_t active_priority;       /* of the active exceptions alone, without the masks */
	uint8_t to_take;     /* the pending exception that preempts now; 0: none */
	bool attention;      /* something asks for the slow path: exception, debug, IT */

	/* System control block. */
	uint32_t vtor, scr, ccr, cfsr, hfsr, dfsr, mmfar, bfar, actlr;
	uint8_t prigroup;
	struct cpu_systick systick;

	bool event;          /* WFE's event register */
	bool sleeping;
	uint8_t sleep_request; /* the instruction under way was WFI (1) or WFE (2) */
	bool sleep_wfe;      /* asleep by WFE: an event wakes too */
	bool lockup;
	bool exclusive;      /* local monitor: LDREX has been done */
	uint32_t exclusive_address;

	/* Debug. */
	bool halted;
	bool debug_enabled, halt_request, step, mask_ints; /* DHCSR control bits */
	bool watch_hit;      /* a watchpoint matched during the instruction under way */
	bool halt_in_reset;  /* C_HALT was written while the chip was held in reset */
	bool stepping;       /* one instruction is due before halting again */
	bool reset_sticky;   /* S_RESET_ST */
	uint64_t retire_mark;/* instructions at the last look at S_RETIRE_ST */
	uint32_t demcr, dcrdr;
	uint32_t demcr_at_vector; /* VC_* hit by the exception being entered */
	struct cpu_fpb fpb;
	struct cpu_dwt dwt;
};

#endif
