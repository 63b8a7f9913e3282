/*
 * Places and call stacks. Frames are unwound by the image room; here the
 * exception frames between them are crossed (DDI 0403 B1.5.6) and inlined
 * functions are spelled out. Where the image has no frame information (a raw
 * dump, a stripped file, assembly) the calls that the trace saw tell as much,
 * back to where it begins.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lockout/lockout_internal.h"

#define INLINES_MAX 12u

static void copy_text(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

static void place_from_inline(uint32_t pc, const struct image_inline *i, struct lockout_place *out)
{
	*out = (struct lockout_place){.address = pc, .line = i->where.line};
	copy_text(out->function, sizeof out->function, i->function);
	copy_text(out->file, sizeof out->file, i->where.file);
}

/* An address's places, innermost inlined function first. */
size_t places_at(const struct image *img, uint32_t pc, struct lockout_place *out, size_t max)
{
	struct image_inline inlines[INLINES_MAX];
	struct image_line line;
	size_t n;

	if (max == 0)
		return 0;
	n = image_inlines_at(img, pc, inlines, max < INLINES_MAX ? max : INLINES_MAX);
	for (size_t i = 0; i < n; i++)
		place_from_inline(pc, &inlines[i], &out[i]);
	if (n == 0) {
		out[0] = (struct lockout_place){.address = pc};
		n = 1;
	}
	if (out[0].line == 0 && image_line_at(img, pc, &line)) {
		out[0].line = line.line;
		copy_text(out[0].file, sizeof out[0].file, line.file);
	}
	return n;
}

void lockout_place_at(const struct image *img, uint32_t pc, struct lockout_place *out)
{
	(void)places_at(img, pc, out, 1);
}

static bool peek_word(void *ctx, uint32_t address, uint32_t *word)
{
	return mcu_peek(ctx, address, word, 4);
}

/* The call that returns to `lr`; false when no call stands before it. */
static bool call_before(const struct mcu *m, uint32_t lr, uint32_t *call)
{
	uint16_t hw[2];
	uint32_t at = lr & ~1u;

	if (!(lr & 1) || !mcu_peek(m, at - 4, hw, 4))
		return false;
	if ((hw[0] & 0xF800) == 0xF000 && (hw[1] & 0xD000) == 0xD000) /* BL */
		*call = at - 4;
	else if ((hw[1] & 0xFF87) == 0x4780) /* BLX Rm */
		*call = at - 2;
	else
		return false;
	return true;
}

/* Handler, thread on MSP, thread on PSP (DDI 0403 B1.5.8). LR after reset, all
 * ones, is none of them: that is where a stack ends. */
static bool is_exc_return(uint32_t pc)
{
	uint32_t value = pc | 1;

	return value == 0xFFFFFFF1 || value == 0xFFFFFFF9 || value == 0xFFFFFFFD;
}

/* r0-r3, r12, lr, pc, xPSR on the stack that EXC_RETURN names. */
static bool cross_exception(const struct mcu *m, uint32_t psp, struct image_regs *regs)
{
	uint32_t sp = regs->r[15] & 4 ? psp : regs->r[13], frame[8];

	if (!mcu_peek(m, sp, frame, sizeof frame))
		return false;
	memcpy(regs->r, frame, 16);
	regs->r[12] = frame[4];
	regs->r[14] = frame[5];
	regs->r[15] = frame[6] & ~1u;
	regs->r[13] = sp + 32 + (frame[7] >> 9 & 1) * 4;
	return true;
}

/* One frame up: `pc` becomes the calling (or interrupted) instruction. */
static bool frame_up(const struct image *img, const struct mcu *m, uint32_t psp,
		     struct image_regs *regs, uint32_t *pc)
{
	/* the memory callback takes a plain context and only reads */
	if (!image_unwind(img, regs, peek_word, (void *)(uintptr_t)m))
		return false;
	if (is_exc_return(regs->r[15])) {
		if (!cross_exception(m, psp, regs))
			return false;
		*pc = regs->r[15];
		return true;
	}
	if (!call_before(m, regs->r[15], pc))
		return false;
	regs->r[15] = *pc; /* within the caller, for its own unwinding */
	return true;
}

/* ---- without frame information: by the calls that were seen ---------------------------- */

/* Going back from step `from`, which lies at `depth`: the step that called or
 * was interrupted there. False at the window's beginning, at a reset, and where
 * a handler returned to something else than it had interrupted: another task. */
static bool step_below(const struct trace *t, const int32_t *depths, size_t from, size_t *below)
{
	int32_t depth = depths[from];
	uint32_t resumed = t->steps[from].r[15];

	for (size_t i = from; i-- > 0;) {
		const struct step *s = &t->steps[i];

		if (t->steps[i + 1].r[14] == UINT32_MAX && s->r[14] != UINT32_MAX)
			return false; /* a reset */
		if (depths[i] == depth && depths[i + 1] > depth && s->kind == STEP_EXCEPTION_ENTRY &&
		    s->r[15] != resumed)
			return false;
		if (depths[i] == depth)
			resumed = s->r[15];
		if (depths[i] < depth) {
			*below = i;
			return true;
		}
	}
	return false;
}

/* How many calls and interruptions lie under step `at`. */
static size_t calls_below(const struct trace *t, const int32_t *depths, size_t at)
{
	size_t n = 0;

	while (step_below(t, depths, at, &at))
		n++;
	return n;
}

size_t stack_of_step(const struct image *img, const struct trace *t, size_t at,
		     struct lockout_place *out, size_t max)
{
	size_t frames, n = stack_take(img, t->m, &t->steps[at], out, max, &frames);
	int32_t *depths = trace_depths(t);

	if (depths && calls_below(t, depths, at) + 1 > frames) {
		n = 0;
		do
			n += places_at(img, t->steps[at].r[15], out + n, max - n);
		while (n < max && step_below(t, depths, at, &at));
	}
	free(depths);
	return n;
}

/* ---- with it ---------------------------------------------------------------------------- */

size_t stack_take(const struct image *img, const struct mcu *m, const struct step *at,
		  struct lockout_place *out, size_t max, size_t *frames)
{
	struct image_regs regs;
	uint32_t pc = at->r[15], last_pc, last_sp;
	size_t n = 0;

	*frames = 0;
	memcpy(regs.r, at->r, sizeof regs.r);
	do {
		++*frames;
		n += places_at(img, pc, out + n, max - n);
		last_pc = pc;
		last_sp = regs.r[13];
		/* A function that never returns saves no LR: unwound, it calls itself for ever. */
	} while (n < max && frame_up(img, m, at->psp, &regs, &pc) &&
		 !(pc == last_pc && regs.r[13] == last_sp));
	return n;
}
