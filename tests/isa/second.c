/*
 * second BIN COUNT SEED: a second opinion on the cases of the differential test,
 * from Unicorn. Only what ends at the trap behind the case is compared, without
 * exceptions on the way and privileged: its exception model is not the chip's.
 * Unicorn 2.0.1 is GPL and stays in this program.
 *
 * Known faults of Unicorn, told apart or not asked for:
 *   it can't start inside an IT block (such cases are not asked for);
 *   YIELD ends its run (not asked for); ISB inside an IT block
 *   makes it forget the block (not asked for);
 *   it keeps SP[1:0] on writes to SP (told apart);
 *   it accepts unaligned LDM, STM, LDRD and executes VFP (they trap here: not compared);
 *   MRS and MSR obey a privilege of its own, WFE and hints are undefined in part,
 *   and SEV, CPS, CLREX have no observable state there (system rows not asked for).
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unicorn/unicorn.h>

#include "isa.h"

#define CHUNK	      8192
#define FRAME	      40u /* an exception frame and its alignment word */
#define UNDEFINSTR    0x10000u
#define MAX_SHOWN     12
#define USAGE_FAULT   6u

struct opinion {
	uc_engine *uc;
	uint64_t compared, skipped, known, wrong;
};

static const int registers[16] = {
	UC_ARM_REG_R0, UC_ARM_REG_R1, UC_ARM_REG_R2,  UC_ARM_REG_R3, UC_ARM_REG_R4, UC_ARM_REG_R5,
	UC_ARM_REG_R6, UC_ARM_REG_R7, UC_ARM_REG_R8,  UC_ARM_REG_R9, UC_ARM_REG_R10, UC_ARM_REG_R11,
	UC_ARM_REG_R12, UC_ARM_REG_SP, UC_ARM_REG_LR, UC_ARM_REG_PC};

static bool asked_for(const struct isa_case *c, const struct slot_result *ours)
{
	if (c->slot.xpsr & 0x0600FC00u || c->slot.ccr || c->slot.control)
		return false;
	for (unsigned i = 0; i < c->count; i++) {
		if (c->insn[i].op == ARM_OP_YIELD_T1 || c->insn[i].op == ARM_OP_YIELD_T2 ||
		    c->insn[i].op == ARM_OP_ISB_T1)
			return false;
		switch (c->insn[i].kind) {
		case ARM_KIND_MRS:
		case ARM_KIND_MSR:
		case ARM_KIND_CPS:
		case ARM_KIND_UDF:
		case ARM_KIND_COPROC:
		case ARM_KIND_BKPT:
			return false;
		default:
			break;
		}
	}
	return ours->exception == USAGE_FAULT && ours->cfsr == UNDEFINSTR;
}

/* RAM as the runner firmware lays it out. */
static void lay_out(struct opinion *o, const struct isa_case *c)
{
	static uint32_t words[(SLOT_FILL_END - SLOT_FILL_BASE) / 4];
	uint32_t state = 0x2545F491u, seed = c->slot.seed;
	uint32_t *code = words + (SLOT_CODE_BASE - SLOT_FILL_BASE) / 4;
	uint32_t *memory = words + (SLOT_MEMORY - SLOT_FILL_BASE) / 4;

	for (size_t i = 0; i < sizeof words / 4; i++)
		words[i] = slot_random(&state);
	for (size_t i = 0; i < SLOT_CODE_SIZE / 4; i++)
		code[i] = SLOT_UDF | SLOT_UDF << 16;
	memcpy(code + (SLOT_CODE - SLOT_CODE_BASE) / 4, c->slot.code, sizeof c->slot.code);
	for (unsigned i = 0; i < SLOT_MEMORY_WORDS; i++)
		memory[i] = slot_memory_word(&seed);
	uc_mem_write(o->uc, SLOT_FILL_BASE, words, sizeof words);
}

/* The frame that started the case lies below its first SP. */
static void lay_frame(struct opinion *o, const struct isa_case *c)
{
	uint32_t frame[8] = {c->slot.r[0], c->slot.r[1], c->slot.r[2], c->slot.r[3], c->slot.r[12],
			     c->slot.lr, c->slot.pc, c->slot.xpsr | (c->slot.sp & 4) << 7};

	uc_mem_write(o->uc, c->slot.sp - (c->slot.sp & 4) - 32, frame, sizeof frame);
}

