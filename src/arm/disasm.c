/*
 * UAL text of one instruction, from the templates of ops.h.
 *
 *   $d $n $m $a registers   $i #immediate   $h #shift amount (lsb of a bit field)
 *   $s ", lsl #n" shift suffix   $S "s" when flags are set   $W "!" when written back
 *   $A address   $l register list   $b branch target   $c condition, IT or CPS suffix
 *   $w #width of a field or saturation   $p special register   $o barrier option
 *   $M MOV, with its shift as the mnemonic   $u the raw half-words
 *
 * Inside an IT block the caller adds the condition; "s" is then not written by
 * those encodings whose flag-setting depends on the block.
 */
#include "arm/arm_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct text {
	char *out;
	size_t size;
	int len; /* what it would be without a limit, as snprintf has it */
};

static void put(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void put(struct text *t, const char *fmt, ...)
{
	size_t room = (size_t)t->len < t->size ? t->size - (size_t)t->len : 0;
	va_list ap;

	va_start(ap, fmt);
	t->len += vsnprintf(room ? t->out + t->len : NULL, room, fmt, ap);
	va_end(ap);
}

static const char *register_name(unsigned r)
{
	static const char *const names[16] = {"r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7",
					      "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"};
	return names[r & 15];
}

static const char *condition_name(unsigned cond)
{
	static const char *const names[16] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
					      "hi", "ls", "ge", "lt", "gt", "le", "", ""};
	return names[cond & 15];
}

static const char *const shift_names[] = {"lsl", "lsr", "asr", "ror", "rrx"};

static bool sets_flags(const struct arm_insn *in)
{
	return in->flags & (ARM_INSN_SETFLAGS | ARM_INSN_SETFLAGS_NOT_IT);
}

static void put_shift(struct text *t, const struct arm_insn *in)
{
	if (in->shift_type == ARM_RRX)
		put(t, ", rrx");
	else if (in->shift_n)
		put(t, ", %s #%u", shift_names[in->shift_type], in->shift_n);
}

static void put_move(struct text *t, const struct arm_insn *in)
{
	const char *s = sets_flags(in) ? "s" : "", *wide = in->size == 4 ? ".w" : "";
	const char *d = register_name(in->rd), *m = register_name(in->rm);

	if (in->shift_type == ARM_RRX)
		put(t, "rrx%s %s, %s", s, d, m);
	else if (in->shift_n == 0)
		put(t, "mov%s%s %s, %s", s, wide, d, m);
	else
		put(t, "%s%s%s %s, %s, #%u", shift_names[in->shift_type], s, wide, d, m,
		    in->shift_n);
}

static void put_offset(struct text *t, const struct arm_insn *in)
{
	const char *sign = in->flags & ARM_INSN_ADD ? "" : "-";

	if (!(in->flags & ARM_INSN_IMM)) {
		put(t, ", %s", register_name(in->rm));
		put_shift(t, in);
	} else if (in->imm || *sign || in->flags & ARM_INSN_WBACK || in->rn == 15) {
		put(t, ", #%s%u", sign, in->imm);
	}
}

static void put_address(struct text *t, const struct arm_insn *in)
{
	bool inside = in->flags & ARM_INSN_INDEX;

	put(t, "[%s", register_name(in->rn));
	if (!inside)
		put(t, "]");
	put_offset(t, in);
	if (inside)
		put(t, "]%s", in->flags & ARM_INSN_WBACK ? "!" : "");
}

static void put_list(struct text *t, uint16_t list)
{
	const char *comma = "";

	put(t, "{");
	for (unsigned r = 0; r < 16; r++)
		if (list >> r & 1) {
			put(t, "%s%s", comma, register_name(r));
			comma = ", ";
		}
	put(t, "}");
}

/* The letters after "it": a mask bit equal to the condition's lowest is a then. */
static void put_it(struct text *t, uint16_t it)
{
	unsigned mask = it & 15, cond = it >> 4;

	for (unsigned bit = 3; mask & ((1u << bit) - 1); bit--)
		put(t, "%c", (mask >> bit & 1) == (cond & 1) ? 't' : 'e');
	put(t, " %s", cond == ARM_AL ? "al" : condition_name(cond));
}

static void put_condition(struct text *t, const struct arm_insn *in)
{
	if (in->kind == ARM_KIND_IT)
		put_it(t, in->list);
	else if (in->kind == ARM_KIND_CPS)
		put(t, "%s %s%s", in->list & 4 ? "id" : "ie", in->list & 2 ? "i" : "",
		    in->list & 1 ? "f" : "");
	else
		put(t, "%s", condition_name(in->cond));
}

static void put_special(struct text *t, const struct arm_insn *in)
{
	static const char *const names[32] = {
		"apsr", "iapsr", "eapsr", "xpsr", NULL, "ipsr", "epsr", "iepsr", "msp", "psp",
		[16] = "primask", "basepri", "basepri_max", "faultmask", "control"};
	unsigned sysm = in->list & 0xFF;

	if (sysm >= 32 || !names[sysm])
		put(t, "#%u", sysm); /* reserved: UNPREDICTABLE */
	else
		put(t, "%s%s", names[sysm], in->kind == ARM_KIND_MSR && sysm < 4 ? "_nzcvq" : "");
}

static unsigned width(const struct arm_insn *in)
{
	bool insert = in->kind == ARM_KIND_BFI || in->kind == ARM_KIND_BFC;

	return insert ? in->imm - in->shift_n + 1 : in->imm + 1;
}

static void put_raw(struct text *t, const struct arm_insn *in)
{
	if (in->size == 2)
		put(t, ".inst.n 0x%04x", in->raw & 0xFFFF);
	else
		put(t, ".inst.w 0x%04x%04x", in->raw & 0xFFFF, in->raw >> 16);
}

static void put_operand(struct text *t, char what, const struct arm_insn *in, uint32_t address)
{
	switch (what) {
	case 'd': put(t, "%s", register_name(in->rd)); break;
	case 'n': put(t, "%s", register_name(in->rn)); break;
	case 'm': put(t, "%s", register_name(in->rm)); break;
	case 'a': put(t, "%s", register_name(in->ra)); break;
	case 'i': put(t, "#%u", in->imm); break;
	case 'h': put(t, "#%u", in->shift_n); break;
	case 's': put_shift(t, in); break;
	case 'S': put(t, "%s", sets_flags(in) ? "s" : ""); break;
	case 'W': put(t, "%s", in->flags & ARM_INSN_WBACK ? "!" : ""); break;
	case 'A': put_address(t, in); break;
	case 'l': put_list(t, in->list); break;
	case 'b': put(t, "0x%x", address + 4 + in->imm); break;
	case 'c': put_condition(t, in); break;
	case 'w': put(t, "#%u", width(in)); break;
	case 'p': put_special(t, in); break;
	case 'o':
		if (in->imm == 15)
			put(t, "sy");
		else
			put(t, "#%u", in->imm);
		break;
	case 'M': put_move(t, in); break;
	default: put_raw(t, in); break;
	}
}

int arm_disassemble(const struct arm_insn *insn, uint32_t address, char *out, size_t size)
{
	struct text t = {.out = out, .size = size};

	if (size)
		out[0] = '\0';
	for (const char *p = arm_row(insn->op)->text; *p; p++) {
		if (*p == '$' && p[1])
			put_operand(&t, *++p, insn, address);
		else
			put(&t, "%c", *p);
	}
	return t.len;
}
