/*
 * What each instruction makes of steps. Additions and subtractions, moves,
 * products with something that stands still, left shifts, narrow extensions
 * that do not wrap and memory are exact; everything else that reads a moving
 * register loses it (by arm_effects). An address, a jump's target or a special
 * register that moves can't be described: the round proves nothing.
 */
#include "mcu/cpu/drift.h"

#include "mcu/cpu/exec_internal.h"

static const struct drift steady = {0, 0};

struct ctx {
	struct mcu *m;
	struct drifts *d;
	const struct cpu_state *c;
	const struct arm_insn *in;
};

/* An operand: its value now, and how it moves. */
struct operand {
	uint32_t value;
	struct drift v;
};

static struct drift reg_drift(const struct ctx *x, unsigned n)
{
	return n == 15 ? steady : x->d->reg[n];
}

static void set_drift(const struct ctx *x, unsigned n, struct drift v)
{
	if (n < 13 || n == 14)
		x->d->reg[n] = v;
	else if (drift_moves(v)) /* stacks and program counters that move */
		x->d->failed = true;
}

static struct drift mix(struct drift a, struct drift b)
{
	if (!drift_moves(a) && !drift_moves(b))
		return steady;
	return (struct drift){0, (uint8_t)(DRIFT_LOST | a.doubt | b.doubt)};
}

/* a + sign * b; nothing exact comes of what is lost. */
static struct drift plus(struct drift a, struct drift b, uint32_t sign)
{
	uint8_t doubt = a.doubt | b.doubt;

	return (struct drift){doubt ? 0 : a.step + sign * b.step, doubt};
}

static struct drift times(struct drift a, uint32_t factor)
{
	return (struct drift){a.doubt ? 0 : a.step * factor, a.doubt};
}

static bool flags_move(const struct drift_flags *f)
{
	return drift_moves(f->nz) || drift_moves(f->cv);
}

static struct drift flag_drift(const struct drift_flags *f)
{
	return flags_move(f) ? (struct drift){0, (uint8_t)(DRIFT_LOST | f->nz.doubt | f->cv.doubt)}
			     : steady;
}

static struct operand operand(const struct ctx *x, unsigned n)
{
	return (struct operand){reg(x->c, n), reg_drift(x, n)};
}

static struct operand operand2(const struct ctx *x)
{
	const struct arm_insn *in = x->in;
	struct operand o;

	if (in->flags & ARM_INSN_IMM)
		return (struct operand){in->imm, steady};
	o = operand(x, in->rm);
	if (in->shift_type == ARM_RRX)
		o.v = mix(o.v, flag_drift(&x->d->flags));
	else if (in->shift_n && in->shift_type != ARM_LSL)
		o.v = mix(o.v, steady);
	else if (in->shift_n)
		o.v = times(o.v, in->shift_n < 32 ? 1u << in->shift_n : 0);
	/* the value matters only where the drift is exact: plain and LSL */
	if (in->shift_type == ARM_LSL)
		o.value = in->shift_n < 32 ? o.value << in->shift_n : 0;
	else if (in->shift_n || in->shift_type == ARM_RRX) {
		bool carry = carry_of(x->c);
		o.value = shift_c(o.value, (enum arm_shift)in->shift_type, in->shift_n, &carry);
	}
	return o;
}

/* ---- flags ------------------------------------------------------------------------------ */

static void flags_of_sum(const struct ctx *x, struct operand a, struct operand b, bool subtracts)
{
	struct drift v = plus(a.v, b.v, subtracts ? ~0u : 1);

	x->d->flags = (struct drift_flags){
		.nz = v, .cv = {a.v.step || b.v.step, v.doubt},
		.value = subtracts ? a.value - b.value : a.value + b.value, .x = a.value,
		.y = b.value, .dx = (int32_t)a.v.step, .dy = (int32_t)b.v.step,
		.subtracts = subtracts, .one = true};
}

/* N and Z of a result; C and V stay, unless `carry` says that C moves. */
static void flags_of_value(const struct ctx *x, struct operand r, struct drift carry)
{
	struct drift_flags *f = &x->d->flags;

	f->nz = r.v;
	f->value = r.value;
	f->one = false;
	if (drift_moves(carry))
		f->cv = (struct drift){0, (uint8_t)(DRIFT_LOST | carry.doubt | f->cv.doubt)};
}

/* ---- data -------------------------------------------------------------------------------- */

