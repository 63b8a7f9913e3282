/*
 * Where capstone 4.0 and the architecture (or merely our spelling) part. Part of
 * test_disasm.c.
 */

/* It refuses should-be bits of the wrong value, which the core ignores, and
 * unallocated memory hints. */
static bool capstone_unaware(const struct arm_insn *in)
{
	return strchr(arm_row(in->op)->pattern, '.') != NULL || in->kind == ARM_KIND_HINT;
}

static bool capstone_errs(const struct arm_insn *in, const char *ours, const char *theirs)
{
	char text[256];

	switch (in->op) {
	case ARM_OP_ADD_REG_T2: /* spelt out when SP is an operand */
		if (in->rm == 13)
			snprintf(text, sizeof text, "add r%u, sp, r%u", in->rd, in->rd);
		else
			snprintf(text, sizeof text, "add sp, r%u", in->rm);
		arm_names(text);
		return strcmp(text, theirs) == 0 || (in->rm == 13 && in->rd > 12);
	case ARM_OP_ADR_T1: /* the same instruction by its other name */
		snprintf(text, sizeof text, "adr r%u, %u", in->rd, in->imm);
		return strcmp(text, theirs) == 0;
	case ARM_OP_CPS_T1: /* it shows an A bit, which ARMv7-M does not have */
		return in->raw & 4 && strstr(theirs, "a") != NULL;
	case ARM_OP_UDF_T1:
		return in->imm == 254 && strcmp(theirs, "trap") == 0;
	case ARM_OP_DSB_T1:
	case ARM_OP_DMB_T1: /* options that ARMv7-M treats as SY are named */
		return in->imm != 15 && strncmp(ours, theirs, 4) == 0;
	case ARM_OP_LDRD_OFF: /* [pc] for [pc, 0] */
		return in->rn == 15 && in->imm == 0;
	default: /* PLDW is no instruction of ARMv7-M: an unallocated hint */
		return strncmp(ours, "pldw", 4) == 0 && strncmp(theirs, "pld ", 4) == 0 &&
		       strcmp(ours + 4, theirs + 3) == 0;
	}
}

/* 16-bit instructions of other profiles. */
static bool not_on_cortex_m3(const char *text)
{
	return strncmp(text, "setend", 6) == 0 || strncmp(text, "hlt", 3) == 0;
}
