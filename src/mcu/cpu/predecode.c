/* Which operation of the fast loop an instruction becomes. */
#include "mcu/cpu/fast.h"

#define SP 13
#define PC 15

/* A result register that the fast loop may write without looking. */
static bool plain(unsigned r)
{
	return r < SP || r == 14;
}

/* The four kinds of operand 2 lie side by side: R, L, SR, AR, I. */
static enum fast_op by_operand(const struct arm_insn *in, enum fast_op first)
{
	if (in->flags & ARM_INSN_IMM)
		return first + 8;
	if (in->shift_type == ARM_LSL && in->shift_n == 0)
		return first;
	if (in->shift_n > 31 || in->shift_type > ARM_ASR)
		return FAST_GENERIC;
	return first + 2 + 2 * (enum fast_op)in->shift_type;
}

static bool is_simple(const struct arm_insn *in)
{
	return in->flags & ARM_INSN_IMM || (in->shift_type == ARM_LSL && in->shift_n == 0);
}

static void operands(const struct arm_insn *in, struct op *op)
{
	op->a = in->rd;
	op->b = in->rn;
	op->c = in->rm;
	op->imm = in->flags & ARM_INSN_IMM ? in->imm : in->shift_n;
}

/* Flag-setting forms that have a handler; GENERIC for the others. */
static enum fast_op with_flags(const struct arm_insn *in)
{
	bool imm = in->flags & ARM_INSN_IMM;

	if (!is_simple(in) || in->flags & ARM_INSN_CARRY)
		return FAST_GENERIC;
	switch (in->kind) {
	case ARM_KIND_ADD: return imm ? FAST_ADDS_I : FAST_ADDS_R;
	case ARM_KIND_SUB: return imm ? FAST_SUBS_I : FAST_SUBS_R;
	case ARM_KIND_RSB: return imm ? FAST_RSBS_I : FAST_GENERIC;
	case ARM_KIND_AND: return imm ? FAST_ANDS_I : FAST_ANDS_R;
	case ARM_KIND_ORR: return imm ? FAST_GENERIC : FAST_ORRS_R;
	case ARM_KIND_EOR: return imm ? FAST_GENERIC : FAST_EORS_R;
	case ARM_KIND_BIC: return imm ? FAST_GENERIC : FAST_BICS_R;
	case ARM_KIND_ADC: return imm ? FAST_GENERIC : FAST_ADCS_R;
	case ARM_KIND_SBC: return imm ? FAST_GENERIC : FAST_SBCS_R;
	default: return FAST_GENERIC;
	}
}

static enum fast_op without_flags(const struct arm_insn *in)
{
	bool imm = in->flags & ARM_INSN_IMM;

	switch (in->kind) {
	case ARM_KIND_ADD: return by_operand(in, FAST_ADD_R);
	case ARM_KIND_SUB: return by_operand(in, FAST_SUB_R);
	case ARM_KIND_RSB: return by_operand(in, FAST_RSB_R);
	case ARM_KIND_AND: return by_operand(in, FAST_AND_R);
	case ARM_KIND_ORR: return by_operand(in, FAST_ORR_R);
	case ARM_KIND_EOR: return by_operand(in, FAST_EOR_R);
	case ARM_KIND_BIC: return by_operand(in, FAST_BIC_R);
	case ARM_KIND_ADC: return !imm && is_simple(in) ? FAST_ADC_R : FAST_GENERIC;
	case ARM_KIND_SBC: return !imm && is_simple(in) ? FAST_SBC_R : FAST_GENERIC;
	default: return FAST_GENERIC;
	}
}

static enum fast_op arithmetic(const struct arm_insn *in, bool flags)
{
	bool sp_step = in->rd == SP && in->rn == SP && in->flags & ARM_INSN_IMM &&
		       (in->imm & 3) == 0 && !flags &&
		       (in->kind == ARM_KIND_ADD || in->kind == ARM_KIND_SUB);
	bool uses_rm = !(in->flags & ARM_INSN_IMM);

