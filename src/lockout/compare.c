/*
 * What is an answer compared with? The same stretch of a run is stepped twice,
 * each time with other marks given to the questions (input.c), and the operands
 * of every comparison are noted. An operand that differs between the two hangs
 * on the marks; when it can be made from them (bytes put together, a constant
 * added, a field cut out), the value that would make the comparison come out the
 * other way follows from its other side.
 *
 * A guess is tried by running it, so that a wrong one costs time only. Left out:
 * checksums, scaled and averaged values, comparisons far behind the question.
 */
#include <stdlib.h>

#include "lockout/explore.h"

#define TIMES_MAX 8u  /* of one comparison: a loop over bytes */
#define SWITCH_MAX 16u
#define FIELD_SHIFTS 8u

struct compares *compares_new(void)
{
	return calloc(1, sizeof(struct compares));
}

/* ---- noting ---------------------------------------------------------------------------- */

static void note(struct compares *c, uint32_t pc, bool bits, uint32_t a, uint32_t b)
{
	size_t at = pc * 2654435761u >> 8;
	unsigned nth = 0;

	for (size_t probe = 0; probe < 64; probe++, at++) {
		struct compare *slot = &c->slot[at % COMPARES_MAX];

		if (slot->pc == pc) {
			nth++;
			continue;
		}
		if (slot->pc)
			continue;
		if (nth < TIMES_MAX) {
			*slot = (struct compare){.pc = pc, .a = a, .b = b, .nth = (uint8_t)nth,
						 .bits = bits, .cond = ARM_AL};
			c->last = slot;
		}
		return;
	}
}

static uint32_t second_operand(const struct mcu *m, const struct arm_insn *i)
{
	uint32_t v = mcu_reg(m, (enum mcu_reg)i->rm);

	if (i->flags & ARM_INSN_IMM)
		return i->imm;
	if (i->shift_type == ARM_LSL)
		return v << (i->shift_n & 31);
	return i->shift_type == ARM_LSR && i->shift_n < 32 ? v >> i->shift_n : v;
}

/* Shifted out or up to the sign: one bit is looked at. */
static void note_shift(struct compares *c, const struct mcu *m, uint32_t pc,
		       const struct arm_insn *i)
{
	uint32_t v = mcu_reg(m, (enum mcu_reg)i->rm);

	if (i->flags & ARM_INSN_IMM)
		return;
	if (!i->shift_n)
		note(c, pc, false, v, 0);
	else if (i->shift_type == ARM_LSL)
		note(c, pc, true, v, 1u << (31 - (i->shift_n & 31)));
	else if (i->shift_type == ARM_LSR && i->shift_n <= 32)
		note(c, pc, true, v, 1u << (i->shift_n - 1));
}

static void note_step(struct compares *c, const struct mcu *m, uint32_t pc,
		      const struct arm_insn *i)
{
	bool sets = i->flags & (ARM_INSN_SETFLAGS | ARM_INSN_SETFLAGS_NOT_IT);
	uint32_t rn = mcu_reg(m, (enum mcu_reg)(i->rn & 15));

	switch (i->kind) {
	case ARM_KIND_CMP: case ARM_KIND_TEQ: case ARM_KIND_EOR:
		note(c, pc, false, rn, second_operand(m, i));
		break;
	case ARM_KIND_SUB:
		if (sets)
			note(c, pc, false, rn, second_operand(m, i));
		break;
	case ARM_KIND_CMN:
		note(c, pc, false, rn, 0u - second_operand(m, i));
		break;
	case ARM_KIND_CBZ: case ARM_KIND_CBNZ:
		note(c, pc, false, rn, 0);
		break;
	case ARM_KIND_TST: case ARM_KIND_AND:
		if (sets)
			note(c, pc, true, rn, second_operand(m, i));
		break;
	case ARM_KIND_UBFX:
		if (!i->imm)
			note(c, pc, true, rn, 1u << i->shift_n);
		break;
	case ARM_KIND_MOV:
		if (sets)
			note_shift(c, m, pc, i);
		break;
	case ARM_KIND_B:
		if (c->last)
			c->last->cond = i->cond;
		c->last = NULL;
		break;
	default:
		break;
	}
}

