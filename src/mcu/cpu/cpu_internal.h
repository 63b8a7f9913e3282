/*
 * Inside the core.
 *
 *   interp.c       the fast loop over pre-decoded operations, and the run loop
 *   cache.c        pre-decoded code, regions, invalidation
 *   exec_*.c       every instruction, one plain function a kind
 *   mem.c          loads and stores as the core does them: privilege, alignment, faults
 *   exception.c    priorities, entry, return, faults, lockup
 *   scs.c          the System Control Space and the other private peripherals
 *   nvic.c systick.c debug.c fpb.c dwt.c   one unit each
 *   core.c         reset and the register file
 */
#ifndef REFLASH_MCU_CPU_INTERNAL_H
#define REFLASH_MCU_CPU_INTERNAL_H

#include "mcu/mcu_internal.h"

#define APSR_N 0x80000000u
#define APSR_Z 0x40000000u
#define APSR_C 0x20000000u
#define APSR_V 0x10000000u
#define APSR_Q 0x08000000u

#define CFSR_IACCVIOL (1u << 0)
#define CFSR_DACCVIOL (1u << 1)
#define CFSR_MUNSTKERR (1u << 3)
#define CFSR_MSTKERR (1u << 4)
#define CFSR_MMARVALID (1u << 7)
#define CFSR_IBUSERR (1u << 8)
#define CFSR_PRECISERR (1u << 9)
#define CFSR_IMPRECISERR (1u << 10)
#define CFSR_UNSTKERR (1u << 11)
#define CFSR_STKERR (1u << 12)
#define CFSR_UNDEFINSTR (1u << 16)
#define CFSR_INVSTATE (1u << 17)
#define CFSR_INVPC (1u << 18)
#define CFSR_NOCP (1u << 19)
#define CFSR_UNALIGNED (1u << 24)
#define CFSR_DIVBYZERO (1u << 25)
#define HFSR_VECTTBL (1u << 1)
#define HFSR_FORCED (1u << 30)
#define HFSR_DEBUGEVT (1u << 31)
#define CCR_NONBASETHRDENA (1u << 0)
#define CCR_USERSETMPEND (1u << 1)
#define CCR_UNALIGN_TRP (1u << 3)
#define CCR_DIV_0_TRP (1u << 4)
#define CCR_BFHFNMIGN (1u << 8)
#define CCR_STKALIGN (1u << 9)
#define SCR_SLEEPONEXIT (1u << 1)
#define SCR_SLEEPDEEP (1u << 2)
#define SCR_SEVONPEND (1u << 4)
#define CONTROL_NPRIV 1u
#define CONTROL_SPSEL 2u
#define DFSR_HALTED 1u
#define DFSR_BKPT 2u
#define DFSR_DWTTRAP 4u
#define DFSR_VCATCH 8u
#define DEMCR_VC_CORERESET (1u << 0)
#define DEMCR_VC_MMERR (1u << 4)
#define DEMCR_VC_NOCPERR (1u << 5)
#define DEMCR_VC_CHKERR (1u << 6)
#define DEMCR_VC_STATERR (1u << 7)
#define DEMCR_VC_BUSERR (1u << 8)
#define DEMCR_VC_INTERR (1u << 9)
#define DEMCR_VC_HARDERR (1u << 10)
#define DEMCR_MON_EN (1u << 16)
#define DEMCR_MON_PEND (1u << 17)
#define DEMCR_MON_STEP (1u << 18)
#define DEMCR_TRCENA (1u << 24)

#define PRIORITY_THREAD 256
#define PRIORITY_HARDFAULT (-1)
#define PRIORITY_NMI (-2)

/* Bits by exception number. */
static inline bool exc_bit(const uint32_t *set, unsigned n)
{
	return set[n >> 5] >> (n & 31) & 1;
}
static inline void exc_set(uint32_t *set, unsigned n, bool on)
{
	set[n >> 5] = (set[n >> 5] & ~(1u << (n & 31))) | (uint32_t)on << (n & 31);
}

/* ---- core.c --------------------------------------------------------------------- */

