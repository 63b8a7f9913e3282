/* The rows of ops.h as data. Mask and value come from the bit ruler when the
 * program is compiled, so the ruler is the only place that knows an encoding. */
#include "arm/arm_internal.h"

#define ONE(p, i) ((uint32_t)((p)[i] == '1'))
#define FIX(p, i) ((uint32_t)(((p)[i] | 1) == '1'))
#define FOUR(f, p, i) (f(p, i) << 3 | f(p, (i) + 1) << 2 | f(p, (i) + 2) << 1 | f(p, (i) + 3))
#define HALF(f, p, i)                                                                              \
	(FOUR(f, p, i) << 12 | FOUR(f, p, (i) + 4) << 8 | FOUR(f, p, (i) + 8) << 4 |               \
	 FOUR(f, p, (i) + 12))
/* A 16-bit ruler has no second half; its index is folded back onto the first. */
#define WORD(f, p, size)                                                                           \
	(HALF(f, p, 0) << ((size) == 2 ? 0 : 16) |                                                 \
	 ((size) == 2 ? 0 : HALF(f, p, (size) == 2 ? 0 : 17)))

#define ROW(NAME, SIZE, PATTERN, KIND, IMMEDIATE, FLAGS, FORBID, TEXT, SECTION)                    \
	{.op = ARM_OP_##NAME, .name = #NAME, .kind = ARM_KIND_##KIND, .size = (SIZE),              \
	 .immediate = ARM_IMM_##IMMEDIATE, .flags = (FLAGS),                                       \
	 .mask = WORD(FIX, PATTERN, SIZE), .value = WORD(ONE, PATTERN, SIZE),                      \
	 .pattern = (PATTERN), .forbid = (FORBID), .text = (TEXT), .section = (SECTION)},

static const struct arm_row rows[] = {ARM_OPS(ROW)};
#define ROW_COUNT (sizeof rows / sizeof rows[0])

static const struct arm_row undefined = {.op = ARM_OP_UDF, .name = "UDF", .kind = ARM_KIND_UDF,
					 .size = 2, .pattern = "................", .forbid = "",
					 .text = "$u", .section = "A5.1"};

const struct arm_row *arm_rows(size_t *count)
{
	*count = ROW_COUNT;
	return rows;
}

const struct arm_row *arm_row(enum arm_op op)
{
	return op == ARM_OP_UDF || op >= ARM_OP_COUNT ? &undefined : &rows[op - 1];
}

#define COUNT(...) +1
enum { ROWS_16 = 0 ARM_OPS_16(COUNT) };

const struct arm_row *arm_find_row(uint16_t hw1, uint16_t hw2)
{
	bool wide = arm_is_32bit(hw1);
	uint32_t bits = wide ? (uint32_t)hw1 << 16 | hw2 : hw1;
	size_t end = wide ? ROW_COUNT : ROWS_16;

	for (size_t i = wide ? ROWS_16 : 0; i < end; i++)
		if ((bits & rows[i].mask) == rows[i].value)
			return &rows[i];
	return &undefined;
}
