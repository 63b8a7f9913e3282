/*
 * Where did a bit come from? A recorded trace is walked backwards; at each
 * step the bit lives in one place (a bit of a register or of a byte in
 * memory), and when the step's instruction wrote that place, the bit moves to
 * where the instruction took it from. It ends at a constant, a table in flash,
 * a peripheral, or at the edge of the trace.
 *
 * One bit, not a value: `(MAPR & ~mask) | swj | maps` has four sources, of
 * which exactly one brought bit 26. Where two operands both carry it, the one
 * with fewer bits set is taken (a value, not a mask).
 *
 * Instruction semantics: DDI 0403 A7.7; exception frames B1.5.6. Arithmetic
 * carries are followed into the operand that has the bit, else into the first.
 */
#include "lockout/lockout_internal.h"

enum { SP = 13, LR = 14, PC = 15, XPSR = 16 };

/* Where the bit is now. */
struct spot {
	bool memory;
	unsigned reg;
	unsigned bit;     /* 0..31 of a register, 0..7 of a byte */
	uint32_t address; /* of the byte */
};

enum move { MOVE_PASS, MOVE_FOLLOW, MOVE_CONSTANT, MOVE_LOST };

struct walk {
	const struct trace *t;
	const struct step *s;
	struct arm_insn in;
	struct spot spot;
};

static uint32_t value_of(const struct walk *w, unsigned reg)
{
	return reg == PC ? w->s->r[PC] + 4 : w->s->r[reg];
}

static enum move to_register(struct walk *w, unsigned reg, unsigned bit)
{
	if (reg == PC)
		return MOVE_CONSTANT;
	w->spot = (struct spot){.reg = reg, .bit = bit};
	return MOVE_FOLLOW;
}

static enum move to_memory(struct walk *w, uint32_t address, unsigned bit)
{
	w->spot = (struct spot){.memory = true, .address = address + bit / 8, .bit = bit % 8};
	return MOVE_FOLLOW;
}

static unsigned lowest_bit(uint32_t v)
{
	return v ? (unsigned)__builtin_ctz(v) : 0;
}

/* ---- operand 2 ------------------------------------------------------------------- */

/* Which bit of the shifted operand's source shows at `bit`; false: a filled-in 0. */
static bool unshift(unsigned type, unsigned n, unsigned bit, unsigned *from)
{
	switch (type) {
	case ARM_LSL:
		*from = bit - n;
		return bit >= n;
	case ARM_LSR:
		*from = bit + n;
		return bit + n < 32;
	case ARM_ASR:
		*from = bit + n < 32 ? bit + n : 31;
		return true;
	case ARM_ROR:
		*from = (bit + n) & 31;
		return true;
	default: /* RRX */
		*from = bit + 1;
		return bit < 31;
	}
}

static bool operand2_bit(const struct walk *w, unsigned bit)
{
	unsigned from;

	if (w->in.flags & ARM_INSN_IMM)
		return w->in.imm >> bit & 1;
	return unshift(w->in.shift_type, w->in.shift_n, bit, &from) &&
	       value_of(w, w->in.rm) >> from & 1;
}

static enum move follow_operand2(struct walk *w, unsigned bit)
{
	unsigned from;

	if (w->in.flags & ARM_INSN_IMM)
		return MOVE_CONSTANT;
	if (!unshift(w->in.shift_type, w->in.shift_n, bit, &from))
		return MOVE_CONSTANT;
	return to_register(w, w->in.rm, from);
}

/* ---- data processing ---------------------------------------------------------------- */

static enum move two_operands(struct walk *w, bool first, bool second)
{
	unsigned bit = w->spot.bit;
	uint32_t a = value_of(w, w->in.rn);
	bool immediate = w->in.flags & ARM_INSN_IMM;

	if (second && (!first || (immediate && w->in.kind == ARM_KIND_ORR)))
		return follow_operand2(w, bit);
	if (first && second && !immediate &&
	    __builtin_popcount(value_of(w, w->in.rm)) < __builtin_popcount(a))
		return follow_operand2(w, bit);
	return to_register(w, w->in.rn, bit);
}

static enum move logical(struct walk *w)
{
	unsigned bit = w->spot.bit;
	bool a = value_of(w, w->in.rn) >> bit & 1, b = operand2_bit(w, bit);

	switch (w->in.kind) {
	case ARM_KIND_AND: /* a 0 comes from the operand that has it */
		return a && b ? two_operands(w, true, true) : two_operands(w, !a, !b);
	case ARM_KIND_BIC:
		return a && !b ? to_register(w, w->in.rn, bit) : two_operands(w, !a, b);
	case ARM_KIND_ORN:
		return two_operands(w, a, !b);
	default: /* ORR, EOR, ADD, ADC, SUB, SBC, RSB */
		return two_operands(w, a, b);
	}
}

