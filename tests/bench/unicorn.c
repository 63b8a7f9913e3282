/*
 * The same programs on Unicorn, with the block hook that keeping time needs.
 * Unicorn enters no exceptions by itself: for a program that switches tasks
 * this file does what anyone who uses it must do, PendSV's entry and return by
 * hand. A tick is left out: nothing would make it come due.
 */
#include <string.h>

#include <unicorn/unicorn.h>

#include "bench.h"

#define EXC_RETURN 0xFFF0u /* in its stead: an address without code, where a run ends */
#define ICSR 0xE000ED04u
#define PENDSVSET (1u << 28)

struct engine {
	uc_engine *uc;
	uint32_t done, pendsv; /* the end marker and the handler, without bit 0 */
	uint64_t bytes;
	bool pending, handling, finished;
};

static void on_block(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
	struct engine *e = user;

	e->bytes += size;
	e->finished = address == e->done;
	if (e->finished || (e->pending && !e->handling))
		uc_emu_stop(uc);
}

static void on_icsr(uc_engine *uc, uc_mem_type type, uint64_t address, int size, int64_t value,
		    void *user)
{
	struct engine *e = user;

	(void)uc, (void)type, (void)address, (void)size;
	e->pending |= (value & PENDSVSET) != 0;
}

static bool engine_open(struct engine *e, const uint8_t *bytes, size_t len)
{
	uc_hook hook;
	uint32_t sp;

	memcpy(&sp, bytes, 4);
	memcpy(&e->done, bytes + 8, 4);
	memcpy(&e->pendsv, bytes + 4 * 14, 4);
	e->done &= ~1u;
	if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &e->uc))
		return false;
	uc_ctl_set_cpu_model(e->uc, UC_CPU_ARM_CORTEX_M3);
	uc_mem_map(e->uc, 0, 0x10000, UC_PROT_ALL);
	uc_mem_map(e->uc, 0x20000000, 0x10000, UC_PROT_ALL);
	uc_mem_map(e->uc, 0xE000E000, 0x1000, UC_PROT_READ | UC_PROT_WRITE);
	uc_mem_write(e->uc, 0, bytes, len);
	uc_reg_write(e->uc, UC_ARM_REG_SP, &sp);
	uc_hook_add(e->uc, &hook, UC_HOOK_BLOCK, (void *)on_block, e, 1, 0);
	return true;
}

double unicorn_compute(const uint8_t *bytes, size_t len, uint64_t count, uint32_t *sum)
{
	struct engine e = {0};
	uint32_t entry;
	double start, took;

	if (!engine_open(&e, bytes, len))
		return 0;
	memcpy(&entry, bytes + 4, 4);
	start = cpu_seconds();
	uc_emu_start(e.uc, entry, EXC_RETURN, 0, 0);
	took = cpu_seconds() - start;
	uc_reg_read(e.uc, UC_ARM_REG_R0, sum);
	uc_close(e.uc);
	return e.finished ? (double)count / took / 1e6 : 0;
}

static int frame_regs[] = {UC_ARM_REG_R0,  UC_ARM_REG_R1, UC_ARM_REG_R2, UC_ARM_REG_R3,
			   UC_ARM_REG_R12, UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_XPSR};

static void transfer_frame(struct engine *e, uint32_t frame[8], bool out)
{
	void *values[8];

	for (unsigned i = 0; i < 8; i++)
		values[i] = &frame[i];
	if (out)
		uc_reg_read_batch(e->uc, frame_regs, values, 8);
	else
		uc_reg_write_batch(e->uc, frame_regs, values, 8);
}

/* Where to go on: in the handler, on the main stack. */
static uint32_t enter(struct engine *e)
{
	uint32_t frame[8], psp, control = 0, lr = EXC_RETURN | 1;

	transfer_frame(e, frame, true);
	uc_reg_read(e->uc, UC_ARM_REG_PSP, &psp);
	psp -= sizeof frame;
	uc_mem_write(e->uc, psp, frame, sizeof frame);
	uc_reg_write(e->uc, UC_ARM_REG_PSP, &psp);
	uc_reg_write(e->uc, UC_ARM_REG_CONTROL, &control);
	uc_reg_write(e->uc, UC_ARM_REG_LR, &lr);
	e->pending = false;
	e->handling = true;
	return e->pendsv;
}

static uint32_t leave(struct engine *e)
{
	uint32_t frame[8], psp, control = 2;

	uc_reg_read(e->uc, UC_ARM_REG_PSP, &psp);
	uc_mem_read(e->uc, psp, frame, sizeof frame);
	psp += sizeof frame;
	uc_reg_write(e->uc, UC_ARM_REG_PSP, &psp);
	uc_reg_write(e->uc, UC_ARM_REG_CONTROL, &control);
	transfer_frame(e, frame, false);
	e->handling = false;
	return frame[6] | 1;
}

double unicorn_switching(const uint8_t *bytes, size_t len, uint64_t count, uint32_t *sum)
{
	struct engine e = {0};
	uint32_t pc;
	uc_hook hook;
	double start, took;

	if (!engine_open(&e, bytes, len))
		return 0;
	uc_hook_add(e.uc, &hook, UC_HOOK_MEM_WRITE, (void *)on_icsr, &e, ICSR, ICSR);
	memcpy(&pc, bytes + 4, 4);
	start = cpu_seconds();
	while (!e.finished && uc_emu_start(e.uc, pc, EXC_RETURN, 0, 0) == UC_ERR_OK) {
		if (e.handling)
			pc = leave(&e);
		else if (e.pending)
			pc = enter(&e);
		else
			break;
	}
	took = cpu_seconds() - start;
	uc_reg_read(e.uc, UC_ARM_REG_R0, sum);
	uc_close(e.uc);
	return e.finished ? (double)count / took / 1e6 : 0;
}
