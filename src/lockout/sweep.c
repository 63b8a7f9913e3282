/*
 * Walking the program with known bits. Within a function, blocks are revisited
 * until their entry states no longer change. While there is one path only and
 * constants decide it (a loop over a table), each round is walked for itself.
 */
#include "lockout/sweep_internal.h"

#include <stdlib.h>
#include <string.h>

#define JOINS_MAX 24	/* a block's; known bits only ever get fewer */
#define UNROLL_MAX 256	/* rounds told apart in one walk of a function */
#define UNROLL_SHARE 64 /* and in all: one a so many steps of the budget */

bool sweep_exhausted(const struct sweep *sw)
{
	return sw->out->steps >= sw->max_steps;
}

/* ---- blocks ---------------------------------------------------------------- */

#define NO_BLOCK SIZE_MAX

static bool filter_has(const struct walk_filter *f, uint32_t hash)
{
	return f->bits[hash / 64 % 32] >> hash % 64 & 1;
}

static void filter_add(struct walk_filter *f, uint32_t hash)
{
	f->bits[hash / 64 % 32] |= 1ull << hash % 64;
}

static size_t block_at(const struct walk *w, uint32_t start)
{
	if (!filter_has(&w->block_filter, start / 2))
		return NO_BLOCK;
	for (size_t i = 0; i < w->count; i++)
		if (w->starts[i] == start)
			return i;
	return NO_BLOCK;
}

/* Room for one more. */
static bool block_room(struct walk *w)
{
	size_t room = w->room ? w->room * 2 : 16;
	struct sweep_block *blocks;
	uint32_t *starts;
	bool *queued;

	if (w->count < w->room)
		return true;
	blocks = realloc(w->blocks, room * sizeof *blocks);
	w->blocks = blocks ? blocks : w->blocks;
	starts = realloc(w->starts, room * sizeof *starts);
	w->starts = starts ? starts : w->starts;
	queued = realloc(w->queued, room * sizeof *queued);
	w->queued = queued ? queued : w->queued;
	if (!blocks || !starts || !queued)
		return false;
	w->room = room;
	return true;
}

void walk_edge(struct walk *w, uint32_t to)
{
	uint32_t from = w->sw->block[w->sw->depth], hash = from / 2 * 31 + to / 2;

	for (size_t i = 0; filter_has(&w->edge_filter, hash) && i < w->edge_count; i++)
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
	filter_add(&w->edge_filter, hash);
	w->edges[w->edge_count++] = (struct sweep_edge){from, to, w->choice};
}

bool walk_has_block(const struct walk *w, uint32_t start)
{
	return block_at(w, start) != NO_BLOCK;
}

/* Another round of a loop that constants decide? Not joined with the last. */
static bool told_apart(struct walk *w)
{
	if (!w->alone || w->choice || w->unrolled >= UNROLL_MAX ||
	    w->sw->unrolled >= w->sw->max_steps / UNROLL_SHARE)
		return false;
	w->unrolled++;
	w->sw->unrolled++;
	return true;
}

void walk_to(struct walk *w, uint32_t start, const struct abs_state *s)
{
	size_t at = block_at(w, start);
	/* back into what is being walked: the loop is this block */
	bool round = start <= w->sw->pc && start >= w->sw->block[w->sw->depth];
	struct sweep_block *b;

	walk_edge(w, start);

	if (at == NO_BLOCK) {
		if (!block_room(w))
			return;
		at = w->count++;
		filter_add(&w->block_filter, start / 2);
		w->starts[at] = start;
		w->queued[at] = true;
		w->blocks[at] = (struct sweep_block){.in = *s, .round = at && round};
		return;
	}
	b = &w->blocks[at];
	if (told_apart(w)) {
		b->in = *s;
		b->round = true;
		w->queued[at] = true;
	} else if (b->joins < JOINS_MAX && abs_state_join(&b->in, s)) {
		b->joins++;
		w->queued[at] = true;
	}
}