/* One step, or on to the next event while the core sleeps. */
static bool go_step(struct watch *w, struct mcu *m)
{
	uint64_t due = answers_due(w, m);
	struct mcu_limits limits = {.until_ns = due, .instructions = mcu_instructions(m) + 1};
	enum mcu_stop stop = mcu_mode(m) == MCU_MODE_RUN ? mcu_step(m) : mcu_run(m, &limits);

	watch_settle(w, m);
	return stop != MCU_STOP_LOCKUP && stop != MCU_STOP_OFF && stop != MCU_STOP_IDLE;
}

/* Until `far` steps, or `near` steps behind the newest question. */
void compares_note(struct compares *c, struct watch *w, struct mcu *m, uint64_t near_steps,
		   uint64_t far_steps)
{
	uint64_t begin = mcu_instructions(m), now = begin;

	memset(c->slot, 0, sizeof c->slot);
	c->last = NULL;
	w->inputs.newest = begin;
	for (bool goes = true; goes && !w->off; now = mcu_instructions(m)) {
		struct arm_insn insn;
		uint16_t hw[2] = {0, 0};
		uint32_t pc = mcu_reg(m, MCU_PC);

		if (now - begin >= far_steps || now - w->inputs.newest >= near_steps)
			break;
		if (mcu_peek(m, pc, hw, 4)) {
			arm_decode(hw[0], hw[1], &insn);
			note_step(c, m, pc, &insn);
		}
		goes = go_step(w, m);
	}
	for (size_t i = 0; i < w->inputs.count; i++)
		c->input[i] = w->inputs.input[i];
	c->input_count = w->inputs.count;
}

/* ---- solving --------------------------------------------------------------------------- */

struct solver {
	const struct compares *one, *two;
	struct guesses *out;
	uint8_t rank;
};

static const struct input *twin(const struct solver *s, size_t i)
{
	const struct answer *q = &s->one->input[i].question;

	for (size_t k = 0; k < s->two->input_count; k++) {
		const struct answer *p = &s->two->input[k].question;

		if (p->kind == q->kind && p->unit == q->unit && p->which == q->which &&
		    p->address == q->address)
			return s->two->input[k].mark != s->one->input[i].mark
				       ? &s->two->input[k] : NULL;
	}
	return NULL;
}

/* In the order in which they were asked. */
static void say(struct guess *g, const struct input *input, uint32_t value)
{
	unsigned at = g->count++;

	for (; at && g->asked[at - 1] > input; at--) {
		g->asked[at] = g->asked[at - 1];
		g->add[at] = g->add[at - 1];
	}
	g->asked[at] = input;
	g->add[at] = input->question;
	g->add[at].value = value & ((1u << input->bits) - 1);
}

static void keep(struct solver *s, const struct guess *g)
{
	struct guesses *out = s->out;

	for (size_t i = 0; i < out->count; i++)
		if (out->guess[i].count == g->count &&
		    memcmp(out->guess[i].add, g->add, g->count * sizeof g->add[0]) == 0)
			return;
	if (g->count && out->count < GUESSES_MAX) {
		out->guess[out->count] = *g;
		out->guess[out->count++].rank = s->rank;
	}
}

/* The operand is bytes of answers put together, or one wide answer. */
static bool from_bytes(struct solver *s, uint32_t a, uint32_t b, uint32_t wanted)
{
	struct guess g = {0};

	for (unsigned k = 0; k < 4; k++) {
		uint8_t x = (uint8_t)(a >> 8 * k), y = (uint8_t)(b >> 8 * k);
		bool found = x == y && x == (uint8_t)(wanted >> 8 * k);

		for (size_t i = 0; x != y && !found && i < s->one->input_count; i++) {
			const struct input *one = &s->one->input[i], *two = twin(s, i);

			found = two && one->bits == 8 && one->mark == x && two->mark == y;
			if (found)
				say(&g, one, wanted >> 8 * k);
		}
		if (!found)
			return false;
	}
	keep(s, &g);
	return true;
}

/* The field (answer >> shift & mask), where both marks fit one mask. */
static bool fits_field(uint32_t a, uint32_t b, uint32_t x, uint32_t y)
{
	uint32_t kept = (a & x) | (b & y), cut = (~a & x) | (~b & y);

	return !(a & ~x) && !(b & ~y) && !(kept & cut) && __builtin_popcount(kept | cut) > 2;
}

static void say_field(struct solver *s, const struct input *input, uint32_t value)
{
	struct guess g = {0};

	say(&g, input, value);
	keep(s, &g);
}

