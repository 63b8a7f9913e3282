/* See absstate.h. */
#include "lockout/absstate.h"

#include <string.h>

void abs_state_init(struct abs_state *s, int32_t sp)
{
	memset(s, 0, sizeof *s);
	s->r[13] = abs_const((uint32_t)sp, 0, 0);
	s->r[13].stack = true;
}

/* One of a state's two sets of slots. */
struct slots {
	struct abs_slot *slot;
	uint8_t *count;
	unsigned max;
};

static struct slots stack_of(struct abs_state *s)
{
	return (struct slots){s->slots, &s->slot_count, ABS_SLOTS};
}

static struct slots ram_of(struct abs_state *s)
{
	return (struct slots){s->ram, &s->ram_count, ABS_RAM};
}

static void slot_remove(struct slots t, size_t i)
{
	t.slot[i] = t.slot[--*t.count];
}

/* Drop what a store of `size` bytes at `offset` overwrites. */
static void drop_overlaps(struct slots t, int32_t offset, unsigned size)
{
	for (size_t i = 0; i < *t.count;) {
		const struct abs_slot *o = &t.slot[i];

		if (o->offset < offset + (int32_t)size && offset < o->offset + o->size)
			slot_remove(t, i);
		else
			i++;
	}
}

static void slot_store(struct slots t, int32_t offset, unsigned size, struct absval v)
{
	for (size_t i = 0; i < *t.count; i++)
		if (t.slot[i].offset == offset && t.slot[i].size == size) {
			t.slot[i].v = v;
			return;
		}
	/* A narrow store into a known word keeps the rest of the word. */
	for (size_t i = 0; i < *t.count; i++) {
		struct abs_slot *o = &t.slot[i];

		if (o->offset <= offset && offset + (int32_t)size <= o->offset + o->size &&
		    !o->v.stack) {
			o->v = abs_insert(o->v, v, (unsigned)(offset - o->offset) * 8, size * 8);
			return;
		}
	}
	drop_overlaps(t, offset, size);
	if ((v.known | v.read_back) && *t.count < t.max)
		t.slot[(*t.count)++] =
			(struct abs_slot){.offset = offset, .size = (uint8_t)size, .v = v};
}

static struct absval slot_load(const struct abs_slot *slot, unsigned count, int32_t offset,
			       unsigned size)
{
	for (unsigned i = 0; i < count; i++) {
		const struct abs_slot *o = &slot[i];

		if (o->offset > offset || offset + (int32_t)size > o->offset + o->size)
			continue;
		if (size == 4)
			return o->v;
		return abs_extend(abs_shift(o->v, 1, (unsigned)(offset - o->offset) * 8), size * 8,
				  false);
	}
	return ABS_UNKNOWN;
}

void abs_stack_store(struct abs_state *s, int32_t offset, unsigned size, struct absval v)
{
	slot_store(stack_of(s), offset, size, v);
}

struct absval abs_stack_load(const struct abs_state *s, int32_t offset, unsigned size)
{
	return slot_load(s->slots, s->slot_count, offset, size);
}

void abs_ram_store(struct abs_state *s, uint32_t address, unsigned size, struct absval v)
{
	slot_store(ram_of(s), (int32_t)address, size, v);
}

struct absval abs_ram_load(const struct abs_state *s, uint32_t address, unsigned size)
{
	return slot_load(s->ram, s->ram_count, (int32_t)address, size);
}

void abs_stack_trim(struct abs_state *s, int32_t sp)
{
	for (size_t i = 0; i < s->slot_count;) {
		if (s->slots[i].offset < sp)
			slot_remove(stack_of(s), i);
		else
			i++;
	}
}

static bool join_value(struct absval *into, const struct absval *from)
{
	struct absval joined = abs_join(*into, *from);
	bool changed = !abs_equal(&joined, into);

	*into = joined;
	return changed;
}

