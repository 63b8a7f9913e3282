/*
 * Walking the program with known bits. A function is walked once for each set
 * of arguments that differs in what is known of them; within it, blocks are
 * revisited until their entry states no longer change.
 */
#include "lockout/sweep_internal.h"

#include <stdlib.h>
#include <string.h>

#define VISITS_MAX 24 /* a block's; known bits only ever get fewer */

struct block {
	uint32_t start;
	unsigned visits;
	bool queued;
	struct abs_state in;
};

/* One walk of one function. */
struct walk {
	struct sweep *sw;
	struct block *blocks;
	size_t count, room;
	struct sweep_edge *edges;
	size_t edge_count, edge_room;
	uint32_t choice;       /* undecided branch under way, for the edges it makes */
	bool returned;
	struct abs_state exit; /* joined over all returns */
};

static bool out_of_steps(const struct sweep *sw)
{
	return sw->out->steps >= sw->max_steps;
}

/* ---- blocks ---------------------------------------------------------------- */

static struct block *block_at(struct walk *w, uint32_t start)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->blocks[i].start == start)
			return &w->blocks[i];
	return NULL;
}

static void note_edge(struct walk *w, uint32_t to)
{
	uint32_t from = w->sw->block[w->sw->depth];

	for (size_t i = 0; i < w->edge_count; i++)
		if (w->edges[i].from == from && w->edges[i].to == to)
			return;
	if (w->edge_count == w->edge_room) {
		size_t room = w->edge_room ? w->edge_room * 2 : 32;
		struct sweep_edge *grown = realloc(w->edges, room * sizeof *grown);

		if (!grown)
			return;
		w->edges = grown;
		w->edge_room = room;
	}
	w->edges[w->edge_count++] = (struct sweep_edge){from, to, w->choice};
}

/* Control reaches `start` in this state. */
static void flow_to(struct walk *w, uint32_t start, const struct abs_state *s)
{
	struct block *b = block_at(w, start);

	note_edge(w, start);

	if (!b) {
		if (w->count == w->room) {
			size_t room = w->room ? w->room * 2 : 16;
			struct block *grown = realloc(w->blocks, room * sizeof *grown);

			if (!grown)
				return;
			w->blocks = grown;
			w->room = room;
		}
		b = &w->blocks[w->count++];
		*b = (struct block){.start = start, .queued = true, .in = *s};
		return;
	}
	if (b->visits < VISITS_MAX && abs_state_join(&b->in, s))
		b->queued = true;
}

static bool fetch(const struct sweep *sw, uint32_t pc, struct arm_insn *insn)
{
	uint16_t hw[2] = {0, 0};

	if (!image_read(sw->img, pc, &hw[0], 2))
		return false;
	image_read(sw->img, pc + 2, &hw[1], 2);
	arm_decode(hw[0], hw[1], insn);
	return insn->kind != ARM_KIND_UDF;
}

static void leave(struct walk *w, const struct abs_state *s)
{
	if (!w->returned)
		w->exit = *s;
	else
		abs_state_join(&w->exit, s);
	w->returned = true;
}

/* ---- calls -------------------------------------------------------------------- */

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