/* 1 << n: the choice is n, not the 1. */
static enum move shift_by_register(struct walk *w)
{
	uint32_t n = value_of(w, w->in.rm) & 0xFF, v = value_of(w, w->in.rn);
	unsigned from;

	if (v == 1 && n)
		return to_register(w, w->in.rm, lowest_bit(n));
	if (n > 31 || !unshift(w->in.shift_type, n, w->spot.bit, &from))
		return MOVE_CONSTANT;
	return to_register(w, w->in.rn, from);
}

static enum move bit_field(struct walk *w)
{
	unsigned bit = w->spot.bit, lsb = w->in.shift_n;
	bool inside = bit >= lsb && bit <= w->in.imm;

	switch (w->in.kind) {
	case ARM_KIND_BFI:
		return inside ? to_register(w, w->in.rn, bit - lsb)
			      : to_register(w, w->in.rd, bit);
	case ARM_KIND_BFC:
		return inside ? MOVE_CONSTANT : to_register(w, w->in.rd, bit);
	default: /* UBFX, SBFX: imm = width - 1 */
		if (bit > w->in.imm)
			bit = w->in.imm;
		return to_register(w, w->in.rn, bit + lsb);
	}
}

static enum move extend(struct walk *w)
{
	unsigned width = w->in.kind == ARM_KIND_UXTB || w->in.kind == ARM_KIND_SXTB ? 8 : 16;
	unsigned bit = w->spot.bit < width ? w->spot.bit : width - 1;

	return to_register(w, w->in.rm, (bit + w->in.shift_n) & 31);
}

static enum move reverse(struct walk *w)
{
	unsigned bit = w->spot.bit;

	switch (w->in.kind) {
	case ARM_KIND_REV:
		return to_register(w, w->in.rm, bit ^ 24);
	case ARM_KIND_RBIT:
		return to_register(w, w->in.rm, 31 - bit);
	default: /* REV16, REVSH */
		return to_register(w, w->in.rm, (bit & 15) ^ 8);
	}
}

static enum move data_move(struct walk *w)
{
	switch (w->in.kind) {
	case ARM_KIND_MOV: case ARM_KIND_MVN:
		return follow_operand2(w, w->spot.bit);
	case ARM_KIND_MOVT:
		return w->spot.bit >= 16 ? MOVE_CONSTANT : to_register(w, w->in.rd, w->spot.bit);
	case ARM_KIND_AND: case ARM_KIND_ORR: case ARM_KIND_EOR: case ARM_KIND_BIC:
	case ARM_KIND_ORN: case ARM_KIND_ADD: case ARM_KIND_ADC: case ARM_KIND_SUB:
	case ARM_KIND_SBC: case ARM_KIND_RSB:
		return logical(w);
	case ARM_KIND_SHIFT_REG:
		return shift_by_register(w);
	case ARM_KIND_BFI: case ARM_KIND_BFC: case ARM_KIND_UBFX: case ARM_KIND_SBFX:
		return bit_field(w);
	case ARM_KIND_UXTB: case ARM_KIND_UXTH: case ARM_KIND_SXTB: case ARM_KIND_SXTH:
		return extend(w);
	case ARM_KIND_REV: case ARM_KIND_RBIT: case ARM_KIND_REV16: case ARM_KIND_REVSH:
		return reverse(w);
	case ARM_KIND_ADR:
		return MOVE_CONSTANT;
	case ARM_KIND_MUL: case ARM_KIND_MLA: case ARM_KIND_MLS: case ARM_KIND_UMULL:
	case ARM_KIND_SMULL: case ARM_KIND_UDIV: case ARM_KIND_SDIV:
		return to_register(w, w->in.rn, lowest_bit(value_of(w, w->in.rn)));
	default:
		return MOVE_LOST;
	}
}

/* ---- loads and stores ------------------------------------------------------------------ */

static uint32_t offset_address(const struct walk *w)
{
	uint32_t base = w->in.rn == PC ? (w->s->r[PC] + 4) & ~3u : value_of(w, w->in.rn);
	uint32_t offset = w->in.flags & ARM_INSN_IMM ? w->in.imm
						     : value_of(w, w->in.rm) << w->in.shift_n;

	if (!(w->in.flags & ARM_INSN_INDEX))
		return base; /* post-indexed */
	return w->in.flags & ARM_INSN_ADD ? base + offset : base - offset;
}

/* Address of the lowest element of an LDM/STM. */
static uint32_t multiple_address(const struct walk *w)
{
	uint32_t base = value_of(w, w->in.rn);
	bool before = w->in.kind == ARM_KIND_STMDB || w->in.kind == ARM_KIND_LDMDB;

	return before ? base - 4 * (uint32_t)__builtin_popcount(w->in.list) : base;
}