/* Whether the operand's shift puts a moving bit into C. */
static struct drift shift_carry(const struct ctx *x)
{
	const struct arm_insn *in = x->in;

	if (in->flags & ARM_INSN_IMM || (!in->shift_n && in->shift_type != ARM_RRX))
		return steady;
	return mix(reg_drift(x, in->rm), steady);
}

static void result(const struct ctx *x, struct operand r, struct drift carry)
{
	if (sets_flags(x->c, x->in))
		flags_of_value(x, r, carry);
	set_drift(x, x->in->rd, r.v);
}

static void sum(const struct ctx *x, struct operand a, struct operand b, bool subtracts,
		bool keep)
{
	if (!keep || sets_flags(x->c, x->in))
		flags_of_sum(x, a, b, subtracts);
	if (keep)
		set_drift(x, x->in->rd, plus(a.v, b.v, subtracts ? ~0u : 1));
}

/* A value that is not computed here may only be used where it does not move. */
static struct operand unknown(struct drift v)
{
	return (struct operand){0, v};
}

static void logic(const struct ctx *x, bool keep)
{
	struct drift v = mix(reg_drift(x, x->in->rn), operand2(x).v);

	if (keep)
		result(x, unknown(v), shift_carry(x));
	else
		flags_of_value(x, unknown(v), shift_carry(x));
}

static void with_carry(const struct ctx *x)
{
	struct drift v = mix(mix(reg_drift(x, x->in->rn), operand2(x).v),
			     x->d->flags.cv.step || x->d->flags.cv.doubt ? flag_drift(&x->d->flags)
									  : steady);

	result(x, unknown(v), v);
}

static void shift_by_register(const struct ctx *x)
{
	struct operand a = operand(x, x->in->rn), n = operand(x, x->in->rm);
	struct drift v = mix(a.v, n.v), carry = v;

	if (x->in->shift_type == ARM_LSL && !drift_moves(n.v) && (n.value & 0xFF) < 32) {
		v = times(a.v, 1u << (n.value & 0xFF));
		a.value <<= n.value & 0xFF;
	}
	a.v = v;
	result(x, a, carry);
}

static struct operand product(struct operand a, struct operand b)
{
	struct drift v = mix(a.v, b.v);

	if (!drift_moves(b.v))
		v = times(a.v, b.value);
	else if (!drift_moves(a.v))
		v = times(b.v, a.value);
	return (struct operand){a.value * b.value, v};
}

static void multiply(const struct ctx *x)
{
	struct operand p = product(operand(x, x->in->rn), operand(x, x->in->rm));
	struct drift a = steady;

	if (x->in->kind != ARM_KIND_MUL)
		a = reg_drift(x, x->in->ra);
	if (x->in->kind == ARM_KIND_MLS)
		p.v = plus(a, p.v, ~0u);
	else
		p.v = plus(a, p.v, 1);
	result(x, p, steady);
}

/* An extension changes nothing as long as the value fits. */
static void extend(const struct ctx *x, unsigned size, bool is_signed)
{
	struct operand o = operand(x, x->in->rm);
	int64_t low = is_signed ? -(1ll << (8 * size - 1)) : 0, high = low + (1ll << 8 * size) - 1;
	int64_t at = is_signed ? (int32_t)o.value : (int64_t)o.value;

	if (!drift_moves(o.v) || o.v.doubt || x->in->shift_n || at < low || at > high)
		o.v = mix(o.v, steady);
	else
		drift_bound_range(x->d, at, (int32_t)o.v.step, low, high);
	set_drift(x, x->in->rd, o.v);
}

/* ---- memory ------------------------------------------------------------------------------- */

static uint32_t address_of(const struct ctx *x)
{
	const struct arm_insn *in = x->in;
	uint32_t base = reg(x->c, in->rn), offset = in->imm, after;

	if (in->rn == 15)
		base &= ~3u;
	if (drift_moves(reg_drift(x, in->rn)))
		x->d->failed = true;
	if (!(in->flags & ARM_INSN_IMM)) {
		offset = reg(x->c, in->rm) << in->shift_n;
		if (drift_moves(reg_drift(x, in->rm)))
			x->d->failed = true;
	}
	after = in->flags & ARM_INSN_ADD ? base + offset : base - offset;
	return in->flags & ARM_INSN_INDEX ? after : base;
}

static void load(const struct ctx *x, unsigned size, bool is_signed)
{
	uint32_t at = address_of(x);

	if (!x->d->failed)
		set_drift(x, x->in->rd, drift_load(x->m, x->d, at, size, is_signed));
}

