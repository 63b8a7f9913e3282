/*
 * One step up the call stack. Rules come from DWARF call frame information
 * where the file has it; else from reading the function's own prologue: how
 * far it moved the stack pointer and where it put LR. Source: DWARF 4 section
 * 6.4; AAPCS (IHI 0042) section 5; encodings from DDI 0403 A5.
 *
 * Not modelled: prologues that move SP by a register, frames of -mapcs-frame.
 */
#include "image/image_internal.h"

enum { SP = 13, LR = 14, PC = 15 };

struct rule {
	uint8_t kind; /* enum frame_rule */
	int32_t value;
};

static bool apply_rule(const struct rule *rule, unsigned reg, uint32_t cfa,
		       const struct image_regs *from, image_memory_fn memory, void *ctx,
		       uint32_t *out)
{
	switch (rule->kind) {
	case RULE_AT_CFA:
		return memory(ctx, cfa + (uint32_t)rule->value, out);
	case RULE_CFA_PLUS:
		*out = cfa + (uint32_t)rule->value;
		return true;
	case RULE_REGISTER:
		*out = from->r[rule->value & 15];
		return true;
	case RULE_UNDEFINED:
	case RULE_SAME:
		*out = from->r[reg];
		return true;
	}
	return false;
}

/* answer: CFA register u8, offset i32, then 15 rules (r0..r14) of kind u8, value i32 */
static bool unwind_by_rules(struct cursor *answer, struct image_regs *regs,
			    image_memory_fn memory, void *ctx)
{
	struct image_regs up;
	unsigned base = cursor_u8(answer) & 15;
	uint32_t cfa = regs->r[base] + cursor_le32(answer);

	for (unsigned i = 0; i < 15; i++) {
		struct rule rule = {.kind = cursor_u8(answer)};

		rule.value = (int32_t)cursor_le32(answer);
		if (i == SP && rule.kind == RULE_SAME)
			rule = (struct rule){.kind = RULE_CFA_PLUS};
		if (i == LR && rule.kind == RULE_UNDEFINED)
			return false;
		if (!apply_rule(&rule, i, cfa, regs, memory, ctx, &up.r[i]))
			return false;
	}
	if (answer->overrun)
		return false;
	up.r[PC] = up.r[LR];
	*regs = up;
	return true;
}

/* ---- by the prologue -------------------------------------------------------------- */

struct prologue {
	uint32_t depth;      /* bytes between SP now and SP at entry */
	uint32_t saved_at[16]; /* distance below the entry SP, 0: not saved */
	uint32_t frame_depth; /* depth when r7 was set from SP */
	bool frame_pointer;
};

/* PUSH of a register list: the highest number lies highest. */
static void note_push(struct prologue *p, uint32_t list)
{
	uint32_t n = (uint32_t)__builtin_popcount(list);
	uint32_t at = p->depth + 4 * n;

	for (unsigned r = 0; r < 16; r++) {
		if (!(list & 1u << r))
			continue;
		if (!p->saved_at[r])
			p->saved_at[r] = at;
		at -= 4;
	}
	p->depth += 4 * n;
}

/* DDI 0403 A5.3.2, without the forms that repeat a byte: no frame has such a size. */
static uint32_t modified_immediate(uint16_t hw1, uint16_t hw2)
{
	uint32_t rotation = (hw1 >> 10 & 1u) << 4 | (hw2 >> 12 & 7u) << 1 | (hw2 >> 7 & 1u);

	return rotation < 8 ? hw2 & 0xFFu : (0x80u | (hw2 & 0x7Fu)) << (32 - rotation);
}

/* One instruction of a prologue; anything else changes nothing. Returns its
 * size. */
