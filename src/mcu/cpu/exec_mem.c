/*
 * Loads and stores. DDI 0403 A7.7. A load or store that faults leaves all its
 * registers as they were; LDM and STM restart from the beginning.
 */
#include "mcu/cpu/exec_internal.h"

/* Where a single load or store goes, and what its base becomes. */
static uint32_t address_of(const struct cpu_state *c, const struct arm_insn *in, uint32_t *after)
{
	uint32_t base = reg(c, in->rn), offset = in->imm;

	if (in->rn == 15)
		base &= ~3u;
	if (!(in->flags & ARM_INSN_IMM))
		offset = reg(c, in->rm) << in->shift_n;
	*after = in->flags & ARM_INSN_ADD ? base + offset : base - offset;
	return in->flags & ARM_INSN_INDEX ? *after : base;
}

static void write_back(struct cpu_state *c, const struct arm_insn *in, uint32_t after)
{
	if (in->flags & ARM_INSN_WBACK)
		set_reg(c, in->rn, after);
}

static enum access access_of(const struct arm_insn *in)
{
	return in->flags & ARM_INSN_UNPRIV ? ACCESS_UNPRIV : ACCESS_DATA;
}

/* ---- one element -------------------------------------------------------------------------- */

#define LOAD(KIND, size, type)                                                                     \
	bool exec_##KIND(struct mcu *m, const struct arm_insn *in)                                 \
	{                                                                                          \
		struct cpu_state *c = &m->s.cpu;                                                   \
		uint32_t after, v, at = address_of(c, in, &after);                                 \
		if (!cpu_load(m, at, size, access_of(in), &v))                                     \
			return false;                                                              \
		write_back(c, in, after);                                                          \
		set_reg(c, in->rd, (uint32_t)(type)v);                                             \
		return true;                                                                       \
	}
LOAD(LDRB, 1, uint8_t)
LOAD(LDRH, 2, uint16_t)
LOAD(LDRSB, 1, int8_t)
LOAD(LDRSH, 2, int16_t)

bool exec_LDR(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t after, v, at = address_of(c, in, &after);

	if (!cpu_load(m, at, 4, access_of(in), &v))
		return false;
	write_back(c, in, after);
	if (in->rd == 15)
		return cpu_bx(m, v);
	set_reg(c, in->rd, v);
	return true;
}

static bool store(struct mcu *m, const struct arm_insn *in, unsigned size)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t after, at = address_of(c, in, &after);

	if (!cpu_store(m, at, size, access_of(in), reg(c, in->rd)))
		return false;
	write_back(c, in, after);
	return true;
}

bool exec_STR(struct mcu *m, const struct arm_insn *in)
{
	return store(m, in, 4);
}

bool exec_STRH(struct mcu *m, const struct arm_insn *in)
{
	return store(m, in, 2);
}

bool exec_STRB(struct mcu *m, const struct arm_insn *in)
{
	return store(m, in, 1);
}

bool exec_HINT(struct mcu *m, const struct arm_insn *in)
{
	return true;
}

/* ---- two and more ---------------------------------------------------------------------------- */

bool exec_LDRD(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t after, lo, hi, at = address_of(c, in, &after);

	if (!cpu_load(m, at, 4, ACCESS_ALIGNED, &lo) ||
	    !cpu_load(m, at + 4, 4, ACCESS_ALIGNED, &hi))
		return false;
	write_back(c, in, after);
	set_reg(c, in->rd, lo);
	set_reg(c, in->ra, hi);
	return true;
}

bool exec_STRD(struct mcu *m, const struct arm_insn *in)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t after, at = address_of(c, in, &after);

	if (!cpu_store(m, at, 4, ACCESS_ALIGNED, reg(c, in->rd)) ||
	    !cpu_store(m, at + 4, 4, ACCESS_ALIGNED, reg(c, in->ra)))
		return false;
	write_back(c, in, after);
	return true;
}

