/*
 * Makes cases from the instruction table's rows: free bits at random, then
 * registers such that loads and stores hit the data window and branches the
 * code window. Encodings the manual calls UNPREDICTABLE are not made here.
 */
#include <string.h>

#include "isa.h"

#define ANY_TRIES 600

/* What one instruction needs of the registers, worked out as it is chosen. */
struct needs {
	uint32_t value[16];
	uint16_t fixed;		      /* registers whose value matters */
	bool pointer_word, code_word; /* the loaded word goes to SP / PC */
	uint32_t load_address;
};

struct maker {
	uint64_t rng;
	struct isa_case *out;
	struct needs needs;
	bool in_it; /* every instruction of this case is under an IT */
	uint32_t half_words;
};

const char *gen_left_out(const struct arm_row *row)
{
	if (row->op == ARM_OP_UND_SSAT16 || row->op == ARM_OP_UND_USAT16)
		return "the reference shifts by 32 where A7.7.152 says UNDEFINED";
	switch (row->kind) {
	case ARM_KIND_WFI:
	case ARM_KIND_WFE:
		return "sleeps: unit tests of the core";
	default:
		return NULL;
	}
}

/* ---- encodings ------------------------------------------------------------ */

/* Bits the manual puts in brackets: should be one in runs of four, 0 1111 in
 * runs of five, 1111 0000 for the table branches, else zero. */
static uint32_t should_be(const char *p, uint32_t *mask)
{
	uint32_t value = 0;
	unsigned width = (unsigned)strlen(p) > 16 ? 32 : 16, bit = width;

	*mask = 0;
	while (*p) {
		size_t run = strspn(p, ".");

		if (*p == ' ') {
			p++;
			continue;
		}
		if (run == 0) {
			p++;
			bit--;
			continue;
		}
		bit -= (unsigned)run;
		*mask |= (uint32_t)((1ull << run) - 1) << bit;
		if (run == 4 || run == 5)
			value |= 0xFu << bit;
		else if (run == 8)
			value |= 0xF0u << bit;
		p += run;
	}
	return value;
}

static uint32_t random_bits(uint64_t *rng)
{
	uint32_t bits = (uint32_t)rng_next(rng);

	switch (rng_below(rng, 4)) {
	case 0:
		return bits & (uint32_t)rng_next(rng); /* rather zeros */
	case 1:
		return bits | (uint32_t)rng_next(rng);
	default:
		return bits;
	}
}

static uint32_t random_encoding(uint64_t *rng, const struct arm_row *row)
{
	uint32_t mask, value = should_be(row->pattern, &mask);

	if (row->kind == ARM_KIND_UDF || row->kind == ARM_KIND_COPROC)
		value = random_bits(rng);
	return row->value | (~row->mask & ((value & mask) | (random_bits(rng) & ~mask)));
}

static void decode(const struct arm_row *row, uint32_t bits, struct arm_insn *insn)
{
	if (row->size == 2)
		arm_decode((uint16_t)bits, SLOT_UDF, insn);
	else
		arm_decode((uint16_t)(bits >> 16), (uint16_t)bits, insn);
}

/* ---- operands --------------------------------------------------------------- */

static uint32_t random_value(uint64_t *rng)
{
	static const uint32_t corners[] = {
		0,	1,	2,	    0x7F,	0x80,	    0xFF,	0x7FFF,
		0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0x80000001, 0xFFFFFFFE, 0xFFFFFFFF};
	switch (rng_below(rng, 5)) {
	case 0:
		return corners[rng_below(rng, sizeof corners / sizeof corners[0])];
	case 1:
		return rng_below(rng, 70);
	case 2:
		return 1u << rng_below(rng, 32);
	default:
		return (uint32_t)rng_next(rng);
	}
}

static bool need(struct needs *n, unsigned reg, uint32_t value)
{
	if ((n->fixed & 1u << reg) && n->value[reg] != value)
		return false;
	n->fixed |= (uint16_t)(1u << reg);
	n->value[reg] = value;
	return true;
}

/* Where the process stack may point: room for a frame and a full push below. */
static bool good_sp(uint32_t sp)
{
	return sp >= SLOT_MEMORY + 0x60 && sp <= SLOT_MEMORY + 0xF8 && !(sp & 3);
}

