/*
 * What each kind of instruction does to known bits. Kinds that are rare or
 * carry nothing a selector would be made of (long multiplies, saturation) make
 * what they write unknown. STREX is taken to succeed, as it may.
 */
#include "lockout/absexec.h"

struct step {
	struct abs_state *s;
	const struct arm_insn *insn;
	uint32_t pc;
	bool in_it;
	uint8_t depth;
	const struct abs_memory *mem;
};

static struct absval fresh(const struct step *t, uint32_t value)
{
	t->mem->constant(t->mem->ctx, t->pc, value);
	return abs_const(value, t->pc, t->depth);
}

static struct absval reg(const struct step *t, unsigned n)
{
	return n == 15 ? abs_const(t->pc + 4, 0, t->depth) : t->s->r[n];
}

static struct absval operand2(const struct step *t)
{
	const struct arm_insn *i = t->insn;

	if (i->flags & ARM_INSN_IMM)
		return abs_const(i->imm, t->pc, t->depth);
	if (i->shift_type == ARM_RRX)
		return ABS_UNKNOWN;
	if (i->shift_n >= 32)
		return i->shift_type == ARM_LSR ? abs_const(0, 0, 0) : ABS_UNKNOWN;
	return abs_shift(reg(t, i->rm), i->shift_type, i->shift_n);
}

static bool sets_flags(const struct step *t)
{
	return (t->insn->flags & ARM_INSN_SETFLAGS) ||
	       ((t->insn->flags & ARM_INSN_SETFLAGS_NOT_IT) && !t->in_it);
}

static void flags_compared(struct abs_state *s, struct absval a, struct absval b)
{
	s->flags = FLAGS_COMPARED;
	s->a = a;
	s->b = b;
}

static void flags_result(struct abs_state *s, struct absval v)
{
	s->flags = FLAGS_RESULT;
	s->a = v;
	s->b = ABS_UNKNOWN;
}

static void write_result(const struct step *t, struct absval v)
{
	if (sets_flags(t))
		flags_result(t->s, v);
	if (t->insn->rd != 15)
		t->s->r[t->insn->rd] = v;
}

/* Two-operand arithmetic and logic. */
static struct absval alu(const struct step *t, struct absval n, struct absval m)
{
	switch (t->insn->kind) {
	case ARM_KIND_AND:
		return abs_and(n, m);
	case ARM_KIND_ORR:
		return abs_or(n, m);
	case ARM_KIND_EOR:
		return abs_xor(n, m);
	case ARM_KIND_BIC:
		return abs_and(n, abs_not(m));
	case ARM_KIND_ORN:
		return abs_or(n, abs_not(m));
	case ARM_KIND_ADD:
		return abs_add(n, m, 0);
	case ARM_KIND_SUB:
		return abs_sub(n, m);
	case ARM_KIND_RSB:
		return abs_sub(m, n);
	default:
		return ABS_UNKNOWN; /* ADC, SBC: the carry is not followed */
	}
}

static void do_alu(const struct step *t)
{
	struct absval n = reg(t, t->insn->rn), m = operand2(t);

	write_result(t, alu(t, n, m));
	if (sets_flags(t) && t->insn->kind == ARM_KIND_SUB)
		flags_compared(t->s, n, m);
	else if (sets_flags(t) && t->insn->kind == ARM_KIND_RSB)
		flags_compared(t->s, m, n);
}

static void do_move(const struct step *t)
{
	struct absval m = operand2(t);

	if (t->insn->flags & ARM_INSN_IMM)
		m = fresh(t, t->insn->imm);
	write_result(t, t->insn->kind == ARM_KIND_MVN ? abs_not(m) : m);
}

static void do_movt(const struct step *t)
{
	struct absval *d = &t->s->r[t->insn->rd];
	struct absval low = abs_extend(*d, 16, false);
	struct absval v = abs_or(low, abs_const(t->insn->imm << 16, t->pc, t->depth));

	if (abs_is_const(&v))
		t->mem->constant(t->mem->ctx, t->pc, v.value);
	*d = v;
}

static void do_compare(const struct step *t)
{
	struct absval n = reg(t, t->insn->rn), m = operand2(t);

	switch (t->insn->kind) {
	case ARM_KIND_CMP:
		flags_compared(t->s, n, m);
		break;
	case ARM_KIND_TST:
		flags_result(t->s, abs_and(n, m));
		break;
	case ARM_KIND_TEQ:
		flags_compared(t->s, n, m); /* as far as EQ and NE go */
		break;
	default:
		flags_result(t->s, abs_add(n, m, 0));
	}
}