	if ((!plain(in->rd) && !sp_step) || in->rn == PC || (uses_rm && in->rm == PC))
		return FAST_GENERIC;
	return flags ? with_flags(in) : without_flags(in);
}

static enum fast_op move(const struct arm_insn *in, bool flags, struct op *op)
{
	if (!plain(in->rd) || (!(in->flags & ARM_INSN_IMM) && in->rm == PC))
		return FAST_GENERIC;
	if (in->flags & ARM_INSN_IMM) {
		if (flags && in->flags & ARM_INSN_CARRY)
			return FAST_GENERIC;
		if (in->kind == ARM_KIND_MVN)
			op->imm = ~op->imm;
		return flags ? FAST_MOVS_I : FAST_MOV_I;
	}
	if (in->kind == ARM_KIND_MVN)
		return !is_simple(in) ? FAST_GENERIC : flags ? FAST_MVNS_R : FAST_MVN_R;
	/* MOV_R, MOV_L, MOV_SR, MOV_AR follow one another, as do the S forms. */
	return by_operand(in, flags ? FAST_MOVS_R : FAST_MOV_R);
}

static enum fast_op compare(const struct arm_insn *in)
{
	bool imm = in->flags & ARM_INSN_IMM;

	if (in->rn == PC || (!imm && in->rm == PC))
		return FAST_GENERIC;
	/* A comparison's carry is the subtraction's, whatever made the immediate. */
	if (in->kind == ARM_KIND_CMP)
		return by_operand(in, FAST_CMP_R);
	if (in->flags & ARM_INSN_CARRY)
		return FAST_GENERIC;
	if (!is_simple(in))
		return FAST_GENERIC;
	if (in->kind == ARM_KIND_CMN)
		return imm ? FAST_CMN_I : FAST_CMN_R;
	if (in->kind == ARM_KIND_TST)
		return imm ? FAST_TST_I : FAST_TST_R;
	return FAST_GENERIC;
}

static enum fast_op shift_register(const struct arm_insn *in, bool flags)
{
	if (!plain(in->rd) || in->rn == PC || in->rm == PC)
		return FAST_GENERIC;
	switch (in->shift_type) {
	case ARM_LSL: return flags ? FAST_LSLS : FAST_LSL;
	case ARM_LSR: return flags ? FAST_LSRS : FAST_LSR;
	case ARM_ASR: return flags ? FAST_ASRS : FAST_ASR;
	default: return FAST_GENERIC;
	}
}

static enum fast_op product(const struct arm_insn *in, bool flags, struct op *op)
{
	bool wide = in->kind >= ARM_KIND_SMULL && in->kind <= ARM_KIND_UMLAL;

	if (!plain(in->rd) || in->rn >= SP || in->rm >= SP || in->ra == PC ||
	    (wide && !plain(in->ra)))
		return FAST_GENERIC;
	op->imm = in->ra;
	switch (in->kind) {
	case ARM_KIND_MUL: return flags ? FAST_MULS : FAST_MUL;
	case ARM_KIND_MLA: return FAST_MLA;
	case ARM_KIND_MLS: return FAST_MLS;
	case ARM_KIND_UMULL: return FAST_UMULL;
	case ARM_KIND_SMULL: return FAST_SMULL;
	case ARM_KIND_UMLAL: return FAST_UMLAL;
	case ARM_KIND_SMLAL: return FAST_SMLAL;
	case ARM_KIND_UDIV: return FAST_UDIV;
	default: return FAST_SDIV;
	}
}

