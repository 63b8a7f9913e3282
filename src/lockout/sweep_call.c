/*
 * Into functions and back. A function is walked once for each set of arguments
 * that differs in what is known of them; what it returned is remembered.
 */
#include "lockout/sweep_internal.h"

#include <stdlib.h>
#include <string.h>

#define RECURSION_MAX 4u
#define CALLEES_MAX 256u
#define CONTEXTS_MAX 64u /* walks of a function before it is told less */
#define DEAR_SHARE 32u   /* what its walks may cost until then: a part of the budget */
#define DEAR_SHARE_LATE 256u /* the same below a root that itself ... */
#define ROOT_SHARE 8u        /* ... has cost so much */

static bool passes_stack(const struct abs_state *s)
{
	for (unsigned i = 0; i < 4; i++)
		if (s->r[i].stack)
			return true;
	return false;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	h ^= v;
	h *= 0x9E3779B97F4A7C15u;
	return h ^ h >> 29;
}

/* Pointers into the stack count from the callee's SP, so that calls from
 * different depths of it are told to be the same. */
static uint64_t mix_value(uint64_t h, const struct absval *v, uint32_t sp)
{
	h = mix(h, (uint64_t)v->known << 32 | (v->value - (v->stack ? sp : 0)));
	h = mix(h, (uint64_t)v->read_back << 1 | v->stack);
	/* The same value from another place is another line to blame. */
	if (v->known & v->value & 1u << 26)
		h = mix(h, v->origin + v->depth);
	return h;
}

static uint64_t memo_key(uint32_t entry, const struct abs_state *s)
{
	uint64_t modes = 1 + (uint64_t)s->gate + 4u * s->deep + 16u * s->standby;
	uint64_t h = mix(modes, entry);
	uint32_t sp = s->r[13].value;
	bool sees_stack = passes_stack(s);

	for (unsigned i = 0; i < 4; i++)
		h = mix_value(h, &s->r[i], sp);
	for (unsigned i = 0; i < s->slot_count; i++) {
		uint32_t offset = (uint32_t)s->slots[i].offset - sp;

		h = mix_value(h, &s->slots[i].v, sp);
		if (sees_stack)
			h = mix(h, (uint64_t)offset << 8 | s->slots[i].size);
	}
	return h | 1;
}

static struct sweep_memo *memo_find(struct sweep *sw, uint64_t key)
{
	for (size_t i = 0; i < 16; i++) {
		struct sweep_memo *m = &sw->memo[(key + i) & (SWEEP_MEMO_SIZE - 1)];

		if (m->key == key || m->key == 0)
			return m;
	}
	return NULL;
}

/* What a call leaves behind whatever it did (AAPCS). */
static void after_call(struct abs_state *s, struct absval r0, enum abs_gate gate)
{
	s->r[0] = r0.stack ? ABS_UNKNOWN : r0;
	s->r[1] = s->r[2] = s->r[3] = s->r[12] = s->r[14] = ABS_UNKNOWN;
	s->flags = FLAGS_UNKNOWN;
	s->assumed = 0;
	s->ram_count = 0;
	s->gate = gate;
}

/* What the callee sees of the caller: arguments, SP, and of the stack its
 * parameters, or all of it when a pointer into it is passed. */
static void callee_state(const struct abs_state *s, bool sees_stack, struct abs_state *in)
{
	int32_t sp = (int32_t)s->r[13].value;

	abs_state_init(in, sp);
	in->r[13] = s->r[13];
	in->gate = s->gate;
	in->deep = s->deep;
	in->standby = s->standby;
	for (unsigned i = 0; i < 4; i++)
		in->r[i] = s->r[i];
	for (unsigned i = 0; i < s->slot_count; i++)
		if (s->slots[i].offset >= sp && (sees_stack || s->slots[i].offset < sp + 32))
			in->slots[in->slot_count++] = s->slots[i];
}

/* Where the callee could reach through pointers, its view is the newer one. */
static void take_back_stack(struct abs_state *s, const struct sweep_memo *m)
{
	int32_t sp = (int32_t)s->r[13].value, moved = sp - m->sp;

	for (unsigned i = 0; i < s->slot_count;) {
		if (s->slots[i].offset >= sp)
			s->slots[i] = s->slots[--s->slot_count];
		else
			i++;
	}
	for (unsigned i = 0; i < m->slot_count && s->slot_count < ABS_SLOTS; i++) {
		struct abs_slot slot = m->slots[i];

		slot.offset += moved;
		slot.v.value += slot.v.stack ? (uint32_t)moved : 0;
		if (slot.offset >= sp)
			s->slots[s->slot_count++] = slot;
	}
}