static uint32_t read_prologue(struct prologue *p, uint16_t hw1, uint16_t hw2)
{
	if ((hw1 & 0xFE00) == 0xB400) /* push {list, lr} */
		note_push(p, (hw1 & 0xFFu) | (hw1 & 0x100 ? 1u << LR : 0));
	else if ((hw1 & 0xFF80) == 0xB080) /* sub sp, #imm7 * 4 */
		p->depth += (hw1 & 0x7Fu) * 4;
	else if ((hw1 & 0xFF00) == 0xAF00 || hw1 == 0x466F) { /* add r7, sp, #imm; mov r7, sp */
		p->frame_pointer = true;
		p->frame_depth = p->depth - (hw1 == 0x466F ? 0 : (hw1 & 0xFFu) * 4);
	} else if (hw1 == 0xE92D) /* push.w {list} */
		note_push(p, hw2 & 0x5FFFu);
	else if (hw1 == 0xF84D && (hw2 & 0x0FFF) == 0x0D04) /* str rt, [sp, #-4]! */
		note_push(p, 1u << (hw2 >> 12));
	else if ((hw1 == 0xF1AD || hw1 == 0xF5AD) && (hw2 & 0x8F00) == 0x0D00)
		p->depth += modified_immediate(hw1, hw2); /* sub.w sp, sp, #const */
	else if (hw1 == 0xF2AD || hw1 == 0xF6AD) /* subw sp, sp, #imm12 */
		p->depth += (hw1 & 0x400u) << 1 | (hw2 >> 4 & 0x700u) | (hw2 & 0xFFu);
	return hw1 >= 0xE800 ? 4 : 2;
}

static bool code_at(const struct image *img, uint32_t pc, image_memory_fn memory, void *ctx,
		    uint16_t hw[2])
{
	uint8_t bytes[4];
	uint32_t word, next;

	if (image_read(img, pc, bytes, 4)) {
		hw[0] = get_le16(bytes);
		hw[1] = get_le16(bytes + 2);
		return true;
	}
	if (!memory(ctx, pc & ~3u, &word) || !memory(ctx, (pc & ~3u) + 4, &next))
		return false;
	hw[0] = (uint16_t)(pc & 2 ? word >> 16 : word);
	hw[1] = (uint16_t)(pc & 2 ? next : word >> 16);
	return true;
}

#define PROLOGUE_SEARCH 2048u

/* Where the function starts: its symbol, else the nearest push of LR before. */
static bool function_start(const struct image *img, uint32_t pc, image_memory_fn memory, void *ctx,
			   uint32_t *start)
{
	const struct image_symbol *s = image_symbol_at(img, pc);
	uint16_t hw[2];

	if (s) {
		*start = pc - (image_own_address(img, pc) - s->address);
		return true;
	}
	for (uint32_t at = pc & ~1u, n = 0; n < PROLOGUE_SEARCH; at -= 2, n += 2) {
		if (!code_at(img, at, memory, ctx, hw))
			return false;
		if ((hw[0] & 0xFF00) == 0xB500 ||
		    (hw[0] == 0xE92D && hw[1] & 0x4000 && !(hw[1] & 0xA000))) {
			*start = at;
			return true;
		}
	}
	return false;
}

#define PROLOGUE_MOST 40u /* bytes of a prologue that are looked at */

static bool unwind_by_prologue(const struct image *img, struct image_regs *regs,
			       image_memory_fn memory, void *ctx)
{
	struct prologue p = {0};
	struct image_regs up = *regs;
	uint32_t start, pc = regs->r[PC] & ~1u, entry;
	uint16_t hw[2];

	if (!function_start(img, pc, memory, ctx, &start))
		return false;
	for (uint32_t at = start; at < pc && at - start < PROLOGUE_MOST;) {
		if (!code_at(img, at, memory, ctx, hw))
			return false;
		at += read_prologue(&p, hw[0], hw[1]);
	}
	entry = p.frame_pointer ? regs->r[7] + p.frame_depth : regs->r[SP] + p.depth;
	for (unsigned r = 0; r < 16; r++)
		if (p.saved_at[r] && !memory(ctx, entry - p.saved_at[r], &up.r[r]))
			return false;
	up.r[SP] = entry;
	up.r[PC] = up.r[LR];
	*regs = up;
	return true;
}

bool image_unwind(const struct image *img, struct image_regs *regs, image_memory_fn memory,
		  void *ctx)
{
	uint8_t buffer[DWARF_MESSAGE_MAX];
	struct cursor answer;
	struct image_regs up = *regs;
	bool done;

	done = img->file && dwarf_ask(img, ASK_FRAME, image_own_address(img, regs->r[PC] & ~1u),
				      "", &answer, buffer) &&
	       unwind_by_rules(&answer, &up, memory, ctx);
	if (!done) {
		up = *regs;
		done = unwind_by_prologue(img, &up, memory, ctx);
	}
	if (!done || (up.r[SP] == regs->r[SP] && up.r[PC] == regs->r[PC]))
		return false;
	*regs = up;
	return true;
}
