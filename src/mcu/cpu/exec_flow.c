/* Branches, IT, and the instructions that trap. DDI 0403 A7.7. */
#include "mcu/cpu/exec_internal.h"

/* An EXC_RETURN is acted upon once the instruction is complete. */
bool cpu_bx(struct mcu *m, uint32_t target)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->ipsr && target >> 28 == 0xF) {
		c->exc_return = target;
		return true;
	}
	c->thumb = target & 1;
	c->next = target & ~1u;
	return true;
}

bool exec_B(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	if (arm_condition_holds(in->cond, c->apsr >> 28))
		c->next = c->r[15] + 4 + in->imm;
	return true;
}

bool exec_BL(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	c->r[14] = (c->r[15] + 4) | 1;
	c->next = c->r[15] + 4 + in->imm;
	return true;
}

bool exec_BX(struct mcu *m, const struct arm_insn *in)
{
	return cpu_bx(m, reg(&m->s.cpu, in->rm));
}

bool exec_BLX(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t target = reg(c, in->rm);

	c->r[14] = (c->r[15] + 2) | 1;
	c->thumb = target & 1;
	c->next = target & ~1u;
	return true;
}

bool exec_CBZ(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->r[in->rn] == 0)
		c->next = c->r[15] + 4 + in->imm;
	return true;
}

bool exec_CBNZ(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	if (c->r[in->rn] != 0)
		c->next = c->r[15] + 4 + in->imm;
	return true;
}

static bool table_branch(struct mcu *m, const struct arm_insn *in, unsigned size)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t v;

	if (!cpu_load(m, reg(c, in->rn) + reg(c, in->rm) * size, size, ACCESS_DATA, &v))
		return false;
	c->next = c->r[15] + 4 + 2 * v;
	return true;
}

bool exec_TBB(struct mcu *m, const struct arm_insn *in)
{
	return table_branch(m, in, 1);
}

bool exec_TBH(struct mcu *m, const struct arm_insn *in)
{
	return table_branch(m, in, 2);
}

/* ITSTATE is set here and advanced after every later instruction; the caller
 * leaves it alone after an IT. */
bool exec_IT(struct mcu *m, const struct arm_insn *in)
{
	m->s.cpu.it = (uint8_t)in->list;
	return true;
}

bool exec_NOP(struct mcu *m, const struct arm_insn *in)
{
	return true;
}

bool exec_UDF(struct mcu *m, const struct arm_insn *in)
{
	return fault_raise(m, EXC_USAGEFAULT, CFSR_UNDEFINSTR);
}

bool exec_COPROC(struct mcu *m, const struct arm_insn *in)
{
	return fault_raise(m, EXC_USAGEFAULT, CFSR_NOCP);
}

/* SVC's return address is the next instruction: it completes, then traps. */
bool exec_SVC(struct mcu *m, const struct arm_insn *in)
{
	fault_raise(m, EXC_SVCALL, 0);
	return true;
}

bool exec_BKPT(struct mcu *m, const struct arm_insn *in)
{
	if (!debug_event(m, DFSR_BKPT)) {
		m->s.cpu.dfsr |= DFSR_BKPT;
		fault_debug(m);
	}
	return false;
}