static uint32_t random_target(uint64_t *rng)
{
	return SLOT_CODE - 0x100 + 2 * rng_below(rng, 0x180);
}

static bool in_code(uint32_t target)
{
	return target >= SLOT_CODE_BASE + 2 && target + 2 < SLOT_CODE_BASE + SLOT_CODE_SIZE &&
	       (target < SLOT_CODE - 2 || target >= SLOT_CODE + SLOT_CODE_WORDS * 4);
}

/* A value for BX and MOV PC: code, code without the Thumb bit, or nonsense. */
static uint32_t branch_value(uint64_t *rng)
{
	uint32_t target;

	do
		target = random_target(rng);
	while (!in_code(target));
	return target | (rng_below(rng, 8) ? 1 : 0);
}

static unsigned bytes_moved(const struct arm_insn *in)
{
	switch (in->kind) {
	case ARM_KIND_LDM:
	case ARM_KIND_LDMDB:
	case ARM_KIND_STM:
	case ARM_KIND_STMDB:
		return 4 * (unsigned)__builtin_popcount(in->list);
	case ARM_KIND_LDRD:
	case ARM_KIND_STRD:
		return 8;
	default:
		return 4;
	}
}

static bool is_dbl(enum arm_kind k)
{
	return k == ARM_KIND_LDMDB || k == ARM_KIND_STMDB;
}

static bool is_store(enum arm_kind k)
{
	switch (k) {
	case ARM_KIND_STR:
	case ARM_KIND_STRB:
	case ARM_KIND_STRH:
	case ARM_KIND_STRD:
	case ARM_KIND_STM:
	case ARM_KIND_STMDB:
	case ARM_KIND_STREX:
	case ARM_KIND_STREXB:
	case ARM_KIND_STREXH:
		return true;
	default:
		return false;
	}
}

static bool is_exclusive(enum arm_kind k)
{
	return k >= ARM_KIND_LDREX && k <= ARM_KIND_STREXH;
}

static bool is_multiple(enum arm_kind k)
{
	return k == ARM_KIND_LDM || k == ARM_KIND_STM || is_dbl(k);
}

/* The lowest address the instruction will touch: mostly aligned. */
static uint32_t pick_address(uint64_t *rng, const struct arm_insn *in)
{
	unsigned bytes = bytes_moved(in);
	uint32_t at = SLOT_MEMORY + 4 * rng_below(rng, (SLOT_MEMORY_SIZE - bytes) / 4);

	/* STREX off its alignment: the reference does not fault there. A
	 * pointer must be loaded whole. */
	if (!is_exclusive(in->kind) && !(in->kind == ARM_KIND_LDR && in->rd >= 13) &&
	    rng_below(rng, 4) == 0)
		at += rng_below(rng, 4);
	return at;
}

static bool base_for(const struct arm_insn *in, uint32_t address, uint32_t index, uint32_t *base)
{
	uint32_t offset = in->flags & ARM_INSN_IMM ? in->imm : index << in->shift_n;

	if (is_multiple(in->kind))
		*base = is_dbl(in->kind) ? address + bytes_moved(in) : address;
	else if (!(in->flags & ARM_INSN_INDEX))
		*base = address;
	else
		*base = in->flags & ARM_INSN_ADD ? address - offset : address + offset;
	return true;
}

static uint32_t base_after(const struct arm_insn *in, uint32_t base)
{
	uint32_t offset = is_multiple(in->kind) ? bytes_moved(in) : in->imm;
	bool up = is_multiple(in->kind) ? !is_dbl(in->kind) : in->flags & ARM_INSN_ADD;

	if (!(in->flags & ARM_INSN_WBACK))
		return base;
	return up ? base + offset : base - offset;
}

static void note_loaded(struct maker *mk, const struct arm_insn *in, uint32_t address)
{
	struct needs *n = &mk->needs;
	bool pc = is_multiple(in->kind) ? !is_store(in->kind) && (in->list & 0x8000)
					: in->kind == ARM_KIND_LDR && in->rd == 15;

	n->load_address = address;
	if (pc) {
		n->code_word = true;
		if (is_multiple(in->kind))
			n->load_address = address + bytes_moved(in) - 4;
	} else if (in->kind == ARM_KIND_LDR && in->rd == 13) {
		n->pointer_word = true;
	}
}