static enum fast_op extract(const struct arm_insn *in, struct op *op)
{
	if (in->flags & ARM_INSN_UNPREDICTABLE) /* SP and PC among it */
		return FAST_GENERIC;
	op->c = in->shift_n;
	switch (in->kind) {
	case ARM_KIND_UBFX:
		op->imm = UINT32_MAX >> (31 - in->imm);
		return FAST_UBFX;
	case ARM_KIND_SBFX:
		op->c = (uint8_t)(31 - in->shift_n - in->imm); /* left, then right */
		op->imm = 31 - in->imm;
		return FAST_SBFX;
	default:
		op->imm = (UINT32_MAX >> (31 - (in->imm - in->shift_n))) << in->shift_n;
		return in->kind == ARM_KIND_BFI ? FAST_BFI : FAST_BFC;
	}
}

static enum fast_op unary(const struct arm_insn *in)
{
	if (!plain(in->rd) || in->rm >= SP || in->shift_n)
		return FAST_GENERIC;
	switch (in->kind) {
	case ARM_KIND_UXTB: return FAST_UXTB;
	case ARM_KIND_UXTH: return FAST_UXTH;
	case ARM_KIND_SXTB: return FAST_SXTB;
	case ARM_KIND_SXTH: return FAST_SXTH;
	case ARM_KIND_CLZ: return FAST_CLZ;
	case ARM_KIND_REV: return FAST_REV;
	default: return FAST_GENERIC;
	}
}

/* ---- memory ------------------------------------------------------------------------------- */

struct memory_ops {
	enum fast_op imm, reg, pre, post;
};

static bool memory_ops(enum arm_kind kind, struct memory_ops *o)
{
#define ALL(N) (struct memory_ops){FAST_##N##_I, FAST_##N##_R, FAST_##N##_PRE, FAST_##N##_POST}
#define OFFSET(N) (struct memory_ops){FAST_##N##_I, FAST_##N##_R, FAST_GENERIC, FAST_GENERIC}
	switch (kind) {
	case ARM_KIND_LDR: *o = ALL(LDR); return true;
	case ARM_KIND_LDRB: *o = ALL(LDRB); return true;
	case ARM_KIND_LDRH: *o = ALL(LDRH); return true;
	case ARM_KIND_STR: *o = ALL(STR); return true;
	case ARM_KIND_STRB: *o = ALL(STRB); return true;
	case ARM_KIND_STRH: *o = ALL(STRH); return true;
	case ARM_KIND_LDRSB: *o = OFFSET(LDRSB); return true;
	case ARM_KIND_LDRSH: *o = OFFSET(LDRSH); return true;
	default: return false;
	}
#undef ALL
#undef OFFSET
}

/* A literal within the region the code lies in: imm = offset from the region. */
static enum fast_op literal(const struct mcu *m, const struct arm_insn *in, uint32_t address,
			    const struct region *region, struct op *op)
{
	uint32_t base = (address + 4) & ~3u;
	uint32_t at = in->flags & ARM_INSN_ADD ? base + in->imm : base - in->imm;

	if (in->kind != ARM_KIND_LDR || at & 3 || m->cache->pinned ||
	    !range_inside(at, 4, region->base, region->size))
		return FAST_GENERIC;
	op->imm = at - region->base;
	return FAST_LDR_LIT;
}

static enum fast_op memory(const struct mcu *m, const struct arm_insn *in, uint32_t address,
			   const struct region *region, struct op *op)
{
	struct memory_ops o;

	if (!memory_ops(in->kind, &o) || in->flags & ARM_INSN_UNPRIV || !plain(in->rd))
		return FAST_GENERIC;
	if (in->rn == PC)
		return literal(m, in, address, region, op);
	if (!(in->flags & ARM_INSN_IMM))
		return in->rm >= SP ? FAST_GENERIC : o.reg;
	op->imm = in->flags & ARM_INSN_ADD ? in->imm : 0u - in->imm;
	if (!(in->flags & ARM_INSN_WBACK))
		return o.imm;
	if (in->rn == in->rd || (in->rn == SP && in->imm & 3))
		return FAST_GENERIC;
	return in->flags & ARM_INSN_INDEX ? o.pre : o.post;
}