static bool join_slots(struct abs_state *into, const struct abs_state *from)
{
	bool changed = false;

	for (size_t i = 0; i < into->slot_count;) {
		struct abs_slot *slot = &into->slots[i];
		struct absval other = abs_stack_load(from, slot->offset, slot->size);

		changed |= join_value(&slot->v, &other);
		if (!(slot->v.known | slot->v.read_back)) {
			slot_remove(stack_of(into), i);
			changed = true;
		} else {
			i++;
		}
	}
	return changed;
}

static bool same_flags(const struct abs_state *x, const struct abs_state *y)
{
	return x->flags == y->flags && abs_equal(&x->a, &y->a) && abs_equal(&x->b, &y->b);
}

static bool join_bit(enum abs_gate *into, enum abs_gate from)
{
	if (*into == from || *into == GATE_UNKNOWN)
		return false;
	*into = GATE_UNKNOWN;
	return true;
}

bool abs_state_join(struct abs_state *into, const struct abs_state *from)
{
	bool changed = false;

	for (unsigned i = 0; i < 16; i++)
		changed |= join_value(&into->r[i], &from->r[i]);
	changed |= join_bit(&into->gate, from->gate);
	changed |= join_bit(&into->deep, from->deep);
	changed |= join_bit(&into->standby, from->standby);
	if (into->flags != FLAGS_UNKNOWN && !same_flags(into, from)) {
		into->flags = FLAGS_UNKNOWN;
		changed = true;
	}
	/* A loop that waits for a variable must be left some time. */
	changed |= into->ram_count > 0;
	into->ram_count = 0;
	return changed | join_slots(into, from);
}

static int known_equal(const struct absval *a, const struct absval *b)
{
	if (a->stack != b->stack)
		return -1;
	if ((a->value ^ b->value) & a->known & b->known)
		return 0;
	return a->known == UINT32_MAX && b->known == UINT32_MAX ? 1 : -1;
}

static int compared(const struct abs_state *s, enum arm_cond cond)
{
	int equal = known_equal(&s->a, &s->b);
	uint32_t a = s->a.value, b = s->b.value;

	if (cond == ARM_EQ)
		return equal;
	if (cond == ARM_NE)
		return equal < 0 ? -1 : !equal;
	if (!abs_is_const(&s->a) || !abs_is_const(&s->b))
		return -1;
	switch (cond) {
	case ARM_CS:
		return a >= b;
	case ARM_CC:
		return a < b;
	case ARM_HI:
		return a > b;
	case ARM_LS:
		return a <= b;
	case ARM_GE:
		return (int32_t)a >= (int32_t)b;
	case ARM_LT:
		return (int32_t)a < (int32_t)b;
	case ARM_GT:
		return (int32_t)a > (int32_t)b;
	case ARM_LE:
		return (int32_t)a <= (int32_t)b;
	case ARM_MI:
		return (int32_t)(a - b) < 0;
	case ARM_PL:
		return (int32_t)(a - b) >= 0;
	default:
		return -1;
	}
}

static int from_result(const struct abs_state *s, enum arm_cond cond)
{
	const uint32_t sign = 1u << 31;
	int zero = s->a.value ? 0 : s->a.known == UINT32_MAX ? 1 : -1;
	int minus = s->a.known & sign ? (s->a.value & sign) != 0 : -1;

	switch (cond) {
	case ARM_EQ:
		return zero;
	case ARM_NE:
		return zero < 0 ? -1 : !zero;
	case ARM_MI:
		return minus;
	case ARM_PL:
		return minus < 0 ? -1 : !minus;
	default:
		return -1;
	}
}

int abs_condition(const struct abs_state *s, enum arm_cond cond)
{
	if (cond >= ARM_AL)
		return 1;
	if (s->assumed && ((s->assumed - 1u) ^ (unsigned)cond) < 2)
		return s->assumed - 1u == (unsigned)cond;
	switch (s->flags) {
	case FLAGS_COMPARED:
		return compared(s, cond);
	case FLAGS_RESULT:
		return s->a.stack ? -1 : from_result(s, cond);
	default:
		return -1;
	}
}
