/* Data processing: everything that only computes. DDI 0403 A7.7. */
#include "mcu/cpu/exec_internal.h"

/* ---- operands and flags --------------------------------------------------------------- */

uint32_t shift_c(uint32_t v, enum arm_shift type, unsigned n, bool *carry)
{
	uint32_t out;

	if (type == ARM_RRX) {
		out = v >> 1 | (uint32_t)*carry << 31;
		*carry = v & 1;
		return out;
	}
	if (n == 0)
		return v;
	switch (type) {
	case ARM_LSL:
		*carry = n <= 32 && v >> (32 - n) & 1;
		return n < 32 ? v << n : 0;
	case ARM_LSR:
		*carry = n <= 32 && v >> (n - 1) & 1;
		return n < 32 ? v >> n : 0;
	case ARM_ASR:
		n = n < 32 ? n : 32;
		*carry = v >> (n - 1) & 1;
		return (uint32_t)((int64_t)(int32_t)v >> n);
	default:
		n &= 31;
		out = n ? v >> n | v << (32 - n) : v;
		*carry = out >> 31;
		return out;
	}
}

static uint32_t operand2(const struct cpu_state *c, const struct arm_insn *in, bool *carry)
{
	*carry = carry_of(c);
	if (!(in->flags & ARM_INSN_IMM))
		return shift_c(reg(c, in->rm), in->shift_type, in->shift_n, carry);
	if (in->flags & ARM_INSN_CARRY)
		*carry = in->imm >> 31;
	return in->imm;
}

static void set_nz(struct cpu_state *c, uint32_t v)
{
	c->apsr = (c->apsr & ~(APSR_N | APSR_Z)) | (v & APSR_N) | (v == 0 ? APSR_Z : 0);
}

static void set_nzc(struct cpu_state *c, uint32_t v, bool carry)
{
	set_nz(c, v);
	c->apsr = (c->apsr & ~APSR_C) | (carry ? APSR_C : 0);
}

/* AddWithCarry, with all four flags when `flags`. */
static uint32_t add(struct cpu_state *c, uint32_t a, uint32_t b, bool carry, bool flags)
{
	uint64_t wide = (uint64_t)a + b + carry;
	uint32_t v = (uint32_t)wide;

	if (flags) {
		set_nzc(c, v, wide >> 32);
		c->apsr = (c->apsr & ~APSR_V) | ((a ^ v) & (b ^ v)) >> 31 << 28;
	}
	return v;
}

/* ---- moves and logic --------------------------------------------------------------------- */

static bool logic(struct cpu_state *c, const struct arm_insn *in, uint32_t v, bool carry)
{
	if (sets_flags(c, in))
		set_nzc(c, v, carry);
	set_reg(c, in->rd, v);
	return true;
}

#define LOGIC(KIND, expression)                                                                    \
	bool exec_##KIND(struct mcu *m, const struct arm_insn *in)                                 \
	{                                                                                          \
		struct cpu_state *c = &m->s.cpu;                                                   \
		bool carry;                                                                        \
		uint32_t b = operand2(c, in, &carry), a = reg(c, in->rn);                          \
		(void)a;                                                                           \
		return logic(c, in, (expression), carry);                                          \
	}
LOGIC(MOV, b)
LOGIC(MVN, ~b)
LOGIC(AND, a & b)
LOGIC(ORR, a | b)
LOGIC(EOR, a ^ b)
LOGIC(BIC, a & ~b)
LOGIC(ORN, a | ~b)

static bool test(struct mcu *m, const struct arm_insn *in, bool exclusive)
{
	struct cpu_state *c = &m->s.cpu;
	bool carry;
	uint32_t b = operand2(c, in, &carry), a = reg(c, in->rn);

	set_nzc(c, exclusive ? a ^ b : a & b, carry);
	return true;
}

bool exec_TST(struct mcu *m, const struct arm_insn *in)
{
	return test(m, in, false);
}

bool exec_TEQ(struct mcu *m, const struct arm_insn *in)
{
	return test(m, in, true);
}

bool exec_SHIFT_REG(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	bool carry = carry_of(c);
	uint32_t v = shift_c(reg(c, in->rn), in->shift_type, reg(c, in->rm) & 0xFF, &carry);

	return logic(c, in, v, carry);
}