static bool load_list(struct mcu *m, const struct arm_insn *in, uint32_t at, uint32_t after)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t v[16];

	for (unsigned i = 0; i < 16; i++)
		if (in->list >> i & 1) {
			if (!cpu_load(m, at, 4, ACCESS_ALIGNED, &v[i]))
				return false;
			at += 4;
		}
	write_back(c, in, after);
	for (unsigned i = 0; i < 15; i++)
		if (in->list >> i & 1)
			set_reg(c, i, v[i]);
	return in->list >> 15 ? cpu_bx(m, v[15]) : true;
}

static bool store_list(struct mcu *m, const struct arm_insn *in, uint32_t at, uint32_t after)
{
	struct cpu_state *c = &m->s.cpu;

	for (unsigned i = 0; i < 16; i++)
		if (in->list >> i & 1) {
			if (!cpu_store(m, at, 4, ACCESS_ALIGNED, reg(c, i)))
				return false;
			at += 4;
		}
	write_back(c, in, after);
	return true;
}

static uint32_t list_bytes(const struct arm_insn *in)
{
	return 4u * (unsigned)__builtin_popcount(in->list);
}

bool exec_LDM(struct mcu *m, const struct arm_insn *in)
{
	uint32_t base = reg(&m->s.cpu, in->rn);
	return load_list(m, in, base, base + list_bytes(in));
}

bool exec_LDMDB(struct mcu *m, const struct arm_insn *in)
{
	uint32_t base = reg(&m->s.cpu, in->rn) - list_bytes(in);
	return load_list(m, in, base, base);
}

bool exec_STM(struct mcu *m, const struct arm_insn *in)
{
	uint32_t base = reg(&m->s.cpu, in->rn);
	return store_list(m, in, base, base + list_bytes(in));
}

bool exec_STMDB(struct mcu *m, const struct arm_insn *in)
{
	uint32_t base = reg(&m->s.cpu, in->rn) - list_bytes(in);
	return store_list(m, in, base, base);
}

/* ---- exclusives: one local monitor, no global one (a single master) --------------------------- */

static bool load_exclusive(struct mcu *m, const struct arm_insn *in, unsigned size)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t v, at = reg(c, in->rn) + in->imm;

	if (!cpu_load(m, at, size, ACCESS_ALIGNED, &v))
		return false;
	c->exclusive = true;
	c->exclusive_address = at;
	set_reg(c, in->rd, v);
	return true;
}

/* The M3's monitor does not look at the address (DDI 0337: reservation granule
 * is the whole memory). Alignment is checked even when the store fails. */
static bool store_exclusive(struct mcu *m, const struct arm_insn *in, unsigned size)
{
	struct cpu_state *c = &m->s.cpu;
	uint32_t at = reg(c, in->rn) + in->imm;
	bool passes = c->exclusive;

	if (at & (size - 1))
		return fault_raise(m, EXC_USAGEFAULT, CFSR_UNALIGNED);
	if (passes && !cpu_store(m, at, size, ACCESS_ALIGNED, reg(c, in->ra)))
		return false;
	c->exclusive = false;
	set_reg(c, in->rd, !passes);
	return true;
}

bool exec_LDREX(struct mcu *m, const struct arm_insn *in)
{
	return load_exclusive(m, in, 4);
}

bool exec_LDREXH(struct mcu *m, const struct arm_insn *in)
{
	return load_exclusive(m, in, 2);
}

bool exec_LDREXB(struct mcu *m, const struct arm_insn *in)
{
	return load_exclusive(m, in, 1);
}

bool exec_STREX(struct mcu *m, const struct arm_insn *in)
{
	return store_exclusive(m, in, 4);
}

bool exec_STREXH(struct mcu *m, const struct arm_insn *in)
{
	return store_exclusive(m, in, 2);
}

bool exec_STREXB(struct mcu *m, const struct arm_insn *in)
{
	return store_exclusive(m, in, 1);
}

bool exec_CLREX(struct mcu *m, const struct arm_insn *in)
{
	m->s.cpu.exclusive = false;
	return true;
}