/* Counters, lengths and flags: neither SWJ_CFG=100 nor an address. */
static bool is_small(const struct absval *v)
{
	return !v->stack && (v->known != 0xFFFFFFFF || v->value < 1u << 26);
}

static void forget_slots(struct abs_state *in, const struct sweep *sw,
			 bool (*drop)(const struct sweep *sw, const struct absval *v))
{
	for (unsigned i = 0; i < in->slot_count;) {
		if (drop(sw, &in->slots[i].v))
			in->slots[i] = in->slots[--in->slot_count];
		else
			i++;
	}
}

static bool small_slot(const struct sweep *sw, const struct absval *v)
{
	return is_small(v) && !v->read_back;
}

/* Neither bits of SWJ_CFG, nor a register's address, nor a function. */
static bool no_matter(const struct sweep *sw, const struct absval *v)
{
	return !v->stack && !v->read_back && !(v->known & v->value & 7u << 24) &&
	       !(abs_is_const(v) && (v->value >= 0x40000000u || roots_is_function(sw, v->value)));
}

static size_t walks_index(uint32_t target)
{
	return target / 2 % SWEEP_FUNCTIONS;
}

void sweep_touch(struct sweep *sw)
{
	for (size_t i = 0; i <= sw->depth; i++)
		sw->touches[walks_index(sw->entries[i])] = true;
}

/* Walked often enough, or at great cost (what formats text, say)? */
static bool is_dear(const struct sweep *sw, uint32_t target)
{
	bool late = sw->out->steps - sw->root_start > sw->max_steps / ROOT_SHARE;
	size_t at = walks_index(target);

	return sw->walks[at] >= CONTEXTS_MAX ||
	       sw->cost[at] > sw->max_steps / (late ? DEAR_SHARE_LATE : DEAR_SHARE);
}

/* From then on a function is told no more of its caller than what could matter
 * here: nearly everything where it comes to AFIO_MAPR. */
static void tell_less(const struct sweep *sw, uint32_t target, struct abs_state *in)
{
	bool touches = sw->touches[walks_index(target)];

	if (!is_dear(sw, target))
		return;
	forget_slots(in, sw, touches ? small_slot : no_matter);
	for (unsigned i = 0; !touches && i < 4; i++)
		if (no_matter(sw, &in->r[i]))
			in->r[i] = ABS_UNKNOWN;
}

static bool is_inside(const struct sweep *sw, uint32_t entry)
{
	for (size_t i = 0; i <= sw->depth; i++)
		if (sw->entries[i] == entry)
			return true;
	return false;
}

static bool recursive(const struct sweep *sw, uint32_t entry, const struct absval *r0)
{
	unsigned inside = 0;

	for (size_t i = 0; i <= sw->depth; i++)
		inside += sw->entries[i] == entry;
	/* A known argument counts the levels down. */
	return inside > (abs_is_const(r0) ? RECURSION_MAX : 0);
}

/* The AAPCS gives R1 to R3 to the callee; a compiler that has seen the callee knows
 * better, and keeps a peripheral's address there (-fipa-ra). */
static uint8_t kept_registers(const struct abs_state *in, const struct walk *w)
{
	uint8_t kept = 0;

	for (unsigned i = 1; i < 4 && w->returned; i++)
		if (abs_is_const(&in->r[i]) && in->r[i].value >> 29 == 2 &&
		    abs_is_const(&w->exit.r[i]) && w->exit.r[i].value == in->r[i].value)
			kept |= (uint8_t)(1u << i);
	return kept;
}

/* What a walk came to, for the next call in the same state. */
static void memo_fill(struct sweep_memo *m, uint64_t key, const struct abs_state *in,
		      const struct walk *w, int32_t sp, bool sees_stack)
{
	unsigned count = sees_stack && w->returned ? w->exit.slot_count : 0;

	if (count && !(m->slots = malloc(count * sizeof *m->slots)))
		count = 0;
	if (count)
		memcpy(m->slots, w->exit.slots, count * sizeof *m->slots);
	m->slot_count = (uint8_t)count;
	m->sp = sp;
	m->kept = kept_registers(in, w);
	m->r0 = w->returned ? w->exit.r[0] : ABS_UNKNOWN;
	if (m->r0.depth > w->sw->depth)
		m->r0.depth = ABS_DEEP;
	m->gate = w->returned ? w->exit.gate : GATE_UNKNOWN;
	m->deep = w->returned ? w->exit.deep : GATE_UNKNOWN;
	m->standby = w->returned ? w->exit.standby : GATE_UNKNOWN;
	m->touches = w->sw->touches[walks_index(w->entry)];
	m->returns = w->returned || sweep_exhausted(w->sw);
	m->key = key;
}