bool exec_MOVT(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	set_reg(c, in->rd, (reg(c, in->rd) & 0xFFFF) | in->imm << 16);
	return true;
}

/* ---- arithmetic ------------------------------------------------------------------------------ */

#define ARITHMETIC(KIND, x, y, carry_in)                                                           \
	bool exec_##KIND(struct mcu *m, const struct arm_insn *in)                                 \
	{                                                                                          \
		struct cpu_state *c = &m->s.cpu;                                                   \
		bool carry;                                                                        \
		uint32_t b = operand2(c, in, &carry), a = reg(c, in->rn);                          \
		set_reg(c, in->rd, add(c, (x), (y), (carry_in), sets_flags(c, in)));               \
		return true;                                                                       \
	}
ARITHMETIC(ADD, a, b, false)
ARITHMETIC(SUB, a, ~b, true)
ARITHMETIC(RSB, ~a, b, true)
ARITHMETIC(ADC, a, b, carry_of(c))
ARITHMETIC(SBC, a, ~b, carry_of(c))

bool exec_CMP(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	bool carry;
	uint32_t b = operand2(c, in, &carry);

	add(c, reg(c, in->rn), ~b, true, true);
	return true;
}

bool exec_CMN(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	bool carry;
	uint32_t b = operand2(c, in, &carry);

	add(c, reg(c, in->rn), b, false, true);
	return true;
}

bool exec_ADR(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t base = (c->r[15] + 4) & ~3u;

	set_reg(c, in->rd, in->flags & ARM_INSN_ADD ? base + in->imm : base - in->imm);
	return true;
}

/* ---- multiply and divide ------------------------------------------------------------------------ */

bool exec_MUL(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t v = reg(c, in->rn) * reg(c, in->rm);

	if (sets_flags(c, in))
		set_nz(c, v);
	set_reg(c, in->rd, v);
	return true;
}

bool exec_MLA(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	set_reg(c, in->rd, reg(c, in->ra) + reg(c, in->rn) * reg(c, in->rm));
	return true;
}

bool exec_MLS(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	set_reg(c, in->rd, reg(c, in->ra) - reg(c, in->rn) * reg(c, in->rm));
	return true;
}

static bool long_result(struct cpu_state *c, const struct arm_insn *in, uint64_t v)
{
	set_reg(c, in->ra, (uint32_t)v);
	set_reg(c, in->rd, (uint32_t)(v >> 32));
	return true;
}

static uint64_t signed_product(const struct cpu_state *c, const struct arm_insn *in)
{
	return (uint64_t)((int64_t)(int32_t)reg(c, in->rn) * (int32_t)reg(c, in->rm));
}

static uint64_t long_operand(const struct cpu_state *c, const struct arm_insn *in)
{
	return (uint64_t)reg(c, in->rd) << 32 | reg(c, in->ra);
}

bool exec_SMULL(struct mcu *m, const struct arm_insn *in)
{
	return long_result(&m->s.cpu, in, signed_product(&m->s.cpu, in));
}

bool exec_SMLAL(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	return long_result(c, in, long_operand(c, in) + signed_product(c, in));
}

bool exec_UMULL(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	return long_result(c, in, (uint64_t)reg(c, in->rn) * reg(c, in->rm));
}

bool exec_UMLAL(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	return long_result(c, in, long_operand(c, in) + (uint64_t)reg(c, in->rn) * reg(c, in->rm));
}

/* Division by zero gives 0 unless CCR.DIV_0_TRP makes it a fault. */
static bool divisor(struct mcu *m, const struct arm_insn *in, uint32_t *d)
{
	*d = reg(&m->s.cpu, in->rm);
	if (*d == 0 && m->s.cpu.ccr & CCR_DIV_0_TRP)
		return fault_raise(m, EXC_USAGEFAULT, CFSR_DIVBYZERO);
	return true;
}

bool exec_UDIV(struct mcu *m, const struct arm_insn *in)
{
	uint32_t d;

	if (!divisor(m, in, &d))
		return false;
	set_reg(&m->s.cpu, in->rd, d ? reg(&m->s.cpu, in->rn) / d : 0);
	return true;
}