static enum fast_op dual(const struct arm_insn *in, struct op *op)
{
	if (in->flags & ARM_INSN_WBACK || in->rn == PC || !plain(in->rd) || !plain(in->ra))
		return FAST_GENERIC;
	op->c = in->ra;
	op->imm = in->flags & ARM_INSN_ADD ? in->imm : 0u - in->imm;
	return in->kind == ARM_KIND_LDRD ? FAST_LDRD : FAST_STRD;
}

/* The runs of neighbours in a register list, lowest first, one a byte: bits 3:0
 * the first register, 7:4 how many. False when there are more than four. */
static bool runs_of(uint32_t list, uint32_t *runs)
{
	unsigned at = 0;

	*runs = 0;
	for (; list; at += 8) {
		unsigned first = (unsigned)__builtin_ctz(list);
		unsigned n = (unsigned)__builtin_ctz(~(list >> first));
		if (at > 24)
			return false;
		*runs |= (n << 4 | first) << at;
		list &= ~(((1u << n) - 1) << first);
	}
	return true;
}

/* a = write back, b = Rn, c = count, imm = the runs of the list without PC. */
static enum fast_op multiple(const struct arm_insn *in, struct op *op)
{
	op->a = in->flags & ARM_INSN_WBACK ? 1 : 0;
	op->c = (uint8_t)__builtin_popcount(in->list);
	if (in->flags & ARM_INSN_UNPREDICTABLE || /* SP listed and PC as base among it */
	    !runs_of(in->list & 0x7FFF, &op->imm))
		return FAST_GENERIC;
	if (in->kind == ARM_KIND_LDM)
		return in->list >> 15 ? FAST_LDM_PC : FAST_LDM;
	if (in->list & (1u << in->rn | 1u << PC))
		return FAST_GENERIC;
	return in->kind == ARM_KIND_STM	  ? FAST_STM
	       : in->kind == ARM_KIND_STMDB ? FAST_STMDB
					    : FAST_GENERIC;
}

/* ---- branches -------------------------------------------------------------------------------- */

/* imm = half-words from this operation to the target, within the region. */
static enum fast_op branch(const struct arm_insn *in, uint32_t address,
			   const struct region *region, struct op *op)
{
	uint32_t target = address + 4 + in->imm;

	if (!range_inside(target, 2, region->base, region->size) || target == address + in->size)
		return FAST_GENERIC;
	op->imm = (uint32_t)((int32_t)(4 + in->imm) / 2);
	switch (in->kind) {
	case ARM_KIND_CBZ: return FAST_CBZ;
	case ARM_KIND_CBNZ: return FAST_CBNZ;
	case ARM_KIND_BL: return FAST_BL;
	default: return in->cond == ARM_AL ? FAST_B : FAST_BEQ + 2 * (enum fast_op)in->cond;
	}
}

static enum fast_op indirect(const struct arm_insn *in)
{
	if (in->kind == ARM_KIND_TBB || in->kind == ARM_KIND_TBH) {
		if (in->rm >= SP || (in->rn >= SP && in->rn != PC))
			return FAST_GENERIC;
		return in->kind == ARM_KIND_TBB ? FAST_TBB : FAST_TBH;
	}
	if (in->rm == PC)
		return FAST_GENERIC;
	return in->kind == ARM_KIND_BX ? FAST_BX : FAST_BLX;
}

/* imm = SYSm. The flags' views stay away: here they are locals of the loop. */
static enum fast_op special(const struct arm_insn *in, struct op *op)
{
	op->imm = in->list & 0xFF;
	if (in->kind == ARM_KIND_MRS)
		return plain(in->rd) && (op->imm >= 8 || op->imm == 5) ? FAST_MRS : FAST_GENERIC;
	return in->rn != PC && op->imm >= 8 ? FAST_MSR : FAST_GENERIC;
}

