/*
 * Which statement must a person change? The one where the constant entered,
 * not the library's store. The bit that switches SWD off is followed back from
 * the store (slice.c); where it entered, one of three things is blamed:
 *
 *   the caller's call, when the bit went into a callee as an argument (or a
 *   table's address did);
 *   the call that was inlined, when an inlined function got the constant as
 *   a parameter;
 *   else the statement that holds the constant.
 */
#include <stdlib.h>

#include "lockout/lockout_internal.h"

#define TRACE_WINDOW 32768u

/* ---- inlined calls ---------------------------------------------------------------------- */

/* How many inlined frames the places of two addresses of one function share,
 * counted from the outside. */
static size_t shared_frames(const struct lockout_place *a, size_t na,
			    const struct lockout_place *b, size_t nb)
{
	size_t n = 0;

	while (n < na && n < nb && strcmp(a[na - 1 - n].function, b[nb - 1 - n].function) == 0)
		n++;
	return n;
}

/* The bit entered outside of an inlined function and was used inside: that
 * call is like any other that takes it as an argument. */
static bool inlined_call(const struct image *img, const struct trace *t, const int32_t *depth,
			 const struct slice *slice, size_t at, struct lockout_place *out)
{
	struct lockout_place origin[8], use[8];
	size_t n = places_at(img, t->steps[at].r[15], origin, 8);

	for (size_t i = slice->hop_count; i-- > 0;) {
		size_t hop = slice->hops[i].at, m, shared;

		if (hop <= at || depth[hop] != depth[at])
			continue;
		m = places_at(img, t->steps[hop].r[15], use, 8);
		shared = shared_frames(origin, n, use, m);
		if (shared == n && m > n && n) {
			*out = use[m - n];
			return true;
		}
	}
	return false;
}

/* ---- the store ---------------------------------------------------------------------------- */

/* The step that did the store, near the trace's end. */
static bool find_store(const struct trace *t, uint32_t pc, size_t *at)
{
	for (size_t i = t->count; i-- > 0 && t->count - i < 64;)
		if (t->steps[i].r[15] == pc && t->steps[i].kind == STEP_INSTRUCTION) {
			*at = i;
			return true;
		}
	return false;
}

/* Which bit of the stored register became SWJ_CFG's bit 2. The bridge repeats
 * narrow stores on every lane; a bit-band store carries one bit. Of any other
 * store (an option byte's) one bit is as good as the next. */
static bool stored_bit(const struct mcu_store *store, unsigned *bit)
{
	unsigned swj_bit = SWJ_SHIFT + 2;

	if (store->target != AFIO_MAPR_ADDRESS) {
		*bit = store->value ? (unsigned)__builtin_ctz(store->value) : 0;
		return true;
	}
	if (store->address >= 0x42000000 && store->address < 0x44000000) {
		*bit = 0;
		return (store->address >> 2 & 31) == swj_bit;
	}
	*bit = store->size >= 4 ? swj_bit : swj_bit % (8u * store->size);
	return true;
}

/* A table's entry was chosen with the table or the index: the call that passed
 * them down, else the statement that knows the table. */
static void choose_entry(const struct trace *t, const struct subject *s, const int32_t *depth,
			 struct slice *slice)
{
	struct slice base;
	struct arm_insn insn;
	struct arm_effects e;
	size_t constant;

	step_decode(&t->steps[slice->at], &insn);
	arm_effects(&insn, t->steps[slice->at].r[15], &e);
	if (depends_on_caller(t, depth, slice->at, e.reads, &constant)) {
		if (slice->hop_count < HOPS_MAX)
			slice->hops[slice->hop_count++] = (struct hop){slice->at, 0};
		slice->at = constant;
		return;
	}
	slice_register(t, s, slice->at, insn.rn, slice->address >= 0x20000000 ? 29 : 27, &base);
	if (base.origin != ORIGIN_CONSTANT)
		return;
	for (size_t i = 0; i < base.hop_count && slice->hop_count < HOPS_MAX; i++)
		slice->hops[slice->hop_count++] = base.hops[i];
	slice->at = base.at;
}