static bool operands_memory(struct maker *mk, const struct arm_insn *in)
{
	bool has_index =
		!(in->flags & ARM_INSN_IMM) && !is_multiple(in->kind) && !is_exclusive(in->kind);
	uint32_t index = rng_below(&mk->rng, 16), base, address = pick_address(&mk->rng, in);

	if (in->rn == 15) /* a literal: what lies around the code */
		return in->kind == ARM_KIND_HINT || in->rd < 13;
	if (has_index && in->rm == in->rn)
		return false;
	if (!base_for(in, address, index, &base))
		return false;
	if (has_index && !need(&mk->needs, in->rm, index))
		return false;
	if (in->rn == 13 && (!good_sp(base) || !good_sp(base_after(in, base))))
		return false;
	note_loaded(mk, in, address);
	return need(&mk->needs, in->rn, base);
}

/* A table branch reads its table from the code words behind it. */
static bool operands_table(struct maker *mk, const struct arm_insn *in)
{
	uint32_t *code = mk->out->slot.code;

	if (in->rn != 15 || mk->half_words > 2)
		return false;
	for (unsigned i = 3; i < SLOT_CODE_WORDS; i++)
		code[i] =
			0x00200018u + (rng_below(&mk->rng, 0x60) << 16 | rng_below(&mk->rng, 0x60));
	return need(&mk->needs, in->rm, 4 + rng_below(&mk->rng, 4));
}

static bool operands_branch(struct maker *mk, const struct arm_insn *in)
{
	return in_code(SLOT_CODE + 2 * mk->half_words + 4 + in->imm);
}

/* Arithmetic whose result becomes the PC or the stack pointer. */
static bool operands_special(struct maker *mk, const struct arm_insn *in)
{
	uint32_t small = 4 * rng_below(&mk->rng, 10), sp = SLOT_MEMORY + 0x80 + small, pc;
	bool imm = in->flags & ARM_INSN_IMM;

	if (in->kind == ARM_KIND_MOV && !imm && !in->shift_n && !in->shift_type)
		return in->rm < 13 &&
		       need(&mk->needs, in->rm, in->rd == 13 ? sp : branch_value(&mk->rng));
	if (in->rd == 15 && in->kind == ARM_KIND_ADD && !imm) {
		pc = SLOT_CODE + 2 * mk->half_words + 4;
		return in->rm != 15 && in->rm != 13 &&
		       need(&mk->needs, in->rm, branch_value(&mk->rng) - pc);
	}
	if (in->rd != 13 || in->rn != 13 || (in->kind != ARM_KIND_ADD && in->kind != ARM_KIND_SUB))
		return false;
	if (!imm)
		return in->rm < 13 && in->shift_n < 3 && in->shift_type == ARM_LSL &&
		       need(&mk->needs, 13, SLOT_MEMORY + 0xA0) &&
		       need(&mk->needs, in->rm, small & 0x1C);
	return in->imm < 0x60 && !(in->imm & 3) && need(&mk->needs, 13, SLOT_MEMORY + 0xA0) &&
	       good_sp(SLOT_MEMORY + 0xA0 + (in->kind == ARM_KIND_ADD ? in->imm : 0u - in->imm));
}

static bool operands_msr(struct maker *mk, const struct arm_insn *in)
{
	static const uint8_t known[] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 16, 17, 18, 19, 20};
	unsigned sysm = in->list & 0xFF;

	if (!memchr(known, (int)sysm, sizeof known))
		return false;
	if (in->kind == ARM_KIND_MRS)
		return in->rd < 13;
	if (sysm == 8 || sysm == 9)
		return need(&mk->needs, in->rn, SLOT_MEMORY + 0x80 + 4 * rng_below(&mk->rng, 16));
	if (sysm == 17 || sysm == 18) /* the reference has eight priority bits, the part four */
		return need(&mk->needs, in->rn, 16 * rng_below(&mk->rng, 16));
	if (sysm == 19) /* FAULTMASK set, the final trap would lock up */
		return need(&mk->needs, in->rn, 2 * rng_below(&mk->rng, 100));
	return true;
}

