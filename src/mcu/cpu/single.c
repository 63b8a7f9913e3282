/*
 * One instruction by the plain functions: fetch, decode, breakpoints, ITSTATE,
 * execution, time. The fast loop (interp.c) falls back on this for whatever is
 * rare, and tests hold the two against each other.
 *
 * Cycles are those of DDI 0337 (r1p1) chapter 18, zero wait states; flash wait
 * states are paid when a branch refills the pipeline and when data is read
 * from flash (ASSUMED: the prefetch buffer hides them otherwise).
 */
#include "base/bytes.h"
#include "mcu/cpu/cpu_internal.h"

const exec_fn cpu_functions[] = {
#define X(name) exec_##name,
	ARM_KINDS(X)
#undef X
};

static unsigned list_cost(const struct arm_insn *in)
{
	return 1u + (unsigned)__builtin_popcount(in->list);
}

unsigned cpu_cost(const struct arm_insn *in)
{
	switch (in->kind) {
	case ARM_KIND_LDR: case ARM_KIND_LDRB: case ARM_KIND_LDRH: case ARM_KIND_LDRSB:
	case ARM_KIND_LDRSH: case ARM_KIND_LDREX: case ARM_KIND_LDREXB: case ARM_KIND_LDREXH:
	case ARM_KIND_STREX: case ARM_KIND_STREXB: case ARM_KIND_STREXH:
	case ARM_KIND_TBB: case ARM_KIND_TBH:
	case ARM_KIND_MLA: case ARM_KIND_MLS: case ARM_KIND_MRS: case ARM_KIND_MSR:
		return 2;
	case ARM_KIND_STR: case ARM_KIND_STRB: case ARM_KIND_STRH:
		return in->flags & ARM_INSN_IMM ? 1 : 2;
	case ARM_KIND_LDRD: case ARM_KIND_STRD: return 3;
	case ARM_KIND_LDM: case ARM_KIND_LDMDB: case ARM_KIND_STM: case ARM_KIND_STMDB:
		return list_cost(in);
	case ARM_KIND_SMULL: case ARM_KIND_UMULL: return 4; /* 3..5, ASSUMED the middle */
	case ARM_KIND_SMLAL: case ARM_KIND_UMLAL: return 5; /* 4..7 */
	case ARM_KIND_SDIV: case ARM_KIND_UDIV: return 7;   /* 2..12 */
	case ARM_KIND_DSB: case ARM_KIND_DMB: case ARM_KIND_ISB: return 3;
	default: return 1;
	}
}

/* Returns from exceptions and the like come here again and again. An entry that
 * was never filled has size 0. */
static void decode(struct mcu *m, uint16_t hw1, uint16_t hw2, struct arm_insn *in)
{
	uint32_t raw = hw1 | (uint32_t)hw2 << 16;
	struct arm_insn *memo = &m->cache->decoded[(raw * 2654435761u) >> 22];

	if (!memo->size || memo->raw != raw)
		arm_decode(hw1, hw2, memo);
	*in = *memo;
}

/* Fetch and decode at r15; false when that faulted. */
static bool fetch(struct mcu *m, struct arm_insn *in)
{
	uint32_t pc = m->s.cpu.r[15];
	uint16_t hw1, hw2 = 0;

	if (!cpu_fetch(m, pc, &hw1))
		return false;
	if (arm_is_32bit(hw1) && !cpu_fetch(m, pc + 2, &hw2))
		return false;
	decode(m, hw1, hw2, in);
	return true;
}

static bool stopped_before(struct mcu *m)
{
	struct cpu_state *c = &m->s.cpu;

	if (dwt_watches_pc(m) && dwt_pc(m))
		return true;
	if (!fpb_breaks(m, c->r[15]))
		return false;
	if (!debug_event(m, DFSR_BKPT)) {
		c->dfsr |= DFSR_BKPT;
		fault_debug(m);
	}
	return true;
}

/* Jumps even when the target happens to be the next instruction. */
static bool always_jumps(const struct arm_insn *in)
{
	return in->kind == ARM_KIND_BX || in->kind == ARM_KIND_BLX || in->kind == ARM_KIND_TBB ||
	       in->kind == ARM_KIND_TBH || (in->kind == ARM_KIND_LDM && in->list >> 15);
}

/* What follows a completed instruction that took `cycles` before any refill. */
static void complete(struct mcu *m, const struct arm_insn *in, unsigned cycles)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t from = c->r[15];

	if (in->kind != ARM_KIND_IT)
		c->it = cpu_it_advance(c->it);
	m->s.time.instructions++;
	m->s.time.cycles += cycles;
	if (c->next != from + in->size || always_jumps(in))
		m->s.time.cycles += cpu_refill(m, c->next);
	c->r[15] = c->next;
	if (c->exc_return) {
		uint32_t v = c->exc_return;
		c->exc_return = 0;
		exception_return(m, v);
	}
	if (c->sleep_request)
		cpu_take_sleep_request(m, from);
}

/* Its condition failed: it takes one cycle and does nothing. */
static void skip(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	c->it = cpu_it_advance(c->it);
	m->s.time.instructions++;
	m->s.time.cycles++;
	c->r[15] = c->next;
}

bool cpu_execute(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	c->next = c->r[15] + in->size;
	if (c->it && in->kind != ARM_KIND_BKPT && !arm_condition_holds(c->it >> 4, c->apsr >> 28)) {
		skip(m, in);
		return true;
	}
	if (!cpu_functions[in->kind](m, in))
		return false;
	complete(m, in, cpu_cost(in));
	return true;
}

bool cpu_peek(struct mcu *m, struct arm_insn *in)
{
	uint32_t pc = m->s.cpu.r[15];
	const uint8_t *p = bus_memory(m, pc, 2, NULL);
	uint16_t hw1, hw2 = 0;

	if (!p || fpb_touches(m, pc))
		return false;
	hw1 = get_le16(p);
	if (arm_is_32bit(hw1)) {
		if (!(p = bus_memory(m, pc + 2, 2, NULL)) || fpb_touches(m, pc + 2))
			return false;
		hw2 = get_le16(p);
	}
	decode(m, hw1, hw2, in);
	return true;
}

void cpu_single_decoded(struct mcu *m, const struct arm_insn *in)
{
	uint32_t at = m->s.cpu.r[15] - m->chip->flash_base;

	if (m->side_tables->coverage && at < m->chip->flash_die)
		m->side_tables->coverage[at / 16] |= (uint8_t)(1u << at / 2 % 8);
	cpu_execute(m, in);
}

void cpu_single(struct mcu *m)
{
	struct arm_insn in;

	if (!m->s.cpu.thumb) {
		fault_raise(m, EXC_USAGEFAULT, CFSR_INVSTATE);
		return;
	}
	if (!stopped_before(m) && fetch(m, &in))
		cpu_single_decoded(m, &in);
}