static void from_field(struct solver *s, uint32_t a, uint32_t b, uint32_t wanted)
{
	for (size_t i = 0; i < s->one->input_count; i++) {
		const struct input *one = &s->one->input[i], *two = twin(s, i);

		for (unsigned n = 0; two && n < FIELD_SHIFTS && n < one->bits; n++) {
			uint32_t mask = (a & one->mark >> n) | (b & two->mark >> n);

			if (wanted & ~mask || !fits_field(a, b, one->mark >> n, two->mark >> n))
				continue;
			say_field(s, one, wanted << n);
			say_field(s, one, ~(mask << n) | wanted << n);
			if (!wanted)
				say_field(s, one, mask << n);
			break;
		}
	}
}

/* A constant was added, or the whole is one answer wider than a byte. */
static bool from_sum(struct solver *s, uint32_t a, uint32_t b, uint32_t wanted)
{
	for (size_t i = 0; i < s->one->input_count; i++) {
		const struct input *one = &s->one->input[i], *two = twin(s, i);
		struct guess g = {0};

		if (!two || a - one->mark != b - two->mark)
			continue;
		say(&g, one, wanted - (a - one->mark));
		keep(s, &g);
		return true;
	}
	return false;
}

static void from_any(struct solver *s, uint32_t a, uint32_t b, uint32_t wanted)
{
	if (!from_bytes(s, a, b, wanted) && !from_sum(s, a, b, wanted))
		from_field(s, a, b, wanted);
}

static bool is_order(uint8_t cond)
{
	return cond == ARM_CS || cond == ARM_CC || cond == ARM_HI || cond == ARM_LS ||
	       (cond >= ARM_GE && cond <= ARM_LE);
}

/* The tested bits set or clear, and those that are not tested one way and the other:
 * they may be tested next. */
static void solve_bits(struct solver *s, uint32_t a, uint32_t b, uint32_t bits)
{
	uint32_t free_bits = 0;

	for (unsigned k = 0; k < 32; k += 8)
		if ((a ^ b) >> k & 0xFF)
			free_bits |= 0xFFu << k;
	if (!(free_bits & bits))
		return;
	from_any(s, a, b, (a & ~free_bits) | bits);
	from_any(s, a, b, (a | free_bits) & ~bits);
	from_any(s, a, b, a | free_bits);
	from_any(s, a, b, a & ~free_bits);
}

static void solve_one(struct solver *s, const struct compare *c, uint32_t a, uint32_t b,
		      uint32_t constant)
{
	s->rank = c->bits ? 1 : is_order(c->cond) ? 2 : 0;
	if (c->bits) {
		solve_bits(s, a, b, constant);
		return;
	}
	from_any(s, a, b, constant);
	if (!is_order(c->cond))
		return;
	from_any(s, a, b, constant + 1);
	from_any(s, a, b, constant - 1);
	for (uint32_t v = 0; constant <= SWITCH_MAX && v < constant; v++)
		from_any(s, a, b, v);
}

static const struct compare *same_place(const struct compares *c, const struct compare *as)
{
	size_t at = as->pc * 2654435761u >> 8;

	for (size_t probe = 0; probe < 64; probe++, at++) {
		const struct compare *slot = &c->slot[at % COMPARES_MAX];

		if (!slot->pc)
			return NULL;
		if (slot->pc == as->pc && slot->nth == as->nth)
			return slot;
	}
	return NULL;
}

static int by_rank(const void *a, const void *b)
{
	const struct guess *x = a, *y = b;

	return x->rank != y->rank ? x->rank - y->rank : (int)x->order - (int)y->order;
}

void compares_solve(const struct compares *one, const struct compares *two, struct guesses *out)
{
	struct solver s = {.one = one, .two = two, .out = out};

	out->count = 0;
	for (size_t i = 0; i < COMPARES_MAX; i++) {
		const struct compare *c = &one->slot[i];
		const struct compare *d = c->pc ? same_place(two, c) : NULL;

		if (!d)
			continue;
		if (c->a != d->a && c->b == d->b)
			solve_one(&s, c, c->a, d->a, c->b);
		else if (c->a == d->a && c->b != d->b && !c->bits)
			solve_one(&s, c, c->b, d->b, c->a);
	}
	for (size_t i = 0; i < out->count; i++)
		out->guess[i].order = (uint16_t)i;
	qsort(out->guess, out->count, sizeof out->guess[0], by_rank);
}