/* Where a flash address is copied to before main(): initialised variables. */
static bool is_initialiser(const struct image *img, uint32_t address)
{
	size_t n;
	const struct image_section *s = image_sections(img, &n);

	for (size_t i = 0; i < n; i++)
		if (s[i].run_address != s[i].load_address && s[i].run_address >= 0x20000000 &&
		    address - s[i].load_address < s[i].len)
			return true;
	return false;
}

/* A variable with a value from start-up (or from long ago): it enters where
 * the variable was last read. */
static bool enter_by_variable(struct slice *slice)
{
	for (size_t i = slice->hop_count; i-- > 0;)
		if (slice->hops[i].address >= 0x20000000 && slice->hops[i].address < 0x40000000) {
			slice->at = slice->hops[i].at;
			return true;
		}
	return false;
}

/* Bring slice->at to where a person's choice entered; false: unknown. */
static bool settle_origin(const struct trace *t, const struct subject *s, const int32_t *depth,
			  struct slice *slice, struct blame *out)
{
	switch (slice->origin) {
	case ORIGIN_CONSTANT:
		return true;
	case ORIGIN_TABLE:
		out->table = slice->address;
		if (is_initialiser(s->img, slice->address) && enter_by_variable(slice))
			return true;
		choose_entry(t, s, depth, slice);
		return true;
	case ORIGIN_MEMORY:
		return enter_by_variable(slice);
	default:
		return false;
	}
}

/* An inlined function around one of the steps was given the constant. */
static bool chosen_inlined(const struct image *img, const struct trace *t, const int32_t *depth,
			   const struct slice *slice, struct blame *out)
{
	const struct step *origin = &t->steps[slice->at];

	for (size_t i = 0; i < slice->hop_count; i++) {
		const struct step *s = &t->steps[slice->hops[i].at];

		if (depth[slice->hops[i].at] == depth[slice->at] &&
		    inlined_choice(img, s->r[15], s->r, out->table, &out->blame))
			return true;
	}
	return inlined_choice(img, origin->r[15], origin->r, out->table, &out->blame);
}

/* The call (or jump, at a call's end) by which the function of step `at` was
 * entered. */
static bool entering_call(const struct trace *t, const struct subject *s, size_t at, size_t *call)
{
	const struct image_symbol *f = image_symbol_at(s->img, t->steps[at].r[15]);

	for (size_t i = at; f && i-- > 0;)
		if (t->steps[i + 1].r[15] == f->address && t->steps[i].kind == STEP_INSTRUCTION) {
			*call = i;
			return true;
		}
	return false;
}

/* Blame a step's statement, or where the functions around it were given the
 * constant that they were compiled for. */
static void blame_step(const struct trace *t, const struct subject *s, size_t at, uint32_t table,
		       struct lockout_place *out)
{
	bool whole = true;

	for (;;) {
		const struct step *step = &t->steps[at];

		(void)inlined_climb(s->img, step->r[15], step->r, table, out, &whole);
		if (!whole || !entering_call(t, s, at, &at))
			return;
	}
}

static void blame_origin(const struct trace *t, const struct subject *s, const int32_t *depth,
			 struct slice *slice, struct blame *out)
{
	size_t call;

	if (slice_crossing(t, depth, slice, &call))
		blame_step(t, s, call, out->table, &out->blame);
	else if (choice_call(t, s, depth, slice->at, &call))
		blame_step(t, s, call, 0, &out->blame);
	else if (!chosen_inlined(s->img, t, depth, slice, out) &&
		 !inlined_call(s->img, t, depth, slice, slice->at, &out->blame))
		blame_step(t, s, slice->at, out->table, &out->blame);
}