static uint32_t list_offset(uint16_t list, unsigned reg)
{
	return 4 * (uint32_t)__builtin_popcount(list & ((1u << reg) - 1));
}

static enum move load_multiple(struct walk *w)
{
	unsigned reg = w->spot.reg;

	if (w->in.list >> reg & 1)
		return to_memory(w, multiple_address(w) + list_offset(w->in.list, reg),
				 w->spot.bit);
	return to_register(w, reg, w->spot.bit); /* the base, written back */
}

static unsigned loaded_bit(const struct walk *w)
{
	unsigned width;

	switch (w->in.kind) {
	case ARM_KIND_LDRB: case ARM_KIND_LDRSB: case ARM_KIND_LDREXB: width = 8; break;
	case ARM_KIND_LDRH: case ARM_KIND_LDRSH: case ARM_KIND_LDREXH: width = 16; break;
	default: width = 32; break;
	}
	return w->spot.bit < width ? w->spot.bit : width - 1;
}

static enum move load(struct walk *w)
{
	if (w->in.kind == ARM_KIND_LDM || w->in.kind == ARM_KIND_LDMDB)
		return load_multiple(w);
	if (w->spot.reg == w->in.rd)
		return to_memory(w, offset_address(w), loaded_bit(w));
	if (w->in.kind == ARM_KIND_LDRD && w->spot.reg == w->in.ra)
		return to_memory(w, offset_address(w) + 4, w->spot.bit);
	return to_register(w, w->in.rn, w->spot.bit);
}

/* The step stored to memory: did it write the byte, and from which register? */
static enum move stored_multiple(struct walk *w)
{
	uint32_t low = multiple_address(w), at = w->spot.address - low;

	for (unsigned reg = 0; reg < 15; reg++)
		if (w->in.list >> reg & 1 && at - list_offset(w->in.list, reg) < 4)
			return to_register(w, reg,
					   w->spot.bit + 8 * (at - list_offset(w->in.list, reg)));
	return MOVE_PASS;
}

static enum move stored(struct walk *w, unsigned size)
{
	uint32_t at = w->spot.address - offset_address(w);
	bool exclusive = w->in.kind >= ARM_KIND_STREX && w->in.kind <= ARM_KIND_STREXH;

	if (at < size)
		return to_register(w, exclusive ? w->in.ra : w->in.rd, w->spot.bit + 8 * at);
	if (w->in.kind == ARM_KIND_STRD && at >= 4 && at < 8)
		return to_register(w, w->in.ra, w->spot.bit + 8 * (at - 4));
	return MOVE_PASS;
}

/* r0-r3 r12 lr pc xPSR were put on the stack of the interrupted code. */
static enum move exception_entry(struct walk *w, const struct step *after)
{
	static const uint8_t order[] = {0, 1, 2, 3, 12, LR, PC, XPSR};
	uint32_t frame = after->r[LR] & 4 ? after->psp : after->r[SP];
	uint32_t at = w->spot.address - frame;

	if (!w->spot.memory || at >= 32)
		return MOVE_PASS;
	if (order[at / 4] >= PC)
		return MOVE_LOST;
	return to_register(w, order[at / 4], w->spot.bit + 8 * (at & 3));
}

/* An exception return takes r0-r3, r12 and lr back from the frame. */
static enum move exception_return(struct walk *w, const struct step *after)
{
	static const int8_t offset[16] = {0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, 16, -1, 20, -1};
	bool aligned = false;
	uint32_t sp = after->r[SP], xpsr;

	if (w->spot.memory || offset[w->spot.reg] < 0)
		return MOVE_PASS;
	/* the stacked xPSR's bit 9 says whether SP was aligned by 4 */
	if (mcu_peek(w->t->m, sp - 4 - 4, &xpsr, 4) && xpsr >> 9 & 1 &&
	    (xpsr & 0xF1000000) == (after->xpsr & 0xF1000000))
		aligned = true;
	return to_memory(w, sp - 32 - (aligned ? 4 : 0) + (uint32_t)offset[w->spot.reg],
			 w->spot.bit);
}

static enum move memory_move(struct walk *w, const struct arm_effects *e)
{
	if (e->mem != ARM_MEM_STORE)
		return MOVE_PASS;
	if (w->in.kind == ARM_KIND_STM || w->in.kind == ARM_KIND_STMDB)
		return stored_multiple(w);
	return stored(w, e->mem_size);
}

static bool is_exception_return(const struct step *s, const struct step *after)
{
	return s->exception != 0 && after->exception != s->exception &&
	       s->kind == STEP_INSTRUCTION;
}

/* One step back. */
static enum move step_back(struct walk *w, const struct step *after)
{
	struct arm_effects e;
	enum move move;

