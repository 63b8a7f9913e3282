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

/* ---- depth of calls along the trace ------------------------------------------------- */

static int depth_change(const struct step *s)
{
	struct arm_insn insn;
	struct arm_effects e;

	if (s->kind == STEP_EXCEPTION_ENTRY)
		return 1;
	if (s->kind != STEP_INSTRUCTION)
		return 0;
	step_decode(s, &insn);
	if (!step_executed(s, &insn))
		return 0;
	arm_effects(&insn, s->r[15], &e);
	if (e.flow == ARM_FLOW_CALL || e.flow == ARM_FLOW_CALL_REG)
		return 1;
	return e.flow == ARM_FLOW_RETURN ? -1 : 0;
}

/* depth[i]: calls deep before step i, relative to the trace's start. */
static int32_t *depths(const struct trace *t)
{
	int32_t *depth = calloc(t->count + 1, sizeof *depth);

	for (size_t i = 0; depth && i < t->count; i++)
		depth[i + 1] = depth[i] + depth_change(&t->steps[i]);
	return depth;
}

/* The call by which the bit that entered at step `at` went down: the last step
 * before the first deeper hop that leaves the depth of `at` by calling. */
static bool crossing_call(const struct trace *t, const struct slice *slice, size_t at,
			  size_t *call)
{
	int32_t *depth = depths(t);
	bool found = false;
	size_t deeper = 0;

	if (!depth)
		return false;
	for (size_t i = slice->hop_count; i-- > 0 && !deeper;)
		if (slice->hops[i] > at && depth[slice->hops[i]] > depth[at])
			deeper = slice->hops[i];
	for (size_t i = deeper; deeper && i-- > at && !found;)
		if (depth[i] == depth[at] && depth[i + 1] > depth[i]) {
			*call = i;
			found = true;
		}
	free(depth);
	return found;
}

/* ---- inlined calls ---------------------------------------------------------------------- */

static bool named_for_it(const char *function)
{
	static const char *const words[] = {"swj", "SWJ", "debug", "Debug", "jtag", "JTAG",
					    "remap", "Remap", "afio", "AFIO", "swd", "SWD"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(function, words[i]))
			return true;
	return false;
}

#define SPL_SWJ_DISABLE 0x00300400u /* GPIO_Remap_SWJ_Disable: position and value packed */

/* Is this parameter the value that ends up as SWJ_CFG = 100? */
static bool is_the_constant(uint32_t v, const char *function)
{
	return (v >> SWJ_SHIFT & 7) == SWJ_OFF || v == SPL_SWJ_DISABLE ||
	       (v == SWJ_OFF && named_for_it(function));
}

static bool parameter_carries(const struct image *img, const struct step *s, uint32_t pc,
			      unsigned frame, const char *function)
{
	struct image_parameter p[16];
	size_t n = image_parameters_at(img, pc, frame, p, 16);

	for (size_t i = 0; i < n; i++) {
		uint32_t v = p[i].kind == IMAGE_PARAMETER_REGISTER ? s->r[p[i].value & 15]
								   : p[i].value;

		if (is_the_constant(v, function))
			return true;
	}
	return false;
}

/* The statement at a step, climbed out of inlined functions that were given
 * the constant. */
static void blame_step(const struct image *img, const struct step *s, struct lockout_place *out)
{
	struct lockout_place places[8];
	size_t n = places_at(img, s->r[15], places, 8), k = 0;

	while (k + 1 < n &&
	       parameter_carries(img, s, s->r[15], (unsigned)k, places[k].function))
		k++;
	*out = places[k];
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
 * narrow stores on every lane; a bit-band store carries one bit. */
static bool stored_bit(const struct mcu_store *store, unsigned *bit)
{
	unsigned swj_bit = SWJ_SHIFT + 2;

	if (store->address >= 0x42000000 && store->address < 0x44000000) {
		*bit = 0;
		return (store->address >> 2 & 31) == swj_bit;
	}
	*bit = store->size >= 4 ? swj_bit : swj_bit % (8u * store->size);
	return true;
}

/* A table entry's address came from somewhere too: that is the choice. */
static void slice_table(const struct trace *t, const struct subject *s, struct slice *slice)
{
	struct slice base;
	struct arm_insn insn;

	step_decode(&t->steps[slice->at], &insn);
	slice_register(t, s, slice->at, insn.rn,
		       slice->address >= 0x20000000 ? 29 : 27, &base);
	if (base.origin != ORIGIN_CONSTANT)
		return;
	for (size_t i = 0; i < base.hop_count && slice->hop_count < HOPS_MAX; i++)
		slice->hops[slice->hop_count++] = base.hops[i];
	slice->at = base.at;
}

static void blame_slice(const struct trace *t, const struct subject *s,
			const struct mcu_store *store, size_t at, struct blame *out)
{
	struct slice slice;
	unsigned bit;
	size_t entered, call;

	out->blame = out->store;
	if (!stored_bit(store, &bit)) {
		out->origin = ORIGIN_READBACK;
		return;
	}
	slice_store(t, s, at, store->address, bit, &slice);
	out->origin = slice.origin;
	if (slice.origin == ORIGIN_TABLE) {
		out->table = slice.address;
		slice_table(t, s, &slice);
	} else if (slice.origin != ORIGIN_CONSTANT) {
		return;
	}
	entered = slice.at;
	if (crossing_call(t, &slice, entered, &call))
		entered = call;
	blame_step(s->img, &t->steps[entered], &out->blame);
}

static void fill_stack(const struct subject *s, const struct trace *t, const struct step *at,
		       struct blame *out)
{
	out->stack_len = stack_take(s->img, t->m, at, out->stack, LOCKOUT_STACK_MAX);
	out->store = out->stack[0];
	out->blame = out->stack[0];
	task_name(s->img, t->m, out->task, sizeof out->task);
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
		fill_stack(s, &t, &t.steps[at], out);
		blame_slice(&t, s, &change->store, at, out);
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
	enum status status = trace_take(s, plan, instructions, 64, &t, err);

	if (status != STATUS_OK)
		return status;
	*out = (struct blame){0};
	fill_stack(s, &t, t.count ? &t.steps[t.count - 1] : &t.after, out);
	trace_fini(&t);
	return STATUS_OK;
}