static void store(const struct ctx *x, unsigned size)
{
	uint32_t at = address_of(x);

	if (!x->d->failed)
		drift_store(x->m, x->d, at, size, reg_drift(x, x->in->rd), reg(x->c, x->in->rd));
}

static void two(const struct ctx *x, bool loads)
{
	uint32_t at = address_of(x);
	uint8_t names[2] = {x->in->rd, x->in->ra};
	struct drift v[2] = {steady, steady};

	for (unsigned i = 0; i < 2 && !x->d->failed; i++)
		if (loads)
			v[i] = drift_load(x->m, x->d, at + 4 * i, 4, false);
		else
			drift_store(x->m, x->d, at + 4 * i, 4, reg_drift(x, names[i]),
				    reg(x->c, names[i]));
	for (unsigned i = 0; i < 2 && loads; i++)
		set_drift(x, names[i], v[i]);
}

static void several(const struct ctx *x, bool loads, bool down)
{
	const struct arm_insn *in = x->in;
	uint32_t at = reg(x->c, in->rn);

	if (down)
		at -= 4u * (unsigned)__builtin_popcount(in->list);
	if (drift_moves(reg_drift(x, in->rn)))
		x->d->failed = true;
	for (unsigned i = 0; i < 16 && !x->d->failed; i++) {
		if (!(in->list >> i & 1))
			continue;
		if (loads)
			set_drift(x, i, drift_load(x->m, x->d, at, 4, false));
		else
			drift_store(x->m, x->d, at, 4, reg_drift(x, i), reg(x->c, i));
		at += 4;
	}
}

static void store_exclusive(const struct ctx *x, unsigned size)
{
	uint32_t at = reg(x->c, x->in->rn) + x->in->imm;

	if (drift_moves(reg_drift(x, x->in->rn)))
		x->d->failed = true;
	else if (x->c->exclusive)
		drift_store(x->m, x->d, at, size, reg_drift(x, x->in->ra), reg(x->c, x->in->ra));
	set_drift(x, x->in->rd, steady);
}

static void load_exclusive(const struct ctx *x, unsigned size)
{
	if (drift_moves(reg_drift(x, x->in->rn)))
		x->d->failed = true;
	else
		set_drift(x, x->in->rd, drift_load(x->m, x->d,
						   reg(x->c, x->in->rn) + x->in->imm, size, false));
}

/* ---- flow and special registers -------------------------------------------------------------- */

static void must_stand(const struct ctx *x, unsigned n)
{
	if (drift_moves(reg_drift(x, n)))
		x->d->failed = true;
}

static void jump(const struct ctx *x)
{
	must_stand(x, x->in->rm);
	if (x->in->kind == ARM_KIND_BLX)
		set_drift(x, 14, steady);
}

static void compare_branch(const struct ctx *x)
{
	struct operand o = operand(x, x->in->rn);

	if (o.v.doubt)
		x->d->failed = true;
	else
		drift_bound_zero(x->d, o.value, o.v.step);
}

static void special(const struct ctx *x)
{
	unsigned sysm = x->in->list & 0xFF;

	if (x->in->kind == ARM_KIND_MRS) {
		bool psr = sysm < 8 && !(sysm & 4);
		set_drift(x, x->in->rd, psr ? flag_drift(&x->d->flags) : steady);
		return;
	}
	must_stand(x, x->in->rn);
	if (sysm < 8)
		x->d->flags = (struct drift_flags){.nz = steady};
}

/* Whatever else: what reads nothing that moves stands still. */
static void other(const struct ctx *x)
{
	struct arm_effects e;
	struct drift v = steady;

	arm_effects(x->in, x->c->r[15], &e);
	if (e.mem != ARM_MEM_NONE || e.flow == ARM_FLOW_TRAP) {
		x->d->failed = true;
		return;
	}
	for (unsigned i = 0; i < 15; i++)
		if (e.reads >> i & 1)
			v = mix(v, reg_drift(x, i));
	if (e.reads_flags)
		v = mix(v, flag_drift(&x->d->flags));
	for (unsigned i = 0; i < 16; i++)
		if (e.writes >> i & 1)
			set_drift(x, i, v);
	if (e.writes_flags && sets_flags(x->c, x->in))
		flags_of_value(x, unknown(v), v);
}