	if (w->s->kind == STEP_EXCEPTION_ENTRY)
		return exception_entry(w, after);
	if (w->s->kind != STEP_INSTRUCTION)
		return MOVE_PASS;
	if (is_exception_return(w->s, after)) {
		move = exception_return(w, after);
		if (move != MOVE_PASS)
			return move;
	}
	step_decode(w->s, &w->in);
	if (!step_executed(w->s, &w->in))
		return MOVE_PASS;
	arm_effects(&w->in, w->s->r[PC], &e);
	if (w->spot.memory)
		return memory_move(w, &e);
	if (!(e.writes >> w->spot.reg & 1))
		return MOVE_PASS;
	if (e.mem == ARM_MEM_LOAD)
		return load(w);
	if (e.mem == ARM_MEM_STORE) /* base write-back, STREX status */
		return to_register(w, w->spot.reg, w->spot.bit);
	return data_move(w);
}

/* ---- the walk ------------------------------------------------------------------------- */

static bool in_flash(const struct subject *s, uint32_t address)
{
	uint8_t byte;

	return image_read(s->img, address, &byte, 1);
}

/* The bit is in memory that no instruction of this run wrote: what is it? */
static enum origin origin_of_memory(const struct subject *s, uint32_t address, bool literal)
{
	if ((address & ~3u) == AFIO_MAPR_ADDRESS)
		return ORIGIN_READBACK;
	if (address >= 0x40000000)
		return ORIGIN_PERIPHERAL;
	if (in_flash(s, address))
		return literal ? ORIGIN_CONSTANT : ORIGIN_TABLE;
	return ORIGIN_NONE;
}

static void finish(struct slice *out, enum origin origin, size_t at, uint32_t address)
{
	out->origin = origin;
	out->at = at;
	out->address = address;
}

static void note_hop(struct slice *out, size_t at, const struct spot *spot)
{
	if (out->hop_count < HOPS_MAX)
		out->hops[out->hop_count++] = (struct hop){at, spot->memory ? spot->address : 0};
}

static void walk_back(struct walk *w, const struct subject *s, size_t from, struct slice *out)
{
	for (size_t i = from; i-- > 0;) {
		const struct step *after = i + 1 < w->t->count ? &w->t->steps[i + 1]
							       : &w->t->after;
		enum move move;

		w->s = &w->t->steps[i];
		move = step_back(w, after);
		if (move == MOVE_PASS)
			continue;
		note_hop(out, i, &w->spot);
		if (move != MOVE_FOLLOW) {
			finish(out, move == MOVE_CONSTANT ? ORIGIN_CONSTANT : ORIGIN_NONE, i, 0);
			return;
		}
		if (w->spot.memory) {
			enum origin o = origin_of_memory(s, w->spot.address, w->in.rn == PC);

			if (o != ORIGIN_NONE) {
				finish(out, o, i, w->spot.address);
				return;
			}
		}
	}
	finish(out, w->spot.memory ? ORIGIN_MEMORY : ORIGIN_NONE, 0, w->spot.address);
}

bool slice_stored(const struct trace *t, size_t at, uint32_t address, unsigned *reg)
{
	struct walk w = {.t = t, .s = &t->steps[at],
			 .spot = {.memory = true, .address = address}};
	struct arm_effects e;

	step_decode(w.s, &w.in);
	arm_effects(&w.in, w.s->r[PC], &e);
	if (memory_move(&w, &e) != MOVE_FOLLOW)
		return false;
	*reg = w.spot.reg;
	return true;
}

bool slice_loaded(const struct trace *t, size_t at, unsigned reg, uint32_t *address)
{
	struct walk w = {.t = t, .s = &t->steps[at], .spot = {.reg = reg}};

	step_decode(w.s, &w.in);
	if (load(&w) != MOVE_FOLLOW || !w.spot.memory)
		return false;
	*address = w.spot.address;
	return true;
}

void slice_register(const struct trace *t, const struct subject *s, size_t from, unsigned reg,
		    unsigned bit, struct slice *out)
{
	struct walk w = {.t = t, .spot = {.reg = reg, .bit = bit}};

	*out = (struct slice){0};
	walk_back(&w, s, from, out);
}

void slice_store(const struct trace *t, const struct subject *s, size_t from, uint32_t address,
		 unsigned bit, struct slice *out)
{
	struct walk w = {.t = t, .s = &t->steps[from],
			 .spot = {.memory = true, .address = address + bit / 8, .bit = bit % 8}};
	struct arm_effects e;

	*out = (struct slice){0};
	step_decode(w.s, &w.in);
	arm_effects(&w.in, w.s->r[PC], &e);
	if (memory_move(&w, &e) != MOVE_FOLLOW) {
		finish(out, ORIGIN_NONE, from, 0);
		return;
	}
	note_hop(out, from, &w.spot);
	walk_back(&w, s, from, out);
}