static void blame_slice(const struct trace *t, const struct subject *s,
			const struct mcu_store *store, size_t at, struct blame *out)
{
	int32_t *depth = trace_depths(t);
	struct slice slice;
	unsigned bit;

	if (!depth)
		return;
	if (!stored_bit(store, &bit)) {
		out->origin = ORIGIN_READBACK;
	} else {
		slice_store(t, s, at, store->address, bit, &slice);
		out->origin = slice.origin;
		if (settle_origin(t, s, depth, &slice, out))
			blame_origin(t, s, depth, &slice, out);
	}
	free(depth);
}

/* At step `at`; behind the last one: as the chip is then. */
static void fill_stack(const struct subject *s, const struct trace *t, size_t at,
		       struct blame *out)
{
	size_t frames;

	out->stack_len = at < t->count ? stack_of_step(s->img, t, at, out->stack, LOCKOUT_STACK_MAX)
				       : stack_take(s->img, t->m, &t->after, out->stack,
						    LOCKOUT_STACK_MAX, &frames);
	out->store = out->stack[0];
	out->blame = out->stack[0];
	task_name(s->img, t->m, out->task, sizeof out->task);
}

/* The frame that a jump at a function's end left out of the call stack. */
static void insert_caller(struct blame *out)
{
	size_t at = 0;

	while (at < out->stack_len && !is_library_helper(out->stack[at].function))
		at++;
	while (at < out->stack_len && is_library_helper(out->stack[at].function))
		at++;
	if (at == LOCKOUT_STACK_MAX ||
	    (at < out->stack_len && out->stack[at].address == out->blame.address))
		return;
	if (out->stack_len < LOCKOUT_STACK_MAX)
		out->stack_len++;
	memmove(out->stack + at + 1, out->stack + at,
		(out->stack_len - 1 - at) * sizeof out->stack[0]);
	out->stack[at] = out->blame;
}

/* Who called the library's function that needs no telling; a jump at a caller's end
 * leaves no frame, so the trace is asked first. */
static void blame_out_of_helpers(const struct trace *t, const struct subject *s, size_t at,
				 struct blame *out)
{
	bool inside = false;

	do {
		struct lockout_place places[8];
		size_t n = places_at(s->img, t->steps[at].r[15], places, 8);

		for (size_t i = 0; i < n; i++) {
			bool helper = is_library_helper(places[i].function);

			if (inside && !helper) {
				out->blame = places[i];
				insert_caller(out);
				return;
			}
			inside |= helper;
		}
	} while (entering_call(t, s, at, &at));
	helpers_caller(out->stack, out->stack_len, &out->blame);
}

enum status blame_store(const struct subject *s, const struct plan *plan,
			const struct swj_change *change, struct blame *out, struct err *err)
{
	struct trace t;
	size_t at;
	enum status status = trace_take(s, plan, change->instructions, TRACE_WINDOW, &t, err);

	if (status != STATUS_OK)
		return status;
	*out = (struct blame){0};
	if (find_store(&t, change->store.pc, &at)) {
		fill_stack(s, &t, at, out);
		blame_slice(&t, s, &change->store, at, out);
		if (is_library_helper(out->blame.function))
			blame_out_of_helpers(&t, s, at, out);
	} else {
		lockout_place_at(s->img, change->store.pc, &out->store);
		out->blame = out->stack[0] = out->store;
		out->stack_len = 1;
	}
	trace_fini(&t);
	return STATUS_OK;
}

enum status blame_point(const struct subject *s, const struct plan *plan, uint64_t instructions,
			struct blame *out, struct err *err)
{
	struct trace t;
	enum status status = trace_take(s, plan, instructions, TRACE_WINDOW, &t, err);

	if (status != STATUS_OK)
		return status;
	*out = (struct blame){0};
	fill_stack(s, &t, t.count ? t.count - 1 : 0, out);
	trace_fini(&t);
	return STATUS_OK;
}
