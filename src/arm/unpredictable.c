/*
 * Which encodings the manual calls UNPREDICTABLE (the pseudo-code of DDI 0403
 * A7.7, one clause a line). What the core does with them is in
 * docs/unpredictable.md. Not here: what depends on the IT block an instruction
 * is in, and should-be-zero bits, which are ignored.
 */
#include "arm/arm_internal.h"

#include <ctype.h>

static unsigned named(const struct arm_insn *in, char letter)
{
	switch (letter) {
	case 'd': return in->rd;
	case 'n': return in->rn;
	case 'm': return in->rm;
	default: return in->ra;
	}
}

static bool forbidden_register(const struct arm_insn *in, const char *forbid)
{
	for (; *forbid; forbid++) {
		unsigned r = named(in, (char)tolower(*forbid));
		if (r == 15 || (r == 13 && isupper((unsigned char)*forbid)))
			return true;
	}
	return false;
}

static bool multiple(const struct arm_insn *in)
{
	bool load = in->kind == ARM_KIND_LDM || in->kind == ARM_KIND_LDMDB;
	unsigned count = (unsigned)__builtin_popcount(in->list);
	bool base_in_list = in->list >> in->rn & 1;

	if (count < 1)
		return true;
	if (in->size == 2) /* STM with the base in the list, but not lowest: unknown value */
		return false;
	if (count < 2 || in->list & 1u << 13)
		return true;
	if (load && (in->list & 0xC000) == 0xC000)
		return true;
	if (!load && in->list & 1u << 15)
		return true;
	return (in->flags & ARM_INSN_WBACK) && base_in_list;
}

static bool single(const struct arm_insn *in)
{
	bool wback = in->flags & ARM_INSN_WBACK;
	return wback && (in->rn == in->rd || in->rn == 15);
}

static bool dual(const struct arm_insn *in)
{
	bool wback = in->flags & ARM_INSN_WBACK;
	if (wback && (in->rn == in->rd || in->rn == in->ra || in->rn == 15))
		return true;
	return in->kind == ARM_KIND_LDRD && in->rd == in->ra;
}

static bool bit_field(const struct arm_insn *in)
{
	if (in->kind == ARM_KIND_BFI || in->kind == ARM_KIND_BFC)
		return in->imm < in->shift_n;
	return in->shift_n + in->imm > 31;
}

/* Special registers of ARMv7-M: xPSR views, stack pointers, masks, CONTROL. */
static bool reserved_special(const struct arm_insn *in)
{
	unsigned sysm = in->list & 0xFF;

	if (sysm == 4 || (sysm > 9 && sysm < 16) || sysm > 20)
		return true;
	return in->kind == ARM_KIND_MSR && in->imm != 2; /* mask: nzcvq, and no DSP */
}

bool arm_unpredictable(const struct arm_insn *in, const struct arm_row *row)
{
	if (forbidden_register(in, row->forbid))
		return true;
	switch (in->kind) {
	case ARM_KIND_LDM: case ARM_KIND_LDMDB: case ARM_KIND_STM: case ARM_KIND_STMDB:
		return multiple(in);
	case ARM_KIND_LDR: case ARM_KIND_LDRB: case ARM_KIND_LDRH: case ARM_KIND_LDRSB:
	case ARM_KIND_LDRSH: case ARM_KIND_STR: case ARM_KIND_STRB: case ARM_KIND_STRH:
		return single(in);
	case ARM_KIND_LDRD: case ARM_KIND_STRD:
		return dual(in);
	case ARM_KIND_STREX: case ARM_KIND_STREXB: case ARM_KIND_STREXH:
		return in->rd == in->rn || in->rd == in->ra;
	case ARM_KIND_BFI: case ARM_KIND_BFC: case ARM_KIND_SBFX: case ARM_KIND_UBFX:
		return bit_field(in);
	case ARM_KIND_SMULL: case ARM_KIND_UMULL: case ARM_KIND_SMLAL: case ARM_KIND_UMLAL:
		return in->rd == in->ra;
	case ARM_KIND_CMP: /* the high-register form wants at least one high register */
		return row->op == ARM_OP_CMP_REG_T2 && in->rn < 8 && in->rm < 8;
	case ARM_KIND_ADD:
		return row->op == ARM_OP_ADD_REG_T2 && in->rd == 15 && in->rm == 15;
	case ARM_KIND_IT:
		return in->list >> 4 == 15 ||
		       (in->list >> 4 == 14 && __builtin_popcount(in->list & 15) != 1);
	case ARM_KIND_MRS: case ARM_KIND_MSR:
		return reserved_special(in);
	case ARM_KIND_CPS:
		return (in->list & 3) == 0;
	case ARM_KIND_REV: case ARM_KIND_REV16: case ARM_KIND_REVSH: case ARM_KIND_RBIT:
	case ARM_KIND_CLZ: /* Rm is encoded twice */
		return in->size == 4 && in->rn != in->rm;
	default:
		return false;
	}
}
