/* The instruction table held against itself, and what analysis asks of it. */
#include <stdio.h>
#include <string.h>

#include "arm/arm.h"
#include "test.h"

/* Do the sets of encodings of two rows meet, and does the first lie in the other? */
static bool meet(const struct arm_row *a, const struct arm_row *b)
{
	return a->size == b->size && ((a->value ^ b->value) & a->mask & b->mask) == 0;
}

static bool within(const struct arm_row *a, const struct arm_row *b)
{
	return meet(a, b) && (a->mask & b->mask) == b->mask;
}

static bool is_literal(const struct arm_row *row)
{
	return row->size == 4 && strncmp(row->pattern, "1111100", 7) == 0 &&
	       strncmp(row->pattern + 12, "1111", 4) == 0;
}

/* What two rows share belongs to an earlier, more special one. */
static bool settled(const struct arm_row *rows, size_t i, size_t j)
{
	struct arm_row both = rows[i];

	both.mask |= rows[j].mask;
	both.value |= rows[j].value;
	for (size_t k = 0; k < i; k++)
		if (within(&both, &rows[k]))
			return true;
	return false;
}

/* No encoding is claimed twice: rows that meet are nested, the special one
 * first, or what they share is settled by a third, or the first is a literal
 * load, to which Rn = PC belongs. */
static void no_encoding_is_claimed_twice(void **state)
{
	size_t count;
	const struct arm_row *rows = arm_rows(&count);

	for (size_t i = 0; i < count; i++)
		for (size_t j = i + 1; j < count; j++)
			if (meet(&rows[i], &rows[j]) && !within(&rows[i], &rows[j]) &&
			    !is_literal(&rows[i]) && !settled(rows, i, j))
				fail_msg("%s and %s meet", rows[i].name, rows[j].name);
}

static void every_row_is_reached(void **state)
{
	size_t count;
	const struct arm_row *rows = arm_rows(&count);

	for (size_t i = 0; i < count; i++) {
		bool reached = false;
		for (uint32_t fill = 0; fill < 64 && !reached; fill++) {
			uint32_t v = rows[i].value | (~rows[i].mask & fill * 0x9E3779B1u);
			struct arm_insn in;
			if (rows[i].size == 2)
				arm_decode((uint16_t)v, 0, &in);
			else
				arm_decode((uint16_t)(v >> 16), (uint16_t)v, &in);
			reached = in.op == rows[i].op;
		}
		if (!reached)
			fail_msg("%s is never decoded", rows[i].name);
	}
}

static void rulers_are_whole(void **state)
{
	size_t count;
	const struct arm_row *rows = arm_rows(&count);

	for (size_t i = 0; i < count; i++) {
		assert_int_equal(strlen(rows[i].pattern), rows[i].size == 2 ? 16 : 33);
		if (rows[i].size == 4)
			assert_int_equal(rows[i].pattern[16], ' ');
		assert_int_equal(rows[i].value & ~rows[i].mask, 0);
		assert_ptr_equal(arm_row(rows[i].op), &rows[i]);
	}
}

static struct arm_insn decode(uint16_t hw1, uint16_t hw2)
{
	struct arm_insn in;
	arm_decode(hw1, hw2, &in);
	return in;
}

static void operands(void **state)
{
	struct arm_insn in = decode(0xF8DF, 0x2104); /* ldr.w r2, [pc, #260] */
	assert_int_equal(in.kind, ARM_KIND_LDR);
	assert_int_equal(in.rn, 15);
	assert_int_equal(in.imm, 260);

	in = decode(0xF04F, 0x6380); /* mov.w r3, #0x04000000 */
	assert_int_equal(in.imm, 0x04000000);
	assert_true(in.flags & ARM_INSN_CARRY);

	in = decode(0xF24A, 0x55C3); /* movw r5, #0xa5c3 */
	assert_int_equal(in.imm, 0xA5C3);

	in = decode(0xF7FF, 0xFFFE); /* bl . */
	assert_int_equal((int32_t)in.imm, -4);

	in = decode(0xBD10, 0); /* pop {r4, pc} */
	assert_int_equal(in.list, 0x8010);
	assert_int_equal(in.rn, 13);
}