static inline bool cpu_privileged(const struct cpu_state *c)
{
	return c->ipsr != 0 || !(c->control & CONTROL_NPRIV);
}
/* Is PSP the active stack pointer? */
static inline bool cpu_uses_psp(const struct cpu_state *c)
{
	return c->ipsr == 0 && c->control & CONTROL_SPSEL;
}
/* xPSR: flags, ITSTATE in bits 26:25 and 15:10, T, IPSR. */
static inline uint32_t cpu_xpsr(const struct cpu_state *c)
{
	return c->apsr | (c->it & 3u) << 25 | (c->it >> 2 & 0x3Fu) << 10 |
	       (uint32_t)c->thumb << 24 | c->ipsr;
}
static inline void cpu_set_xpsr(struct cpu_state *c, uint32_t value)
{
	c->apsr = value & (APSR_N | APSR_Z | APSR_C | APSR_V | APSR_Q);
	c->it = (uint8_t)((value >> 25 & 3) | (value >> 10 & 0x3F) << 2);
	c->thumb = value >> 24 & 1;
	c->ipsr = value & 0x1FF;
}
/* Exchange the banked stack pointers when `was_psp` says the other one was active. */
static inline void cpu_select_sp(struct cpu_state *c, bool was_psp)
{
	uint32_t sp = c->r[13];

	if (was_psp == cpu_uses_psp(c))
		return;
	c->r[13] = c->sp_other;
	c->sp_other = sp;
}
/* CONTROL, with the stack pointer it selects. */
void cpu_set_control(struct cpu_state *c, uint32_t value);

/* ---- mem.c: a false result means that a fault has been raised ---------------------- */

enum access { ACCESS_DATA, ACCESS_UNPRIV /* LDRT and kin */, ACCESS_ALIGNED /* LDM, LDRD, LDREX */ };
bool cpu_load(struct mcu *m, uint32_t address, unsigned size, enum access how, uint32_t *value);
bool cpu_store(struct mcu *m, uint32_t address, unsigned size, enum access how, uint32_t value);
/* A half-word of code; raises IACCVIOL, IBUSERR. */
bool cpu_fetch(struct mcu *m, uint32_t address, uint16_t *hw);

/* ---- exec_*.c: one instruction; false when it raised a fault ------------------------- */

typedef bool (*exec_fn)(struct mcu *m, const struct arm_insn *in);
#define X(name) bool exec_##name(struct mcu *m, const struct arm_insn *in);
ARM_KINDS(X)
#undef X
/* The instruction at r15, whose ITSTATE condition passed. Sets `next`. */
bool cpu_execute(struct mcu *m, const struct arm_insn *in);
/* Cycles of one instruction, branches not taken. */
unsigned cpu_cost(const struct arm_insn *in);
/* A taken branch refills the pipeline: P of the manual is 1..3 (ASSUMED 2). */
#define REFILL_CYCLES 2u
/* Cycles to refill the pipeline after a jump to `target`. */
static inline unsigned cpu_refill(const struct mcu *m, uint32_t target)
{
	return REFILL_CYCLES + (target < m->chip->ram_base ? flash_wait_states(m) : 0);
}
/* ITSTATE after an instruction of the block. */
static inline uint8_t cpu_it_advance(uint8_t it)
{
	return it & 7 ? (uint8_t)((it & 0xE0) | (it << 1 & 0x1F)) : 0;
}
/* MRS and MSR: SYSm of DDI 0403 B5.1.1, from 8 on, and 5 (IPSR) to read. An
 * unprivileged read gives 0, a write does nothing. */
uint32_t cpu_special(const struct mcu *m, unsigned sysm);
void cpu_set_special(struct mcu *m, unsigned sysm, uint32_t v);
/* CPSID, CPSIE; `list` as struct arm_insn has it. */
void cpu_change_state(struct mcu *m, uint32_t list);
/* By enum arm_kind. */
extern const exec_fn cpu_functions[];
/* Write r15 the way BX, POP and LDR do: interworking bit, EXC_RETURN. */
bool cpu_bx(struct mcu *m, uint32_t target);
/* The WFI or WFE at `from` is complete: sleep, unless something wakes at once. */
void cpu_take_sleep_request(struct mcu *m, uint32_t from);

/* ---- exception.c ------------------------------------------------------------------------ */

/* Anything of the exceptions' state changed: recompute what asks for attention. */
void exception_update(struct mcu *m);
/* As above, when it was nothing but PRIMASK, BASEPRI, FAULTMASK or what is pending. */
void exception_masks_changed(struct mcu *m);
void exception_pend(struct mcu *m, unsigned n, bool on);
/* A synchronous fault by the instruction under way: record the cause, pend the
 * exception or escalate it. Always false, so that callers return it. */
bool fault_raise(struct mcu *m, unsigned exception, uint32_t cfsr);
bool fault_bus(struct mcu *m, uint32_t cfsr, uint32_t address);
/* A breakpoint that neither a debugger nor the monitor takes. */
void fault_debug(struct mcu *m);
/* Exception to be taken now, 0 when none preempts. */
static inline unsigned exception_next(const struct mcu *m)
{
	return m->s.cpu.to_take;
}
/* Stack, fetch the vector, go there; r15 is the return address. */
void exception_enter(struct mcu *m);
/* Exception return to `exc_return`. */
void exception_return(struct mcu *m, uint32_t exc_return);
void cpu_lock_up(struct mcu *m);
/* As set, before grouping; those of Reset, NMI and HardFault are fixed. */
static inline int exception_priority(const struct cpu_state *c, unsigned n)
{
	if (n > EXC_HARDFAULT)
		return c->priority[n];
	return n == EXC_RESET ? -3 : n == EXC_NMI ? PRIORITY_NMI : PRIORITY_HARDFAULT;
}