static bool decode_at(const struct sweep *sw, uint32_t pc, struct arm_insn *insn)
{
	uint16_t hw[2] = {0, 0};

	if (pc - 0x20000000u < 0x20000000u)
		pc = sweep_load_address(sw->img, pc);
	if (!image_read(sw->img, pc, &hw[0], 2))
		return false;
	image_read(sw->img, pc + 2, &hw[1], 2);
	arm_decode(hw[0], hw[1], insn);
	return insn->kind != ARM_KIND_UDF;
}

bool sweep_fetch(const struct sweep *sw, uint32_t pc, struct arm_insn *insn)
{
	struct sweep_insn *known = &sw->insns[pc / 2 % SWEEP_INSNS];

	if (known->pc != pc || !pc) {
		known->ok = decode_at(sw, pc, &known->insn);
		known->pc = pc;
	}
	*insn = known->insn;
	return known->ok;
}

void walk_leave(struct walk *w, const struct abs_state *s)
{
	if (!w->returned)
		w->exit = *s;
	else
		abs_state_join(&w->exit, s);
	w->returned = true;
}

/* ---- one function ------------------------------------------------------------- */

static size_t next_block(const struct walk *w)
{
	const bool *found = w->count ? memchr(w->queued, true, w->count) : NULL;

	return found ? (size_t)(found - w->queued) : NO_BLOCK;
}

/* What this function has to do with each hit found in or below it: its condition,
 * unless a function further in already has one; whether it is a dead end. */
static void name_conditions(const struct walk *w, size_t first_number)
{
	struct sweep *sw = w->sw;

	for (size_t i = 0; i < sw->out->hit_count; i++) {
		if (sw->hit_number[i] < first_number)
			continue;
		if (!w->returned && !sweep_exhausted(sw))
			sw->out->hits[i].no_return |= 1u << sw->depth;
		if (!sw->out->hits[i].branch)
			sw->out->hits[i].branch = deciding_branch(
				w->edges, w->edge_count, sw->hit_block[i][sw->depth]);
	}
}

void walk_function(struct sweep *sw, uint32_t entry, const struct abs_state *in, struct walk *w)
{
	size_t at;
	struct abs_state *s = malloc(sizeof *s);
	size_t first_number = sw->hits_added;
	struct abs_state *outer = sw->now;
	uint32_t assumed_at = sw->assumed_at;

	if (!s)
		return;
	sw->out->functions++;
	w->sw = sw;
	w->entry = entry;
	sw->assumed_at = 0;
	sw->decision_count[sw->depth] = 0;
	sw->block[sw->depth] = 0;
	walk_to(w, entry, in);
	while ((at = next_block(w)) != NO_BLOCK && !sweep_exhausted(sw)) {
		uint32_t start = w->starts[at];

		w->queued[at] = false;
		w->alone = next_block(w) == NO_BLOCK;
		*s = w->blocks[at].in;
		sw->block[sw->depth] = start;
		sw->round = w->blocks[at].round;
		walk_block(w, start, s);
	}
	name_conditions(w, first_number);
	sw->now = outer;
	sw->assumed_at = assumed_at;
	free(s);
}

void walk_fini(struct walk *w)
{
	free(w->blocks);
	free(w->starts);
	free(w->queued);
	free(w->edges);
}

/* ---- the whole image --------------------------------------------------------------- */

static void walk_root(struct sweep *sw, struct sweep_root *root)
{
	struct abs_state *in = malloc(sizeof *in);
	struct walk *w = calloc(1, sizeof *w);

	if (in && w) {
		abs_state_init(in, 0);
		in->gate = root->is_reset ? GATE_OFF : GATE_UNKNOWN;
		in->deep = in->standby = in->gate;
		sw->root = root;
		sw->depth = 0;
		sw->root_start = sw->out->steps;
		sw->entries[0] = root->entry;
		walk_function(sw, root->entry, in, w);
		root->returns = w->returned;
		walk_fini(w);
	}
	free(w);
	free(in);
}

static void add_vectors(struct sweep *sw, uint32_t vectors, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t entry = 0;
		struct sweep_root *root;

		if (!image_read(sw->img, vectors + 4 * (uint32_t)i, &entry, 4) || !(entry & 1))
			continue;
		root = roots_add(sw, entry, true);
		if (root && i == 1)
			root->is_reset = true;
	}
}