/* What no row claims is undefined, too; only these are so for ever, and have a number. */
static void permanently_undefined(void **state)
{
	struct arm_insn in = decode(0xDE5A, 0);

	assert_int_equal(in.op, ARM_OP_UDF_T1);
	assert_int_equal(in.imm, 0x5A);
	in = decode(0xF7F1, 0xA234);
	assert_int_equal(in.op, ARM_OP_UDF_T2);
	assert_int_equal(in.imm, 0x1234);
	in = decode(0xF7E1, 0xA234);
	assert_int_equal(in.op, ARM_OP_UND_BCC);
}

/* Hints that no manual names an address for; what they would point at is told all the same. */
static void memory_hints(void **state)
{
	struct arm_insn in = decode(0xF931, 0xF012); /* [r1, r2, lsl #1] */

	assert_int_equal(in.op, ARM_OP_MHINT_REG);
	assert_int_equal(in.rn, 1);
	assert_int_equal(in.rm, 2);
	in = decode(0xF9B1, 0xF123); /* [r1, #0x123] */
	assert_int_equal(in.op, ARM_OP_MHINT_IMM);
	assert_int_equal(in.imm, 0x123);
	assert_int_equal(in.flags & (ARM_INSN_IMM | ARM_INSN_ADD | ARM_INSN_INDEX | ARM_INSN_WBACK),
			 ARM_INSN_IMM | ARM_INSN_ADD | ARM_INSN_INDEX);
}

static void effects(void **state)
{
	struct arm_effects e;
	struct arm_insn in = decode(0x6019, 0); /* str r1, [r3] */

	arm_effects(&in, 0x08000000, &e);
	assert_int_equal(e.mem, ARM_MEM_STORE);
	assert_int_equal(e.reads, 1 << 1 | 1 << 3);
	assert_int_equal(e.writes, 0);

	in = decode(0xBDF0, 0); /* pop {r4-r7, pc} */
	arm_effects(&in, 0, &e);
	assert_int_equal(e.flow, ARM_FLOW_RETURN);
	assert_int_equal(e.mem_count, 5);
	assert_int_equal(e.writes, 0x80F0 | 1 << 13);

	in = decode(0x4A01, 0); /* ldr r2, [pc, #4] */
	arm_effects(&in, 0x08000102, &e);
	assert_true(e.literal);
	assert_int_equal(e.literal_address, 0x08000108);

	in = decode(0xD1FE, 0); /* bne . */
	arm_effects(&in, 0x08000100, &e);
	assert_true(e.conditional && e.reads_flags);
	assert_int_equal(e.target, 0x08000100);

	in = decode(0xFB03, 0x4211); /* mls r2, r3, r1, r4 */
	arm_effects(&in, 0, &e);
	assert_int_equal(e.reads, 1 << 1 | 1 << 3 | 1 << 4);
	assert_int_equal(e.writes, 1 << 2);
}

/* They have no S bit; ARM_INSN_SETFLAGS says it for all (A7.7.28 and others). */
static void comparisons_set_flags(void **state)
{
	static const uint16_t code[][2] = {
		{0x2800}, {0x4200}, {0x4280}, {0x42C0}, {0x4580},		/* cmp tst cmp cmn cmp */
		{0xEA10, 0x0F01}, {0xEA90, 0x0F01}, {0xEB10, 0x0F01}, {0xEBB0, 0x0F01},
		{0xF010, 0x0F01}, {0xF090, 0x0F01}, {0xF110, 0x0F01}, {0xF1B0, 0x0F01},
	};

	for (size_t i = 0; i < sizeof code / sizeof code[0]; i++) {
		struct arm_insn in = decode(code[i][0], code[i][1]);

		assert_true(in.kind == ARM_KIND_CMP || in.kind == ARM_KIND_CMN ||
			    in.kind == ARM_KIND_TST || in.kind == ARM_KIND_TEQ);
		assert_true(in.flags & ARM_INSN_SETFLAGS);
	}
}

static void text_is_cut_not_overrun(void **state)
{
	char text[8] = "xxxxxxx";
	struct arm_insn in = decode(0xBDF0, 0);

	assert_int_equal(arm_disassemble(&in, 0, text, 5), 24);
	assert_string_equal(text, "pop ");
	assert_int_equal(text[5], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_encoding_is_claimed_twice),
		cmocka_unit_test(every_row_is_reached),
		cmocka_unit_test(rulers_are_whole),
		cmocka_unit_test(operands),
		cmocka_unit_test(permanently_undefined),
		cmocka_unit_test(memory_hints),
		cmocka_unit_test(effects),
		cmocka_unit_test(comparisons_set_flags),
		cmocka_unit_test(text_is_cut_not_overrun),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