/* ---- systick.c ----------------------------------------------------------------------------- */

/* Bring the counter up to `cycles`, pend what came due. */
void systick_catch_up(struct mcu *m);
void systick_reset(struct cpu_systick *t);
uint64_t systick_next(const struct mcu *m);
uint32_t systick_read(struct mcu *m, uint32_t address);
void systick_write(struct mcu *m, uint32_t address, uint32_t value);
/* Stop and go on with the core (debug state). */
void systick_freeze(struct mcu *m);
void systick_thaw(struct mcu *m);

/* ---- nvic.c, scs.c ------------------------------------------------------------------------- */

uint32_t nvic_read(struct mcu *m, uint32_t address);
void nvic_write(struct mcu *m, uint32_t address, uint32_t value);
void nvic_write_priority(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
uint32_t scb_read(struct mcu *m, uint32_t address);
void scb_write(struct mcu *m, uint32_t address, uint32_t value);
/* Component identification words at the end of a 4-KiB block. */
uint32_t component_id(const struct mcu *m, uint32_t address);

/* ---- debug.c --------------------------------------------------------------------------------- */

void debug_enter(struct mcu *m, uint32_t dfsr); /* into debug state */
/* A breakpoint or watchpoint hit. True: halted, or the monitor was pended;
 * false: no debugger (BKPT then escalates). */
bool debug_event(struct mcu *m, uint32_t dfsr);
/* A fault of these DEMCR.VC_* kinds was taken: halt when one is enabled. */
void debug_vector_catch(struct mcu *m, uint32_t vc);
uint32_t debug_read(struct mcu *m, uint32_t address);
void debug_write(struct mcu *m, uint32_t address, uint32_t value, bool debugger);
void debug_reset(struct mcu *m, bool power);

/* ---- fpb.c, dwt.c ---------------------------------------------------------------------------- */

uint32_t fpb_read(struct mcu *m, uint32_t address);
void fpb_write(struct mcu *m, uint32_t address, uint32_t value);
/* Is there a breakpoint on the half-word? */
bool fpb_breaks(const struct mcu *m, uint32_t address);
/* Does any code comparator look at the word or two an instruction lies in? */
bool fpb_touches(const struct mcu *m, uint32_t address);
/* The half-word a remapped instruction fetch gets; false: not remapped. */
bool fpb_remap_code(struct mcu *m, uint32_t address, uint16_t *hw);
/* Address a literal load goes to instead; the same when not remapped. */
uint32_t fpb_remap_literal(const struct mcu *m, uint32_t address);
bool fpb_remaps_literals(const struct mcu *m);

uint32_t dwt_read(struct mcu *m, uint32_t address);
void dwt_write(struct mcu *m, uint32_t address, uint32_t value);
void dwt_reset(struct mcu *m);
void dwt_freeze(struct mcu *m);
void dwt_thaw(struct mcu *m);
bool dwt_watches_data(const struct mcu *m);
bool dwt_watches_pc(const struct mcu *m);
void dwt_data(struct mcu *m, uint32_t address, unsigned size, bool store, uint32_t value);
/* True when a PC match stops the core before the instruction at r15. */
bool dwt_pc(struct mcu *m);

/* ---- cache.c -------------------------------------------------------------------------------------- */

struct drifts; /* drift.h */
struct idle_before; /* idle_store.c */

/* One pre-decoded operation a half-word. `handler` belongs to interp.c. */
struct op {
	const void *handler;
	uint8_t a, b, c;  /* what the handler wants: mostly registers (fast.h) */
	uint8_t size;     /* 1 or 2 half-words */
	uint32_t imm;
};

enum { REGION_ALIAS, REGION_FLASH, REGION_SYSTEM, REGION_RAM, REGION_COUNT };
#define GRANULE_SHIFT 6 /* 64 bytes of code, 32 operations */
#define GRANULE_OPS 32u

/* Memory that code runs from. The alias at 0 is one of its own: what PC reads
 * as differs there. */
struct region {
	uint32_t base, size;  /* addresses [base, base + size); size 0: not made */
	const uint8_t *mem;
	struct op *ops;       /* one a half-word, and two more that leave the region */
	struct op *it_ops;    /* the same inside IT blocks, right behind them */
	uint8_t *it_of;       /* ITSTATE the entry of it_ops was decoded for; 0: not decoded */
	uint8_t *used;        /* one a granule: something was decoded from it */
};

#define WATCH_CODE 1u       /* code was decoded from the granule */
#define WATCH_PROVENANCE 2u /* writers are recorded */

enum idle_phase { IDLE_OFF, IDLE_SEEK, IDLE_PASS };

/* The idle skip's memory (idle.c). It never changes what a run computes. */
struct idle {
	enum idle_phase phase;
	uint64_t next_try;  /* instruction count at which to look for a loop again */
	uint64_t wait;      /* back-off, in instructions */
	uint64_t longest;   /* instructions of the longest loop to look for */
	bool disturbed;     /* something was touched that may answer differently next time */
	bool ticks;         /* the round looked at spans whole SysTick periods */
	uint32_t tick_hold, tick_penalty; /* such rounds not to look for, by how often it failed */
	uint64_t steps;     /* instructions looked at in this search */
	unsigned passes;
	uint64_t sleeps;    /* times asleep in this round */
	uint64_t skipped;   /* instructions skipped so far, for tests and measurements */
	struct cpu_state head; /* where the round began */
	struct mcu_time at;
	struct cpu_state mark; /* where a loop inside a round of ticks may have begun */
	struct mcu_time mark_at;
	uint32_t mark_changes;
	uint64_t mark_jumps, next_mark;
	uint64_t period;       /* instructions of the loop found */
	bool known;            /* where drifts was last proved, and its cycles */
	uint32_t known_pc, known_sp;
	uint64_t known_cycles;
	struct idle_before *before; /* NULL until needed; owned */
	struct drifts *drifts; /* NULL until needed; owned */
};

#define PLAIN_MEMO 1024u

struct cpu_cache {
	struct region region[REGION_COUNT];
	const void *const *handlers; /* by enum fast_op; from interp.c */
	struct arm_insn *plain;      /* instructions that go the plain way, by op.imm */
	uint32_t plain_count, plain_room;
	struct arm_insn decoded[PLAIN_MEMO]; /* cpu_single's, by a hash of their bits; a decoding
						depends on nothing else */
	bool pinned;        /* data watchpoints, literal remap: all data accesses go slow */
	bool careful;       /* PC watchpoints: every instruction by itself */
	bool plain_only;    /* for tests: never use the fast loop */
	uint8_t ram_watch[MCU_MAX_RAM >> GRANULE_SHIFT]; /* WATCH_*: stores go slow */
	struct idle idle;
};

/* Flash is busy and the next instruction comes from it (or the alias at 0, or
 * system memory): no fetch until the operation ends. Code in RAM goes on. */
static inline bool cpu_awaits_flash(const struct mcu *m)
{
	return m->s.side.flash_busy && m->s.cpu.r[15] < m->chip->ram_base;
}

/* The region an address executes from, made ready; NULL when nothing is there. */
struct region *cache_region(struct mcu *m, uint32_t address);
/* Fill the operation at `index` of a region (of it_ops for ITSTATE `it`). */
void cache_decode(struct mcu *m, struct region *r, uint32_t index, uint8_t it);
/* Forget what was decoded from [address, address + len). */
void cache_forget(struct mcu *m, uint32_t address, uint32_t len);
void cache_forget_all(struct mcu *m);
/* Keep the list of plainly executed instructions from growing for ever. Only
 * while no operation is under way. */
void cache_trim(struct mcu *m);
/* Look for idle loops (phase IDLE_OFF), or go on looking: executes one
 * instruction, or skips rounds, up to the next event or the instruction budget. */
void idle_step(struct mcu *m, uint64_t budget);
/* A store to something that is neither RAM nor the core's: bus_write, and a look at
 * whether it changed anything at all. */
bool idle_watches_store(struct mcu *m, uint32_t address, unsigned size, uint32_t value);
/* A frame of 8 words is about to be written to, or read from, `sp`. */
void idle_stacks(struct mcu *m, uint32_t sp);
void idle_unstacks(struct mcu *m, uint32_t sp);
/* For tests: run everything by the plain functions of exec_*.c. */
void cpu_plain_only(struct mcu *m, bool on);

/* Execute exactly one instruction at r15 (or find that it cannot be fetched)
 * through the plain functions, with breakpoints, watchpoints and IT. */
void cpu_single(struct mcu *m);
/* The instruction at r15, decoded; false when it can't be fetched plainly (a
 * remap, a breakpoint, no memory). Changes nothing. */
bool cpu_peek(struct mcu *m, struct arm_insn *in);
/* Execute what cpu_peek told. */
void cpu_single_decoded(struct mcu *m, const struct arm_insn *in);

#endif