static bool run(struct opinion *o, const struct isa_case *c, struct slot_result *out)
{
	uint32_t value[16], xpsr = c->slot.xpsr;

	lay_out(o, c);
	lay_frame(o, c);
	memcpy(value, c->slot.r, sizeof c->slot.r);
	value[13] = c->slot.sp;
	value[14] = c->slot.lr;
	for (unsigned i = 0; i < 15; i++)
		uc_reg_write(o->uc, registers[i], &value[i]);
	uc_reg_write(o->uc, UC_ARM_REG_XPSR, &xpsr);
	uc_ctl_remove_cache(o->uc, SLOT_CODE_BASE, SLOT_CODE_BASE + SLOT_CODE_SIZE);
	if (uc_emu_start(o->uc, SLOT_CODE | 1, 0, 0, 64) == UC_ERR_OK)
		return false; /* still going: loops are for the first opinion */
	for (unsigned i = 0; i < 16; i++)
		uc_reg_read(o->uc, registers[i], &value[i]);
	uc_reg_read(o->uc, UC_ARM_REG_XPSR, &xpsr);
	memcpy(out->r, value, sizeof out->r);
	out->sp = value[13];
	out->lr = value[14];
	out->pc = value[15];
	out->xpsr = xpsr;
	uc_mem_read(o->uc, SLOT_MEMORY, out->memory, sizeof out->memory);
	return true;
}

static bool differ(char *why, size_t size, const char *what, uint32_t ours, uint32_t theirs)
{
	if (ours != theirs)
		snprintf(why, size, "%s: ours %08x, theirs %08x", what, ours, theirs);
	return ours != theirs;
}

/* The trap wrote a frame below our SP; Unicorn wrote none. */
static bool memory_differs(const struct slot_result *a, const struct slot_result *b, char *why,
			   size_t size)
{
	for (unsigned i = 0; i < SLOT_MEMORY_WORDS; i++) {
		uint32_t at = SLOT_MEMORY + 4 * i;

		if (at + FRAME >= a->sp && at < a->sp)
			continue;
		if (differ(why, size, "memory", a->memory[i], b->memory[i]))
			return true;
	}
	return false;
}

static bool agree(const struct slot_result *a, const struct slot_result *b, char *why, size_t size)
{
	char name[8];

	for (unsigned i = 0; i < 13; i++) {
		snprintf(name, sizeof name, "r%u", i);
		if (differ(why, size, name, a->r[i], b->r[i]))
			return false;
	}
	return !(differ(why, size, "sp", a->sp, b->sp) || differ(why, size, "lr", a->lr, b->lr) ||
		 differ(why, size, "pc", a->pc, b->pc) ||
		 differ(why, size, "flags", a->xpsr >> 27, b->xpsr >> 27) ||
		 memory_differs(a, b, why, size));
}

static bool keeps_sp_bits(const struct slot_result *theirs)
{
	return theirs->sp & 3;
}

static void judge(struct opinion *o, uint64_t index, const struct isa_case *c,
		  const struct slot_result *ours)
{
	struct slot_result theirs = {0};
	char why[120] = "";

	if (!asked_for(c, ours) || !run(o, c, &theirs)) {
		o->skipped++;
		return;
	}
	o->compared++;
	if (agree(ours, &theirs, why, sizeof why))
		return;
	if (keeps_sp_bits(&theirs)) {
		o->known++;
		return;
	}
	if (o->wrong++ < MAX_SHOWN) {
		printf("# case %" PRIu64 ": %s\n", index, why);
		case_print(stdout, c);
	}
}

static bool run_all(struct opinion *o, const char *bin, uint64_t count, uint64_t seed)
{
	struct isa_case *cases = calloc(CHUNK, sizeof *cases);
	struct slot_result *ours = calloc(CHUNK, sizeof *ours);
	uint64_t *index = calloc(CHUNK, sizeof *index), next = 0;
	bool ok = cases && ours && index;

	while (ok && next < count) {
		size_t n = 0;

		for (; next < count && n < CHUNK; next++)
			if (gen_case(seed, next, &cases[n]))
				index[n++] = next;
		ok = own_run(bin, cases, n, ours);
		for (size_t i = 0; ok && i < n; i++)
			judge(o, index[i], &cases[i], &ours[i]);
	}
	free(cases);
	free(ours);
	free(index);
	return ok;
}

int main(int argc, char **argv)
{
	struct opinion o = {0};
	uint64_t count = argc == 4 ? strtoull(argv[2], NULL, 0) : 0;
	bool good;

	if (!count || uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &o.uc))
		return 2;
	uc_ctl_set_cpu_model(o.uc, UC_CPU_ARM_CORTEX_M3);
	uc_mem_map(o.uc, 0x20000000, 0x10000, UC_PROT_ALL);
	good = run_all(&o, argv[1], count, strtoull(argv[3], NULL, 0)) && !o.wrong &&
	       o.compared > count / 4;
	printf("%s - Unicorn agrees in %" PRIu64 " of %" PRIu64 " cases; %" PRIu64
	       " where it is known to be wrong, %" PRIu64 " not its to judge\n",
	       good ? "ok" : "not ok", o.compared - o.known - o.wrong, o.compared, o.known,
	       o.skipped);
	uc_close(o.uc);
	return !good;
}
