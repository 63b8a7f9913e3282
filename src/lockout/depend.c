/*
 * What does a value hang on? Where slice.c follows one bit, this follows every
 * operand: through sums, products and tables, back to the nearest constant that
 * a function further out brought in. With that one, the caller chose.
 */
#include "lockout/lockout_internal.h"

#define BYTES_MAX 16u
#define REGISTERS 0x1FFFu /* R0 to R12: the stack pointer is no choice */

struct depend {
	const struct trace *t;
	uint16_t registers;
	uint32_t bytes[BYTES_MAX]; /* lowest addresses of what was loaded from RAM */
	unsigned byte_count;
};

static void add_byte(struct depend *d, uint32_t address)
{
	for (unsigned i = 0; i < d->byte_count; i++)
		if (d->bytes[i] == address)
			return;
	if (d->byte_count < BYTES_MAX)
		d->bytes[d->byte_count++] = address;
}

static void step_stored(struct depend *d, size_t at)
{
	unsigned reg;

	for (unsigned i = 0; i < d->byte_count;) {
		if (slice_stored(d->t, at, d->bytes[i], &reg)) {
			d->registers |= (uint16_t)(1u << reg & REGISTERS);
			d->bytes[i] = d->bytes[--d->byte_count];
		} else {
			i++;
		}
	}
}

/* True: the step brought a constant in. */
static bool step_loaded(struct depend *d, size_t at, const struct arm_insn *insn,
			const struct arm_effects *e)
{
	bool literal = false;

	for (unsigned reg = 0; reg < 13; reg++) {
		uint32_t address;

		if (!(d->registers & e->writes & 1u << reg) ||
		    !slice_loaded(d->t, at, reg, &address))
			continue;
		d->registers &= (uint16_t)~(1u << reg);
		if (address >= 0x20000000 && address < 0x40000000)
			add_byte(d, address);
		else if (address < 0x20000000 && insn->rn != 15)
			d->registers |= e->reads & REGISTERS;
		else
			literal = address < 0x20000000;
	}
	return literal;
}

static bool step_computed(struct depend *d, const struct arm_effects *e)
{
	uint16_t reads = e->reads & REGISTERS;

	if (!(d->registers & e->writes))
		return false;
	d->registers &= (uint16_t)~e->writes;
	d->registers |= reads;
	return !reads && !(e->reads & ~REGISTERS);
}

bool depends_on_caller(const struct trace *t, const int32_t *depth, size_t at,
		       uint16_t registers, size_t *constant)
{
	struct depend d = {.t = t, .registers = registers & REGISTERS};

	for (size_t i = at; i-- > 0 && (d.registers || d.byte_count);) {
		struct arm_insn insn;
		struct arm_effects e;
		bool found = false;

		if (t->steps[i].kind != STEP_INSTRUCTION)
			return false;
		step_decode(&t->steps[i], &insn);
		if (!step_executed(&t->steps[i], &insn))
			continue;
		arm_effects(&insn, t->steps[i].r[15], &e);
		if (e.mem == ARM_MEM_STORE)
			step_stored(&d, i);
		else if (e.mem == ARM_MEM_LOAD)
			found = step_loaded(&d, i, &insn, &e);
		else
			found = step_computed(&d, &e);
		if (found && depth[i] < depth[at]) {
			*constant = i;
			return true;
		}
	}
	return false;
}
