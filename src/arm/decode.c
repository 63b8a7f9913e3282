/*
 * Decoding: a row's bit ruler is walked once, each letter collecting its bits;
 * then the row's immediate kind turns them into operands. DDI 0403 A5, A7.
 */
#include "arm/arm_internal.h"

#include <string.h>

/* What the letters of a ruler collected. */
struct fields {
	uint32_t d, n, m, a, i, h, y, l, c, S, P, U, W;
};

static uint32_t *field(struct fields *f, char letter)
{
	switch (letter) {
	case 'd': return &f->d;
	case 'n': return &f->n;
	case 'm': return &f->m;
	case 'a': return &f->a;
	case 'i': return &f->i;
	case 'h': return &f->h;
	case 'y': return &f->y;
	case 'l': return &f->l;
	case 'c': return &f->c;
	case 'S': return &f->S;
	case 'P': return &f->P;
	case 'U': return &f->U;
	case 'W': return &f->W;
	default: return NULL;
	}
}

static struct fields collect(const char *pattern, uint16_t hw1, uint16_t hw2)
{
	struct fields f;
	memset(&f, 0, sizeof f);
	uint32_t bits = (uint32_t)hw1 << 16 | hw2;

	for (; *pattern; pattern++) {
		if (*pattern == ' ')
			continue;
		uint32_t *into = field(&f, *pattern);
		if (into)
			*into = *into << 1 | bits >> 31;
		bits <<= 1;
	}
	return f;
}

static uint32_t sign_extend(uint32_t value, unsigned bits)
{
	uint32_t sign = 1u << (bits - 1);
	return (value ^ sign) - sign;
}

/* ThumbExpandImm, A5.3.2. */
static uint32_t expand(uint32_t imm12, bool *carry)
{
	uint32_t byte = imm12 & 0xFF;

	*carry = imm12 >> 10 != 0;
	if (imm12 >> 10) {
		unsigned n = imm12 >> 7 & 31;
		uint32_t v = 0x80 | (imm12 & 0x7F);
		return v >> n | v << (32 - n);
	}
	switch (imm12 >> 8 & 3) {
	case 0: return byte;
	case 1: return byte << 16 | byte;
	case 2: return byte << 24 | byte << 8;
	default: return byte * 0x01010101u;
	}
}

/* S : imm10 : J1 : J2 : imm11, where I = NOT(J EOR S). */
static uint32_t branch24(uint32_t i)
{
	uint32_t s = i >> 23 & 1, j1 = i >> 12 & 1, j2 = i >> 11 & 1;
	uint32_t i1 = !(j1 ^ s), i2 = !(j2 ^ s);
	uint32_t v = s << 23 | i1 << 22 | i2 << 21 | (i >> 13 & 0x3FF) << 11 | (i & 0x7FF);
	return sign_extend(v, 24) << 1;
}

/* S : imm6 : J1 : J2 : imm11; the offset is S : J2 : J1 : imm6 : imm11. */
static uint32_t branch20(uint32_t i)
{
	uint32_t v = (i >> 19 & 1) << 19 | (i >> 11 & 1) << 18 | (i >> 12 & 1) << 17 |
		     (i >> 13 & 0x3F) << 11 | (i & 0x7FF);
	return sign_extend(v, 20) << 1;
}

static void set_shift(struct arm_insn *in, unsigned type, unsigned n)
{
	in->shift_type = (uint8_t)type;
	in->shift_n = (uint8_t)n;
}

/* DecodeImmShift, A7.4.2. */
static void imm_shift(struct arm_insn *in, unsigned type, unsigned n)
{
	if (type == ARM_ROR && n == 0)
		set_shift(in, ARM_RRX, 1);
	else
		set_shift(in, type, n == 0 && type != ARM_LSL ? 32 : n);
}

static void shift_operand(struct arm_insn *in, enum arm_imm how, const struct fields *f)
{
	switch (how) {
	case ARM_IMM_LSR: imm_shift(in, ARM_LSR, f->h); break;
	case ARM_IMM_ASR: imm_shift(in, ARM_ASR, f->h); break;
	case ARM_IMM_SHIFT: imm_shift(in, f->y, f->h); break;
	case ARM_IMM_SAT: set_shift(in, ARM_LSL, f->h); break;
	case ARM_IMM_SAT_ASR: set_shift(in, ARM_ASR, f->h); break;
	case ARM_IMM_ROT8: set_shift(in, ARM_ROR, f->h * 8); break;
	case ARM_IMM_DNR_LSR:
	case ARM_IMM_LSR_R: in->shift_type = ARM_LSR; break;
	case ARM_IMM_DNR_ASR:
	case ARM_IMM_ASR_R: in->shift_type = ARM_ASR; break;
	case ARM_IMM_DNR_ROR:
	case ARM_IMM_ROR_R: in->shift_type = ARM_ROR; break;
	default: set_shift(in, ARM_LSL, f->h); break;
	}
}