static uint64_t memo_key(uint32_t entry, const struct abs_state *s)
{
	uint64_t h = mix(1, entry);

	for (unsigned i = 0; i < 4; i++) {
		h = mix(h, (uint64_t)s->r[i].known << 32 | s->r[i].value);
		h = mix(h, s->r[i].read_back);
		/* The same value from another place is another line to blame. */
		h = mix(h, s->r[i].known & s->r[i].value & 1u << 26 ? s->r[i].origin : 0);
	}
	for (unsigned i = 0; i < s->slot_count; i++)
		h = mix(h, (uint64_t)s->slots[i].v.known << 32 | s->slots[i].v.value);
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

static bool recursive(const struct sweep *sw, uint32_t entry)
{
	for (size_t i = 0; i <= sw->depth; i++)
		if (sw->entries[i] == entry)
			return true;
	return false;
}

/* What a call leaves behind whatever it did (AAPCS). */
static void after_call(struct abs_state *s, struct absval r0)
{
	s->r[0] = r0.stack ? ABS_UNKNOWN : r0;
	s->r[1] = s->r[2] = s->r[3] = s->r[12] = s->r[14] = ABS_UNKNOWN;
	s->flags = FLAGS_UNKNOWN;
}

static void walk_function(struct sweep *sw, uint32_t entry, const struct abs_state *in,
			  struct walk *w);

/* What the callee sees of the caller: arguments, SP, and of the stack its
 * parameters, or all of it when a pointer into it is passed. */
static void callee_state(const struct abs_state *s, bool sees_stack, struct abs_state *in)
{
	int32_t sp = (int32_t)s->r[13].value;

	abs_state_init(in, sp);
	in->r[13] = s->r[13];
	for (unsigned i = 0; i < 4; i++)
		in->r[i] = s->r[i];
	for (unsigned i = 0; i < s->slot_count; i++)
		if (s->slots[i].offset >= sp && (sees_stack || s->slots[i].offset < sp + 32))
			in->slots[in->slot_count++] = s->slots[i];
}

/* Where the callee could reach through pointers, its view is the newer one. */
static void take_back_stack(struct abs_state *s, const struct walk *w)
{
	int32_t sp = (int32_t)s->r[13].value;

	for (unsigned i = 0; i < s->slot_count;) {
		if (s->slots[i].offset >= sp)
			s->slots[i] = s->slots[--s->slot_count];
		else
			i++;
	}
	for (unsigned i = 0; w->returned && i < w->exit.slot_count; i++)
		if (w->exit.slots[i].offset >= sp && s->slot_count < ABS_SLOTS)
			s->slots[s->slot_count++] = w->exit.slots[i];
}

/* False when the callee never returns. */
static bool call(struct sweep *sw, struct abs_state *s, uint32_t site, uint32_t target)
{
	bool sees_stack = passes_stack(s);
	struct abs_state *in;
	struct sweep_memo *memo;
	struct walk w = {.sw = sw};

	if (sw->depth >= SWEEP_DEPTH_MAX || recursive(sw, target) || out_of_steps(sw) ||
	    !s->r[13].stack || !(in = malloc(sizeof *in))) {
		after_call(s, ABS_UNKNOWN);
		return true;
	}
	callee_state(s, sees_stack, in);
	memo = memo_find(sw, memo_key(target, in));
	if (memo && memo->key && !sees_stack) {
		after_call(s, memo->r0);
		free(in);
		return memo->returns;
	}
	sw->calls[sw->depth++] = site;
	sw->entries[sw->depth] = target;
	walk_function(sw, target, in, &w);
	sw->depth--;
	struct absval r0 = w.returned ? w.exit.r[0] : ABS_UNKNOWN;
	bool returns = w.returned || out_of_steps(sw);

	if (memo && !sees_stack && !memo->key)
		*memo = (struct sweep_memo){.key = memo_key(target, in), .r0 = r0,
					    .returns = returns};
	if (sees_stack)
		take_back_stack(s, &w);
	after_call(s, r0);
	free(w.blocks);
	free(w.edges);
	free(in);
	return returns;
}

/* ---- one block -------------------------------------------------------------------- */

/* State of an IT block while a block is walked. */
struct it {
	unsigned left;
	uint8_t conds[4];
};

static void begin_it(struct it *it, const struct arm_insn *insn)
{
	unsigned first = insn->list >> 4 & 15, mask = insn->list & 15;

	it->left = 4 - (unsigned)__builtin_ctz(mask ? mask : 8);
	for (unsigned i = 0; i < it->left; i++) {
		unsigned low = i == 0 ? first & 1 : mask >> (4 - i) & 1;

		it->conds[i] = (uint8_t)((first & 14) | low);
	}
	/* conds is consumed from the front; keep it reversed for popping. */
	for (unsigned i = 0; i < it->left / 2; i++) {
		uint8_t t = it->conds[i];

		it->conds[i] = it->conds[it->left - 1 - i];
		it->conds[it->left - 1 - i] = t;
	}
}

static int branch_taken(const struct abs_state *s, const struct arm_insn *insn, int it_cond)
{
	const struct absval *n = &s->r[insn->rn];

	if (insn->kind == ARM_KIND_CBZ || insn->kind == ARM_KIND_CBNZ) {
		int zero = n->stack || (n->known & n->value) ? 0 : n->known == UINT32_MAX ? 1 : -1;

		return zero < 0 || insn->kind == ARM_KIND_CBZ ? zero : !zero;
	}
	return it_cond >= 0 ? abs_condition(s, (enum arm_cond)it_cond)
			    : abs_condition(s, (enum arm_cond)insn->cond);
}

#define TABLE_MAX 256

/* TBB/TBH: one way when the index is known, else every entry that leads
 * forward, up to where the first of them points. */
static void table_branch(struct walk *w, const struct abs_state *s, const struct arm_insn *insn,
			 uint32_t pc)
{
	unsigned size = insn->kind == ARM_KIND_TBH ? 2 : 1;
	struct absval index = s->r[insn->rm];
	uint32_t end = UINT32_MAX;

	if (insn->rn != 15)
		return;
	for (uint32_t i = 0; i < TABLE_MAX && pc + 4 + i * size < end; i++) {
		uint16_t offset = 0;
		uint32_t target;

		if (!image_read(w->sw->img, pc + 4 + i * size, &offset, size))
			return;
		target = pc + 4 + 2u * offset;
		if (target < end)
			end = target;
		if (!abs_is_const(&index) || index.value == i)
			flow_to(w, target, s);
	}
}

static bool call_register(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
			  uint32_t pc)
{
	struct absval to = s->r[insn->rm];

	if (abs_is_const(&to) && to.value & 1)
		return call(w->sw, s, pc, to.value & ~1u);
	after_call(s, ABS_UNKNOWN);
	return true;
}

/* An instruction that moves the PC. False: the block ends here. */
static bool control(struct walk *w, struct abs_state *s, const struct arm_insn *insn,
		    const struct arm_effects *fx, uint32_t pc, int it_cond)
{
	int taken = branch_taken(s, insn, it_cond);

	if (taken == 0)
		return true;
	w->choice = taken < 0 ? pc : 0;
	switch (fx->flow) {
	case ARM_FLOW_BRANCH:
		flow_to(w, fx->target, s);
		break;
	case ARM_FLOW_CALL:
	case ARM_FLOW_CALL_REG: {
		struct abs_state skipped = *s;
		bool returns = fx->flow == ARM_FLOW_CALL ? call(w->sw, s, pc, fx->target)
							 : call_register(w, s, insn, pc);

		if (taken < 0 && returns)
			abs_state_join(s, &skipped);
		else if (taken < 0)
			*s = skipped;
		return returns || taken < 0;
	}
	case ARM_FLOW_JUMP_REG:
		if (insn->kind == ARM_KIND_TBB || insn->kind == ARM_KIND_TBH)
			table_branch(w, s, insn, pc);
		else if (insn->kind == ARM_KIND_BX) {
			if (call_register(w, s, insn, pc)) /* a tail call */
				leave(w, s);
		}
		break;
	case ARM_FLOW_RETURN:
		leave(w, s);
		break;
	default:
		return insn->kind == ARM_KIND_SVC || insn->kind == ARM_KIND_BKPT;
	}
	return taken < 0;
}

/* Not in an IT block, or the condition decides; both ways when unknown. */
static void execute(struct walk *w, struct abs_state *s, const struct arm_insn *insn, uint32_t pc,
		    int it_cond)
{
	struct abs_memory mem = sweep_memory;
	int runs = it_cond < 0 ? 1 : abs_condition(s, (enum arm_cond)it_cond);
	uint8_t depth = (uint8_t)w->sw->depth;

	mem.ctx = w->sw;
	if (runs == 0)
		return;
	if (runs > 0) {
		abs_execute(s, insn, pc, it_cond >= 0, depth, &mem);
		return;
	}
	struct abs_state skipped = *s;

	abs_execute(s, insn, pc, true, depth, &mem);
	/* Flags of the untouched side stay valid only if nothing set them. */
	abs_state_join(s, &skipped);
}

static void walk_block(struct walk *w, uint32_t start, struct abs_state *s)
{
	struct it it = {0};
	struct arm_insn insn;
	uint32_t pc = start;

	w->choice = 0;

	for (; !out_of_steps(w->sw); pc += insn.size) {
		struct arm_effects fx;
		int it_cond = -1;

		if (pc != start && !it.left && block_at(w, pc)) {
			flow_to(w, pc, s);
			return;
		}
		if (!fetch(w->sw, pc, &insn))
			return;
		w->sw->out->steps++;
		if (insn.kind == ARM_KIND_IT) {
			begin_it(&it, &insn);
			continue;
		}
		if (it.left)
			it_cond = it.conds[--it.left];
		arm_effects(&insn, pc, &fx);
		if (fx.flow == ARM_FLOW_NEXT)
			execute(w, s, &insn, pc, it_cond);
		else {
			/* POP {..., PC} also restores registers. */
			if (fx.mem != ARM_MEM_NONE && fx.flow == ARM_FLOW_RETURN && it_cond < 0)
				execute(w, s, &insn, pc, it_cond);
			if (!control(w, s, &insn, &fx, pc, it_cond))
				return;
		}
		/* What follows an undecided branch starts a block of its own. */
		if (fx.flow == ARM_FLOW_BRANCH && !it.left) {
			flow_to(w, pc + insn.size, s);
			return;
		}
	}
}

static struct block *next_block(struct walk *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->blocks[i].queued)
			return &w->blocks[i];
	return NULL;
}