static enum fast_op flow(const struct arm_insn *in, uint32_t address, const struct region *region,
			 struct op *op)
{
	switch (in->kind) {
	case ARM_KIND_B: case ARM_KIND_BL: case ARM_KIND_CBZ: case ARM_KIND_CBNZ:
		return branch(in, address, region, op);
	case ARM_KIND_BX: case ARM_KIND_BLX: case ARM_KIND_TBB: case ARM_KIND_TBH:
		return indirect(in);
	case ARM_KIND_NOP: return FAST_NOP;
	case ARM_KIND_DSB: case ARM_KIND_DMB: case ARM_KIND_ISB: return FAST_BARRIER;
	case ARM_KIND_MRS: case ARM_KIND_MSR: return special(in, op);
	case ARM_KIND_CPS:
		op->imm = in->list;
		return FAST_CPS;
	case ARM_KIND_IT:
		op->a = (uint8_t)in->list;
		return in->flags & ARM_INSN_UNPREDICTABLE ? FAST_GENERIC : FAST_IT;
	default: return FAST_GENERIC;
	}
}

/* ADR is a constant: the address is known. */
static enum fast_op adr(const struct arm_insn *in, uint32_t address, struct op *op)
{
	uint32_t base = (address + 4) & ~3u;

	op->imm = in->flags & ARM_INSN_ADD ? base + in->imm : base - in->imm;
	return plain(in->rd) ? FAST_MOV_I : FAST_GENERIC;
}

static enum fast_op movt(const struct arm_insn *in, struct op *op)
{
	op->imm = in->imm << 16;
	return plain(in->rd) ? FAST_MOVT : FAST_GENERIC;
}

static enum fast_op choose(const struct mcu *m, const struct arm_insn *in, uint32_t address,
			   bool flags, const struct region *region, struct op *op)
{
	switch (in->kind) {
	case ARM_KIND_MOV: case ARM_KIND_MVN: return move(in, flags, op);
	case ARM_KIND_AND: case ARM_KIND_ORR: case ARM_KIND_EOR: case ARM_KIND_BIC:
	case ARM_KIND_ADD: case ARM_KIND_SUB: case ARM_KIND_RSB: case ARM_KIND_ADC:
	case ARM_KIND_SBC: return arithmetic(in, flags);
	case ARM_KIND_CMP: case ARM_KIND_CMN: case ARM_KIND_TST: return compare(in);
	case ARM_KIND_SHIFT_REG: return shift_register(in, flags);
	case ARM_KIND_MUL: case ARM_KIND_MLA: case ARM_KIND_MLS: case ARM_KIND_SMULL:
	case ARM_KIND_UMULL: case ARM_KIND_SMLAL: case ARM_KIND_UMLAL: case ARM_KIND_SDIV:
	case ARM_KIND_UDIV: return product(in, flags, op);
	case ARM_KIND_UBFX: case ARM_KIND_SBFX: case ARM_KIND_BFI: case ARM_KIND_BFC:
		return extract(in, op);
	case ARM_KIND_UXTB: case ARM_KIND_UXTH: case ARM_KIND_SXTB: case ARM_KIND_SXTH:
	case ARM_KIND_CLZ: case ARM_KIND_REV: return unary(in);
	case ARM_KIND_MOVT: return movt(in, op);
	case ARM_KIND_ADR: return adr(in, address, op);
	case ARM_KIND_LDRD: case ARM_KIND_STRD: return dual(in, op);
	case ARM_KIND_LDM: case ARM_KIND_STM: case ARM_KIND_STMDB: return multiple(in, op);
	default: break;
	}
	enum fast_op h = memory(m, in, address, region, op);
	return h != FAST_GENERIC ? h : flow(in, address, region, op);
}

enum fast_op fast_choose(const struct mcu *m, const struct arm_insn *in, uint32_t address, bool it,
			 const struct region *region, struct op *op)
{
	bool flags = in->flags & ARM_INSN_SETFLAGS ||
		     (in->flags & ARM_INSN_SETFLAGS_NOT_IT && !it);

	operands(in, op);
	op->size = in->size / 2;
	return choose(m, in, address, flags, region, op);
}
