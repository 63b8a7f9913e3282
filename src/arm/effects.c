/*
 * What one instruction reads, writes and does next, for analysis. DDI 0403 A7.7.
 * SP and PC count as R13 and R15. Not told: special registers (MRS, MSR, CPS),
 * the event register, exclusives.
 */
#include "arm/arm_internal.h"

#define BIT(r) (uint16_t)(1u << (r))
#define SP BIT(13)
#define LR BIT(14)
#define PC BIT(15)

static uint16_t operand2(const struct arm_insn *in)
{
	return in->flags & ARM_INSN_IMM ? 0 : BIT(in->rm);
}

static bool sets_flags(const struct arm_insn *in)
{
	return in->flags & (ARM_INSN_SETFLAGS | ARM_INSN_SETFLAGS_NOT_IT);
}

/* A write to PC is a jump; BX LR and its kin are returns. */
static void jump(struct arm_effects *e, enum arm_flow flow)
{
	e->flow = flow;
	e->writes |= PC;
}

static void data(const struct arm_insn *in, struct arm_effects *e, uint16_t reads)
{
	e->reads = (uint16_t)(reads | operand2(in));
	e->writes = BIT(in->rd);
	e->writes_flags = sets_flags(in);
	if (in->shift_type == ARM_RRX && !(in->flags & ARM_INSN_IMM))
		e->reads_flags = true;
	if (in->rd == 15)
		jump(e, in->kind == ARM_KIND_MOV && in->rm == 14 ? ARM_FLOW_RETURN
								 : ARM_FLOW_JUMP_REG);
}

static void compare(const struct arm_insn *in, struct arm_effects *e)
{
	e->reads = (uint16_t)(BIT(in->rn) | operand2(in));
	e->writes_flags = true;
	e->reads_flags = in->shift_type == ARM_RRX && !(in->flags & ARM_INSN_IMM);
}

/* Base and offset registers, write-back, literal address. */
static void address_operand(const struct arm_insn *in, uint32_t address, struct arm_effects *e)
{
	e->reads |= BIT(in->rn);
	if (!(in->flags & ARM_INSN_IMM))
		e->reads |= BIT(in->rm);
	if (in->flags & ARM_INSN_WBACK)
		e->writes |= BIT(in->rn);
	if (in->rn == 15 && in->flags & ARM_INSN_IMM) {
		uint32_t base = (address + 4) & ~3u;
		e->literal = e->mem == ARM_MEM_LOAD;
		e->literal_address = in->flags & ARM_INSN_ADD ? base + in->imm : base - in->imm;
	}
}

static void load(const struct arm_insn *in, uint32_t address, struct arm_effects *e,
		 unsigned size, unsigned count)
{
	e->mem = ARM_MEM_LOAD;
	e->mem_size = (uint8_t)size;
	e->mem_count = (uint8_t)count;
	address_operand(in, address, e);
	e->writes |= BIT(in->rd);
	if (count == 2)
		e->writes |= BIT(in->ra);
	if (in->rd == 15) /* LDR PC, [SP], #4 is POP {PC} */
		jump(e, in->rn == 13 && in->flags & ARM_INSN_WBACK ? ARM_FLOW_RETURN
								   : ARM_FLOW_JUMP_REG);
}

static void store(const struct arm_insn *in, uint32_t address, struct arm_effects *e,
		  unsigned size, unsigned count)
{
	e->mem = ARM_MEM_STORE;
	e->mem_size = (uint8_t)size;
	e->mem_count = (uint8_t)count;
	address_operand(in, address, e);
	e->reads |= BIT(in->rd);
	if (count == 2)
		e->reads |= BIT(in->ra);
}

static void store_exclusive(const struct arm_insn *in, uint32_t address, struct arm_effects *e,
			    unsigned size)
{
	store(in, address, e, size, 1);
	e->reads = (uint16_t)(BIT(in->rn) | BIT(in->ra));
	e->writes = BIT(in->rd);
}