static bool arithmetic(const struct ctx *x)
{
	struct operand a = operand(x, x->in->rn), b = operand2(x);

	switch (x->in->kind) {
	case ARM_KIND_ADD: sum(x, a, b, false, true); return true;
	case ARM_KIND_SUB: sum(x, a, b, true, true); return true;
	case ARM_KIND_RSB: sum(x, b, a, true, true); return true;
	case ARM_KIND_CMP: sum(x, a, b, true, false); return true;
	case ARM_KIND_CMN: sum(x, a, b, false, false); return true;
	case ARM_KIND_ADC: case ARM_KIND_SBC: with_carry(x); return true;
	case ARM_KIND_MOV: result(x, b, shift_carry(x)); return true;
	case ARM_KIND_MVN:
		b.value = ~b.value;
		b.v = times(b.v, ~0u);
		result(x, b, shift_carry(x));
		return true;
	case ARM_KIND_AND: case ARM_KIND_ORR: case ARM_KIND_EOR: case ARM_KIND_BIC:
	case ARM_KIND_ORN: logic(x, true); return true;
	case ARM_KIND_TST: case ARM_KIND_TEQ: logic(x, false); return true;
	default: return false;
	}
}

static bool memory(const struct ctx *x)
{
	switch (x->in->kind) {
	case ARM_KIND_LDR: load(x, 4, false); return true;
	case ARM_KIND_LDRB: load(x, 1, false); return true;
	case ARM_KIND_LDRH: load(x, 2, false); return true;
	case ARM_KIND_LDRSB: load(x, 1, true); return true;
	case ARM_KIND_LDRSH: load(x, 2, true); return true;
	case ARM_KIND_STR: store(x, 4); return true;
	case ARM_KIND_STRB: store(x, 1); return true;
	case ARM_KIND_STRH: store(x, 2); return true;
	case ARM_KIND_LDRD: two(x, true); return true;
	case ARM_KIND_STRD: two(x, false); return true;
	case ARM_KIND_LDM: several(x, true, false); return true;
	case ARM_KIND_LDMDB: several(x, true, true); return true;
	case ARM_KIND_STM: several(x, false, false); return true;
	case ARM_KIND_STMDB: several(x, false, true); return true;
	case ARM_KIND_LDREX: load_exclusive(x, 4); return true;
	case ARM_KIND_LDREXH: load_exclusive(x, 2); return true;
	case ARM_KIND_LDREXB: load_exclusive(x, 1); return true;
	case ARM_KIND_STREX: store_exclusive(x, 4); return true;
	case ARM_KIND_STREXH: store_exclusive(x, 2); return true;
	case ARM_KIND_STREXB: store_exclusive(x, 1); return true;
	default: return false;
	}
}

static bool flow(const struct ctx *x)
{
	switch (x->in->kind) {
	case ARM_KIND_B: drift_condition(x->d, x->in->cond); return true;
	case ARM_KIND_BL: set_drift(x, 14, steady); return true;
	case ARM_KIND_BX: case ARM_KIND_BLX: jump(x); return true;
	case ARM_KIND_CBZ: case ARM_KIND_CBNZ: compare_branch(x); return true;
	case ARM_KIND_TBB: case ARM_KIND_TBH: /* their tables lie in flash */
		must_stand(x, x->in->rn);
		must_stand(x, x->in->rm);
		if (reg(x->c, x->in->rn) >= x->m->chip->ram_base)
			x->d->failed = true;
		return true;
	case ARM_KIND_MRS: case ARM_KIND_MSR: special(x); return true;
	case ARM_KIND_SVC: return true; /* the exception's frame tells */
	default: return false;
	}
}

void drift_insn(struct mcu *m, struct drifts *d, const struct arm_insn *in)
{
	struct ctx x = {m, d, &m->s.cpu, in};

	if (x.c->it) {
		drift_condition(d, x.c->it >> 4);
		if (!arm_condition_holds(x.c->it >> 4, x.c->apsr >> 28))
			return;
	}
	if (arithmetic(&x) || memory(&x) || flow(&x))
		return;
	switch (in->kind) {
	case ARM_KIND_SHIFT_REG: shift_by_register(&x); break;
	case ARM_KIND_MUL: case ARM_KIND_MLA: case ARM_KIND_MLS: multiply(&x); break;
	case ARM_KIND_UXTB: extend(&x, 1, false); break;
	case ARM_KIND_UXTH: extend(&x, 2, false); break;
	case ARM_KIND_SXTB: extend(&x, 1, true); break;
	case ARM_KIND_SXTH: extend(&x, 2, true); break;
	default: other(&x); break;
	}
}