/* Could somebody have switched AFIO's clock on before this root's store, whose
 * own way there does not say? */
static bool may_be_clocked(const struct sweep *sw, const struct sweep_root *root)
{
	for (size_t i = 0; i < sw->root_count; i++) {
		const struct sweep_root *r = &sw->roots[i];

		if (r->enables_afio && (r != root || r->is_vector || r->returns))
			return true;
	}
	return false;
}

static void settle_gates(struct sweep *sw, bool clocked)
{
	for (size_t i = 0; i < sw->out->hit_count; i++)
		sw->out->hits[i].gate_off =
			sw->hit_gate[i] == GATE_OFF ||
			(sw->hit_gate[i] == GATE_UNKNOWN && !clocked &&
			 !may_be_clocked(sw, sw->hit_root[i]));
}

/* Walking finds more roots; they are appended. Variables that were found to
 * hold SWJ_CFG=100 may have been read before. */
static void walk_all(struct sweep *sw)
{
	size_t cells;

	do {
		cells = sw->cell_count;
		for (size_t i = 0; i < sw->root_count && !sweep_exhausted(sw); i++)
			walk_root(sw, &sw->roots[i]);
		memo_clear(sw);
	} while (sw->cell_count != cells && !sweep_exhausted(sw));
}

static bool has_hit(const struct sweep_result *r, const struct sweep_hit *h)
{
	for (size_t i = 0; i < r->hit_count; i++)
		if (r->hits[i].store_pc == h->store_pc && r->hits[i].origin == h->origin)
			return true;
	return false;
}

/* The others weigh less, and are not worth another walk. */
static bool has_swj_hit(const struct sweep_result *r)
{
	for (size_t i = 0; i < r->hit_count; i++)
		if (r->hits[i].kind == SWEEP_SWJ)
			return true;
	return false;
}

static void walk_again(struct sweep *sw, struct sweep_result *out)
{
	*out = (struct sweep_result){0};
	sw->out = out;
	memset(sw->walks, 0, sizeof sw->walks);
	memset(sw->cost, 0, sizeof sw->cost);
	sw->unrolled = 0;
	walk_all(sw);
}

/* Which hits are there only because variables may hold anything? */
static void doubt_hits(struct sweep *sw)
{
	struct sweep_result *all = sw->out, *again = malloc(sizeof *again);

	if (!again)
		return;
	sw->variables = VARIABLES_NOTED;
	walk_again(sw, again);
	sw->variables = VARIABLES_TRUSTED;
	if (!sweep_exhausted(sw))
		walk_again(sw, again);
	for (size_t i = 0; !sweep_exhausted(sw) && i < all->hit_count; i++)
		all->hits[i].doubtful = !has_hit(again, &all->hits[i]);
	sw->out = all;
	free(again);
}

static void sweep_free(struct sweep *sw)
{
	if (sw) {
		memo_clear(sw);
		free(sw->words);
		free(sw->memo);
		free(sw->insns);
	}
	free(sw);
}

enum status sweep_image(const struct image *img, uint32_t vectors, size_t vector_count,
			bool clocked, size_t max_steps, struct sweep_result *out, struct err *err)
{
	struct sweep *sw = calloc(1, sizeof *sw);

	memset(out, 0, sizeof *out);
	if (!sw || !(sw->memo = calloc(SWEEP_MEMO_SIZE, sizeof *sw->memo)) ||
	    !(sw->insns = calloc(SWEEP_INSNS, sizeof *sw->insns)) ||
	    !(sw->words = calloc(SWEEP_WORDS, sizeof *sw->words))) {
		sweep_free(sw);
		return err_set(err, STATUS_NO_MEMORY, "no memory for the sweep");
	}
	sw->img = img;
	sw->out = out;
	sw->max_steps = max_steps;
	add_vectors(sw, vectors, vector_count);
	roots_from_data(sw);
	walk_all(sw);
	settle_gates(sw, clocked);
	out->complete = !sweep_exhausted(sw);
	if (out->complete && has_swj_hit(out))
		doubt_hits(sw);
	sweep_free(sw);
	return STATUS_OK;
}