static void multiple(const struct arm_insn *in, struct arm_effects *e, bool is_load)
{
	e->mem = is_load ? ARM_MEM_LOAD : ARM_MEM_STORE;
	e->mem_size = 4;
	e->mem_count = (uint8_t)__builtin_popcount(in->list);
	e->reads = (uint16_t)(BIT(in->rn) | (is_load ? 0 : in->list));
	e->writes = is_load ? in->list : 0;
	if (in->flags & ARM_INSN_WBACK)
		e->writes |= BIT(in->rn);
	if (is_load && in->list & PC)
		jump(e, in->rn == 13 ? ARM_FLOW_RETURN : ARM_FLOW_JUMP_REG);
}

static void branch(const struct arm_insn *in, uint32_t address, struct arm_effects *e)
{
	e->flow = in->kind == ARM_KIND_BL ? ARM_FLOW_CALL : ARM_FLOW_BRANCH;
	e->target = address + 4 + in->imm;
	e->writes = in->kind == ARM_KIND_BL ? LR | PC : PC;
	e->conditional = in->cond != ARM_AL;
	if (in->kind == ARM_KIND_CBZ || in->kind == ARM_KIND_CBNZ) {
		e->conditional = true;
		e->reads = BIT(in->rn);
	} else {
		e->reads_flags = e->conditional;
	}
}

static void branch_register(const struct arm_insn *in, struct arm_effects *e)
{
	e->reads = BIT(in->rm);
	if (in->kind == ARM_KIND_BLX) {
		jump(e, ARM_FLOW_CALL_REG);
		e->writes |= LR;
	} else {
		jump(e, in->rm == 14 ? ARM_FLOW_RETURN : ARM_FLOW_JUMP_REG);
	}
}

static void table_branch(const struct arm_insn *in, uint32_t address, struct arm_effects *e)
{
	e->mem = ARM_MEM_LOAD;
	e->mem_size = in->kind == ARM_KIND_TBH ? 2 : 1;
	e->mem_count = 1;
	address_operand(in, address, e);
	jump(e, ARM_FLOW_JUMP_REG);
}

static void unary(const struct arm_insn *in, struct arm_effects *e)
{
	e->reads = BIT(in->rm);
	e->writes = BIT(in->rd);
}

static void product(const struct arm_insn *in, struct arm_effects *e)
{
	bool wide = in->kind >= ARM_KIND_SMULL && in->kind <= ARM_KIND_UMLAL;
	bool adds = in->kind == ARM_KIND_SMLAL || in->kind == ARM_KIND_UMLAL;

	e->reads = (uint16_t)(BIT(in->rn) | BIT(in->rm));
	e->writes = BIT(in->rd);
	if (wide)
		e->writes |= BIT(in->ra);
	if (adds)
		e->reads |= (uint16_t)(BIT(in->ra) | BIT(in->rd));
	if (in->kind == ARM_KIND_MLA || in->kind == ARM_KIND_MLS)
		e->reads |= BIT(in->ra);
	e->writes_flags = sets_flags(in);
}

/* Loads and stores; false when the kind is something else. */
static bool memory_effects(const struct arm_insn *in, uint32_t at, struct arm_effects *e)
{
	switch (in->kind) {
	case ARM_KIND_LDR: case ARM_KIND_LDREX: load(in, at, e, 4, 1); return true;
	case ARM_KIND_LDRB: case ARM_KIND_LDRSB: case ARM_KIND_LDREXB:
		load(in, at, e, 1, 1); return true;
	case ARM_KIND_LDRH: case ARM_KIND_LDRSH: case ARM_KIND_LDREXH:
		load(in, at, e, 2, 1); return true;
	case ARM_KIND_LDRD: load(in, at, e, 4, 2); return true;
	case ARM_KIND_STR: store(in, at, e, 4, 1); return true;
	case ARM_KIND_STRB: store(in, at, e, 1, 1); return true;
	case ARM_KIND_STRH: store(in, at, e, 2, 1); return true;
	case ARM_KIND_STRD: store(in, at, e, 4, 2); return true;
	case ARM_KIND_STREX: store_exclusive(in, at, e, 4); return true;
	case ARM_KIND_STREXB: store_exclusive(in, at, e, 1); return true;
	case ARM_KIND_STREXH: store_exclusive(in, at, e, 2); return true;
	case ARM_KIND_LDM: case ARM_KIND_LDMDB: multiple(in, e, true); return true;
	case ARM_KIND_STM: case ARM_KIND_STMDB: multiple(in, e, false); return true;
	case ARM_KIND_TBB: case ARM_KIND_TBH: table_branch(in, at, e); return true;
	default: return false;
	}
}