static uint32_t immediate(enum arm_imm how, uint32_t i, uint16_t *flags)
{
	bool carry;
	uint32_t v;

	switch (how) {
	case ARM_IMM_X2: return i << 1;
	case ARM_IMM_X4:
	case ARM_IMM_SP4:
	case ARM_IMM_SPSP4:
	case ARM_IMM_LIT4: return i << 2;
	case ARM_IMM_T32:
		v = expand(i, &carry);
		if (carry)
			*flags |= ARM_INSN_CARRY;
		return v;
	case ARM_IMM_MOVW: return (i & 0x7800) << 1 | (i >> 15) << 11 | (i & 0x7FF);
	case ARM_IMM_B8: return sign_extend(i, 8) << 1;
	case ARM_IMM_B11: return sign_extend(i, 11) << 1;
	case ARM_IMM_B20: return branch20(i);
	case ARM_IMM_B24: return branch24(i);
	default: return i;
	}
}

/* Registers that the encoding implies rather than names. */
static void implied_registers(struct arm_insn *in, enum arm_imm how, const struct fields *f)
{
	switch (how) {
	case ARM_IMM_SPSP4: in->rd = in->rn = 13; break;
	case ARM_IMM_SP4: in->rn = 13; break;
	case ARM_IMM_LIT:
	case ARM_IMM_LIT4: in->rn = 15; break;
	case ARM_IMM_DN:
	case ARM_IMM_DNR:
	case ARM_IMM_DNR_LSR:
	case ARM_IMM_DNR_ASR:
	case ARM_IMM_DNR_ROR: in->rn = in->rd; break;
	case ARM_IMM_DMR: in->rm = in->rd; break;
	case ARM_IMM_PUSH:
		in->rn = 13;
		in->list = (uint16_t)((f->l & 0xFF) | (f->l >> 8) << 14);
		break;
	case ARM_IMM_POP:
		in->rn = 13;
		in->list = (uint16_t)((f->l & 0xFF) | (f->l >> 8) << 15);
		break;
	case ARM_IMM_LDM16:
		if (f->l >> f->n & 1)
			in->flags &= (uint16_t)~ARM_INSN_WBACK;
		break;
	case ARM_IMM_CPS: in->list = (uint16_t)f->i; break;
	default: break;
	}
}

/* The implied SP of the 32-bit PUSH and POP, which have no n in their ruler. */
static void stack_register(struct arm_insn *in)
{
	if (in->op == ARM_OP_PUSH_T2 || in->op == ARM_OP_POP_T2)
		in->rn = 13;
}

void arm_decode(uint16_t hw1, uint16_t hw2, struct arm_insn *out)
{
	const struct arm_row *row = arm_find_row(hw1, hw2);
	struct fields f = collect(row->pattern, hw1, hw2);
	enum arm_imm how = row->immediate;
	struct arm_insn in = {
		.op = row->op, .kind = row->kind, .size = arm_is_32bit(hw1) ? 4 : 2,
		.cond = ARM_AL, .rd = (uint8_t)f.d, .rn = (uint8_t)f.n, .rm = (uint8_t)f.m,
		.ra = (uint8_t)f.a, .list = (uint16_t)f.l, .flags = row->flags};

	in.raw = in.size == 4 ? hw1 | (uint32_t)hw2 << 16 : hw1;
	if (in.kind == ARM_KIND_B && how != ARM_IMM_B11 && how != ARM_IMM_B24)
		in.cond = (uint8_t)f.c;
	if (f.S)
		in.flags |= ARM_INSN_SETFLAGS;
	if (f.P)
		in.flags |= ARM_INSN_INDEX;
	if (f.U)
		in.flags |= ARM_INSN_ADD;
	if (f.W)
		in.flags |= ARM_INSN_WBACK;
	in.imm = immediate(how, f.i, &in.flags);
	shift_operand(&in, how, &f);
	implied_registers(&in, how, &f);
	stack_register(&in);
	if (arm_unpredictable(&in, row))
		in.flags |= ARM_INSN_UNPREDICTABLE;
	*out = in;
}