static bool operands(struct maker *mk, const struct arm_insn *in)
{
	struct arm_effects e;

	switch (in->kind) {
	case ARM_KIND_B:
	case ARM_KIND_BL:
	case ARM_KIND_CBZ:
	case ARM_KIND_CBNZ:
		return operands_branch(mk, in);
	case ARM_KIND_BX:
	case ARM_KIND_BLX:
		return in->rm < 13 && need(&mk->needs, in->rm, branch_value(&mk->rng));
	case ARM_KIND_TBB:
	case ARM_KIND_TBH:
		return operands_table(mk, in);
	case ARM_KIND_MSR:
	case ARM_KIND_MRS:
		return operands_msr(mk, in);
	case ARM_KIND_CPS:
		return (in->raw & 0x11) != 0x11; /* CPSID f: as for FAULTMASK */
	case ARM_KIND_BKPT:
		return in->imm != 0xAB; /* semihosting */
	case ARM_KIND_IT:
		return true;
	default:
		break;
	}
	arm_effects(in, SLOT_CODE, &e);
	if (e.mem != ARM_MEM_NONE || in->kind == ARM_KIND_HINT)
		return operands_memory(mk, in);
	if (e.writes & 0xA000)
		return operands_special(mk, in);
	return true;
}

/* ---- instructions ---------------------------------------------------------------- */

static bool allowed_in_it(const struct arm_insn *in)
{
	switch (in->kind) {
	case ARM_KIND_IT:
	case ARM_KIND_CBZ:
	case ARM_KIND_CBNZ:
	case ARM_KIND_CPS:
		return false;
	case ARM_KIND_B:
		return in->cond == ARM_AL;
	default:
		return true;
	}
}

static void append(struct maker *mk, size_t row, const struct arm_insn *in)
{
	uint8_t *code = (uint8_t *)mk->out->slot.code + 2 * mk->half_words;
	uint16_t low = (uint16_t)in->raw, high = (uint16_t)(in->raw >> 16);

	memcpy(code, &low, 2);
	if (in->size == 4)
		memcpy(code + 2, &high, 2);
	mk->half_words += in->size / 2;
	mk->out->rows[mk->out->count] = (uint16_t)row;
	mk->out->insn[mk->out->count++] = *in;
}

/* One instruction of that row, with its needs. */
static bool add_row(struct maker *mk, size_t number)
{
	size_t count;
	const struct arm_row *row = arm_rows(&count) + number;
	struct needs before = mk->needs;
	struct arm_insn in;

	for (unsigned tries = 0; tries < ANY_TRIES; tries++) {
		decode(row, random_encoding(&mk->rng, row), &in);
		if (in.op != row->op || in.flags & ARM_INSN_UNPREDICTABLE)
			continue;
		if (mk->in_it && !allowed_in_it(&in))
			continue;
		mk->needs = before;
		if (!operands(mk, &in))
			continue;
		append(mk, number, &in);
		return true;
	}
	mk->needs = before;
	return false;
}

/* An instruction that only computes, and leaves alone what others need. */
static bool add_plain(struct maker *mk)
{
	size_t count, number;
	const struct arm_row *rows = arm_rows(&count);
	struct arm_insn in;
	struct arm_effects e;

	for (unsigned tries = 0; tries < ANY_TRIES; tries++) {
		number = rng_below(&mk->rng, (uint32_t)count);
		decode(&rows[number], random_encoding(&mk->rng, &rows[number]), &in);
		arm_effects(&in, SLOT_CODE, &e);
		if (in.op != rows[number].op || in.flags & ARM_INSN_UNPREDICTABLE ||
		    gen_left_out(&rows[number]) || in.kind == ARM_KIND_IT ||
		    in.kind == ARM_KIND_HINT || in.kind == ARM_KIND_BKPT ||
		    in.kind == ARM_KIND_MSR || in.kind == ARM_KIND_MRS ||
		    in.kind == ARM_KIND_COPROC || in.kind == ARM_KIND_CPS ||
		    in.kind == ARM_KIND_UDF || e.flow != ARM_FLOW_NEXT || e.mem != ARM_MEM_NONE ||
		    (e.writes & (0xA000 | mk->needs.fixed)))
			continue;
		append(mk, number, &in);
		return true;
	}
	return false;
}

static bool add_raw(struct maker *mk, uint32_t hw1, uint32_t hw2)
{
	struct arm_insn in;
	size_t count;

	arm_decode((uint16_t)hw1, (uint16_t)hw2, &in);
	if (in.op == ARM_OP_UDF || in.flags & ARM_INSN_UNPREDICTABLE)
		return false;
	(void)arm_rows(&count);
	append(mk, (size_t)in.op - 1, &in);
	return true;
}