static bool branch_effects(const struct arm_insn *in, uint32_t at, struct arm_effects *e)
{
	switch (in->kind) {
	case ARM_KIND_B: case ARM_KIND_BL: case ARM_KIND_CBZ: case ARM_KIND_CBNZ:
		branch(in, at, e); return true;
	case ARM_KIND_BX: case ARM_KIND_BLX: branch_register(in, e); return true;
	case ARM_KIND_UDF: case ARM_KIND_SVC: case ARM_KIND_BKPT: case ARM_KIND_COPROC:
		e->flow = ARM_FLOW_TRAP; return true;
	default: return false;
	}
}

static void data_effects(const struct arm_insn *in, struct arm_effects *e)
{
	switch (in->kind) {
	case ARM_KIND_MOV: case ARM_KIND_MVN: data(in, e, 0); break;
	case ARM_KIND_ADC: case ARM_KIND_SBC: data(in, e, BIT(in->rn)); e->reads_flags = true; break;
	case ARM_KIND_AND: case ARM_KIND_ORR: case ARM_KIND_EOR: case ARM_KIND_BIC:
	case ARM_KIND_ORN: case ARM_KIND_ADD: case ARM_KIND_SUB: case ARM_KIND_RSB:
	case ARM_KIND_SHIFT_REG: data(in, e, BIT(in->rn)); break;
	case ARM_KIND_CMP: case ARM_KIND_CMN: case ARM_KIND_TST: case ARM_KIND_TEQ:
		compare(in, e); break;
	case ARM_KIND_MOVT: case ARM_KIND_BFC:
		e->reads = e->writes = BIT(in->rd); break;
	case ARM_KIND_BFI:
		e->reads = (uint16_t)(BIT(in->rn) | BIT(in->rd)); e->writes = BIT(in->rd); break;
	case ARM_KIND_ADR: e->reads = PC; e->writes = BIT(in->rd); break;
	case ARM_KIND_SSAT: case ARM_KIND_USAT: case ARM_KIND_SBFX: case ARM_KIND_UBFX:
		e->reads = BIT(in->rn); e->writes = BIT(in->rd); break;
	case ARM_KIND_MUL: case ARM_KIND_MLA: case ARM_KIND_MLS: case ARM_KIND_SMULL:
	case ARM_KIND_UMULL: case ARM_KIND_SMLAL: case ARM_KIND_UMLAL: case ARM_KIND_SDIV:
	case ARM_KIND_UDIV: product(in, e); break;
	case ARM_KIND_CLZ: case ARM_KIND_RBIT: case ARM_KIND_REV: case ARM_KIND_REV16:
	case ARM_KIND_REVSH: case ARM_KIND_SXTB: case ARM_KIND_SXTH: case ARM_KIND_UXTB:
	case ARM_KIND_UXTH: unary(in, e); break;
	case ARM_KIND_MRS: e->writes = BIT(in->rd); e->reads_flags = (in->list & 0xF8) == 0; break;
	case ARM_KIND_MSR: e->reads = BIT(in->rn); e->writes_flags = (in->list & 0xF8) == 0; break;
	default: break; /* hints, barriers, IT, CPS, CLREX */
	}
}

void arm_effects(const struct arm_insn *in, uint32_t address, struct arm_effects *out)
{
	*out = (struct arm_effects){.flow = ARM_FLOW_NEXT};
	if (!memory_effects(in, address, out) && !branch_effects(in, address, out))
		data_effects(in, out);
}