/* The condition of each hit found in or below this function, unless a function
 * further in already has one. */
static void name_conditions(const struct walk *w, size_t first_hit)
{
	struct sweep *sw = w->sw;

	for (size_t i = first_hit; i < sw->out->hit_count; i++)
		if (!sw->out->hits[i].branch)
			sw->out->hits[i].branch = deciding_branch(
				w->edges, w->edge_count, sw->hit_block[i][sw->depth]);
}

static void walk_function(struct sweep *sw, uint32_t entry, const struct abs_state *in,
			  struct walk *w)
{
	struct block *b;
	struct abs_state *s = malloc(sizeof *s);
	size_t first_hit = sw->out->hit_count;

	if (!s)
		return;
	sw->out->functions++;
	w->sw = sw;
	sw->block[sw->depth] = 0;
	flow_to(w, entry, in);
	while ((b = next_block(w)) && !out_of_steps(sw)) {
		b->queued = false;
		b->visits++;
		*s = b->in;
		sw->block[sw->depth] = b->start;
		walk_block(w, b->start, s);
	}
	name_conditions(w, first_hit);
	free(s);
}

/* ---- the whole image --------------------------------------------------------------- */

static void walk_root(struct sweep *sw, const struct sweep_root *root)
{
	struct abs_state *in = malloc(sizeof *in);
	struct walk w = {.sw = sw};

	if (!in)
		return;
	abs_state_init(in, 0);
	sw->root = root->entry;
	sw->root_is_vector = root->is_vector;
	sw->depth = 0;
	sw->entries[0] = root->entry;
	walk_function(sw, root->entry, in, &w);
	free(w.blocks);
	free(w.edges);
	free(in);
}

enum status sweep_image(const struct image *img, uint32_t vectors, size_t vector_count,
			size_t max_steps, struct sweep_result *out, struct err *err)
{
	struct sweep *sw = calloc(1, sizeof *sw);

	memset(out, 0, sizeof *out);
	if (!sw || !(sw->memo = calloc(SWEEP_MEMO_SIZE, sizeof *sw->memo))) {
		free(sw);
		return err_set(err, STATUS_NO_MEMORY, "no memory for the sweep");
	}
	sw->img = img;
	sw->out = out;
	sw->max_steps = max_steps;
	for (size_t i = 1; i < vector_count; i++) {
		uint32_t entry = 0;

		if (image_read(img, vectors + 4 * (uint32_t)i, &entry, 4) && entry & 1)
			roots_add(sw, entry, true);
	}
	roots_from_data(sw);
	/* Walking finds more roots; they are appended. */
	for (size_t i = 0; i < sw->root_count && !out_of_steps(sw); i++)
		walk_root(sw, &sw->roots[i]);
	out->complete = !out_of_steps(sw);
	free(sw->memo);
	free(sw);
	return STATUS_OK;
}