/* ---- kinds of cases ----------------------------------------------------------------- */

/* Do the instructions before the last leave alone what it needs? */
static bool needs_survive(const struct maker *mk)
{
	struct arm_effects e;

	for (unsigned i = 0; i + 1 < mk->out->count; i++) {
		arm_effects(&mk->out->insn[i], SLOT_CODE, &e);
		if (e.writes & mk->needs.fixed)
			return false;
	}
	return true;
}

/* Only the last instruction may be what must stand last in an IT block; the
 * middle ones only compute. */
static bool make_it_block(struct maker *mk, size_t row)
{
	unsigned length = 1 + rng_below(&mk->rng, 4), cond = rng_below(&mk->rng, 14);
	uint32_t mask = (rng_below(&mk->rng, 16) << 1 | 1) << (4 - length) & 15;

	mk->in_it = true;
	if (!add_raw(mk, 0xBF00 | cond << 4 | mask, 0))
		return false;
	for (unsigned i = 1; i < length; i++)
		if (!add_plain(mk))
			return false;
	return add_row(mk, row) && needs_survive(mk);
}

/* LDREX, something, STREX to the same place. */
static bool make_exclusive(struct maker *mk)
{
	uint32_t rn = rng_below(&mk->rng, 4), rt = 4 + rng_below(&mk->rng, 4),
		 rd = 8 + rng_below(&mk->rng, 4), form = rng_below(&mk->rng, 3);
	static const uint32_t load[] = {0xE850, 0xE8D0, 0xE8D0}, store[] = {0xE840, 0xE8C0, 0xE8C0};
	static const uint32_t tail[] = {0x0F00, 0x0F4F, 0x0F5F}, end[] = {0, 0x0F40, 0x0F50};

	need(&mk->needs, rn, SLOT_MEMORY + 4 * rng_below(&mk->rng, SLOT_MEMORY_WORDS));
	if (!add_raw(mk, load[form] | rn, tail[form] | rt << 12))
		return false;
	if (rng_below(&mk->rng, 2) && !add_plain(mk))
		return false;
	if (rng_below(&mk->rng, 6) == 0 && !add_raw(mk, 0xF3BF, 0x8F2F))
		return false;
	return add_raw(mk, store[form] | rn, end[form] | rt << 12 | (form ? rd : rd << 8));
}

/* QEMU takes HLT 0x3C for semihosting on every core, and executes part of the
 * DSP extension's multiplications, its extend-and-add, LDREXD, and SETEND on cores without them. */
static bool reference_executes(uint32_t bits)
{
	if (((bits & 0xFF80) == 0xFA00 && (bits & 0x800000)) ||
	    ((bits & 0xFFE0) == 0xE8C0 && (bits & 0xF00000) == 0x700000))
		return true;
	switch (bits & 0xFFF0) {
	case 0xFB10:
	case 0xFB20:
	case 0xFB30:
	case 0xFB40:
	case 0xFB50:
	case 0xFB60:
	case 0xFB70:
	case 0xFBC0:
	case 0xFBD0:
		return true;
	default:
		return (bits & 0xFFC0) == 0xBA80 || (bits & 0xFFF7) == 0xB650;
	}
}

/* Bits no row claims must be undefined. */
static bool make_undefined(struct maker *mk)
{
	struct arm_insn in;

	for (unsigned tries = 0; tries < ANY_TRIES; tries++) {
		uint32_t bits = (uint32_t)rng_next(&mk->rng);

		arm_decode((uint16_t)bits, (uint16_t)(bits >> 16), &in);
		if (in.op != ARM_OP_UDF || reference_executes(bits))
			continue;
		append(mk, ARM_OP_COUNT - 1, &in);
		return true;
	}
	return false;
}

static void fill_registers(struct maker *mk)
{
	struct slot_case *s = &mk->out->slot;
	struct needs *n = &mk->needs;

	for (unsigned i = 0; i < 13; i++)
		s->r[i] = n->fixed & 1u << i ? n->value[i] : random_value(&mk->rng);
	s->lr = n->fixed & 1u << 14 ? n->value[14] : random_value(&mk->rng);
	s->sp = n->fixed & 1u << 13 ? n->value[13]
				    : SLOT_MEMORY + 0x80 + 4 * rng_below(&mk->rng, 14);
	s->pc = SLOT_CODE;
	s->xpsr = 0x01000000u | rng_below(&mk->rng, 32) << 27;
	s->ccr = rng_below(&mk->rng, 6) ? 0 : 0x18; /* trap on division by 0, unaligned */
	s->control = rng_below(&mk->rng, 10) == 0;
}