static void do_shift_reg(const struct step *t)
{
	struct absval by = reg(t, t->insn->rm), v = ABS_UNKNOWN;

	by = abs_extend(by, 8, false);
	if (abs_is_const(&by) && by.value < 32)
		v = abs_shift(reg(t, t->insn->rn), t->insn->shift_type, by.value);
	else if (abs_is_const(&by) && t->insn->shift_type <= ARM_LSR)
		v = abs_const(0, by.origin, by.depth);
	write_result(t, v);
}

static void do_bits(const struct step *t)
{
	const struct arm_insn *i = t->insn;
	struct absval n = reg(t, i->rn), v;

	switch (i->kind) {
	case ARM_KIND_UBFX:
	case ARM_KIND_SBFX:
		v = abs_extend(abs_shift(n, ARM_LSR, i->shift_n), i->imm + 1,
			       i->kind == ARM_KIND_SBFX);
		break;
	case ARM_KIND_BFC:
		n = abs_const(0, t->pc, t->depth);
		/* fall through */
	default:
		v = i->imm >= i->shift_n ? abs_insert(reg(t, i->rd), n, i->shift_n,
						      i->imm - i->shift_n + 1)
					 : ABS_UNKNOWN;
	}
	t->s->r[i->rd] = v;
}

static void do_extend(const struct step *t, unsigned bits, bool is_signed)
{
	struct absval m = abs_shift(reg(t, t->insn->rm), ARM_ROR, t->insn->shift_n & 31);

	t->s->r[t->insn->rd] = abs_extend(m, bits, is_signed);
}

/* ---- memory ------------------------------------------------------------ */

static struct absval load(const struct step *t, struct absval address, unsigned size)
{
	if (address.stack)
		return abs_stack_load(t->s, (int32_t)address.value, size);
	if (!abs_is_const(&address))
		return ABS_UNKNOWN;
	struct absval v = t->mem->load(t->mem->ctx, address.value, size);

	if (!v.known || v.origin)
		return v;
	if (v.variable) {
		v.origin = t->pc; /* it starts with the value: read here */
		return v;
	}
	/* Of a table's entry, whoever chose the table or the index chose it. */
	v.origin = t->pc;
	v.depth = t->depth;
	if (t->insn->rn != 15)
		v.table = address.value;
	if (t->insn->rn != 15 && address.origin && address.depth < v.depth) {
		v.origin = address.origin;
		v.depth = address.depth;
	}
	if (abs_is_const(&v))
		t->mem->constant(t->mem->ctx, t->pc, v.value);
	return v;
}

static void store(const struct step *t, struct absval address, unsigned size, struct absval v)
{
	if (address.stack)
		abs_stack_store(t->s, (int32_t)address.value, size, v);
	else if (abs_is_const(&address))
		t->mem->store(t->mem->ctx, t->pc, address.value, size, v);
}

/* The address of a single load or store; writes the base back. */
static struct absval address_of(const struct step *t)
{
	const struct arm_insn *i = t->insn;
	struct absval base = i->rn == 15 ? abs_const((t->pc + 4) & ~3u, 0, t->depth)
					 : t->s->r[i->rn];
	struct absval offset = i->flags & ARM_INSN_IMM
				       ? abs_const(i->imm, 0, t->depth)
				       : abs_shift(t->s->r[i->rm], ARM_LSL, i->shift_n);
	struct absval moved = i->flags & ARM_INSN_ADD ? abs_add(base, offset, 0)
						      : abs_sub(base, offset);

	if (i->flags & ARM_INSN_WBACK)
		t->s->r[i->rn] = moved;
	return i->flags & ARM_INSN_INDEX ? moved : base;
}

static void do_load(const struct step *t, unsigned size, bool is_signed)
{
	struct absval v = load(t, address_of(t), size);

	if (size < 4)
		v = abs_extend(v, size * 8, is_signed);
	if (t->insn->rd != 15)
		t->s->r[t->insn->rd] = v;
}

static void do_store(const struct step *t, unsigned size)
{
	struct absval v = reg(t, t->insn->rd);

	store(t, address_of(t), size, v);
}

static void do_store_exclusive(const struct step *t, unsigned size)
{
	store(t, address_of(t), size, reg(t, t->insn->ra));
	t->s->r[t->insn->rd] = abs_const(0, 0, 0);
}

static void do_dual(const struct step *t, bool is_load)
{
	struct absval at = address_of(t);
	struct absval next = abs_add(at, abs_const(4, 0, t->depth), 0);

	if (is_load) {
		t->s->r[t->insn->rd] = load(t, at, 4);
		t->s->r[t->insn->ra] = load(t, next, 4);
	} else {
		store(t, at, 4, reg(t, t->insn->rd));
		store(t, next, 4, reg(t, t->insn->ra));
	}
}

