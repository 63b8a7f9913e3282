/*
 * engines COMPUTE.bin RTOS.bin IDLE.bin: our core's speed, beside Unicorn's when
 * built with it. Processor time; the same program, to the same end.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mcu/mcu.h"
#ifdef HAVE_UNICORN
#include <unicorn/unicorn.h>
#endif

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t read_file(const char *path, uint8_t *out, size_t room)
{
	FILE *f = fopen(path, "rb");
	size_t len = f ? fread(out, 1, room, f) : 0;

	if (f)
		fclose(f);
	return len;
}

static struct mcu *boot(const uint8_t *bytes, size_t len)
{
	struct mcu_config config = {.chip = chip_by_name("STM32F103C8"), .hse_hz = 8000000};
	struct mcu *m = mcu_new(&config, NULL);

	if (m && mcu_load(m, 0x08000000u, bytes, len, NULL) != STATUS_OK) {
		mcu_free(m);
		return NULL;
	}
	if (m)
		mcu_power(m, true);
	return m;
}

/* Until the end marker; returns MIPS, and the sum and count for the others. */
static double own_compute(const uint8_t *bytes, size_t len, uint32_t *sum, uint64_t *count)
{
	struct mcu *m = boot(bytes, len);
	struct mcu_limits limits = {.until_ns = UINT64_MAX};
	double start = cpu_seconds(), took;

	if (!m)
		return 0;
	do {
		limits.instructions = mcu_instructions(m) + 1000000;
	} while (mcu_run(m, &limits) == MCU_STOP_INSTRUCTIONS && mcu_exception(m) == 0);
	took = cpu_seconds() - start;
	*sum = mcu_reg(m, 4);
	*count = mcu_instructions(m);
	mcu_free(m);
	return (double)*count / took / 1e6;
}

/* Virtual seconds per second of processor time, and instructions. */
static double own_virtual(const char *path, double seconds, bool no_skip, double *mips)
{
	static uint8_t bytes[64 * 1024];
	size_t len = read_file(path, bytes, sizeof bytes);
	struct mcu *m = len ? boot(bytes, len) : NULL;
	struct mcu_limits limits = {.until_ns = (uint64_t)(seconds * 1e9),
				    .instructions = UINT64_MAX, .no_idle_skip = no_skip};
	double start = cpu_seconds(), took;

	if (!m)
		return 0;
	mcu_run(m, &limits);
	took = cpu_seconds() - start;
	*mips = (double)mcu_instructions(m) / took / 1e6;
	mcu_free(m);
	return seconds / took;
}

static double own_snapshot(const uint8_t *bytes, size_t len)
{
	enum { PAIRS = 20000 };
	struct mcu *m = boot(bytes, len);
	struct mcu_snapshot *s = m ? mcu_snapshot_new(m) : NULL;
	struct mcu_limits limits = {.until_ns = UINT64_MAX, .instructions = 1000};
	double start, took;

	if (!s) {
		mcu_free(m);
		return 0;
	}
	mcu_run(m, &limits);
	start = cpu_seconds();
	for (unsigned i = 0; i < PAIRS; i++) {
		mcu_snapshot_take(s, m);
		mcu_snapshot_restore(m, s);
	}
	took = cpu_seconds() - start;
	mcu_snapshot_free(s);
	mcu_free(m);
	return took / PAIRS * 1e6;
}

#ifdef HAVE_UNICORN
static void block_hook(uc_engine *uc, uint64_t address, uint32_t size, void *user)
{
	(void)uc;
	(void)address;
	*(uint64_t *)user += size;
}

static double unicorn_compute(const uint8_t *bytes, size_t len, uint32_t done, uint64_t count,
			      uint32_t *sum)
{
	uc_engine *uc;
	uc_hook hook;
	uint64_t halfwords = 0;
	uint32_t entry, sp;
	double start, took;

	memcpy(&sp, bytes, 4);
	memcpy(&entry, bytes + 4, 4);
	if (uc_open(UC_ARCH_ARM, UC_MODE_THUMB | UC_MODE_MCLASS, &uc))
		return 0;
	uc_ctl_set_cpu_model(uc, UC_CPU_ARM_CORTEX_M3);
	uc_mem_map(uc, 0, 0x10000, UC_PROT_ALL);
	uc_mem_map(uc, 0x20000000, 0x10000, UC_PROT_ALL);
	uc_mem_write(uc, 0, bytes, len);
	uc_reg_write(uc, UC_ARM_REG_SP, &sp);
	uc_hook_add(uc, &hook, UC_HOOK_BLOCK, (void *)block_hook, &halfwords, 1, 0);
	start = cpu_seconds();
	uc_emu_start(uc, entry, done & ~1u, 0, 0);
	took = cpu_seconds() - start;
	uc_reg_read(uc, UC_ARM_REG_R0, sum);
	uc_close(uc);
	return (double)count / took / 1e6;
}
#endif

int main(int argc, char **argv)
{
	static uint8_t bytes[16 * 1024];
	uint32_t done, sum = 0;
	uint64_t count = 0;
	double mips, own, times;
	size_t len = argc == 4 ? read_file(argv[1], bytes, sizeof bytes) : 0;

	if (len < 64) {
		fprintf(stderr, "usage: bench_engines COMPUTE.bin RTOS.bin IDLE.bin\n");
		return 2;
	}
	memcpy(&done, bytes + 8, 4); /* where the program names its end (compute.c) */
	own = own_compute(bytes, len, &sum, &count);
	printf("compute, own core                %8.0f MIPS  (%" PRIu64 " instructions, sum %08x)\n",
	       own, count, sum);
#ifdef HAVE_UNICORN
	uint32_t theirs = 0;

	mips = unicorn_compute(bytes, len, done, count, &theirs);
	printf("compute, Unicorn with block hook %8.0f MIPS  (sum %08x)   own / Unicorn %.1f\n", mips,
	       theirs, own / mips);
	if (theirs != sum)
		printf("the sums differ\n");
#endif
	printf("instructions-million %.3f\n", (double)count / 1e6);
	times = own_virtual(argv[2], 5, true, &mips);
	printf("RTOS, spinning idle task         %8.0f MIPS  %7.0f virtual s/s\n", mips, times);
	times = own_virtual(argv[2], 60, false, &mips);
	printf("RTOS, idle skipped                              %7.0f virtual s/s\n", times);
	times = own_virtual(argv[3], 60, false, &mips);
	printf("blinky, idle skipped                            %7.0f virtual s/s\n", times);
	printf("snapshot and restore             %8.2f us a pair\n", own_snapshot(bytes, len));
	return 0;
}