/* Contents of the window such that a load into SP or PC gets something that
 * belongs there. */
static void fill_seed(struct maker *mk)
{
	struct needs *n = &mk->needs;
	unsigned index = (n->load_address - SLOT_MEMORY) / 4;

	for (;;) {
		uint32_t state = (uint32_t)rng_next(&mk->rng) | 1, word = 0;

		mk->out->slot.seed = state;
		for (unsigned i = 0; i <= index && index < SLOT_MEMORY_WORDS; i++)
			word = slot_memory_word(&state);
		if (n->load_address & 3 && (n->pointer_word || n->code_word))
			n->load_address &= ~3u;
		if (n->pointer_word && !good_sp(word))
			continue;
		if (n->code_word && !in_code(word & ~1u) && word - SLOT_MEMORY >= SLOT_MEMORY_SIZE)
			continue;
		return;
	}
}

/* The runner lays the case's first frame just below its stack pointer: a
 * pointer must not be loaded from there. */
static bool frame_in_the_way(const struct maker *mk)
{
	const struct needs *n = &mk->needs;
	uint32_t sp = mk->out->slot.sp;

	return (n->pointer_word || n->code_word) && n->load_address + 4 > sp - 36 &&
	       n->load_address < sp;
}

static bool make(struct maker *mk, size_t row, unsigned kind)
{
	if (kind < 3)
		return make_it_block(mk, row);
	if (kind == 3)
		return make_exclusive(mk);
	if (kind == 4)
		return make_undefined(mk);
	if (kind < 8) {
		mk->in_it = true;
		return add_row(mk, row);
	}
	if (kind < 12)
		return add_row(mk, row) && add_plain(mk) && (kind & 1 || add_plain(mk));
	return add_row(mk, row);
}

bool gen_case(uint64_t seed, uint64_t index, struct isa_case *out)
{
	size_t count;
	const struct arm_row *rows = arm_rows(&count);
	size_t row = index % count;
	struct maker mk = {.rng = seed * 0x9E3779B97F4A7C15u + index, .out = out};
	unsigned kind;

	if (gen_left_out(&rows[row]))
		return false;
	for (unsigned tries = 0; tries < 20; tries++) {
		memset(out, 0, sizeof *out);
		memset(&mk.needs, 0, sizeof mk.needs);
		mk.half_words = 0;
		mk.in_it = false;
		for (unsigned i = 0; i < SLOT_CODE_WORDS; i++)
			out->slot.code[i] = SLOT_UDF | SLOT_UDF << 16;
		kind = rng_below(&mk.rng, 24);
		if (!make(&mk, row, kind))
			continue;
		fill_registers(&mk);
		if (frame_in_the_way(&mk))
			continue;
		if (mk.in_it && kind >= 5) /* arrive under an IT of one */
			out->slot.xpsr |= rng_below(&mk.rng, 14) << 12 | 1u << 11;
		fill_seed(&mk);
		return true;
	}
	return false;
}

void case_print(FILE *to, const struct isa_case *c)
{
	for (unsigned i = 0; i < c->count; i++) {
		size_t count;
		const struct arm_row *rows = arm_rows(&count);

		fprintf(to, "#   %04x %04x  %s\n", c->insn[i].raw & 0xFFFF,
			c->insn[i].size == 4 ? c->insn[i].raw >> 16 : 0,
			c->rows[i] < count ? rows[c->rows[i]].name : "undefined");
	}
	for (unsigned i = 0; i < 13; i++)
		fprintf(to, "%sr%u=%08x%s", i % 7 ? " " : "#   ", i, c->slot.r[i],
			i == 6 ? "\n" : "");
	fprintf(to, " sp=%08x lr=%08x\n#   pc=%08x xpsr=%08x ccr=%x control=%x seed=%08x\n",
		c->slot.sp, c->slot.lr, c->slot.pc, c->slot.xpsr, c->slot.ccr, c->slot.control,
		c->slot.seed);
}