void memo_clear(struct sweep *sw)
{
	for (size_t i = 0; sw->memo && i < SWEEP_MEMO_SIZE; i++) {
		free(sw->memo[i].slots);
		sw->memo[i] = (struct sweep_memo){0};
	}
}

static void return_from(struct abs_state *s, const struct sweep_memo *m, bool sees_stack)
{
	struct absval given[4];

	memcpy(given, s->r, sizeof given);
	if (sees_stack)
		take_back_stack(s, m);
	after_call(s, m->r0, m->gate);
	for (unsigned i = 1; i < 4; i++)
		if (m->kept >> i & 1)
			s->r[i] = given[i];
	s->deep = m->deep;
	s->standby = m->standby;
}

/* Into a function that was not walked in this state before. */
static bool walk_into(struct sweep *sw, struct abs_state *s, uint32_t site, uint32_t target,
		      const struct abs_state *in, struct sweep_memo *memo)
{
	uint64_t key = memo_key(target, in);
	bool sees_stack = passes_stack(s), returns;
	struct sweep_memo unkept = {0};
	struct walk w = {.sw = sw};
	size_t at = walks_index(target), before = sw->out->steps;
	bool inside = is_inside(sw, target);

	if (sw->walks[at] < CONTEXTS_MAX)
		sw->walks[at]++;
	sw->calls[sw->depth++] = site;
	sw->entries[sw->depth] = target;
	walk_function(sw, target, in, &w);
	sw->depth--;
	if (!inside)
		sw->cost[at] += sw->out->steps - before;
	/* a callee further in may have taken the place */
	if (!memo || memo->key)
		memo = &unkept;
	memo_fill(memo, key, in, &w, (int32_t)s->r[13].value, sees_stack);
	return_from(s, memo, sees_stack);
	returns = memo->returns;
	free(unkept.slots);
	walk_fini(&w);
	return returns;
}

/* setjmp() returns twice, the second time with what longjmp() says, which does
 * not return at all; their code shows neither. */
static bool is_named(const struct image *img, uint32_t target, const char *name)
{
	const struct image_symbol *f = image_symbol_at(img, target);

	return f && strcmp(f->name + (f->name[0] == '_'), name) == 0;
}

bool sweep_call(struct sweep *sw, struct abs_state *s, uint32_t site, uint32_t target)
{
	struct abs_state *in;
	struct sweep_memo *memo;
	bool returns;

	if (is_named(sw->img, target, "setjmp")) {
		after_call(s, ABS_UNKNOWN, s->gate);
		return true;
	}
	if (is_named(sw->img, target, "longjmp"))
		return false;
	if (sw->depth >= SWEEP_DEPTH_MAX || recursive(sw, target, &s->r[0]) ||
	    sweep_exhausted(sw) || !s->r[13].stack || !(in = malloc(sizeof *in))) {
		after_call(s, ABS_UNKNOWN, GATE_UNKNOWN);
		return true;
	}
	callee_state(s, passes_stack(s), in);
	tell_less(sw, target, in);
	memo = memo_find(sw, memo_key(target, in));
	if (memo && memo->key) {
		if (memo->touches)
			sweep_touch(sw);
		return_from(s, memo, passes_stack(s));
		returns = memo->returns;
	} else {
		returns = walk_into(sw, s, site, target, in, memo);
	}
	free(in);
	return returns;
}

/* An argument that is SWJ_CFG=100 and no other register's bits. */
static bool passes_swj_off(const struct abs_state *s)
{
	for (unsigned i = 0; i < 4; i++)
		if (abs_is_const(&s->r[i]) && s->r[i].value >> 24 == 4)
			return true;
	return false;
}

/* A call to who knows whom; but told to switch SWD off, it matters: any
 * function whose address is taken may be the one. */
static void call_anyone(struct sweep *sw, const struct abs_state *s, uint32_t site)
{
	struct abs_state *copy = malloc(sizeof *copy);

	for (size_t i = 0; copy && i < sw->root_count && i < CALLEES_MAX; i++) {
		if (sw->roots[i].is_vector)
			continue;
		*copy = *s;
		(void)sweep_call(sw, copy, site, sw->roots[i].entry);
	}
	free(copy);
}

bool sweep_call_value(struct sweep *sw, struct abs_state *s, uint32_t site, struct absval to)
{
	if (abs_is_const(&to) && to.value & 1)
		return sweep_call(sw, s, site, to.value & ~1u);
	if (!abs_is_const(&to) && passes_swj_off(s))
		call_anyone(sw, s, site);
	after_call(s, ABS_UNKNOWN, GATE_UNKNOWN);
	return true;
}