static void do_multiple(const struct step *t, bool is_load, bool before)
{
	const struct arm_insn *i = t->insn;
	struct absval base = t->s->r[i->rn];
	unsigned count = (unsigned)__builtin_popcount(i->list);
	struct absval size = abs_const(4 * count, 0, t->depth);
	struct absval at = before ? abs_sub(base, size) : base;

	if (i->flags & ARM_INSN_WBACK)
		t->s->r[i->rn] = before ? at : abs_add(base, size, 0);
	for (unsigned n = 0; n < 16; n++) {
		if (!(i->list >> n & 1))
			continue;
		if (!is_load)
			store(t, at, 4, n == i->rn ? base : reg(t, n));
		else if (n != 15)
			t->s->r[n] = load(t, at, 4);
		at = abs_add(at, abs_const(4, 0, t->depth), 0);
	}
}

static void forget_written(const struct step *t)
{
	struct arm_effects fx;

	arm_effects(t->insn, t->pc, &fx);
	for (unsigned n = 0; n < 15; n++)
		if (fx.writes >> n & 1 && n != 13)
			t->s->r[n] = ABS_UNKNOWN;
	if (fx.writes_flags)
		t->s->flags = FLAGS_UNKNOWN;
}

/* One row a kind; a plain switch is the table here. */
static void execute(const struct step *t)
{
	const struct arm_insn *i = t->insn;

	switch (i->kind) {
	case ARM_KIND_MOV:
	case ARM_KIND_MVN:
		do_move(t);
		break;
	case ARM_KIND_MOVT:
		do_movt(t);
		break;
	case ARM_KIND_AND:
	case ARM_KIND_ORR:
	case ARM_KIND_EOR:
	case ARM_KIND_BIC:
	case ARM_KIND_ORN:
	case ARM_KIND_ADD:
	case ARM_KIND_ADC:
	case ARM_KIND_SUB:
	case ARM_KIND_SBC:
	case ARM_KIND_RSB:
		do_alu(t);
		break;
	case ARM_KIND_CMP:
	case ARM_KIND_CMN:
	case ARM_KIND_TST:
	case ARM_KIND_TEQ:
		do_compare(t);
		break;
	case ARM_KIND_SHIFT_REG:
		do_shift_reg(t);
		break;
	case ARM_KIND_ADR:
		t->s->r[i->rd] = fresh(t, ((t->pc + 4) & ~3u) +
						  (i->flags & ARM_INSN_ADD ? i->imm : -i->imm));
		break;
	case ARM_KIND_MUL:
		write_result(t, abs_mul(reg(t, i->rn), reg(t, i->rm)));
		break;
	case ARM_KIND_UBFX:
	case ARM_KIND_SBFX:
	case ARM_KIND_BFI:
	case ARM_KIND_BFC:
		do_bits(t);
		break;
	case ARM_KIND_UXTB:
	case ARM_KIND_SXTB:
		do_extend(t, 8, i->kind == ARM_KIND_SXTB);
		break;
	case ARM_KIND_UXTH:
	case ARM_KIND_SXTH:
		do_extend(t, 16, i->kind == ARM_KIND_SXTH);
		break;
	case ARM_KIND_REV:
		t->s->r[i->rd] = abs_rev(reg(t, i->rm));
		break;
	case ARM_KIND_LDR:
	case ARM_KIND_LDREX:
		do_load(t, 4, false);
		break;
	case ARM_KIND_LDRB:
	case ARM_KIND_LDREXB:
	case ARM_KIND_LDRSB:
		do_load(t, 1, i->kind == ARM_KIND_LDRSB);
		break;
	case ARM_KIND_LDRH:
	case ARM_KIND_LDREXH:
	case ARM_KIND_LDRSH:
		do_load(t, 2, i->kind == ARM_KIND_LDRSH);
		break;
	case ARM_KIND_STR:
		do_store(t, 4);
		break;
	case ARM_KIND_STRB:
		do_store(t, 1);
		break;
	case ARM_KIND_STRH:
		do_store(t, 2);
		break;
	case ARM_KIND_STREX:
		do_store_exclusive(t, 4);
		break;
	case ARM_KIND_STREXB:
		do_store_exclusive(t, 1);
		break;
	case ARM_KIND_STREXH:
		do_store_exclusive(t, 2);
		break;
	case ARM_KIND_LDRD:
	case ARM_KIND_STRD:
		do_dual(t, i->kind == ARM_KIND_LDRD);
		break;
	case ARM_KIND_LDM:
	case ARM_KIND_LDMDB:
		do_multiple(t, true, i->kind == ARM_KIND_LDMDB);
		break;
	case ARM_KIND_STM:
	case ARM_KIND_STMDB:
		do_multiple(t, false, i->kind == ARM_KIND_STMDB);
		break;
	default:
		forget_written(t);
	}
}

void abs_execute(struct abs_state *s, const struct arm_insn *insn, uint32_t pc, bool in_it,
		 uint8_t depth, const struct abs_memory *mem)
{
	struct step t = {s, insn, pc, in_it, depth, mem};

	execute(&t);
}