bool exec_SDIV(struct mcu *m, const struct arm_insn *in)
{
	uint32_t d;

	if (!divisor(m, in, &d))
		return false;
	/* In 64 bits, so that the most negative number by -1 wraps. */
	set_reg(&m->s.cpu, in->rd,
		d ? (uint32_t)((int64_t)(int32_t)reg(&m->s.cpu, in->rn) / (int32_t)d) : 0);
	return true;
}

/* ---- saturation and bit fields ---------------------------------------------------------------------- */

static int64_t saturate(struct cpu_state *c, int64_t v, int64_t low, int64_t high)
{
	if (v >= low && v <= high)
		return v;
	c->apsr |= APSR_Q;
	return v < low ? low : high;
}

static int64_t shifted_source(const struct cpu_state *c, const struct arm_insn *in)
{
	bool carry = false;
	return (int32_t)shift_c(reg(c, in->rn), in->shift_type, in->shift_n, &carry);
}

bool exec_SSAT(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	int64_t top = (int64_t)1 << in->imm; /* saturate to imm + 1 bits */

	set_reg(c, in->rd, (uint32_t)saturate(c, shifted_source(c, in), -top, top - 1));
	return true;
}

bool exec_USAT(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	int64_t top = ((int64_t)1 << in->imm) - 1;

	set_reg(c, in->rd, (uint32_t)saturate(c, shifted_source(c, in), 0, top));
	return true;
}

/* Bits lsb .. msb as a mask; none when msb < lsb. */
static uint32_t field_mask(unsigned lsb, unsigned msb)
{
	return msb < lsb ? 0 : (UINT32_MAX >> (31 - (msb - lsb))) << lsb;
}

static bool insert(struct cpu_state *c, const struct arm_insn *in, uint32_t from)
{
	uint32_t mask = field_mask(in->shift_n, in->imm);

	set_reg(c, in->rd, (reg(c, in->rd) & ~mask) | (from << in->shift_n & mask));
	return true;
}

bool exec_BFI(struct mcu *m, const struct arm_insn *in)
{
	return insert(&m->s.cpu, in, reg(&m->s.cpu, in->rn));
}

bool exec_BFC(struct mcu *m, const struct arm_insn *in)
{
	return insert(&m->s.cpu, in, 0);
}

bool exec_UBFX(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;

	set_reg(c, in->rd, reg(c, in->rn) >> in->shift_n & field_mask(0, in->imm));
	return true;
}

bool exec_SBFX(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	unsigned msb = in->shift_n + in->imm < 31 ? in->shift_n + in->imm : 31;
	int32_t v = (int32_t)(reg(c, in->rn) << (31 - msb));

	set_reg(c, in->rd, (uint32_t)(v >> (31 - msb + in->shift_n)));
	return true;
}

/* ---- one operand --------------------------------------------------------------------------------------- */

static uint32_t rotated(const struct cpu_state *c, const struct arm_insn *in)
{
	bool carry = false;
	return shift_c(reg(c, in->rm), ARM_ROR, in->shift_n, &carry);
}

static uint32_t reverse_bits(uint32_t v)
{
	uint32_t out = 0;

	for (unsigned i = 0; i < 32; i++, v >>= 1)
		out = out << 1 | (v & 1);
	return out;
}

#define UNARY(KIND, expression)                                                                    \
	bool exec_##KIND(struct mcu *m, const struct arm_insn *in)                                 \
	{                                                                                          \
		struct cpu_state *c = &m->s.cpu;                                                   \
		uint32_t v = rotated(c, in);                                                       \
		set_reg(c, in->rd, (uint32_t)(expression));                                        \
		return true;                                                                       \
	}
UNARY(SXTB, (int8_t)v)
UNARY(SXTH, (int16_t)v)
UNARY(UXTB, (uint8_t)v)
UNARY(UXTH, (uint16_t)v)
UNARY(REV, __builtin_bswap32(v))
UNARY(REV16, (v & 0xFF00FF00u) >> 8 | (v & 0x00FF00FFu) << 8)
UNARY(REVSH, (int16_t)__builtin_bswap16((uint16_t)v))
UNARY(RBIT, reverse_bits(v))
UNARY(CLZ, v ? __builtin_clz(v) : 32)
